#!/usr/bin/env python3
"""Black-box acceptance cases for listingwatch.

    python3 standing.py BINARY [--errors] [--plumbing] [--only WORD]

Every case judges the program by what its contract, its README and its WHY promise, and by what a
platform's lawyers, a court or a data-protection officer would expect of a referral. Listings are made
up, served from loopback, and name substances only.
"""
import argparse
import base64
import concurrent.futures
import csv
import datetime
import hashlib
import html
import http.server
import io
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import unicodedata
import urllib.error
import urllib.parse
import urllib.request
import xml.etree.ElementTree as ET

BINARY = None
CASES = []


class Miss(Exception):
    pass


def need(condition, what):
    if not condition:
        raise Miss(what)


def case(function):
    CASES.append(function)
    return function


# ---------------------------------------------------------------------------------------------- site

class Site:
    """A small shop on loopback; pages may be changed, and every request is noted."""

    def __init__(self):
        self.pages = {}
        self.asked = []
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def answer(self, with_body):
                path = self.path.split("?")[0]
                site.asked.append(path)
                body = site.pages.get(path)
                status = 200
                if body is None:
                    status, body = 404, "<html><body>Not found</body></html>"
                data = body.encode("utf-8")
                self.send_response(status)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                if with_body:
                    self.wfile.write(data)

            def do_GET(self):
                self.answer(True)

            def do_HEAD(self):
                self.answer(False)

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.base = "http://127.0.0.1:%d" % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def product(self, path, title, text, seller="Example Seller Co", price="120.00", lang="en", extra=None):
        product = {
            "@context": "https://schema.org", "@type": "Product", "name": title, "description": text,
            "offers": {"@type": "Offer", "price": price, "priceCurrency": "USD",
                       "availability": "https://schema.org/InStock",
                       "seller": {"@type": "Organization", "name": seller}}}
        product.update(extra or {})
        shown = lambda s: html.escape("".join(c for c in s if c in "\n\t" or unicodedata.category(c) != "Cc"))
        data = json.dumps(product).replace("<", "\\u003c")
        self.pages[path] = (
            '<!doctype html><html lang="%s"><head><meta charset="utf-8"><title>%s</title>'
            '<script type="application/ld+json">%s</script></head>'
            '<body><h1>%s</h1><p>%s</p></body></html>' % (lang, shown(title), data, shown(title), shown(text)))
        self.front()
        return self.base + path

    def front(self):
        self.pages["/"] = ("<!doctype html><html><head><title>Shop</title></head><body><ul>" + "".join(
            '<li><a href="%s">item</a></li>' % p for p in sorted(self.pages) if p != "/") + "</ul></body></html>")

    def close(self):
        self.server.shutdown()
        self.server.server_close()


# ----------------------------------------------------------------------------------------------- hub

class Hub:
    """A folder with settings, platform files and a data directory, and the program run in it."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="standing-")
        os.mkdir(self.dir + "/seeds")
        with open(self.dir + "/listingwatch.toml", "w") as f:
            f.write('[sender]\nname = "Office for Control"\naddress = "1 Harbour Road"\n'
                    'contact = "desk@office.example.test"\n')
        self.site = Site()
        self.process = None
        self.url = None
        self.tokens = {}
        self.starts = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        self.site.close()
        shutil.rmtree(self.dir, ignore_errors=True)

    def platform(self, id="shop", own=True, uses=None, jurisdictions=("INT",), referral=""):
        lines = ['[platform]', 'id = "%s"' % id, 'name = "Shop %s"' % id, 'kind = "b2b"',
                 'hosts = ["%s"]' % ("127.0.0.1" if own else id + ".example.test"),
                 'country = "NL"', 'languages = ["en"]',
                 '[agreement]', 'basis = "%s"' % ("own-site" if own else "memorandum")]
        if uses is not None:
            lines.append("uses = %s" % json.dumps(list(uses)))
        lines += ['reference = "Agreement 7"', 'authority = "Office for Control"',
                  'valid_from = 2024-01-01', 'valid_until = 2039-12-31',
                  'contact = "safety@%s.example.test"' % id, '[crawl]']
        if own:
            lines += ['start = ["%s/"]' % self.site.base, 'rate = "unlimited"',
                      'private_addresses = ["127.0.0.0/8"]']
        else:
            lines += ['start = ["https://%s.example.test/"]' % id]
        lines += ['[referral]', 'channels = ["feed"]', "jurisdictions = %s" % json.dumps(list(jurisdictions)), referral]
        with open("%s/seeds/%s.toml" % (self.dir, id), "w") as f:
            f.write("\n".join(lines) + "\n")

    def run(self, *args, ok=None, stdin=None, umask=None, timeout=60):
        """Runs a command; bytes out. `ok`: the exit codes that are expected."""
        done = subprocess.run(
            [BINARY, *args], cwd=self.dir, input=stdin, capture_output=True, timeout=timeout,
            umask=-1 if umask is None else umask)
        if ok is not None and done.returncode not in ok:
            raise Miss("`%s` ended with %d: %s" % (" ".join(args), done.returncode, done.stderr.decode("utf-8", "replace")[-400:]))
        return done

    def text(self, *args, ok=(0,)):
        return self.run(*args, ok=ok).stdout.decode("utf-8", "replace")

    def scan(self, again=False):
        return json.loads(self.text("scan", "shop", "--json", *(["--again"] if again else []), ok=(0,)))

    def cases(self):
        return [json.loads(l) for l in self.text("referrals", "list", "--json", "--limit", "200").splitlines() if l.strip()]

    def only_case(self):
        found = self.cases()
        need(len(found) == 1, "one case was expected, %d were listed: %s" % (len(found), [(c["title"], c["urls"]) for c in found]))
        return found[0]

    def state(self, id):
        for c in self.cases():
            if c["id"] == id:
                return c["state"]
        return None

    def token(self, role, platform="shop"):
        key = (role, platform if role in ("moderator", "platform") else "")
        if key not in self.tokens:
            args = ["token", "create", "--role", role, "--owner", "owner-of-" + role, "--json"]
            if role in ("moderator", "platform"):
                args += ["--platform", platform]
            self.tokens[key] = json.loads(self.text(*args))["token"]
        return self.tokens[key]

    def serve(self):
        self.starts += 1
        self.log = "%s/serve.%d" % (self.dir, self.starts)
        with open(self.log, "wb") as f:
            self.process = subprocess.Popen([BINARY, "serve", "--listen", "127.0.0.1:0"], cwd=self.dir, stdin=subprocess.DEVNULL, stdout=f, stderr=f)
        until = time.time() + 30
        while time.time() < until:
            with open(self.log, "rb") as f:
                said = f.read().decode("utf-8", "replace")
            found = re.search(r"http://127\.0\.0\.1:\d+", said)
            if found:
                self.url = found.group(0)
                try:
                    urllib.request.urlopen(self.url + "/healthz", timeout=5).read()
                    return self
                except urllib.error.HTTPError:
                    return self
                except OSError:
                    pass
            if self.process.poll() is not None:
                raise Miss("serve ended: " + said[-400:])
            time.sleep(0.05)
        raise Miss("serve gave no address: " + said[-400:])

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(5)
        self.process = None

    def call(self, path, role=None, platform="shop", body=None, method=None, headers=None):
        """status, bytes"""
        data = None
        head = dict(headers or {})
        if body is not None:
            data = json.dumps(body).encode()
            head["Content-Type"] = "application/json"
        if role:
            head["Authorization"] = "Bearer " + self.token(role, platform)
        for _ in range(4):
            request = urllib.request.Request(self.url + path, data=data, method=method or ("POST" if data is not None else "GET"), headers=head)
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:
                    return answer.status, answer.read()
            except urllib.error.HTTPError as e:
                content = e.read()
                if e.code != 429:
                    return e.code, content
                time.sleep(min(5, float(e.headers.get("Retry-After") or 1)))
        return 429, b""

    def post(self, path, role=None, body=None, platform="shop", ok=(200, 201, 202, 204)):
        status, content = self.call(path, role, platform, body=body, method="POST")
        if status not in ok:
            raise Miss("POST %s answered %d: %s" % (path, status, content[:300].decode("utf-8", "replace")))
        return content

    def get(self, path, role="authority", platform="shop"):
        status, content = self.call(path, role, platform)
        need(status == 200, "GET %s as %s answered %d: %s" % (path, role, status, content[:300].decode("utf-8", "replace")))
        return content

    def push(self, listings, platform="shop"):
        answer = json.loads(self.post("/api/v1/listings", "platform", listings, platform))
        need(answer.get("taken") == len(listings), "the listings were not all taken: %s" % json.dumps(answer)[:300])
        return answer

    def deliver(self, id, who="Anna Lindqvist", platform="shop"):
        """Approves and waits until the platform's moderator may read it."""
        self.run("referrals", "approve", id, "--as", who, ok=(0,))
        until = time.time() + 15
        while time.time() < until:
            if self.call("/api/v1/referrals/" + id, "moderator", platform)[0] == 200:
                return
            time.sleep(0.2)
        self.run("referrals", "send")
        need(self.call("/api/v1/referrals/" + id, "moderator", platform)[0] == 200, "the approved case did not reach the moderator")

    def notice(self, id, form="json", role="authority"):
        return self.get("/api/v1/referrals/%s/notice?format=%s" % (id, form), role)

    def cli_notice(self, id, form="json"):
        return self.run("referrals", "notice", id, "--format", form, ok=(0,)).stdout

    def documents(self, id, role="authority"):
        return json.loads(self.get("/api/v1/referrals/%s/documents" % id, role))

    def save(self, name, data):
        path = os.path.join(self.dir, name)
        with open(path, "wb") as f:
            f.write(data)
        return path

    def verifies(self, name, data):
        return self.run("verify", self.save(name, data)).returncode == 0

    def everything(self, role, id=None, platform="shop"):
        """Every GET of the API and the feeds a role can read: [(path, text)] of the answers with 200."""
        spec = json.loads(self.get("/api/openapi.json", role, platform))
        hit = None
        if id:
            evidence = json.loads(self.get("/api/v1/referrals/%s/evidence" % id, "authority"))
            entries = evidence if isinstance(evidence, list) else evidence.get("evidence", [])
            hit = entries[0].get("hit") if entries else None
        paths = ["/feeds/%s.json" % platform, "/feeds/%s.atom" % platform, "/feeds/%s.ndjson" % platform, "/taxii2/"]
        for path, methods in spec["paths"].items():
            if "get" not in methods or "stream" in path:
                continue
            if path.startswith("/feeds") or path.startswith("/taxii2") or path == "/api/openapi.json":
                continue
            path = path.replace("{platform}", platform).replace("{serial}", "1")
            if "{id}" in path:
                if not id:
                    continue
                path = path.replace("{id}", id)
            if "{hit}" in path:
                if not hit or role == "moderator":
                    continue                      # the captured page itself is the platform's own page
                path = path.replace("{hit}", hit)
            if "{" in path:
                continue
            paths.append(path)
            if path.endswith("/notice") or re.search(r"/documents/\d+$", path):
                paths += [path + "?format=text", path + "?format=html"]
        out = []
        for path in paths:
            status, content = self.call(path, role, platform)
            if status == 200:
                out.append((path, plain(content)))
        return out


def plain(content):
    """An answer as text, with JSON escapes resolved."""
    text = content.decode("utf-8", "replace")
    try:
        return json.dumps(json.loads(text), ensure_ascii=False)
    except ValueError:
        pass
    try:
        return "\n".join(json.dumps(json.loads(l), ensure_ascii=False) for l in text.splitlines() if l.strip())
    except ValueError:
        return html.unescape(text)


def digest_of(data):
    raw = hashlib.sha256(data).digest()
    return {"sha256:" + base64.b32encode(raw).decode().rstrip("="), "sha256:" + base64.b32encode(raw).decode(), "sha256:" + raw.hex()}


def level(text):
    """Text with digits of all scripts made ASCII, compatibility forms folded, case folded."""
    text = unicodedata.normalize("NFKC", text)
    text = "".join(str(unicodedata.digit(c)) if unicodedata.digit(c, None) is not None and not c.isascii() else c for c in text)
    return text.casefold()


def legible(value, text):
    """Whether a planted value can be read in a text; digits also with separators between them."""
    text = level(text)
    value = level(value)
    if value.isdigit():
        return re.search(r"[^0-9a-z]{0,3}".join(value), text) is not None
    return value in text


def squeezed(text):
    return re.sub(r"\s+", " ", text)


ISO_TITLE = "Isotonitazene powder, wholesale"
ISO_TEXT = ("Isotonitazene for sale, in stock, ships worldwide. Discreet packaging, no questions asked, "
            "minimum order one kilogram, message us on WhatsApp for a price list.")


def one_case(hub, **options):
    """A platform, one listing, one draft."""
    hub.platform(**options)
    hub.site.product("/p/1", ISO_TITLE, ISO_TEXT)
    hub.scan()
    return hub.only_case()["id"]


FORMS = ("json", "text", "html")

# ------------------------------------------------------------------------------- (a) notice stability


@case
def a1_preview_is_marked_and_empty_of_links_and_dates():
    """A notice that was not approved says in every form that it is a preview, and has neither number, date of writing nor links to answer or contest (common sense: what was not sent must not look sent)."""
    with Hub() as hub:
        id = one_case(hub)
        for form in FORMS:
            data = hub.cli_notice(id, form).decode()
            need(re.search(r"preview|draft", data, re.I), "%s: nothing says preview" % form)
            need(not re.search(r"/(answer|contest)/", data), "%s: a link to answer or contest stands in a preview" % form)
            need(id + "/1" not in data, "%s: a document number stands in a preview" % form)
            if form != "json":
                need(not re.search(r"Written 20|until 20\d\d", data), "%s: a date stands in a preview" % form)
        said = json.loads(hub.cli_notice(id, "json"))
        dated = {k: v for k, v in said.items() if isinstance(v, str) and re.match(r"20\d\d-\d\d-\d\d", v)}
        need(not dated, "json: the preview has dates of its own: %s" % dated)
        hub.serve()
        api = hub.notice(id, "json").decode()
        need(re.search(r"preview|draft", api, re.I) and not re.search(r"/(answer|contest)/", api), "the API's preview is not marked or has links")


@case
def a2_same_bytes_at_every_door():
    """A sent notice has the same bytes from the API for authority and moderator and from the CLI, and the same content in the JSON Feed, Atom and NDJSON (WHY: a promise kept at one door and not at the others)."""
    with Hub() as hub:
        id = one_case(hub)
        hub.serve()
        hub.deliver(id)
        kept = {}
        for form in FORMS:
            kept[form] = hub.notice(id, form)
            need(kept[form] == hub.notice(id, form, "moderator"), "%s: authority and moderator get different bytes" % form)
            need(kept[form] == hub.cli_notice(id, form), "%s: API and CLI differ in their bytes" % form)
        notice = json.loads(kept["json"])
        lines = [json.loads(l) for l in hub.get("/feeds/shop.ndjson", "moderator").decode().splitlines() if l.strip()]
        in_feed = [l["data"]["notice"] for l in lines if isinstance(l.get("data"), dict) and l["data"].get("notice")]
        need(in_feed and all(n == notice for n in in_feed), "NDJSON: the notice differs from the API's")
        feed = json.loads(hub.get("/feeds/shop.json", "moderator"))
        items = [i for i in feed["items"] if id in json.dumps(i)]
        need(items, "JSON Feed: no entry of the case")
        need(items[0]["content_html"].strip() in kept["html"].decode(), "JSON Feed: content_html is not what the HTML notice says")
        atom = ET.fromstring(hub.get("/feeds/shop.atom", "moderator"))
        contents = [e.text or "" for e in atom.iter("{http://www.w3.org/2005/Atom}content")]
        need(any(c.strip() and c.strip() == items[0]["content_html"].strip() for c in contents), "Atom: the content differs from the JSON Feed's")


@case
def a3_same_bytes_after_later_events():
    """A sent notice keeps its bytes after a pause, an answer, a recheck, a changed page, a rescreening, a contest with its decision, and a restart (WHY: a notice must not change its date each time it is fetched)."""
    with Hub() as hub:
        id = one_case(hub)
        hub.serve()
        hub.deliver(id)
        kept = {form: hub.notice(id, form) for form in FORMS}

        def same(after):
            for form in FORMS:
                need(hub.notice(id, form) == kept[form], "%s changed after %s (API)" % (form, after))
                need(hub.cli_notice(id, form) == kept[form], "%s changed after %s (CLI)" % (form, after))
        time.sleep(1.2)
        same("a pause")
        hub.post("/api/v1/referrals/%s/outcome" % id, "moderator", {"decision": "needs-information", "reason": "Which of the pictures is meant?", "reference": "TS-1"})
        same("an answer")
        hub.run("referrals", "recheck", id, ok=(0, 4))
        same("a recheck")
        hub.site.product("/p/1", "Isotonitazene, small lots", ISO_TEXT + " New year offer.", price="80.00")
        hub.run("scan", "shop", "--again", ok=(0,))
        same("a changed page")
        hub.run("rescreen", ok=(0,))
        same("a rescreening")
        link = json.loads(kept["json"])["contest"].rsplit("/contest/", 1)[1]
        hub.post("/api/v1/referrals/%s/contest" % id, None, {"link": link, "statement": "We never offered this."})
        same("a contest")
        hub.run("referrals", "uphold", id, "--as", "Bela Ortega", ok=(0,))
        same("an upheld contest")
        hub.stop()
        for form in FORMS:
            need(hub.cli_notice(id, form) == kept[form], "%s changed when no hub runs (CLI)" % form)
        hub.serve()
        same("a restart")


@case
def a4_number_date_and_digest():
    """Each form of a sent notice has the document's number and the date of its approval, and the published digests are those of the bytes served (common sense: a lawyer must be able to cite and check the document)."""
    with Hub() as hub:
        id = one_case(hub)
        hub.serve()
        time.sleep(1.1)
        before = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=1)
        hub.deliver(id)
        after = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=1)
        listed = hub.documents(id, "moderator")
        need(len(listed) == 1 and listed[0]["kind"] == "notice", "documents of the case: %s" % json.dumps(listed)[:200])
        entry = listed[0]
        number = entry["number"]
        when = datetime.datetime.fromisoformat(entry["at"].replace("Z", "+00:00"))
        need(before <= when <= after, "the date %s is not that of the approval" % entry["at"])
        for form in FORMS:
            data = hub.notice(id, form)
            need(number in data.decode().replace("\\/", "/"), "%s: the number is missing" % form)
            need(entry["at"][:10] in data.decode(), "%s: the date is missing" % form)
            need(entry["digests"][form] in digest_of(data), "%s: the published digest is not that of the notice" % form)
            need(hub.get("/api/v1/referrals/%s/documents/1?format=%s" % (id, form), "moderator") == data, "%s: document 1 is not the notice" % form)
        need(entry["digests"]["json"] in plain(hub.get("/feeds/shop.ndjson", "moderator")), "the feed does not carry the digest")


@case
def a5_verify_accepts_what_was_sent():
    """`verify FILE` accepts a notice saved as JSON, text or HTML from the API or the CLI, with the hub running or not (help of verify: a saved notice against the audit log)."""
    with Hub() as hub:
        id = one_case(hub)
        hub.serve()
        hub.deliver(id)
        saved = {}
        for form in FORMS:
            saved["api." + form] = hub.notice(id, form, "moderator")
            saved["cli." + form] = hub.cli_notice(id, form)
        refused = [n for n, d in saved.items() if not hub.verifies("running-" + n, d)]
        need(not refused, "refused while the hub runs: %s" % refused)
        hub.stop()
        refused = [n for n, d in saved.items() if not hub.verifies("stopped-" + n, d)]
        need(not refused, "refused while no hub runs: %s" % refused)


@case
def a6_verify_refuses_what_was_not_sent():
    """`verify FILE` refuses a notice with one word, date, address or line altered, a preview, and a notice of another hub (help of verify; common sense: otherwise it proves nothing)."""
    with Hub() as hub:
        hub.platform()
        hub.site.product("/p/1", ISO_TITLE, ISO_TEXT)
        hub.scan()
        id = hub.only_case()["id"]
        wrong = {"preview." + form: hub.cli_notice(id, form) for form in FORMS}
        hub.serve()
        hub.deliver(id)
        for form in FORMS:
            data = hub.notice(id, form)
            wrong["word." + form] = data.replace(b"Isotonitazene", b"Metonitazene", 1)
            wrong["schedule." + form] = data.replace(b"1961", b"1971", 1)
            wrong["address." + form] = data.replace(b"/p/1", b"/p/2", 1)
            at = json.loads(hub.notice(id))["at"].encode()
            wrong["date." + form] = data.replace(at, b"2020-02-02T02:02:02.222Z")
            lines = data.splitlines(keepends=True)
            wrong["line." + form] = b"".join(lines[:len(lines) // 2] + lines[len(lines) // 2 + 1:])
            for name in ("word", "schedule", "address", "date", "line"):
                need(wrong["%s.%s" % (name, form)] != data, "the case could not alter the %s of the %s form" % (name, form))
        passed = [n for n, d in wrong.items() if hub.verifies(n, d)]
        need(not passed, "accepted though never sent: %s" % passed)
        genuine = hub.notice(id, "text")
        need(hub.verifies("genuine.txt", genuine), "the genuine notice was refused")
    with Hub() as other:
        one_case(other)
        need(not other.verifies("foreign.txt", genuine), "a hub accepts the notice of another hub")


@case
def a7_a_reminder_is_a_document_of_its_own():
    """A reminder has its own number, cites the notice, verifies, and leaves the notice's bytes alone (help of verify names reminders as documents; WHY: the notice must not change)."""
    with Hub() as hub:
        id = one_case(hub, referral='renotice = "2s"')
        hub.serve()
        hub.deliver(id)
        kept = {form: hub.notice(id, form) for form in FORMS}
        until = time.time() + 40
        reminders = []
        while time.time() < until and not reminders:
            time.sleep(1)
            hub.run("referrals", "send")
            reminders = [d for d in hub.documents(id) if d["kind"] == "reminder"]
        need(reminders, "no reminder was written after the time agreed")
        first = hub.documents(id)[0]
        reminder = reminders[0]
        need(reminder["number"] != first["number"] and reminder["serial"] != first["serial"], "the reminder has the notice's number")
        for form in FORMS:
            data = hub.get("/api/v1/referrals/%s/documents/%d?format=%s" % (id, reminder["serial"], form), "moderator")
            need(data != kept[form], "%s: the reminder is the notice again" % form)
            need(reminder["number"] in data.decode(), "%s: the reminder lacks its number" % form)
            need(first["number"] in data.decode(), "%s: the reminder does not cite the notice" % form)
            need(hub.verifies("reminder." + form, data), "%s: the reminder does not verify" % form)
            need(not hub.verifies("altered." + form, data.replace(id.encode(), b"R-0000000000000000")), "%s: an altered reminder verifies" % form)
            need(hub.notice(id, form) == kept[form], "%s: the notice changed with the reminder" % form)


@case
def a8_correction_and_withdrawal_are_documents_of_their_own():
    """A correction and a withdrawal have their own numbers, cite the notice, verify, reach the feed, and leave the notice as it was sent (help of verify; contract: withdrawals are included as events)."""
    with Hub() as hub:
        hub.platform()
        hub.site.product("/p/1", ISO_TITLE, ISO_TEXT, seller="North Seller")
        hub.site.product("/p/2", "Mephedrone crystals, bulk", "Mephedrone on offer from the warehouse, order by message on Telegram, stealth shipping.", seller="South Seller")
        hub.scan()
        ids = [c["id"] for c in hub.cases()]
        need(len(ids) == 2, "two cases were expected, %d listed" % len(ids))
        hub.serve()
        for id, verb, kind in zip(ids, ("correct", "withdraw"), ("correction", "withdrawal")):
            hub.deliver(id)
            kept = {form: hub.notice(id, form) for form in FORMS}
            hub.run("referrals", verb, id, "--reason", "The price was read wrongly", "--as", "Anna Lindqvist", ok=(0,))
            listed = hub.documents(id, "moderator")
            later = [d for d in listed if d["kind"] == kind]
            need(len(later) == 1, "%s: documents are %s" % (verb, [d["kind"] for d in listed]))
            number = later[0]["number"]
            need(number != listed[0]["number"], "%s: it has the notice's number" % verb)
            for form in FORMS:
                data = hub.get("/api/v1/referrals/%s/documents/%d?format=%s" % (id, later[0]["serial"], form), "moderator")
                need(number in data.decode() and listed[0]["number"] in data.decode(), "%s %s: own number or the notice's number is missing" % (verb, form))
                need(hub.verifies("%s.%s" % (kind, form), data), "%s %s: it does not verify" % (verb, form))
                need(hub.get("/api/v1/referrals/%s/documents/1?format=%s" % (id, form), "authority") == kept[form], "%s %s: the notice changed" % (verb, form))
                need(hub.verifies("before-%s.%s" % (kind, form), kept[form]), "%s %s: the notice as sent no longer verifies" % (verb, form))
            need(number in plain(hub.get("/feeds/shop.ndjson", "moderator")), "%s: the feed does not carry the document" % verb)


# ---------------------------------------------------------------------------------------- (b) facts

def noticed(title, text, jurisdictions):
    """The notice of one listing under these jurisdictions: (parsed JSON, text)."""
    with Hub() as hub:
        hub.platform(jurisdictions=jurisdictions)
        hub.site.product("/p/1", title, text)
        hub.scan()
        id = hub.only_case()["id"]
        hub.serve()
        hub.deliver(id)
        return json.loads(hub.notice(id)), hub.notice(id, "text").decode()


def controls(notice, name):
    for s in notice["substances"]:
        if s["name"].casefold() == name.casefold():
            return s["controls"]
    raise Miss("the notice does not name %s but %s" % (name, [s["name"] for s in notice["substances"]]))


def control(list_, places, schedule, instrument=None, since=None):
    """One control of a jurisdiction with its schedule; it must have an instrument and a source."""
    here = [c for c in list_ if c.get("jurisdiction") in places]
    need(here, "no control of %s among %s" % ("/".join(places), json.dumps(list_)))
    fits = [c for c in here if re.search(schedule, str(c.get("schedule")), re.I)]
    need(fits, "%s: schedule is %s" % (places[0], [c.get("schedule") for c in here]))
    for c in fits:
        need(c.get("instrument"), "%s: no instrument" % places[0])
        need(c.get("source"), "%s: no source for %s %s" % (places[0], c.get("instrument"), c.get("schedule")))
    if instrument:
        need(any(re.search(instrument, c["instrument"], re.I) for c in fits), "%s: instrument is %s" % (places[0], [c["instrument"] for c in fits]))
    if since:
        need(any(str(c.get("since") or since).startswith(since) for c in fits), "%s: since is %s" % (places[0], [c.get("since") for c in fits]))


GB, US = ("GB", "UK"), ("US",)


@case
def b1_fentanyl():
    """A notice on fentanyl names Schedule I of the 1961 Convention, Schedule II of the US and Class A of Great Britain, each with its source (WHY: fentanyl must not be said to have no control)."""
    notice, text = noticed("Fentanyl powder for sale", "Fentanyl in stock without prescription, discreet packaging, no questions asked, contact on Wickr to buy.", ("INT", "US", "GB"))
    found = controls(notice, "Fentanyl")
    control(found, ("INT",), r"^(schedule )?I$", "1961")
    control(found, US, r"\bII$")
    control(found, GB, r"\bA$")
    need("Single Convention on Narcotic Drugs" in text, "the text does not name the Convention")
    need(re.search(r"Controlled Substances Act|21 (CFR|U\.?S\.?C)", text), "the text does not name the US instrument")
    need("Misuse of Drugs" in text, "the text does not name the British instrument")


@case
def b2_isotonitazene():
    """A notice on isotonitazene names Schedule I of 1961 since 2021, Class A in Great Britain since 2024 and Anlage II of the German BtMG, each with its source (contract: controls have instrument, schedule, since, jurisdiction)."""
    notice, text = noticed(ISO_TITLE, ISO_TEXT, ("INT", "GB", "DE"))
    found = controls(notice, "Isotonitazene")
    control(found, ("INT",), r"^(schedule )?I$", "1961", "2021")
    control(found, GB, r"\bA$", since="2024")
    control(found, ("DE",), r"\bII$")
    need("Single Convention on Narcotic Drugs" in text, "the text does not name the Convention")
    need(re.search(r"Bet(ä|ae)ubungsmittelgesetz|BtMG|Narcotic Drugs Act", text), "the text does not name the German instrument")


@case
def b3_acetic_anhydride():
    """A notice on acetic anhydride names Table I of the 1988 Convention, the EU precursor category 2A and the Chinese precursor category 2, each with its source, and calls it a substance with lawful uses (README: precursors; contract: legitimate_use)."""
    notice, text = noticed("Acetic anhydride drums, no licence needed",
                           "Acetic anhydride for sale, no licence, no paperwork, no questions asked, labelled as something else for customs, discreet packaging, pay in bitcoin, contact us on Wickr.",
                           ("INT", "EU", "CN"))
    found = controls(notice, "Acetic anhydride")
    control(found, ("INT",), r"\bI$", "1988")
    control(found, ("EU",), r"2\s*-?A")
    control(found, ("CN",), r"2|II|second|二")
    need("1988" in text, "the text does not name the 1988 Convention")
    entry = [s for s in notice["substances"] if s["name"].casefold() == "acetic anhydride"][0]
    need(entry.get("legitimate_use") == "dual-use" and "no known legitimate use" not in text, "it is said to have no legitimate use")


@case
def b4_mephedrone_where_only_one_country_is_asked():
    """A platform file with `jurisdictions = ["GB"]` gets a notice on mephedrone that names Class B of the Misuse of Drugs Act with its source, and no law of another country (contract: [referral] jurisdictions)."""
    notice, text = noticed("Mephedrone crystals, bulk", "Mephedrone for sale, in stock now, stealth shipping, order by message on Telegram.", ("GB",))
    found = controls(notice, "Mephedrone")
    control(found, GB, r"\bB$")
    foreign = [c for c in found if c.get("jurisdiction") not in ("GB", "UK", "INT")]
    need(not foreign, "laws that were not asked for: %s" % json.dumps(foreign))
    need("Misuse of Drugs" in text, "the text does not name the British instrument")
    need(not re.search(r"BtMG|Controlled Substances Act|\(CN\)", text), "the text names the law of another country")


@case
def b5_fentanyl_for_hong_kong_and_japan():
    """With `jurisdictions = ["HK", "JP"]` fentanyl, a dangerous drug in both, is never presented as uncontrolled or as a mere early warning (WHY: fentanyl is said to have no control)."""
    notice, text = noticed("Fentanyl powder for sale", "Fentanyl in stock without prescription, discreet packaging, no questions asked, contact on Wickr to buy.", ("HK", "JP"))
    everything = text + json.dumps(notice)
    bad = re.search(r"not (yet )?(controlled|scheduled|under control)|no (known )?control|uncontrolled|early[- ]warning|advice", everything, re.I)
    need(not bad, "it says “%s”" % (bad.group(0) if bad else ""))
    found = controls(notice, "Fentanyl")
    need(any(c.get("jurisdiction") in ("HK", "JP", "INT") and c.get("source") for c in found), "no control with a source is named: %s" % json.dumps(found))


@case
def b6_what_is_not_controlled_there_is_an_advice():
    """6-APB, under no convention, gets from a platform with `jurisdictions = ["INT"]` an early-warning advice that never says illegal, while `["GB"]` gets Class B (common sense: a notice must not allege what the law named does not say)."""
    title, words = "6-APB powder, research grade offer", "6-APB for sale, in stock, ships worldwide, discreet packaging, message us on Telegram to order."
    notice, text = noticed(title, words, ("INT",))
    need(not controls(notice, "6-APB"), "a control is named that does not exist: %s" % json.dumps(controls(notice, "6-APB")))
    need(re.search(r"early[- ]warning|advice|advisory", text, re.I), "nothing says that it is an early-warning advice")
    for found in re.finditer(r"[^.\n]*\b(illegal|unlawful)\b[^.\n]*", text, re.I):
        need(re.search(r"\b(not|no|nor|neither|without|whether)\b", found.group(0), re.I), "it says “%s”" % found.group(0).strip())
    notice, text = noticed(title, words, ("GB",))
    control(controls(notice, "6-APB"), GB, r"\bB$")


# --------------------------------------------------------------------------- (c) identity of cases

TEMPLATE = ("%s for sale direct from our warehouse. High quality, in stock today, sample available, tracked delivery "
            "worldwide, discreet packaging and no questions asked. Payment in cryptocurrency, reshipment guaranteed. "
            "Write to our sales desk on Wickr for the price list of %s.")


@case
def c1_same_wording_of_different_substances():
    """Five sellers with the same wording for five substances are five cases, each with its own address and substance (WHY: five sellers of different substances become one case)."""
    with Hub() as hub:
        hub.platform()
        names = ["Isotonitazene", "Protonitazene", "Mephedrone", "Fentanyl", "MDMB-4en-PINACA"]
        urls = {}
        for n, name in enumerate(names):
            urls[hub.site.product("/p/%d" % n, name + " wholesale offer", TEMPLATE % (name, name), seller="Trading House %s" % "ABCDE"[n])] = name
        hub.scan()
        cases = hub.cases()
        need(len(cases) == 5, "%d cases: %s" % (len(cases), [(c["substances"], len(c["urls"])) for c in cases]))
        for c in cases:
            need(len(c["urls"]) == 1 and c["substances"] == [urls[c["urls"][0]]], "a case has %s for %s" % (c["substances"], c["urls"]))


@case
def c2_same_wording_of_different_sellers():
    """The same offer of one substance by three sellers is three cases, because each seller is another affected party with its own contest (contract: contest by the affected party; common sense)."""
    with Hub() as hub:
        hub.platform()
        for n, seller in enumerate(("Arbour Goods", "Belmont Supply", "Corvid Trade")):
            hub.site.product("/p/%d" % n, "Isotonitazene wholesale offer", TEMPLATE % ("Isotonitazene", "Isotonitazene"), seller=seller)
        hub.scan()
        cases = hub.cases()
        need(len(cases) == 3 and all(len(c["urls"]) == 1 for c in cases), "%d cases with %s addresses" % (len(cases), [len(c["urls"]) for c in cases]))


@case
def c3_same_offer_at_two_addresses():
    """The same offer of the same seller at two addresses is one case that names both (README: groups duplicates into one case; each entry has the exact URLs)."""
    with Hub() as hub:
        hub.platform()
        one = hub.site.product("/p/one", "Isotonitazene wholesale offer", TEMPLATE % ("Isotonitazene", "Isotonitazene"), seller="Arbour Goods")
        two = hub.site.product("/shop/two", "Isotonitazene wholesale offer", TEMPLATE % ("Isotonitazene", "Isotonitazene"), seller="Arbour Goods")
        hub.scan()
        found = hub.only_case()
        need(sorted(found["urls"]) == sorted([one, two]), "addresses of the case: %s" % found["urls"])
        hub.serve()
        hub.deliver(found["id"])
        text = hub.notice(found["id"], "text").decode()
        need(one in text and two in text, "the notice does not name both addresses")


@case
def c4_revisited_and_repriced_is_the_same_case():
    """A listing visited again with another price and a changed sentence remains one case with its id, and the change is on record (contract: report changes; common sense: the same offer is not two referrals)."""
    with Hub() as hub:
        hub.platform()
        url = hub.site.product("/p/1", "Isotonitazene wholesale offer", TEMPLATE % ("Isotonitazene", "Isotonitazene"), price="100.00")
        hub.scan()
        first = hub.only_case()
        hub.site.product("/p/1", "Isotonitazene wholesale offer", TEMPLATE % ("Isotonitazene", "Isotonitazene") + " Now with a holiday discount.", price="75.50")
        hub.scan(again=True)
        second = hub.only_case()
        need(second["id"] == first["id"], "the case has another id after the visit")
        need(second["urls"] == [url], "addresses of the case: %s" % second["urls"])
        changes = hub.text("report", "changes", "--json")
        need("75.5" in changes and "100" in changes, "the change of price is not in `report changes`: %s" % changes[:200])


@case
def c5_rejected_stays_away_until_it_offers_something_else():
    """What a platform found no violation does not come back on an unchanged visit, comes back when the same address offers another controlled substance, and the old notice still names the old one (README: does not come back unless its content changes)."""
    with Hub() as hub:
        id = one_case(hub)
        hub.serve()
        hub.deliver(id)
        kept = hub.notice(id)
        hub.post("/api/v1/referrals/%s/outcome" % id, "moderator", {"decision": "rejected", "reason": "It is a reference sample", "reference": "TS-9"})
        hub.run("scan", "shop", "--again", ok=(0,))
        states = {c["id"]: c["state"] for c in hub.cases()}
        need(list(states) == [id] and states[id] == "decided", "an unchanged listing came back: %s" % states)
        url = hub.site.product("/p/1", "Mephedrone crystals, bulk", "Mephedrone for sale, in stock now, stealth shipping, order by message on Telegram.")
        hub.run("scan", "shop", "--again", ok=(0,))
        back = [c for c in hub.cases() if c["state"] in ("drafted", "reopened", "relisted") and url in c["urls"]]
        need(back, "the listing now offers mephedrone and no case came back: %s" % [(c["state"], c["substances"]) for c in hub.cases()])
        need(any("Mephedrone" in c["substances"] for c in back), "the case that came back names %s" % [c["substances"] for c in back])
        sent = hub.get("/api/v1/referrals/%s/documents/1?format=json" % id)
        need(sent == kept and b"Mephedrone" not in sent, "the notice that was sent has changed")


# ------------------------------------------------------------------------------------- (d) the story

@case
def d1_what_the_party_wrote_is_shown():
    """The statement of a contest is shown word for word to the authority in the API, in `referrals show` and in its JSON (WHY: a reviewer decides a contest without seeing what the party wrote)."""
    with Hub() as hub:
        id = one_case(hub)
        hub.serve()
        hub.deliver(id)
        parts = ["We are a museum of pharmacy and the jar on the photograph is empty.", "Unser Inventar hat die Nummer 4711/ß.", "展品是空瓶子。", "Nothing was ever offered by us in the year 2026."]
        link = json.loads(hub.notice(id))["contest"].rsplit("/contest/", 1)[1]
        hub.post("/api/v1/referrals/%s/contest" % id, None, {"link": link, "statement": "\n".join(parts)})
        doors = {"API": plain(hub.get("/api/v1/referrals/" + id)), "show": hub.text("referrals", "show", id), "show --json": plain(hub.run("referrals", "show", id, "--json", ok=(0,)).stdout)}
        hub.stop()
        doors["show without a hub"] = hub.text("referrals", "show", id)
        for door, text in doors.items():
            absent = [p for p in parts if squeezed(p) not in squeezed(text)]
            need(not absent, "%s lacks %s" % (door, absent))


@case
def d2_every_answer_with_reason_and_reference():
    """Each answer of a platform is shown to the authority with decision, reason and reference, the earlier ones too, in order (contract: outcome has decision, reason, reference; common sense: a court asks what was said when)."""
    with Hub() as hub:
        id = one_case(hub)
        hub.serve()
        hub.deliver(id)
        answers = [("needs-information", "Please say which of the two photographs is meant", "DESK-0042"), ("rejected", "The account holder is a licensed laboratory", "DESK-0077")]
        for decision, reason, reference in answers:
            hub.post("/api/v1/referrals/%s/outcome" % id, "moderator", {"decision": decision, "reason": reason, "reference": reference})
        doors = {"API": plain(hub.get("/api/v1/referrals/" + id)), "show": hub.text("referrals", "show", id), "show --json": plain(hub.run("referrals", "show", id, "--json", ok=(0,)).stdout)}
        for door, text in doors.items():
            text = squeezed(text)
            for answer in answers:
                absent = [a for a in answer if a not in text]
                need(not absent, "%s lacks %s" % (door, absent))
            need(text.index("DESK-0042") < text.rindex("DESK-0077"), "%s has the answers in another order" % door)


@case
def d3_a_moderator_reads_no_reason_of_hold_or_dismissal():
    """Why an authority held or dismissed a case is readable to the authority and at no path to the platform's moderator, nor is the dismissed case (common sense: an investigation must not be told to the platform)."""
    with Hub() as hub:
        hub.platform()
        hub.site.product("/p/1", ISO_TITLE, ISO_TEXT, seller="North Seller")
        hub.site.product("/p/2", "Mephedrone crystals, bulk", "Mephedrone on offer from the warehouse, order by message on Telegram, stealth shipping.", seller="South Seller")
        hub.scan()
        cases = hub.cases()
        need(len(cases) == 2, "two cases were expected, %d listed" % len(cases))
        sent, dropped = cases[0]["id"], cases[1]["id"]
        hub.run("referrals", "hold", sent, "--reason", "Operation Lapwing is under way", "--as", "Chief Harrow", ok=(0,))
        hub.run("referrals", "dismiss", dropped, "--reason", "Informant Kestrel asked for it", ok=(0,))
        hub.run("referrals", "release", sent, ok=(0,))
        hub.serve()
        hub.deliver(sent)
        for path, text in hub.everything("moderator", sent):
            for word in ("Lapwing", "Kestrel", dropped):
                need(word not in text, "the moderator reads “%s” at %s" % (word, path))
        status, _ = hub.call("/api/v1/referrals/" + dropped, "moderator")
        need(status in (403, 404), "the moderator gets the dismissed case (%d)" % status)
        need("Lapwing" in hub.text("referrals", "show", sent), "`referrals show` does not tell the authority why the case was held")
        need("Kestrel" in hub.text("referrals", "show", dropped), "`referrals show` does not tell the authority why the case was dismissed")
        need("Lapwing" in plain(hub.get("/api/v1/referrals/" + sent)), "the API does not tell the authority why the case was held")


@case
def d4_a_moderator_gets_no_seller():
    """Neither the seller's name nor the key the archive keeps for it is at any path a moderator can read (contract: vault holds sealed personal data; README: an entry has addresses, words, legal ground and digests)."""
    with Hub() as hub:
        hub.platform()
        hub.site.product("/p/1", ISO_TITLE, ISO_TEXT, seller="Tamsin Okonkwo Reyes Trading")
        hub.scan()
        id = hub.only_case()["id"]
        hub.serve()
        hub.deliver(id)
        shown = json.loads(hub.get("/api/v1/referrals/" + id))
        keys = {h.get("seller") for h in shown.get("hits", []) if isinstance(h.get("seller"), str)}
        for path, text in hub.everything("moderator", id):
            for word in ["okonkwo", "tamsin"] + sorted(k.casefold() for k in keys):
                need(word not in text.casefold(), "the moderator reads “%s” at %s" % (word, path))


# -------------------------------------------------------------------------- (e) rechecks asked by hand

def answered_removed(hub):
    """A case whose platform said `removed`, and whose page is gone."""
    id = one_case(hub, referral='recheck = "24h"')
    hub.serve()
    hub.deliver(id)
    hub.post("/api/v1/referrals/%s/outcome" % id, "moderator", {"decision": "removed", "reason": "illegal-content", "reference": "TS-3"})
    del hub.site.pages["/p/1"]
    hub.site.front()
    hub.site.asked.clear()
    return id


@case
def e1_looks_by_command_never_complete_a_verification():
    """However often `referrals recheck ID` finds the page gone within a minute, the case is not verified-gone, because the looks that count are those at the agreed interval (contract: recheck; common sense)."""
    with Hub() as hub:
        id = answered_removed(hub)
        for _ in range(5):
            hub.run("referrals", "recheck", id, ok=(0, 4))
        need("/p/1" in hub.site.asked, "no look reached the page")
        hub.stop()
        for _ in range(3):
            hub.run("referrals", "recheck", id, ok=(0, 4))
        state = hub.state(id)
        need(state not in (None, "verified-gone"), "after eight looks by hand the case is %s" % state)


@case
def e2_looks_by_request_never_complete_a_verification():
    """However often the API is asked to recheck, the looks are made and the case is not verified-gone before the agreed interval has passed (contract: POST recheck; common sense)."""
    with Hub() as hub:
        id = answered_removed(hub)
        seen = 0
        for _ in range(5):
            hub.post("/api/v1/referrals/%s/recheck" % id, "authority", {})
            until = time.time() + 6
            while time.time() < until and hub.site.asked.count("/p/1") <= seen:
                time.sleep(0.2)
            seen = hub.site.asked.count("/p/1")
        until = time.time() + 20
        while time.time() < until and "/p/1" not in hub.site.asked:
            time.sleep(0.3)
        need("/p/1" in hub.site.asked, "the look that was asked for was not made")
        time.sleep(1)
        state = hub.state(id)
        need(state not in (None, "verified-gone"), "after %d looks by request the case is %s" % (hub.site.asked.count("/p/1"), state))


# ---------------------------------------------------------------------------------- (f) personal data

def secrets_kept(hub, values, finds):
    """No researcher's path has a value, and no search of the archive finds one."""
    id = hub.cases()[0]["id"]
    base = json.loads(hub.get("/api/v1/hits", "researcher"))
    need(base["total"] >= 1, "the archive shows researchers no hit, so nothing was tested")
    queries = ["", "isotonitazene", "sort:-seen"]
    bodies = hub.everything("researcher", id)
    for q in queries:
        for path in ("/api/v1/hits", "/api/v1/hits/facets", "/api/v1/hits/series"):
            status, content = hub.call("%s?q=%s" % (path, urllib.parse.quote(q)), "researcher")
            if status == 200:
                bodies.append((path, plain(content)))
    read = sorted({"%s at %s" % (v, p) for v in values for p, t in bodies if legible(v, t)})
    found = []
    for find in list(values) + list(finds):
        for q in ('"%s"' % find.replace('"', ""), find):
            status, content = hub.call("/api/v1/hits?q=" + urllib.parse.quote(q), "researcher")
            if status == 200 and json.loads(content).get("total"):
                found.append(q)
                break
    need(not read and not found, "readable: %s; findable: %s" % (read[:12], found[:12]))


def planted(title, *texts, **more):
    """A hub with one listing per text, each by another seller."""
    hub = Hub()
    try:
        hub.platform()
        for n, text in enumerate(texts):
            hub.site.product("/p/%d" % n, title if n == 0 else "Isotonitazene, lot %s" % "abcdefghij"[n], text, seller="House %s" % "ABCDEFGHIJ"[n], **more)
        hub.scan()
        hub.serve()
        return hub
    except BaseException:
        hub.__exit__()
        raise


@case
def f1_telephone_numbers():
    """Telephone numbers in title and text, with any separators and in digits of any script, are neither readable nor findable for a researcher (README: neither sellers nor contacts; WHY: handles reach researchers)."""
    with planted("Isotonitazene for sale, call +44 7700 900123",
                 "Isotonitazene in stock, ring (0049) 151-2345-6789 or WhatsApp: 1.415.555.0132 any time.",
                 "Isotonitazene for sale, 联系电话 ＋８６１３８００１３８０００ 欢迎咨询。",
                 "Isotonitazene for sale, واتساب ٠٠٩٧١٥٠١٢٣٤٥٦٧ للطلب.",
                 "Isotonitazene в наличии, звоните 8 (912) 345-67-89 в любое время.",
                 "Isotonitazene for sale, text me at 0 7 7 0 0 9 0 0 4 5 6 today.") as hub:
        secrets_kept(hub, ["7700900123", "15123456789", "4155550132", "13800138000", "501234567", "9123456789", "7700900456"],
                     ["+44 7700 900123", "＋８６１３８００１３８０００", "٠٠٩٧١٥٠١٢٣٤٥٦٧", "8 (912) 345-67-89"])


@case
def f2_electronic_mail():
    """Mail addresses, plain or disguised, in several languages, are neither readable nor findable for a researcher (README: neither sellers nor contacts)."""
    with planted("Isotonitazene for sale, mail hwinter81@mailbox.example",
                 "Isotonitazene in stock, write to bulkorders7 [at] quickchem [dot] example for a price.",
                 "Isotonitazene for sale, orders to bluefoxdesk(at)post(dot)example please.",
                 "Isotonitazene for sale, E-Mail an reiherlager＠post.example genügt.",
                 "Isotonitazene в наличии, почта: sklad77@пример.рф пишите.",
                 "Isotonitazene for sale, correo: garzaventas @ correo . example para pedidos.",
                 "Isotonitazene for sale, écrivez à heronvente arobase courrier point example.") as hub:
        secrets_kept(hub, ["hwinter81", "bulkorders7", "bluefoxdesk", "reiherlager", "sklad77", "garzaventas", "heronvente"],
                     ["hwinter81@mailbox.example", "sklad77@пример.рф"])


@case
def f3_handles_of_messengers():
    """Handles of messengers after their names in English, Spanish, German, French and Russian are neither readable nor findable for a researcher (WHY: only the word before a handle is masked)."""
    with planted("Isotonitazene for sale, Wickr bluefox77",
                 "Isotonitazene in stock, find us on Telegram @grey_heron_lab or t.me/greyheron2lab for orders.",
                 "Isotonitazene for sale, Signal username heronseven.42 and Threema ID H3R0N8ZK.",
                 "Isotonitazene for sale, escríbeme por Telegram: garza_gris_mx para pedidos.",
                 "Isotonitazene zu verkaufen, schreibt mir auf Threema KRN8HLX2 oder Telegram unter reiher_nord.",
                 "Isotonitazene à vendre, écrivez-moi sur Signal : aigrette.noire.07 pour commander.",
                 "Isotonitazene в наличии, пишите в телеграм seraya_caplya или @belaya_caplya.",
                 "Isotonitazene for sale, Discord heronlab#4821, Instagram: heron_lab_ig, skype live:.cid.9f8e7d6c5b4a.",
                 "Isotonitazene for sale, my handle on Telegram is isotonitazene_king88.") as hub:
        secrets_kept(hub, ["bluefox77", "grey_heron_lab", "greyheron2lab", "heronseven.42", "H3R0N8ZK", "garza_gris_mx", "KRN8HLX2", "reiher_nord",
                           "aigrette.noire.07", "seraya_caplya", "belaya_caplya", "heronlab#4821", "heron_lab_ig", "9f8e7d6c5b4a", "isotonitazene_king88"],
                     ["@grey_heron_lab", "t.me/greyheron2lab"])


@case
def f4_asian_messengers_and_payment_addresses():
    """WeChat, QQ, LINE, KakaoTalk and Zalo names, wallets and bank accounts are neither readable nor findable for a researcher (README: neither sellers nor contacts; contract: the vault seals personal data)."""
    with planted("Isotonitazene for sale 微信：huilu_2026",
                 "Isotonitazene 现货，加微信 huilu8899 或者 QQ：2839471650 联系。",
                 "Isotonitazene for sale, VX: wxhuilu77 or LINE ID: sagi_lab_jp any time.",
                 "Isotonitazene 판매, 카톡 heronkr88 으로 연락 주세요.",
                 "Isotonitazene bán sỉ, liên hệ Zalo 0912345678 để đặt hàng.",
                 "Isotonitazene for sale, pay to bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq in bitcoin.",
                 "Isotonitazene for sale, ETH 0x52908400098527886E0F7030069857D2E4169EE7 or USDT TJRabPrwbZy45sbavfcjinPJC18kjpRTv8.",
                 "Isotonitazene for sale, bank transfer to IBAN DE89 3704 0044 0532 0130 00 only.") as hub:
        secrets_kept(hub, ["huilu_2026", "huilu8899", "2839471650", "wxhuilu77", "sagi_lab_jp", "heronkr88", "0912345678", "bc1qar0srrr7xfkvy5l643",
                           "52908400098527886E0F", "TJRabPrwbZy45sbav", "370400440532013000"], ["微信：huilu_2026", "DE89 3704 0044 0532 0130 00"])


@case
def f5_sellers_and_attributes():
    """A seller's published name, also where title and text repeat it, and contacts in attributes are neither readable nor findable for a researcher (README: neither contains sellers, contacts or captured pages)."""
    with Hub() as hub:
        hub.platform()
        hub.site.product("/p/1", "Isotonitazene powder - Quillon Marwick", "Isotonitazene for sale by Quillon Marwick Chemicals, in stock, ships worldwide, ask Quillon Marwick Chemicals.",
                         seller="Quillon Marwick Chemicals",
                         extra={"additionalProperty": [{"@type": "PropertyValue", "name": "Telegram", "value": "heron_prop_one"}]})
        hub.scan()
        hub.serve()
        hub.push([{"id": "X-1", "title": "Isotonitazene, new lot", "text": "Isotonitazene for sale, in stock, tracked delivery.", "url": hub.site.base + "/p/2", "seller": "Ottoline Vance Supplies",
                   "attributes": {"Telegram": "@heron_attr_one", "Contact": "heronattr2", "WhatsApp": "447700900789", "E-mail": "heronattr3@post.example", "联系方式": "微信 huiluattr4", "Sold by": "Ottoline Vance Supplies"}}])
        secrets_kept(hub, ["quillon", "marwick", "ottoline", "heron_prop_one", "heron_attr_one", "heronattr2", "7700900789", "heronattr3", "huiluattr4"], ["Quillon Marwick Chemicals", "Ottoline Vance"])


@case
def f6_search_and_export_on_the_command_line():
    """`search` and `export`, as text, JSON Lines and CSV, contain no seller and no contact in any form, and no search finds one (README: neither contains sellers, contacts or captured pages)."""
    with planted("Isotonitazene for sale, Wickr bluefox77",
                 "Isotonitazene in stock, ring +44 7700 900123 or mail hwinter81 (at) mailbox (dot) example.",
                 "Isotonitazene for sale, 加微信 huilu8899 联系, Threema ID H3R0N8ZK.",
                 "Isotonitazene в наличии, пишите в телеграм seraya_caplya, звоните 8 (912) 345-67-89.",
                 "Isotonitazene for sale, pay to bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq, escríbeme por Telegram: garza_gris_mx.") as hub:
        hub.site.product("/p/9", "Isotonitazene by Quillon Marwick", "Isotonitazene for sale from Quillon Marwick, in stock.", seller="Quillon Marwick")
        hub.stop()
        hub.scan(again=True)
        values = ["bluefox77", "7700900123", "hwinter81", "huilu8899", "H3R0N8ZK", "seraya_caplya", "9123456789", "bc1qar0srrr7xfkvy5l643", "garza_gris_mx", "quillon"]
        doors = {"search": hub.text("search", "isotonitazene", "--limit", "100"), "search --json": hub.text("search", "isotonitazene", "--limit", "100", "--json"),
                 "search --facets": hub.text("search", "isotonitazene", "--facets"), "export jsonl": hub.text("export", "--format", "jsonl"), "export csv": hub.text("export", "--format", "csv")}
        need(doors["export jsonl"].count("\n") >= 4, "the export lacks hits, so nothing was tested")
        read = sorted({"%s in %s" % (v, d) for v in values for d, t in doors.items() if legible(v, t)})
        found = []
        for v in values:
            done = hub.run("search", '"%s"' % v, "--json")
            if done.returncode == 0 and done.stdout.strip():
                found.append(v)
        need(not read and not found, "readable: %s; findable: %s" % (read[:12], found))


@case
def f7_researchers_get_no_address_case_digest_or_state_of_a_live_listing():
    """A researcher's token gets no address, listing id, digest, case or state of a listing that is still there, in answers or by asking for a state (contract, section 4, archive)."""
    with Hub() as hub:
        id = one_case(hub)
        hub.serve()
        hub.push([{"id": "SKU-HERON-4471", "title": "Mephedrone crystals, bulk", "text": "Mephedrone for sale, in stock now, stealth shipping.", "url": hub.site.base + "/p/2", "seller": "Somebody"}])
        own = json.loads(hub.get("/api/v1/hits", "authority"))["hits"]
        need(len(own) == 2, "the authority sees %d hits" % len(own))
        digests = [h["payload_digest"] for h in own if h.get("payload_digest")]
        cases = [c["id"] for c in hub.cases()]
        words = {"address": [hub.site.base + "/p/1", hub.site.base + "/p/2", "/p/1"], "listing id": ["SKU-HERON-4471"], "digest": digests, "case": cases}
        seen = set()
        for path, text in hub.everything("researcher", id):
            for what, list_ in words.items():
                if any(w in text for w in list_):
                    seen.add("%s at %s" % (what, path))
        for hit in json.loads(hub.get("/api/v1/hits", "researcher"))["hits"]:
            seen |= {"%s in /api/v1/hits" % k for k in ("url", "referral", "state", "payload_digest") if hit.get(k)}
        totals = {}
        for state in ("drafted", "delivered", "dismissed"):
            status, content = hub.call("/api/v1/hits?q=" + urllib.parse.quote("state:" + state), "researcher")
            if status == 200:
                totals[state] = json.loads(content)["total"]
        if len(set(totals.values())) > 1:
            seen.add("a search by state tells it: %s" % totals)
        need(not seen, "; ".join(sorted(seen)))


# --------------------------------------------------------------------------------- (g) agreement uses

def listing(platform, n, name="Isotonitazene"):
    return {"id": "N%d" % n, "title": "%s wholesale offer" % name, "text": "%s for sale, in stock, ships worldwide, message us on Telegram." % name,
            "url": "https://%s.example.test/p/%d" % (platform, n), "seller": "House of %s" % platform}


@case
def g1_researchers_see_only_platforms_that_agreed_to_research():
    """Hits, facets, series and search totals for a researcher contain the platform whose agreement has the use `research` and not the one without, while the authority sees both (contract: [agreement] uses)."""
    with Hub() as hub:
        hub.platform("open-market", own=False, uses=["referral", "research"])
        hub.platform("shut-market", own=False, uses=["referral"])
        hub.serve()
        hub.push([listing("open-market", 1), listing("open-market", 2, "Mephedrone")], "open-market")
        hub.push([listing("shut-market", 3), listing("shut-market", 4, "Protonitazene")], "shut-market")
        need(json.loads(hub.get("/api/v1/hits", "authority"))["total"] == 4, "the authority does not see four hits")
        hits = json.loads(hub.get("/api/v1/hits", "researcher"))
        need(hits["total"] == 2 and {h.get("platform") for h in hits["hits"]} == {"open-market"}, "the researcher sees %s of %s" % (hits["total"], sorted({str(h.get("platform")) for h in hits["hits"]})))
        for q in ("platform:shut-market", "protonitazene"):
            status, content = hub.call("/api/v1/hits?q=" + urllib.parse.quote(q), "researcher")
            need(status != 200 or json.loads(content)["total"] == 0, "the search `%s` finds the platform that did not agree" % q)
        for path in ("/api/v1/hits/facets", "/api/v1/hits/series"):
            text = hub.get(path, "researcher").decode()
            need("shut-market" not in text and "rotonitazene" not in text, "%s tells of the platform that did not agree" % path)
        series = json.loads(hub.get("/api/v1/hits/series", "researcher"))
        points = series if isinstance(series, list) else next(v for v in series.values() if isinstance(v, list))
        need(sum(p["hits"] for p in points) == 2, "the series counts %s hits" % sum(p["hits"] for p in points))


@case
def g2_no_referral_without_the_use_referral():
    """A case of a platform that agreed to research only cannot be approved, by CLI (exit 5) or API (4xx), and no notice leaves (contract: uses, and exit 5 is refused by policy)."""
    with Hub() as hub:
        hub.platform("study-market", own=False, uses=["research"])
        hub.serve()
        hub.push([listing("study-market", 1), listing("study-market", 2, "Mephedrone")], "study-market")
        need(json.loads(hub.get("/api/v1/hits", "authority"))["total"] == 2, "the authority does not see two hits")
        cases = hub.cases()
        for c in cases:
            done = hub.run("referrals", "approve", c["id"], "--as", "Anna Lindqvist")
            need(done.returncode == 5, "`approve` ended with %d" % done.returncode)
            need(done.stderr.strip(), "`approve` gave no reason")
            status, _ = hub.call("/api/v1/referrals/%s/approve" % c["id"], "authority", method="POST")
            need(400 <= status < 500, "the API answered %d to approve" % status)
        hub.run("referrals", "send")
        states = {c["state"] for c in hub.cases()}
        need(states <= {"drafted"}, "the cases are %s" % states)
        need(b"wholesale" not in hub.get("/feeds/study-market.ndjson", "moderator", "study-market"), "the feed carries the case")


@case
def g3_the_dataset_has_only_platforms_that_agreed_to_research():
    """`export` as JSON Lines and CSV, with and without a query, has only listings of platforms whose agreement has the use `research` (contract: uses; README: export is for researchers)."""
    with Hub() as hub:
        hub.platform("open-market", own=False, uses=["referral", "research"])
        hub.platform("shut-market", own=False, uses=["referral"])
        hub.serve()
        hub.push([listing("open-market", 1), listing("open-market", 2, "Mephedrone")], "open-market")
        hub.push([listing("shut-market", 3), listing("shut-market", 4, "Protonitazene")], "shut-market")
        for running in (True, False):
            if not running:
                hub.stop()
            rows = [json.loads(l) for l in hub.text("export", "--format", "jsonl").splitlines() if l.strip()]
            need([r["platform"] for r in rows] == ["open-market"] * 2, "JSON Lines has %s" % sorted(r["platform"] for r in rows))
            for args in (["--format", "csv"], ["--format", "jsonl", "--query", "platform:shut-market"], ["--format", "csv", "--query", "protonitazene"]):
                done = hub.run("export", *args)
                need(b"shut-market" not in done.stdout.replace(b'"platform:shut-market"', b""), "`export %s` has the platform that did not agree" % " ".join(args))


# ------------------------------------------------------------------------------------ (h) hostile text

@case
def h1_nothing_drives_the_terminal():
    """Control characters and bidirectional overrides in a listing reach no terminal through `referrals list`, `show`, `notice`, `search` or `export` (common sense: a listing's author must not draw on a reviewer's screen)."""
    with Hub() as hub:
        hub.platform()
        title = "Isotonitazene \x1b[31mpowder\x1b[0m\x07 \u202Egnp.elas rof\u202C lot\x9b2J \u2067left\u2069"
        text = "Isotonitazene for sale, in stock\x1b]0;owned\x07, ships\r worldwide\x08\x08 \u202Dsideways\u202C \u200Fend\x00, message us on Telegram."
        hub.site.product("/p/1", title, text, seller="\x1b[2JSeller")
        hub.scan()
        id = hub.only_case()["id"]
        hub.run("referrals", "hold", id, "--reason", "why \x1b[31m not", ok=None)
        hub.run("referrals", "release", id, ok=None)
        commands = [["referrals", "list"], ["referrals", "show", id], ["referrals", "notice", id], ["referrals", "notice", id, "--format", "html"], ["search", "isotonitazene"],
                    ["search", "isotonitazene", "--facets"], ["referrals", "list", "--json"], ["referrals", "show", id, "--json"], ["search", "isotonitazene", "--json"], ["export", "--format", "jsonl"], ["report", "changes"]]
        for command in commands:
            done = hub.run(*command)
            for stream in (done.stdout, done.stderr):
                shown = stream.decode("utf-8", "replace")
                overrides = "" if "--json" in command or "jsonl" in command else "\u202A\u202B\u202D\u202E"     # a program reads those
                bad = sorted({"U+%04X" % ord(c) for c in shown if (unicodedata.category(c) == "Cc" and c not in "\n\t") or c in overrides})
                need(not bad, "`%s` prints %s" % (" ".join(command[:2]), bad))


@case
def h2_no_formula_in_the_table():
    """No cell of `export --format csv` begins like a spreadsheet formula, and the table is the same and well formed on standard output and in a file (common sense: the file is opened in a spreadsheet; contract: results on stdout)."""
    with Hub() as hub:
        hub.platform()
        starts = ["=HYPERLINK(\"https://trap.example.test\";\"Isotonitazene\") for sale", "+Isotonitazene 1+1 for sale", "-Isotonitazene 2-1 for sale", "@SUM(A1) Isotonitazene for sale", "Isotonitazene, \"quoted\", for sale"]
        for n, start in enumerate(starts):
            hub.site.product("/p/%d" % n, start, start + " and more, in stock, ships worldwide\n=1+1|calc, message us on Telegram.", seller="=House %d" % n)
        hub.scan()
        out = os.path.join(hub.dir, "table.csv")
        hub.run("export", "--format", "csv", "--out", out, ok=(0,))
        with open(out, "rb") as f:
            in_file = f.read()
        on_stdout = hub.run("export", "--format", "csv", ok=(0,)).stdout
        tables = {}
        for name, data in (("file", in_file), ("standard output", on_stdout)):
            rows = [r for r in csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")) if r]
            tables[name] = rows
            need(len(rows) >= 4, "%s: only %d rows, so too little was tested" % (name, len(rows)))
            need(all(len(r) == len(rows[0]) for r in rows), "%s: the rows differ in width" % name)
            for row in rows:
                for cell in row:
                    if cell[:1] in ("=", "+", "-", "@", "\t", "\r") and not re.fullmatch(r"[-+]?\d+(\.\d+)?([eE][-+]?\d+)?", cell):
                        raise Miss("%s: a cell begins with %r: %s" % (name, cell[0], cell[:60]))
        need(tables["file"] == tables["standard output"], "file and standard output differ, first in %r" % (next(
            ((a, b) for x, y in zip(tables["file"], tables["standard output"]) for a, b in zip(x, y) if a != b), "the number of rows"),))


@case
def h3_feeds_stay_well_formed_and_inert():
    """A listing with markup, control characters and line separators leaves Atom well formed, HTML without live markup, and one JSON document a line in NDJSON (contract: JSON Feed, Atom, NDJSON; common sense)."""
    with Hub() as hub:
        hub.platform()
        title = "Isotonitazene <script>alert(1)</script> & ]]> \x01\x0b offer"
        text = "Isotonitazene for sale <img src=x onerror=alert(2)>, in stock\u2028\u2029 \ufffe\x1b[1m <a href=\"javascript:alert(3)\">order</a> \u202Eback\u202C, message us on Telegram & wait ]]>."
        hub.site.product("/p/1", title, text)
        hub.scan()
        id = hub.only_case()["id"]
        hub.serve()
        hub.deliver(id)
        try:
            atom = ET.fromstring(hub.get("/feeds/shop.atom", "moderator"))
        except ET.ParseError as e:
            raise Miss("Atom is not well formed: %s" % e)
        contents = [e.text or "" for e in atom.iter("{http://www.w3.org/2005/Atom}content")]
        need(any("sotonitazene" in c for c in contents), "Atom has no content of the case")
        feed = json.loads(hub.get("/feeds/shop.json", "moderator"))
        for place, markup in [("Atom", c) for c in contents] + [("JSON Feed", i["content_html"]) for i in feed["items"]] + [("HTML notice", hub.notice(id, "html").decode())]:
            need(not re.search(r"<\s*(script|img|iframe|svg)\b|href=[\"']?javascript", markup, re.I), "%s: live markup of the listing" % place)
            need(not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\u202A\u202B\u202D\u202E]", markup), "%s: control or override characters" % place)
        raw = hub.get("/feeds/shop.ndjson", "moderator").decode("utf-8")
        for line in raw.split("\n"):
            if line.strip():
                try:
                    json.loads(line)
                except ValueError:
                    raise Miss("NDJSON: a line is not one JSON document: %s" % line[:120])


# ------------------------------------------------------------------------------------------- (i) files

@case
def i1_modes_and_devices():
    """Under umask 000 the data directory is its owner's alone, keys are 0600 and an export is not writable by others, and `export --out` on a device is refused and leaves it as it is (contract, section 7; common sense)."""
    with Hub() as hub:
        hub.platform()
        hub.site.product("/p/1", ISO_TITLE, ISO_TEXT)
        hub.run("scan", "shop", ok=(0,), umask=0)
        out = os.path.join(hub.dir, "set.jsonl")
        hub.run("export", "--format", "jsonl", "--out", out, ok=(0,), umask=0)
        need(not os.stat(out).st_mode & 0o022, "the export is writable by others: %o" % (os.stat(out).st_mode & 0o777))
        data = os.path.join(hub.dir, "data")
        need(not os.stat(data).st_mode & 0o077, "the data directory has mode %o" % (os.stat(data).st_mode & 0o777))
        for folder, _, names in os.walk(data):
            for name in names:
                mode = os.lstat(os.path.join(folder, name)).st_mode & 0o777
                need(not mode & 0o022, "%s is writable by others: %o" % (name, mode))
                if os.path.basename(folder) == "keys":
                    need(mode & ~0o600 == 0, "the key %s has mode %o" % (name, mode))
        device = os.path.join(hub.dir, "device")
        try:
            os.mknod(device, 0o666 | stat.S_IFCHR, os.makedev(1, 3))
        except OSError:
            os.mkfifo(device, 0o666)
        kind = stat.S_IFMT(os.lstat(device).st_mode)
        link = os.path.join(hub.dir, "link")
        os.symlink(device, link)
        for path in (device, link):
            try:
                done = hub.run("export", "--format", "jsonl", "--out", path, timeout=20)
            except subprocess.TimeoutExpired:
                raise Miss("`export --out` on a device waits for ever")
            need(done.returncode not in (0, 101) and done.stderr.strip(), "`export --out` on a device ended with %d" % done.returncode)
            need(stat.S_IFMT(os.lstat(device).st_mode) == kind, "the device was replaced")


@case
def i2_a_missing_key_stops_with_what_to_do():
    """When a key file is missing, `scan` stops, names the file and says what to do, makes no new key in its place, and `doctor` fails and names it; with the key back both are well (common sense: sealed data and signatures hang on it)."""
    with Hub() as hub:
        one_case(hub)
        keys = os.path.join(hub.dir, "data", "keys")
        names = sorted(n for n in os.listdir(keys) if n.endswith(".key"))
        need(names, "no key files in data/keys")
        need(hub.run("doctor").returncode == 0, "`doctor` fails on a sound installation")
        for name in names:
            path = os.path.join(keys, name)
            away = os.path.join(hub.dir, "away")
            shutil.move(path, away)
            doctor = hub.run("doctor")
            said = (doctor.stdout + doctor.stderr).decode("utf-8", "replace")
            need(doctor.returncode not in (0, 101) and re.search(name[:-4] + r".{0,3}key", said), "`doctor` without %s ended with %d and said: %s" % (name, doctor.returncode, said[-200:]))
            need(not os.path.exists(path), "`doctor` made a new %s" % name)
            scan = hub.run("scan", "shop", "--again")
            said = (scan.stdout + scan.stderr).decode("utf-8", "replace")
            need(scan.returncode not in (0, 101), "`scan` without %s ended with %d" % (name, scan.returncode))
            need(not os.path.exists(path), "`scan` made a new %s" % name)
            need(re.search(name[:-4] + r".{0,3}key", said) and re.search(r"restore|back ?up|put .*back|bring .*back|copy", said, re.I), "`scan` without %s does not say what to do: %s" % (name, said[-250:]))
            shutil.move(away, path)
        need(hub.run("doctor").returncode == 0, "`doctor` fails with the keys back")
        hub.scan(again=True)


# ---------------------------------------------------------------------------------------------- runner

def plumbing():
    with Hub() as hub:
        hub.platform()
        hub.site.product("/p/1", ISO_TITLE, ISO_TEXT)
        hub.scan()
        found = hub.only_case()
        print("case", found["id"], found["state"])
        hub.serve()
        print("serve", hub.url, hub.call("/healthz")[0])
        hub.deliver(found["id"])
        print("notice", len(hub.notice(found["id"])), "bytes; paths for a moderator:", len(hub.everything("moderator", found["id"])),
              "for a researcher:", len(hub.everything("researcher", found["id"])))
        hub.platform("other", own=False, uses=["referral"])
    with Hub() as hub:
        hub.platform("some-market", own=False, uses=["referral"])
        hub.serve()
        print("push", json.dumps(hub.push([listing("some-market", 1)], "some-market"))[:120], "cases", len(hub.cases()))
    print("plumbing holds")


def run_case(function):
    started = time.time()
    try:
        function()
        return function.__name__, None, "", time.time() - started
    except Miss as e:
        return function.__name__, str(e), traceback.format_exc(), time.time() - started
    except BaseException as e:
        return function.__name__, "crashed: %s: %s" % (type(e).__name__, e), traceback.format_exc(), time.time() - started


def main():
    global BINARY
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--errors", action="store_true", help="print what a miss is about and where it was seen")
    parser.add_argument("--plumbing", action="store_true", help="only try the helpers")
    parser.add_argument("--only", default="", help="cases whose name contains this")
    options = parser.parse_args()
    BINARY = os.path.abspath(options.binary)
    for name in [n for n in os.environ if n.startswith("LISTINGWATCH_")]:
        del os.environ[name]
    assert len(CASES) == 40, len(CASES)
    if options.plumbing:
        plumbing()
        return 0
    chosen = [c for c in CASES if options.only in c.__name__]
    good = 0
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for function, (name, missed, trace, took) in zip(chosen, pool.map(run_case, chosen)):
            if missed is None:
                good += 1
                print("ok %s" % name, flush=True)
            else:
                print("MISS %s: %s" % (name, squeezed(missed)[:700]), flush=True)
                if options.errors:
                    print("    %s (%.1f s)" % (function.__doc__, took))
                    print("    " + trace.strip().replace("\n", "\n    "), flush=True)
    print("%d of %d" % (good, len(chosen)))
    return 0 if good == len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main())
