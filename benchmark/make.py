#!/usr/bin/env python3
"""Makes benchmark.jsonl. No dependencies, no network, no detector: labels come from what is put into a listing.

    python3 benchmark/make.py            writes benchmark/benchmark.jsonl
    python3 benchmark/make.py --check    exits with 1 if the file differs from what would be written
"""

import hashlib
import json
import pathlib
import sys

import frames

HERE = pathlib.Path(__file__).resolve().parent
SEED = "listingwatch benchmark 1"


def pick(*key):
    """A number from a key: the same on every machine and in every version of Python."""
    text = "\x1f".join([SEED, *map(str, key)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def choose(items, *key):
    return items[pick(*key) % len(items)]


def table(name):
    lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines if line and not line.startswith("#")]


class Substance:
    def __init__(self, fields):
        self.id, self.cls, self.finer, self.category, cas, names = fields
        self.cas = None if cas == "-" else cas
        self.names = dict(part.split("=", 1) for part in names.split("|"))


# ---- disguises ------------------------------------------------------------------------------------------------------

CYRILLIC = dict(zip("aceijopsxyABCEHIJKMOPSTXY", "асеіјорѕхуАВСЕНІЈКМОРЅТХУ"))
GREEK = dict(zip("aeiknoptuvxyABEHIKMNOPTXYZ", "αεικηορτυνχγΑΒΕΗΙΚΜΝΟΡΤΧΥΖ"))
DIGITS = dict(zip("oileastbOILEASTB", "0113457801134578"))
ZERO_WIDTH = ["\u200b", "\u200c", "\u200d", "\u2060", "\ufeff"]
EMOJI = ["💊", "🔥", "✨", "❄️", "🧪", "👩‍🔬"]
MARKS = [chr(c) for c in (0x300, 0x301, 0x302, 0x303, 0x308, 0x30A, 0x323, 0x327, 0x332, 0x335)]

# In the order they are applied: letters are replaced before something is put between them, entities come last.
TECHNIQUES = ["dropped-letter", "digits", "cyrillic", "greek", "full-width", "combining-marks", "soft-hyphens",
              "zero-width", "spaced", "dotted", "emoji", "entities"]
# Pairs that cannot stand together.
APART = {("spaced", "dotted")}


def some(places, key):
    """About half of the places, at least one."""
    chosen = [at for at in places if pick(key, at) % 2]
    return chosen or ([choose(places, key, "one")] if places else [])


def disguise(name, techniques, key):
    """The name written by each technique, or None where one finds nothing to change."""
    pieces = [[c, c, ""] for c in name]  # as it is, as it is shown, what comes after it
    latin = [at for at, piece in enumerate(pieces) if piece[0].isascii() and piece[0].isalpha()]
    for technique in sorted(techniques, key=TECHNIQUES.index):
        here = (*key, technique)
        inside = [at for at in range(len(pieces) - 1) if pieces[at][0].isalnum() and pieces[at + 1][0].isalnum()]
        same = [at for at, piece in enumerate(pieces) if piece[0] == piece[1]]
        if technique == "dropped-letter":
            places = [at for at in latin if at > 0]
            if len(latin) < 6:
                return None
            del pieces[choose(places, here)]
            latin = [at for at, piece in enumerate(pieces) if piece[0].isascii() and piece[0].isalpha()]
            changed = True
        elif technique in ("digits", "cyrillic", "greek"):
            other = {"digits": DIGITS, "cyrillic": CYRILLIC, "greek": GREEK}[technique]
            places = some([at for at in same if pieces[at][0] in other], here)
            if technique == "digits" and len(latin) < 5:
                return None
            for at in places:
                pieces[at][1] = other[pieces[at][0]]
            changed = bool(places)
        elif technique == "full-width":
            changed = False
            for piece in pieces:
                if len(piece[1]) == 1 and "!" <= piece[1] <= "~":
                    piece[1] = chr(ord(piece[1]) + 0xFEE0)
                    changed = True
        elif technique == "combining-marks":
            places = some(latin, here)
            for at in places:
                pieces[at][1] += choose(MARKS, here, at, "mark")
            changed = bool(places)
        elif technique in ("soft-hyphens", "zero-width", "emoji"):
            what = {"soft-hyphens": ["\u00ad"], "zero-width": ZERO_WIDTH, "emoji": EMOJI}[technique]
            places = some(inside, here)
            for at in places:
                pieces[at][2] += choose(what, here, at, "what")
            changed = bool(places)
        elif technique == "spaced":
            places = [at for at in range(len(pieces) - 1) if pieces[at][0] != " " != pieces[at + 1][0]]
            for at in places:
                pieces[at][2] += " "
            changed = bool(places)
        elif technique == "dotted":
            for at in inside:
                pieces[at][2] += "."
            changed = bool(inside)
        else:  # entities
            places = some([at for at in same if pieces[at][0].isascii() and pieces[at][0].isalnum()], here)
            for at in places:
                code = ord(pieces[at][0])
                pieces[at][1] = f"&#x{code:x};" if pick(here, at, "hex") % 2 else f"&#{code};"
            changed = bool(places)
        if not changed:
            return None
    return "".join(shown + after for _, shown, after in pieces)


# ---- rows -----------------------------------------------------------------------------------------------------------

class Rows:
    def __init__(self):
        self.rows = []

    def add(self, part, lang, title, text, name=None, written=None, **more):
        """Adds a listing. `{n}` in title or text is filled with `written`, and its place becomes a span label."""
        spans = []
        fields = {"title": title, "text": text}
        for field, value in fields.items():
            if name is not None and "{n}" in value:
                before, after = value.split("{n}", 1)
                spans.append({"field": field, "start": len(before), "end": len(before) + len(written), "name": name})
                fields[field] = before + written + after
        row = {"id": f"b{len(self.rows) + 1:05}", **fields, "lang": lang, "target": 0, "category": None,
               "part": part, "technique": "plain" if name else None, "substances": [], "spans": spans,
               "hard_negative": None, "ambiguous": False, "group": f"g{pick(part, title, text, name) % 10**10:010}"}
        row.update(more)
        row["split"] = "dev" if pick("split", row["group"]) % 2 else "test"
        self.rows.append({key: value for key, value in row.items() if value not in (None, [])
                          or key in ("category", "hard_negative")})


def filled(frame, key, cas=""):
    """Title and text of a frame with quantity, price and CAS number; the name's place stays open."""
    values = {"n": "{n}", "q": choose(frames.QUANTITIES, key, "q"), "p": choose(frames.PRICES, key, "p"), "cas": cas}
    return frame[0].format(**values), frame[1].format(**values)


def offers(rows, substances):
    """Names as they are, each in the frames of its languages."""
    for s in substances:
        for lang, name in s.names.items():
            kinds = frames.PRECURSOR_OFFERS if s.category == "precursor" else frames.OFFERS
            for turn in range(2 if lang == "en" else 1):
                frame = kinds[lang][(pick(s.id, lang) + turn) % len(kinds[lang])]
                if "{cas}" in frame[0] + frame[1]:
                    frame = (frame[0].replace("CAS {cas} ", ""), frame[1])
                title, text = filled(frame, (s.id, lang, turn))
                rows.add("names", lang, title, text, name, name, target=1, category=s.category, substances=[s.id])


def numbers(rows, substances):
    """CAS numbers alone: as they are, with other dashes, and split by spaces."""
    numbered = [s for s in substances if s.cas]
    for at, s in enumerate(numbered):
        title, text, attributes = frames.NUMBER_OFFERS[at % len(frames.NUMBER_OFFERS)]
        dash = ["-", "-", "\u2013", "\u2011", " - ", "\u2212"][at % 6]
        cas = dash.join(s.cas.split("-"))
        title, text = filled((title, text), (s.id, "cas"), cas)
        more = {"attributes": {key: value.format(cas=cas) for key, value in attributes.items()}} if attributes else {}
        lang = ["en", "en", "en", "de", "fr", "es", "ru", "zh"][at % 8]
        rows.add("identifiers", lang, title, text, target=1, category=s.category, substances=[s.id],
                 technique="cas-plain" if dash == "-" else "cas-odd-dashes", **more)


def disguised(rows, substances):
    """Each technique alone and in pairs, over names of five letters and more."""
    fit = [s for s in substances if sum(c.isalpha() for c in s.names["en"]) >= 5]
    fit.sort(key=lambda s: pick("disguise", s.id))
    for s in fit[:60]:
        kinds = frames.PRECURSOR_OFFERS if s.category == "precursor" else frames.OFFERS
        frame = choose(kinds["en"], s.id, "disguise")
        if "{cas}" in frame[0] + frame[1]:
            frame = (frame[0].replace("CAS {cas} ", ""), frame[1])
        title, text = filled(frame, (s.id, "disguise"))
        name, group = s.names["en"], f"g{pick('disguise', s.id) % 10**10:010}"
        label = {"target": 1, "category": s.category, "substances": [s.id], "group": group}
        rows.add("disguises", "en", title, text, name, name, **label)
        for technique in TECHNIQUES:
            written = disguise(name, [technique], (s.id,))
            if written:
                rows.add("disguises", "en", title, text, name, written, **{**label, "technique": technique})
        pairs = [(a, b) for i, a in enumerate(TECHNIQUES) for b in TECHNIQUES[i + 1:] if (a, b) not in APART]
        pairs.sort(key=lambda pair: pick("pair", s.id, *pair))
        for pair in pairs[:10]:
            written = disguise(name, list(pair), (s.id, "pair"))
            if written:
                rows.add("pairs", "en", title, text, name, written, **{**label, "technique": "+".join(pair)})
    # Names in other scripts, by what can be put between their letters.
    for s in fit[:60]:
        for lang in ("ru", "zh", "de", "es"):
            name = s.names.get(lang)
            if not name or s.category == "precursor":
                continue
            frame = choose(frames.OFFERS[lang], s.id, lang, "disguise")
            title, text = filled(frame, (s.id, lang, "disguise"))
            for technique in ("zero-width", "spaced") if lang != "zh" else ("zero-width", "dotted"):
                written = disguise(name, [technique], (s.id, lang))
                if written:
                    rows.add("disguises", lang, title, text, name, written, target=1, category=s.category,
                             substances=[s.id], technique=technique,
                             group=f"g{pick('disguise', s.id, lang) % 10**10:010}")


def emerging(rows):
    for name, cls, finer in table("emerging.tsv"):
        title, text = filled(choose(frames.OFFERS["en"], "emerging", name), ("emerging", name))
        category = "synthetic-opioid" if cls == "synthetic-opioid" else "nps"
        family = {"class": cls, **({"subclass": finer} if finer != "-" else {})}
        rows.add("emerging", "en", title, text, name, name, target=1, category=category, emerging=family)


def presses(rows):
    for at, (press, lang) in enumerate(frames.PRESSES):
        for suspicious in frames.PRESS_SUSPICIOUS:
            rows.add("equipment", next(iter(lang)), press, suspicious, target=1, category="equipment")
        for lawful in frames.PRESS_LAWFUL:
            rows.add("licit", next(iter(lang)), press, lawful, hard_negative="equipment-alone")


def licit(rows, substances):
    for kind, lang, title, text in frames.LICIT:
        named = [s for s in substances if lang in s.names and s.category == "synthetic-opioid" or
                 lang in s.names and kind not in ("antidote", "licence-checked") and s.category == "nps"]
        named.sort(key=lambda s: pick(kind, lang, title, s.id))
        for s in named[:14]:
            name = s.names[lang]
            rows.add("licit", lang, title.replace("{n}", name), text.replace("{n}", name), hard_negative=kind)
    for kind, lang, title, text in frames.FIXED_LAWFUL:
        rows.add("licit", lang, title, text, hard_negative=kind)
    for lang, title, text in frames.CHEMICALS:
        for more in ("", " " + choose(["20 kg on request.", "In stock.", "Ships in one day.", "Ask for a quote."], title)):
            rows.add("chemicals", lang, title, text + (more if lang == "en" else ""), hard_negative="lawful-chemical")
            if lang != "en":
                break
    for lang, title, text in frames.LOOK_ALIKES:
        rows.add("look-alikes", lang, title, text, hard_negative="look-alike")
        if lang == "en":
            price = choose(frames.PRICES, title)
            rows.add("look-alikes", lang, f"{title}, {price}", f"{text} Discreet neutral parcel, worldwide shipping.",
                     hard_negative="look-alike")


def goods(rows):
    for lang, (things, kinds, sentences) in frames.GOODS.items():
        seen = set()
        for turn in range(260 if lang == "en" else 42):
            key = ("goods", lang, turn)
            title = f"{choose(things, key, 't')} {choose(kinds, key, 'k')}"
            text = " ".join(sorted({choose(sentences, key, "a"), choose(sentences, key, "b")}))
            if (title, text) not in seen:
                seen.add((title, text))
                rows.add("ordinary", lang, title, text)


def other(rows):
    for drug in frames.OTHER_DRUGS:
        for turn in range(3):
            frame = frames.OFFERS["en"][(pick("other", drug) + turn) % len(frames.OFFERS["en"])]
            title, text = filled(frame, ("other", drug, turn))
            rows.add("other-controlled", "en", title, text, drug, drug, target=2, category="other-controlled")


def make():
    substances = [Substance(fields) for fields in table("names.tsv")]
    rows = Rows()
    offers(rows, substances)
    numbers(rows, substances)
    disguised(rows, substances)
    emerging(rows)
    presses(rows)
    licit(rows, substances)
    goods(rows)
    other(rows)
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows.rows)


def main():
    out = HERE / "benchmark.jsonl"
    text = make()
    if "--check" in sys.argv[1:]:
        if out.read_text(encoding="utf-8") != text:
            sys.exit(f"{out} is not what make.py makes")
        return
    out.write_text(text, encoding="utf-8")
    print(f"{text.count(chr(10))} rows in {out}")


if __name__ == "__main__":
    main()
