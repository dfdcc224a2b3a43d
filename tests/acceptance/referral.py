"""The referral loop against independent clients: a mail server (aiosmtpd), the mail parser of the Python library, the
standardwebhooks library, openssl for checkpoints of the audit log, and a disk that is really full (a small tmpfs, where
this user may mount one; skipped loudly elsewhere).

usage: referral.py PROGRAM
"""

import email
import email.policy
import http.server
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading

from aiosmtpd.controller import Controller
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

PROGRAM = os.path.abspath(sys.argv[1])
OFFERS = [
    ("Isotonitazene 10 g", "Isotonitazene powder for sale, 99% purity, wholesale price per gram, discreet shipping, bitcoin accepted"),
    ("Metonitazene 5 g", "Metonitazene for sale, 5 g bags, samples available, price per gram, telegram only, bitcoin accepted"),
]
hooks = []


class Shop(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def reply(self, status, text=""):
        body = text.encode()
        self.send_response(status)
        self.send_header("content-type", "text/html; charset=utf-8")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path == "/":
            return self.reply(200, "".join(f'<a href="/item/{n}">{n}</a>' for n in range(len(OFFERS))))
        if self.path.startswith("/item/"):
            title, text = OFFERS[int(self.path.rsplit("/", 1)[1])]
            product = {"@context": "https://schema.org", "@type": "Product", "name": title, "description": text}
            return self.reply(200, f'<script type="application/ld+json">{json.dumps(product)}</script>')
        return self.reply(404)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        hooks.append((dict(self.headers.items()), body))
        self.reply(204)


class Mailbox:
    def __init__(self):
        self.taken = []

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody@"):
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.taken.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return "250 taken"


def check(name, holds, seen=""):
    print(f"{'passed' if holds else 'FAILED'}: {name}")
    if not holds:
        print(seen)
        sys.exit(1)


def run(place, *words, code=0):
    done = subprocess.run([PROGRAM, *words], cwd=place, capture_output=True, text=True, timeout=120)
    check_code = done.returncode in (code if isinstance(code, tuple) else (code,))
    if not check_code:
        print(done.stdout, done.stderr)
        sys.exit(f"FAILED: {' '.join(words)} ended with {done.returncode}, not {code}")
    return done


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = server.server_address[1]
    mailbox = Mailbox()
    # aiosmtpd connects to the port it is told: a free one is looked for first.
    with socket.create_server(("127.0.0.1", 0)) as free:
        smtp = free.getsockname()[1]
    controller = Controller(mailbox, hostname="127.0.0.1", port=smtp)
    controller.start()
    place = pathlib.Path(tempfile.mkdtemp())
    (place / "seeds").mkdir()
    (place / "listingwatch.toml").write_text(
        '[hub]\npublic_url = "http://127.0.0.1:1"\n[sender]\nname = "Office"\naddress = "1 Example Street"\n'
        f'contact = "office@example.test"\n[smtp]\nurl = "smtp://127.0.0.1:{smtp}"\nfrom = "watch@hub.example.test"\n'
    )
    (place / "seeds" / "bazaar.toml").write_text(
        f'''[platform]
id = "bazaar"
name = "Bazaar"
kind = "marketplace"
hosts = ["127.0.0.1:{port}"]
[agreement]
basis = "own-site"
reference = "MoU 1"
authority = "Office"
valid_from = 2020-01-01
valid_until = 2099-12-31
contact = "ts@shop.example.test"
[crawl]
start = ["http://127.0.0.1:{port}/"]
rate = "unlimited"
private_addresses = ["127.0.0.0/8"]
[referral]
channels = ["webhook", "email"]
webhook = "http://127.0.0.1:{port}/hook"
email = "ts@shop.example.test"
language = "ar"
'''
    )
    run(place, "scan", "--json")
    rows = [json.loads(line) for line in run(place, "--json", "referrals", "list").stdout.splitlines()]
    check("the offers became cases", len(rows) == len(OFFERS), rows)
    first, second = (row["id"] for row in rows)
    run(place, "referrals", "approve", first, "--as", "anna")

    check("a real mail server took the notice", len(mailbox.taken) == 1, mailbox.taken)
    mail = mailbox.taken[0]
    check("the mail names its language and one recipient", mail["Content-Language"] == "ar" and mail["To"] == "ts@shop.example.test", mail.items())
    text = mail.get_body(("plain",)).get_content()
    page = mail.get_body(("html",)).get_content()
    check("text and HTML say the same, from right to left", first in text and 'dir="rtl"' in page and "\u2066http" in text, text)

    secret = json.loads(run(place, "--json", "platforms", "keys", "bazaar").stdout)["secrets"][0]
    headers, body = hooks[0]
    Webhook(secret).verify(body, headers)
    check("the standardwebhooks library verifies our signature", True)
    try:
        Webhook(secret).verify(body.replace("Isotonitazene", "Isotonitazepe").replace("Metonitazene", "Metonitazepe"), headers)
        altered = True
    except WebhookVerificationError:
        altered = False
    check("and refuses it when the body was altered", not altered)

    checkpoint = json.loads(run(place, "audit", "checkpoint").stdout)
    message = place / "message"
    message.write_text(f"listingwatch audit checkpoint v1\n{checkpoint['seq']}\n{checkpoint['hash']}\n{checkpoint['at']}\n")
    import base64

    (place / "signature").write_bytes(base64.b64decode(checkpoint["signature"]))
    if shutil.which("openssl"):
        verified = subprocess.run(
            ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "data/keys/audit.pub", "-rawin", "-in", "message", "-sigfile", "signature"],
            cwd=place, capture_output=True, text=True,
        )
        check("openssl verifies a checkpoint with the published key", verified.returncode == 0, verified.stderr)
    else:
        print("SKIPPED: openssl is not here")

    full_disk(place, second)
    controller.stop()
    server.shutdown()
    shutil.rmtree(place)


def full_disk(place, draft):
    """Approves on a tmpfs without a free byte: nothing may change, and it works again once there is room."""
    small = place / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=96m", "tmpfs", str(small)], capture_output=True).returncode != 0:
        print("SKIPPED: no tmpfs may be mounted here; the full disk was not tried")
        return
    try:
        shutil.copytree(place / "data", small / "data")
        data = ["--data", "small/data"]

        def state():
            done = run(place, *data, "--json", "referrals", "show", draft)
            return json.loads(done.stdout)["state"]

        # Opened once, so that only the approval itself needs room.
        check("the copied case is a draft", state() == "drafted")
        with open(small / "filler", "wb", buffering=0) as filler:
            try:
                while True:
                    filler.write(b"x" * 4096)
            except OSError:
                pass
        refused = run(place, *data, "referrals", "approve", draft, "--as", "anna", code=(1, 3))
        check("a full disk is said clearly", "full" in refused.stderr or "No space" in refused.stderr or "disk" in refused.stderr, refused.stderr)
        os.remove(small / "filler")
        check("nothing was changed", state() == "drafted")
        log = json.loads(run(place, *data, "--json", "audit", "verify").stdout)
        check("the audit log is whole", log["whole"])
        run(place, *data, "referrals", "approve", draft, "--as", "anna")
        check("with room it works again", state() == "delivered", state())
    finally:
        subprocess.run(["umount", str(small)], check=False)


main()
