#!/usr/bin/env python3
"""Kills scans and hubs, and fills their disks; what runs afterwards must come to what an undisturbed run comes to.

usage: interrupted.py BINARY [--scans N] [--hubs N] [--disks N] [--seed N]      (default 100, 100, 30)

A loopback site of offers and harmless listings is scanned once in quiet. Then each data directory is disturbed ten times, by SIGKILL
at a random moment or by a file system of a random size that runs full, and scanned to its end. Compared: hits (address, verdict,
substances), cases (addresses), judged pages of the last statement, and the audit log and each WARC file are verified. Full disks need
leave to mount a tmpfs, and are left out, loudly, without it."""
import http.server, json, os, random, shutil, signal, socketserver, subprocess, sys, tempfile, threading, time

OFFERS, CHAIRS, EACH = 60, 240, 10
NAMES = "Isotonitazene Bromazolam Mephedrone Etonitazepyne Metonitazene Flubromazepam Clonazolam Protonitazene".split()


class Site(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        time.sleep(0.002)
        kind, _, number = self.path.strip("/").partition("/")
        number = int(number) if number.isdigit() else 0
        words = " ".join(f"lot{(number + 3) * 7919 + at * 104729}" for at in range(24))
        if self.path == "/":
            links = [f"/list/{at}" for at in range(10)]
            body = "<title>Bazaar</title>" + "".join(f'<p><a href="{link}">more</a>' for link in links)
        elif kind == "list":
            pages = [f"/offer/{at}" for at in range(number, OFFERS, 10)] + [f"/chair/{at}" for at in range(number, CHAIRS, 10)]
            body = f"<title>List {number}</title>" + "".join(f'<p><a href="{link}">see</a>' for link in pages)
        elif kind == "offer":
            body = f"<h1>{NAMES[number % 8]} {number + 5} g</h1><p>EUR 90</p><p>Powder for sale, discreet shipping, bitcoin. {words}</p>"
        elif kind == "chair":
            body = f"<h1>Oak chair {number}</h1><p>EUR 40</p><p>Solid oak. {words}</p>" + "<p>Well kept and clean.</p>" * 200
        else:
            return self.answer(404, "nothing")
        self.answer(200, f"<!doctype html><html lang=en><body>{body}</body></html>")

    def answer(self, status, text):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass


class Place:
    """A data directory with its platform file."""

    def __init__(self, binary, folder, url, data=None, crawl="", more=""):
        self.binary, self.folder, self.data = binary, folder, data or f"{folder}/data"
        os.makedirs(f"{folder}/seeds", exist_ok=True)
        with open(f"{folder}/seeds/bazaar.toml", "w") as seeds:
            seeds.write(
                f"""[platform]
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
start = ["{url}"]
rate = "unlimited"
concurrency = 4
private_addresses = ["127.0.0.0/8"]
{crawl}
[referral]
channels = ["feed"]
{more}
"""
            )

    def command(self, *arguments):
        return [self.binary, "--data", self.data, "--seeds", f"{self.folder}/seeds", *arguments]

    def start(self, *arguments):
        return subprocess.Popen(self.command(*arguments), cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def run(self, *arguments, may_fail=False):
        ended = subprocess.run(self.command(*arguments), cwd=self.folder, capture_output=True, text=True, timeout=300)
        if ended.returncode and not may_fail:
            raise SystemExit(f"{' '.join(arguments)} ended with {ended.returncode}: {ended.stderr[-800:]}")
        return ended

    def came_to(self):
        """What there is to compare, after everything was verified."""
        self.run("audit", "verify")
        for file in sorted(os.listdir(f"{self.data}/warc")):
            if file.endswith(".gz"):
                self.run("verify", f"{self.data}/warc/{file}")
        rows = [json.loads(line) for line in self.run("export", "--format", "jsonl").stdout.splitlines()]
        path = lambda url: "/" + url.split("/", 3)[3]
        hits = sorted((path(row["url"]), row["verdict"], sorted(str(one) for one in row.get("substances", []))) for row in rows)
        listed = self.run("--json", "referrals", "list").stdout
        cases = json.loads(listed) if listed.lstrip().startswith("[") else [json.loads(line) for line in listed.splitlines()]
        return hits, sorted(sorted(path(url) for url in case["urls"]) for case in cases)


def finish(place):
    """Scans to the end; whatever was cut off is done then."""
    ended = place.run("--json", "scan", may_fail=True)
    if ended.returncode not in (0, 4):
        raise SystemExit(f"the last scan ended with {ended.returncode}: {ended.stderr[-800:]}")
    return place.came_to()


def kill_after(process, seconds):
    """Whether it still ran when the axe fell."""
    try:
        process.wait(seconds)
        return False
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
        return True


def scans(place, longest, chance):
    cut = 0
    for _ in range(EACH):
        cut += kill_after(place.start("scan"), chance.uniform(0.02, longest / 3))
    return cut


def hubs(place, longest, chance):
    cut = 0
    for _ in range(EACH):
        hub = place.start("serve", "--listen", "127.0.0.1:0")
        time.sleep(0.4)
        scan = place.start("scan")
        cut += kill_after(hub, chance.uniform(0.02, longest / 2))
        scan.kill()
        scan.wait()
    return cut


def disks(place, size, mount):
    """A file system of that many bytes; answers whether it ran full."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", mount], check=True)
    try:
        small = Place(place.binary, place.folder, place.url, data=f"{mount}/data")
        # Otherwise the scan would wait for space before it fetches anything.
        with open(f"{place.folder}/small.toml", "w") as settings:
            settings.write('[limits]\nfree_disk = "1KiB"\n')
        ended = small.run("scan", "--settings", f"{place.folder}/small.toml", "--for", "30s", may_fail=True)
        full = ended.returncode not in (0,)
        if full and not ended.stderr.strip():
            raise SystemExit(f"a disk of {size} bytes ran full and nothing was said")
        if "panic" in ended.stderr:
            raise SystemExit(f"a disk of {size} bytes made it panic: {ended.stderr[-500:]}")
        if full:
            # Not a byte is left, and everything can still be read.
            with open(f"{mount}/fill", "wb") as fill:
                try:
                    while True:
                        fill.write(b"x" * 4096)
                        fill.flush()
                except OSError:
                    pass
            for line in ("referrals list", "search isotonitazene", "audit verify", "report coverage", "export --format jsonl", "doctor",
                         "platforms list", "audit list"):
                small.run(*line.split())
            os.remove(f"{mount}/fill")
        if os.path.isdir(small.data):
            shutil.copytree(small.data, place.data, dirs_exist_ok=True)
        return full
    finally:
        subprocess.run(["umount", mount], check=True)


def main():
    options = {"--scans": 100, "--hubs": 100, "--disks": 30, "--seed": 1}
    arguments = sys.argv[2:]
    for name, value in zip(arguments[::2], arguments[1::2]):
        options[name] = int(value)
    binary, chance = os.path.abspath(sys.argv[1]), random.Random(options["--seed"])
    server = Server(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_address[1]}/"
    with tempfile.TemporaryDirectory() as root:
        def place(name):
            made = Place(binary, f"{root}/{name}", url)
            made.url = url
            return made

        quiet = place("quiet")
        start = time.time()
        expected = finish(quiet)
        longest = time.time() - start
        print(f"undisturbed: {len(expected[0])} hits, {len(expected[1])} cases in {longest:.1f} s", flush=True)
        failed = 0
        for name, count, disturb in (("scan", options["--scans"], scans), ("hub", options["--hubs"], hubs)):
            cut = rounds = 0
            while cut < count:
                one = place(f"{name}-{rounds}")
                cut += disturb(one, longest, chance)
                rounds += 1
                if finish(one) != expected:
                    failed += 1
                    print(f"{name} {rounds}: not what an undisturbed run comes to")
                shutil.rmtree(one.folder)
            print(f"{cut} kills of a {name} in {rounds} data directories: {failed or 'no'} difference", flush=True)
        mount, full = f"{root}/mount", 0
        os.makedirs(mount)
        try:
            for number in range(options["--disks"]):
                one = place(f"disk-{number}")
                full += disks(one, chance.randrange(64 << 10, 6 << 20), mount)
                if finish(one) != expected:
                    failed += 1
                    print(f"disk {number}: not what an undisturbed run comes to")
                shutil.rmtree(one.folder)
            print(f"{full} of {options['--disks']} disks ran full: {failed or 'no'} difference in all", flush=True)
        except (subprocess.CalledProcessError, FileNotFoundError):
            print("SKIPPED: full disks, because a tmpfs cannot be mounted here")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
