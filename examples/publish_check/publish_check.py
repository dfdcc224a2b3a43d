#!/usr/bin/env python3
"""Asks the hub before a listing is published. A shop calls `check` from its publish step, or posts the listing to this program.

The answer is `publish`, `hold` (a person looks at it) or `refuse`, with the reasons. Where the hub does not answer in time, the listing is
held, or published where FAIL_OPEN=1: which of the two is the shop's to decide.

Environment: HUB_URL, HUB_TOKEN (a platform's), PORT (9300), TIMEOUT (seconds, 2), FAIL_OPEN.
"""
import http.server
import json
import os
import urllib.error
import urllib.request

HUB, TOKEN = os.environ["HUB_URL"].rstrip("/"), os.environ["HUB_TOKEN"]
TIMEOUT = float(os.environ.get("TIMEOUT", "2"))
ACTIONS = {"clear": "publish", "review": "hold", "refer": "refuse"}

# The keys that the hub reads; it refuses others, so that no text goes unjudged under a name it does not know.
KEYS = ("id", "title", "text", "url", "lang", "price", "currency", "attributes", "page")


def check(listing):
    """What to do with a listing of the shop: {"id", "title", "text", …}; other keys of the shop's own are not sent."""
    body = json.dumps({key: listing[key] for key in KEYS if listing.get(key) is not None}).encode()
    request = urllib.request.Request(f"{HUB}/api/v1/screen", data=body,
                                     headers={"Content-Type": "application/json", "Authorization": f"Bearer {TOKEN}"})
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
            verdict = json.loads(answer.read())
    except urllib.error.HTTPError as error:
        # The listing could not be judged, for a reason that the shop can mend: a person looks at it.
        problem = json.loads(error.read() or b"{}")
        return {"action": "hold", "reasons": [problem.get("detail", f"the hub answered {error.code}")]}
    except OSError as error:
        return {"action": "publish" if os.environ.get("FAIL_OPEN") == "1" else "hold", "reasons": [f"the hub did not answer: {error}"]}
    return {"action": ACTIONS[verdict["verdict"]], "reasons": verdict["reasons"], "score": verdict["score"]}


class Publish(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        listing = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        body = json.dumps(check(listing)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "9300"))), Publish).serve_forever()
