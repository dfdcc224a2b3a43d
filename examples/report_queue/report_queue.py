#!/usr/bin/env python3
"""Referrals of a hub as reports in a moderation queue, and the queue's decisions back as answers.

The queue has an API like that of Coop: reports are posted to QUEUE_URL/api/v1/report, and a decision is posted by the queue to this
program at /decisions.

Environment: HUB_URL, HUB_TOKEN (a moderator's), QUEUE_URL, QUEUE_KEY, PORT (of /decisions), STATE (a file), EVERY (seconds, 30).
"""
import http.server
import json
import os
import threading
import time
import urllib.error
import urllib.request

HUB, TOKEN = os.environ["HUB_URL"].rstrip("/"), os.environ["HUB_TOKEN"]
QUEUE, KEY = os.environ["QUEUE_URL"].rstrip("/"), os.environ.get("QUEUE_KEY", "")
STATE = os.environ.get("STATE", "report_queue.json")

# What a moderator's action in the queue means for the hub.
DECISIONS = {"remove": "removed", "limit": "restricted", "ban-seller": "account-action", "keep": "rejected", "ask": "needs-information"}

# States in which a case waits for the platform.
WAITING = {"sent", "delivered", "acknowledged", "reopened", "relisted"}


def call(method, url, body=None, headers=()):
    """One request; the answer as JSON. Asks again after 429 and 503, as long as the answer says to wait."""
    data = None if body is None else json.dumps(body).encode()
    while True:
        request = urllib.request.Request(url, data=data, method=method, headers={"Content-Type": "application/json", **dict(headers)})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            if error.code not in (429, 503):
                raise RuntimeError(f"{method} {url}: {error.code} {error.read().decode(errors='replace')[:500]}") from error
            time.sleep(float(error.headers.get("Retry-After", 5)))


def hub(method, path, body=None, headers=()):
    return call(method, HUB + path, body, {"Authorization": f"Bearer {TOKEN}", **dict(headers)})


class State:
    """The cursor and which report is of which case: written whole, so that a stop in between loses nothing."""

    def __init__(self):
        self.lock = threading.Lock()
        try:
            with open(STATE, encoding="utf-8") as file:
                self.held = json.load(file)
        except FileNotFoundError:
            self.held = {"since": "0", "reports": {}}

    def save(self):
        with open(STATE + ".new", "w", encoding="utf-8") as file:
            json.dump(self.held, file)
        os.replace(STATE + ".new", STATE)


state = State()


def pull():
    """Every case that changed since the last look: a report for a new one."""
    while True:
        page = hub("GET", f"/api/v1/referrals?limit=100&since={state.held['since']}")
        for case in page["referrals"]:
            if case["state"] in WAITING and case["id"] not in state.held["reports"]:
                report(case)
        with state.lock:
            state.held["since"] = page["next"]
            state.save()
        if not page["more"]:
            return


def report(case):
    notice = hub("GET", f"/api/v1/referrals/{case['id']}/notice")
    answer = call("POST", f"{QUEUE}/api/v1/report", {
        "reporter": {"kind": "authority", "id": notice["sender"]["name"]},
        "reportedAt": notice["at"],
        "reportedForReason": {"policyId": case["category"] or "other", "reason": "\n".join(notice["reasons"])},
        "reportedItem": {"typeId": "listing", "id": case["id"],
                         "data": {"title": case["title"], "urls": case["urls"], "substances": case["substances"], "notice": notice["number"]}},
    }, {"X-API-KEY": KEY})
    # The receipt is kept: a report that was lost is posted again after the next start.
    with state.lock:
        state.held["reports"][case["id"]] = answer["reportId"]
        state.save()


class Decisions(http.server.BaseHTTPRequestHandler):
    """The queue posts {"item": {"id"}, "action": {"id"}, "custom": {"reason"?}, "decisionId"}."""

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
        try:
            decision = DECISIONS[body["action"]["id"]]
            answer = {"decision": decision, "reference": str(body["decisionId"])}
            if reason := (body.get("custom") or {}).get("reason"):
                answer["reason"] = reason
            told = hub("POST", f"/api/v1/referrals/{body['item']['id']}/outcome", answer, {"Idempotency-Key": f"decision-{body['decisionId']}"})
            self.answer(200, told)
        except KeyError as error:
            self.answer(400, {"error": f"missing or unknown: {error}"})
        except (RuntimeError, OSError) as error:
            # The queue is to send it again: nothing is swallowed.
            self.answer(502, {"error": str(error)})

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "9100"))), Decisions)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    while True:
        try:
            pull()
        except (RuntimeError, OSError) as error:
            print(f"not pulled: {error}", flush=True)
        time.sleep(float(os.environ.get("EVERY", "30")))
