"""The `standardwebhooks` library verifies what our hub sends, and refuses it when a byte, a header or the key is another.

A shop and a webhook receiver on loopback, a scan, `serve`, an approval by the API; then the receiver looks at what came.
"""

import base64
import http.server
import json
import os
import queue
import re
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

from standardwebhooks import Webhook, WebhookVerificationError

program, work = os.path.abspath(sys.argv[1]), sys.argv[2]
PORT = 18098
os.makedirs(os.path.join(work, "seeds"), exist_ok=True)
received = queue.Queue()
statuses = [500, 204]


class Shop(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        product = {"@context": "https://schema.org", "@type": "Product", "name": "Isotonitazene powder",
                   "description": "Isotonitazene for sale, price per gram, samples available, telegram only, bitcoin accepted",
                   "offers": {"@type": "Offer", "price": "10", "priceCurrency": "EUR"}}
        pages = {"/": "<title>Shop</title><a href=/item/1>1</a>",
                 "/item/1": f"<title>item</title><script type=application/ld+json>{json.dumps(product)}</script><p>offer"}
        body = pages.get(self.path)
        self.send_response(200 if body else 404)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write((body or "").encode())

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        received.put((dict(self.headers), body))
        self.send_response(statuses.pop(0) if statuses else 204)
        self.end_headers()

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Shop)
threading.Thread(target=server.serve_forever, daemon=True).start()
shop = f"127.0.0.1:{server.server_port}"
with open(os.path.join(work, "seeds", "shop.toml"), "w") as file:
    file.write(f'''[platform]
id = "shop"
name = "Shop"
kind = "marketplace"
hosts = ["{shop}"]
[agreement]
basis = "own-site"
reference = "acceptance"
authority = "Office"
valid_from = 2020-01-01
valid_until = 2099-12-31
contact = "ts@shop.example.test"
[crawl]
start = ["http://{shop}/"]
rate = "unlimited"
private_addresses = ["127.0.0.0/8"]
[referral]
channels = ["webhook", "feed"]
webhook = "http://{shop}/hook"
''')
with open(os.path.join(work, "listingwatch.toml"), "w") as file:
    file.write('[sender]\nname = "Office"\naddress = "1 Example Street"\ncontact = "office@example.test"\n')


def run(*arguments):
    done = subprocess.run([program, "--data", "data", *arguments], cwd=work, capture_output=True, text=True)
    assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
    return done.stdout


run("scan")
token = json.loads(run("token", "create", "--role", "authority", "--owner", "anna", "--json"))["token"]
secret = re.search(r"whsec_\S+", run("platforms", "keys", "shop")).group()
hub = subprocess.Popen([program, "--data", "data", "serve", "--listen", f"127.0.0.1:{PORT}"], cwd=work,
                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def api(path, method="GET"):
    request = urllib.request.Request(f"http://127.0.0.1:{PORT}{path}", method=method, headers={"Authorization": f"Bearer {token}"})
    return json.load(urllib.request.urlopen(request))


try:
    for _ in range(100):
        try:
            cases = api("/api/v1/referrals")["referrals"]
            break
        except urllib.error.URLError:
            time.sleep(0.1)
    assert len(cases) == 1, cases
    api(f"/api/v1/referrals/{cases[0]['id']}/approve", "POST")
    first = received.get(timeout=30)
    second = received.get(timeout=60)  # the receiver said 500 first
finally:
    hub.terminate()
    hub.wait()

webhook = Webhook(secret)
for headers, body in (first, second):
    headers = {name.lower(): value for name, value in headers.items()}
    event = webhook.verify(body, headers)
    assert event["type"] == "referral.created" and event["data"]["referral"]["id"] == cases[0]["id"], event

headers = {name.lower(): value for name, value in second[0].items()}
body = second[1]


def refused(what, body, headers, webhook=webhook):
    try:
        webhook.verify(body, headers)
    except WebhookVerificationError:
        return
    sys.exit(f"accepted with {what}")


assert first[0].get("webhook-id", first[0].get("Webhook-Id")) == second[0].get("webhook-id", second[0].get("Webhook-Id")), "one id for both attempts"
refused("another body", body.replace(b"created", b"updated"), headers)
refused("another id", body, headers | {"webhook-id": headers["webhook-id"] + "x"})
refused("another time", body, headers | {"webhook-timestamp": str(int(headers["webhook-timestamp"]) + 1)})
refused("an old time", body, headers | {"webhook-timestamp": str(int(headers["webhook-timestamp"]) - 3600)})
refused("no v1 signature", body, headers | {"webhook-signature": "v1,AAAA"})
refused("another key", body, headers, Webhook("whsec_" + base64.b64encode(bytes(32)).decode()))
print("two attempts verified under one id; six alterations refused")
