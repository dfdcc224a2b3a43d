#!/usr/bin/env python3
"""Screens the blind sets and prints what was called.
usage: score.py BINARY FILE.jsonl... [--errors]    lines as `screen` takes them, with `expect` (verdicts joined by |), `group`, `why`
Offers are rows whose `expect` does not hold `clear`; lawful rows are the others."""
import json, os, subprocess, sys
from collections import defaultdict

KEYS = ("id", "title", "text", "lang", "price", "currency", "attributes", "page", "url")
args = [a for a in sys.argv[1:] if a != "--errors"]
binary, files = os.path.abspath(args[0]), args[1:]
for path in files:
    rows = [json.loads(line) for line in open(path, encoding="utf-8")]
    lines = "".join(json.dumps({k: r[k] for k in KEYS if r.get(k)}, ensure_ascii=False) + "\n" for r in rows)
    run = subprocess.run([binary, "--json", "screen"], input=lines.encode(), capture_output=True)
    got = {v["id"]: v for v in map(json.loads, run.stdout.decode().splitlines())}
    by = defaultdict(lambda: [0] * 8)
    for r in rows:
        verdict, expect = got[r["id"]]["verdict"], r["expect"].split("|")
        offer = "clear" not in expect
        for key in ("all", r["lang"]):
            c = by[key]
            if offer:
                c[0] += 1
                c[1] += verdict != "clear"
                if expect == ["refer"]:
                    c[2] += 1
                    c[3] += verdict == "refer"
            else:
                c[4] += 1
                c[5] += verdict == "refer"
                c[6] += verdict != "clear"
            c[7] += verdict in expect
        if verdict not in expect and "--errors" in sys.argv:
            v = got[r["id"]]
            print(f"  {r['id']} [{r['lang']}, {r.get('group')}] {verdict}, not {r['expect']}: {r['title']} | {r['text'][:110]} | {v['decision']} | {'; '.join(v['reasons'][:1])[:120]}")
    print(os.path.basename(path))
    for key, (n, called, m, referred, lawful, wrong, alarmed, right) in sorted(by.items()):
        print(f"  {key:4s} offers called {called}/{n}, of those to refer {referred}/{m}; lawful referred {wrong}/{lawful}, called {alarmed}/{lawful}; as expected {right}/{n + lawful}")
