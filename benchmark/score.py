#!/usr/bin/env python3
"""Scores a detector's answers on benchmark.jsonl. No dependencies.

    python3 benchmark/score.py ANSWERS.jsonl [--split dev|test] [--json]
    python3 benchmark/score.py --listings [--split dev|test]     # the listings to answer, without their labels

One answer a line: {"id", "verdict": "refer" | "review" | "clear"}, and as far as the detector can tell
"substances": [{"id"}, ...] or [name, ...] with the ids or names of names.tsv, "emerging": [{"class"}, ...], and in each
substance "matches": [{"field", "start", "end"}, ...] in Unicode scalar values, half open. What `listingwatch screen` prints
is such a file.
"""

import argparse
import json
import math
import pathlib
import sys
from collections import defaultdict

HERE = pathlib.Path(__file__).resolve().parent

# What a detector is given of a row; the rest is labels.
LISTING = ("id", "title", "text", "lang", "attributes")


def wilson(part, whole, z=1.959964):
    if not whole:
        return 0.0, 1.0
    p = part / whole
    middle, spread = p + z * z / (2 * whole), z * math.sqrt(p * (1 - p) / whole + z * z / (4 * whole * whole))
    return max(0.0, (middle - spread) / (1 + z * z / whole)), min(1.0, (middle + spread) / (1 + z * z / whole))


def share(part, whole):
    return part / whole if whole else 0.0


def names():
    """Every id and name of names.tsv, lower case, to the id."""
    known = {}
    for line in (HERE / "names.tsv").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            fields = line.split("\t")
            known[fields[0].lower()] = fields[0]
            if fields[4] != "-":
                known[fields[4]] = fields[0]
            for part in fields[5].split("|"):
                known[part.split("=", 1)[1].lower()] = fields[0]
    return known


def ids(answer, known):
    found = set()
    for one in answer.get("substances", []):
        for text in ([one] if isinstance(one, str) else [one.get("id", ""), one.get("name", "")]):
            found.add(known.get(text.lower(), text.lower()))
    return found


def rate(rows, called):
    positive = [row for row in rows if row["target"] == 1]
    negative = [row for row in rows if row["target"] == 0]
    hit, wrong = sum(map(called, positive)), sum(map(called, negative))
    precision, recall = share(hit, hit + wrong), share(hit, len(positive))
    return {"precision": precision, "precision_interval": wilson(hit, hit + wrong),
            "recall": recall, "recall_interval": wilson(hit, len(positive)),
            "f1": share(2 * precision * recall, precision + recall), "of": len(positive), "false": wrong}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("answers", nargs="?")
    parser.add_argument("--listings", action="store_true", help="print the listings without their labels")
    parser.add_argument("--split", choices=["dev", "test"])
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    rows = [json.loads(line) for line in (HERE / "benchmark.jsonl").open(encoding="utf-8")]
    rows = [row for row in rows if args.split in (None, row["split"])]
    if args.listings:
        for row in rows:
            print(json.dumps({key: row[key] for key in LISTING if key in row}, ensure_ascii=False))
        return
    if not args.answers:
        parser.error("name the file of answers, or ask for --listings")
    answers = {}
    for line in open(args.answers, encoding="utf-8"):
        answer = json.loads(line)
        answers[answer["id"]] = answer
    missing = [row["id"] for row in rows if row["id"] not in answers]
    if missing:
        sys.exit(f"{len(missing)} rows have no answer, the first is {missing[0]}")
    known = names()
    verdict = {row["id"]: answers[row["id"]]["verdict"] for row in rows}
    refer = lambda row: verdict[row["id"]] == "refer"
    called = lambda row: verdict[row["id"]] != "clear"

    out = {"rows": len(rows), "refer": rate(rows, refer), "refer_or_review": rate(rows, called)}
    out["by_part"] = {}
    for part in dict.fromkeys(row["part"] for row in rows):
        here = [row for row in rows if row["part"] == part]
        out["by_part"][part] = {"of": len(here), "refer": sum(map(refer, here)), "called": sum(map(called, here))}
    out["licit_and_look_alikes"] = {}
    for row in rows:
        kind = row.get("hard_negative")
        if kind:
            held = out["licit_and_look_alikes"].setdefault(kind, {"of": 0, "refer": 0, "called": 0})
            held["of"] += 1
            held["refer"] += refer(row)
            held["called"] += called(row)
    tally = defaultdict(lambda: [0, 0])
    for row in rows:
        if row["target"] == 1 and row.get("substances") and row.get("technique"):
            same = set(row["substances"]) <= ids(answers[row["id"]], known)
            for name in {row["technique"], "pairs" if "+" in row["technique"] else row["technique"]}:
                tally[name][0] += same
                tally[name][1] += 1
    plain = share(*tally["plain"])
    out["same_substance_by_technique"] = {
        name: {"of": whole, "recall": share(same, whole), "interval": wilson(same, whole),
               "ratio_to_plain": share(same, whole) / plain if plain else None}
        for name, (same, whole) in sorted(tally.items())}
    new = [row for row in rows if row.get("emerging")]
    right = sum(any(found.get("class") == row["emerging"]["class"] for found in answers[row["id"]].get("emerging", []))
                for row in new)
    quiet = [row for row in rows if row["target"] == 0]
    false = sum(bool(answers[row["id"]].get("emerging")) for row in quiet)
    out["emerging"] = {"of": len(new), "right_class": right, "called": sum(map(called, new)),
                       "recall": share(right, len(new)), "interval": wilson(right, len(new)),
                       "false": false, "false_of": len(quiet)}
    touched = whole = 0
    for row in rows:
        places = [place for one in answers[row["id"]].get("substances", []) if isinstance(one, dict)
                  for place in one.get("matches", [])]
        for span in row.get("spans", []):
            here = [p for p in places if p["field"] == span["field"] and p["start"] < span["end"] and span["start"] < p["end"]]
            touched += bool(here)
            whole += any(p["start"] <= span["start"] and span["end"] <= p["end"] for p in here)
    out["spans"] = {"found": touched, "hold_the_whole_name": whole}
    if args.json:
        print(json.dumps(out, indent=1))
        return
    for name in ("refer", "refer_or_review"):
        r = out[name]
        print(f"{name:16} precision {r['precision']:.3f} [{r['precision_interval'][0]:.3f}, {r['precision_interval'][1]:.3f}]"
              f"  recall {r['recall']:.3f} [{r['recall_interval'][0]:.3f}, {r['recall_interval'][1]:.3f}]  F1 {r['f1']:.3f}")
    for title in ("by_part", "licit_and_look_alikes"):
        print(title.replace("_", " "))
        for name, r in out[title].items():
            print(f"  {name:20} of {r['of']:5}: refer {r['refer']:5}, refer or review {r['called']:5}")
    print("same substance by technique (ratio to plain)")
    for name, r in out["same_substance_by_technique"].items():
        if "+" not in name:
            ratio = "-" if r["ratio_to_plain"] is None else f"{r['ratio_to_plain']:.3f}"
            print(f"  {name:20} {r['recall']:.3f} [{r['interval'][0]:.3f}, {r['interval'][1]:.3f}] of {r['of']:4}  {ratio}")
    e = out["emerging"]
    print(f"names on no list: right class {e['right_class']} of {e['of']}, called {e['called']}; false {e['false']} of {e['false_of']}")
    print(f"spans: {out['spans']['hold_the_whole_name']} of {out['spans']['found']} found names are held whole")


if __name__ == "__main__":
    main()
