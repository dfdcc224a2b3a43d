#!/usr/bin/env python3
"""Kills a hub in the middle of approvals, deliveries, answers, looks and posts with personal data; nothing may be lost, doubled or changed.

usage: kept.py BINARY [--kills N] [--seed N]      (default 100)

A hub serves a platform with a webhook. A request of one kind after another is sent, and the hub is killed a few milliseconds later, before,
while or after it answers. After each start the same request is sent again under the same key, as a careful client would. In the end:
what was acknowledged is there, every notice has the bytes and number it had when it was first seen, each message came under one id
with one body, sealed values can be opened, and the audit log holds."""
import hashlib, http.client, http.server, json, os, random, signal, socketserver, subprocess, sys, tempfile, threading, time, urllib.request

OFFER = "{name} powder for sale, {amount} g, 99% purity, wholesale price per gram, discreet shipping, bitcoin accepted. Lot {lot}. "
NAMES = "Isotonitazene Metonitazene Protonitazene Butonitazene Etonitazene Carfentanil".split()
received, lock, gone = {}, threading.Lock(), set()


class Platform(http.server.BaseHTTPRequestHandler):
    """The platform: pages of its listings, and its webhook."""
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        with lock:
            received.setdefault(self.headers["webhook-id"], set()).add(body)
        self.answer(204, b"")

    def do_GET(self):
        if self.path == "/":
            return self.answer(200, b"<title>Bazaar</title><p>Nothing here.</p>")
        number = self.path.rsplit("/", 1)[-1]
        if number in gone or not number.isdigit():
            return self.answer(404, b"gone")
        self.answer(200, f"<h1>{NAMES[int(number) % 6]} {number} g</h1><p>EUR 90</p><p>{text_of(int(number))}</p>".encode())

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


def text_of(number):
    words = " ".join(f"w{(number + 3) * 7919 + at * 104729}" for at in range(12))
    return OFFER.format(name=NAMES[number % 6], amount=number + 3, lot=words) + f"Write to seller{number}@mail.example.test"


class Hub:
    def __init__(self, binary, folder, site):
        self.binary, self.folder, self.process, self.port, self.starts = binary, folder, None, None, 0
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
rate = "unlimited"
private_addresses = ["127.0.0.0/8"]
[referral]
channels = ["webhook"]
webhook = "{site}/hook"
""")
        with open(f"{folder}/listingwatch.toml", "w") as settings:
            settings.write('[sender]\nname = "Office"\naddress = "1 Example Street"\ncontact = "office@example.test"\n')

    def command(self, *arguments, **more):
        ended = subprocess.run([self.binary, "--data", "data", "--seeds", "seeds", "--settings", "listingwatch.toml", *arguments],
                               cwd=self.folder, capture_output=True, text=True, timeout=120, **more)
        if ended.returncode:
            raise SystemExit(f"{' '.join(arguments)} ended with {ended.returncode}: {ended.stderr[-800:]}")
        return ended.stdout

    def start(self):
        self.starts += 1
        log = open(f"{self.folder}/log", "w+")
        self.process = subprocess.Popen([self.binary, "--data", "data", "--seeds", "seeds", "--settings", "listingwatch.toml", "serve",
                                         "--listen", "127.0.0.1:0"], cwd=self.folder, stdout=log, stderr=log)
        for _ in range(600):
            said = open(f"{self.folder}/log").read()
            at = said.find("http://127.0.0.1:")
            if at >= 0 and "\n" in said[at:]:
                self.port = int(said[at + 17:].split("/")[0].split()[0].rstrip(".,"))
                return
            if self.process.poll() is not None:
                raise SystemExit(f"the hub ended: {said[-800:]}")
            time.sleep(0.05)
        raise SystemExit("the hub did not start")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def ask(self, method, path, body=None, key=None, token=None, timeout=30):
        """The answer; none where the hub died over it."""
        headers = {"authorization": f"Bearer {token or self.token}"}
        if body is not None:
            headers["content-type"] = "application/json"
        if key:
            headers["idempotency-key"] = key
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            return None


def main():
    options = {"--kills": 100, "--seed": 1}
    binary, rest = os.path.abspath(sys.argv[1]), sys.argv[2:]
    options.update({name: int(value) for name, value in zip(rest[::2], rest[1::2])})
    chance = random.Random(options["--seed"])
    server = Server(("127.0.0.1", 0), Platform)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    site = f"http://127.0.0.1:{server.server_address[1]}"
    folder = tempfile.mkdtemp(prefix="kept-")
    hub = Hub(binary, folder, site)
    token = lambda *more: json.loads(hub.command("token", "create", "--json", "--owner", "somebody", *more))["token"]
    hub.token = token("--role", "authority")
    machine, moderator = token("--role", "platform", "--platform", "bazaar"), token("--role", "moderator", "--platform", "bazaar")
    hub.start()
    posted, answered, notices, cut, kinds = {}, {}, {}, 0, {}

    def look():
        """What can be seen of notices now must be what was seen before."""
        status, body = hub.ask("GET", "/api/v1/referrals?limit=1000")
        rows = json.loads(body)["referrals"]
        for row in rows:
            if row["state"] in ("drafted", "queued"):
                continue
            for form in ("json", "text", "html"):
                status, seen = hub.ask("GET", f"/api/v1/referrals/{row['id']}/documents/1?format={form}")
                if status != 200:
                    raise SystemExit(f"the notice of {row['id']} ({row['state']}) answers {status}: {seen[:300]}")
                before = notices.setdefault((row["id"], form), seen)
                if before != seen:
                    raise SystemExit(f"the notice of {row['id']} changed ({form})")
        return {row["id"]: row for row in rows}

    number = 0
    while cut < options["--kills"]:
        # Deliveries and looks have their turn every two seconds.
        time.sleep(chance.choice((0, 0, 0, 2.2)))
        rows = look()
        drafted = sorted(id for id, row in rows.items() if row["state"] == "drafted")
        open_ = sorted(id for id, row in rows.items() if row["state"] in ("approved", "sent", "delivered", "acknowledged"))
        decided = sorted(id for id, row in rows.items() if row["state"] == "decided")
        choices = ["post"]
        choices += ["approve"] * 2 if drafted else []
        choices += ["answer", "answer", "recheck"] if open_ else []
        choices += ["contest"] if any(rows[id]["state"] != "approved" for id in open_) else []
        choices += ["recheck"] if decided else []
        kind = chance.choice(choices)
        if kind == "post":
            number += 1
            listing = {"id": f"L-{number}", "title": f"{NAMES[number % 6]} {number} g", "text": text_of(number), "url": f"{site}/item/{number}",
                       "seller": f"Seller Number {number}"}
            call = ("POST", "/api/v1/listings", listing, f"post-{number}", machine)
        elif kind == "approve":
            call = ("POST", f"/api/v1/referrals/{chance.choice(drafted)}/approve", {}, None, hub.token)
        elif kind == "answer":
            case = chance.choice(open_)
            call = ("POST", f"/api/v1/referrals/{case}/outcome", {"decision": "removed", "reference": f"T-{case}"}, f"answer-{case}", moderator)
            gone.add(rows[case]["urls"][0].rsplit("/", 1)[-1])
        elif kind == "contest":
            case = chance.choice([id for id in open_ if rows[id]["state"] != "approved"])
            status, body = hub.ask("GET", f"/api/v1/referrals/{case}/documents/1")
            link = json.loads(body)["contest"].rsplit("/", 1)[-1]
            call = ("POST", f"/api/v1/referrals/{case}/contest", {"link": link, "statement": f"It is a book about {case}"}, None, hub.token)
        else:
            call = ("POST", f"/api/v1/referrals/{chance.choice(open_ + decided)}/recheck", None, None, hub.token)
        got = []
        sender = threading.Thread(target=lambda: got.append(hub.ask(*call)))
        sender.start()
        time.sleep(chance.uniform(0, 0.06))
        hub.kill()
        sender.join()
        cut += 1
        kinds[kind] = kinds.get(kind, 0) + 1
        hub.start()
        # The client asks again under the same key; a conflict says that it was done before.
        again = hub.ask(*call)
        if again is None or again[0] not in (200, 202, 409):
            raise SystemExit(f"{kind} once more: {again}")
        acknowledged = [one for one in (*got, again) if one and one[0] in (200, 202)]
        if kind == "post" and acknowledged:
            posted[listing["id"]] = listing
        if kind == "answer" and acknowledged:
            answered[case] = "removed"
    # Everything that is due goes out.
    for _ in range(200):
        status, body = hub.ask("GET", "/metrics")
        if b'listingwatch_deliveries{state="due"} 0' in body or b'state="due"' not in body:
            break
        time.sleep(0.2)
    rows = look()
    wrong = []
    status, body = hub.ask("GET", "/api/v1/hits?limit=1000")
    hits = json.loads(body)["hits"]
    urls = [hit["url"] for hit in hits]
    wrong += [f"{listing['id']} was taken and is no hit" for listing in posted.values() if listing["url"] not in urls]
    wrong += [f"{url} is there twice" for url in set(urls) if urls.count(url) > 1]
    for case, decision in answered.items():
        status, body = hub.ask("GET", f"/api/v1/referrals/{case}")
        said = [line for line in json.loads(body)["story"] if line["event"] == "answer"]
        if [line["decision"] for line in said] != [decision]:
            wrong.append(f"{case} was answered once and has {said}")
    with lock:
        wrong += [f"the message {id} came with {len(bodies)} bodies" for id, bodies in received.items() if len(bodies) > 1]
        messages = {}
        for id, bodies in received.items():
            event = json.loads(next(iter(bodies)))
            messages.setdefault((event["type"], event["data"]["referral"]["id"], event["data"].get("document", {}).get("number")), set()).add(id)
        wrong += [f"{what} came under {len(ids)} ids" for what, ids in messages.items() if len(ids) > 1]
        created = {what[1] for what in messages if what[0] == "referral.created"}
    left = {id for id, row in rows.items() if row["state"] not in ("drafted", "queued", "dismissed", "expired")}
    wrong += [f"{id} left and its notice never came" for id in left - created]
    for id in sorted(rows)[:20]:
        status, body = hub.ask("POST", f"/api/v1/referrals/{id}/reveal", {"purpose": "the proof of kills"})
        values = [value["value"] for value in json.loads(body)["values"]]
        if not any("@mail.example.test" in (value or "") for value in values):
            wrong.append(f"the sealed contact of {id} cannot be opened: {values}")
    hub.kill()
    hub.command("audit", "verify")
    print(f"{cut} kills ({', '.join(f'{count} {kind}' for kind, count in sorted(kinds.items()))}): {len(posted)} listings posted, {len(left)} notices "
          f"left as {len(received)} messages, {len(answered)} answers; {len(notices)} forms of notices unchanged byte for byte")
    for line in wrong:
        print("WRONG:", line)
    sys.exit(1 if wrong else 0)


main()
