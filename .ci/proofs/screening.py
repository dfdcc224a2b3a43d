#!/usr/bin/env python3
"""10,000 listings of the public benchmark, screened in batches of 500 by a platform's token: how long a batch takes, as its caller sees it.

usage: screening.py PROGRAM"""

import http.client
import json
import math
import os
import re
import subprocess
import sys
import tempfile
import threading
import time

program, port = os.path.abspath(sys.argv[1]), 18160
KEYS = ("id", "title", "text", "lang", "price", "currency", "attributes", "page")
rows = [json.loads(line) for line in open("benchmark/benchmark.jsonl", encoding="utf-8")]
listings = [{key: row[key] for key in KEYS if row.get(key)} for row in rows]
listings = (listings * (10_000 // len(listings) + 1))[:10_000]
with tempfile.TemporaryDirectory() as folder:
    demo = subprocess.Popen([program, "--data", folder, "demo", "--port", str(port), "--platform-sandbox"], stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, text=True)
    try:
        token = None
        while not token:
            line = demo.stdout.readline()
            assert line, "the sandbox did not start"
            found = re.match(r"machine token: +(\S+)", line)
            token = found and found[1]
        threading.Thread(target=lambda: [None for _ in demo.stdout], daemon=True).start()
        time.sleep(3)
        caller = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
        took, verdicts = [], {"clear": 0, "review": 0, "refer": 0}
        for at in range(0, len(listings), 500):
            body = json.dumps(listings[at:at + 500]).encode()
            began = time.perf_counter()
            caller.request("POST", "/api/v1/screen", body, headers)
            answer = caller.getresponse()
            text = answer.read()
            took.append((time.perf_counter() - began) * 1000)
            assert answer.status == 200, (answer.status, text[:300])
            for one in json.loads(text):
                verdicts[one["verdict"]] += 1
    finally:
        demo.terminate()
took.sort()
at = lambda share: took[math.ceil(len(took) * share) - 1]
print(f"{len(listings)} listings in {len(took)} batches of 500: median {at(0.5):.1f} ms, 95th percentile {at(0.95):.1f} ms, "
      f"most {took[-1]:.1f} ms a batch; {verdicts}")
sys.exit(0 if at(0.95) < 50 else 1)
