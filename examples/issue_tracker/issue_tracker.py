#!/usr/bin/env python3
"""The hub's webhook as issues in a tracker: one issue a case, a comment for each change, closed when the notice is taken back.

The tracker has an API like that of GitHub or Gitea (POST and PATCH /repos/OWNER/NAME/issues).

Environment: WEBHOOK_SECRET (whsec_…), TRACKER_URL, TRACKER_TOKEN, REPOSITORY (owner/name), PORT (9200), STATE (a file).
"""
import base64
import hashlib
import hmac
import http.server
import json
import os
import sqlite3
import threading
import time
import urllib.request

SECRET = base64.b64decode(os.environ["WEBHOOK_SECRET"].removeprefix("whsec_"))
TRACKER, TOKEN = os.environ["TRACKER_URL"].rstrip("/"), os.environ.get("TRACKER_TOKEN", "")
REPOSITORY = os.environ.get("REPOSITORY", "trust/listings")
TOLERANCE_SECONDS = 300

lock = threading.Lock()
store = sqlite3.connect(os.environ.get("STATE", "issue_tracker.db"), check_same_thread=False)
store.execute("CREATE TABLE IF NOT EXISTS seen (id TEXT PRIMARY KEY)")
store.execute("CREATE TABLE IF NOT EXISTS issues (referral TEXT PRIMARY KEY, number INTEGER NOT NULL)")


def is_genuine(headers, body):
    """Standard Webhooks: HMAC-SHA-256 of id, timestamp and body; an old message is refused."""
    told, moment = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not moment.isdigit() or abs(time.time() - int(moment)) > TOLERANCE_SECONDS:
        return False
    signed = hmac.new(SECRET, f"{told}.{moment}.".encode() + body, hashlib.sha256).digest()
    expected = base64.b64encode(signed).decode()
    offered = (one.split(",", 1) for one in headers.get("webhook-signature", "").split())
    return any(version == "v1" and hmac.compare_digest(value, expected) for version, value in (one for one in offered if len(one) == 2))


def tracker(method, path, body):
    request = urllib.request.Request(f"{TRACKER}/repos/{REPOSITORY}/{path}", data=json.dumps(body).encode(), method=method,
                                     headers={"Content-Type": "application/json", "Authorization": f"token {TOKEN}"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.loads(answer.read() or b"{}")


def take(event):
    case = event["data"]["referral"]
    held = store.execute("SELECT number FROM issues WHERE referral = ?", (case["id"],)).fetchone()
    if held is None:
        if event["type"] == "referral.withdrawn":
            return
        notice = event["data"].get("notice") or {}
        lines = [*case["urls"], "", *notice.get("reasons", []), "", f"Answer: {notice.get('answer', '')}"]
        labels = [label for label in ("listingwatch", case["category"]) if label]
        issue = tracker("POST", "issues", {"title": case["title"], "body": "\n".join(lines), "labels": labels})
        store.execute("INSERT INTO issues VALUES (?, ?)", (case["id"], issue["number"]))
    elif event["type"] == "referral.withdrawn":
        tracker("PATCH", f"issues/{held[0]}", {"state": "closed"})
    else:
        said = [f"{event['type']}: {case['state']}"] + [f"{one['field']}: {one['before']} -> {one['after']}" for one in event["data"].get("changes", [])]
        tracker("POST", f"issues/{held[0]}/comments", {"body": "\n".join(said)})


class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if not is_genuine(self.headers, body):
            return self.done(401)
        told = self.headers["webhook-id"]
        with lock:
            if store.execute("SELECT 1 FROM seen WHERE id = ?", (told,)).fetchone():
                return self.done(204)
            try:
                take(json.loads(body))
            except OSError as error:
                # The hub sends it again, under the same id.
                print(f"not taken: {error}", flush=True)
                store.rollback()
                return self.done(503)
            store.execute("INSERT INTO seen VALUES (?)", (told,))
            store.commit()
        self.done(204)

    def done(self, status):
        self.send_response(status)
        self.end_headers()

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "9200"))), Hook).serve_forever()
