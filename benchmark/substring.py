#!/usr/bin/env python3
"""The baseline: the names and CAS numbers of names.tsv looked for as they are, in lower case, at word edges.

    python3 benchmark/substring.py > answers.jsonl

It knows every name the benchmark uses, in every language, and nothing else: no disguises, no context, no families.
"""

import json
import pathlib
import re

HERE = pathlib.Path(__file__).resolve().parent


def main():
    names = {}
    for line in (HERE / "names.tsv").read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        fields = line.split("\t")
        every = [part.split("=", 1)[1] for part in fields[5].split("|")]
        for name in every + ([fields[4]] if fields[4] != "-" else []):
            names.setdefault(name.lower(), fields[0])
    # Longest first; letters of scripts with spaces between words must not touch.
    edge = "[^\\W\u0e00-\u0eff\u3040-\u9fff_]"
    pattern = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    search = re.compile(f"(?<!{edge})(?:{pattern})(?!{edge})")
    for line in (HERE / "benchmark.jsonl").open(encoding="utf-8"):
        row = json.loads(line)
        substances = {}
        for field in ("title", "text"):
            for hit in search.finditer(row[field].lower()):
                place = {"field": field, "start": hit.start(), "end": hit.end()}
                substances.setdefault(names[hit.group()], []).append(place)
        for value in row.get("attributes", {}).values():
            for hit in search.finditer(value.lower()):
                substances.setdefault(names[hit.group()], [])
        found = [{"id": id, "matches": places} for id, places in substances.items()]
        print(json.dumps({"id": row["id"], "verdict": "refer" if found else "clear", "substances": found}))


if __name__ == "__main__":
    main()
