#!/usr/bin/env python3
"""Screens the names of a public chemical vocabulary and prints how many are called that are not on the list.
usage: vocabulary.py BINARY IDENTIFIERS.tsv [--calls]
The file is `Identifiers/chemical identifiers pubchem large.tsv` of the Python package `chemicals` (PyPI): PubChem's common
and systematic names of some 70,000 compounds. A compound is on the list by its CAS number or the first block of its InChIKey,
so salts of listed substances count as others; look at the calls."""
import glob, json, os, re, subprocess, sys
from collections import Counter

binary, path = os.path.abspath(sys.argv[1]), sys.argv[2]
here = os.path.dirname(os.path.abspath(__file__))
numbers, keys = set(), set()
for file in glob.glob(here + "/../patterns/substances/*.toml"):
    text = open(file, encoding="utf-8").read()
    for found, line in ((numbers, "cas"), (keys, "inchikey")):
        for values in re.findall(rf"^{line} = \[(.*?)\]", text, re.M):
            found.update(re.findall(r'"([^"]+)"', values))
keys = {key[:14] for key in keys}

rows, seen = [], set()
for line in open(path, encoding="utf-8"):
    fields = line.rstrip("\n").split("\t")
    if len(fields) < 9:
        continue
    listed = fields[1] in numbers or fields[6][:14] in keys
    for kind, name in (("common", fields[8]), ("systematic", fields[7])):
        if name and name not in seen and len(name) < 300:
            seen.add(name)
            rows.append((kind, listed, fields[1], name))
lines = "".join(json.dumps({"id": at, "title": row[3], "text": "in stock, 1 kg"}) + "\n" for at, row in enumerate(rows))
run = subprocess.run([binary, "--json", "screen"], input=lines.encode(), capture_output=True)
counts = Counter()
for (kind, listed, number, name), line in zip(rows, run.stdout.decode().splitlines()):
    verdict = json.loads(line)
    counts[kind, "on the list" if listed else "other", verdict["verdict"]] += 1
    if "--calls" in sys.argv and not listed and verdict["verdict"] != "clear":
        print(f"  {verdict['verdict']} {number} {name} | {'; '.join(verdict['reasons'][:1])[:160]}")
for (kind, listed, verdict), count in sorted(counts.items()):
    print(f"{kind:12s} {listed:12s} {verdict:8s} {count:6d}")
