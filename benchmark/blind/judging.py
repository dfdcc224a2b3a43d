#!/usr/bin/env python3
"""Black-box acceptance cases for listingwatch: crawling, and judging known pages again.

Usage: python3 judging.py BINARY [--errors] [--plumbing]

Every case starts its own site on loopback, has its own data directory, and is judged by what the site was
asked for and by what the program prints. The substances are invented names on a watchlist made here.
"""
import concurrent.futures
import html
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

BINARY = None
CASES = []
NOT_PAGES = ("/robots.txt", "/.well-known/", "/sitemap", "/favicon.ico")
DUE = 1.6  # seconds to wait until a page with `revisit = "1s"` is due


class Miss(Exception):
    """What was seen is not what must hold."""


def must(holds, seen):
    if not holds:
        raise Miss(seen)


def case(function):
    CASES.append(function)
    return function


# ---------------------------------------------------------------- the site

class Answer:
    """One answer of the site. With `etag`, If-None-Match of the same value is answered 304."""

    def __init__(self, body="", status=200, headers=None, etag=None, kind="text/html; charset=utf-8",
                 declare=None):
        self.body = body.encode("utf-8") if isinstance(body, str) else body
        self.status, self.headers, self.etag, self.kind = status, dict(headers or {}), etag, kind
        self.declare = declare  # a Content-Length that is not the body's: the connection is cut after the body


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        pass


class Site:
    def __init__(self):
        self.pages, self.log, self.lock = {}, [], threading.Lock()
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                words = self.requestline.split(" ")
                target = words[1] if len(words) > 1 else ""
                sent = {k.lower(): v for k, v in self.headers.items()}
                with site.lock:
                    answer = site.pages.get(target)
                    unchanged = bool(answer and answer.etag and answer.etag in sent.get("if-none-match", ""))
                    status = 304 if unchanged else answer.status if answer else 404
                    site.log.append((target, sent, status))
                if unchanged:
                    self.send_response(304)
                    self.send_header("ETag", answer.etag)
                    self.end_headers()
                    return
                if answer is None:
                    answer = Answer("<!doctype html><title>Not found</title><p>There is no such page.</p>", 404)
                self.send_response(answer.status)
                if "Content-Type" not in answer.headers:
                    self.send_header("Content-Type", answer.kind)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                if answer.etag:
                    self.send_header("ETag", answer.etag)
                self.send_header("Content-Length", str(answer.declare or len(answer.body)))
                if answer.declare:
                    self.send_header("Connection", "close")
                    self.close_connection = True
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(answer.body)
                    self.wfile.flush()

            do_HEAD = do_GET

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.host = "127.0.0.1:%d" % self.port
        self.root = "http://" + self.host
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def put(self, target, answer):
        if isinstance(answer, (str, bytes)):
            answer = Answer(answer)
        with self.lock:
            self.pages[target] = answer

    def robots(self, *lines):
        self.put("/robots.txt", Answer("\n".join(lines) + "\n", kind="text/plain; charset=utf-8"))

    def forget(self):
        with self.lock:
            self.log.clear()

    def asked(self, prefix=None):
        """Requests for pages: (target, headers, status)."""
        with self.lock:
            rows = [r for r in self.log if not r[0].startswith(NOT_PAGES)]
        return [r for r in rows if prefix is None or r[0].startswith(prefix)]

    def targets(self, prefix=None):
        return [r[0] for r in self.asked(prefix)]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


# ---------------------------------------------------------------- texts

PLACES = ["Arlen", "Brixmoor", "Caldry", "Dunvale", "Elsmere", "Fenwick", "Garrow", "Hallam", "Ivytown"]
CHAIRS = ["oak bench with arm rests", "folding chair of ash wood", "round table for six", "blue parasol with stand",
          "hammock of cotton", "lantern of brass", "rocking chair, painted green", "iron plant stand",
          "wicker basket with lid"]


def offer(name, number, head="", foot=""):
    """A product page whose structured data and visible text offer `name`."""
    place = PLACES[number % len(PLACES)]
    title = "%s, lot %d from %s" % (name, 100 + number * 7, place)
    text = ("We sell %s from our store in %s. In stock, ships this week. Write to us on WhatsApp +1 202 555 01%02d."
            % (name, place, 10 + number))
    data = {"@context": "https://schema.org", "@type": "Product", "name": title, "description": text,
            "offers": {"@type": "Offer", "price": str(20 + number), "priceCurrency": "USD"}}
    return ("<!doctype html><html lang=\"en\"><head><title>%s</title>%s<script type=\"application/ld+json\">%s</script>"
            "</head><body><h1>%s</h1><p>%s</p>%s</body></html>" % (title, head, json.dumps(data), title, text, foot))


def chair(number):
    return offer(CHAIRS[number % len(CHAIRS)].capitalize(), number)


def plain(title, text, head="", body=""):
    return ("<!doctype html><html lang=\"en\"><head><title>%s</title>%s</head><body><h1>%s</h1><p>%s</p>%s</body></html>"
            % (title, head, title, text, body))


def index(links, head="", note="Things for house and garden, new every week. Have a look around our shop."):
    anchors = "".join("<li><a href=\"%s\">Item %d</a></li>" % (html.escape(link, quote=True), n)
                      for n, link in enumerate(links))
    return ("<!doctype html><html lang=\"en\"><head><title>The shop</title>%s</head><body><h1>The shop</h1><p>%s</p>"
            "<ul>%s</ul></body></html>" % (head, note, anchors))


# ---------------------------------------------------------------- the program

ONE, BOTH = ("zorbuline",), ("zorbuline", "quandoxil")


class World:
    """A site, a platform file, a watchlist and a data directory."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="judging-")
        self.sites, self.notes = [], []
        self.site = self.more()
        self.data = os.path.join(self.dir, "data")
        os.mkdir(os.path.join(self.dir, "seeds"))
        self.watch(ONE)
        self.settings()
        self.platform()

    def more(self):
        site = Site()
        self.sites.append(site)
        return site

    def write(self, name, text):
        path = os.path.join(self.dir, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def watch(self, names, folder="patterns"):
        self.patterns = os.path.join(self.dir, folder)
        shutil.rmtree(self.patterns, ignore_errors=True)
        self.write(folder + "/manifest.toml", 'version = "2026.01.0"\n')
        self.write(folder + "/weights.toml", 'bias = -2.0\nreview = 0.3\nrefer = 0.6\nchosen_by = "hand"\n\n[features]\n')
        self.write(folder + "/substances/invented.toml", "\n".join(
            '[[substance]]\nid = "%s"\nname = "%s"\nclass = "synthetic-opioid"\nuse = "none-known"\nsources = ["ed"]\n'
            % (n, n.capitalize()) for n in names))

    def settings(self, keep="hits", limits=""):
        self.write("settings.toml", '[evidence]\nkeep = "%s"\n\n[limits]\n%s\n\n[sender]\nname = "Office of tests"\n'
                   'address = "Test street 1"\ncontact = "office@example.test"\n' % (keep, limits))

    def platform(self, revisit="7d", start="/", crawl="", listing=""):
        self.write("seeds/shop.toml", """[platform]
id = "shop"
name = "Shop"
kind = "marketplace"
hosts = ["%s"]

[agreement]
basis = "own-site"
reference = "acceptance"
authority = "acceptance"
valid_from = 2020-01-01
valid_until = 2090-12-31
contact = "shop@example.test"

[crawl]
start = ["%s%s"]
private_addresses = ["127.0.0.0/8"]
rate = "unlimited"
revisit = "%s"
%s
%s
""" % (self.site.host, self.site.root, start, revisit, crawl, "[listing]\n" + listing if listing else ""))

    def run(self, *words, stdin=None, timeout=100):
        command = [BINARY, "--data", self.data, "--seeds", os.path.join(self.dir, "seeds"), "--patterns", self.patterns,
                   "--settings", os.path.join(self.dir, "settings.toml"), *words]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("LISTINGWATCH_")}
        done = subprocess.run(command, input=stdin, capture_output=True, timeout=timeout, cwd=self.dir, env=environment)
        out, err = done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")
        self.notes.append("$ %s -> %d\n%s%s" % (" ".join(words), done.returncode, out[-3000:], err[-1500:]))
        return done.returncode, out, err

    def scan(self, *words):
        """The exit code and the platform's part of `scan --json`; the site's log starts afresh."""
        self.site.forget()
        code, out, err = self.run("scan", "shop", "--json", *words)
        try:
            part = json.loads(out)["platforms"][0]
        except (ValueError, LookupError):
            raise Miss("scan exited %d without its document: %s" % (code, err.strip()[-300:]))
        return code, part

    def first(self, *words, hits=None):
        code, part = self.scan(*words)
        must(code == 0, "the first scan exited %d" % code)
        if hits is not None:
            must(part["hits"] == hits, "the first scan found %s hits instead of %d" % (part["hits"], hits))
        return part

    def hits(self):
        code, out, err = self.run("export", "--format", "jsonl")
        must(code == 0, "export exited %d: %s" % (code, err.strip()[-200:]))
        rows = [json.loads(line) for line in out.splitlines() if line.strip()]
        return {row["url"][len(self.site.root):]: row for row in rows}

    def cases(self):
        code, out, err = self.run("referrals", "list", "--json")
        must(code == 0, "referrals list exited %d: %s" % (code, err.strip()[-200:]))
        return [json.loads(line) for line in out.splitlines() if line.strip()]

    def do(self, *words):
        code, out, err = self.run(*words)
        must(code == 0, "`%s` exited %d: %s" % (" ".join(words[:2]), code, err.strip()[-200:]))
        return out

    def shop(self, pages, etag=True, linked=None):
        """An index and the pages {address: text}."""
        self.site.put("/", index(linked or list(pages)))
        for address, text in pages.items():
            self.site.put(address, Answer(text, etag='"v1-%s"' % address.strip("/").replace("/", "-") if etag else None))

    def close(self):
        for site in self.sites:
            site.close()
        shutil.rmtree(self.dir, ignore_errors=True)


def six(world):
    """One page of a known name, five of a name that only the longer watchlist has."""
    pages = {"/p/1": offer("Zorbuline", 1)}
    pages.update({"/p/%d" % n: offer("Quandoxil", n) for n in range(2, 7)})
    world.shop(pages)
    return sorted(pages)


def conditional(rows):
    return [r[0] for r in rows if "if-none-match" in r[1] or "if-modified-since" in r[1]]


def leaves(value, path=()):
    if isinstance(value, dict):
        for key, part in value.items():
            yield from leaves(part, path + (key,))
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield path, value


# ---------------------------------------------------------------- judging known pages again

@case
def again_reads_every_page_whatever_its_validators_say(w):
    """`scan --again` asks for every known page though none is due, and finds what stands under an unchanged ETag (CONTRACT 1, scan: every page is read and judged anew, whatever its validators say)."""
    w.shop({"/p/%d" % n: chair(n) for n in range(1, 5)})
    w.first(hits=0)
    w.site.put("/p/3", Answer(offer("Zorbuline", 3), etag='"v1-p-3"'))
    code, part = w.scan("--again")
    asked = w.site.targets()
    lacking = [p for p in ["/", "/p/1", "/p/2", "/p/3", "/p/4"] if p not in asked]
    must(not lacking, "not asked again: %s" % lacking)
    must(len(asked) == len(set(asked)), "asked more than once: %s" % asked)
    must("/p/3" in w.hits(), "the new text of /p/3 was not judged; answers were %s" % [r[2] for r in w.site.asked("/p/3")])
    must(code == 0 and part["coverage"]["complete"], "exit %d, complete %s" % (code, part["coverage"]["complete"]))


@case
def nothing_changed_nothing_is_asked(w):
    """A second scan within `revisit`, with the same watchlist or a copy of it in another folder, asks for no listing again and moves no date (CONTRACT 2, revisit; the watchlist is its content)."""
    six(w)
    w.first(hits=1)
    before = w.hits()
    for folder in ("patterns", "copy"):
        w.watch(ONE, folder)
        w.scan()
        must(not w.site.targets("/p/"), "folder %s: asked %s" % (folder, w.site.targets("/p/")))
        after = w.hits()
        must(sorted(after) == ["/p/1"] and after["/p/1"]["last_seen"] == before["/p/1"]["last_seen"]
             and after["/p/1"]["gone_at"] is None, "folder %s: hits are now %s" % (folder, after))


@case
def kept_pages_are_judged_without_a_request(w):
    """With `keep = "all"` a longer watchlist finds its new hits on old pages without asking for one of them (CONTRACT 6, evidence keep)."""
    w.settings(keep="all")
    pages = six(w)
    w.first(hits=1)
    w.watch(BOTH)
    code, part = w.scan()
    must(not w.site.targets("/p/"), "asked again: %s" % w.site.targets("/p/"))
    must(sorted(w.hits()) == pages, "hits are on %s" % sorted(w.hits()))
    must(code == 0, "exit %d" % code)


@case
def pages_not_kept_are_asked_without_validators(w):
    """With `keep = "hits"` a longer watchlist asks again for the pages whose evidence was not kept, without validators, since an answer 304 would leave nothing to judge (CONTRACT 6; RFC 9110 on 304)."""
    pages = six(w)
    w.first(hits=1)
    w.watch(BOTH)
    code, _ = w.scan()
    asked = w.site.targets("/p/")
    lacking = [p for p in pages[1:] if p not in asked]
    must(not lacking, "not asked again: %s" % lacking)
    wrong = conditional([r for r in w.site.asked("/p/") if r[0] != "/p/1"])
    must(not wrong, "asked with validators: %s" % wrong)
    must(sorted(w.hits()) == pages, "hits are on %s" % sorted(w.hits()))
    must(code == 0, "exit %d" % code)


@case
def pages_of_hits_are_judged_from_their_evidence(w):
    """With `keep = "hits"` the page of a hit has its evidence, so a longer watchlist judges it anew without a request and names the second substance too (CONTRACT 6, evidence keep)."""
    two = offer("Zorbuline and Quandoxil", 1)
    w.shop({"/p/1": two, "/p/2": chair(2)})
    w.first(hits=1)
    w.watch(BOTH)
    w.scan()
    must("/p/1" not in w.site.targets(), "/p/1 was asked again")
    must("/p/2" in w.site.targets(), "/p/2, not kept, was not asked again")
    named = w.hits().get("/p/1", {}).get("substances")
    must(sorted(named or []) == ["quandoxil", "zorbuline"], "/p/1 names %s" % named)


@case
def due_pages_answered_304_are_judged_with_the_new_watchlist(w):
    """A due page that the site calls unchanged is still judged with the longer watchlist, from its kept evidence (CONTRACT 2 revisit, 6 evidence keep; WHY: an authority must be able to believe the word complete)."""
    w.settings(keep="all")
    w.platform(revisit="1s")
    pages = six(w)
    w.first(hits=1)
    time.sleep(DUE)
    w.watch(BOTH)
    code, part = w.scan()
    must(sorted(w.hits()) == pages, "hits are on %s; answers %s" % (sorted(w.hits()), sorted({r[2] for r in w.site.asked("/p/")})))
    must(code == 0 and part["coverage"]["complete"], "exit %d, complete %s" % (code, part["coverage"]["complete"]))


@case
def new_selectors_are_applied_to_kept_pages(w):
    """New [listing] selectors are applied to a page whose evidence was kept without asking for it (CONTRACT 2: listing selectors, where structured data is wrong; 6)."""
    w.settings(keep="all")
    lot = "Zorbuline powder, wholesale lot nine"
    w.shop({"/p/1": offer("Oak bench", 1, foot='<h2 class="lot">%s</h2>' % lot), "/p/2": chair(2)})
    w.first()
    before = w.hits().get("/p/1", {}).get("title")
    must(before != lot, "the title was %r before the selectors" % before)
    w.platform(listing='pages = ["/p/*"]\ntitle = "h2.lot"\n')
    code, _ = w.scan()
    must(not w.site.targets("/p/"), "asked again: %s" % w.site.targets("/p/"))
    after = w.hits().get("/p/1", {}).get("title")
    must(after == lot, "the title of the hit on /p/1 is %r" % after)
    must(code == 0, "exit %d" % code)


@case
def new_selectors_ask_for_pages_not_kept_without_validators(w):
    """New [listing] selectors ask again, without validators, for pages that were no hits and so were not kept, and what stands there now is read with them (CONTRACT 2, 6)."""
    w.shop({"/p/%d" % n: offer("Garden chair", n, foot='<h2 class="lot">Lantern %d</h2>' % n) for n in range(1, 4)})
    w.first(hits=0)
    w.platform(listing='pages = ["/p/*"]\ntitle = "h2.lot"\n')
    w.site.put("/p/2", Answer(offer("Garden chair", 2, foot='<h2 class="lot">Zorbuline, twenty in stock</h2>'), etag='"v1-p-2"'))
    code, _ = w.scan()
    asked = w.site.targets("/p/")
    must(sorted(set(asked)) == ["/p/1", "/p/2", "/p/3"], "asked again: %s" % asked)
    must(not conditional(w.site.asked("/p/")), "asked with validators: %s" % conditional(w.site.asked("/p/")))
    must("/p/2" in w.hits(), "no hit on /p/2")
    must(code == 0, "exit %d" % code)


@case
def a_page_not_asked_is_neither_gone_nor_seen(w):
    """What is judged from its evidence was not seen today: its hit keeps the day of the capture and is not gone, even if the site has removed it since (CONTRACT 6; README: evidence, then a check whether it is removed)."""
    w.settings(keep="all")
    pages = six(w)
    part = w.first(hits=1)
    before, ended = w.hits(), part["coverage"]["ended_at"]
    for page in pages:
        w.site.put(page, Answer("<!doctype html><title>Gone</title><p>This offer has ended.</p>", 410))
    time.sleep(0.3)
    w.watch(BOTH)
    w.scan()
    must(not w.site.targets("/p/"), "asked again: %s" % w.site.targets("/p/"))
    after = w.hits()
    must(sorted(after) == pages, "hits are on %s" % sorted(after))
    for page, row in after.items():
        must(row["gone_at"] is None, "%s is reported as gone" % page)
        must(row["last_seen"] <= ended, "%s is reported as seen at %s, after the capture" % (page, row["last_seen"]))
    must(after["/p/1"]["last_seen"] == before["/p/1"]["last_seen"], "last seen of /p/1 moved")


@case
def max_pages_is_not_charged_for_evidence(w):
    """A page judged from its evidence takes nothing from `--max-pages`: with all kept, one page allowed is enough; with hits kept, exactly the pages not kept fit (CONTRACT 2: a scan's budget is of pages asked for)."""
    w.settings(keep="all")
    pages = six(w)
    w.first(hits=1)
    w.watch(BOTH)
    code, part = w.scan("--max-pages", "1")
    must(sorted(w.hits()) == pages, "all kept: hits are on %s" % sorted(w.hits()))
    must(code == 0 and part["coverage"]["complete"], "all kept: exit %d, complete %s" % (code, part["coverage"]["complete"]))
    x = World()
    try:
        x.shop({**{"/p/%d" % n: offer("Zorbuline and Quandoxil", n) for n in (1, 2, 3)},
                **{"/p/%d" % n: offer("Quandoxil", n) for n in (4, 5, 6, 7)}})
        x.first(hits=3)
        x.watch(BOTH)
        code, part = x.scan("--max-pages", "5")  # the start page and the four
        w.notes += x.notes
        must(len(x.hits()) == 7, "hits kept: hits are on %s, asked %s" % (sorted(x.hits()), x.site.targets()))
        must(code == 0 and part["coverage"]["complete"], "hits kept: exit %d, complete %s" % (code, part["coverage"]["complete"]))
    finally:
        x.close()


@case
def the_mandates_budget_is_not_charged_for_evidence(w):
    """A mandate pays for pages asked for, so judging seven kept pages with two pages of its budget left works and spends at most what the site was asked for (`mandate create --budget`: pages it allows in all)."""
    w.settings(keep="all")
    pages = six(w)
    w.do("mandate", "create", "m1", "--authority", "A", "--reference", "R", "--purpose", "P", "--expires", "2089-01-01",
         "--budget", "9")
    w.first("--mandate", "m1", hits=1)

    def spent():
        rows = [json.loads(line) for line in w.do("mandate", "list", "--json").splitlines() if line.strip()]
        return next(r for r in rows if r["id"] == "m1")["spent"]

    before = spent()
    must(before == 7, "the first scan of seven pages spent %s" % before)
    w.watch(BOTH)
    code, part = w.scan("--mandate", "m1")
    asked = len(w.site.asked())
    must(spent() - before == asked, "spent %s more, asked for %d pages" % (spent() - before, asked))
    must(sorted(w.hits()) == pages, "hits are on %s" % sorted(w.hits()))
    must(code == 0, "exit %d" % code)


@case
def coverage_says_how_many_were_judged_from_evidence(w):
    """Coverage of a scan that judged kept pages says how many under a key of their own, and is complete, while a scan with nothing to judge anew does not claim it (CONTRACT 1, scan --json; README: coverage says what was not seen)."""
    w.settings(keep="all")
    w.shop({"/p/%d" % n: (offer("Quandoxil", n) if n > 3 else chair(n)) for n in range(1, 9)})
    w.first(hits=0)
    _, idle = w.scan()
    w.watch(BOTH)
    code, part = w.scan()
    must(not w.site.targets("/p/"), "asked again: %s" % w.site.targets("/p/"))
    known = {"fetched", "judged", "judged_as_text", "without_text", "unreadable", "given_up", "freshness"}
    old = dict(leaves(idle["coverage"]))
    told = [(path, n) for path, n in leaves(part["coverage"])
            if path[0] not in known and n in (8, 9) and old.get(path) != n]  # nine with the start page
    must(told, "no number of pages judged from evidence in %s" % json.dumps(part["coverage"]))
    must(part["coverage"]["complete"] and code == 0, "exit %d, complete %s" % (code, part["coverage"]["complete"]))


# ---------------------------------------------------------------- seen again, gone, back

def sent_case(w):
    """Approves and delivers the only case; returns its id."""
    rows = w.cases()
    must(len(rows) == 1, "%d cases instead of one" % len(rows))
    w.do("referrals", "approve", rows[0]["id"], "--as", "tester")
    w.do("referrals", "send")
    return rows[0]["id"]


@case
def an_answer_304_on_a_page_of_a_case_is_a_look(w):
    """A due page of a delivered case that the site answers with 304 was seen: last seen moves to this scan, and it is not gone (README: it then checks whether the listing has been removed; RFC 9110 on 304)."""
    w.platform(revisit="1s")
    w.shop({"/p/1": offer("Zorbuline", 1), "/p/2": chair(2)})
    w.first(hits=1)
    referral = sent_case(w)
    before = w.hits()["/p/1"]
    time.sleep(DUE)
    code, part = w.scan()
    rows = w.site.asked("/p/1")
    must(rows, "/p/1 was due and not asked")
    after = w.hits()["/p/1"]
    must(after["last_seen"] >= part["coverage"]["started_at"], "answers %s; last seen stayed %s" % ([r[2] for r in rows], after["last_seen"]))
    must(after["first_seen"] == before["first_seen"] and after["gone_at"] is None, "the hit is now %s" % after)
    shown = json.loads(w.do("referrals", "show", referral, "--json"))
    must(shown["hits"][0]["last_seen"] == after["last_seen"], "the case says %s" % shown["hits"][0]["last_seen"])
    must(code == 0 and part["referrals_new"] == 0, "exit %d, new cases %s" % (code, part["referrals_new"]))


@case
def an_unchanged_body_on_a_page_of_a_case_is_a_look(w):
    """A due page of a delivered case that comes back with the same body and no validators was seen: last seen moves, and no second case or change is made of it (README: duplicates grouped into one case)."""
    w.platform(revisit="1s")
    w.shop({"/p/1": offer("Zorbuline", 1), "/p/2": chair(2)}, etag=False)
    w.first(hits=1)
    sent_case(w)
    time.sleep(DUE)
    code, part = w.scan()
    must(w.site.targets("/p/1"), "/p/1 was due and not asked")
    after = w.hits()
    must(sorted(after) == ["/p/1"] and after["/p/1"]["last_seen"] >= part["coverage"]["started_at"], "hits are now %s" % after)
    must(after["/p/1"]["gone_at"] is None, "it is reported as gone")
    must(len(w.cases()) == 1 and part["referrals_new"] == 0, "%d cases" % len(w.cases()))
    changes = w.do("report", "changes", "--json").strip()
    must("/p/1" not in changes, "a change is reported: %s" % changes[:300])
    must(code == 0, "exit %d" % code)


@case
def a_page_that_vanished_and_came_back_is_seen_again(w):
    """A page answered 410 is gone and not seen; when it is back unchanged, with the old ETag, it is seen again and no longer gone (README: checks whether the listing has been removed; RFC 9110 on 410 and ETag)."""
    w.platform(revisit="1s")
    w.shop({"/p/1": offer("Zorbuline", 1), "/p/2": chair(2)})
    w.first(hits=1)
    before, page = w.hits()["/p/1"], w.site.pages["/p/1"]
    time.sleep(DUE)
    w.site.put("/p/1", Answer("<!doctype html><title>Gone</title><p>This offer has ended.</p>", 410))
    w.scan()
    must(w.site.targets("/p/1"), "/p/1 was due and not asked")
    gone = w.hits()["/p/1"]
    must(gone["gone_at"] is not None, "after an answer 410 it is not gone")
    must(gone["last_seen"] == before["last_seen"], "the answer 410 moved last seen")
    time.sleep(DUE)
    w.site.put("/p/1", page)
    code, part = w.scan()
    must(w.site.targets("/p/1"), "the page that was gone was not asked again")
    back = w.hits()["/p/1"]
    must(back["gone_at"] is None, "answers %s; still gone since %s" % ([r[2] for r in w.site.asked("/p/1")], back["gone_at"]))
    must(back["last_seen"] >= part["coverage"]["started_at"], "last seen stayed %s" % back["last_seen"])
    must(back["first_seen"] == before["first_seen"], "first seen moved")


@case
def a_case_verified_gone_is_relisted_when_its_page_is_back(w):
    """A case answered `removed` is verified gone when its page is, and relisted when the unchanged page is back (CONTRACT 5, states verified-gone and relisted)."""
    w.platform(revisit="1s")
    w.shop({"/p/1": offer("Zorbuline", 1), "/p/2": chair(2)})
    w.first(hits=1)
    referral, page = sent_case(w), w.site.pages["/p/1"]
    w.do("referrals", "outcome", referral, "removed", "--as", "tester")
    w.site.put("/p/1", Answer("<!doctype html><title>Gone</title><p>This offer has ended.</p>", 410))
    time.sleep(DUE)
    w.scan()
    w.run("referrals", "recheck", referral)
    state = [c["state"] for c in w.cases()]
    must(state == ["verified-gone"], "after the removal the case is %s" % state)
    w.site.put("/p/1", page)
    time.sleep(DUE)
    w.scan()
    state = [c["state"] for c in w.cases() if c["id"] == referral]
    must(state and state[0] in ("relisted", "reopened"), "with the page back the case is %s" % state)
    must(w.hits()["/p/1"]["gone_at"] is None, "the hit is still gone")


# ---------------------------------------------------------------- what "complete" means

@case
def pages_without_text_are_not_complete(w):
    """A page that shows no text was fetched and not judged, so coverage counts it in `without_text` and is not complete (CONTRACT 1; WHY: a page never judged while coverage says complete)."""
    w.shop({"/p/1": offer("Zorbuline", 1)}, linked=["/p/1", "/app", "/picture"])
    w.site.put("/app", "<!doctype html><html><head><script src=\"/app.js\"></script></head><body><div id=\"root\"></div></body></html>")
    w.site.put("/picture", "<!doctype html><html><head></head><body><img src=\"/big.jpg\"></body></html>")
    _, part = w.scan()
    cover = part["coverage"]
    must("/app" in w.site.targets() and "/picture" in w.site.targets(), "asked %s" % w.site.targets())
    must(cover["without_text"] == 2, "without_text is %s" % cover["without_text"])
    must(cover["complete"] is False, "complete is %s with %s pages without text" % (cover["complete"], cover["without_text"]))
    must(part["hits"] == 1, "%s hits" % part["hits"])


@case
def unreadable_and_given_up_pages_are_not_complete(w):
    """A body that is not the compression it claims to be, and a page whose reading was given up at the deadline, are not judged, so coverage is not complete and the exit code is 4 (CONTRACT 1, exit codes and coverage)."""
    w.shop({"/p/1": offer("Zorbuline", 1)}, linked=["/p/1", "/broken"])
    w.site.put("/broken", Answer(b"\x1f\x8b\x08\x00" + bytes((n * 37 + 11) % 256 for n in range(900)),
                                 headers={"Content-Encoding": "gzip"}))
    code, part = w.scan()
    must(part["coverage"]["complete"] is False and code == 4,
         "broken gzip: exit %d, coverage %s" % (code, json.dumps(part["coverage"])))
    must(part["hits"] == 1, "broken gzip: %s hits" % part["hits"])
    x = World()
    try:
        x.settings(limits='parse_deadline = "1ms"\nbody = "20MiB"')
        x.shop({"/p/1": chair(1)}, linked=["/huge"])
        x.site.put("/huge", plain("Stock list", "All of it.", body="".join(
            "<div class=\"r%d\"><p>Row <b>%d</b> of <i>chairs</i> and <a href=\"#r%d\">tables</a></p></div>" % (n, n, n)
            for n in range(60000))))
        code, part = x.scan()
        w.notes += x.notes
        must(part["coverage"]["given_up"] >= 1, "nothing given up at a deadline of 1 ms: %s" % json.dumps(part["coverage"]))
        must(part["coverage"]["complete"] is False and code == 4, "given up: exit %d, complete %s" % (code, part["coverage"]["complete"]))
    finally:
        x.close()


@case
def cut_bodies_are_not_complete(w):
    """A body that ends before its Content-Length, or that is larger than the limit, was not judged whole, so coverage is not complete and the exit code is 4 (CONTRACT 1, exit codes; RFC 9112 on incomplete messages)."""
    whole = plain("Sale", "Chairs, tables and lanterns from our store. " * 40, body="<p>Zorbuline in stock, WhatsApp +1 202 555 0188</p>")
    w.shop({"/p/1": offer("Zorbuline", 1)}, linked=["/p/1", "/short"])
    w.site.put("/short", Answer(whole[:900], declare=len(whole)))
    code, part = w.scan()
    must("/short" in w.site.targets(), "/short was not asked")
    must(part["coverage"]["complete"] is False and code == 4, "cut by the network: exit %d, %s" % (code, json.dumps(part["coverage"])))
    must(part["hits"] == 1, "cut by the network: %s hits" % part["hits"])
    x = World()
    try:
        x.settings(limits='body = "64KiB"')
        x.shop({"/p/1": offer("Zorbuline", 1)}, linked=["/p/1", "/long"])
        x.site.put("/long", plain("Stock", "Chairs and tables. " * 16000, body="<p>Zorbuline in stock, WhatsApp +1 202 555 0188</p>"))
        code, part = x.scan()
        w.notes += x.notes
        must(part["coverage"]["complete"] is False and code == 4, "cut at the limit: exit %d, %s" % (code, json.dumps(part["coverage"])))
        must(part["hits"] >= 1, "cut at the limit: no hit on the other page")
    finally:
        x.close()


def moved(to, status=302):
    return Answer("", status, headers={"Location": to})


@case
def redirect_circles_and_endless_chains_are_not_complete(w):
    """A circle of redirects, and a chain that is not followed to its end, lead to no page that was judged, so coverage is not complete and the exit code is 4, while a short chain is followed (CONTRACT 1; RFC 9110, 15.4, on cyclical redirection)."""
    w.shop({"/p/1": chair(1)}, linked=["/p/1", "/hop"])
    w.site.put("/hop", moved("/hop2", 301))
    w.site.put("/hop2", moved("/p/9", 302))
    w.site.put("/p/9", offer("Zorbuline", 9))
    code, part = w.scan()
    must(part["hits"] == 1 and code == 0 and part["coverage"]["complete"] is True,
         "short chain: exit %d, %s hits, coverage %s" % (code, part["hits"], json.dumps(part["coverage"])))
    for name, entry in (("circle", "/r1"), ("itself", "/self"), ("chain", "/c0")):
        x = World()
        try:
            x.shop({"/p/1": chair(1)}, linked=["/p/1", entry])
            x.site.put("/r1", moved("/r2"))
            x.site.put("/r2", moved("/r1"))
            x.site.put("/self", moved("/self"))
            for n in range(40):
                x.site.put("/c%d" % n, moved("/c%d" % (n + 1)))
            x.site.put("/c40", offer("Zorbuline", 4))
            code, part = x.scan()
            w.notes += x.notes
            reached = "/c40" in x.site.targets()
            right = (part["coverage"]["complete"] is False and code == 4) or (reached and part["hits"] == 1)
            must(right, "%s: exit %d, coverage %s" % (name, code, json.dumps(part["coverage"])))
            must(len(x.site.asked()) < 100, "%s: %d requests" % (name, len(x.site.asked())))
        finally:
            x.close()


@case
def error_answers_are_not_complete(w):
    """An address in scope answered with 500, 503, 401 or 403 was not judged, so coverage is not complete; a server error also gives exit code 4 (CONTRACT 1, exit codes: partial, something in scope could not be fetched)."""
    def one(status):
        x = World()
        try:
            x.shop({"/p/1": offer("Zorbuline", 1)}, linked=["/p/1", "/p/2"])
            x.site.put("/p/2", Answer("<!doctype html><title>No</title><p>Something is wrong here today.</p>", status))
            code, part = x.scan()
            return status, code, part, x.notes
        finally:
            x.close()

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        rows = list(pool.map(one, (500, 503, 401, 403)))
    for status, code, part, notes in rows:
        w.notes += notes
    for status, code, part, _ in rows:
        must(part["coverage"]["complete"] is False, "%d: complete is %s, coverage %s" % (status, part["coverage"]["complete"], json.dumps(part["coverage"])))
        must(part["hits"] == 1, "%d: %s hits" % (status, part["hits"]))
        must(status < 500 or code == 4, "%d: exit %d" % (status, code))


@case
def what_is_left_out_by_agreement_leaves_it_complete(w):
    """Pages left out by robots.txt, `exclude` or scope are no failure, and a page without any markup of an offer is judged by its text: complete, exit 0, and every address is counted (CONTRACT 1, exit codes and scan --json)."""
    w.platform(crawl='exclude = ["/account/**"]')
    w.site.robots("User-agent: *", "Disallow: /closed/")
    w.site.put("/", index(["/text", "/closed/1", "/account/2", "http://elsewhere.example.test/3"]))
    w.site.put("/text", plain("Notice board", "Zorbuline for sale, in stock now. WhatsApp +1 202 555 0171."))
    code, part = w.scan()
    cover = part["coverage"]
    must(sorted(w.site.targets()) == ["/", "/text"], "asked %s" % w.site.targets())
    must(part["hits"] == 1 and "/text" in w.hits(), "%s hits" % part["hits"])
    must(code == 0 and cover["complete"] is True, "exit %d, complete %s" % (code, cover["complete"]))
    must(sum(cover["skipped"].values()) == 3, "skipped is %s" % cover["skipped"])
    must(cover["fetched"] == 2 and cover["fetched"] == sum(cover[k] for k in (
        "judged", "judged_as_text", "without_text", "unreadable", "given_up")), "coverage %s" % json.dumps(cover))


# ---------------------------------------------------------------- addresses

@case
def robots_judges_the_parameter_order_the_site_published(w):
    """A ban on the first parameter holds for the address as the site published it, and an address allowed as published is asked for as published, not in an order that is banned (WHY: robots.txt on an address it rewrote; RFC 9309, 2.2.2)."""
    w.site.robots("User-agent: *", "Disallow: /*?dir=", "Disallow: /*?SID=", "Disallow: /list?order=", "Disallow: /d?a=")
    w.site.put("/", index(["/c/a?dir=asc&brand=9", "/p/5?SID=abc", "/list?order=asc&cat=3", "/c/b?brand=9&dir=asc", "/d?z=1&a=2"]))
    for n, target in enumerate(["/c/a?dir=asc&brand=9", "/c/a?brand=9&dir=asc", "/p/5?SID=abc", "/p/5", "/list?order=asc&cat=3",
                   "/list?cat=3&order=asc", "/c/b?brand=9&dir=asc", "/d?z=1&a=2", "/d?a=2&z=1"]):
        w.site.put(target, chair(n))
    code, part = w.scan()
    asked = w.site.targets()
    banned = [t for t in asked if t.split("?")[0] in ("/c/a", "/p/5", "/list") or t.startswith("/d?a=")]
    must(not banned, "banned and asked: %s" % banned)
    lacking = [t for t in ("/c/b?brand=9&dir=asc", "/d?z=1&a=2") if t not in asked]
    must(not lacking, "allowed and not asked: %s; asked %s" % (lacking, asked))
    must(sum(part["coverage"]["skipped"].values()) == 3, "skipped is %s" % part["coverage"]["skipped"])
    must(code == 0 and part["coverage"]["complete"], "exit %d" % code)


@case
def robots_judges_the_trailing_slash_the_site_published(w):
    """A ban of `/admin/` holds for a link to `/admin/`, a ban of `/cart/` does not hold for a link to `/cart`, `$` ends the address, and no slash is added or removed (WHY; RFC 9309, 2.2.2 and 2.2.3)."""
    w.site.robots("User-agent: *", "Disallow: /admin/", "Disallow: /cart/", "Disallow: /exact/$", "Disallow: /bare$")
    w.site.put("/", index(["/admin/", "/cart", "/exact/", "/exact/sub", "/bare", "/bare/"]))
    for n, target in enumerate(["/admin/", "/admin", "/cart", "/cart/", "/exact/", "/exact", "/exact/sub", "/bare", "/bare/"]):
        w.site.put(target, chair(n))
    code, _ = w.scan()
    asked = sorted(w.site.targets())
    must(asked == ["/", "/bare/", "/cart", "/exact/sub"], "asked %s" % asked)
    must(code == 0, "exit %d" % code)


@case
def robots_compares_encoded_characters_as_the_standard_says(w):
    """Encoded unreserved characters and non-ASCII letters equal their plain form, hexadecimal digits have no case, and an encoded slash is no slash (RFC 9309, 2.2.2)."""
    w.site.robots("User-agent: *", "Disallow: /~temp/", "Disallow: /\u4f8b\u5b50/", "Disallow: /caf%C3%A9/", "Disallow: /a%2Fb", "Disallow: /q/%62ar")
    w.site.put("/", index(["/%7Etemp/x", "/%e4%be%8b%e5%ad%90/x", "/caf\u00e9/x", "/a%2fb", "/a/b", "/q/bar", "/q/other"]))
    for n, target in enumerate(["/%7Etemp/x", "/~temp/x", "/%e4%be%8b%e5%ad%90/x", "/%E4%BE%8B%E5%AD%90/x", "/caf%C3%A9/x", "/a%2fb",
                                "/a%2Fb", "/a/b", "/q/bar", "/q/other"]):
        w.site.put(target, chair(n))
    code, _ = w.scan()
    asked = w.site.targets()
    banned = [t for t in asked if unquote(t).startswith(("/~temp", "/\u4f8b\u5b50", "/caf\u00e9", "/q/bar")) or t.lower().startswith("/a%2fb")]
    must(not banned, "banned and asked: %s" % banned)
    lacking = [t for t in ("/a/b", "/q/other") if t not in asked]
    must(not lacking, "allowed and not asked: %s" % lacking)
    must(code == 0, "exit %d" % code)


@case
def links_with_two_or_three_slashes_name_a_host(w):
    """`//host/x` and `///host/x` in a page of http both name the host, so they are followed on the own host and left out on another (URL Standard, special schemes: extra slashes are ignored)."""
    other = w.more()
    w.site.put("/", index(["//%s/ok1" % w.site.host, "///%s/ok2" % w.site.host, "//%s/no1" % other.host, "///%s/no2" % other.host]))
    w.site.put("/ok1", chair(1))
    w.site.put("/ok2", chair(2))
    code, part = w.scan()
    asked = sorted(w.site.targets())
    must(asked == ["/", "/ok1", "/ok2"], "asked %s" % asked)
    must(not other.log, "the other host was asked for %s" % [r[0] for r in other.log])
    must(code == 0 and part["coverage"]["complete"], "exit %d, coverage %s" % (code, json.dumps(part["coverage"])))


@case
def links_follow_the_first_base(w):
    """Relative links are resolved against the first `<base href>` of the page, and against the page where there is none (HTML Standard, the base element)."""
    w.platform(start="/dir/start")
    w.site.put("/dir/start", index(["item", "../up", "?q=1", "/root", "plain/page"], head='<base href="/shop/in/"><base href="/wrong/">'))
    for n, target in enumerate(["/shop/in/item", "/shop/up", "/shop/in/?q=1", "/root", "/dir/item", "/up", "/wrong/item"]):
        w.site.put(target, chair(n))
    w.site.put("/shop/in/plain/page", index(["next"]))
    w.site.put("/shop/in/plain/next", chair(8))
    code, _ = w.scan()
    asked = sorted(w.site.targets())
    right = sorted(["/dir/start", "/shop/in/item", "/shop/up", "/shop/in/?q=1", "/root", "/shop/in/plain/page", "/shop/in/plain/next"])
    must(asked == right, "asked %s" % asked)
    must(code == 0, "exit %d" % code)


@case
def pictures_follow_the_base(w):
    """The pictures of a listing are resolved against `<base href>`, whose own address is resolved against the page, as links are (HTML Standard, the base element; CONTRACT 1, extract --json images)."""
    page = ("<!doctype html><html lang=\"en\"><head><base href=\"%s\"><title>Oak bench</title></head><body>"
            "<div itemscope itemtype=\"https://schema.org/Product\"><h1 itemprop=\"name\">Oak bench</h1>"
            "<img itemprop=\"image\" src=\"%s\"><p itemprop=\"description\">A bench of oak.</p><a href=\"more\">More</a></div></body></html>")
    rows = [("/media/", "p.png", "http://shop.example.test/media/p.png", "http://shop.example.test/media/more"),
            ("../cdn/", "b/p.png", "http://shop.example.test/a/cdn/b/p.png", "http://shop.example.test/a/cdn/more"),
            ("http://cdn.example.test/x/y", "p.png", "http://cdn.example.test/x/p.png", "http://cdn.example.test/x/more"),
            ("//cdn.example.test/", "/p.png", "http://cdn.example.test/p.png", "http://cdn.example.test/more")]
    for base, source, picture, link in rows:
        code, out, err = w.run("extract", "-", "--url", "http://shop.example.test/a/b/c", "--json", stdin=(page % (base, source)).encode())
        must(code == 0, "exit %d: %s" % (code, err[-200:]))
        read = json.loads(out)
        must(len(read["listings"]) == 1, "base %s: %d listings" % (base, len(read["listings"])))
        must(read["listings"][0]["images"] == [picture], "base %s: pictures %s" % (base, read["listings"][0]["images"]))
        must(read["links"] == [link], "base %s: links %s" % (base, read["links"]))


@case
def fragments_make_no_other_page(w):
    """Addresses that differ in their fragment only are one page, asked for once and without it, while an encoded `#` belongs to the path (RFC 3986, 3.5; RFC 9110, 7.1)."""
    w.site.put("/", index(["#top", "/p/1#a", "/p/1#b", "/p/1", "/p/1#", "/x%23y", "/p/2?k=1#c"]))
    w.site.put("/p/1", chair(1))
    w.site.put("/x%23y", chair(2))
    w.site.put("/p/2?k=1", chair(3))
    code, part = w.scan()
    asked = sorted(w.site.targets())
    must(asked == sorted(["/", "/p/1", "/x%23y", "/p/2?k=1"]), "asked %s" % asked)
    must(part["coverage"]["fetched"] == 4, "fetched is %s" % part["coverage"]["fetched"])
    must(code == 0 and part["coverage"]["complete"], "exit %d" % code)


@case
def nothing_outside_the_scope_is_asked(w):
    """Another port, an address that only looks like the host, and a redirect that leaves the scope or leads to a banned address are not asked for; this is stated in the coverage and is no failure (CONTRACT 2, hosts: exact hosts; 1, exit codes; RFC 9309)."""
    other = w.more()
    w.site.robots("User-agent: *", "Disallow: /closed")
    w.platform(crawl='exclude = ["/account/**"]')
    w.site.put("/", index([other.root + "/1", "http://%s@%s/2" % (w.site.host, other.host), "/leaves", "/to-closed", "/to-account", "/p/1",
                           w.site.root + "/p/2"]))
    w.site.put("/leaves", moved(other.root + "/3"))
    w.site.put("/to-closed", moved("/closed"))
    w.site.put("/to-account", moved("/account/me"))
    for n, target in enumerate(["/p/1", "/p/2", "/closed", "/account/me"]):
        w.site.put(target, chair(n))
    for n in (1, 2, 3):
        other.put("/%d" % n, offer("Zorbuline", n))
    code, part = w.scan()
    must(not other.log, "the other port was asked for %s" % [r[0] for r in other.log])
    asked = w.site.targets()
    wrong = [t for t in asked if t.startswith(("/closed", "/account"))]
    must(not wrong, "asked %s" % wrong)
    lacking = [t for t in ("/p/1", "/p/2", "/leaves") if t not in asked]
    must(not lacking, "in scope and not asked: %s" % lacking)
    must(part["coverage"]["skipped"], "the coverage states nothing left out")
    must(code == 0 and part["coverage"]["complete"], "exit %d, coverage %s" % (code, json.dumps(part["coverage"])))


# ---------------------------------------------------------------- running

def judge(function):
    world = None
    try:
        world = World()
        function(world)
        return True, "", world.notes
    except Miss as miss:
        return False, str(miss), world.notes if world else []
    except Exception as error:  # a case that crashes is a miss
        return False, "crashed: %s: %s" % (type(error).__name__, error), (world.notes if world else []) + [traceback.format_exc()]
    finally:
        if world:
            world.close()


def plumbing():
    world = World()
    try:
        six(world)
        code, part = world.scan()
        print("exit %d" % code)
        print(json.dumps(part, indent=1))
        for target, _, status in world.site.log:
            print(status, target)
        print(sorted(world.hits()), [c["state"] for c in world.cases()])
    finally:
        world.close()


def main():
    global BINARY
    words = [a for a in sys.argv[1:] if not a.startswith("--")]
    flags = {a for a in sys.argv[1:] if a.startswith("--")}
    if len(words) != 1 or flags - {"--errors", "--plumbing"}:
        sys.exit("usage: python3 judging.py BINARY [--errors] [--plumbing]")
    BINARY = os.path.abspath(words[0])
    if "--plumbing" in flags:
        return plumbing()
    good = 0
    with concurrent.futures.ThreadPoolExecutor(5) as pool:
        for function, (holds, seen, notes) in zip(CASES, pool.map(judge, CASES)):
            good += holds
            print("ok %s" % function.__name__ if holds else "MISS %s: %s" % (function.__name__, seen), flush=True)
            if not holds and "--errors" in flags:
                print("    " + (function.__doc__ or "").strip())
                for note in notes:
                    print("\n".join("    | " + line for line in note.rstrip().splitlines()))
    print("%d of %d" % (good, len(CASES)))


if __name__ == "__main__":
    main()
