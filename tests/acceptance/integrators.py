"""A platform's day with the adapters of `examples/` against the sandbox of the demo: reports and decisions, issues, checks before publication.

usage: integrators.py PROGRAM FOLDER"""

import http.server
import json
import os
import re
import subprocess
import sys
import threading
import time
import urllib.request

program, work = os.path.abspath(sys.argv[1]), sys.argv[2]
os.makedirs(work, exist_ok=True)
HUB, QUEUE, DECISIONS, TRACKER, HOOK, CHECK = 18110, 18111, 18112, 18113, 18114, 18115
reports, issues, comments, closed = {}, {}, [], []


def serve(port, answer):
    class Server(http.server.BaseHTTPRequestHandler):
        def handle_any(self):
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
            told = json.dumps(answer(self.command, self.path, body)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(told)

        do_POST = do_PATCH = handle_any

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def queue(_, path, body):
    assert path == "/api/v1/report", path
    reports[body["reportedItem"]["id"]] = body
    return {"reportId": f"report-{len(reports)}"}


def tracker(method, path, body):
    if method == "PATCH":
        closed.append(path)
        return {}
    if path.endswith("/comments"):
        comments.append((path, body["body"]))
        return {}
    issues[len(issues) + 1] = body
    return {"number": len(issues)}


def post(url, body):
    request = urllib.request.Request(url, data=json.dumps(body).encode(), headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.loads(answer.read())


def until(what, holds, seconds=60):
    end = time.time() + seconds
    while not holds():
        assert time.time() < end, f"{what} did not happen in {seconds} s"
        time.sleep(0.5)


serve(QUEUE, queue)
serve(TRACKER, tracker)
started = []


def start(*line, **environment):
    one = subprocess.Popen(line, cwd=work, env={**os.environ, **environment}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    started.append(one)
    return one


try:
    demo = start(program, "--data", os.path.join(work, "data"), "demo", "--port", str(HUB), "--platform-sandbox",
                 "--webhook", f"http://127.0.0.1:{HOOK}/hooks")
    told, end = {}, time.time() + 180
    while "webhook secret" not in told:
        assert time.time() < end, "the sandbox did not start"
        line = demo.stdout.readline()
        assert line, "the sandbox ended"
        if found := re.match(r"(platform|moderator token|machine token|webhook secret): +(\S+)", line):
            told[found[1]] = found[2]
    threading.Thread(target=lambda: [None for _ in demo.stdout], daemon=True).start()
    base = f"http://127.0.0.1:{HUB}"
    examples = os.path.abspath("examples")
    start(sys.executable, f"{examples}/issue_tracker/issue_tracker.py", WEBHOOK_SECRET=told["webhook secret"],
          TRACKER_URL=f"http://127.0.0.1:{TRACKER}", PORT=str(HOOK))
    start(sys.executable, f"{examples}/report_queue/report_queue.py", HUB_URL=base, HUB_TOKEN=told["moderator token"],
          QUEUE_URL=f"http://127.0.0.1:{QUEUE}", PORT=str(DECISIONS), EVERY="1")
    start(sys.executable, f"{examples}/publish_check/publish_check.py", HUB_URL=base, HUB_TOKEN=told["machine token"], PORT=str(CHECK))

    def hub(path):
        request = urllib.request.Request(base + path, headers={"Authorization": f"Bearer {told['moderator token']}"})
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read())

    until("a report in the queue", lambda: len(reports) >= 2)
    case, report = next(iter(reports.items()))
    assert report["reportedItem"]["data"]["urls"] and report["reportedForReason"]["reason"], report
    answer = {"item": {"id": case}, "action": {"id": "remove"}, "decisionId": 71}
    assert post(f"http://127.0.0.1:{DECISIONS}/decisions", answer)["state"] == "decided"
    # Said again after a lost answer, it changes nothing.
    assert post(f"http://127.0.0.1:{DECISIONS}/decisions", answer)["state"] == "decided"
    outcome = hub(f"/api/v1/referrals/{case}")["lifecycle"]["outcome"]
    assert outcome == {"decision": "removed", "reference": "71"}, outcome
    until("removal seen by looks", lambda: hub(f"/api/v1/referrals/{case}")["state"] in ("verified-gone", "relisted", "reopened"), 120)
    until("issues by the webhook", lambda: len(issues) >= 3, 90)
    assert all("Answer: http" in issue["body"] for issue in issues.values()), issues
    until("a change as a comment", lambda: comments, 90)
    until("a notice taken back closes its issue", lambda: closed, 120)

    for listing, action in [
        ({"id": 1, "title": "Garden chair", "text": "Oak, 35 EUR"}, "publish"),
        ({"id": 2, "title": "Isotonitazene powder 10 g", "text": "discreet shipping, bitcoin", "stock": 4}, "refuse"),
        ({"id": 3, "title": ""}, "hold"),
    ]:
        found = post(f"http://127.0.0.1:{CHECK}", listing)
        assert found["action"] == action and (action == "publish" or found["reasons"]), (listing, found)
    print(f"{len(reports)} reports, {len(issues)} issues, {len(comments)} comments, {len(closed)} closed; an answer given and verified")
finally:
    for one in reversed(started):
        one.terminate()
