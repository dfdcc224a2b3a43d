#!/usr/bin/env python3
"""A hub with 1,024 descriptors under 3,000 slow heads and 600 idle handshakes: how long an honest client waits, and whether crawl and
deliveries go on.

usage: besieged.py BINARY [--heads N] [--handshakes N] [--seconds N]      (default 3000, 600, 30)

The hub speaks HTTPS itself. Attackers come from 60 addresses; each connection that the hub ends is opened again, 150 a second. The honest
client opens a connection for each request. Meanwhile a scan fetches pages and approved notices go to a webhook."""
import http.client, http.server, json, os, resource, socketserver, ssl, subprocess, sys, tempfile, threading, time

NAMES = "Isotonitazene Metonitazene Protonitazene Butonitazene Etonitazene Carfentanil".split()
counts = {"pages": 0, "hooks": 0}


class Site(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        counts["hooks"] += 1
        self.answer(204, b"")

    def do_GET(self):
        counts["pages"] += 1
        time.sleep(0.01)
        number = self.path.strip("/")
        if not number:
            links = "".join(f'<a href="/{at}">{at}</a> ' for at in range(1, 200))
            return self.answer(200, f"<title>Bazaar</title>{links}".encode())
        at = int(number) if number.isdigit() else 0
        links = "".join(f'<a href="/{at * 50 + more}">more</a> ' for more in range(1, 40)) if at < 400 else ""
        words = " ".join(f"w{(at + 3) * 7919 + more * 104729}" for more in range(20))
        offer = f"<h1>{NAMES[at % 6]} {at} g</h1><p>EUR 90</p><p>Powder for sale, discreet shipping, bitcoin. {words}</p>"
        chair = f"<h1>Oak chair {at}</h1><p>EUR 40</p><p>Solid oak. {words}</p>"
        self.answer(200, f"<!doctype html><html lang=en><body>{offer if at % 20 == 0 else chair}{links}</body></html>".encode())

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass


ATTACK = r'''
import asyncio, ssl, sys, time
port, heads, handshakes, seconds = map(int, sys.argv[1:5])
context = ssl.create_default_context(); context.check_hostname = False; context.verify_mode = ssl.CERT_NONE
held = {"heads": 0, "handshakes": 0, "most": 0, "opened": 0}
tickets = asyncio.Semaphore(0)
until = time.time() + seconds
def source(at): return (f"127.0.{1 + at % 60}.1", 0)
async def head(at):
    while time.time() < until:
        await tickets.acquire()
        try:
            reader, writer = await asyncio.wait_for(asyncio.open_connection("127.0.0.1", port, ssl=context, local_addr=source(at)), 20)
        except Exception:
            continue
        held["heads"] += 1; held["opened"] += 1; held["most"] = max(held["most"], held["heads"] + held["handshakes"])
        try:
            writer.write(b"GET /api/v1/referrals HTTP/1.1\r\nHost: hub\r\n"); await writer.drain()
            while time.time() < until:
                try:
                    if not await asyncio.wait_for(reader.read(100), 2): break
                except asyncio.TimeoutError:
                    writer.write(b"X"); await writer.drain()
        except Exception:
            pass
        held["heads"] -= 1
        writer.close()
async def handshake(at):
    while time.time() < until:
        await tickets.acquire()
        try:
            reader, writer = await asyncio.wait_for(asyncio.open_connection("127.0.0.1", port, local_addr=source(at)), 20)
        except Exception:
            continue
        held["handshakes"] += 1; held["opened"] += 1; held["most"] = max(held["most"], held["heads"] + held["handshakes"])
        try:
            while time.time() < until and await reader.read(100): pass
        except Exception:
            pass
        held["handshakes"] -= 1
        writer.close()
async def main():
    tasks = [asyncio.create_task(head(at)) for at in range(heads)] + [asyncio.create_task(handshake(at)) for at in range(handshakes)]
    while time.time() < until:
        for _ in range(15): tickets.release()
        await asyncio.sleep(0.1)
    for task in tasks: task.cancel()
asyncio.run(main())
print(f"{held['opened']} {held['most']}")
'''


def main():
    options = {"--heads": 3000, "--handshakes": 600, "--seconds": 30}
    binary, rest = os.path.abspath(sys.argv[1]), sys.argv[2:]
    options.update({name: int(value) for name, value in zip(rest[::2], rest[1::2])})
    server = Server(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    site = f"http://127.0.0.1:{server.server_address[1]}"
    folder = tempfile.mkdtemp(prefix="besieged-")
    os.makedirs(f"{folder}/seeds")
    with open(f"{folder}/seeds/bazaar.toml", "w") as seeds:
        seeds.write(f"""[platform]
id = "bazaar"
name = "Bazaar"
kind = "marketplace"
hosts = ["127.0.0.1"]
[agreement]
basis = "own-site"
reference = "proof"
authority = "Test Office"
valid_from = 2024-01-01
valid_until = 2099-12-31
contact = "office@example.test"
[crawl]
start = ["{site}/"]
rate = "600/min"
private_addresses = ["127.0.0.0/8"]
[referral]
approval = "automatic"
channels = ["webhook"]
webhook = "{site}/hook"
""")
    with open(f"{folder}/listingwatch.toml", "w") as settings:
        settings.write('[sender]\nname = "Office"\naddress = "1 Example Street"\ncontact = "office@example.test"\n')
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "key.pem", "-out",
                    "cert.pem", "-days", "2", "-subj", "/CN=localhost"], cwd=folder, check=True, capture_output=True)
    common = [binary, "--data", "data", "--seeds", "seeds", "--settings", "listingwatch.toml"]
    made = subprocess.run([*common, "token", "create", "--json", "--role", "authority", "--owner", "anna"], cwd=folder, capture_output=True, text=True)
    token = json.loads(made.stdout)["token"]
    log = open(f"{folder}/log", "w")
    hub = subprocess.Popen([*common, "serve", "--listen", "127.0.0.1:18443", "--tls-cert", "cert.pem", "--tls-key", "key.pem"], cwd=folder,
                           stdout=log, stderr=log, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 1024)))
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE

    def ask():
        began = time.time()
        connection = http.client.HTTPSConnection("127.0.0.1", 18443, context=context, timeout=20)
        connection.request("GET", "/api/v1/referrals?limit=20", headers={"authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        answer.read()
        connection.close()
        if answer.status != 200:
            raise OSError(answer.status)
        return time.time() - began

    def measured(seconds):
        took, failed, until = [], 0, time.time() + seconds
        descriptors = 0
        while time.time() < until:
            try:
                took.append(ask())
            except OSError:
                failed += 1
            descriptors = max(descriptors, len(os.listdir(f"/proc/{hub.pid}/fd")))
            time.sleep(0.05)
        took.sort()
        at = lambda share: took[min(len(took) - 1, int(len(took) * share))] * 1000 if took else float("nan")
        return f"p50 {at(0.5):.0f} ms, p99 {at(0.99):.0f} ms, longest {at(1):.0f} ms, {len(took)} answered, {failed} failed; {descriptors} of 1,024 descriptors in use", at(0.99), failed

    for _ in range(200):
        try:
            ask()
            break
        except OSError:
            time.sleep(0.1)
    scan = subprocess.Popen([*common, "scan", "--for", "10m"], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(2)
    before, begun = dict(counts), time.time()
    print("at peace:", measured(options["--seconds"] / 2)[0], flush=True)
    rate = lambda since, before: ", ".join(f"{(counts[name] - before[name]) / (time.time() - since):.1f} {name}/s" for name in counts)
    print("at peace:", rate(begun, before), flush=True)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(8192, resource.getrlimit(resource.RLIMIT_NOFILE)[1]),) * 2)
    attack = subprocess.Popen([sys.executable, "-c", ATTACK, "18443", str(options["--heads"]), str(options["--handshakes"]), str(options["--seconds"] + 10)],
                              stdout=subprocess.PIPE, text=True)
    time.sleep(10)
    before, begun = dict(counts), time.time()
    said, p99, failed = measured(options["--seconds"])
    print("besieged:", said, flush=True)
    print("besieged:", rate(begun, before), flush=True)
    going = all(counts[name] > before[name] for name in counts)
    opened, most = attack.communicate()[0].split()
    print(f"{opened} connections of attackers opened, {most} held at once at most")
    hub.terminate()
    hub.wait(60)
    scan.kill()
    good = p99 < 250 and failed == 0 and going
    print("holds" if good else "DOES NOT HOLD: p99 under 250 ms, no failure, crawl and deliveries go on")
    sys.exit(0 if good else 1)


main()
