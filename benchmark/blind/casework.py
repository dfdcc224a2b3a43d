#!/usr/bin/env python3
"""Black-box acceptance cases for the case work of listingwatch: pages of a case, series, the hourly
limit, the pages behind a notice's links, what affected parties write, trusted time, escalation, the
record of action, and a seller's cases together.

    python3 benchmark/blind/casework.py BINARY [--errors] [--only WORD]

Written from README.md, docs/*.md, CONTRACT.md and the help texts only; in brackets stands the
document, or the common sense, from which the right answer follows. Listings are made up, served from
loopback, and name substances only.

The authority of timestamps is played by `openssl ts -reply`. Three cases need a later date: they
preload a small library, compiled with `cc`, into the program, which adds an amount to the wall clock
and leaves the clock of waits alone. Where openssl or cc is missing these cases are skipped, which is
said in a line `SKIP NAME: why` and at the end.
"""
import argparse
import base64
import concurrent.futures
import datetime
import hashlib
import html
import html.parser
import http.server
import json
import os
import re
import shutil
import signal
import struct
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

BINARY = None
CASES = []


class Skip(Exception):
    """A tool that the case needs is missing here."""


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
        self.dir = tempfile.mkdtemp(prefix="casework-")
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

    def environment(self):
        return None

    def serve(self):
        self.starts += 1
        self.log = "%s/serve.%d" % (self.dir, self.starts)
        with open(self.log, "wb") as f:
            self.process = subprocess.Popen([BINARY, "serve", "--listen", "127.0.0.1:0"], cwd=self.dir, stdin=subprocess.DEVNULL, stdout=f, stderr=f, env=self.environment())
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


# --------------------------------------------------------------------------------------------- clock

AHEAD = r"""
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
static long ahead(void) { const char *s = getenv("CASEWORK_AHEAD"); return s ? atol(s) : 0; }
int clock_gettime(clockid_t id, struct timespec *t) {
    int r = (int) syscall(SYS_clock_gettime, id, t);
    if (r == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) t->tv_sec += ahead();
    return r;
}
int gettimeofday(struct timeval *t, void *zone) {
    struct timespec s;
    (void) zone;
    if (t && clock_gettime(CLOCK_REALTIME, &s) == 0) { t->tv_sec = s.tv_sec; t->tv_usec = s.tv_nsec / 1000; }
    return 0;
}
time_t time(time_t *out) {
    struct timespec s;
    clock_gettime(CLOCK_REALTIME, &s);
    if (out) *out = s.tv_sec;
    return s.tv_sec;
}
"""
LIBRARY = {"lock": threading.Lock(), "path": None, "dir": None}


def loads_libraries(path):
    """Whether a program is linked dynamically (an ELF file of 64 bits with an interpreter)."""
    with open(path, "rb") as f:
        head = f.read(64)
        if len(head) < 64 or head[:5] != b"\x7fELF\x02":
            return False
        start, = struct.unpack_from("<Q", head, 32)
        size, count = struct.unpack_from("<HH", head, 54)
        for n in range(count):
            f.seek(start + n * size)
            if struct.unpack("<I", f.read(4))[0] == 3:
                return True
    return False


def library():
    """The library that sets the wall clock ahead."""
    with LIBRARY["lock"]:
        if LIBRARY["path"] is None:
            compiler = shutil.which("cc") or shutil.which("gcc")
            if not compiler or not sys.platform.startswith("linux"):
                raise Skip("no C compiler, so the date cannot be moved")
            if not loads_libraries(BINARY):
                raise Skip("the program loads no libraries, so the date cannot be moved")
            LIBRARY["dir"] = tempfile.mkdtemp(prefix="casework-clock-")
            source, out = LIBRARY["dir"] + "/ahead.c", LIBRARY["dir"] + "/ahead.so"
            with open(source, "w") as f:
                f.write(AHEAD)
            done = subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", out, source], capture_output=True)
            if done.returncode:
                raise Skip("the library for the date was not compiled: %s" % done.stderr[-200:].decode("utf-8", "replace"))
            LIBRARY["path"] = out
        return LIBRARY["path"]


def steady():
    """Waits until the hour has two minutes left, so that its end does not fall into a case."""
    left = 3600 - time.time() % 3600
    if left < 120:
        time.sleep(left + 2)


# ------------------------------------------------------------------------------------------- browser

class Document(html.parser.HTMLParser):
    """What a person meets on a page: its text, links, forms, and the words on controls and headings."""

    SIGNS = ("button", "label", "legend", "h1", "h2", "h3", "th", "option")

    def __init__(self, data):
        super().__init__(convert_charrefs=True)
        self.lang, self.dir = None, None
        self.words, self.signs, self.links, self.forms = [], [], [], []
        self.form, self.silent, self.open_signs, self.link, self.select, self.labels = None, 0, [], None, None, {}
        self.feed(data.decode("utf-8", "replace"))
        for form in self.forms:
            for control in form["controls"]:
                control["near"] = control.pop("label") + self.labels.get(control["id"], "") or control["near"]

    def handle_starttag(self, tag, attributes):
        given = {k: v or "" for k, v in attributes}
        if tag == "html":
            self.lang, self.dir = given.get("lang"), given.get("dir")
        if tag == "body" and given.get("dir"):
            self.dir = given["dir"]
        if tag in ("script", "style", "head"):
            self.silent += 1
        if tag in self.SIGNS:
            self.open_signs.append([tag, "", given.get("for"), []])
        if tag == "a" and "href" in given:
            self.link = [given["href"], ""]
            self.links.append(self.link)
        if tag == "form":
            self.form = {"action": given.get("action", ""), "method": given.get("method", "get").lower(), "controls": []}
            self.forms.append(self.form)
        if tag == "select":
            self.select = given.get("name")
        if tag in ("input", "textarea", "button", "option") and self.form is not None:
            kind = given.get("type", {"input": "text", "button": "submit"}.get(tag, tag)).lower() if tag != "option" else "option"
            name = self.select if tag == "option" else given.get("name")
            if tag == "input" and kind == "submit":
                self.signs.append(given.get("value", ""))
            control = {
                "kind": "textarea" if tag == "textarea" else kind, "name": name, "value": given.get("value", "on" if kind in ("checkbox", "radio") else ""),
                "on": "checked" in given or "selected" in given, "id": given.get("id"), "near": "", "label": ""}
            self.form["controls"].append(control)
            for sign in self.open_signs:
                if sign[0] == "label":
                    sign[3].append(control)

    def handle_endtag(self, tag):
        if tag in ("script", "style", "head"):
            self.silent = max(0, self.silent - 1)
        if tag in self.SIGNS and self.open_signs:
            _, text, target, inside = self.open_signs.pop()
            self.signs.append(squeezed(text).strip())
            for control in inside:
                control["label"] += text
            if target:
                self.labels[target] = self.labels.get(target, "") + " " + text
        if tag == "a":
            self.link = None
        if tag == "form":
            self.form = None
        if tag == "select":
            self.select = None

    def handle_data(self, data):
        if self.silent:
            return
        self.words.append(data)
        for sign in self.open_signs:
            sign[1] += data
        if self.link:
            self.link[1] += data
        if self.form and self.form["controls"]:
            self.form["controls"][-1]["near"] += data

    @property
    def text(self):
        return squeezed(" ".join(self.words))


class Browser:
    """A person with a browser that keeps cookies and runs no scripts."""

    def __init__(self, hub):
        self.hub, self.cookies, self.at = hub, {}, "/"

    def open(self, address, fields=None):
        """status, Document, bytes; follows redirects within the hub"""
        data = urllib.parse.urlencode(fields).encode() if fields is not None else None

        class Stay(urllib.request.HTTPRedirectHandler):
            def redirect_request(self, *_):
                return None
        for _ in range(8):
            place = urllib.parse.urljoin(self.hub.url + self.at, address)
            parts = urllib.parse.urlsplit(place)
            path = urllib.parse.urlunsplit(("", "", parts.path or "/", parts.query, ""))
            head = {"Accept": "text/html,application/xhtml+xml", "Referer": self.hub.url + self.at}
            if self.cookies:
                head["Cookie"] = "; ".join("%s=%s" % c for c in self.cookies.items())
            if data is not None:
                head.update({"Content-Type": "application/x-www-form-urlencoded", "Origin": self.hub.url, "Sec-Fetch-Site": "same-origin"})
            try:
                answer = urllib.request.build_opener(Stay).open(urllib.request.Request(self.hub.url + path, data=data, headers=head), timeout=30)
            except urllib.error.HTTPError as e:
                answer = e
            content, status = answer.read(), answer.status if hasattr(answer, "status") else answer.code
            for line in answer.headers.get_all("Set-Cookie") or []:
                name, _, value = line.split(";")[0].partition("=")
                self.cookies[name.strip()] = value.strip()
            self.at = path
            if status in (301, 302, 303, 307, 308) and answer.headers.get("Location"):
                address = answer.headers["Location"]
                if status != 307 and status != 308:
                    data = None
                continue
            return status, Document(content), content
        raise Miss("the page %s redirects in a circle" % address)

    def submit(self, form, decision=None, words=None, tick=None, also=None):
        """Sends a form as a person would: `decision` is chosen, `words` written into text areas, boxes ticked where `tick` says so."""
        fields, chosen, buttons, selects = [], None, [], {}
        for c in form["controls"]:
            if decision and c["value"] == decision and c["name"]:
                chosen = c
        if decision and not chosen:
            raise Miss("the form has nothing to choose for “%s”: %s" % (decision, [(c["kind"], c["name"], c["value"]) for c in form["controls"]]))
        for c in form["controls"]:
            if not c["name"] or (chosen and c["name"] == chosen["name"]):
                continue
            if c["kind"] == "hidden":
                fields.append((c["name"], c["value"]))
            elif c["kind"] == "textarea":
                fields.append((c["name"], words or ""))
            elif c["kind"] == "checkbox":
                if tick(c) if tick else c["on"]:
                    fields.append((c["name"], c["value"]))
            elif c["kind"] == "radio":
                if c["on"]:
                    fields.append((c["name"], c["value"]))
            elif c["kind"] == "option":
                if c["on"] or c["name"] not in selects:
                    selects[c["name"]] = c["value"]
            elif c["kind"] in ("submit", "image", "button"):
                buttons.append((c["name"], c["value"]))
            else:
                fields.append((c["name"], (also or {}).get(c["kind"], c["value"])))
        fields += list(selects.items())
        if chosen:
            fields.append((chosen["name"], chosen["value"]))
        if buttons and (not chosen or chosen["kind"] != "submit"):
            fields.append(buttons[0])
        need(form["method"] == "post", "the form is not sent by POST")
        return self.open(form["action"] or self.at, fields)

    def sign_in(self, role, platform="shop"):
        token = self.hub.token(role, platform)
        for place in ("/", "/login", "/sign-in", "/signin", "/console"):
            _, page, _ = self.open(place)
            for form in page.forms:
                if any(c["kind"] == "password" for c in form["controls"]):
                    status, landed, _ = self.submit(form, also={"password": token})
                    need(status == 200, "the console answered %d to a token" % status)
                    need(not any(c["kind"] == "password" for f in landed.forms for c in f["controls"]), "the console did not take the token of a %s" % role)
                    self.home, self.home_at = landed, self.at
                    return landed
        raise Miss("the console has no page to sign in")

    def tour(self):
        """The first page and those that it links to."""
        yield self.home_at, self.home
        seen = {self.home_at.split("#")[0]}
        for href, _ in list(self.home.links)[:60]:
            place = urllib.parse.urljoin(self.hub.url + self.home_at, href).split("#")[0]
            if not place.startswith(self.hub.url + "/") or re.search(r"format=|log-?out|sign-?out|/api|/feeds", place):
                continue
            path = place[len(self.hub.url):]
            if path in seen:
                continue
            seen.add(path)
            status, page, _ = self.open(path)
            if status == 200:
                yield path, page

    def case_page(self, id):
        """The page of a case: (Document, bytes)"""
        for path, page in self.tour():
            places = [urllib.parse.urljoin(self.hub.url + path, h).split("#")[0] for h, _ in page.links]
            found = sorted({p[len(self.hub.url):] for p in places if p.startswith(self.hub.url) and re.search(re.escape(id) + r"/?$", p)}, key=len)
            if found:
                status, shown, content = self.open(found[0])
                need(status == 200, "the page of the case answered %d" % status)
                return shown, content
        raise Miss("no page of the console leads to the case %s" % id)


# ----------------------------------------------------------------------------------------- authority

class Authority:
    """An authority after RFC 3161 on loopback: `openssl ts -reply` behind a small server."""

    def __init__(self, name="Alder"):
        if not shutil.which("openssl"):
            raise Skip("openssl is missing, so nobody can play the authority")
        self.dir = tempfile.mkdtemp(prefix="casework-tsa-")
        self.mode, self.asked, self.replies, self.types, self.stranger = "good", [], [], [], None
        self.lock = threading.Lock()
        with open(self.dir + "/tsa.cnf", "w") as f:
            f.write("[req]\ndistinguished_name = dn\n[dn]\n"
                    "[ca]\nbasicConstraints = critical,CA:TRUE\nkeyUsage = critical,keyCertSign,cRLSign\nsubjectKeyIdentifier = hash\n"
                    "[leaf]\nbasicConstraints = CA:FALSE\nkeyUsage = critical,digitalSignature\nextendedKeyUsage = critical,timeStamping\n"
                    "[tsa]\ndefault_tsa = one\n[one]\nserial = %s/serial\ncrypto_device = builtin\nsigner_cert = %s/tsa.pem\ncerts = %s/ca.pem\n"
                    "signer_key = %s/tsa.key\nsigner_digest = sha256\ndefault_policy = 1.3.6.1.4.1.99999.1\ndigests = sha256, sha384, sha512\n"
                    "accuracy = secs:1\nordering = yes\ntsa_name = yes\ness_cert_id_chain = no\ness_cert_id_alg = sha256\n" % ((self.dir,) * 4))
        with open(self.dir + "/serial", "w") as f:
            f.write("1000\n")
        conf = self.dir + "/tsa.cnf"
        self.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "900", "-subj", "/O=%s/CN=%s Root" % (name, name), "-config", conf, "-extensions", "ca")
        self.openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "tsa.key", "-out", "tsa.csr", "-subj", "/O=%s/CN=%s Time" % (name, name), "-config", conf)
        self.openssl("x509", "-req", "-in", "tsa.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out", "tsa.pem", "-days", "800", "-extfile", conf, "-extensions", "leaf")
        self.roots = self.dir + "/ca.pem"
        authority = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_POST(self):
                if self.headers.get("Content-Length"):
                    query = self.rfile.read(int(self.headers["Content-Length"]))
                else:
                    query = b""
                    while True:
                        size = int(self.rfile.readline().strip() or b"0", 16)
                        query += self.rfile.read(size)
                        self.rfile.readline()
                        if size == 0:
                            break
                authority.types.append(self.headers.get("Content-Type"))
                status, kind, data = authority.answer(query)
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = "http://127.0.0.1:%d/tsa" % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
        shutil.rmtree(self.dir, ignore_errors=True)

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def openssl(self, *args, ok=True):
        done = subprocess.run(["openssl", *args], cwd=self.dir, capture_output=True, timeout=60)
        if ok and done.returncode:
            raise Skip("`openssl %s` failed here: %s" % (args[0], done.stderr[-200:].decode("utf-8", "replace")))
        return done

    def reply(self, query):
        with self.lock:
            with open(self.dir + "/query.tsq", "wb") as f:
                f.write(query)
            self.openssl("ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query.tsq", "-out", "reply.tsr")
            with open(self.dir + "/reply.tsr", "rb") as f:
                return f.read()

    def answer(self, query):
        self.asked.append(query)
        kind = "application/timestamp-reply"
        if self.mode == "broken":
            return 500, "text/plain", b"out of order"
        if self.mode == "rubbish":
            return 200, kind, b"<html><body>Welcome to the guest network</body></html>"
        if self.mode == "replay":
            return 200, kind, self.replies[0]
        if self.mode == "stranger":
            return 200, kind, self.stranger.reply(query)
        if self.mode == "other":
            with self.lock:
                with open(self.dir + "/else.txt", "w") as f:
                    f.write("something else")
                self.openssl("ts", "-query", "-data", "else.txt", "-sha256", "-cert", "-no_nonce", "-out", "else.tsq")
                with open(self.dir + "/else.tsq", "rb") as f:
                    query = f.read()
        data = self.reply(query)
        self.replies.append(data)
        return 200, kind, data

    def holds(self, data, reply):
        """Whether openssl finds the reply to be this authority's about these bytes, as the documents tell anybody to check it."""
        return self.openssl("ts", "-verify", "-data", data, "-in", reply, "-CAfile", self.roots, ok=False).returncode == 0

    def time_of(self, reply):
        said = self.openssl("ts", "-reply", "-in", reply, "-text").stdout.decode("utf-8", "replace")
        found = re.search(r"Time stamp: +(\w+ +\d+ \d+:\d+:\d+)(?:\.\d+)? (\d{4})", said)
        return datetime.datetime.strptime("%s %s" % (squeezed(found.group(1)), found.group(2)), "%b %d %H:%M:%S %Y")


# ------------------------------------------------------------------------------------------ listings

OFFERS = [
    ("Isotonitazene powder, wholesale", "Isotonitazene powder for sale, 99% purity, wholesale price per gram, discreet shipping, bitcoin accepted."),
    ("Mephedrone crystals, bulk", "Mephedrone on offer straight from our warehouse. Order by message on Telegram, stealth shipping, paid in bitcoin."),
    ("Protonitazene for resellers", "We supply protonitazene to resellers everywhere, no questions asked; parcels pass customs. Settle in monero and write to us on Wickr to buy."),
    ("MDMB-4en-PINACA in stock", "Fresh MDMB-4en-PINACA has arrived, buy it today. Vacuum packed, posted without return address, cryptocurrency only."),
    ("Fentanyl powder for sale", "Fentanyl in stock without prescription, discreet packaging, no questions asked, contact on Wickr to buy."),
    ("Metonitazene, new lot", "A new lot of metonitazene is available to buy now at 90 USD per gram, stealth delivery guaranteed, message on Threema, bitcoin preferred."),
]
PLAIN_OFFER = ("Diazepam tablets for sale", "Diazepam tablets in stock now, 20 EUR per box, card payment, delivered in two days.")

WORDING = ("%(name)s for sale direct from our warehouse. High quality, %(n)d kilograms in stock today, sample available, tracked delivery "
           "worldwide, discreet packaging and no questions asked. Price %(p)d USD per gram, payment in bitcoin, reshipment guaranteed. "
           "Write to our sales desk on Wickr for the price list of %(name)s.")
OTHER_WORDING = ("Laboratory stock of %(name)s, purity %(n)d percent, is offered at %(p)d EUR for each gram. We post it in plain envelopes "
                 "that carry no sender and take monero or USDT. To buy %(name)s ask our agent on Telegram; no papers are needed.")
NAMES = ["Isotonitazene", "Protonitazene", "Mephedrone", "Fentanyl", "MDMB-4en-PINACA", "Metonitazene"]
DECISIONS = ("removed", "restricted", "account-action", "rejected", "needs-information")
ANNA, BELA = "Anna Lindqvist", "Bela Ortega"


def written(wording, n):
    """Title and text of the n-th copy of a template, with names and numbers of its own."""
    name = NAMES[n % len(NAMES)]
    return name + " wholesale offer", wording % {"name": name, "n": 12 + 7 * n, "p": 40 + 15 * n}


class Desk(Hub):
    """A hub with the doors that this set goes through."""

    def __init__(self):
        super().__init__()
        self.ahead = 0

    def settings(self, more=""):
        with open(self.dir + "/listingwatch.toml", "w") as f:
            f.write('[sender]\nname = "Office for Control"\naddress = "1 Harbour Road"\ncontact = "desk@office.example.test"\n' + more)

    def timestamps(self, authority, every="24h"):
        self.settings('[timestamps]\nauthority = "%s"\nroots = "%s"\nevery = "%s"\n' % (authority.url, authority.roots, every))

    def travel(self, seconds):
        """From now on the program sees a wall clock that is ahead."""
        need(self.process is None, "the hub must be stopped before the clock is moved")
        library()
        self.ahead += seconds

    def environment(self):
        if not self.ahead:
            return None
        return dict(os.environ, LD_PRELOAD=library(), CASEWORK_AHEAD=str(self.ahead))

    def run(self, *args, ok=None, stdin=None, umask=None, timeout=60):
        done = subprocess.run([BINARY, *args], cwd=self.dir, input=stdin, capture_output=True, timeout=timeout, env=self.environment())
        if ok is not None and done.returncode not in ok:
            raise Miss("`%s` ended with %d: %s" % (" ".join(args), done.returncode, done.stderr.decode("utf-8", "replace")[-400:]))
        return done

    def said(self, *args, ok=None):
        """Exit code and everything that a command prints."""
        done = self.run(*args, ok=ok)
        return done.returncode, (done.stdout + b"\n" + done.stderr).decode("utf-8", "replace")

    def refused(self, *args, code=(2,), names=()):
        """A command is refused with one of these codes and a message that has these words."""
        ended, said = self.said(*args)
        need(ended in code, "`%s` ended with %d, not %s: %s" % (" ".join(args), ended, "/".join(map(str, code)), said[-200:]))
        need(said.strip() and "panicked" not in said, "`%s` gives no reason" % " ".join(args))
        for word in names:
            need(re.search(word, said, re.I), "`%s`: the message does not say “%s”: %s" % (" ".join(args), word, said[-300:]))
        return said

    def listed(self, *args):
        return [json.loads(l) for l in self.text("referrals", "list", "--json", "--limit", "500", *args).splitlines() if l.strip()]

    def cases(self):
        """Every case that is not queued, whether or not lists show one of a series for all."""
        rows = {c["id"]: c for c in self.listed()}
        for series in sorted({c["series"] for c in rows.values() if c.get("series")}):
            rows.update({c["id"]: c for c in self.listed("--series", series)})
        return [c for c in rows.values() if c["state"] != "queued"]

    def by_url(self):
        return {u: c for c in self.cases() for u in c["urls"]}

    def show(self, id):
        return json.loads(self.run("referrals", "show", id, "--json", ok=(0,)).stdout)

    def case(self, id, role="authority", platform="shop"):
        return json.loads(self.get("/api/v1/referrals/" + id, role, platform))

    def send(self, *ids, who=ANNA):
        """Approves and sends without a hub."""
        for id in ids:
            self.run("referrals", "approve", id, "--as", who, ok=(0,))
        self.run("referrals", "send", ok=(0,))

    def arrives(self, *ids, platform="shop"):
        """Waits until the platform's moderator may read these cases."""
        until = time.time() + 20
        while time.time() < until:
            if all(self.call("/api/v1/referrals/" + i, "moderator", platform)[0] == 200 for i in ids):
                return
            self.run("referrals", "send")
            time.sleep(0.3)
        raise Miss("approved cases did not reach the moderator")

    def outcome_of(self, id):
        """By which outcomes the archive's search finds a case."""
        found = set()
        for decision in DECISIONS:
            answer = json.loads(self.get("/api/v1/hits?limit=100&q=" + urllib.parse.quote("outcome:" + decision), "authority"))
            if any(h.get("referral") == id for h in answer["hits"]):
                found.add(decision)
        return found

    def links(self, id):
        """The paths of the notice's links: answer, contest."""
        notice = json.loads(self.notice(id))
        return [urllib.parse.urlsplit(notice[k]).path for k in ("answer", "contest")]

    def contest(self, id, statement, ok=(200, 201, 202, 204)):
        part = self.links(id)[1].rsplit("/contest/", 1)[1]
        return self.post("/api/v1/referrals/%s/contest" % id, None, {"link": part, "statement": statement}, ok=ok)

    def denied(self, path, role, codes, platform="shop", body=None, method=None, names=()):
        """A request is refused with one of these codes, and with a problem document that says why."""
        status, content = self.call(path, role, platform, body=body, method=method)
        what = "%s %s as %s" % (method or ("POST" if body is not None else "GET"), path, role)
        need(status in codes, "%s answered %d, not %s: %s" % (what, status, "/".join(map(str, codes)), content[:200].decode("utf-8", "replace")))
        try:
            problem = json.loads(content)
        except ValueError:
            raise Miss("%s: the refusal is no problem document: %s" % (what, content[:100]))
        need(str(problem.get("type", "")).startswith("urn:listingwatch:problem:") and (problem.get("detail") or problem.get("title")), "%s: the problem document says nothing: %s" % (what, content[:200]))
        for word in names:
            need(re.search(word, json.dumps(problem, ensure_ascii=False), re.I), "%s: the refusal does not say “%s”: %s" % (what, word, content[:300].decode("utf-8", "replace")))

    def routes(self):
        return json.loads(self.get("/api/openapi.json", "authority"))["paths"]

    def actions(self, role="moderator", platform="shop", of="shop"):
        """status, bytes of the record of action"""
        status, content = self.call("/api/v1/reports/actions?platform=" + of, role, platform)
        if status == 400 and role == "moderator" and of == platform:
            status, content = self.call("/api/v1/reports/actions", role, platform)
        return status, content


def leaves(value):
    """All plain values of a JSON document."""
    if isinstance(value, dict):
        for v in value.values():
            yield from leaves(v)
    elif isinstance(value, list):
        for v in value:
            yield from leaves(v)
    else:
        yield value


def keyed(value, key):
    """All values under a key of a JSON document."""
    if isinstance(value, dict):
        for k, v in value.items():
            if k == key:
                yield v
            yield from keyed(v, key)
    elif isinstance(value, list):
        for v in value:
            yield from keyed(v, key)


def walk(value):
    """All objects of a JSON document."""
    if isinstance(value, dict):
        yield value
    for v in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from walk(v)


def page_of(case, url):
    """The entry of one page in `pages` of a case."""
    pages = case.get("pages")
    if pages is None and isinstance(case.get("referral"), dict):
        pages = case["referral"].get("pages")
    need(isinstance(pages, list) and pages, "the case has no list `pages`: %s" % sorted(case))
    here = [p for p in pages if url in list(leaves(p))]
    need(len(here) == 1, "`pages` has %d entries for %s: %s" % (len(here), url, json.dumps(pages)[:300]))
    return here[0]


def looks(case, url):
    return page_of(case, url).get("state")


def answers(case, url):
    """The decisions that stand in the entry of one page."""
    return {v for v in leaves(page_of(case, url)) if v in DECISIONS}


def pair(hub, n=0, seller="Arbour Goods"):
    """One offer at two addresses, which is one case."""
    title, text = OFFERS[n]
    return [hub.site.product("/%s/%d" % (folder, n), title, text, seller=seller) for folder in ("p", "shop")]


def paired(hub, **options):
    """A platform and one case with two pages: id, addresses."""
    hub.platform(**options)
    one, two = pair(hub)
    hub.scan()
    found = hub.only_case()
    need(sorted(found["urls"]) == sorted([one, two]), "the offer at two addresses is a case with %s" % found["urls"])
    return found["id"], one, two


def one_case(hub, n=0, seller="Arbour Goods", **options):
    """A platform, one listing, one draft."""
    hub.platform(**options)
    hub.site.product("/p/1", *OFFERS[n], seller=seller)
    hub.scan()
    return hub.only_case()["id"]


def remove(hub, url):
    del hub.site.pages[url[len(hub.site.base):]]
    hub.site.front()


def until_state(hub, id, wanted, rounds=12):
    """Looks at the agreed interval of two seconds until a case has a state."""
    state = None
    for _ in range(rounds):
        time.sleep(2.3)
        hub.run("referrals", "recheck", ok=(0, 4))
        state = hub.state(id)
        if state in wanted:
            return state
    return state


def templates(hub, wording=WORDING, count=3, start=0, folder="s"):
    """Copies of a template by different sellers: their addresses."""
    out = []
    for n in range(start, start + count):
        title, text = written(wording, n)
        out.append(hub.site.product("/%s/%d" % (folder, n), title, text, seller="Trading House %s%s" % (folder.upper(), "ABCDEFGHIJ"[n]), price="%d.00" % (40 + 15 * n)))
    return out


def beside(text, number):
    """Whether a number stands near a word for waiting."""
    return re.search(r"(?<![\d.])%d(?![\d.])[^\n]{0,90}(wait|queue)|(wait|queue)[^\n]{0,90}(?<![\d.])%d(?![\d.])" % (number, number), text, re.I) is not None


def squeezed(text):
    return re.sub(r"\s+", " ", text)


FORMS = ("json", "text", "html")

# ------------------------------------------------------------------------------ (p) pages of a case

@case
def p1_each_page_has_its_own_look():
    """`pages` has an entry for each address, for authority and moderator, in the API and in `referrals show`; after a look by hand the one that is gone is `gone`, the other `live`, and nothing is confirmed [DATA, "What a page gives"; CHANGELOG: each page of a case has its own state]."""
    with Desk() as hub:
        id, one, two = paired(hub)
        hub.serve()
        hub.deliver(id)
        for role in ("authority", "moderator"):
            for url in (one, two):
                page_of(hub.case(id, role), url)
        remove(hub, one)
        hub.run("referrals", "recheck", id, ok=(0, 4))
        for door, shown in (("API", hub.case(id)), ("API for the moderator", hub.case(id, "moderator")), ("show --json", hub.show(id))):
            need(looks(shown, one) == "gone" and looks(shown, two) == "live", "%s: the pages are %s and %s" % (door, looks(shown, one), looks(shown, two)))
        text = hub.text("referrals", "show", id)
        need(one in text and two in text and re.search(r"\bgone\b", text) and re.search(r"\blive\b", text), "`referrals show` does not say which page is gone and which is live")


@case
def p2_an_answer_that_names_one_page():
    """An answer with `urls` is recorded for the page named and for no other; the case is decided once the other page has its answer too [DATA: an answer is for all pages or for those named in `urls`]."""
    with Desk() as hub:
        id, one, two = paired(hub)
        hub.serve()
        hub.deliver(id)
        hub.post("/api/v1/referrals/%s/outcome" % id, "moderator", {"decision": "removed", "reason": "illegal-content", "reference": "TS-1", "urls": [one]})
        for role in ("authority", "moderator"):
            shown = hub.case(id, role)
            need(answers(shown, one) == {"removed"} and not answers(shown, two), "%s: the pages have the answers %s and %s" % (role, answers(shown, one), answers(shown, two)))
        need(hub.state(id) not in (None, "decided", "verified-gone"), "the case is %s though one page has no answer" % hub.state(id))
        need(not hub.outcome_of(id), "the case already has the outcome %s" % hub.outcome_of(id))
        hub.post("/api/v1/referrals/%s/outcome" % id, "moderator", {"decision": "rejected", "reason": "lawful-offer", "reference": "TS-2", "urls": [two]})
        shown = hub.case(id)
        need(answers(shown, one) == {"removed"} and answers(shown, two) == {"rejected"}, "the pages have the answers %s and %s" % (answers(shown, one), answers(shown, two)))
        need(hub.state(id) == "decided", "with an answer for each page the case is %s" % hub.state(id))


@case
def p3_one_page_on_the_command_line():
    """`referrals outcome --url` records for the page named, with the hub running and not; several `--url` are taken; without it the answer is for all pages [help of referrals outcome; DATA]."""
    with Desk() as hub:
        id, one, two = paired(hub)
        hub.serve()
        hub.deliver(id)
        hub.run("referrals", "outcome", id, "removed", "--url", one, "--reference", "TS-1", "--as", BELA, ok=(0,))
        shown = hub.show(id)
        need(answers(shown, one) == {"removed"} and not answers(shown, two), "hub running: the pages have %s and %s" % (answers(shown, one), answers(shown, two)))
        hub.stop()
        hub.run("referrals", "outcome", id, "restricted", "--url", two, "--as", BELA, ok=(0,))
        shown = hub.show(id)
        need(answers(shown, one) == {"removed"} and answers(shown, two) == {"restricted"}, "no hub: the pages have %s and %s" % (answers(shown, one), answers(shown, two)))
        need(hub.state(id) == "decided", "with an answer for each page the case is %s" % hub.state(id))
    with Desk() as hub:
        id, one, two = paired(hub)
        hub.send(id)
        hub.run("referrals", "outcome", id, "restricted", "--url", one, "--url", two, "--as", BELA, ok=(0,))
        shown = hub.show(id)
        need(answers(shown, one) == answers(shown, two) == {"restricted"} and hub.state(id) == "decided", "two `--url`: %s and %s, the case is %s" % (answers(shown, one), answers(shown, two), hub.state(id)))
        hub.run("referrals", "outcome", id, "account-action", "--as", BELA, ok=(0,))
        shown = hub.show(id)
        need(answers(shown, one) == answers(shown, two) == {"account-action"}, "without `--url`: %s and %s" % (answers(shown, one), answers(shown, two)))


@case
def p4_a_file_of_answers_with_addresses():
    """`referrals outcomes` takes a column `url`, one line for each page; a line with an address that the case does not have is named, the other lines are recorded, and the exit code is 4 [help of referrals outcomes; README, exit codes; CONTRACT: 4 is a bad line]."""
    with Desk() as hub:
        id, one, two = paired(hub)
        hub.send(id)
        path = hub.save("answers.csv", ("referral,decision,reason,reference,url\n%s,removed,illegal-content,TS-1,%s\n%s,rejected,lawful-offer,TS-2,%s\n" % (id, one, id, two)).encode())
        hub.run("referrals", "outcomes", path, "--as", BELA, ok=(0,))
        shown = hub.show(id)
        need(answers(shown, one) == {"removed"} and answers(shown, two) == {"rejected"}, "the pages have the answers %s and %s" % (answers(shown, one), answers(shown, two)))
        need(hub.state(id) == "decided", "with an answer for each page the case is %s" % hub.state(id))
    with Desk() as hub:
        id, one, two = paired(hub)
        hub.send(id)
        wrong = hub.site.base + "/p/none"
        path = hub.save("answers.csv", ("referral;decision;url\n%s;removed;%s\n%s;removed;%s\n" % (id, wrong, id, two)).encode())
        code, said = hub.said("referrals", "outcomes", path, "--as", BELA)
        need(code == 4, "a file with a wrong address ended with %d: %s" % (code, said[-200:]))
        need(wrong in said or re.search(r"\bline 2\b|:2\b", said), "the wrong line is not named: %s" % said[-300:])
        shown = hub.show(id)
        need(not answers(shown, one) and answers(shown, two) == {"removed"}, "the pages have the answers %s and %s" % (answers(shown, one), answers(shown, two)))


@case
def p5_an_address_of_another_case_is_refused():
    """An answer that names an address which the case does not have is refused by the API (4xx) and the command line (exit 2), also beside a right one, with the address named and nothing recorded; an unknown key is refused by name [DATA, HTTP: unknown keys are refused; common sense]."""
    with Desk() as hub:
        hub.platform()
        one, two = pair(hub)
        other = hub.site.product("/p/other", *OFFERS[1], seller="Belmont Supply")
        hub.scan()
        rows = hub.by_url()
        id = rows[one]["id"]
        need(rows[other]["id"] != id, "two offers are one case")
        hub.serve()
        hub.deliver(id)
        hub.deliver(rows[other]["id"])
        before = hub.state(id)
        for urls in ([other], [one, other], ["https://www.example.test/p/none"], ["no address"]):
            hub.denied("/api/v1/referrals/%s/outcome" % id, "moderator", (400, 404, 422), body={"decision": "removed", "reference": "TS-WRONG", "urls": urls}, names=(r"url|address|page",))
        hub.denied("/api/v1/referrals/%s/outcome" % id, "moderator", (400, 422), body={"decision": "removed", "reference": "TS-WRONG", "url": one}, names=(r"\burl\b",))
        hub.denied("/api/v1/referrals/%s/outcome" % id, "moderator", (400, 422), body={"decision": "deleted", "reference": "TS-WRONG", "urls": [one]}, names=("removed",))
        hub.refused("referrals", "outcome", id, "removed", "--url", other, "--reference", "TS-WRONG", "--as", BELA, names=(re.escape(other),))
        hub.refused("referrals", "outcome", id, "removed", "--url", one, "--url", other, "--reference", "TS-WRONG", "--as", BELA)
        hub.stop()
        hub.refused("referrals", "outcome", id, "removed", "--url", other, "--reference", "TS-WRONG", "--as", BELA, names=(re.escape(other),))
        shown = hub.show(id)
        need(not answers(shown, one) and not answers(shown, two), "refused answers were recorded: %s and %s" % (answers(shown, one), answers(shown, two)))
        need("TS-WRONG" not in json.dumps(shown) and hub.state(id) == before, "a refused answer left traces: the case is %s, before %s" % (hub.state(id), before))
        need("TS-WRONG" not in hub.run("referrals", "show", rows[other]["id"], "--json", ok=(0,)).stdout.decode(), "the answer was recorded for the other case")


@case
def p6_different_answers_make_one():
    """Once each page has an answer the case has one: a question before all else, then removed, account-action, restricted, rejected; a case in question waits for an authority [DATA; OPERATIONS, Delivery]."""
    with Desk() as hub:
        hub.platform()
        plan = [("rejected", "removed", "removed"), ("account-action", "rejected", "account-action"), ("restricted", "account-action", "account-action"), ("needs-information", "removed", "needs-information")]
        urls = [pair(hub, n, "House %s Trading" % "ABCD"[n]) for n in range(len(plan))]
        hub.scan()
        rows = hub.by_url()
        ids = [rows[one]["id"] for one, _ in urls]
        need(len(set(ids)) == len(plan) and all(rows[two]["id"] == i for (_, two), i in zip(urls, ids)), "the offers are not one case for each pair of addresses")
        hub.serve()
        for (one, two), id, (first, second, wanted) in zip(urls, ids, plan):
            hub.deliver(id)
            for url, decision in ((one, first), (two, second)):
                hub.post("/api/v1/referrals/%s/outcome" % id, "moderator", {"decision": decision, "reason": "Written by the desk", "urls": [url]})
            found = hub.outcome_of(id)
            need(found == {wanted}, "%s and %s make %s, not %s" % (first, second, sorted(found), wanted))
        need(ids[3] in hub.text("referrals", "attention", "--json"), "the case in question is not in `referrals attention`")
        need(ids[0] not in hub.text("referrals", "attention", "--json"), "a decided case is in `referrals attention`")


@case
def p7_a_kept_page_does_not_hold_up_the_others():
    """With one page removed and gone and the other kept by the platform (`rejected`) and live, the case is verified gone after two looks at the agreed interval; the pages are `confirmed-gone` and `live` [DATA: one that the platform keeps says nothing; CHANGELOG]."""
    with Desk() as hub:
        id, one, two = paired(hub, referral='recheck = "2s"')
        hub.send(id)
        hub.run("referrals", "outcome", id, "rejected", "--url", two, "--as", BELA, ok=(0,))
        hub.run("referrals", "outcome", id, "removed", "--url", one, "--as", BELA, ok=(0,))
        remove(hub, one)
        state = until_state(hub, id, ("verified-gone",))
        shown = hub.show(id)
        need(looks(shown, one) == "confirmed-gone", "the removed page is %s" % looks(shown, one))
        need(looks(shown, two) == "live", "the kept page is %s" % looks(shown, two))
        need(state == "verified-gone", "the case is %s" % state)


@case
def p8_a_page_that_must_go_holds_up():
    """Where both pages were said to be removed and one is still there, the case is not verified gone however often it is looked at; when that page is gone too, it is [DATA: verified gone when every page is that must go]."""
    with Desk() as hub:
        id, one, two = paired(hub, referral='recheck = "2s"')
        hub.send(id)
        hub.run("referrals", "outcome", id, "removed", "--as", BELA, ok=(0,))
        remove(hub, one)
        state = until_state(hub, id, ("verified-gone",), rounds=5)
        need(state != "verified-gone", "the case is verified gone while a page that must go is live")
        shown = hub.show(id)
        need(looks(shown, one) == "confirmed-gone" and looks(shown, two) == "live", "the pages are %s and %s" % (looks(shown, one), looks(shown, two)))
        remove(hub, two)
        state = until_state(hub, id, ("verified-gone",))
        need(state == "verified-gone", "with both pages gone the case is %s" % state)
        need(looks(hub.show(id), two) == "confirmed-gone", "the second page is %s" % looks(hub.show(id), two))


@case
def p9_a_page_that_comes_back():
    """A page that is there again after its removal was verified is `back`, the other stays `confirmed-gone`, and the case is relisted or reopened and waits for an authority [DATA: `back`; OPERATIONS: relisted cases wait in `referrals attention`]."""
    with Desk() as hub:
        id, one, two = paired(hub, referral='recheck = "2s"')
        hub.send(id)
        hub.run("referrals", "outcome", id, "removed", "--as", BELA, ok=(0,))
        remove(hub, one)
        remove(hub, two)
        state = until_state(hub, id, ("verified-gone",))
        need(state == "verified-gone", "with both pages gone the case is %s" % state)
        pages = dict(hub.site.pages)
        pair(hub)
        hub.site.pages = {**pages, one[len(hub.site.base):]: hub.site.pages[one[len(hub.site.base):]]}
        hub.site.front()
        hub.scan(again=True)
        if looks(hub.show(id), one) != "back":
            until_state(hub, id, ("relisted", "reopened"), rounds=4)
        shown = hub.show(id)
        need(looks(shown, one) == "back", "the page that came back is %s" % looks(shown, one))
        need(looks(shown, two) == "confirmed-gone", "the other page is %s" % looks(shown, two))
        need(hub.state(id) in ("relisted", "reopened"), "the case is %s" % hub.state(id))
        need(id in hub.text("referrals", "attention", "--json"), "the case is not in `referrals attention`")


@case
def p10_a_repeat_changes_nothing():
    """An answer for one page sent again with its `Idempotency-Key`, also after a restart, is recorded once and answered as before; the key used again for another page does not answer that page [CONTRACT, section 4; DATA: honoured across restarts]."""
    with Desk() as hub:
        id, one, two = paired(hub)
        hub.serve()
        hub.deliver(id)
        head, path = {"Idempotency-Key": "desk-7731"}, "/api/v1/referrals/%s/outcome" % id
        body = {"decision": "removed", "reason": "illegal-content", "reference": "REF-7731", "urls": [one]}
        status, first = hub.call(path, "moderator", body=body, headers=head)
        need(status in (200, 201, 202, 204), "the answer was refused (%d): %s" % (status, first[:200]))
        once = plain(hub.get("/api/v1/referrals/" + id)).count("REF-7731")
        need(once, "the case does not show the reference")
        need(hub.call(path, "moderator", body=body, headers=head)[0] == status, "the repeat was answered otherwise")
        hub.stop()
        hub.serve()
        need(hub.call(path, "moderator", body=body, headers=head)[0] == status, "the repeat after a restart was answered otherwise")
        hub.call(path, "moderator", body=dict(body, urls=[two]), headers=head)
        shown = hub.case(id)
        need(plain(hub.get("/api/v1/referrals/" + id)).count("REF-7731") == once, "repeats stand in the case as answers of their own")
        need(answers(shown, one) == {"removed"} and not answers(shown, two), "after repeats the pages have %s and %s" % (answers(shown, one), answers(shown, two)))


@case
def p11_ticks_behind_the_link():
    """The page behind the notice's link to answer has a tick for each page of the case; an answer with one tick is for that page only [DATA: ticks behind the link]."""
    with Desk() as hub:
        id, one, two = paired(hub)
        hub.serve()
        hub.deliver(id)
        browser = Browser(hub)
        status, page, _ = browser.open(hub.links(id)[0])
        need(status == 200, "the link to answer gives %d" % status)
        forms = [f for f in page.forms if any(c["value"] == "removed" for c in f["controls"])]
        need(forms, "the page has no form with the decision `removed`")
        boxes = [c for c in forms[0]["controls"] if c["kind"] == "checkbox"]
        for url in (one, two):
            need(any(url in c["value"] or url in c["near"] for c in boxes), "no tick for %s: %s" % (url, [(c["name"], c["value"], squeezed(c["near"])) for c in boxes]))
        status, after, _ = browser.submit(forms[0], decision="removed", tick=lambda c: two in c["value"] or two in c["near"])
        need(status == 200, "the answer was refused (%d): %s" % (status, after.text[:200]))
        shown = hub.case(id)
        need(answers(shown, two) == {"removed"} and not answers(shown, one), "the ticked page has %s, the other %s" % (answers(shown, two), answers(shown, one)))


# --------------------------------------------------------------------------------------- (s) series

def series_of(rows, urls):
    """The one series of these addresses, each of a case of its own."""
    ids = {rows[u]["id"] for u in urls if u in rows}
    need(len(ids) == len(urls), "%d addresses are %d cases" % (len(urls), len(ids)))
    series = {rows[u].get("series") for u in urls}
    need(len(series) == 1 and None not in series, "copies of one template have the series %s" % sorted(map(str, series)))
    return series.pop()


@case
def s1_templates_are_one_series_and_other_wordings_are_not():
    """A template with other names, numbers and sellers is one series (`S-…`) with a case each; another wording of the same substances is another series; `referrals list --series` lists all of one [DATA, Records: series; help of referrals list]."""
    with Desk() as hub:
        hub.platform()
        first, second = templates(hub), templates(hub, OTHER_WORDING, folder="t")
        hub.scan()
        rows = hub.by_url()
        a, b = series_of(rows, first), series_of(rows, second)
        need(a.startswith("S-") and b.startswith("S-"), "the series are called %s and %s" % (a, b))
        need(a != b, "two wordings are one series")
        for series, urls in ((a, first), (b, second)):
            listed = {u for c in hub.listed("--series", series) for u in c["urls"]}
            need(listed == set(urls), "`referrals list --series` lists %s" % sorted(listed))
            shown = json.loads(hub.run("referrals", "show", rows[urls[0]]["id"], "--json", ok=(0,)).stdout)
            need(series in list(keyed(shown, "series")) or series in json.dumps(shown), "`referrals show` does not name the series")


@case
def s2_a_series_belongs_to_one_platform():
    """The same template on two platforms is two series, and `GET /series/{id}` lists the cases of its own only [DATA: cases of a platform whose listings have the same wording]."""
    with Desk() as hub:
        for id in ("north-market", "south-market"):
            hub.platform(id, own=False, uses=["referral"])
        hub.serve()
        for k, id in enumerate(("north-market", "south-market")):
            rows = []
            for n in range(3):
                title, text = written(WORDING, n + 3 * k)
                rows.append({"id": "L%d" % n, "title": title, "text": text, "url": "https://%s.example.test/p/%d" % (id, n), "seller": "House %s%d" % (id, n)})
            hub.push(rows, id)
        cases = hub.cases()
        sides = {p: [c for c in cases if c["platform"] == p] for p in ("north-market", "south-market")}
        need(all(len(s) == 3 for s in sides.values()), "the cases are %s" % {p: len(s) for p, s in sides.items()})
        found = {p: {c.get("series") for c in s} for p, s in sides.items()}
        need(all(len(f) == 1 and None not in f for f in found.values()), "the series are %s" % found)
        need(found["north-market"] != found["south-market"], "two platforms share a series")
        answer = hub.get("/api/v1/series/" + found["north-market"].pop()).decode()
        for p, side in sides.items():
            for c in side:
                need((c["id"] in answer) == (p == "north-market"), "`GET /series` of north-market %s the case %s of %s" % ("has" if c["id"] in answer else "lacks", c["id"], p))


@case
def s3_a_series_is_approved_and_each_case_has_its_own_notice():
    """`POST /series/{id}/approve` sends a notice for each case of it, with its own number and address and nobody else's; `/dismiss` ends the drafts of another; a third stays as it is [DATA; CHANGELOG: each case keeps its own notice]."""
    with Desk() as hub:
        hub.platform()
        first, second = templates(hub), templates(hub, OTHER_WORDING, folder="t")
        alone = hub.site.product("/p/9", *OFFERS[3], seller="Corvid Trade")
        hub.scan()
        rows = hub.by_url()
        a, b = series_of(rows, first), series_of(rows, second)
        hub.serve()
        hub.post("/api/v1/series/%s/approve" % a, "authority")
        ids = [rows[u]["id"] for u in first]
        hub.arrives(*ids)
        numbers = set()
        for url, id in zip(first, ids):
            notice = json.loads(hub.notice(id, "json", "moderator"))
            need(notice["urls"] == [url] and notice["number"].startswith(id + "/"), "the notice of %s has the number %s and names %s" % (id, notice["number"], notice["urls"]))
            numbers.add(notice["number"])
            text = hub.notice(id, "text").decode()
            need(not [u for u in first if u != url and u in text], "the notice of one case names the address of another")
            need(hub.verifies(id + ".txt", hub.notice(id, "text")), "the notice of %s does not verify" % id)
        need(len(numbers) == len(first), "the notices have the numbers %s" % numbers)
        need({hub.state(rows[u]["id"]) for u in second + [alone]} == {"drafted"}, "cases of another wording changed: %s" % {hub.state(rows[u]["id"]) for u in second + [alone]})
        hub.post("/api/v1/series/%s/dismiss" % b, "authority", {"reason": "Training material of the customs school"})
        need({hub.state(rows[u]["id"]) for u in second} == {"dismissed"}, "after dismissal: %s" % [hub.state(rows[u]["id"]) for u in second])
        need(hub.state(rows[alone]["id"]) == "drafted", "a case outside the series was dismissed")
        need(all("customs school" in json.dumps(hub.case(rows[u]["id"])) for u in second), "the cases do not say why they were dismissed")


@case
def s4_series_on_the_command_line():
    """`referrals approve --series` and `dismiss --series` decide on every draft of a series without a hub, leave held cases and other series alone, and the log names who did it for each case [help: every draft of this series; DATA, Actors]."""
    with Desk() as hub:
        hub.platform()
        first, second = templates(hub, count=4), templates(hub, OTHER_WORDING, folder="t")
        hub.scan()
        rows = hub.by_url()
        a, b = series_of(rows, first), series_of(rows, second)
        held = rows[first[0]]["id"]
        hub.run("referrals", "hold", held, "--reason", "Another office works on it", "--as", BELA, ok=(0,))
        hub.run("referrals", "approve", "--series", a, "--as", ANNA, ok=(0,))
        hub.run("referrals", "send", ok=(0,))
        states = [hub.state(rows[u]["id"]) for u in first]
        need(states[0] == "held", "the held case is %s" % states[0])
        need(set(states[1:]) <= {"approved", "sent", "delivered"}, "the approved cases are %s" % states[1:])
        need({hub.state(rows[u]["id"]) for u in second} == {"drafted"}, "another series changed")
        hub.run("referrals", "dismiss", "--series", b, "--reason", "A museum", "--as", BELA, ok=(0,))
        need({hub.state(rows[u]["id"]) for u in second} == {"dismissed"}, "after dismissal: %s" % [hub.state(rows[u]["id"]) for u in second])
        log = [json.loads(l) for l in hub.text("audit", "list", "--limit", "200", "--json").splitlines() if l.strip()]
        log = log[0] if len(log) == 1 and isinstance(log[0], list) else log
        for url in first[1:]:
            need(any(rows[url]["id"] in json.dumps(e) and ANNA in json.dumps(e, ensure_ascii=False) for e in log), "the log does not say who approved %s" % rows[url]["id"])


@case
def s5_one_answer_for_a_series():
    """A moderator's `POST /series/{id}/outcome` answers every case of it that was sent to the platform and no draft; each case then shows the answer [DATA: `/outcome` answers all of them; OPERATIONS, Roles: drafts are not the moderator's]."""
    with Desk() as hub:
        hub.platform()
        urls = templates(hub, count=4)
        hub.scan()
        rows = hub.by_url()
        series = series_of(rows, urls)
        ids = [rows[u]["id"] for u in urls]
        hub.serve()
        for id in ids[:3]:
            hub.run("referrals", "approve", id, "--as", ANNA, ok=(0,))
        hub.arrives(*ids[:3])
        hub.post("/api/v1/series/%s/outcome" % series, "moderator", {"decision": "removed", "reason": "illegal-content", "reference": "TS-SERIES"})
        need([hub.state(i) for i in ids] == ["decided"] * 3 + ["drafted"], "the states are %s" % [hub.state(i) for i in ids])
        for id, url in zip(ids[:3], urls):
            shown = hub.case(id, "moderator")
            need(answers(shown, url) == {"removed"} and "TS-SERIES" in json.dumps(shown), "the case %s does not show the answer" % id)
        need("TS-SERIES" not in json.dumps(hub.case(ids[3])), "a draft has the platform's answer")


@case
def s6_who_may_see_a_series():
    """Before approval a moderator learns nothing of a series; after one of three was sent, of that one only; moderators of other platforms get 404, researchers 403, nobody 401; only authorities approve or dismiss [OPERATIONS, Roles]."""
    with Desk() as hub:
        hub.platform()
        hub.platform("other", own=False, uses=["referral"])
        urls = templates(hub)
        hub.scan()
        rows = hub.by_url()
        series = series_of(rows, urls)
        ids = [rows[u]["id"] for u in urls]
        hub.serve()
        path = "/api/v1/series/" + series
        need(all(i in hub.get(path).decode() for i in ids), "the authority does not see all cases of the series")
        status, content = hub.call(path, "moderator")
        need(status in (403, 404) or not any(w in plain(content) for w in ids + urls), "before approval the moderator reads %s" % content[:200])
        hub.deliver(ids[0])
        for place, text in hub.everything("moderator", ids[0]) + [(path, plain(hub.call(path, "moderator")[1]))]:
            for word in ids[1:] + urls[1:]:
                need(word not in text, "the moderator reads %s at %s" % (word, place))
        hub.denied(path, "moderator", (404,), platform="other")
        hub.denied(path, "researcher", (403,))
        hub.denied(path, None, (401,))
        for verb, body in (("approve", None), ("dismiss", {"reason": "Because"})):
            hub.denied("%s/%s" % (path, verb), "moderator", (403, 404), body=body, method="POST")
            hub.denied("%s/%s" % (path, verb), "researcher", (403,), body=body, method="POST")
        hub.denied(path + "/outcome", "moderator", (403, 404), platform="other", body={"decision": "removed"})
        hub.denied(path + "/outcome", "researcher", (403,), body={"decision": "removed"})
        need([hub.state(i) for i in ids[1:]] == ["drafted", "drafted"] and not hub.outcome_of(ids[0]), "refused requests had an effect")


@case
def s7_the_inbox_shows_one_for_all():
    """The console's inbox shows one draft of a series with "and N more with this wording", which leads to all of them, and one whose wording is its own beside it [OPERATIONS, Console]."""
    with Desk() as hub:
        hub.platform()
        urls = templates(hub, count=6)
        alone = hub.site.product("/p/9", *OFFERS[3], seller="Corvid Trade")
        hub.scan()
        rows = hub.by_url()
        series_of(rows, urls)
        ids = [rows[u]["id"] for u in urls]
        hub.serve()
        browser = Browser(hub)
        browser.sign_in("authority")
        for path, page in browser.tour():
            link = [h for h, words in page.links if re.search(r"\b5 more\b", words)]
            if link:
                break
        else:
            raise Miss("no page says “and 5 more with this wording” as a link")
        linked = " ".join(h for h, _ in page.links)
        need(sum(i in linked for i in ids) == 1, "the inbox lists %d of the series" % sum(i in linked for i in ids))
        need(rows[alone]["id"] in linked, "the case with a wording of its own is not in the inbox")
        status, opened, content = browser.open(urllib.parse.urljoin(hub.url + path, link[0]))
        need(status == 200, "the link to the series gives %d" % status)
        absent = [i for i in ids if i not in content.decode("utf-8", "replace")]
        need(not absent, "the page of the series lacks %s" % absent)


# ---------------------------------------------------------------------------------------- (q) queue

@case
def q1_the_hourly_limit_holds_and_nothing_is_lost():
    """With `cases_per_hour = 2` six cases are two drafts and four queued, also after another scan; every address is in one of them; the scan is complete; a moderator sees none of the queued [DATA: cases_per_hour; CONTRACT: complete; OPERATIONS, Roles]."""
    steady()
    with Desk() as hub:
        hub.platform(referral="cases_per_hour = 2")
        urls = {hub.site.product("/p/%d" % n, *offer, seller="House %s Trading" % "ABCDEF"[n]) for n, offer in enumerate(OFFERS)}
        scan = hub.scan()
        need(scan["platforms"][0]["coverage"]["complete"], "the scan is not complete: %s" % json.dumps(scan)[:300])
        for again in (False, True):
            if again:
                hub.scan(again=True)
            drafts, queued = hub.cases(), hub.listed("--state", "queued")
            need(len(drafts) == 2 and {c["state"] for c in drafts} == {"drafted"}, "%d cases are listed: %s" % (len(drafts), [c["state"] for c in drafts]))
            need(len(queued) == 4 and {c["state"] for c in queued} == {"queued"}, "%d cases are listed as queued" % len(queued))
            held = [u for c in drafts + queued for u in c["urls"]]
            need(sorted(held) == sorted(urls), "addresses lost or doubled: %s" % sorted(held))
        need("queued" not in {c["state"] for c in hub.listed()}, "the list shows queued cases without being asked")
        hub.serve()
        hub.deliver(drafts[0]["id"])
        for c in queued:
            hub.denied("/api/v1/referrals/" + c["id"], "moderator", (404,))
        for place, text in hub.everything("moderator", drafts[0]["id"]):
            need(not any(c["id"] in text for c in queued), "the moderator reads of a queued case at %s" % place)


@case
def q2_the_number_that_waits_is_said():
    """`referrals list`, `doctor`, `/metrics` and the console's inbox say that four cases wait [DATA: inbox, `/metrics`, `doctor` and `referrals list` say how many wait]."""
    steady()
    with Desk() as hub:
        hub.platform(referral="cases_per_hour = 2")
        for n, offer in enumerate(OFFERS):
            hub.site.product("/p/%d" % n, *offer, seller="House %s Trading" % "ABCDEF"[n])
        hub.scan()
        absent = []
        for name, command in (("referrals list", ("referrals", "list")), ("doctor", ("doctor",)), ("doctor --json", ("doctor", "--json"))):
            if not beside(hub.said(*command)[1], 4):
                absent.append(name)
        hub.serve()
        if not re.search(r"(?m)^[^#\n]*(queued|waiting)[^\n]*\s4(\.0)?$", hub.get("/metrics").decode()):
            absent.append("/metrics")
        browser = Browser(hub)
        browser.sign_in("authority")
        if not any(beside(page.text, 4) for _, page in browser.tour()):
            absent.append("the console")
        need(not absent, "nothing says that four cases wait in: %s" % ", ".join(absent))


@case
def q3_opened_when_their_hour_comes_the_strongest_first():
    """In each later hour `referrals send` opens as many as the limit allows: `refer` before `review`, the higher score first, until none waits; each can then be approved (date moved) [DATA: it is opened later, by `dispatch` or `referrals send`]."""
    library()
    steady()
    with Desk() as hub:
        hub.platform(referral="cases_per_hour = 1")
        offers = OFFERS[:2] + [PLAIN_OFFER] + OFFERS[2:4]
        urls = {hub.site.product("/p/%d" % n, *offer, seller="House %s Trading" % "ABCDE"[n]): offer for n, offer in enumerate(offers)}
        lines = "".join(json.dumps({"id": u, "title": t, "text": x}) + "\n" for u, (t, x) in urls.items())
        verdicts = {v["id"]: v["verdict"] for v in map(json.loads, hub.run("screen", "-", stdin=lines.encode(), ok=(0,)).stdout.decode().splitlines())}
        hub.scan()
        need(len(hub.cases()) == 1 and len(hub.listed("--state", "queued")) == 4, "%d opened, %d queued" % (len(hub.cases()), len(hub.listed("--state", "queued"))))
        hub.run("referrals", "send", ok=(0,))
        need(len(hub.cases()) == 1, "`referrals send` opened a case beyond the hour's limit")
        strength = lambda c: (verdicts[c["urls"][0]] == "refer", c["score"])
        known = {c["id"] for c in hub.cases()}
        for hour in range(4):
            waiting = {c["id"]: c for c in hub.listed("--state", "queued")}
            hub.travel(3700)
            hub.run("referrals", "send", ok=(0,))
            opened = [c for c in hub.cases() if c["id"] not in known]
            need(len(opened) == 1, "in hour %d %d cases were opened" % (hour + 1, len(opened)))
            best = max(strength(c) for c in waiting.values())
            need(strength(waiting[opened[0]["id"]]) == best, "opened was %s, the strongest that waited %s" % (strength(waiting[opened[0]["id"]]), best))
            known.add(opened[0]["id"])
        need(not hub.listed("--state", "queued") and {u for c in hub.cases() for u in c["urls"]} == set(urls), "cases were lost: %s" % [c["urls"] for c in hub.cases()])
        refers = [c["id"] for c in hub.cases() if verdicts[c["urls"][0]] == "refer"]
        hub.send(*refers)


# ------------------------------------------------------------------- (l) the pages behind the links

ENGLISH = r"\b(removed|restricted|suspended|not a violation|need more information|send|submit|answer|contest|reason|reference|statement|decision|the|your|this)\b"
COMMON = {"de": r"\b(und|der|die|das|den|Sie|nicht|ist|wurde|ein|eine|zu|für)\b", "fr": r"\b(le|la|les|des|du|vous|une|est|pas|et|pour|sur)\b", "ar": r"[\u0621-\u064a]{2,}"}


def speaks(page, code, what, least=8):
    """Whether a page is in the notice's language."""
    need((page.lang or "").lower().split("-")[0] == code, "%s: the page says that its language is %s" % (what, page.lang))
    if code == "ar":
        need((page.dir or "").lower() == "rtl", "%s: the page is not written from right to left" % what)
    if code != "en":
        words = re.sub(r"https?://\S+", "", page.text)
        need(len(re.findall(COMMON[code], words)) >= least, "%s: hardly a word of %s: %s" % (what, code, words[:200]))
        english = [s for s in page.signs if re.search(ENGLISH, re.sub(r"https?://\S+", "", s), re.I) or s.strip() in DECISIONS]
        need(not english, "%s: English on the page: %s" % (what, english[:6]))


def links_speak(code):
    with Desk() as hub:
        id = one_case(hub, referral='language = "%s"' % code)
        hub.serve()
        hub.deliver(id)
        need(json.loads(hub.notice(id))["language"] == code, "the notice is in another language")
        browser = Browser(hub)
        for what, path in zip(("answer", "contest"), hub.links(id)):
            status, page, _ = browser.open(path)
            need(status == 200, "the link to %s gives %d" % (what, status))
            speaks(page, code, what)
            need([f for f in page.forms if f["method"] == "post"], "%s: the page has no form" % what)
        answer, _ = hub.links(id)
        _, page, _ = browser.open(answer)
        form = [f for f in page.forms if any(c["value"] == "restricted" for c in f["controls"])]
        need(form, "the page has no decision to choose")
        status, after, _ = browser.submit(form[0], decision="restricted")
        need(status == 200, "the answer was refused (%d): %s" % (status, after.text[:200]))
        speaks(after, code, "the page after the answer", least=3)
        need(hub.outcome_of(id) == {"restricted"}, "the answer by link made %s" % hub.outcome_of(id))


@case
def l1_german():
    """Behind the links of a German notice the pages are German: language, controls, names of decisions, also after an answer, which counts [CHANGELOG: the pages behind a notice's links speak its language]."""
    links_speak("de")


@case
def l2_french():
    """Behind the links of a French notice the pages are French: language, controls, names of decisions, also after an answer, which counts [CHANGELOG: the pages behind a notice's links speak its language]."""
    links_speak("fr")


@case
def l3_arabic():
    """Behind the links of an Arabic notice the pages are Arabic and written from right to left, also after an answer, which counts [CHANGELOG: the pages behind a notice's links speak its language; common sense: direction]."""
    links_speak("ar")


@case
def l4_the_platform_sees_the_whole_notice():
    """The page behind the link to answer shows all of the notice: number, addresses, title, substance and its ground, evidence digests, agreement and sender [CHANGELOG: to the platform all of it]."""
    with Desk() as hub:
        id, one, two = paired(hub)
        hub.serve()
        hub.deliver(id)
        notice = json.loads(hub.notice(id))
        _, page, _ = Browser(hub).open(hub.links(id)[0])
        wanted = [notice["number"], one, two, notice["title"], "Isotonitazene", "1961", "Agreement 7", "Office for Control", "1 Harbour Road", "desk@office.example.test"]
        wanted += [v for v in leaves(notice["evidence"]) if isinstance(v, str) and v.startswith("sha256:")]
        absent = [w for w in wanted if w not in page.text]
        need(not absent, "the page lacks %s" % absent)


@case
def l5_an_affected_party_sees_the_listing_and_the_sender_only():
    """The page behind the link to contest shows the listing, what is said of it and who sent it; it has neither who decided, nor the platform's link to answer, nor what the platform answered, nor why a case was held [CHANGELOG: to an affected party what it says of the listing and who sent it]."""
    with Desk() as hub:
        id = one_case(hub)
        hub.run("referrals", "hold", id, "--reason", "Operation Lapwing", "--as", BELA, ok=(0,))
        hub.run("referrals", "release", id, "--as", BELA, ok=(0,))
        hub.serve()
        hub.deliver(id)
        hub.post("/api/v1/referrals/%s/outcome" % id, "moderator", {"decision": "restricted", "reason": "Internal ticket of the trust desk", "reference": "DESK-0042"})
        answer, contest = hub.links(id)
        status, page, content = Browser(hub).open(contest)
        need(status == 200, "the link to contest gives %d" % status)
        raw = html.unescape(content.decode("utf-8", "replace"))
        url = hub.site.base + "/p/1"
        absent = [w for w in ("Isotonitazene", url, "Office for Control") if w not in page.text]
        need(not absent, "the page lacks %s" % absent)
        part = answer.rsplit("/", 1)[1]
        told = [w for w in (ANNA, BELA, "Lindqvist", "/answer/", part, part.rsplit(".", 1)[1], "Internal ticket", "DESK-0042", "Lapwing", "owner-of-moderator") if w in raw]
        need(not told, "an affected party reads %s" % told)


@case
def l6_nothing_to_answer_any_more():
    """After a withdrawal both pages say in the notice's language that nothing can be answered or contested, offer no form, and what is sent all the same is refused and changes nothing [CHANGELOG: where nothing can be answered or contested any more they say so]."""
    for code in ("en", "de"):
        with Desk() as hub:
            id = one_case(hub, referral='language = "%s"' % code)
            hub.serve()
            hub.deliver(id)
            answer, contest = hub.links(id)
            browser = Browser(hub)
            forms = {}
            for path in (answer, contest):
                _, page, _ = browser.open(path)
                forms[path] = [f for f in page.forms if f["method"] == "post"]
                need(forms[path], "%s: no form while the case is open" % path.split("/")[1])
            hub.run("referrals", "withdraw", id, "--reason", "The picture was misread", "--as", BELA, ok=(0,))
            for path in (answer, contest):
                status, page, _ = browser.open(path)
                what = "%s in %s" % (path.split("/")[1], code)
                need(status in (200, 404, 409, 410), "%s: the page answers %d" % (what, status))
                need(not [f for f in page.forms if any(c["kind"] in ("textarea", "radio", "submit") for c in f["controls"])], "%s: a form is offered" % what)
                speaks(page, code, what, least=3)
                if code == "en":
                    need(re.search(r"withdrawn|taken back|closed|no longer|not any more|cannot|can no|nothing", page.text, re.I), "%s: the page does not say so: %s" % (what, page.text[:300]))
                fitting = [f for f in forms[path] if path == contest or any(c["value"] == "removed" for c in f["controls"])]
                browser.at = path
                status, _, _ = browser.submit(fitting[0], decision="removed" if path == answer else None, words="We never offered this.")
                need(hub.state(id) == "withdrawn", "%s: what was sent made the case %s" % (what, hub.state(id)))
            status, _ = hub.call("/api/v1/referrals/%s/contest" % id, None, body={"link": contest.rsplit("/", 1)[1], "statement": "We never offered this."})
            need(400 <= status < 500, "the API took a contest of a withdrawn case (%d)" % status)
            need("never offered" not in json.dumps(hub.case(id)), "the refused contest is on record")


@case
def l7_a_link_serves_one_purpose_and_looking_changes_nothing():
    """A link that was altered, or used for the other purpose or another case, is refused and tells nothing of the listing; fetching a right one (also by HEAD, as mail scanners do) changes neither state nor answers [DATA, HTTP: signed links; common sense]."""
    with Desk() as hub:
        hub.platform()
        urls = [hub.site.product("/p/%d" % n, *OFFERS[n], seller="House %s Trading" % "AB"[n]) for n in range(2)]
        hub.scan()
        rows = hub.by_url()
        ids = [rows[u]["id"] for u in urls]
        hub.serve()
        for id in ids:
            hub.deliver(id)
        answer, contest = hub.links(ids[0])
        a, c = answer.rsplit("/", 1)[1], contest.rsplit("/", 1)[1]
        named, end, mac = c.split(".")
        later = "%s.%d.%s" % (named, int(end) + 86400, mac)

        def altered(part):
            at = part.rindex(".") + 6
            return part[:at] + ("A" if part[at] not in "Aa" else "B") + part[at + 1:]
        browser = Browser(hub)
        for path in ("/answer/" + c, "/contest/" + a, "/answer/" + altered(a), "/contest/" + altered(c), "/contest/" + later, "/contest/" + c.replace(ids[0], ids[1]), "/answer/" + a.replace(ids[0], ids[1])):
            if path in (answer, contest):
                continue
            status, page, _ = browser.open(path)
            need(400 <= status < 500, "%s answers %d" % (path, status))
            need("sotonitazene" not in page.text and "ephedrone" not in page.text and not any(u in page.text for u in urls), "%s tells of the listing" % path)
        status, _ = hub.call("/api/v1/referrals/%s/contest" % ids[0], None, body={"link": a, "statement": "We never offered this."})
        need(400 <= status < 500, "the link to answer contests (%d)" % status)
        before = hub.state(ids[0]), json.dumps(hub.case(ids[0]).get("pages")), json.dumps(hub.case(ids[0]).get("story"))
        for path in (answer, contest):
            hub.call(path, method="HEAD")
            browser.open(path)
            browser.open(path)
        need((hub.state(ids[0]), json.dumps(hub.case(ids[0]).get("pages")), json.dumps(hub.case(ids[0]).get("story"))) == before, "looking at the links changed the case")


# ------------------------------------------------------------------- (w) what affected parties write

STATEMENT = "The quagmire lantern 4471 in the picture is an exhibit of our museum and was never for sale."


@case
def w1_shown_at_every_door():
    """What an affected party wrote is in the API (`story`), in `referrals show` and its JSON with a hub and without, and on the console's page of the case [CHANGELOG: a case shows what was said in it (console, API `story`, `referrals show`)]."""
    with Desk() as hub:
        id = one_case(hub)
        hub.serve()
        hub.deliver(id)
        hub.contest(id, STATEMENT)
        browser = Browser(hub)
        browser.sign_in("authority")
        doors = {"API": json.dumps(hub.case(id).get("story")), "show": hub.text("referrals", "show", id), "show --json": json.dumps(hub.show(id)), "console": browser.case_page(id)[0].text}
        hub.stop()
        doors["show without a hub"] = hub.text("referrals", "show", id)
        doors["show --json without a hub"] = json.dumps(hub.show(id))
        absent = [d for d, text in doors.items() if STATEMENT not in squeezed(text)]
        need(not absent, "the statement is not shown in: %s" % ", ".join(absent))
        need(id in hub.text("referrals", "attention", "--json"), "the contested case does not wait for an authority")


@case
def w2_the_audit_log_has_its_digest_only():
    """The audit log, by command, API and file, has the SHA-256 of what was written and not the words; nor have record of action, export or a researcher's answers; the chain verifies [OPERATIONS, Personal data; DATA: `statements`]."""
    with Desk() as hub:
        id = one_case(hub)
        hub.serve()
        hub.deliver(id)
        hub.contest(id, STATEMENT)
        log = {"audit list": hub.text("audit", "list", "--limit", "500"), "audit list --json": plain(hub.run("audit", "list", "--limit", "500", "--json", ok=(0,)).stdout), "API": plain(hub.get("/api/v1/audit"))}
        kept = digest_of(STATEMENT.encode()) | {base64.b64encode(hashlib.sha256(STATEMENT.encode()).digest()).decode()}
        need(any(d.split(":")[-1].rstrip("=") in log["audit list --json"] for d in kept), "the log does not have the digest of the statement")
        log["report actions"] = hub.text("report", "actions", "shop")
        log["export"] = hub.text("export", "--format", "jsonl")
        log.update({"researcher: " + p: t for p, t in hub.everything("researcher", id)})
        hub.stop()
        folder = os.path.join(hub.dir, "data", "audit")
        for name in os.listdir(folder) if os.path.isdir(folder) else []:
            with open(os.path.join(folder, name), "rb") as f:
                log["data/audit/" + name] = f.read().decode("utf-8", "replace")
        told = [d for d, text in log.items() if "quagmire" in text]
        need(not told, "the words stand in: %s" % ", ".join(told))
        hub.run("audit", "verify", ok=(0,))


@case
def w3_erased_by_retention_erase():
    """`retention erase` deletes what an affected party wrote from every door and from the files of the data directory; the log still verifies and the case can still be shown [OPERATIONS: `retention erase` deletes the words; common sense: erased is not hidden]."""
    with Desk() as hub:
        id = one_case(hub)
        hub.serve()
        hub.deliver(id)
        hub.contest(id, STATEMENT)
        need("quagmire" in hub.text("referrals", "show", id), "the statement was not on record, so nothing was tested")
        hub.run("retention", "erase", id, "--as", BELA, ok=(0,))
        browser = Browser(hub)
        browser.sign_in("authority")
        doors = {"API": plain(hub.get("/api/v1/referrals/" + id)), "show": hub.text("referrals", "show", id), "show --json": json.dumps(hub.show(id)), "console": browser.case_page(id)[0].text}
        told = [d for d, text in doors.items() if "quagmire" in text]
        need(not told, "the words are still shown in: %s" % ", ".join(told))
        hub.stop()
        hub.run("audit", "verify", ok=(0,))
        held = []
        for folder, _, names in os.walk(os.path.join(hub.dir, "data")):
            for name in names:
                path = os.path.join(folder, name)
                if os.path.isfile(path) and not os.path.islink(path):
                    with open(path, "rb") as f:
                        if b"quagmire lantern" in f.read():
                            held.append(os.path.relpath(path, hub.dir))
        need(not held, "the words are still in the files %s" % held)


@case
def w4_written_by_the_form_behind_the_link():
    """The form behind a German notice's link to contest takes a statement, answers in German and makes the case contested; an empty statement is refused by form and API and changes nothing; a second person decides [CONTRACT: contest; CHANGELOG]."""
    with Desk() as hub:
        id = one_case(hub, referral='language = "de"')
        hub.serve()
        hub.deliver(id)
        before = hub.state(id)
        contest = hub.links(id)[1]
        browser = Browser(hub)
        _, page, _ = browser.open(contest)
        forms = [f for f in page.forms if any(c["kind"] == "textarea" for c in f["controls"])]
        need(forms, "the page has no place to write")
        for empty in ("", "   \n "):
            browser.at = contest
            status, after, _ = browser.submit(forms[0], words=empty)
            need(hub.state(id) == before, "an empty statement by form (%d) made the case %s" % (status, hub.state(id)))
            hub.denied("/api/v1/referrals/%s/contest" % id, None, (400, 422), body={"link": contest.rsplit("/", 1)[1], "statement": empty})
        browser.at = contest
        status, after, _ = browser.submit(forms[0], words="Das Glas ist leer.\r\n" + STATEMENT)
        need(status == 200, "the statement was refused (%d): %s" % (status, after.text[:200]))
        speaks(after, "de", "the page after the contest", least=3)
        need(hub.state(id) == "contested", "the case is %s" % hub.state(id))
        need("Das Glas ist leer." in hub.text("referrals", "show", id) and "quagmire lantern" in hub.text("referrals", "show", id), "`referrals show` lacks what was written")
        hub.refused("referrals", "uphold", id, "--as", ANNA, code=(5,))
        hub.run("referrals", "uphold", id, "--as", BELA, ok=(0,))
        need(hub.state(id) != "contested", "the contest is still open after it was decided")


# ----------------------------------------------------------------------------------- (t) trusted time

def stamps(hub):
    """The kept files with their replies: [(file, reply)]."""
    folder = os.path.join(hub.dir, "data", "timestamps")
    names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    out = []
    for name in names:
        if name.endswith(".tsr"):
            data = [n for n in names if n != name and n.rsplit(".", 1)[0] == name[:-4]]
            need(len(data) == 1, "beside %s stand the files %s" % (name, data))
            out.append((os.path.join(folder, data[0]), os.path.join(folder, name)))
    return out


def content_of(path):
    with open(path, "rb") as f:
        return f.read()


def stamped(hub, tsa):
    """A case that was sent, with a timestamp after it: its id."""
    hub.timestamps(tsa)
    id = one_case(hub)
    hub.send(id)
    hub.run("audit", "timestamp", ok=(0,))
    return id


@case
def t1_what_is_stamped_and_how_anybody_checks_it():
    """`audit timestamp` asks the authority with a digest and nothing else, and keeps the signed end of the log and the digests of captured pages, each with a reply that `openssl ts -verify` accepts as the documents say; `audit verify` finds all in order and says so [OPERATIONS, Trusted time; DATA, `timestamps/`]."""
    with Authority() as tsa, Desk() as hub:
        stamped(hub, tsa)
        kept = stamps(hub)
        names = [os.path.basename(d) for d, _ in kept]
        need(sum(bool(re.fullmatch(r"log-\d+\.json", n)) for n in names) == 1 and sum(bool(re.fullmatch(r"captures-.+\.txt", n)) for n in names) == 1, "kept are %s" % names)
        need(set(tsa.types) == {"application/timestamp-query"}, "the queries have the types %s" % set(tsa.types))
        for data, reply in kept:
            need(tsa.holds(data, reply), "openssl refuses %s" % os.path.basename(reply))
            digest = hashlib.sha256(content_of(data)).digest()
            need(any(digest in q for q in tsa.asked), "no query has the SHA-256 of %s" % os.path.basename(data))
        need(all(len(q) < 160 and b"example" not in q and b"sotoni" not in q for q in tsa.asked), "a query holds more than a digest: %s" % [len(q) for q in tsa.asked])
        json.loads(content_of([d for d, _ in kept if d.endswith(".json")][0]))
        captures = content_of([d for d, _ in kept if d.endswith(".txt")][0]).decode()
        hits = [json.loads(l) for l in hub.text("export", "--format", "jsonl").splitlines() if l.strip()]
        digests = {v for h in hits for v in leaves(h) if isinstance(v, str) and v.startswith("sha256:")}
        need(not digests or any(d.split(":")[1].rstrip("=") in captures for d in digests), "the file of captures does not have the digest of the hit: %s" % captures[:200])
        need(re.search(r"sha256:", captures), "the file of captures has no digest: %s" % captures[:200])
        code, said = hub.said("audit", "verify")
        need(code == 0 and re.search(r"timestamp", said, re.I), "`audit verify` ended with %d and said: %s" % (code, said[-300:]))
        hub.run("audit", "timestamp", ok=(0,))
        need(all(tsa.holds(d, r) for d, r in stamps(hub)), "after a second timestamp openssl refuses a reply")
        hub.run("audit", "verify", ok=(0,))


@case
def t2_tampering_with_each_kept_file_shows():
    """Each kept file and each reply, changed by one bit, emptied or removed, and replies exchanged, make `audit verify` end with 1 and name the file; put back, all is well [OPERATIONS: `audit verify` checks each file and reply, exit 1 where anything differs]."""
    with Authority() as tsa, Desk() as hub:
        stamped(hub, tsa)
        kept = stamps(hub)
        need(len(kept) >= 2, "fewer than two files were stamped")
        hub.run("audit", "verify", ok=(0,))
        unseen = []

        def shows(what, name):
            code, said = hub.said("audit", "verify")
            if code != 1:
                unseen.append("%s: ended with %d" % (what, code))
            elif name.rsplit(".", 1)[0] not in said:
                unseen.append("%s: not named" % what)
        for path in [p for two in kept for p in two]:
            name, was = os.path.basename(path), content_of(path)
            middle = len(was) // 2
            for what, data in (("changed", was[:middle] + bytes([was[middle] ^ 1]) + was[middle + 1:]), ("emptied", b""), ("removed", None)):
                if data is None:
                    os.remove(path)
                else:
                    with open(path, "wb") as f:
                        f.write(data)
                shows("%s %s" % (name, what), name)
                with open(path, "wb") as f:
                    f.write(was)
        one, two = kept[0][1], kept[1][1]
        first, second = content_of(one), content_of(two)
        for a, b in ((second, first), (first, second)):
            with open(one, "wb") as f:
                f.write(a)
            with open(two, "wb") as f:
                f.write(b)
            if a == second:
                shows("replies exchanged", os.path.basename(one))
        need(not unseen, "; ".join(unseen))
        hub.run("audit", "verify", ok=(0,))


@case
def t3_verify_says_which_timestamp_covers_a_notice():
    """`verify FILE` of a saved notice names the timestamp that covers it, in each form, with a hub and without; of a notice that left after the last timestamp it names none [OPERATIONS: `verify FILE` says which timestamp covers a saved notice]."""
    with Authority() as tsa, Desk() as hub:
        hub.timestamps(tsa)
        hub.platform()
        urls = [hub.site.product("/p/%d" % n, *OFFERS[n], seller="House %s Trading" % "AB"[n]) for n in range(2)]
        hub.scan()
        rows = hub.by_url()
        first, second = (rows[u]["id"] for u in urls)
        hub.send(first)
        hub.run("audit", "timestamp", ok=(0,))
        marks = []
        for data, reply in stamps(hub):
            when = tsa.time_of(reply)
            if data.endswith(".json"):
                marks += [os.path.basename(data)[:-5], when.strftime("%Y-%m-%dT%H:%M:%S"), when.strftime("%Y-%m-%d %H:%M:%S")]
        need(marks, "no end of the log was stamped")
        time.sleep(1.1)
        hub.send(second)
        for running in (False, True):
            if running:
                hub.serve()
            for form in FORMS:
                code, said = hub.said("verify", hub.save("first." + form, hub.cli_notice(first, form)))
                need(code == 0 and re.search("timestamp", said, re.I) and any(m in said for m in marks), "%s, %s: no timestamp is named: %s" % (form, "hub" if running else "no hub", said[-300:]))
                code, said = hub.said("verify", hub.save("second." + form, hub.cli_notice(second, form)))
                need(code == 0, "%s: a genuine notice that is not covered yet is refused: %s" % (form, said[-200:]))
                need(not any(m in said for m in marks), "%s: a timestamp is named that is older than the notice: %s" % (form, said[-300:]))


@case
def t4_without_an_authority_it_is_said():
    """Without `[timestamps]`, `audit verify` and `verify FILE` pass and say that no authority's timestamp stands beside the hub's own signature; `audit timestamp` is refused, names the setting and keeps nothing [OPERATIONS: both say so]."""
    with Desk() as hub:
        id = one_case(hub)
        hub.send(id)
        own = r"timestamp|authority|own signature|alone"
        code, said = hub.said("audit", "verify")
        need(code == 0 and re.search(own, said, re.I), "`audit verify` ended with %d and said: %s" % (code, said[-300:]))
        for form in FORMS:
            code, said = hub.said("verify", hub.save("notice." + form, hub.cli_notice(id, form)))
            need(code == 0 and re.search(own, said, re.I), "`verify` of the %s form ended with %d and said: %s" % (form, code, said[-300:]))
        hub.refused("audit", "timestamp", code=(2, 3, 5), names=("timestamps",))
        need(not stamps(hub), "something was kept as stamped")
        hub.run("audit", "verify", ok=(0,))


@case
def t5_a_reply_that_proves_nothing_is_refused():
    """A reply by an authority that the roots do not know, one about other bytes, an old one again, a page of a guest network and a server error make `audit timestamp` fail with a reason, and leave nothing that `audit verify` or openssl would refuse; the next good one is kept [OPERATIONS: replies are checked against `roots`; DESIGN, promise 10: all input is hostile]."""
    with Authority() as tsa, Authority("Blackthorn") as stranger, Desk() as hub:
        tsa.stranger = stranger
        id = stamped(hub, tsa)
        taken = []
        for mode in ("stranger", "other", "replay", "rubbish", "broken"):
            hub.run("referrals", "recheck", id, ok=(0, 4))
            hub.run("token", "create", "--role", "authority", "--owner", "Clerk of " + mode, ok=(0,))
            tsa.mode, asked = mode, len(tsa.asked)
            code, said = hub.said("audit", "timestamp")
            need(len(tsa.asked) > asked, "%s: the authority was not asked" % mode)
            if code in (0, 101) or not said.strip():
                taken.append("%s ended with %d: %s" % (mode, code, squeezed(said)[-150:]))
            bad = [os.path.basename(r) for d, r in stamps(hub) if not tsa.holds(d, r)]
            if bad:
                taken.append("%s: kept is %s" % (mode, bad))
        need(not taken, "; ".join(taken))
        code, said = hub.said("audit", "verify")
        need(code == 0, "after bad replies `audit verify` ends with %d: %s" % (code, said[-300:]))
        tsa.mode = "good"
        before = len(stamps(hub))
        hub.run("audit", "timestamp", ok=(0,))
        need(len(stamps(hub)) > before, "the good reply was not kept")
        hub.run("audit", "verify", ok=(0,))


@case
def t6_the_job_of_a_running_hub():
    """A running hub asks the authority by itself, `GET /jobs` and `doctor` show the job `timestamp`; with the authority out of reach `audit timestamp` names it and fails while the hub works on [OPERATIONS: job `timestamp`; Roles; ARCHITECTURE, A running hub]."""
    with Authority() as tsa, Desk() as hub:
        hub.timestamps(tsa, every="1h")
        id = one_case(hub)
        hub.serve()
        hub.deliver(id)
        until = time.time() + 90
        while time.time() < until and not (tsa.asked and stamps(hub)):
            time.sleep(1)
        need(tsa.asked and stamps(hub), "the hub did not ask the authority by itself within 90 seconds")
        until, job = time.time() + 20, None
        while time.time() < until and not (job and job.get("last_success")):
            time.sleep(0.5)
            found = [j for j in walk(json.loads(hub.get("/api/v1/jobs"))) if "timestamp" in [v for v in j.values() if isinstance(v, str)]]
            job = found[0] if found else None
        need(job and job.get("last_success"), "`GET /jobs` does not show that the job `timestamp` succeeded: %s" % job)
        need("timestamp" in hub.said("doctor")[1], "`doctor` does not show the job")
        hub.denied("/api/v1/jobs", "moderator", (403,))
        hub.run("audit", "timestamp", ok=(0,))
        tsa.close()
        code, said = hub.said("audit", "timestamp")
        need(code not in (0, 101), "with the authority out of reach `audit timestamp` ended with %d" % code)
        need(re.search(re.escape(tsa.url.split("/")[2]), said) or re.search(r"authority", said, re.I), "the message does not name the authority: %s" % said[-300:])
        need(hub.call("/readyz")[0] == 200 and hub.call("/api/v1/referrals/" + id, "moderator")[0] == 200, "the hub does not work on")
        hub.run("audit", "verify", ok=(0,))


@case
def t7_an_older_record_in_its_place_shows():
    """An older record of truth with its checkpoints, put in the place of the present one while the stamped files stay, makes `audit verify` end with 1 [OPERATIONS: the log is checked against the stamped ends; ARCHITECTURE: tampering with the audit log shows]."""
    with Authority() as tsa, Desk() as hub:
        hub.timestamps(tsa)
        hub.platform()
        urls = [hub.site.product("/p/%d" % n, *OFFERS[n], seller="House %s Trading" % "AB"[n]) for n in range(2)]
        hub.scan()
        rows = hub.by_url()
        hub.send(rows[urls[0]]["id"])
        hub.run("audit", "timestamp", ok=(0,))
        data, away = hub.dir + "/data", hub.dir + "/away"
        os.mkdir(away)
        parts = [n for n in os.listdir(data) if n.startswith("truth.db")]
        for name in parts:
            shutil.copy2(os.path.join(data, name), away)
        if os.path.isdir(data + "/audit"):
            shutil.copytree(data + "/audit", away + "/audit")
        hub.send(rows[urls[1]]["id"])
        hub.run("audit", "timestamp", ok=(0,))
        hub.run("audit", "verify", ok=(0,))
        for name in [n for n in os.listdir(data) if n.startswith("truth.db")]:
            os.remove(os.path.join(data, name))
        for name in parts:
            shutil.copy2(os.path.join(away, name), data)
        if os.path.isdir(data + "/audit"):
            shutil.rmtree(data + "/audit")
        if os.path.isdir(away + "/audit"):
            shutil.copytree(away + "/audit", data + "/audit")
        code, said = hub.said("audit", "verify")
        need(code == 1, "with an older record in place `audit verify` ends with %d: %s" % (code, said[-300:]))
        need(re.search(r"timestamp|stamped|log-\d+", said, re.I), "`audit verify` does not say that the stamped end differs: %s" % said[-300:])


# ------------------------------------------------------------------------------------ (e) escalation

DAY = 86400
USES = ("referral", "escalation")
PURPOSE = "Proceedings 2026-77 under article 5"
LIAISON = "liaison.desk@police.example.test"


def day(ahead):
    """A date in UTC, some days ahead, as the command line takes it."""
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=ahead)).date().isoformat()


def kinds(hub, id, role="authority"):
    return [d["kind"] for d in hub.documents(id, role)]


def drafts(hub, *args):
    return [json.loads(l) for l in hub.text("escalate", "list", "--json", *args).splitlines() if l.strip() and l.strip() != "[]"]


def warned(hub, n=0, seller="Arbour Goods", text=None, ahead=1, decision=None):
    """A sent case with a warning whose last day is near: its id. No hub runs."""
    hub.platform(uses=USES, referral='recheck = "90d"\nrenotice = "90d"')
    hub.site.product("/p/1", OFFERS[n][0], text or OFFERS[n][1], seller=seller)
    hub.scan()
    id = hub.only_case()["id"]
    hub.send(id)
    if decision:
        hub.run("referrals", "outcome", id, decision, "--reference", "TS-9", "--as", "Desk of the shop", ok=(0,))
    hub.run("escalate", "warn", id, "--until", day(ahead), "--as", ANNA, ok=(0,))
    return id


@case
def e1_only_where_the_agreement_has_it():
    """Where `uses` do not name `escalation`, `escalate warn` and `draft` are refused (exit 5) with that word, with a hub and without, and the platform hears nothing [OPERATIONS, Where a platform does not act; README, exit codes]."""
    with Desk() as hub:
        id = one_case(hub, uses=["referral", "research", "linking"])
        hub.send(id)
        for running in (False, True):
            if running:
                hub.serve()
            hub.refused("escalate", "warn", id, "--until", day(10), "--as", ANNA, code=(5,), names=("escalation",))
            hub.refused("escalate", "draft", id, "--to", LIAISON, "--purpose", PURPOSE, "--as", ANNA, code=(5,), names=("escalation",))
        need(kinds(hub, id) == ["notice"], "documents of the case: %s" % kinds(hub, id))
        need(not drafts(hub), "a draft was made")


@case
def e2_the_warning_is_a_document():
    """A warning has its own number, cites the notice, says the last day, verifies as sent and not when altered, reaches moderator and feed, and leaves the notice as it was; a draft case is not warned of [OPERATIONS; DATA, `issued`; CHANGELOG: a warning is a document of its own]."""
    with Desk() as hub:
        id = one_case(hub, uses=USES)
        hub.refused("escalate", "warn", id, "--until", day(10), "--as", ANNA, code=(2, 5))
        hub.serve()
        hub.deliver(id)
        kept = {form: hub.notice(id, form) for form in FORMS}
        last = day(10)
        hub.run("escalate", "warn", id, "--until", last, "--as", ANNA, ok=(0,))
        listed = hub.documents(id, "moderator")
        need([d["kind"] for d in listed] == ["notice", "warning"], "documents of the case: %s" % [d["kind"] for d in listed])
        notice, warning = listed
        need(warning["number"] != notice["number"] and notice["number"] in list(leaves(warning.get("cites"))), "the warning %s cites %s" % (warning["number"], warning.get("cites")))
        when = datetime.date.fromisoformat(last)
        said = r"%s|\b0?%d\.? %s %d|%s 0?%d, %d" % (last, when.day, when.strftime("%B"), when.year, when.strftime("%B"), when.day, when.year)
        for form in FORMS:
            data = hub.get("/api/v1/referrals/%s/documents/%d?format=%s" % (id, warning["serial"], form), "moderator")
            need(warning["number"] in data.decode() and notice["number"] in data.decode(), "%s: own number or the notice's is missing" % form)
            need(re.search(said, data.decode()), "%s: the last day %s is not said" % (form, last))
            need(hub.verifies("warning." + form, data), "%s: the warning does not verify" % form)
            need(not hub.verifies("altered." + form, data.replace(notice["number"].encode(), b"R-0000000000000000/1")), "%s: an altered warning verifies" % form)
            need(hub.notice(id, form) == kept[form], "%s: the notice changed" % form)
        need(warning["number"] in plain(hub.get("/feeds/shop.ndjson", "moderator")), "the feed does not carry the warning")


@case
def e3_no_draft_before_the_day_is_over():
    """Without a warning, and before its last day is over, `escalate draft` is refused (exit 5) with what is missing; nothing is listed and the case stays as it is [OPERATIONS: once that day is over; help of escalate draft]."""
    with Desk() as hub:
        id = one_case(hub, uses=USES)
        hub.send(id)
        state = hub.state(id)
        hub.refused("escalate", "draft", id, "--to", LIAISON, "--purpose", PURPOSE, "--as", ANNA, code=(5,), names=("warn",))
        last = day(2)
        hub.run("escalate", "warn", id, "--until", last, "--as", ANNA, ok=(0,))
        hub.refused("escalate", "draft", id, "--to", LIAISON, "--purpose", PURPOSE, "--as", BELA, code=(5,), names=(re.escape(last) + "|day|until",))
        hub.serve()
        hub.refused("escalate", "draft", id, "--to", LIAISON, "--purpose", PURPOSE, "--as", BELA, code=(5,))
        need(not drafts(hub) and not drafts(hub, id), "a draft is listed")
        need(hub.state(id) == state or hub.state(id) in ("sent", "delivered", "acknowledged"), "the case is %s, before %s" % (hub.state(id), state))


@case
def e4_another_person_approves():
    """Once the day is over the draft is made; the one who drafted, however the name is spelt, cannot approve it (exit 5), another person can, and the list shows both (date moved) [OPERATIONS: another person approves it; DATA, Actors: names folded]."""
    library()
    with Desk() as hub:
        id = warned(hub)
        hub.travel(int(2.5 * DAY))
        hub.run("escalate", "draft", id, "--to", LIAISON, "--purpose", PURPOSE, "--as", ANNA, ok=(0,))
        listed = drafts(hub, id)
        need(len(listed) == 1 and str(listed[0].get("id")).startswith("E-"), "drafts of the case: %s" % json.dumps(listed)[:300])
        draft = listed[0]["id"]
        for same in (ANNA, "ANNA  LINDQVIST", "anna-lindqvist"):
            hub.refused("escalate", "approve", draft, "--as", same, code=(5,), names=("person|second|other|draft",))
        hub.refused("escalate", "approve", draft, "--as", "policy", code=(2,))
        hub.run("escalate", "approve", draft, "--as", BELA, ok=(0,))
        shown = json.dumps(drafts(hub, id), ensure_ascii=False)
        need(ANNA in shown and BELA in shown, "the list does not say who drafted and who approved: %s" % shown[:400])


@case
def e5_what_the_document_says_and_where_it_goes():
    """The document names notice, ground, warning and answer and has no address, no text and nothing of the seller; the log has the purpose and digests, not the contact; nothing is sent, and the platform reads nothing of it (date moved) [OPERATIONS: without addresses, texts or anything of sellers; the program sends it to nobody]."""
    library()
    with Desk() as hub:
        id = warned(hub, seller="Tamsin Okonkwo Reyes Trading", text=OFFERS[0][1] + " Ask Tamsin on Wickr bluefox77 or call +44 7700 900123.", decision="rejected")
        numbers = [id + "/1", id + "/2"]
        told = hub.run("referrals", "deliveries", id, "--json").stdout
        hub.travel(int(2.5 * DAY))
        hub.run("escalate", "draft", id, "--to", LIAISON, "--purpose", PURPOSE, "--as", ANNA, ok=(0,))
        draft = drafts(hub, id)[0]["id"]
        hub.run("escalate", "approve", draft, "--as", BELA, ok=(0,))
        text = hub.text("escalate", "show", draft)
        absent = [n for n in numbers if n not in text]
        need(not absent, "the document does not name %s" % absent)
        need(re.search(r"1961|Single Convention", text) and "sotonitazene" in text, "the document does not name the ground")
        need(re.search(r"rejected|not a violation", text, re.I), "the document does not say what the platform answered")
        lower = (text + hub.run("escalate", "show", draft, "--json", ok=(0,)).stdout.decode()).casefold()
        told_of = [w for w in (hub.site.base, "/p/1", "discreet shipping", "bitcoin accepted", "wholesale price", "tamsin", "okonkwo", "bluefox77", "7700") if w.casefold() in lower]
        need(not told_of, "the document has %s" % told_of)
        log = plain(hub.run("audit", "list", "--limit", "300", "--json", ok=(0,)).stdout)
        need(PURPOSE in log, "the log does not have the purpose")
        need("liaison.desk" not in log, "the log has the contact in clear")
        need(re.search(r"sha256:[A-Z2-7]{52}|\b[0-9a-f]{64}\b", log), "the log has no digest")
        need(hub.run("referrals", "deliveries", id, "--json").stdout == told, "a delivery was added")
        hub.run("audit", "verify", ok=(0,))
        hub.serve()
        need(kinds(hub, id) == ["notice", "warning"], "documents of the case: %s" % kinds(hub, id))
        for place, read in hub.everything("moderator", id):
            for word in (draft, "Proceedings 2026-77", "liaison.desk"):
                need(word not in read, "the moderator reads “%s” at %s" % (word, place))


@case
def e6_not_where_the_platform_acted():
    """A case whose pages the platform says it removed, and which are gone, is neither warned of nor drafted (exit 5); nor is one that was withdrawn [OPERATIONS: a case that is not answered, or that the platform keeps]."""
    with Desk() as hub:
        id = one_case(hub, uses=USES, referral='recheck = "2s"')
        hub.send(id)
        hub.run("referrals", "outcome", id, "removed", "--as", BELA, ok=(0,))
        remove(hub, hub.site.base + "/p/1")
        hub.refused("escalate", "warn", id, "--until", day(10), "--as", ANNA, code=(5,))
        need(until_state(hub, id, ("verified-gone",)) == "verified-gone", "the case is %s, so the rest was not tested" % hub.state(id))
        hub.refused("escalate", "warn", id, "--until", day(10), "--as", ANNA, code=(5,))
        hub.refused("escalate", "draft", id, "--to", LIAISON, "--purpose", PURPOSE, "--as", ANNA, code=(5,))
    with Desk() as hub:
        id = one_case(hub, uses=USES)
        hub.send(id)
        hub.run("referrals", "withdraw", id, "--reason", "Misread", "--as", BELA, ok=(0,))
        hub.refused("escalate", "warn", id, "--until", day(10), "--as", ANNA, code=(5,))


# ------------------------------------------------------------------------------ (r) record of action

def recorded(hub, seller="Tamsin Okonkwo Reyes Trading"):
    """A running hub with two sent cases, one answered, a draft and a dismissed case: their ids."""
    hub.platform()
    hub.platform("other", own=False, uses=["referral"])
    urls = [hub.site.product("/p/%d" % n, OFFERS[n][0], OFFERS[n][1] + (" Ask Tamsin on Wickr bluefox77." if n == 0 else ""), seller=seller if n == 0 else "House %s Trading" % "ABCD"[n]) for n in range(4)]
    hub.scan()
    rows = hub.by_url()
    ids = [rows[u]["id"] for u in urls]
    need(len(set(ids)) == 4, "four offers are %d cases" % len(set(ids)))
    hub.run("referrals", "dismiss", ids[3], "--reason", "Informant Kestrel asked for it", "--as", BELA, ok=(0,))
    hub.serve()
    for id in ids[:2]:
        hub.deliver(id)
    hub.post("/api/v1/referrals/%s/outcome" % ids[0], "moderator", {"decision": "removed", "reason": "illegal-content", "reference": "TS-1"})
    return ids


@case
def r1_what_the_record_says():
    """The record of action names each notice that was sent with number, date and ground, and what the platform did; no draft and no dismissed case is in it; as text it can be read; `--from` and `--until` bound the days [CHANGELOG: what a platform was told, on what ground and when, and what it did; help of report actions]."""
    with Desk() as hub:
        ids = recorded(hub)
        status, content = hub.actions("authority")
        need(status == 200, "`GET /reports/actions` answered %d: %s" % (status, content[:200]))
        doors = {"API": content, "CLI": hub.run("report", "actions", "shop", ok=(0,)).stdout}
        for door, data in doors.items():
            record, text = json.loads(data), plain(data)
            need(list(keyed(record, "signature")), "%s: the record has no signature" % door)
            for id in ids[:2]:
                entry = hub.documents(id)[0]
                need(entry["number"] in text and entry["at"][:10] in text, "%s: number or date of %s is missing" % (door, entry["number"]))
            need("1961" in text or "Single Convention" in text, "%s: the ground is missing" % door)
            need("removed" in text, "%s: what the platform did is missing" % door)
            for id in ids[2:]:
                need(id not in text, "%s: the record has the case %s that was never sent" % (door, id))
        text = hub.text("report", "actions", "shop", "--text")
        signature = [s for s in keyed(json.loads(doors["CLI"]), "signature") if isinstance(s, str)]
        need(all(i + "/1" in text for i in ids[:2]) and re.search(r"removed", text, re.I), "the text lacks notices or what was done: %s" % text[:300])
        need(not any(s in text for s in signature), "the text has the signature")
        for args, there in ((("--from", day(0)), True), (("--from", day(1)), False), (("--until", day(0)), False), (("--until", day(1)), True)):
            said = hub.text("report", "actions", "shop", *args)
            need((ids[0] + "/1" in plain(said.encode())) == there, "`%s` %s today's notices" % (" ".join(args), "lacks" if there else "has"))


@case
def r2_the_record_can_be_checked():
    """`verify` accepts a saved record from API and command line, with a hub and without, also after later answers; it refuses one with another decision, date, number or signature, with a notice less, and one of another hub [CHANGELOG: signed with the key of the audit log, `verify` checks a saved one]."""
    with Desk() as hub:
        ids = recorded(hub)
        genuine = {"api": hub.actions("authority")[1], "moderator": hub.actions("moderator")[1], "cli": hub.run("report", "actions", "shop", ok=(0,)).stdout}
        need(all(b"signature" in d for d in genuine.values()), "a record lacks its signature: %s" % [n for n, d in genuine.items() if b"signature" not in d])
        hub.post("/api/v1/referrals/%s/outcome" % ids[1], "moderator", {"decision": "rejected", "reason": "lawful-offer", "reference": "TS-2"})
        refused = [n for n, d in genuine.items() if not hub.verifies("running-%s.json" % n, d)]
        need(not refused, "refused while the hub runs: %s" % refused)
        data = genuine["cli"]
        record = json.loads(data)

        def shorter(value):
            if isinstance(value, list) and len(value) > 1 and all(isinstance(v, dict) for v in value):
                value.pop()
                return True
            return any(shorter(v) for v in (value.values() if isinstance(value, dict) else value if isinstance(value, list) else []))
        need(shorter(record), "the record has no list of the two notices")
        signature = [s for s in keyed(json.loads(data), "signature") if isinstance(s, str)][0].encode()
        changed = signature[:10] + (b"A" if signature[10:11] not in b"Aa" else b"B") + signature[11:]
        wrong = {"decision": data.replace(b"removed", b"rejected"), "date": re.sub(rb"20\d\d-\d\d-\d\d(?=T)", b"2020-02-02", data), "number": data.replace(ids[0].encode(), ids[2].encode()),
                 "a notice less": json.dumps(record, ensure_ascii=False).encode(), "signature": data.replace(signature, changed), "substance": data.replace(b"sotonitazene", b"sotodesnitazene")}
        for name, altered in wrong.items():
            need(altered != data or name == "substance", "the case could not alter the %s" % name)
        passed = [n for n, d in wrong.items() if d != data and hub.verifies("wrong-%s.json" % n.replace(" ", "-"), d)]
        need(not passed, "accepted although altered: %s" % passed)
        hub.stop()
        refused = [n for n, d in genuine.items() if not hub.verifies("stopped-%s.json" % n, d)]
        need(not refused, "refused while no hub runs: %s" % refused)
    with Desk() as other:
        one_case(other)
        need(not other.verifies("foreign.json", data), "a hub accepts the record of another hub")


@case
def r3_who_may_have_the_record():
    """The authority and the platform's moderator get the record; a moderator of another platform does not get this one's, researchers and platforms' push tokens get 403, nobody 401 [CHANGELOG: so that a company can show that it acted; OPERATIONS, Roles]."""
    with Desk() as hub:
        ids = recorded(hub)
        for role in ("authority", "admin", "moderator"):
            status, content = hub.actions(role)
            need(status == 200 and ids[0] + "/1" in plain(content), "%s: answered %d, or the record lacks a notice" % (role, status))
        status, content = hub.actions("moderator", "other", of="shop")
        need(not any(i in plain(content) for i in ids), "a moderator of another platform reads of this one's notices")
        need(status in (400, 403, 404, 422), "a moderator of another platform was answered %d" % status)
        status, content = hub.actions("moderator", "other", of="other")
        need(status == 200 and not any(i in plain(content) for i in ids), "a platform that was told nothing gets %d: %s" % (status, content[:200]))
        hub.denied("/api/v1/reports/actions?platform=shop", "researcher", (403,))
        hub.denied("/api/v1/reports/actions?platform=shop", "platform", (403,))
        hub.denied("/api/v1/reports/actions?platform=shop", None, (401,))


@case
def r4_no_personal_data_in_the_record():
    """Neither the seller, a contact, what an affected party wrote, nor an authority's reason to hold or dismiss is in the record, as document or text, for authority or moderator [DESIGN, promise 6: personal data is sealed; common sense: the company shows it to whoever asks]."""
    with Desk() as hub:
        ids = recorded(hub)
        hub.contest(ids[0], STATEMENT)
        doors = {"authority": plain(hub.actions("authority")[1]), "moderator": plain(hub.actions("moderator")[1]), "CLI": hub.text("report", "actions", "shop"), "text": hub.text("report", "actions", "shop", "--text")}
        told = sorted({"%s in %s" % (w, d) for d, t in doors.items() for w in ("tamsin", "okonkwo", "bluefox77", "quagmire", "kestrel", "discreet shipping") if w in t.casefold()})
        need(not told, "the record has: %s" % told)


# --------------------------------------------------------------------- (m) one seller's cases together

def of_one_seller(hub):
    """A running hub; three cases of one seller, of which two were sent, and a sent one of another: ids."""
    hub.platform()
    hub.platform("other", own=False, uses=["referral"])
    urls = [hub.site.product("/p/%d" % n, *OFFERS[n], seller="Tamsin Okonkwo Reyes Trading" if n < 3 else "Belmont Supply") for n in range(4)]
    hub.scan()
    rows = hub.by_url()
    ids = [rows[u]["id"] for u in urls]
    need(len(set(ids)) == 4, "four offers are %d cases" % len(set(ids)))
    hub.serve()
    for n in (0, 1, 3):
        hub.deliver(ids[n])
    return ids


@case
def m1_a_moderator_sees_the_cases_of_one_seller():
    """`GET /referrals/{id}/seller` names to a moderator the other sent cases of the seller on the platform, not the draft, not another seller's, and not the seller; other platforms' moderators get 404, researchers 403, nobody 401 [CHANGELOG; OPERATIONS, Roles]."""
    with Desk() as hub:
        ids = of_one_seller(hub)
        path = "/api/v1/referrals/%s/seller" % ids[0]
        text = plain(hub.get(path, "moderator"))
        need(ids[1] in text, "the other case of the seller is missing: %s" % text[:300])
        need(ids[2] not in text, "the moderator reads of a draft")
        need(ids[3] not in text, "a case of another seller is named")
        need("tamsin" not in text.casefold() and "okonkwo" not in text.casefold(), "the moderator reads the seller's name")
        need(ids[1] in plain(hub.get(path, "authority")), "the authority does not see the other case of the seller")
        hub.denied(path, "moderator", (404,), platform="other")
        hub.denied("/api/v1/referrals/%s/seller" % ids[2], "moderator", (404,))
        hub.denied("/api/v1/referrals/R-0000000000000000/seller", "moderator", (404,))
        hub.denied(path, "researcher", (403,))
        hub.denied(path, None, (401,))


@case
def m2_and_answers_them_at_once():
    """The console's page of a case shows a moderator the seller's other sent cases and one form that answers all of them; drafts and other sellers' cases stay as they are [OPERATIONS, Console: a moderator answers those of one seller at once]."""
    with Desk() as hub:
        ids = of_one_seller(hub)
        browser = Browser(hub)
        browser.sign_in("moderator")
        page, content = browser.case_page(ids[0])
        shown = content.decode("utf-8", "replace")
        need(ids[1] in shown and ids[2] not in shown and ids[3] not in shown, "the page names %s" % [i for i in ids if i in shown])

        def fitting(page):
            return [f for f in page.forms if any(c["value"] == "restricted" for c in f["controls"]) and (ids[1] in json.dumps([f["action"]] + [c["value"] for c in f["controls"]]) or "seller" in f["action"])]
        forms = fitting(page)
        for href, _ in page.links if not forms else ():
            if "seller" in href and not re.search(r"format=|/api", href):
                _, page, _ = browser.open(href)
                forms = fitting(page)
                if forms:
                    break
        need(forms, "no form answers the seller's cases together")
        status, after, _ = browser.submit(forms[0], decision="restricted", tick=lambda c: True)
        need(status == 200, "the answer was refused (%d): %s" % (status, after.text[:200]))
        states = [hub.state(i) for i in ids]
        need(states[:2] == ["decided", "decided"] and hub.outcome_of(ids[0]) == hub.outcome_of(ids[1]) == {"restricted"}, "the seller's cases are %s" % states[:2])
        need(states[2] == "drafted" and not hub.outcome_of(ids[3]), "a draft or another seller's case changed: %s" % states[2:])


# -------------------------------------------------------------------------------------- (x) mistakes

NOBODY = "S-0000000000000000"


@case
def x1_mistakes_about_series():
    """Unknown series: exit 2 and 404; no id and no series, a missing reason, an unknown decision, key or parameter, and a body that is no answer: exit 2, 400 or 422, each with what to do; nothing changes [README, exit codes; DATA, HTTP]."""
    with Desk() as hub:
        hub.platform()
        urls = templates(hub)
        hub.scan()
        rows = hub.by_url()
        series = series_of(rows, urls)
        for running in (False, True):
            if running:
                hub.serve()
            hub.refused("referrals", "approve", "--series", NOBODY, "--as", ANNA, names=("series",))
            hub.refused("referrals", "dismiss", "--series", NOBODY, "--reason", "Because", "--as", ANNA, names=("series",))
            hub.refused("referrals", "approve", "--as", ANNA, names=("series|id",))
            hub.refused("referrals", "dismiss", "--series", series, "--as", ANNA, names=("reason",))
            hub.refused("referrals", "approve", "--series", series, "--as", "policy", names=("policy|name|reserved",))
        path = "/api/v1/series/"
        hub.denied(path + NOBODY, "authority", (404,))
        hub.denied(path + NOBODY + "/approve", "authority", (404,), method="POST")
        hub.denied(path + NOBODY + "/dismiss", "authority", (404,), body={"reason": "Because"})
        hub.denied(path + NOBODY + "/outcome", "moderator", (404,), body={"decision": "removed"})
        hub.denied(path + series + "?colour=red", "authority", (400,), names=("colour",))
        hub.denied(path + series + "/dismiss", "authority", (400, 422), body={}, names=("reason",))
        hub.denied(path + series + "/dismiss", "authority", (400, 422), body={"reason": "Because", "colour": "red"}, names=("colour",))
        hub.denied(path + series + "/outcome", "authority", (400, 403, 422), body={"decision": "deleted"})
        need({hub.state(rows[u]["id"]) for u in urls} == {"drafted"}, "a refused command changed something: %s" % {hub.state(rows[u]["id"]) for u in urls})


@case
def x2_mistakes_about_escalation():
    """Unknown cases and drafts, dates that are none or past, an empty contact or purpose and reserved names are refused with exit 2, by the API with 404 or 403 by role; the API describes its routes [README, exit codes; OPERATIONS: the same is in the API; DATA, Actors]."""
    with Desk() as hub:
        id = one_case(hub, uses=USES)
        hub.send(id)
        nobody = "R-0000000000000000"
        for running in (False, True):
            if running:
                hub.serve()
            hub.refused("escalate", "warn", nobody, "--until", day(10), "--as", ANNA)
            hub.refused("escalate", "warn", id, "--until", "soon", "--as", ANNA, names=("date|2026|yyyy|until",))
            hub.refused("escalate", "warn", id, "--until", "2026-02-30", "--as", ANNA)
            hub.refused("escalate", "warn", id, "--until", "2024-05-01", "--as", ANNA, code=(2, 5), names=("past|over|day|future|later|before",))
            hub.refused("escalate", "warn", id, "--until", day(10), "--as", "retention")
            hub.refused("escalate", "draft", id, "--to", LIAISON, "--as", ANNA, names=("purpose",))
            hub.refused("escalate", "draft", id, "--to", LIAISON, "--purpose", "  ", "--as", ANNA, code=(2, 5))
            hub.refused("escalate", "approve", "E-0000000000000000", "--as", BELA)
            hub.refused("escalate", "show", "E-0000000000000000")
        need(kinds(hub, id) == ["notice"], "a refused warning left a document: %s" % kinds(hub, id))
        routes = [(p, m) for p, ms in hub.routes().items() if "escalat" in p or p.endswith("/warn") for m in ms if m in ("get", "post")]
        need([p for p, m in routes if m == "post"], "the API describes no route of escalation")
        for path, method in routes:
            path = re.sub(r"\{[^}]*\}", lambda found: id if "/referrals/" in path[:path.index(found.group(0))] else "E-0000000000000000", path)
            body = {"until": day(10)} if method == "post" else None
            hub.denied(path, "researcher", (403,), body=body, method=method.upper())
            hub.denied(path, "moderator", (403, 404), body=body, method=method.upper())
            hub.denied(path, None, (401,), body=body, method=method.upper())
            if nobody != id and id in path and method == "post":
                hub.denied(path.replace(id, nobody), "authority", (400, 404, 422), body=body, method="POST")
            if "E-0000000000000000" in path and method == "get":
                hub.denied(path, "authority", (404,))
        need(kinds(hub, id) == ["notice"], "a refused request left a document: %s" % kinds(hub, id))


@case
def x3_mistakes_in_files():
    """`cases_per_hour` outside 1 to 1,000,000, and `[timestamps]` with an address that is none, a bad duration or an unknown key, are refused with exit 3, file, line and what fits; a missing file of roots is named [DATA, Platform file and Settings; README: `check` names every mistake with file, line and column]."""
    with Desk() as hub:
        hub.platform()
        for value in ("0", "-5", "1000001", '"many"', "2.5"):
            hub.platform(referral="cases_per_hour = " + value)
            said = hub.refused("check", code=(3,), names=("cases_per_hour",))
            need(re.search(r"shop\.toml:\d+:\d+", said), "cases_per_hour = %s: no place: %s" % (value, said[-200:]))
        for value in ("1", "1000000"):
            hub.platform(referral="cases_per_hour = " + value)
            hub.run("check", ok=(0,))
        roots = hub.save("roots.pem", b"")
        for what, name in (('authority = "not an address"\nroots = "%s"' % roots, "authority"), ('authority = "ftp://time.example.test/"\nroots = "%s"' % roots, "authority"),
                           ('authority = "https://time.example.test/"\nroots = "%s"\nevery = "soon"' % roots, "every"), ('authority = "https://time.example.test/"\nroots = "%s"\nroot = "x"' % roots, r"\broot\b")):
            hub.settings("[timestamps]\n" + what + "\n")
            said = hub.refused("check", code=(3,), names=(name,))
            need(re.search(r"listingwatch\.toml:\d+", said), "no place: %s" % said[-200:])
        hub.settings('[timestamps]\nauthority = "http://127.0.0.1:9/"\nroots = "%s/no-such-roots.pem"\n' % hub.dir)
        code, said = hub.said("audit", "timestamp")
        need(code not in (0, 101) and "no-such-roots.pem" in said, "a missing file of roots: ended with %d: %s" % (code, said[-300:]))


@case
def x4_mistakes_about_the_record_and_what_the_api_describes():
    """`report actions` of an unknown platform, without one, and with a bad date: exit 2; the API: 4xx by name; the API describes series, seller and record of action [README, exit codes; DATA: `/api/openapi.json` describes the API, unknown parameters are refused]."""
    with Desk() as hub:
        hub.platform()
        hub.site.product("/p/1", *OFFERS[0])
        hub.scan()
        for running in (False, True):
            if running:
                hub.serve()
            hub.refused("report", "actions", names=("platform",))
            hub.refused("report", "actions", "nowhere", names=("nowhere",))
            hub.refused("report", "actions", "shop", "--from", "soon", names=("date|from|2026",))
            hub.refused("report", "actions", "shop", "--until", "2026-13-01")
        hub.denied("/api/v1/reports/actions?platform=nowhere", "authority", (400, 404, 422))
        hub.denied("/api/v1/reports/actions?platform=shop&colour=red", "authority", (400,), names=("colour",))
        routes = hub.routes()
        described = {(re.sub(r"\{[^}]*\}", "{}", p), m) for p, ms in routes.items() for m in ms}
        wanted = [("/series/{}", "get"), ("/series/{}/approve", "post"), ("/series/{}/dismiss", "post"), ("/series/{}/outcome", "post"), ("/referrals/{}/seller", "get"), ("/reports/actions", "get")]
        absent = [w for w in wanted if not any(p.endswith(w[0]) and m == w[1] for p, m in described)]
        need(not absent, "the API does not describe %s" % absent)
        empty = hub.run("report", "actions", "shop", ok=(0,)).stdout
        need(hub.verifies("empty.json", empty), "the record of a platform that was told nothing does not verify")


# ---------------------------------------------------------------------------------------------- runner

def run_case(function):
    started = time.time()
    try:
        function()
        return function.__name__, "ok", "", "", time.time() - started
    except Skip as e:
        return function.__name__, "SKIP", str(e), "", time.time() - started
    except Miss as e:
        return function.__name__, "MISS", str(e), traceback.format_exc(), time.time() - started
    except BaseException as e:
        return function.__name__, "MISS", "crashed: %s: %s" % (type(e).__name__, e), traceback.format_exc(), time.time() - started


def main():
    global BINARY
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--errors", action="store_true", help="print what a miss is about and where it was seen")
    parser.add_argument("--only", default="", help="cases whose name contains this")
    options = parser.parse_args()
    BINARY = os.path.abspath(options.binary)
    for name in [n for n in os.environ if n.startswith("LISTINGWATCH_")]:
        del os.environ[name]
    assert len(CASES) == 55, len(CASES)
    chosen = [c for c in CASES if options.only in c.__name__]
    good = skipped = 0
    try:
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            for function, (name, verdict, why, trace, took) in zip(chosen, pool.map(run_case, chosen)):
                good += verdict == "ok"
                skipped += verdict == "SKIP"
                print(verdict + " " + name + (": " + squeezed(why)[:700] if why else ""), flush=True)
                if options.errors and verdict == "MISS":
                    print("    %s (%.1f s)" % (function.__doc__, took))
                    print("    " + trace.strip().replace("\n", "\n    "), flush=True)
    finally:
        if LIBRARY["dir"]:
            shutil.rmtree(LIBRARY["dir"], ignore_errors=True)
    if skipped:
        print("NOT TESTED: %d cases were skipped because a tool is missing here" % skipped)
    print("%d of %d" % (good, len(chosen) - skipped))
    return 0 if good == len(chosen) - skipped and not skipped else 1


if __name__ == "__main__":
    sys.exit(main())
