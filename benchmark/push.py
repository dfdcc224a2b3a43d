#!/usr/bin/env python3
"""Posts 1,000 listings of 10 KB to a hub of its own on loopback and reads a feed meanwhile.

    python3 benchmark/push.py target/release/listingwatch [plain | mixed]

`plain` is an offer followed by German prose, `mixed` one followed by the texts of the lawful rows of the blind sets, in fifteen
languages, most of which name or deny a substance.
"""
import glob
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

binary = os.path.abspath(sys.argv[1])
kind = sys.argv[2] if len(sys.argv) > 2 else "plain"
here = os.path.dirname(os.path.abspath(__file__))
random.seed(7)
if kind == "mixed":
    rows = [json.loads(line) for name in glob.glob(f"{here}/blind/2026-11-27-?.jsonl") for line in open(name, encoding="utf-8")]
    pieces = [row["text"] for row in rows if row["expect"] == "clear"]
else:
    words = "der Tisch ist aus Eiche und wurde vor zwei Jahren für die Küche gebaut er steht im Keller und kann abgeholt werden".split()
    pieces = words


def prose(size):
    text = ""
    while len(text.encode()) < size:
        text += random.choice(pieces) + " "
    return text.encode()[:size].decode(errors="ignore")


PLATFORM = """[platform]
id = "{0}"
name = "{0}"
kind = "marketplace"
hosts = ["{0}.example.test"]
[agreement]
basis = "own-site"
reference = "measurement"
authority = "Office"
valid_from = 2020-01-01
valid_until = 2099-12-31
contact = "ts@{0}.example.test"
[crawl]
start = ["https://{0}.example.test/"]
"""

with tempfile.TemporaryDirectory() as place:
    os.mkdir(f"{place}/seeds")
    for name in ("shop", "other"):
        open(f"{place}/seeds/{name}.toml", "w").write(PLATFORM.format(name))
    common = [binary, "--data", f"{place}/data", "--seeds", f"{place}/seeds"]

    def token(name, role="platform"):
        made = [*common, "--json", "token", "create", "--role", role, "--platform", name, "--owner", name]
        return json.loads(subprocess.run(made, capture_output=True, check=True).stdout)["token"]

    tokens = {name: token(name) for name in ("shop", "other")}
    tokens["reader"] = token("other", "moderator")
    log = open(f"{place}/log", "w+")
    hub = subprocess.Popen([*common, "serve", "--listen", "127.0.0.1:0"], stdout=log, stderr=log)
    base = None
    while base is None:
        time.sleep(0.1)
        found = re.search(r"http://127\.0\.0\.1:\d+", open(f"{place}/log").read())
        base = found and found.group()

    def ask(name, path, body=None):
        head = {"authorization": f"Bearer {tokens[name]}", "content-type": "application/json"}
        data = json.dumps(body, ensure_ascii=False).encode() if body is not None else None
        begun = time.time()
        with urllib.request.urlopen(urllib.request.Request(base + path, data=data, headers=head), timeout=120) as answer:
            return time.time() - begun, json.loads(answer.read())

    def listing(name, number, size):
        text = f"Isotonitazene for sale, bitcoin accepted, telegram @vendor{number}. " + prose(size)
        return {"id": str(number), "url": f"https://{name}.example.test/{number}", "title": f"Isotonitazene {number} g", "text": text}

    ended, pushes, reads = threading.Event(), [], []

    def push():
        number = 0
        while not ended.is_set():
            pushes.append(ask("other", "/api/v1/listings", [listing("other", number, 300)])[0])
            number += 1

    def read():
        while not ended.is_set():
            reads.append(ask("reader", "/feeds/other.json")[0])
            time.sleep(0.02)

    threads = [threading.Thread(target=work) for work in (push, read)]
    body = [listing("shop", number, 9_900) for number in range(1000)]
    for thread in threads:
        thread.start()
    took, answer = ask("shop", "/api/v1/listings", body)
    ended.set()
    for thread in threads:
        thread.join()
    peak = re.search(r"VmHWM:\s+(\d+)", open(f"/proc/{hub.pid}/status").read()).group(1)
    hub.terminate()
    hub.wait()
    print(f"{kind}: 1,000 listings of 10 KB in {took:.2f} s, {answer['taken']} taken; meanwhile {len(pushes)} other calls, "
          f"the slowest {max(pushes):.2f} s, and {len(reads)} reads, the slowest {max(reads):.3f} s; peak {int(peak) // 1024} MB")
