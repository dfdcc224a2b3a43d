#!/usr/bin/env python3
"""Screens the names of a public chemical vocabulary and prints how many are called that are not on the list.
usage: vocabulary.py BINARY IDENTIFIERS.tsv [--calls]
The file is `Identifiers/chemical identifiers pubchem large.tsv` of the Python package `chemicals` (PyPI): PubChem's common
and systematic names of some 70,000 compounds. A compound is on the list by its CAS number or the first block of its InChIKey,
and so is a compound of which a part is (its salts, by the parts of the SMILES notation). What else is called is printed with
`--calls`: salts with metals and relatives that a list names as a class are among it; look at the calls."""
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

compounds = [line.rstrip("\n").split("\t") for line in open(path, encoding="utf-8")]
compounds = [fields for fields in compounds if len(fields) >= 9]
is_listed = lambda fields: fields[1] in numbers or fields[6][:14] in keys
# Without stereo marks: a salt is one of whichever form.
flat = lambda smiles: re.sub(r"[@/\\]", "", smiles).replace("[CH]", "C").replace("[C]", "C").replace("[CH2]", "C")
parts = {flat(fields[4]) for fields in compounds if is_listed(fields) and "." not in fields[4]}

rows, seen = [], set()
for fields in compounds:
    listed = is_listed(fields) or any(flat(part) in parts for part in fields[4].split("."))
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
