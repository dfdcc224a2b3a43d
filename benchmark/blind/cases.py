#!/usr/bin/env python3
"""Runs the blind cases of crawling and of page reading.  usage: cases.py BINARY [CASES.jsonl ...] [--errors]

A case with `answers` is a site on loopback: each answer is given for its request target, everything else is 404. The scan must ask
for every target in `want` (one of those separated by `|`, in whatever order of its parameters) and for none in `never`, byte for
byte. A case with a `page` is read by `extract`, and the first listing must have the values in `expect` (`listings` counts all)."""
import base64, glob, gzip, http.server, json, os, socketserver, subprocess, sys, tempfile, threading
from urllib.parse import parse_qsl, unquote, urlsplit


def bytes_of(value):
    return base64.b64decode(value["base64"]) if "base64" in value else value["text"].encode()


class Site(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        case = self.server.case
        case["asked"].append(self.path)
        answer, host = case["answers"].get(self.path), case["host"].encode()
        if answer is None:
            self.send(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", False)
        elif "raw" in answer:
            self.send(bytes_of(answer["raw"]).replace(b"HOST", host), answer["close"])
        else:
            body = bytes_of(answer["body"]).replace(b"HOST", host)
            pack = answer.get("pack")
            if pack == "utf-16":
                body = body.decode().encode("utf-16")
            elif pack:
                body = gzip.compress(body)
            head = [("Content-Type", answer["content_type"])] if answer["content_type"] else []
            head += [(name, value.replace("HOST", case["host"])) for name, value in answer["headers"]]
            head += [] if answer.get("no_length") else [("Content-Length", str(len(body)))]
            lines = "".join(f"{name}: {value}\r\n" for name, value in head)
            self.send(f"HTTP/1.1 {answer['status']}\r\n{lines}\r\n".encode() + body, answer.get("close") or answer.get("no_length"))

    do_HEAD = do_POST = do_GET

    def send(self, raw, close):
        self.wfile.write(raw)
        self.wfile.flush()
        self.close_connection = bool(close)


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass


def shape(target):
    parts = urlsplit(target)
    return unquote(parts.path), tuple(sorted(parse_qsl(parts.query, keep_blank_values=True, encoding="latin-1")))


def crawled(binary, cases):
    """What is wrong with each case, by its id."""
    for at, case in enumerate(cases):
        address = f"127.3.{at // 200}.{at % 200 + 1}"
        server = Server((address, 0), Site)
        case.update(asked=[], host=f"{address}:{server.server_address[1]}", address=address)
        server.case = case
        threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        os.makedirs(f"{folder}/seeds")
        with open(f"{folder}/seeds/cases.toml", "w") as seeds:
            seeds.write(
                f"""[platform]
id = "cases"
name = "Cases"
kind = "marketplace"
hosts = {json.dumps([case["address"] for case in cases])}
[agreement]
basis = "own-site"
reference = "blind cases"
authority = "Test Office"
valid_from = 2024-01-01
valid_until = 2099-12-31
contact = "office@example.test"
[crawl]
start = {json.dumps([f"http://{case['host']}/" for case in cases])}
rate = "unlimited"
concurrency = 1
private_addresses = ["127.0.0.0/8"]
[referral]
channels = ["feed"]
"""
            )
        command = [binary, "--data", f"{folder}/data", "--seeds", f"{folder}/seeds", "--json", "scan", "cases", "--for", "60s"]
        subprocess.run(command, cwd=folder, capture_output=True, timeout=150)
    wrong = {}
    for case in cases:
        shapes = {shape(target) for target in case["asked"]}
        at_home = lambda target: target.replace("HOST", case["host"])
        missed = [want for want in case["want"] if not any(shape(at_home(one)) in shapes for one in [want, *want.split("|")])]
        breached = [never for never in case["never"] if never in case["asked"]]
        wrong[case["id"]] = [f"missed {missed}"] * bool(missed) + [f"asked for {breached}"] * bool(breached)
    return wrong


def read(binary, cases):
    """What is wrong with each case, by its id."""
    wrong = {}
    with tempfile.TemporaryDirectory() as folder:
        for case in cases:
            with open(f"{folder}/page.html", "wb") as page:
                page.write(bytes_of(case["page"]))
            command = [binary, "--data", f"{folder}/data", "--json", "extract", "page.html", "--url", case["url"]]
            run = subprocess.run(command, cwd=folder, capture_output=True, timeout=30)
            listings = json.loads(run.stdout)["listings"] if run.returncode == 0 else []
            first = {**(listings[0] if listings else {}), "listings": len(listings)}
            expect = case["expect"].items()
            wrong[case["id"]] = [f"{key} is {first.get(key)!r}, not {right!r}" for key, right in expect if first.get(key) != right]
    return wrong


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    given = [argument for argument in sys.argv[2:] if argument != "--errors"]
    files = given or sorted(glob.glob(f"{here}/*-crawl.jsonl") + glob.glob(f"{here}/*-pages.jsonl"))
    binary, failed = os.path.abspath(sys.argv[1]), 0
    for file in files:
        with open(file, encoding="utf-8") as lines:
            cases = [json.loads(line) for line in lines]
        wrong = (read if "page" in cases[0] else crawled)(binary, cases)
        bad = {name: what for name, what in wrong.items() if what}
        failed += len(bad)
        print(f"{os.path.basename(file)}: {len(cases) - len(bad)} of {len(cases)} cases pass")
        for name, what in bad.items() if "--errors" in sys.argv else ():
            print(f"  {name}: {'; '.join(what)}")
    sys.exit(failed > 0)


main()
