#!/usr/bin/env python3
"""Blind acceptance set for issue 9 (foundations) of listingwatch.

    python3 foundations.py BINARY [--only NAME[,NAME...]] [--jobs N] [--list]

Python 3.11, standard library only, loopback only. Each case runs in a process of its own, in a fresh folder, with a hard
time-out; afterwards its whole process group is ended. Prints `ok NAME` or `FAIL NAME: expected ... got ...` and a total.
"""
import argparse, base64, contextlib, gzip, hashlib, http.client, http.server, json, os, re, resource, shutil, signal
import socket, sqlite3, stat, subprocess, sys, tempfile, threading, time, traceback, unicodedata, urllib.parse
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

WHOLE = 690.0          # seconds for the whole script
CASES = {}             # name -> (function, time-out, alone)
BIN = None
JOBS_OF_HUB = ["schedule", "dispatch", "recheck", "retention", "reload", "control-sample", "checkpoint"]


def case(timeout=45, alone=False):
    def deco(f):
        CASES[f.__name__] = (f, timeout, alone)
        return f
    return deco


class Checks:
    def __init__(self):
        self.bad = []

    def ok(self, cond, expected, got=""):
        if not cond:
            self.bad.append("expected %s got %s" % (expected, short(got)))
        return bool(cond)


def short(x, n=260):
    s = x if isinstance(x, str) else repr(x)
    s = " ".join(s.split())
    return s if len(s) <= n else s[:n] + "…"


# ------------------------------------------------------------------ the little web server

class Site:
    """Pages by path: bytes or str (HTML), (status, headers, body), or a callable taking the request handler."""

    def __init__(self, host="127.0.0.1"):
        self.pages, self.requests = {}, []
        site = self

        class H(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 60

            def do_GET(self):
                site.requests.append((self.path, time.time()))
                page = site.pages.get(self.path)
                if page is None:
                    page = (404, {"content-type": "text/plain"}, b"nothing here")
                if callable(page):
                    self.close_connection = True
                    try:
                        page(self)
                    except OSError:
                        pass
                    return
                if isinstance(page, (bytes, str)):
                    page = (200, {}, page)
                status, headers, body = page
                if isinstance(body, str):
                    body = body.encode()
                try:
                    self.send_response(status)
                    names = {k.lower() for k in headers}
                    if "content-type" not in names:
                        self.send_header("content-type", "text/html; charset=utf-8")
                    for k, v in headers.items():
                        self.send_header(k, v)
                    self.send_header("content-length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                except OSError:
                    self.close_connection = True

            do_HEAD = do_GET

            def log_message(self, *a):
                pass

        class S(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, *a):
                pass

        self.server = S((host, 0), H)
        self.host, self.port = host, self.server.server_address[1]
        self.base = "http://%s:%d" % (host, self.port)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def asked(self, with_rules=False):
        rules = ("/robots.txt", "/.well-known/listingwatch.txt")
        return [p for p, _ in list(self.requests) if with_rules or p not in rules]


def links(paths, head=""):
    return "<html><head><title>Index</title></head><body>%s%s</body></html>" % (
        head, "".join('<p><a href="%s">item %d</a></p>' % (p, i) for i, p in enumerate(paths)))


SUBSTANCES = ["Isotonitazene", "Carfentanil", "Metonitazene", "Protonitazene", "Etonitazepyne", "Butonitazene"]


def offer_text(sub="Isotonitazene", extra=""):
    return ("%s powder 99%% purity, 1 kg and 100 g in stock, wholesale price, discreet stealth shipping, payment by bitcoin, "
            "100%% customs pass guaranteed. %s" % (sub, extra))


def offer(sub="Isotonitazene", title=None, extra="", seller=None, ld=True, props=None, text=None):
    title = title or "Buy %s powder 1 kg" % sub
    text = text or offer_text(sub, extra)
    d = {"@context": "https://schema.org", "@type": "Product", "name": title, "description": text,
         "offers": {"@type": "Offer", "price": "900", "priceCurrency": "USD"}}
    if seller:
        d["offers"]["seller"] = {"@type": "Organization", "name": seller}
    if props:
        d["additionalProperty"] = [{"@type": "PropertyValue", "name": k, "value": v} for k, v in props]
    esc = lambda s: s.replace("&", "&amp;").replace("<", "&lt;")
    script = '<script type="application/ld+json">%s</script>' % json.dumps(d).replace("<", "\\u003c") if ld else ""
    return "<html lang=en><head><title>%s</title>%s</head><body><h1>%s</h1><p>%s</p>%s</body></html>" % (
        esc(title), script, esc(title), esc(text), "<p>Sold by %s</p>" % esc(seller) if seller else "")


# An offer at a page's end: found by its structured data where the page is read, by its text where the page is given up.
TAIL = ("<h2>Carfentanil powder for sale</h2><p>" + offer_text("Carfentanil") + '</p><script type="application/ld+json">' + json.dumps(
    {"@context": "https://schema.org", "@type": "Product", "name": "Carfentanil powder for sale", "description": offer_text("Carfentanil")}) + "</script>")


# ------------------------------------------------------------------ one installation in a fresh folder

class Result:
    def __init__(self, rc, out, err, secs, rss):
        self.rc, self.out, self.err, self.secs, self.rss = rc, out, err, secs, rss

    @property
    def all(self):
        return self.out + "\n" + self.err

    def json(self):
        try:
            return json.loads(self.out)
        except ValueError:
            return None

    def lines(self):
        res = []
        for l in self.out.splitlines():
            if l.strip():
                try:
                    res.append(json.loads(l))
                except ValueError:
                    res.append({"unreadable": l})
        return res

    @property
    def panicked(self):
        return self.rc in (101, 134, -6, -11, -4) or "panicked at" in self.all

    def said(self):
        return "exit %s, %s" % (self.rc, short(self.err or self.out, 180))


def clean_env(extra=None):
    env = {k: v for k, v in os.environ.items() if not k.startswith("LISTINGWATCH_")}
    env.update(extra or {})
    return env


def free_port():
    s = socket.socket()
    s.bind(("127.0.0.1", 0))
    p = s.getsockname()[1]
    s.close()
    return p


SENDER = '[sender]\nname = "Control Office"\naddress = "1 Canal Street, Utrecht"\ncontact = "office@example.test"\n'


class Env:
    n = 0

    def __init__(self, root=None, settings=SENDER):
        Env.n += 1
        self.root = root or os.path.join(os.getcwd(), "env%d" % Env.n)
        os.makedirs(os.path.join(self.root, "seeds"), exist_ok=True)
        self.data = os.path.join(self.root, "data")
        if settings is not None:
            self.settings(settings)

    def path(self, *a):
        return os.path.join(self.root, *a)

    def write(self, name, data):
        p = self.path(name)
        os.makedirs(os.path.dirname(p), exist_ok=True)
        with open(p, "wb") as f:
            f.write(data.encode() if isinstance(data, str) else data)
        return p

    def settings(self, text):
        return self.write("listingwatch.toml", text)

    def platform(self, pid, sites, start=None, crawl="", more="", folder="seeds", basis="own-site", rate="unlimited",
                 sitemaps='"none"', hosts=None, private='["127.0.0.0/8"]', revisit="7d", exclude='["/account/**"]'):
        sites = sites if isinstance(sites, (list, tuple)) else [sites]
        hosts = hosts or ["%s:%d" % (s.host, s.port) for s in sites]
        start = start or [s.base + "/" for s in sites]
        self.write("%s/%s.toml" % (folder, pid), """[platform]
id = "%s"
name = "Shop %s"
kind = "marketplace"
hosts = %s
country = "NL"

[agreement]
basis = "%s"
reference = "MoU 77/B"
authority = "Control Office"
valid_from = 2020-01-01
valid_until = 2099-12-31
contact = "trust@example.test"

[crawl]
start = %s
sitemaps = %s
rate = "%s"
revisit = "%s"
exclude = %s
private_addresses = %s
%s
%s
""" % (pid, pid, json.dumps(hosts), basis, json.dumps(start), sitemaps, rate, revisit, exclude, private, crawl, more))

    def run(self, *args, timeout=40, stdin=None, umask=None, env=None, cwd=None):
        out, err = tempfile.TemporaryFile(), tempfile.TemporaryFile()
        sin = None
        if stdin is not None:
            sin = tempfile.TemporaryFile()
            sin.write(stdin.encode() if isinstance(stdin, str) else stdin)
            sin.seek(0)
        t0 = time.time()
        p = subprocess.Popen([BIN, *args], cwd=cwd or self.root, stdin=sin or subprocess.DEVNULL, stdout=out, stderr=err,
                             env=clean_env(env), umask=-1 if umask is None else umask)
        rc, rss = None, 0
        while True:
            pid, status, usage = os.wait4(p.pid, os.WNOHANG)
            if pid:
                rc, rss = os.waitstatus_to_exitcode(status), usage.ru_maxrss
                break
            if time.time() - t0 > timeout:
                p.send_signal(signal.SIGKILL)
                _, _, usage = os.wait4(p.pid, 0)
                rc, rss = "time-out after %d s" % timeout, usage.ru_maxrss
                break
            time.sleep(0.02)
        p.returncode = rc if isinstance(rc, int) else -9
        secs = time.time() - t0
        res = []
        for f in (out, err):
            f.seek(0)
            res.append(f.read().decode("utf-8", "replace"))
            f.close()
        return Result(rc, res[0], res[1], secs, rss / 1024.0)

    def scan(self, *args, **kw):
        return self.run("scan", *args, "--json", **kw)

    def hits(self):
        r = self.run("export", "--format", "jsonl")
        if r.rc != 0:
            raise RuntimeError("export: " + r.said())
        return r.lines()

    def hit_paths(self):
        return {urllib.parse.urlsplit(h.get("url") or "").path for h in self.hits()}

    def referrals(self):
        r = self.run("referrals", "list", "--json", "--limit", "1000")
        if r.rc != 0:
            raise RuntimeError("referrals list: " + r.said())
        return r.lines()

    def token(self, role, owner, platform=None):
        args = ["token", "create", "--role", role, "--owner", owner, "--json"]
        if platform:
            args += ["--platform", platform]
        r = self.run(*args)
        if r.rc != 0:
            raise RuntimeError("token create: " + r.said())
        return r.json()["token"]

    @contextlib.contextmanager
    def hub(self, *args, nofile=None, ready=30):
        h = Hub(self, args, nofile, ready)
        try:
            yield h
        finally:
            h.stop()


class Hub:
    def __init__(self, env, args, nofile, ready):
        self.port = free_port()
        self.log = tempfile.TemporaryFile()

        def pre():
            if nofile:
                resource.setrlimit(resource.RLIMIT_NOFILE, (nofile, nofile))
        self.p = subprocess.Popen([BIN, "serve", "--listen", "127.0.0.1:%d" % self.port, *args], cwd=env.root,
                                  stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, env=clean_env(), preexec_fn=pre)
        end = time.time() + ready
        while time.time() < end:
            if self.p.poll() is not None:
                raise RuntimeError("serve ended at once: exit %s, %s" % (self.p.returncode, short(self.text())))
            try:
                if self.get("/healthz", timeout=3).status == 200:
                    return
            except OSError:
                pass
            time.sleep(0.1)
        self.stop()
        raise RuntimeError("serve does not answer /healthz: " + short(self.text()))

    def text(self):
        self.log.seek(0)
        return self.log.read().decode("utf-8", "replace")

    def alive(self):
        return self.p.poll() is None

    def stop(self):
        if self.p.poll() is None:
            self.p.send_signal(signal.SIGINT)
            try:
                self.p.wait(8)
            except subprocess.TimeoutExpired:
                self.p.kill()
                self.p.wait()

    def request(self, method, path, token=None, body=None, headers=None, timeout=15):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        h = dict(headers or {})
        if token:
            h["Authorization"] = "Bearer " + token
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        if body is not None:
            h.setdefault("Content-Type", "application/json")
        t0 = time.time()
        try:
            c.request(method, path, body=body, headers=h)
            r = c.getresponse()
            data = r.read()
        except http.client.HTTPException as e:
            raise OSError(repr(e))
        finally:
            c.close()
        r.text = data.decode("utf-8", "replace")
        r.raw = data
        r.secs = time.time() - t0
        try:
            r.doc = json.loads(data)
        except ValueError:
            r.doc = None
        return r

    def get(self, path, token=None, **kw):
        return self.request("GET", path, token, **kw)

    def post(self, path, token=None, body=None, **kw):
        return self.request("POST", path, token, body, **kw)

    def approve_all(self, token, wait=12):
        """Approves all drafts and waits until they left; ids by platform."""
        refs = self.get("/api/v1/referrals?limit=1000", token).doc["referrals"]
        for r in refs:
            if r["state"] == "drafted":
                a = self.post("/api/v1/referrals/%s/approve" % r["id"], token)
                if a.status != 200:
                    raise RuntimeError("approve: %s %s" % (a.status, short(a.text)))
        end = time.time() + wait
        while time.time() < end:
            refs = self.get("/api/v1/referrals?limit=1000", token).doc["referrals"]
            if all(r["state"] not in ("drafted", "approved", "sent") for r in refs):
                break
            time.sleep(0.3)
        res = {}
        for r in refs:
            res.setdefault(r["platform"], []).append(r["id"])
        return res


def problem(r):
    return isinstance(r.doc, dict) and "type" in r.doc and "title" in r.doc


def coverage(r, pid):
    d = r.json() or {}
    for p in d.get("platforms") or []:
        if p.get("platform") == pid:
            return p.get("coverage") or {}
    return {}


def reasons(cov):
    """Every reason a coverage statement counts something under, with its count."""
    res = {}

    def walk(d):
        for k, v in d.items():
            if isinstance(v, dict):
                if k not in ("freshness",):
                    walk(v)
            elif isinstance(v, bool):
                pass
            elif isinstance(v, int) and v > 0:
                if k not in ("fetched", "page", "judged", "listings", "pages", "not-modified"):
                    res[k] = res.get(k, 0) + v
            elif isinstance(v, list):
                for x in v:
                    if isinstance(x, dict):
                        n = x.get("reason") or x.get("kind")
                        if n:
                            res[n] = res.get(n, 0) + (x.get("count") if isinstance(x.get("count"), int) else 1)
    walk(cov)
    return res


GIVEN_UP = re.compile(r"work|budget|deadline|given|node|depth|attribut|step|reference|value|byte|time|cap|large|size|trunc|"
                      r"decod|parse|unread|malformed|bomb|limit|expan|encod|body|length", re.I)


# ------------------------------------------------------------------ 1. pages that explode

def bomb_case(c, bombs, must_give_up=(), seconds=None, settings=SENDER, rss=512, linked=()):
    """`bombs`: path -> page; each page holds an offer at its end. `linked`: paths only linked from bomb pages."""
    e = Env(settings=settings)
    a, b = Site(), Site()
    a.pages.update({p: v for p, v in bombs.items()})
    a.pages["/good1"], a.pages["/good2"] = offer("Isotonitazene"), offer("Metonitazene")
    a.pages["/"] = links(list(bombs) + ["/good1", "/good2"])
    b.pages["/"], b.pages["/good3"] = links(["/good3"]), offer("Protonitazene")
    for p in linked:
        a.pages[p] = offer("Etonitazepyne", title="Etonitazepyne behind " + p)
    e.platform("a-shop", a)
    e.platform("b-shop", b)
    limit = seconds or 12 + 5 * len(bombs)
    r = e.scan(timeout=limit + 15)
    c.ok(not r.panicked, "no panic", r.said())
    c.ok(r.rc in (0, 4), "exit 0 or 4", r.said())
    c.ok(r.secs < limit, "scan ends within %d s" % limit, "%.1f s" % r.secs)
    c.ok(r.rss < rss, "peak memory below %d MiB" % rss, "%.0f MiB" % r.rss)
    ca, cb = coverage(r, "a-shop"), coverage(r, "b-shop")
    found = e.hit_paths()
    c.ok({"/good1", "/good2"} <= found, "hits of /good1 and /good2 beside the bombs", sorted(found))
    c.ok("/good3" in found, "hit on the other platform", sorted(found))
    c.ok(cb.get("complete") is True, "other platform complete", cb)
    why = reasons(ca)
    named = [k for k in why if GIVEN_UP.search(k)]
    for p in bombs:
        if p not in found:
            c.ok(ca.get("complete") is False and named, "%s judged, or counted with its reason and incomplete" % p, ca)
    if must_give_up:
        c.ok(ca.get("complete") is False, "complete: false (given up: %s)" % ", ".join(must_give_up), ca)
        c.ok(sum(why[k] for k in named) >= len(must_give_up), "%d pages counted with why" % len(must_give_up), why)
        c.ok(r.rc == 4, "exit 4", r.rc)
    for p in linked:
        c.ok(p in found, "page linked from a given-up page is read (%s)" % p, sorted(found))
    return e, a, r, ca


@case(60)
def bomb_itemref_lattice(c):
    def lattice(layers, width):
        h = []
        for l in range(layers):
            for w in range(width):
                ref = " ".join("n%d_%d" % ((l + 1) % layers, x) for x in range(width))
                h.append('<div id="n%d_%d" itemprop="isRelatedTo" itemscope itemtype="https://schema.org/Product" itemref="%s">'
                         '<span itemprop="name">node %d</span></div>' % (l, w, ref, l))
        return ('<div itemscope itemtype="https://schema.org/Product" itemref="%s"><b itemprop="name">Root</b></div>'
                % " ".join("n0_%d" % x for x in range(width))) + "".join(h)
    self_ref = '<div itemscope id=me itemprop="me you it" itemref="%s"><i id=you itemprop=you itemscope itemref="me you me"></i></div>' % (
        " ".join(["me", "you"] * 400))
    page = lambda x: "<html><head><title>Lab</title></head><body>%s%s</body></html>" % (x, TAIL)
    bomb_case(c, {"/lattice": page(lattice(14, 9)), "/self": page(self_ref)})


@case(60)
def bomb_rdfa_mesh(c):
    chain = "".join('<div vocab="https://schema.org/" typeof="Product" property="isSimilarTo related hasPart" resource="#r%d">'
                    '<span property="name description sku">x</span>' % (i % 7) for i in range(300)) + "</div>" * 300
    flat = "".join('<p about="#s%d" rel="a b c d e" rev="f g h" resource="#s%d"><a property="p q r s" href="#s%d">v</a></p>'
                   % (i % 40, (i * 7) % 40, (i * 13) % 40) for i in range(9000))
    lists = '<div prefix="%s">' % " ".join("p%d: http://x.test/%d/" % (i, i) for i in range(4000)) + "".join(
        '<i property="p%d:a" inlist>z</i>' % (i % 4000) for i in range(8000)) + "</div>"
    page = lambda x: "<html><head><title>Mesh</title></head><body>%s%s</body></html>" % (x, TAIL)
    bomb_case(c, {"/chain": page(chain), "/flat": page(flat), "/lists": page(lists)})


@case(70)
def bomb_deep_misnest(c):
    deep = "<section>" * 40000 + "deep" + "</section>" * 40000
    misnest = "<table>" + "<b><i><a href=x><font size=2><nobr><table><td>" * 9000 + "</b></i></font></table>" * 9000
    svg = "<svg><foreignObject><math><mi><p>" * 6000
    page = lambda x: ('<html><head><title>Deep</title></head><body><p><a href="/behind">more</a></p>' + TAIL + x + "</body></html>")
    bomb_case(c, {"/deep": page(deep), "/misnest": page(misnest), "/svg": page(svg)}, must_give_up=("deep",), linked=("/behind",))


@case(70)
def bomb_attributes(c):
    many = "<div " + " ".join("data-k%d='v%d'" % (i, i) for i in range(60000)) + ">x</div>"
    value = '<div title="%s" class="%s">x</div>' % ("A" * 3_000_000, "c " * 900_000)
    meta = "".join('<meta property="og:title" content="%s">' % ("M" * 60000) for _ in range(90))
    page = lambda x: "<html><head><title>Attributes</title></head><body>" + TAIL + x + "</body></html>"
    bomb_case(c, {"/many": page(many), "/value": page(value), "/meta": page(meta)}, must_give_up=("many",))


@case(70)
def bomb_jsonld(c):
    s = lambda x: '<html><head><title>LD</title><script type="application/ld+json">%s</script></head><body>%s</body></html>' % (x, TAIL)
    arr = s("[" * 60000 + "]" * 60000)
    obj = s('{"@type":"Product","isRelatedTo":' * 20000 + '"x"' + "}" * 20000)
    wide = s('{"@context":"https://schema.org","@graph":[' + ",".join('{"@id":"#%d","@type":"Product","name":"n","offers":[{"price":1}]}' % i
                                                                      for i in range(70000)) + "]}")
    many = "<html><head><title>LD</title></head><body>" + "".join(
        '<script type="application/ld+json">{"@type":"Product","name":"Chair %d"}</script>' % i for i in range(15000)) + TAIL + "</body></html>"
    bomb_case(c, {"/arr": arr, "/obj": obj, "/wide": wide, "/many": many}, must_give_up=("obj", "wide"))


@case(70)
def bomb_forms_tables(c):
    forms = "".join("<form action=/f%d><table><tr><td><select>%s</select></table></form>" % (i, "<option>o" * 8) for i in range(7000))
    nested = "<table><tr><td>" * 1500 + "<form><form><form>" * 3000
    dl = "<table>" + "".join("<tr><th>k%d<td>v%d<tr>" % (i, i) for i in range(50000)) + "</table>"
    page = lambda x: '<html><head><title>Forms</title></head><body><a href="/behind2">all</a>' + TAIL + x + "</body></html>"
    bomb_case(c, {"/forms": page(forms), "/nested": page(nested), "/rows": page(dl)}, must_give_up=("forms", "rows"), linked=("/behind2",))


@case(80)
def bomb_one_line(c):
    page = lambda x: "<html><head><title>Line</title></head><body><pre>" + x + "</pre>" + TAIL + "</body></html>"
    near = page("nitazenfentanylcathinonmethyl" * 180_000)
    marks = page("ca\u0301\u0302\u0303\u0304" * 400_000)
    digits = page("61086-44-1 " * 400_000)
    at = page("a@" * 1_500_000)
    bomb_case(c, {"/near": near, "/marks": marks, "/digits": digits, "/at": at}, seconds=50, rss=640)


@case(60)
def bomb_gzip(c):
    def z(chunk, times, head=b"", tail=b""):
        import zlib
        o = zlib.compressobj(9, zlib.DEFLATED, 31)
        out = [o.compress(head)]
        for _ in range(times):
            out.append(o.compress(chunk))
        out.append(o.compress(tail) + o.flush())
        return b"".join(out)
    head = b"<html><head><title>z</title></head><body>"
    big = z(b" " * (1 << 20), 1500, head, TAIL.encode())
    twice = gzip.compress(z(b"<p>" * (1 << 18), 600, head))
    torn = gzip.compress(head + TAIL.encode() * 400)[:-700]
    liar = b"\x1f\x8b\x08\x00" + os.urandom(3000)
    t = {"content-type": "text/html"}
    e, a, r, cov = bomb_case(c, {"/big": (200, {**t, "content-encoding": "gzip"}, big),
                                 "/twice": (200, {**t, "content-encoding": "gzip, gzip"}, twice),
                                 "/torn": (200, {**t, "content-encoding": "gzip"}, torn),
                                 "/liar": (200, {**t, "content-encoding": "gzip"}, liar)}, must_give_up=("big", "liar"))


@case(60)
def bomb_xml_sitemap_feed(c):
    e = Env()
    a, b = Site(), Site()
    ents = '<!DOCTYPE r [<!ENTITY a0 "lol">' + "".join('<!ENTITY a%d "%s">' % (i, ("&a%d;" % (i - 1)) * 12) for i in range(1, 12)) + "]>"
    a.pages["/robots.txt"] = (200, {"content-type": "text/plain"}, "User-agent: *\nAllow: /\nSitemap: %s/map.xml\nSitemap: %s/deep.xml\n" % (a.base, a.base))
    a.pages["/map.xml"] = (200, {"content-type": "application/xml"}, '<?xml version="1.0"?>%s<urlset><url><loc>%s/x&a11;</loc></url></urlset>' % (ents, a.base))
    a.pages["/deep.xml"] = (200, {"content-type": "application/xml"}, '<?xml version="1.0"?><urlset>' + "<url>" * 200000)
    a.pages["/feed.xml"] = (200, {"content-type": "application/rss+xml"}, '<?xml version="1.0"?>%s<rss version="2.0"><channel><item><title>&a11;</title>'
                            '<link>%s/good</link></item></channel></rss>' % (ents, a.base))
    a.pages["/"], a.pages["/good"] = links(["/good"]), offer()
    b.pages["/"], b.pages["/good3"] = links(["/good3"]), offer("Protonitazene")
    e.platform("a-shop", a, sitemaps='"robots"', crawl="feeds = [%s]" % json.dumps(a.base + "/feed.xml"))
    e.platform("b-shop", b)
    r = e.scan(timeout=45)
    c.ok(not r.panicked and r.rc in (0, 4), "exit 0 or 4, no panic", r.said())
    c.ok(r.secs < 25 and r.rss < 512, "ends within 25 s below 512 MiB", "%.1f s %.0f MiB" % (r.secs, r.rss))
    found = e.hit_paths()
    c.ok({"/good", "/good3"} <= found, "hits of both platforms", sorted(found))
    cov = coverage(r, "a-shop")
    c.ok(cov.get("complete") is False and any(re.search("sitemap|feed|malformed|unread|xml|parse", k) for k in reasons(cov)),
         "sitemap or feed that cannot be read is named in the coverage, which is incomplete", cov)


@case(70)
def bomb_is_counted_again(c):
    e = Env()
    a = Site()
    body = "<html><head><title>D</title></head><body>" + TAIL + "<div>" * 3000 + "</body></html>"
    tag = {"etag": '"same"', "last-modified": "Mon, 05 Jan 2026 10:00:00 GMT"}

    def bomb(h):
        if h.headers.get("if-none-match") or h.headers.get("if-modified-since"):
            h.send_response(304)
            h.send_header("etag", '"same"')
            h.end_headers()
            return
        h.send_response(200)
        h.send_header("content-type", "text/html")
        h.send_header("etag", tag["etag"])
        h.send_header("last-modified", tag["last-modified"])
        h.send_header("content-length", str(len(body)))
        h.end_headers()
        h.wfile.write(body.encode())
    a.pages.update({"/": links(["/bomb", "/good"]), "/bomb": bomb, "/good": offer()})
    e.platform("a-shop", a, revisit="1s")
    r1 = e.scan()
    c.ok(coverage(r1, "a-shop").get("complete") is False and r1.rc == 4, "first scan incomplete, exit 4", (r1.rc, coverage(r1, "a-shop")))
    time.sleep(2.2)
    n = len(a.requests)
    r2 = e.scan()
    again = [p for p, _ in a.requests[n:]]
    if c.ok("/bomb" in again, "unchanged page asked for again after revisit", again):
        cov = coverage(r2, "a-shop")
        c.ok(cov.get("complete") is False and r2.rc == 4, "unchanged bomb is counted again: incomplete, exit 4", (r2.rc, cov))
    r3 = e.run("report", "coverage", "--json")
    c.ok('"complete":false' in r3.out.replace(" ", ""), "report coverage says incomplete", r3.out)
    c.ok(any(GIVEN_UP.search(k) for k in reasons({"x": (r3.lines() or [{}])[0]})) or GIVEN_UP.search(str(r3.out)), "and why", r3.out)


@case(45)
def bomb_extract_cli(c):
    e = Env()
    pages = {"depth": "<div>" * 4000, "nodes": "<br>" * 90000, "attributes": "<p " + " ".join("a%d" % i for i in range(900)) + ">"}
    for cause, x in pages.items():
        e.write("p.html", "<html><head><title>T</title></head><body>" + TAIL + '<a href="/n">n</a>' + x + "</body></html>")
        r = e.run("extract", "p.html", "--url", "http://shop.example.test/x", "--json", timeout=20)
        c.ok(not r.panicked and r.rc in (0, 4), "extract %s: no panic, exit 0 or 4" % cause, r.said())
        c.ok(r.secs < 8 and r.rss < 512, "extract %s within 8 s, 512 MiB" % cause, "%.1f s, %.0f MiB" % (r.secs, r.rss))
        d = r.json() or {}
        c.ok(cause in json.dumps([d.get("problems"), d.get("given_up")]), "problems or given_up name %r" % cause,
             [d.get("problems"), d.get("given_up")])
        c.ok(r.err.strip() != "", "standard error names the cause (%s)" % cause, r.err)
    r = e.run("extract", "-", "--url", "http://shop.example.test/y", "--json", stdin=b"\xff\xfe\x00<" * 50000, timeout=20)
    c.ok(not r.panicked, "rubbish bytes: no panic", r.said())


# ------------------------------------------------------------------ 2. evidence by citation

def ev_setup():
    e = Env()
    a, b = Site(), Site()
    a.pages.update({"/": links(["/alpha"]), "/alpha": offer("Isotonitazene", extra="Lot word QXALPHAMARK grade one.")})
    b.pages.update({"/": links(["/beta"]), "/beta": offer("Carfentanil", extra="Lot word QXBETAMARK grade two. Different text altogether, stored elsewhere.")})
    e.platform("a-shop", a)
    e.platform("b-shop", b)
    r = e.scan()
    rows = db_hits(e)
    if not ("/alpha" in rows and "/beta" in rows):
        raise RuntimeError("harness: no two hits: %s %s" % (r.said(), list(rows)))
    return e, rows


def db_hits(e):
    with contextlib.closing(sqlite3.connect(os.path.join(e.data, "truth.db"))) as db:
        db.row_factory = sqlite3.Row
        return {urllib.parse.urlsplit(r["url"]).path: dict(r) for r in db.execute("select * from hits")}


def db_set(e, hit, **kw):
    with contextlib.closing(sqlite3.connect(os.path.join(e.data, "truth.db"))) as db:
        db.execute("update hits set %s where id = ?" % ", ".join(k + " = ?" for k in kw), [*kw.values(), hit])
        db.commit()


def ev_expect_410(c, e, row, never, what, others=None, cli_rc=True):
    tok = e.tok = getattr(e, "tok", None) or e.token("authority", "Ines Carvalho")
    with e.hub() as h:
        r = h.get("/api/v1/referrals/%s/evidence/%s" % (row["referral"], row["id"]), tok)
        c.ok(r.status == 410 and problem(r), "%s: 410 and a problem" % what, "%s %s" % (r.status, r.text))
        c.ok("evidence-mismatch" in r.text, "%s: type urn:listingwatch:problem:evidence-mismatch" % what, r.text)
        for n in never:
            c.ok(n not in r.text, "%s: never the bytes %s" % (what, n), r.text)
        if others:
            g = h.get("/api/v1/referrals/%s/evidence/%s" % (others["referral"], others["id"]), tok)
            c.ok(g.status == 200 and others["mark"] in g.text, "%s: the untouched hit's evidence still served" % what, (g.status, g.text))
        au = h.get("/api/v1/audit?limit=50", tok)
        c.ok("evidence-mismatch" in au.text, "%s: audit entry evidence-mismatch" % what, au.text)
    v = e.run("audit", "verify", "--evidence")
    c.ok(v.rc == 1 and row["id"] in v.all, "%s: audit verify --evidence exit 1 naming %s" % (what, row["id"]), v.said())
    if not others:
        return
    s = e.run("referrals", "show", row["referral"], "--json")
    c.ok(not s.panicked and not any(n in s.all for n in never), "%s: referrals show prints nothing of another page" % what, s.said())


@case(60)
def ev_swapped_citation(c):
    e, rows = ev_setup()
    a, b = rows["/alpha"], rows["/beta"]
    b["mark"] = "QXBETAMARK"
    v = e.run("audit", "verify", "--evidence")
    c.ok(v.rc == 0, "untouched store verifies", v.said())
    db_set(e, a["id"], warc_offset=b["warc_offset"], warc_length=b["warc_length"], warc_file=b["warc_file"])
    ev_expect_410(c, e, a, ["QXBETAMARK"], "another page's place", b)
    db_set(e, a["id"], warc_record=b["warc_record"])
    ev_expect_410(c, e, a, ["QXBETAMARK"], "another page's place and record id", b)


@case(60)
def ev_wrong_digest_and_length(c):
    e, rows = ev_setup()
    a, b = rows["/alpha"], rows["/beta"]
    db_set(e, a["id"], payload_digest=b["payload_digest"])
    ev_expect_410(c, e, a, ["QXBETAMARK", "QXALPHAMARK"], "another page's digest")
    db_set(e, a["id"], payload_digest=a["payload_digest"], warc_offset=2 ** 40, warc_length=2 ** 40)
    ev_expect_410(c, e, a, ["QXBETAMARK"], "a place far behind the file's end")


@case(80)
def ev_forged_record(c):
    for fix in (False, True):
        e, rows = ev_setup()
        a = rows["/alpha"]
        p = os.path.join(e.data, "warc", os.path.basename(a["warc_file"]))
        with open(p, "rb") as f:
            f.seek(a["warc_offset"])
            rec = gzip.decompress(f.read(a["warc_length"]))
        new = rec.replace(b"QXALPHAMARK", b"QXFORGEMARK")
        if new == rec:
            raise RuntimeError("harness: marker not in the record")
        if fix:
            head, block = new.split(b"\r\n\r\n", 1)
            block = block[:-4]
            payload = block.split(b"\r\n\r\n", 1)[1]
            dig = lambda x: b"sha256:" + base64.b32encode(hashlib.sha256(x).digest())
            head = re.sub(rb"(?i)(WARC-Payload-Digest: )\S+", lambda m: m[1] + dig(payload), head)
            head = re.sub(rb"(?i)(WARC-Block-Digest: )\S+", lambda m: m[1] + dig(block), head)
            new = head + b"\r\n\r\n" + block + b"\r\n\r\n"
        mem = gzip.compress(new)
        at = os.path.getsize(p)
        with open(p, "ab") as f:
            f.write(mem)
        db_set(e, a["id"], warc_offset=at, warc_length=len(mem))
        ev_expect_410(c, e, a, ["QXFORGEMARK"], "forged record, digests in its head %s" % ("mended" if fix else "old"))


@case(80)
def ev_damaged_or_deleted_warc(c):
    e, rows = ev_setup()
    a = rows["/alpha"]
    p = os.path.join(e.data, "warc", os.path.basename(a["warc_file"]))
    data = bytearray(open(p, "rb").read())
    mid = a["warc_offset"] + a["warc_length"] // 2
    for i in range(mid, mid + 9):
        data[i] ^= 0x5A
    open(p, "wb").write(data)
    ev_expect_410(c, e, a, ["QXBETAMARK"], "flipped bytes")
    e, rows = ev_setup()
    a = rows["/alpha"]
    os.remove(os.path.join(e.data, "warc", os.path.basename(a["warc_file"])))
    ev_expect_410(c, e, a, ["QXBETAMARK"], "deleted WARC file")


@case(60)
def ev_path_out_of_the_folder(c):
    e, rows = ev_setup()
    a = rows["/alpha"]
    e.write("secret.txt", b"TOPSECRETLINE " * 80)
    for target in ("../../secret.txt", e.path("secret.txt")):
        db_set(e, a["id"], warc_file=target, warc_offset=0, warc_length=400)
        ev_expect_410(c, e, a, ["TOPSECRETLINE"], "warc_file = %s" % os.path.basename(target))


@case(60)
def ev_not_for_others(c):
    e, rows = ev_setup()
    a, b = rows["/alpha"], rows["/beta"]
    auth, res = e.token("authority", "Ines Carvalho"), e.token("researcher", "Rui Pinto")
    own, other = e.token("moderator", "Mod A", "a-shop"), e.token("moderator", "Mod B", "b-shop")
    push = e.token("platform", "Machine A", "a-shop")
    with e.hub() as h:
        p = "/api/v1/referrals/%s/evidence/%s" % (a["referral"], a["id"])
        g = h.get(p, auth)
        c.ok(g.status == 200 and "QXALPHAMARK" in g.text, "authority reads the captured page", (g.status, g.text))
        for who, t, want in (("researcher", res, (403, 404)), ("moderator of another platform", other, (403, 404)),
                             ("moderator, case still a draft", own, (403, 404)), ("platform token", push, (403, 404)),
                             ("no token", None, (401,)), ("wrong token", "lw_" + "A" * 43, (401,))):
            for q in (p, "/api/v1/referrals/%s/evidence" % a["referral"], "/api/v1/referrals/%s" % a["referral"]):
                r = h.get(q, t)
                c.ok(r.status in want and problem(r) and "QXALPHAMARK" not in r.text, "%s: %s" % (who, want), (r.status, r.text))
        r = h.get("/api/v1/referrals/%s/evidence/%s" % (a["referral"], b["id"]), auth)
        c.ok(r.status in (404, 410) and "QXBETAMARK" not in r.text, "hit of another case under this case: 404", (r.status, r.text))
        au = [x for x in e.run("audit", "list", "--json", "--limit", "200").lines() if x.get("action") not in ("draft", "scan", "create-token")]
        c.ok(any(a["id"] in json.dumps(x) or a["referral"] in json.dumps(x) for x in au), "the opening stands in the audit log", au)


# ------------------------------------------------------------------ 3. privacy

CONTACTS = [  # (sentence a seller writes, what of it leads to him)
    ("Call +49 1522 3344556 any time", ["15223344556", "3344556"]),
    ("Tel 0044-7700-900461", ["7700900461"]),
    ("call/text (628) 555 0199 8", ["6285550199"]),
    ("+1-415-555-2683", ["4155552683"]),
    ("WhatsApp: +86.131.5550.7742", ["13155507742"]),
    ("wa.me/4915223344877", ["4915223344877"]),
    ("mail qwzeller@protonmail.com", ["qwzeller"]),
    ("e-mail: qwtwo [at] tutanota [dot] de", ["qwtwo"]),
    ("write to qwthree (at) proton (punkt) me", ["qwthree"]),
    ("q w f o u r 8 8 @ g m a i l . c o m", ["qwfour88"]),
    ("Telegram @qwchemking", ["qwchemking"]),
    ("t.me/qwchanfive", ["qwchanfive"]),
    ("telegram : qwsix_lab", ["qwsixlab"]),
    ("TG qwseven77", ["qwseven77"]),
    ("T3legram: qweight99", ["qweight99"]),
    ("Телеграм: qwnine_shop", ["qwnineshop"]),
    ("телега @qwten10", ["qwten10"]),
    ("电报 qweleven11", ["qweleven11"]),
    ("微信：qwtwelve7788", ["qwtwelve7788"]),
    ("加微信 wx_qwthirteen", ["qwthirteen"]),
    ("WeChat ID qwfourteen55", ["qwfourteen55"]),
    ("QQ 2837465019", ["2837465019"]),
    ("Wickr Me: qwfifteen01", ["qwfifteen01"]),
    ("wickr qwsixteen02", ["qwsixteen02"]),
    ("Threema ID QW7X9K2P", ["qw7x9k2p"]),
    ("Signal qwseventeen.42", ["qwseventeen"]),
    ("Session ID 05" + "a7c3e91b" * 8, ["05" + "a7c3e91b" * 8]),
    ("Kik: qweighteen_k", ["qweighteenk"]),
    ("Snapchat qwnineteen.s", ["qwnineteen"]),
    ("skype live:qwtwenty.77", ["qwtwenty"]),
    ("ICQ 734-882-119", ["734882119"]),
    ("LINE id: qwtwentyone", ["qwtwentyone"]),
    ("discord qwtwentytwo#4821", ["qwtwentytwo"]),
    ("Instagram @qwtwentythree.lab", ["qwtwentythree"]),
    ("jabber qwtwentyfour@xmpp.example", ["qwtwentyfour"]),
    ("Zalo: 0987 654 377", ["0987654377"]),
    ("BTC bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", ["bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"]),
    ("bitcoin 1BoatSLRHtKNngkdXEeobR76b53LETtpyT", ["1boatslrhtknngkdxeeobr76b53lettpyt"]),
    ("ETH 0x52908400098527886E0F7030069857D2E4169EE7", ["52908400098527886e0f7030069857d2e4169ee7"]),
    ("USDT TRC20 TJRyWwFs9wTFGZg3JbrVriFbNfCug5tDeC", ["tjrywwfs9wtfgzg3jbrvrifbnfcug5tdec"]),
    ("XMR 44AFFq5kSiGBoZ4NMDwYtN18obc8AemS33DBLWs3H7otXft3XjrpDtQGv7SqSsaBYBb98uNbr2VBBEt7f2wfn3RVGQBEP3A", ["44affq5ksigboz4nmdwytn18obc8aems33"]),
    ("IBAN DE89 3704 0044 0532 0130 00", ["de89370400440532013000", "370400440532013000"]),
    ("[contact] qwtwentyfive88", ["qwtwentyfive88"]),
    ("＠ｑｗｔｗｅｎｔｙｓｉｘ on telegram", ["qwtwentysix"]),
    ("my tele gram is q.w.t.w.e.n.t.y.7", ["qwtwenty7"]),
]


def squash(s):
    return re.sub(r"[^0-9a-z]+", "", unicodedata.normalize("NFKC", s).casefold())


def contact_env(n=None):
    e, a = Env(), Site()
    paths = []
    for i, (words, _) in enumerate(CONTACTS[:n]):
        p = "/o%02d" % i
        paths.append(p)
        a.pages[p] = offer(SUBSTANCES[i % len(SUBSTANCES)], title="%s lot number %s" % (SUBSTANCES[i % len(SUBSTANCES)], "ABCDEFGHIJ"[i % 10]),
                           extra="Contact us. " + words + " . Thank you.", seller="Qwolmera Trading",
                           props=[("Contact", "qwattrib7788"), ("Country", "CN")] if i % 9 == 0 else None)
    a.pages["/"] = links(paths)
    e.platform("c-shop", a)
    r = e.scan(timeout=50)
    if r.rc != 0:
        raise RuntimeError("harness: scan of plain offers: " + r.said())
    return e


@case(80)
def priv_contacts_in_api_and_exports(c):
    e = contact_env()
    res = e.token("researcher", "Rui Pinto")
    secrets = [x for _, s in CONTACTS for x in s] + ["qwolmera", "qwattrib7788"]
    with e.hub() as h:
        hits = h.get("/api/v1/hits?limit=1000", res)
        c.ok(hits.status == 200 and (hits.doc or {}).get("total", 0) >= 30, "at least 30 hits to look at", (hits.status, hits.text))
        other = "".join(h.get(p, res).text for p in ("/api/v1/hits/facets", "/api/v1/hits/series", "/api/v1/emerging"))
    leaks = [s for s in secrets if s in squash(hits.text + other)]
    c.ok(not leaks, "no contact value in what a researcher's token reads", leaks)
    for fmt in ("jsonl", "csv"):
        x = e.run("export", "--format", fmt)
        lk = [s for s in secrets if s in squash(x.out)]
        c.ok(x.rc == 0 and not lk, "no contact value in export %s" % fmt, lk or x.said())
    t = e.run("search", "lot", "--json", "--limit", "200")
    lk = [s for s in secrets if s in squash(t.all)]
    c.ok(not lk, "no contact value in search", lk)


@case(80)
def priv_contacts_cannot_be_asked_for(c):
    e = contact_env()
    res = e.token("researcher", "Rui Pinto")
    ask = ["qwzeller", "qwchemking", "qwchanfive", "qwseven77", "qwfifteen01", "qweleven11", "2837465019", "3344556", "900461", "qwtwo",
           "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "QW7X9K2P", "Qwolmera", "qwattrib7788", "qwtwentytwo", "4821"]
    with e.hub() as h:
        q = lambda s: h.get("/api/v1/hits?limit=5&q=" + urllib.parse.quote(s), res)
        base = q("powder")
        c.ok(base.status == 200 and base.doc["total"] > 0, "an ordinary word is found", (base.status, base.text))
        for s in ask:
            for form in (s, '"%s"' % s):
                r = q(form)
                n = (r.doc or {}).get("total")
                c.ok(r.status in (400, 422) or n == 0, "search for %s finds nothing" % form, (r.status, n))
        for s in ("url:127.0.0.1", "seller:Qwolmera", "contact:qwchemking", "url:o01", "hit:o"):
            r = q(s)
            c.ok(r.status in (400, 403, 422), "%s: refused" % s, (r.status, r.text))
        for s in ("country:qwattrib", "country:qw", "country:%", "country:_w", "country:%77%", "country:qwattrib7788", "country:Qwolmera"):
            r = q(s)
            n = (r.doc or {}).get("total")
            c.ok(r.status in (400, 422) or n == 0, "%s: refused or nothing" % s, (r.status, n))
        f, g = h.get("/api/v1/hits/facets?q=qwchemking", res), h.get("/api/v1/hits/facets?q=zzqqxxyy", res)
        c.ok(f.status == g.status and f.text == g.text, "facets of a handle: like those of a word nobody wrote", (f.status, f.text, g.text))


@case(60)
def priv_pushed_listing(c):
    e, a = Env(), Site()
    a.pages["/"] = links([])
    e.platform("p-shop", a)
    push, res = e.token("platform", "Machine P", "p-shop"), e.token("researcher", "Rui Pinto")
    rows = [{"id": "n%d" % i, "url": a.base + "/l%d" % i, "seller": "Qwendolin Marksman %d" % i,
             "title": SUBSTANCES[i % 6] + " powder 1 kg " + w, "text": offer_text(SUBSTANCES[i % 6], w),
             "attributes": {"Telegram": "qwpush77%02d" % i, "Place of origin": "China", "WhatsApp": "+31 6 5550 44%02d" % i}}
            for i, (w, _) in enumerate(CONTACTS[:24])]
    secrets = [x for _, s in CONTACTS[:24] for x in s] + ["qwendolin", "marksman", "qwpush77", "6555044"]
    with e.hub() as h:
        r = h.post("/api/v1/listings", push, rows)
        c.ok(r.status == 200 and r.doc.get("taken") == len(rows), "all taken", (r.status, r.text))
        c.ok(not [s for s in ("qwendolin",) if s in squash(r.text)], "answer does not repeat the seller", r.text)
        hits = h.get("/api/v1/hits?limit=1000", res)
        c.ok(hits.status == 200 and hits.doc["total"] >= 15, "hits to look at", (hits.status, hits.text))
        lk = [s for s in secrets if s in squash(hits.text)]
        c.ok(not lk, "no seller, contact in a researcher's answer", lk)
        for s in ("Qwendolin", "qwpush7701", "Marksman"):
            n = (h.get("/api/v1/hits?q=" + s, res).doc or {}).get("total", 0)
            c.ok(n == 0, "search for %s finds nothing" % s, n)


@case(60)
def priv_files_are_closed(c):
    e, a = Env(), Site()
    a.pages.update({"/": links(["/x"]), "/x": offer()})
    e.platform("f-shop", a)

    def open_files(*roots):
        bad = []
        for root in roots:
            for d, dirs, files in os.walk(root):
                for p in [d] + [os.path.join(d, f) for f in files]:
                    st = os.lstat(p)
                    if not stat.S_ISLNK(st.st_mode) and st.st_mode & 0o077:
                        bad.append("%s %o" % (os.path.relpath(p, e.root), st.st_mode & 0o777))
        return sorted(set(bad))
    r = e.run("scan", "--json", umask=0o022)
    c.ok(r.rc == 0, "scan exit 0", r.said())
    c.ok(not open_files(e.data), "nothing open to others after scan", open_files(e.data))
    os.chmod(os.path.join(e.data, "truth.db"), 0o644)
    os.chmod(os.path.join(e.data, "warc"), 0o755)
    for f in os.listdir(os.path.join(e.data, "warc")):
        os.chmod(os.path.join(e.data, "warc", f), 0o666)
    os.umask(0o022)
    with e.hub() as h:
        e.run("referrals", "list", umask=0)
        c.ok(not open_files(e.data), "what stood open is closed, also socket and WAL of a running hub", open_files(e.data))
        out = e.path("set.jsonl")
        x = e.run("export", "--format", "jsonl", "--out", out, umask=0o022)
        c.ok(os.path.exists(out) and os.stat(out).st_mode & 0o777 == 0o600, "exported file 0600", x.said())
    out = e.path("set.csv")
    e.run("export", "--format", "csv", "--out", out, umask=0)
    c.ok(os.path.exists(out) and os.stat(out).st_mode & 0o777 == 0o600, "exported file 0600 without a hub", os.path.exists(out))
    c.ok(not open_files(e.data), "nothing open afterwards", open_files(e.data))


@case(60)
def priv_no_clear_value_on_disk(c):
    e = contact_env()
    with e.hub():
        time.sleep(1)
    secret = [b"qwzeller@", b"qwchemking", b"qwchanfive", b"1522 3344556", b"qwfifteen01", b"1BoatSLRHtKNngkdXEeobR76b53LETtpyT",
              b"52908400098527886E0F7030069857D2E4169EE7", b"Qwolmera"]
    found = []
    for d, _, files in os.walk(e.data):
        if os.path.basename(d) == "warc":
            continue
        for f in files:
            try:
                data = open(os.path.join(d, f), "rb").read()
            except OSError:
                continue
            found += ["%s in %s" % (s.decode(), os.path.relpath(os.path.join(d, f), e.data)) for s in secret
                      if s in data or s.decode().encode("utf-16-le") in data]
    c.ok(not found, "no contact or seller in clear outside warc/", found)


@case(45)
def priv_researcher_gets_no_lead(c):
    e, rows = ev_setup()
    res = e.token("researcher", "Rui Pinto")
    with e.hub() as h:
        r = h.get("/api/v1/hits?limit=100", res)
        c.ok(r.status == 200 and len(r.doc["hits"]) == 2, "two hits", (r.status, r.text))
        for name, row in rows.items():
            for k in ("url", "referral", "payload_digest", "content_digest", "warc_record"):
                c.ok(str(row[k]) not in r.text, "live listing: no %s for a researcher" % k, r.text)
        for p in ("/api/v1/referrals", "/api/v1/platforms", "/api/v1/audit", "/api/v1/coverage", "/api/v1/scans", "/feeds/a-shop.json",
                  "/feeds/a-shop.ndjson", "/feeds/a-shop.atom"):
            x = h.get(p, res)
            c.ok(x.status in (401, 403, 404), "%s: 403 for a researcher" % p, (x.status, x.text))
        x = h.post("/api/v1/referrals/%s/reveal" % rows["/alpha"]["referral"], res, {"purpose": "study of sellers"})
        c.ok(x.status in (403, 404), "reveal: 403 for a researcher", (x.status, x.text))


# ------------------------------------------------------------------ 4. actors

RESERVED = ["policy", "POLICY", " policy ", "ｐｏｌｉｃｙ", "p\u043elicy", "po\u200blicy", "p-o-l.i c-y", "pólicy", "Hub", "retention", "sc\u0430n",
            "deconfliction", "Automatic", "h\u00adub"]


@case(60)
def actor_reserved_token_owner(c):
    e = Env()
    names = RESERVED + ["  ", "x" * 201]
    for n in names:
        r = e.run("token", "create", "--role", "authority", "--owner", n, "--json")
        c.ok(r.rc in (2, 3, 5) and "lw_" not in r.out, "owner %s refused (exit 2, 3 or 5)" % ascii(n)[:40], r.said())
    for n in ("Polina Icyova", "Dr. Hubert Scanlon", "王芳"):
        r = e.run("token", "create", "--role", "authority", "--owner", n, "--json")
        c.ok(r.rc == 0, "owner %s accepted" % n, r.said())
    l = e.run("token", "list", "--json").lines()
    c.ok(len(l) == 3, "three tokens exist", [x.get("owner") for x in l])


@case(60)
def actor_reserved_as(c):
    e, rows = ev_setup()
    ref = rows["/alpha"]["referral"]
    for n in ["policy", "ＰＯＬＩＣＹ", "p\u043elicy", "Hub", "po\u200dlicy", "system"]:
        r = e.run("referrals", "approve", ref, "--as", n)
        c.ok(r.rc in (2, 3, 5), "approve --as %s refused" % ascii(n)[:30], r.said())
    for args in (("hold", ref, "--reason", "other office"), ("dismiss", ref, "--reason", "none")):
        r = e.run("referrals", *args, "--as", "dispatch")
        c.ok(r.rc in (2, 3, 5), "%s --as dispatch refused" % args[0], r.said())
    st = {x["id"]: x["state"] for x in e.referrals()}
    c.ok(st.get(ref) == "drafted", "case still drafted", st)
    r = e.run("referrals", "approve", ref, "--as", "Jana Policka")
    c.ok(r.rc == 0, "approve --as a person's name", r.said())
    au = [x for x in e.run("audit", "list", "--json", "--limit", "200").lines() if x.get("subject") == ref and "approve" in str(x.get("action"))]
    c.ok(au and all(x.get("actor") == "Jana Policka" and x.get("actor_kind") == "person" for x in au), "audit: person Jana Policka", au)


@case(70)
def actor_second_person(c):
    e, rows = ev_setup()
    ref = rows["/alpha"]["referral"]
    t1 = e.token("authority", "Eva Novak")
    twins = [(n, e.token("authority", n)) for n in ("EVA-NOVAK", "eva  novak", "Ｅva Nov\u0430k")]
    t3 = e.token("authority", "Pavel Dvorak")
    with e.hub() as h:
        a = h.post("/api/v1/referrals/%s/approve" % ref, t1)
        c.ok(a.status == 200, "Eva approves", (a.status, a.text))
        end = time.time() + 12
        while time.time() < end and h.get("/api/v1/referrals/" + ref, t1).doc.get("state") in ("approved", "sent"):
            time.sleep(0.3)
        link = (h.get("/api/v1/referrals/%s/notice" % ref, t1).doc or {}).get("contest") or ""
        r = h.post("/api/v1/referrals/%s/contest" % ref, None, {"link": link.rsplit("/", 1)[-1], "statement": "We sell garden chairs."})
        c.ok(r.status == 200, "contest by the signed link", (r.status, r.text))
        for who, t in [("the same token", t1)] + twins:
            for act, body in (("uphold", None), ("withdraw", {"reason": "the contest is right"})):
                u = h.post("/api/v1/referrals/%s/%s" % (ref, act), t, body)
                c.ok(u.status in (403, 409, 422), "%s by %s refused" % (act, who), (u.status, u.text))
        for n in ("Eva Novak", "E V A novak."):
            u = e.run("referrals", "uphold", ref, "--as", n)
            c.ok(u.rc in (2, 3, 5), "uphold --as %r refused" % n, u.said())
        st = h.get("/api/v1/referrals/" + ref, t1).doc.get("state")
        c.ok(st == "contested", "still contested", st)
        u = h.post("/api/v1/referrals/%s/uphold" % ref, t3)
        c.ok(u.status == 200, "another person upholds", (u.status, u.text))


# ------------------------------------------------------------------ 5. connections

def raise_nofile():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY or hard > 8192:
        hard = 8192
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def open_many(port, n, send):
    socks, end = [], time.time() + 10
    for i in range(n):
        if time.time() > end:
            break
        try:
            s = socket.create_connection(("127.0.0.1", port), timeout=2)
            s.sendall(send)
            socks.append(s)
        except OSError:
            pass
    return socks


def answers(c, h, tok, what, n=4, limit=2.0):
    for i in range(n):
        for p, t in (("/healthz", None), ("/api/v1/referrals", tok)):
            t0 = time.time()
            try:
                r = h.get(p, t, timeout=12)
                s = r.status
            except OSError as x:
                s = repr(x)
            d = time.time() - t0
            if not c.ok(s == 200 and d < limit, "%s: %s answers 200 within %.0f s" % (what, p, limit), "%s after %.1f s" % (s, d)):
                return
        time.sleep(0.2)


@case(70, alone=True)
def hub_half_sent_heads(c):
    e = Env()
    tok = e.token("authority", "Ines Carvalho")
    n = min(1400, raise_nofile() - 200)
    with e.hub(nofile=1024) as h:
        half = open_many(h.port, n // 2, b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ") + open_many(h.port, n // 2, b"PO")
        answers(c, h, tok, "%d half-sent heads" % len(half))
        time.sleep(14)
        alive = 0
        for s in half:
            s.setblocking(False)
            try:
                while True:
                    if s.recv(4096) == b"":
                        break
            except BlockingIOError:
                alive += 1
            except OSError:
                pass
        c.ok(alive == 0, "a head gets 10 s: after 14 s all are closed", "%d of %d open" % (alive, len(half)))
        answers(c, h, tok, "afterwards", 1)
        for s in half:
            s.close()
        c.ok(h.alive() and "panicked" not in h.text(), "hub alive, no panic", h.text())


@case(60, alone=True)
def hub_many_idle_connections(c):
    e = Env()
    tok = e.token("authority", "Ines Carvalho")
    raise_nofile()
    with e.hub(nofile=256) as h:
        idle = open_many(h.port, 600, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        answers(c, h, tok, "600 idle connections, 256 descriptors")
        more = open_many(h.port, 300, b"")
        answers(c, h, tok, "300 silent ones more", 2)
        x = e.run("referrals", "list")
        c.ok(x.rc == 0, "commands are answered meanwhile", x.said())
        for s in idle + more:
            s.close()
        answers(c, h, tok, "afterwards", 1)


@case(60, alone=True)
def hub_slow_bodies_and_readers(c):
    e = Env()
    a = Site()
    a.pages.update({"/": links(["/x"]), "/x": offer()})
    e.platform("s-shop", a)
    e.scan()
    tok, push = e.token("authority", "Ines Carvalho"), e.token("platform", "Machine S", "s-shop")
    with e.hub() as h:
        head = ("POST /api/v1/screen HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: 900000\r\n\r\n[" % push).encode()
        slow = open_many(h.port, 150, head)
        chunked = open_many(h.port, 50, head.replace(b"Content-Length: 900000", b"Transfer-Encoding: chunked").rstrip(b"[") + b"5\r\n[    \r\n")
        readers = open_many(h.port, 60, b"".join(("GET /api/openapi.json HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n" % tok).encode() for _ in range(60)))
        stop = threading.Event()

        def drip():
            while not stop.is_set():
                for s in slow:
                    try:
                        s.send(b" ")
                    except OSError:
                        pass
                time.sleep(0.5)
        threading.Thread(target=drip, daemon=True).start()
        answers(c, h, tok, "150 slow bodies, 50 half chunks, 60 who do not read", 5)
        r = h.post("/api/v1/screen", push, {"id": 1, "title": "Chair", "text": "A wooden chair"}, timeout=10)
        c.ok(r.status == 200 and r.secs < 3, "an ordinary screen within 3 s", (r.status, r.secs))
        stop.set()
        for s in slow + chunked + readers:
            s.close()
        c.ok(h.alive() and "panicked" not in h.text(), "hub alive, no panic", h.text())


@case(60)
def hub_hostile_requests(c):
    e = Env()
    tok = e.token("authority", "Ines Carvalho")
    raws = [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + os.urandom(300), b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x00" * 5000,
            b"GET /" + b"a" * 300_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X-A: b\r\n" * 20000 + b"\r\n",
            b"POST /api/v1/screen HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x",
            b"POST /api/v1/screen HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
            b"POST /api/v1/screen HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
            b"POST /api/v1/screen HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n",
            b"GET /api/v1/referrals/..%2f..%2f..%2fetc%2fpasswd HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /%ff%fe%00 HTTP/1.1\r\nHost: x\r\n\r\n",
            b"GET /feeds/../../x.json HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /api/v1/hits?q=%ff HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \xff\xff\r\n\r\n"]
    with e.hub() as h:
        for raw in raws:
            try:
                s = socket.create_connection(("127.0.0.1", h.port), timeout=2)
                s.sendall(raw)
                s.shutdown(socket.SHUT_WR)
                got = s.recv(65536)
                c.ok(b"root:" not in got and not got.startswith(b"HTTP/1.1 500"), "no file, no 500 for %r" % raw[:40], got[:150])
                s.close()
            except OSError:
                pass
        for q in ("(" * 5000, '"' , "a OR " * 3000, "seen:9999999-01..", "score:>NaN", "-", "sort:", "\u0000x", "x" * 60000, "NOT NOT (", "lang:%", "*"):
            try:
                r = h.get("/api/v1/hits?q=" + urllib.parse.quote(q), tok)
            except OSError:      # an over-long head may be cut off
                c.ok(len(q) > 5000, "query %r: an answer" % q[:20], "connection ended")
                continue
            c.ok(r.status < 500, "query %r: no server error" % q[:20], (r.status, r.text))
        for p in ("?limit=0", "?limit=1001", "?limit=-1", "?limit=abc", "?cursor=%27%20or%201", "?bogus=1"):
            r = h.get("/api/v1/hits" + p, tok)
            c.ok(r.status in (400, 422) and problem(r), "/hits%s: 400 with a problem" % p, (r.status, r.text))
        answers(c, h, tok, "after hostile requests", 1, limit=4)
        c.ok(h.alive() and "panicked" not in h.text(), "hub alive, no panic", h.text())


# ------------------------------------------------------------------ 6. idempotency keys

def idem_setup():
    e = Env()
    sites = {}
    for pid, subs in (("one", SUBSTANCES[:2]), ("two", SUBSTANCES[2:4])):
        s = sites[pid] = Site()
        s.pages["/"] = links(["/x", "/y"])
        s.pages["/x"] = offer(subs[0], extra="Blue drums from the harbour, batch of spring, sealed twice.")
        s.pages["/y"] = offer(subs[1], title="%s crystal 250 g" % subs[1], text="Order %s crystals today: courier in plain boxes, bulk discount from half a "
                              "kilo, pay by monero, we reship free if customs seize it, ask on WhatsApp." % subs[1])
        e.platform(pid, s)
    e.scan()
    return e


@case(70)
def idem_keys_are_each_tokens_own(c):
    e = idem_setup()
    auth = e.token("authority", "Ines Carvalho")
    m1, m1b, m2 = e.token("moderator", "Mo One", "one"), e.token("moderator", "Mia One", "one"), e.token("moderator", "Max Two", "two")
    with e.hub() as h:
        ids = h.approve_all(auth)
        if not (len(ids.get("one", [])) >= 2 and len(ids.get("two", [])) >= 1):
            raise RuntimeError("harness: cases %s" % ids)
        plan = [(m1, ids["one"][0], "removed"), (m2, ids["two"][0], "restricted"), (m1b, ids["one"][1], "account-action")]
        for t, rid, dec in plan:
            r = h.post("/api/v1/referrals/%s/outcome" % rid, t, {"decision": dec}, headers={"Idempotency-Key": "1"})
            c.ok(r.status == 200, "key `1` of another token counts: %s taken" % dec, (r.status, r.text))
        for t, rid, dec in plan:
            d = h.get("/api/v1/referrals/" + rid, auth)
            c.ok(dec in d.text and d.doc.get("state") in ("decided", "verified-gone"), "%s decided as %s" % (rid, dec), d.doc.get("state"))
        r = h.post("/api/v1/referrals/%s/outcome" % ids["two"][0], m1, {"decision": "rejected", "reason": "not-offered"}, headers={"Idempotency-Key": "zz"})
        c.ok(r.status in (403, 404), "another platform's case does not exist for a moderator", (r.status, r.text))


@case(70)
def idem_replay(c):
    e = idem_setup()
    auth, mod = e.token("authority", "Ines Carvalho"), e.token("moderator", "Mo One", "one")
    entries = lambda rid: sorted(x["seq"] for x in e.run("audit", "list", "--json", "--limit", "500").lines() if x.get("subject") == rid)
    first = {"decision": "removed", "reason": "prohibited-goods", "reference": "T-1"}
    key = {"Idempotency-Key": "b7a1 answer/5"}
    with e.hub() as h:
        ids = h.approve_all(auth)
        rid, rid2 = ids["one"][0], ids["one"][1]
        u = "/api/v1/referrals/%s/outcome" % rid
        r = h.post(u, mod, first, headers=key)
        c.ok(r.status == 200, "first answer", (r.status, r.text))
        n = entries(rid)
        r = h.post(u, mod, first, headers=key)
        c.ok(r.status == 200 and entries(rid) == n, "same key, same body: 200 and nothing done twice", (r.status, r.text))
        r = h.post(u, mod, {**first, "decision": "rejected", "reason": "not-offered"}, headers=key)
        c.ok(r.status in (409, 422), "same key, other body: 409 or 422", (r.status, r.text))
        r = h.post("/api/v1/referrals/%s/outcome" % rid2, mod, first, headers=key)
        c.ok(r.status in (409, 422), "same key, other case: 409 or 422", (r.status, r.text))
        for k in ("", "k" * 201):
            r = h.post("/api/v1/referrals/%s/outcome" % rid2, mod, first, headers={"Idempotency-Key": k})
            c.ok(r.status in (400, 422), "key of %d characters: 400" % len(k), (r.status, r.text))
        for bad in ("comment", "referense"):
            r = h.post("/api/v1/referrals/%s/outcome" % rid2, mod, {**first, bad: "x"})
            c.ok(r.status == 422 and bad in r.text, "unknown key %s: 422 naming it" % bad, (r.status, r.text))
        st = h.get("/api/v1/referrals/" + rid2, auth).doc["state"]
        c.ok(st not in ("decided", "verified-gone"), "other case not decided by refused answers", st)
    n = entries(rid)
    with e.hub() as h:
        r = h.post(u, mod, first, headers=key)
        c.ok(r.status == 200 and entries(rid) == n, "after a restart: replay is 200 and nothing done twice", (r.status, r.text))
        r = h.post(u, mod, {**first, "reference": "T-2"}, headers=key)
        c.ok(r.status in (409, 422), "after a restart: other body refused", (r.status, r.text))


# ------------------------------------------------------------------ 7. demo

@case(200)
def demo_twice(c):
    e = Env(settings=None)
    os.rmdir(e.path("seeds"))
    res = []
    for i in range(2):
        r = e.run("demo", "--once", "--json", "--port", "0", timeout=95)
        c.ok(r.rc == 0, "demo --once --json run %d: exit 0" % (i + 1), r.said())
        d = r.json() or {}
        res.append(d)
        t = d.get("truth") or {}
        c.ok(d.get("referrals", 0) > 0 and not t.get("false_referrals"), "run %d: referrals, none false" % (i + 1), d)
    pick = lambda d: (d.get("pages"), d.get("listings"), d.get("hits"), d.get("referrals"), (d.get("truth") or {}).get("found"), (d.get("truth") or {}).get("missed"))
    c.ok(pick(res[0]) == pick(res[1]), "second run counts what the first counted", [pick(x) for x in res])


@case(150)
def demo_leaves_own_files(c):
    e = Env(settings=None)
    os.rmdir(e.path("seeds"))
    r = e.run("token", "create", "--role", "admin", "--owner", "Ines Carvalho", "--json")
    tid = (r.json() or {}).get("id")
    files = {"data/demo/thesis.txt": b"four years of work\n", "data/demo/warc/photos.gz": b"\x1f\x8bmine", "data/demo/truth.db": b"my notes about truth",
             "data/notes.md": b"# notes", "demo.txt": b"d", "demo/readme.txt": b"my own demo"}
    for k, v in files.items():
        e.write(k, v)
    r = e.run("demo", "--once", "--json", "--port", "0", timeout=70)
    c.ok(not r.panicked and isinstance(r.rc, int), "ends, no panic", r.said())
    for k, v in files.items():
        c.ok(os.path.exists(e.path(k)) and open(e.path(k), "rb").read() == v, "user's %s untouched" % k, r.said())
    if r.rc != 0:
        c.ok("demo" in r.err, "says why", r.said())
    l = e.run("token", "list", "--json")
    c.ok(tid and tid in l.out, "the folder's own store keeps its token", l.said())
    e2 = Env(settings=None)
    os.rmdir(e2.path("seeds"))
    e2.write("precious/a.txt", b"precious")
    e2.write("precious/truth.db", b"precious db")
    os.makedirs(e2.data)
    os.symlink(e2.path("precious"), os.path.join(e2.data, "demo"))
    r = e2.run("demo", "--once", "--json", "--port", "0", timeout=70)
    c.ok(not r.panicked, "demo/ a link: no panic", r.said())
    c.ok(open(e2.path("precious/a.txt"), "rb").read() == b"precious" and open(e2.path("precious/truth.db"), "rb").read() == b"precious db",
         "files behind a link untouched", os.listdir(e2.path("precious")))


@case(60)
def demo_port_taken(c):
    e = Env(settings=None)
    os.rmdir(e.path("seeds"))
    s = socket.socket()
    s.bind(("127.0.0.1", 0))
    s.listen(5)
    port = s.getsockname()[1]
    r = e.run("demo", "--port", str(port), timeout=30)
    c.ok(isinstance(r.rc, int) and r.rc not in (0, 101) and not r.panicked, "fails with a clear error", r.said())
    c.ok(r.secs < 8, "before the scan: within 8 s", "%.1f s" % r.secs)
    c.ok(str(port) in r.err, "names the port", r.said())
    s.close()


# ------------------------------------------------------------------ 8. mandates

def mandate(e, mid, *more, expires=None):
    return e.run("mandate", "create", mid, "--authority", "Control Office", "--reference", "Order 5", "--purpose", "synthetic opioids",
                 "--expires", expires or (date.today() + timedelta(days=200)).isoformat(), *more)


@case(80)
def mandate_budget_across_runs(c):
    budget_counts_sitemaps(c)
    e, a = Env(), Site()
    a.pages["/"] = links(["/p%d" % i for i in range(60)])
    for i in range(60):
        a.pages["/p%d" % i] = "<html><title>Chair %d</title><p>A chair of oak number %d.</p></html>" % (i, i)
    e.platform("m-shop", a, crawl="concurrency = 8")
    c.ok(mandate(e, "m-small", "--budget", "7").rc == 0, "mandate made")
    r = e.scan("m-shop", "--mandate", "m-small")
    n1 = len(a.asked())
    c.ok(1 <= n1 <= 7, "at most 7 pages asked for", n1)
    cov = coverage(r, "m-shop")
    c.ok(r.rc == 4 and cov.get("complete") is False, "exit 4, incomplete", (r.rc, cov))
    c.ok(any(re.search("mandate|budget", k) for k in reasons(cov)) or "mandate" in r.err, "says that the mandate is used up", (cov, r.err))
    r2 = e.scan("m-shop", "--mandate", "m-small")
    n2 = len(a.asked())
    c.ok(n2 <= 7 and r2.rc in (4, 5), "second run: still at most 7 in all, exit 4 or 5", (n2, r2.said()))
    r2 = e.scan("m-shop", "--mandate", "m-small")
    c.ok(len(a.asked()) <= 7, "third run as well", len(a.asked()))
    mandate(e, "m-new", "--budget", "3")
    n = len(a.asked())
    e.scan("m-shop", "--mandate", "m-new")
    c.ok(1 <= len(a.asked()) - n <= 3, "a new mandate of 3 allows 3 more", len(a.asked()) - n)


def budget_counts_sitemaps(c):
    e, a = Env(), Site()
    a.pages["/robots.txt"] = (200, {"content-type": "text/plain"}, "User-agent: *\nAllow: /\nSitemap: %s/index.xml\n" % a.base)
    xml = {"content-type": "application/xml"}
    a.pages["/index.xml"] = (200, xml, "<sitemapindex>" + "".join("<sitemap><loc>%s/m%d.xml</loc></sitemap>" % (a.base, i) for i in range(8)) + "</sitemapindex>")
    for i in range(8):
        a.pages["/m%d.xml" % i] = (200, xml, "<urlset>" + "".join("<url><loc>%s/q%d-%d</loc></url>" % (a.base, i, j) for j in range(3)) + "</urlset>")
        for j in range(3):
            a.pages["/q%d-%d" % (i, j)] = "<title>Oak table %d %d</title>" % (i, j)
    a.pages["/feed.xml"] = (200, xml, '<rss version="2.0"><channel><title>f</title></channel></rss>')
    a.pages["/"] = links(["/q1-1"])
    e.platform("m-shop", a, sitemaps='"robots"', crawl="feeds = [%s]\nconcurrency = 6" % json.dumps(a.base + "/feed.xml"))
    mandate(e, "m4", "--budget", "4")
    for _ in range(2):
        r = e.scan("m-shop", "--mandate", "m4")
    c.ok(len(a.asked()) <= 4, "pages, sitemaps and feeds together at most 4 requests", a.asked())
    c.ok(r.rc in (4, 5), "exit 4 (or 5) when it is used up", r.said())


@case(60)
def mandate_dates_and_revocation(c):
    e, a = Env(), Site()
    a.pages["/"] = links([])
    e.platform("m-shop", a)
    for i, d in enumerate([(date.today() - timedelta(days=1)).isoformat(), "2001-09-09", "2026-02-30", "never"]):
        r = mandate(e, "bad%d" % i, expires=d)
        c.ok(isinstance(r.rc, int) and r.rc in (2, 3, 5), "expires %r refused" % d, r.said())
    for i, b in enumerate(["-1", "99999999999999999999999"]):
        r = mandate(e, "badb%d" % i, "--budget=" + b)
        c.ok(r.rc in (2, 3, 5), "budget %s refused" % b, r.said())
    l = e.run("mandate", "list", "--json")
    c.ok('"bad' not in l.out, "none of them on record", l.out)
    r = e.scan("m-shop", "--mandate", "bad0")
    c.ok(r.rc in (2, 3, 5) and not a.requests, "scan under an unknown mandate: refused, no request", (r.said(), a.requests))
    r = mandate(e, "today", expires=(date.today() + timedelta(days=1)).isoformat())
    c.ok(r.rc == 0, "expires tomorrow accepted", r.said())
    c.ok(e.run("mandate", "revoke", "today").rc == 0, "revoked")
    r = e.scan("m-shop", "--mandate", "today")
    c.ok(r.rc in (4, 5) and not a.asked(), "scan under a revoked mandate: exit 4 or 5, no page", (r.said(), a.asked()))
    e.platform("x-shop", a, basis="memorandum", rate="60/min", private="[]", hosts=["www.example.test"], start=["https://www.example.test/"])
    r = e.scan("x-shop")
    c.ok(r.rc == 5, "no mandate: exit 5", r.said())


# ------------------------------------------------------------------ 9. screening

def screen(e, lines, timeout=40):
    data = b"\n".join(x if isinstance(x, bytes) else (x if isinstance(x, str) else json.dumps(x, ensure_ascii=False)).encode() for x in lines) + b"\n"
    return e.run("screen", stdin=data, timeout=timeout)


def is_error(x):
    return isinstance(x, dict) and bool(x.get("error")) and "verdict" not in x


OFFER = offer_text("Carfentanil")
CHAIR = {"id": "good", "title": "Garden chair", "text": "Oak, nearly new"}


@case(40)
def screen_unknown_keys(c):
    e = Env()
    bad = [("description", {"id": "u1", "title": "Garden chair", "description": OFFER}), ("Text", {"id": "u2", "title": "Lamp", "Text": OFFER}),
           ("body", {"id": "u3", "title": "Lamp", "text": "ok", "body": OFFER}), ("price_usd", {"id": "u4", "title": "Lamp", "price_usd": 4}),
           ("cas", {"id": 5, "title": "White powder", "cas": "59708-52-0"}), ("título", {"id": "u6", "text": "Lamp", "título": OFFER}),
           ("text ", {"id": "u7", "title": "Lamp", "text ": OFFER}), ("tags", {"id": "u8", "title": "Lamp", "tags": ["carfentanil"]})]
    lines = []
    for _, l in bad:
        lines += [CHAIR, l]
    lines.append({"id": "last", "title": "Carfentanil 1 kg", "text": OFFER})
    r = screen(e, lines)
    out = r.lines()
    c.ok(r.rc == 4 and len(out) == len(lines), "exit 4 and one line out for each in (%d)" % len(lines), (r.rc, len(out)))
    for i, (key, l) in enumerate(bad):
        o = out[2 * i + 1] if len(out) > 2 * i + 1 else {}
        c.ok(is_error(o) and key.strip() in o["error"], "unknown key %r refused by name" % key, o)
        c.ok(o.get("line") == 2 * i + 2, "its line is %d" % (2 * i + 2), o)
        g = out[2 * i] if len(out) > 2 * i else {}
        c.ok(g.get("verdict") == "clear", "the chair beside it is judged", g)
    c.ok(out and out[-1].get("verdict") in ("refer", "review"), "the last offer is called", out[-1:] if out else None)
    r = screen(e, ['{"id":"d","title":"Garden chair","title":%s}' % json.dumps("Carfentanil 1 kg, bitcoin, discreet"),
                   '{"id":"d","text":%s,"text":"Garden chair"}' % json.dumps(OFFER)])
    for o in r.lines():
        c.ok(is_error(o) or o.get("verdict") in ("refer", "review"), "a key that stands twice is never clear", o)


@case(40)
def screen_wrong_types(c):
    e = Env()
    bad = [("title", {"id": "1", "title": 12}), ("text", {"id": "1", "text": [OFFER]}), ("text", {"id": "1", "title": "x", "text": {"a": OFFER}}),
           ("attributes", {"id": "1", "title": "x", "attributes": "CAS 59708-52-0"}), ("attributes", {"id": "1", "title": "x", "attributes": [["a", "b"]]}),
           ("price", {"id": "1", "title": "x", "price": {"v": 1}}), ("price", {"id": "1", "title": "x", "price": True}), ("id", {"id": None, "title": "x"}),
           ("id", {"id": 1.5, "title": "x"}), ("id", {"id": True, "title": "x"}), ("id", {"id": ["1"], "title": "x"}), ("id", {"title": "x"}),
           ("page", {"id": "1", "title": "x", "page": "blog"}), ("page", {"id": "1", "title": "x", "page": 3}), ("lang", {"id": "1", "title": "x", "lang": 5}),
           ("currency", {"id": "1", "title": "x", "currency": ["USD"]}), ("url", {"id": "1", "title": "x", "url": 7}),
           ("attributes", {"id": "1", "title": "x", "attributes": {"k%d" % i: "v" for i in range(1001)}}),
           ("title", {"id": "1"}), ("title", {"id": "1", "title": None, "text": None}), (None, "[1,2]"), (None, '"carfentanil 1 kg"'), (None, "17"),
           (None, "null"), (None, "carfentanil 1 kg for sale"), (None, '{"id":"1","title":"carfentanil'), (None, "{'id':'1','title':'carfentanil'}"),
           (None, '{"id":"1","title":"carfentanil"},'), (None, '{"id":"1","title":"a"}{"id":"2","title":"carfentanil 1 kg"}')]
    r = screen(e, [l for _, l in bad] + [CHAIR])
    out = r.lines()
    c.ok(r.rc == 4 and len(out) == len(bad) + 1, "exit 4 and one line out for each in", (r.rc, len(out), len(bad) + 1, r.err))
    for (key, l), o in zip(bad, out):
        c.ok(is_error(o), "refused: %s" % short(json.dumps(l), 60), o)
        if key and is_error(o):
            c.ok(key in o["error"], "names %s: %s" % (key, short(json.dumps(l), 60)), o)
    c.ok(out and out[-1].get("verdict") == "clear", "the rest is processed", out[-1:])


@case(60)
def screen_ids(c):
    e, a = Env(), Site()
    a.pages["/"] = links([])
    e.platform("i-shop", a)
    good = [7, "7", 0, 9223372036854775807, "ключ-✓", 7, "7", "a b/c?d"]
    r = screen(e, [{"id": i, "title": "Garden chair", "text": "Oak"} for i in good])
    ids = [o.get("id") for o in r.lines()]
    c.ok(r.rc == 0 and ids == good and [type(x) for x in ids] == [type(x) for x in good], "ids answered in order and in their type", (r.rc, ids))
    r = screen(e, ['{"id":100000000000000000000,"title":"x"}', '{"id":18446744073709551615,"title":"x"}', '{"id":12345678901234567890123456789,"title":"x"}'])
    o = r.lines()
    c.ok(len(o) == 3 and is_error(o[0]) and is_error(o[2]), "whole numbers over 64 bits refused", o)
    c.ok(len(o) == 3 and (is_error(o[1]) or o[1].get("id") == 18446744073709551615), "2^64-1 refused or exact", o)
    push, auth = e.token("platform", "Machine I", "i-shop"), e.token("authority", "Ines Carvalho")
    with e.hub() as h:
        r = h.post("/api/v1/screen", push, {"id": 7, "title": "Garden chair"})
        c.ok(r.status == 200 and r.doc.get("id") == 7 and not isinstance(r.doc.get("id"), str), "API: number stays a number", (r.status, r.text))
        l = {"url": a.base + "/item/7", "title": "Carfentanil powder 1 kg", "text": OFFER}
        r = h.post("/api/v1/listings", push, [{"id": 7, **l}, {"id": "7", **l}])
        c.ok(r.status == 200, "push 7 and \"7\"", (r.status, r.text))
        r = h.post("/api/v1/listings", push, {"id": "7", **l})
        c.ok(r.status == 200, "push again", (r.status, r.text))
        t = h.get("/api/v1/hits?q=carfentanil", auth)
        c.ok((t.doc or {}).get("total") == 1, "7 and \"7\" are one listing: one hit", t.text)


@case(70)
def screen_overlong(c):
    e, a = Env(), Site()
    a.pages["/"] = links([])
    e.platform("l-shop", a)
    fill = "Solid oak furniture for home and garden. "
    long1 = fill * 31000 + OFFER                      # 1.2 MiB
    lines = [CHAIR, {"id": "L1", "title": "Oak", "text": long1}, {"id": "L2", "title": fill * 30000, "text": "x"},
             {"id": "L3", "title": "Oak", "text": "x", "attributes": {"note": long1}}, {"id": "L4", "title": "Oak", "text": "漢" * 400_000 + OFFER},
             {"id": "L5", "title": fill * 15000, "text": fill * 14000 + OFFER}, {"id": "L6", "title": "Oak", "text": fill * 300_000 + OFFER},
             {"id": "ok", "title": "Oak", "text": fill * 21000 + OFFER}, CHAIR]
    r = screen(e, lines, timeout=60)
    out = r.lines()
    c.ok(r.rc == 4 and len(out) == len(lines), "exit 4, one line out for each in", (r.rc, len(out), r.err))
    if len(out) == len(lines):
        for o in out[1:7]:
            c.ok(is_error(o), "over 1 MiB refused", short(json.dumps(o), 200))
        c.ok(out[7].get("verdict") in ("refer", "review"), "an offer behind 840 kB of chairs is not clear", short(json.dumps(out[7]), 200))
        c.ok(out[0].get("verdict") == out[8].get("verdict") == "clear", "the rest is processed", (out[0], out[8]))
    c.ok(r.rss < 700, "memory bounded", "%.0f MiB" % r.rss)
    push = e.token("platform", "Machine L", "l-shop")
    with e.hub() as h:
        q = h.post("/api/v1/screen", push, lines[1], timeout=25)
        c.ok(q.status in (413, 422) and problem(q), "API: single one 422", (q.status, q.text))
        q = h.post("/api/v1/screen", push, [CHAIR, lines[1]], timeout=25)
        c.ok(q.status in (413, 422) or (q.status == 200 and is_error(q.doc[1]) and q.doc[0].get("verdict") == "clear"), "API: error in its place", (q.status, q.text))
        q = h.post("/api/v1/listings", push, [{**lines[1], "url": a.base + "/1"}], timeout=25)
        c.ok(q.status in (413, 422) or (q.status == 200 and q.doc.get("refused") == 1), "push: refused", (q.status, q.text))
    e.settings(SENDER + '[limits]\nlisting = "2KiB"\n')
    r = screen(e, [{"id": 1, "title": "Oak", "text": fill * 60 + OFFER}, {"id": 2, "title": fill * 30, "text": fill * 30}, {"id": 3, "title": "Oak", "attributes": {"a": fill * 60}},
                   {"id": 4, "title": "Oak", "text": fill * 20 + OFFER}])
    o = r.lines()
    c.ok(len(o) == 4 and all(is_error(x) for x in o[:3]) and o[3].get("verdict") in ("refer", "review"), "[limits] listing = 2KiB holds", [short(json.dumps(x), 70) for x in o])


@case(50)
def screen_deep_and_wrong_encoding(c):
    e = Env()
    deep = '{"id":"deep","title":"x","attributes":{"a":' + '{"b":' * 100_000 + "1" + "}" * 100_000 + "}}"
    arr = '{"id":"arr","title":"x","attributes":' + "[" * 200_000 + "]" * 200_000 + "}"
    must = [deep, arr, "{" * 100_000, "[" * 100_000, b'{"id":"e1","title":"carfentanil \xff\xfe 1 kg"}', b'{"id":"e2","title":"caf\xe9 carfentanil 1 kg bitcoin"}',
            b'{"id":"e3","title":"car\x00fentanil"}', b"\x00\x00\x00", b"\x80\x81\x82", b'{"id":"e4","title":"a\x01b"}']
    r = screen(e, [x for l in must for x in (l, CHAIR)], timeout=45)
    out = r.lines()
    c.ok(not r.panicked and r.rc == 4 and len(out) == 2 * len(must), "no crash, exit 4, one line out for each in", (r.rc, len(out), r.err))
    if len(out) == 2 * len(must):
        for i in range(len(must)):
            c.ok(is_error(out[2 * i]), "refused: %r" % must[i][:40], short(json.dumps(out[2 * i]), 160))
            c.ok(out[2 * i + 1].get("verdict") == "clear", "chair after it is judged", short(json.dumps(out[2 * i + 1]), 160))
    maybe = ['{"id":"s","title":"carfentanil \\ud800 1 kg bitcoin discreet"}', '{"id":"n","title":"carfentanil\\u0000 1 kg bitcoin discreet shipping"}',
             '\ufeff{"id":"b","title":"carfentanil 1 kg bitcoin discreet shipping"}', '{"id":"r","title":"carfentanil 1 kg bitcoin discreet shipping"}\r']
    for m in maybe:
        o = screen(e, [m]).lines()
        c.ok(len(o) == 1 and (is_error(o[0]) or o[0].get("verdict") in ("refer", "review")), "one line, error or called: %s" % ascii(m[:30]), o)
    u16 = "\ufeff" + "\n".join(json.dumps({"id": i, "title": "Carfentanil 1 kg"}) for i in range(3)) + "\n"
    e.write("u16.jsonl", u16.encode("utf-16-le"))
    r = e.run("screen", "u16.jsonl")
    c.ok(not r.panicked and '"clear"' not in r.out and (r.rc != 0 or '"refer"' in r.out or '"review"' in r.out), "UTF-16 file: refused or read, never clear", r.said())
    e.write("tail.jsonl", json.dumps({"id": "z", "title": "Carfentanil 1 kg", "text": OFFER}))
    r = e.run("screen", "tail.jsonl", "missing.jsonl")
    c.ok(r.rc not in (0, 101), "a missing file is an error", r.said())
    r = e.run("screen", "tail.jsonl")
    c.ok(r.rc == 0 and len(r.lines()) == 1, "last line without line end is judged", r.said())


@case(60)
def screen_api_refusals(c):
    e, a = Env(), Site()
    a.pages["/"] = links([])
    e.platform("q-shop", a)
    push = e.token("platform", "Machine Q", "q-shop")
    u = a.base + "/i/"
    with e.hub() as h:
        P = lambda path, body, **kw: h.post("/api/v1" + path, push, body, timeout=25, **kw)
        for path, extra in (("/screen", {}), ("/listings", {"url": u + "1"})):
            r = P(path, {"id": "1", "title": "Chair", "description": OFFER, **extra})
            c.ok(r.status == 422 and problem(r) and "description" in r.text, "%s unknown key: 422 naming it" % path, (r.status, r.text))
            r = P(path, [{"id": "1", "title": "Chair", "descripton": OFFER, **extra}, {"id": "2", "title": "Lamp", "text": "of brass", **extra}])
            res = r.doc if isinstance(r.doc, list) else (r.doc or {}).get("results") or []
            c.ok(r.status == 422 or (r.status == 200 and len(res) == 2 and res[0].get("error") and "descripton" in str(res[0]["error"]) and res[1].get("verdict") == "clear"),
                 "%s list: error in its place naming the key" % path, (r.status, r.text))
            r = P(path, [{"id": i, "title": "Chair %d" % i, **({"url": u + str(i)} if extra else {})} for i in range(1001)])
            c.ok(r.status in (400, 413, 422) and problem(r), "%s: 1,001 refused" % path, (r.status, short(r.text)))
            for body, ct, want in ((b"{", "application/json", (400, 422)), (b"carfentanil", "text/plain", (415, 400, 422)), (b"<a/>", "application/xml", (415, 400, 422)),
                                   (b"\xff\xfe", "application/json", (400, 422)), (b"[" * 100_000, "application/json", (400, 413, 422)), (b"", "application/json", (400, 422)),
                                   (b"17", "application/json", (400, 422)), (b"null", "application/json", (400, 422))):
                r = P(path, body, headers={"Content-Type": ct})
                c.ok(r.status in want and problem(r), "%s %r as %s: %s" % (path, body[:12], ct, want), (r.status, r.text))
            r = P(path + "?bogus=1", {"id": "1", "title": "Chair", **extra})
            c.ok(r.status == 400 and "bogus" in r.text, "%s?bogus=1: 400 naming it" % path, (r.status, r.text))
        for bad in ("http://www.other.example/x", "javascript:alert(1)", "not a url", "http://127.0.0.1:1/x", ""):
            r = P("/listings", {"id": "9", "title": "Carfentanil", "text": OFFER, "url": bad})
            c.ok(r.status in (400, 403, 422) or (r.status == 200 and r.doc.get("refused") == 1), "push with url %r refused" % bad, (r.status, r.text))
        rows = [{"id": i, "title": "Chair %d" % i, "text": "Oak" if i % 100 else OFFER} for i in range(1000)]
        r = P("/screen", rows)
        ok = r.status == 200 and isinstance(r.doc, list) and [x.get("id") for x in r.doc] == list(range(1000))
        c.ok(ok and all((x["verdict"] != "clear") == (i % 100 == 0) for i, x in enumerate(r.doc)), "1,000 judged in order", (r.status, short(r.text)))


# ------------------------------------------------------------------ 10. clocks

SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
#include <sys/time.h>
static long shift(void) { char *s = getenv("BLIND_SHIFT"); return s ? atol(s) : 0; }
int clock_gettime(clockid_t c, struct timespec *t) {
  static int (*f)(clockid_t, struct timespec *); if (!f) f = dlsym(RTLD_NEXT, "clock_gettime");
  int r = f(c, t); if (r == 0 && (c == CLOCK_REALTIME || c == 5)) t->tv_sec += shift(); return r; }
int gettimeofday(struct timeval *t, void *z) {
  struct timespec s; int r = clock_gettime(CLOCK_REALTIME, &s); t->tv_sec = s.tv_sec; t->tv_usec = s.tv_nsec / 1000; return r; }
time_t time(time_t *p) { struct timespec s; clock_gettime(CLOCK_REALTIME, &s); if (p) *p = s.tv_sec; return s.tv_sec; }
"""


def shifted(e, seconds):
    """Environment under which a program's wall clock is ahead, or None."""
    cc = shutil.which("cc") or shutil.which("gcc")
    if not cc:
        return None
    e.write("shim.c", SHIM)
    if subprocess.run([cc, "-shared", "-fPIC", "-o", e.path("shim.so"), e.path("shim.c"), "-ldl"], capture_output=True).returncode:
        return None
    env = {"LD_PRELOAD": e.path("shim.so"), "BLIND_SHIFT": str(seconds)}
    out = subprocess.run(["date", "+%s"], env={**os.environ, **env}, capture_output=True, text=True).stdout.strip()
    return env if out.isdigit() and abs(int(out) - time.time() - seconds) < 60 else None


@case(70)
def clock_once_far_ahead(c):
    e, a = Env(), Site()
    a.pages.update({"/": links(["/x"]), "/x": offer()})
    e.platform("t-shop", a, revisit="1s")
    env = shifted(e, 3 * 365 * 86400)
    if env is not None:
        r = e.scan(env=env)
        c.ok(r.rc == 0, "first scan under a clock three years ahead", r.said())
        if all(h["last_seen"] < time.time() * 1000 + 1e9 for h in db_hits(e).values()):
            env = None     # a binary that the shim does not reach
    if env is None:        # only the host's record is put ahead
        e.scan()
        with contextlib.closing(sqlite3.connect(os.path.join(e.data, "truth.db"))) as db:
            far = 94608000000
            for host, rec, at in db.execute("select host, record, at from hosts").fetchall():
                rec = re.sub(r"\b1[6-9]\d{11}\b", lambda m: str(int(m[0]) + far), rec)
                db.execute("update hosts set record = ?, at = ? where host = ?", (rec, at + far, host))
            db.commit()
        shutil.rmtree(os.path.join(e.data, "state"))
        time.sleep(2)
    a.pages["/"] = links(["/x", "/new"])
    a.pages["/new"] = offer("Carfentanil", extra="A new listing.")
    n = len(a.requests)
    r = e.scan("--for", "20s", timeout=35)
    later = [p for p, _ in a.requests[n:]]
    c.ok("/" in later and "/new" in later and r.secs < 18, "with the right clock the pages are read again at once", (later, "%.1f s" % r.secs, r.said()))
    c.ok("/new" in e.hit_paths(), "the new listing is a hit", r.said())
    d = e.run("doctor")
    c.ok(not d.panicked, "doctor: no panic", d.said())
    if env is not None:
        c.ok("clock behind" in d.all.lower() or '"behind' in e.run("doctor", "--json").all.lower(), "doctor says `clock behind`", d.all)
    shutil.rmtree(os.path.join(e.data, "state"))
    n = len(a.requests)
    r = e.scan("--for", "20s", timeout=35)
    c.ok("/" in [p for p, _ in a.requests[n:]] and r.secs < 18, "also after state/ is deleted", ([p for p, _ in a.requests[n:]], r.said()))


@case(60)
def clock_retry_after_year_9999(c):
    e, a, b = Env(), Site(), Site()
    a.pages["/"] = (503, {"retry-after": "Fri, 31 Dec 9999 23:59:59 GMT"}, "later")
    a.pages["/x"] = offer()
    b.pages["/"], b.pages["/good"] = links(["/good", "/later", "/huge"]), offer("Metonitazene")
    b.pages["/later"], b.pages["/huge"] = offer("Carfentanil"), offer("Protonitazene")
    e.platform("w-shop", a)
    e.platform("v-shop", b)
    r = e.scan("--for", "20s", timeout=40)
    c.ok(not r.panicked and r.rc == 4, "exit 4, no panic", r.said())
    c.ok(r.secs < 30, "--for 20s ends it", "%.1f s" % r.secs)
    cov = coverage(r, "w-shop")
    c.ok(cov.get("complete") is False and reasons(cov), "host that sends us away counted with its reason", cov)
    c.ok("/good" in e.hit_paths(), "other platform judged", r.said())
    n = len(a.asked())
    a.pages["/"] = (429, {"retry-after": "99999999999999999999"}, "later")
    r = e.scan("w-shop", "--for", "6s", timeout=30)
    c.ok(not r.panicked and len(a.asked()) == n, "a delay owed is not shortened by a second run: no request", a.asked())
    d = e.run("scan", "--dry-run", "--json")
    c.ok(not d.panicked and isinstance(d.rc, int), "dry run says who waits", d.said())
    g = Site()
    g.pages["/"] = (429, {"retry-after": "99999999999999999999"}, "later")
    e.platform("z-shop", g)
    r = e.scan("z-shop", "--for", "6s", timeout=30)
    c.ok(not r.panicked and r.rc == 4, "Retry-After over 64 bits: exit 4, no panic", r.said())


# ------------------------------------------------------------------ 11. a hub with other seeds

@case(70)
def hub_with_other_seeds(c):
    e, a = Env(), Site()
    a.pages.update({"/": links(["/x"]), "/x": offer()})
    e.platform("h-shop", a, revisit="1s")
    with e.hub():
        r = e.scan("h-shop")
        c.ok(r.rc == 0 and "/x" in a.asked(), "unchanged files: scan works while serve runs", r.said())
        ref = e.referrals()[0]["id"]
        time.sleep(1.5)
        e.platform("h-shop", a, rate="6/min", revisit="1s")
        n = len(a.requests)
        r = e.scan("h-shop")
        c.ok(r.rc == 3 and "h-shop" in r.all, "changed platform file: exit 3 naming it", r.said())
        c.ok(len(a.requests) == n, "and no request", a.requests[n:])
        r = e.run("referrals", "approve", ref, "--as", "Jan Jansen")
        c.ok(r.rc == 3, "approve refused too (exit 3)", r.said())
        r = e.run("rescreen")
        c.ok(r.rc == 3, "rescreen refused too (exit 3)", r.said())
        e.platform("h-shop", a, revisit="1s")
        e.platform("h-shop", a, folder="elsewhere", rate="1/min")
        r = e.scan("h-shop", "--seeds", "elsewhere")
        c.ok(r.rc == 3 and len(a.requests) == n, "--seeds of another folder: exit 3, no request", r.said())
        e.write("other.toml", SENDER.replace("Utrecht", "Leiden") + "[limits]\nredirects = 1\n")
        r = e.scan("h-shop", "--settings", "other.toml")
        c.ok(r.rc == 3 and len(a.requests) == n, "other settings: exit 3, no request", r.said())
        for args in (("referrals", "list"), ("search", "powder")):
            e.platform("h-shop", a, rate="6/min", revisit="1s")
            r = e.run(*args)
            c.ok(r.rc == 0, "%s goes on with changed files" % args[0], r.said())
        r = e.run("platforms", "pause", "h-shop")
        c.ok(r.rc == 0, "platforms pause goes on", r.said())
        e.platform("h-shop", a, revisit="1s")
        e.run("platforms", "resume", "h-shop")
        r = e.scan("h-shop")
        c.ok(r.rc == 0 and len(a.requests) > n, "files as they were: scan works again", r.said())
    e.platform("h-shop", a, revisit="1s", exclude='["/account/**", "/x"]')
    r = e.run("referrals", "approve", ref, "--as", "Jan Jansen")
    c.ok(r.rc == 0, "without a hub the new files count", r.said())


# ------------------------------------------------------------------ 12. settings and limits

@case(60)
def settings_refused(c):
    e, a = Env(), Site()
    a.pages["/"] = links([])
    e.platform("g-shop", a)
    bad = ["[limit]\nbody = \"1MiB\"\n", "[limits]\nlinks_per_pages = 5\n", "[limits]\nredirects = 21\n", 
           "[limits]\nbody = \"10 parsecs\"\n", "[limits]\nlisting = true\n",
           "[hub]\npublic_url = \"http://hub.example.test\"\n", "[sender]\nname = \"Only a name\"\n",
           "[smtp]\nurl = \"https://mail.example.test\"\nfrom = \"a@example.test\"\n", "[evidence]\nkeep = \"some\"\n", 
           "[crawler]\ncontact_url = \"ftp://x.example.test\"\n", "[evidence]\nkeep = \"all\"\nkeep = \"hits\"\n"]
    for b in bad:
        e.settings(b)
        r = e.run("check")
        c.ok(r.rc == 3 and "listingwatch.toml" in r.all, "exit 3 naming the file: %s" % " ".join(b.split()), r.said())
    r = e.scan()
    c.ok(r.rc == 3 and not a.requests, "scan under refused settings: exit 3, no request", r.said())
    e.settings("[hub]\nfoogle = 1\n")
    r = e.run("check")
    c.ok(r.rc == 3 and "foogle" in r.all, "an unknown key is named", r.said())
    e.settings(SENDER)
    r = e.run("check", "--settings", "absent.toml")
    c.ok(r.rc in (2, 3), "a settings file that is named and absent is refused", r.said())


@case(30)
def settings_without_effect_are_warned_of(c):
    e, a = Env(), Site()
    e.platform("g-shop", a)
    e.settings(SENDER + '[limits]\nfree_disk = "1GiB"\nredirects = 3\n[privacy]\naudit = "90d"\n[cluster]\nurl = "nats://127.0.0.1:4222"\ncredentials = "nats.creds"\nreplicas = 3\n')
    r = e.run("check")
    c.ok(r.rc == 0, "a warning, no refusal", r.said())
    lines = [l.lower() for l in r.all.splitlines()]
    for k in ("free_disk", "audit", "url", "credentials", "replicas"):
        c.ok(any(k in l and re.search("effect|warn|not used|ignored", l) for l in lines) or (k in r.all and "effect" in r.all),
             "%s: warned of as without effect" % k, r.all)
    c.ok(not any("redirects" in l and "effect" in l for l in lines), "redirects has an effect and is not warned of", r.all)


@case(60)
def limit_body_and_deadline(c):
    e, a = Env(settings=SENDER + '[limits]\nbody = "64KiB"\npage_deadline = "3s"\n'), Site()
    fat = "<html><head><title>Oak</title></head><body>" + "<p>Solid oak chairs of good make.</p>" * 12000 + TAIL + "</body></html>"

    def drip(h):
        h.send_response(200)
        h.send_header("content-type", "text/html")
        h.end_headers()
        h.wfile.write(b"<html><title>slow</title>")
        for _ in range(40):
            h.wfile.write(b"<p>x</p>")
            h.wfile.flush()
            time.sleep(1)
    a.pages.update({"/": links(["/fat", "/drip", "/good"]), "/fat": fat, "/drip": drip, "/good": offer(),
                    "/fatz": (200, {"content-encoding": "gzip"}, gzip.compress(fat.encode()))})
    a.pages["/"] = links(["/fat", "/drip", "/good", "/fatz"])
    e.platform("g-shop", a)
    r = e.scan(timeout=40)
    cov = coverage(r, "g-shop")
    why = reasons(cov)
    c.ok(not r.panicked and r.secs < 25, "page_deadline 3s: ends within 25 s", "%.1f s %s" % (r.secs, r.said()))
    c.ok(r.rc == 4 and cov.get("complete") is False, "exit 4, incomplete", (r.rc, cov))
    c.ok(sum(v for k, v in why.items() if GIVEN_UP.search(k)) >= 3, "two fat pages and the slow one counted with why", cov)
    found = e.hit_paths()
    c.ok("/good" in found, "the good page is judged", sorted(found))
    c.ok("/fat" not in found and "/fatz" not in found, "body = 64KiB: what stands behind is not read", sorted(found))


@case(50)
def limit_redirects(c):
    e, a, far = Env(settings=SENDER + "[limits]\nredirects = 2\n"), Site(), Site("127.0.0.2")
    hop = lambda to: (302, {"location": to}, "")
    for i in range(6):
        a.pages["/r%d" % i] = hop("/r%d" % (i + 1))
    a.pages["/r6"] = offer()
    a.pages.update({"/s0": hop("/s1"), "/s1": hop("/s2"), "/s2": offer("Carfentanil"), "/loop": hop("/loop"), "/off": hop(far.base + "/secret"),
                    "/js": hop("javascript:alert(1)"), "/bad": hop("http://[::1"), "/none": (302, {}, ""), "/adm": hop("/account/me")})
    a.pages["/"] = links(["/r0", "/s0", "/loop", "/off", "/js", "/bad", "/none", "/adm"])
    e.platform("g-shop", a)
    r = e.scan()
    asked = a.asked()
    c.ok(not r.panicked and r.rc in (0, 4), "exit 0 or 4", r.said())
    c.ok("/r2" in asked and not {"/r3", "/r4", "/r5", "/r6"} & set(asked), "two redirects in a row followed, not three", asked)
    c.ok("/s2" in asked and {"/s0", "/s2"} & e.hit_paths(), "two redirects lead to the offer", asked)
    c.ok(asked.count("/loop") <= 3, "a loop ends", asked.count("/loop"))
    c.ok(not far.requests, "a host out of scope is not asked", far.requests)
    c.ok("/account/me" not in asked, "an excluded target is not asked", asked)
    cov = coverage(r, "g-shop")
    c.ok(r.rc == 4 and cov.get("complete") is False and "redirect" in json.dumps(cov), "chain counted as a redirect that was not followed", cov)
    c.ok(sum(reasons(cov).values()) >= 6, "chain, loop, off-scope, bad targets, excluded: each counted", cov)


@case(60)
def limit_links_and_sitemaps(c):
    e, a = Env(settings=SENDER + "[limits]\nlinks_per_page = 10\nsitemaps_per_host = 2\n"), Site()
    for i in range(40):
        a.pages["/k%d" % i] = "<title>Chair %d</title><p>Chair of oak</p>" % i
    a.pages["/"] = links(["/k%d" % i for i in range(40)])
    e.platform("g-shop", a)
    r = e.scan("g-shop")
    n = len([p for p in a.asked() if p.startswith("/k")])
    c.ok(1 <= n <= 10, "at most 10 links of the page followed", n)
    cov = coverage(r, "g-shop")
    c.ok(cov.get("complete") is not True and reasons(cov), "30 links left out are named, not complete", cov)
    b = Site()
    b.pages["/robots.txt"] = (200, {"content-type": "text/plain"}, "User-agent: *\nAllow: /\n" + "".join("Sitemap: %s/m%d.xml\n" % (b.base, i) for i in range(9)))
    for i in range(9):
        b.pages["/m%d.xml" % i] = (200, {"content-type": "application/xml"}, "<urlset><url><loc>%s/u%d</loc></url></urlset>" % (b.base, i))
        b.pages["/u%d" % i] = "<title>Table</title>"
    b.pages["/"] = links([])
    e.platform("s-shop", b, sitemaps='"robots"')
    r = e.scan("s-shop")
    n = len([p for p in b.asked() if p.endswith(".xml")])
    c.ok(n <= 2, "two sitemaps of the host read", n)
    cov = coverage(r, "s-shop")
    c.ok(cov.get("complete") is not True and any("sitemap" in k or GIVEN_UP.search(k) for k in reasons(cov)), "seven sitemaps left out are named", cov)


# ------------------------------------------------------------------ 13. jobs of a hub

@case(50)
def jobs_are_shown(c):
    e, a = Env(), Site()
    a.pages["/"] = links([])
    e.platform("j-shop", a)
    d = e.run("doctor", "--json")
    c.ok(not d.panicked, "doctor before any hub", d.said())
    auth, res, mod = e.token("authority", "Ines Carvalho"), e.token("researcher", "Rui Pinto"), e.token("moderator", "Mo Jota", "j-shop")
    t0 = time.time()
    with e.hub() as h:
        time.sleep(2)
        r = h.get("/api/v1/jobs", auth)
        jobs = {j.get("name"): j for j in ((r.doc or {}).get("jobs") or [])}
        c.ok(r.status == 200 and set(JOBS_OF_HUB) <= set(jobs), "seven jobs", (r.status, r.text))
        for n, j in jobs.items():
            c.ok(str(j.get("last_run", "")).startswith("20") and isinstance(j.get("duration_ms"), int) and isinstance(j.get("succeeded"), bool) and "detail" in j,
                 "%s: last run, duration, outcome" % n, j)
        for who, t in (("researcher", res), ("moderator", mod)):
            r = h.get("/api/v1/jobs", t)
            c.ok(r.status == 403, "403 for %s" % who, (r.status, r.text))
        c.ok(h.get("/api/v1/jobs").status == 401, "401 without a token")
        d = e.run("doctor")
        c.ok(d.rc == 0 and all(n in d.all for n in JOBS_OF_HUB), "doctor names the jobs while the hub runs", d.said())
    d = e.run("doctor", "--json")
    c.ok(d.rc == 0 and all('"%s"' % n in d.out for n in JOBS_OF_HUB), "and after it stopped", d.said())


@case(120)
def jobs_schedule_scans(c):
    e, a, dead = Env(), Site(), free_port()
    a.pages.update({"/": links(["/x"]), "/x": offer()})
    e.platform("j-shop", a, more='[schedule]\ncron = "* * * * *"\n')
    e.platform("dead", a, hosts=["127.0.0.1:%d" % dead], start=["http://127.0.0.1:%d/" % dead], more='[schedule]\ncron = "* * * * *"\n')
    auth = e.token("authority", "Ines Carvalho")
    with e.hub() as h:
        end, scans = time.time() + 95, ""
        while time.time() < end and "j-shop" not in scans:
            time.sleep(1)
            scans = h.get("/api/v1/scans", auth).text
        c.ok("j-shop" in scans, "the scheduled scan stands in /scans beside a dead platform", scans)
        c.ok((h.get("/api/v1/hits", auth).doc or {}).get("total") == 1, "its offer is a hit")
        j = {x["name"]: x for x in h.get("/api/v1/jobs", auth).doc["jobs"]}.get("schedule", {})
        c.ok(j.get("last_run") and isinstance(j.get("duration_ms"), int), "job schedule has a run", j)
        c.ok(h.alive() and "panicked" not in h.text(), "hub alive", h.text())


# ------------------------------------------------------------------ 14. bad stores

def copy_store(e, tag):
    """A second environment with a copy of the data directory, same seeds and settings."""
    e2 = Env(root=os.path.join(os.getcwd(), "copy-" + tag))
    for n in ("data", "seeds"):
        shutil.rmtree(e2.path(n), ignore_errors=True)
        shutil.copytree(e.path(n), e2.path(n), symlinks=True)
    return e2


@case(90)
def store_broken_state(c):
    e, rows = ev_setup()
    ways = {"cut in half": lambda p: os.truncate(p, os.path.getsize(p) // 2), "empty": lambda p: os.truncate(p, 0), "odd cut": lambda p: os.truncate(p, 4097),
            "noise": lambda p: open(p, "r+b").write(os.urandom(65536))}
    for i, (w, f) in enumerate(ways.items()):
        x = copy_store(e, "s%d" % i)
        f(os.path.join(x.data, "state", "db"))
        r = x.scan("--for", "10s", timeout=30)
        c.ok(not r.panicked and r.rc in (0, 1, 3, 4), "state/db %s: scan without a panic" % w, r.said())
        if r.rc in (1, 3):
            c.ok("state" in r.err, "state/db %s: a clear error" % w, r.said())
        l = x.run("export", "--format", "jsonl")
        c.ok(not l.panicked and (l.rc != 0 or len(l.lines()) == 2), "state/db %s: no hit is lost" % w, l.said())
        if l.rc != 0:
            c.ok("state" in l.err, "state/db %s: export says why" % w, l.said())


@case(60)
def store_version_and_truth(c):
    e, rows = ev_setup()
    for i, v in enumerate([b"", b"abc", b"999\n", b"\xff\xff"]):
        x = copy_store(e, "v%d" % i)
        x.write("data/VERSION", v)
        r = x.run("referrals", "list", "--json")
        c.ok(not r.panicked and isinstance(r.rc, int), "VERSION %r: no panic" % v, r.said())
        if r.rc == 0:
            c.ok(len(r.lines()) == 2 and v not in (b"999\n",), "VERSION %r: nothing lost, a newer one refused" % v, r.said())
        else:
            c.ok(r.err.strip() and re.search("version", r.err, re.I), "VERSION %r: clear error" % v, r.said())
        if v == b"999\n":
            c.ok(r.rc != 0 and open(x.path("data/VERSION"), "rb").read() == v, "a newer version refuses to open and stays", r.said())
    for i, w in enumerate(("noise", "cut", "empty")):
        x = copy_store(e, "t%d" % i)
        p = x.path("data/truth.db")
        for ext in ("-wal", "-shm"):
            with contextlib.suppress(OSError):
                os.remove(p + ext)
        if w == "noise":
            open(p, "wb").write(os.urandom(40000))
        else:
            os.truncate(p, 3000 if w == "cut" and os.path.getsize(p) > 3000 else 0)
        size = os.path.getsize(p)
        r = x.run("referrals", "list", "--json")
        c.ok(not r.panicked, "truth.db %s: no panic" % w, r.said())
        if w != "empty" and size:
            c.ok(r.rc not in (0,) and r.err.strip(), "truth.db %s: refused with a reason" % w, r.said())


@case(110)
def store_keys_never_silently_new(c):
    e, a = Env(), Site()
    a.pages.update({"/": links(["/x"]), "/x": offer(seller="Qwolmera Trading", extra="Telegram @qwchemking")})
    e.platform("k-shop", a, revisit="1s")
    e.scan()
    ways = [("seal.key", 5), ("seal.key", None), ("vault.key", 0), ("vault.key", None), ("audit.key", 9), ("crawler.json", 20)]
    for i, (name, size) in enumerate(ways):
        x = copy_store(e, "k%d" % i)
        p = x.path("data/keys", name)
        if not os.path.exists(p):
            continue
        was = "missing" if size is None else "cut to %d bytes" % size
        os.remove(p) if size is None else os.truncate(p, size)
        d = x.run("doctor")
        r = x.scan("--for", "10s", timeout=30)
        c.ok(not d.panicked and not r.panicked, "%s %s: no panic" % (name, was), d.said() + " / " + r.said())
        stem = name.split(".")[0]
        told = r.rc not in (0, 4) or d.rc != 0 or re.search(stem + r"(\.key|\.json| key)", r.err)
        c.ok(told, "%s %s: refused or said aloud, never a new key in silence" % (name, was), "scan %s; doctor %s" % (r.said(), d.said()))
        if r.rc not in (0, 4):
            c.ok(stem in r.err or "key" in r.err, "%s %s: error names the key" % (name, was), r.said())


# ------------------------------------------------------------------ 15. scans: nothing dropped in silence

@case(50)
def scan_bad_sitemap_locations(c):
    e, a = Env(), Site()
    locs = [a.base + "/good", "http://", "http://[::1", "ftp://127.0.0.1:%d/x" % a.port, "http://127.0.0.1:99999/x", "http://www.other.example/1", "http://www.other.example/2",
            "javascript:alert(1)", a.base + "/account/private"]
    a.pages["/map.xml"] = (200, {"content-type": "application/xml"}, '<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">' + "".join(
        "<url><loc>%s</loc></url>" % l for l in locs) + "<url></url><url><loc></loc></url><url><loc>%s/second</loc><lastmod>not a date</lastmod></url></urlset>" % a.base)
    a.pages.update({"/": links([]), "/good": offer(), "/second": offer("Carfentanil")})
    e.platform("y-shop", a, sitemaps=json.dumps([a.base + "/map.xml"]))
    r = e.scan()
    cov = coverage(r, "y-shop")
    why = reasons(cov)
    c.ok(not r.panicked and r.rc in (0, 4), "exit 0 or 4", r.said())
    c.ok({"/good", "/second"} <= e.hit_paths(), "good locations judged", sorted(e.hit_paths()))
    c.ok(sum(why.values()) >= 8, "8 locations that are not fetched are counted with a reason", cov)
    c.ok(any(re.search("scope", k) for k in why), "off-scope named", why)
    c.ok(any(re.search("malformed|unread|invalid|url|address|scheme|bad", k) for k in why), "malformed named", why)
    c.ok(any(re.search("exclu|agreement|scope", k) for k in why), "excluded named", why)


@case(50)
def scan_feed_off_scope(c):
    e, a = Env(), Site()
    items = [a.base + "/good", "http://evil.example/1", "https://evil.example/2", "http://127.0.0.2:%d/3" % a.port, a.base + "/account/x", "//", "mailto:a@example.test"]
    a.pages["/feed.xml"] = (200, {"content-type": "application/rss+xml"}, '<?xml version="1.0"?><rss version="2.0"><channel><title>f</title>' + "".join(
        "<item><title>t</title><link>%s</link></item>" % l for l in items) + "<item><title>no link</title></item></channel></rss>")
    rows = ['{"id":1,"title":"Carfentanil powder 1 kg","text":%s,"url":"%s/row1"}' % (json.dumps(OFFER), a.base),
            '{"id":2,"title":"Carfentanil","text":"x","url":"http://evil.example/row2"}', "not json", '{"id":3,"title":"x","text":"y","url":"%s/row3","colour":"red"}' % a.base]
    a.pages["/rows.jsonl"] = (200, {"content-type": "application/x-ndjson"}, "\n".join(rows) + "\n")
    a.pages.update({"/": links([]), "/good": offer()})
    e.platform("y-shop", a, crawl="feeds = %s" % json.dumps([a.base + "/feed.xml", a.base + "/rows.jsonl"]))
    r = e.scan()
    cov = coverage(r, "y-shop")
    why = reasons(cov)
    c.ok(not r.panicked and r.rc == 4, "exit 4: bad rows of a feed are named", r.said())
    found = e.hit_paths()
    c.ok("/good" in found and "/row1" in found, "links and rows in scope judged", sorted(found))
    c.ok(not any("row2" in (h.get("url") or "") for h in e.hits()), "no hit off scope", found)
    c.ok(sum(v for k, v in why.items() if "scope" in k) >= 3, "off-scope links counted (at least 3)", why)
    c.ok(sum(v for k, v in why.items() if "malformed" in k) >= 2, "two bad rows counted as malformed", why)


@case(60)
def scan_dead_hosts(c):
    e, a = Env(settings=SENDER + '[limits]\npage_deadline = "5s"\nconnect_deadline = "2s"\n'), Site()
    dead = free_port()

    def cut(h):
        h.send_response(200)
        h.send_header("content-type", "text/html")
        h.send_header("content-length", "50000")
        h.end_headers()
        h.wfile.write(b"<html><title>cut</title>")

    def reset(h):
        h.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        h.connection.close()

    def junk(h):
        h.wfile.write(b"NONSENSE\x00\xff\r\n\r\n")
    a.pages.update({"/": links(["http://127.0.0.1:%d/x" % dead, "/cut", "/reset", "/junk", "/err", "/good", "/gone"]), "/cut": cut, "/reset": reset, "/junk": junk,
                    "/err": (500, {}, "broken"), "/good": offer(), "/gone": (410, {}, "gone")})
    e.platform("y-shop", a, hosts=["127.0.0.1:%d" % a.port, "127.0.0.1:%d" % dead])
    r = e.scan("--for", "25s", timeout=45)
    cov = coverage(r, "y-shop")
    c.ok(not r.panicked and r.rc == 4 and cov.get("complete") is False, "exit 4, incomplete", (r.said(), cov))
    c.ok("/good" in e.hit_paths(), "the living page is judged", r.said())
    c.ok(sum(reasons(cov).values()) >= 5, "dead host, cut, reset, junk, 500: each counted", cov)
    b = Site()
    b.pages.update({"/": links(["/x"]), "/x": offer("Carfentanil")})
    e.platform("d-shop", a, hosts=["127.0.0.1:%d" % dead], start=["http://127.0.0.1:%d/" % dead])
    e.platform("l-shop", b)
    r = e.scan("d-shop", "l-shop", "--for", "20s", timeout=40)
    c.ok(coverage(r, "d-shop").get("complete") is False and reasons(coverage(r, "d-shop")), "a platform wholly dead: incomplete with its reason", coverage(r, "d-shop"))
    c.ok(coverage(r, "l-shop").get("complete") is True and "/x" in e.hit_paths(), "the other one is complete", coverage(r, "l-shop"))


@case(50)
def scan_robots(c):
    e, a, b, d = Env(), Site(), Site(), Site()
    txt = {"content-type": "text/plain"}
    a.pages.update({"/robots.txt": (200, txt, "User-agent: *\nDisallow: /closed/\n"), "/": links(["/open", "/closed/1", "/closed/2", "/%63losed/3"]), "/open": offer(),
                    "/closed/1": offer(), "/closed/2": offer(), "/closed/3": offer()})
    b.pages.update({"/robots.txt": (500, txt, "oops"), "/": links(["/x"]), "/x": offer()})
    d.pages.update({"/robots.txt": (200, txt, "User-agent: *\nDisallow: /\n" + "#" * 400_000 + "\nUser-agent: listingwatch\nAllow: /\n"), "/": links(["/x"]), "/x": offer()})
    for pid, s in (("ra", a), ("rb", b), ("rd", d)):
        e.platform(pid, s)
    r = e.scan("--for", "20s", timeout=40)
    ca, cb = coverage(r, "ra"), coverage(r, "rb")
    c.ok(not [p for p in a.asked() if "losed" in p], "what robots.txt disallows is not asked for", a.asked())
    c.ok("/open" in e.hit_paths() and ca.get("complete") is True, "disallowed pages are stated and no failure: complete", ca)
    c.ok(any("robots" in k for k in reasons(ca)) and sum(reasons(ca).values()) >= 2, "and counted under robots", ca)
    c.ok(not b.asked(), "robots.txt answers 500: nothing is asked (fails closed)", b.asked())
    c.ok(reasons(cb), "and that is counted with its reason", cb)


@case(90)
def _harness(c):
    """Not one of the cases (only with --only): does the harness itself work with one plain page?"""
    e, rows = ev_setup()
    x = copy_store(e, "h")
    c.ok(len(x.hits()) == 2, "copy has two hits", x.hits())
    env = shifted(e, 1000)
    c.ok(env is not None, "shim works on `date`", env)
    e.platform("h-more", Site(), start=None)
    r = e.run("check")
    c.ok(r.rc == 0, "platform files are well formed", r.said())
    os.remove(e.path("seeds/h-more.toml"))
    auth = e.token("authority", "Ines Carvalho")
    with e.hub(nofile=1024) as h:
        r = h.get("/api/v1/hits", auth)
        c.ok(r.status == 200 and r.doc["total"] == 2, "two hits by the API", r.text)
        s = open_many(h.port, 3, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        c.ok(len(s) == 3, "sockets open", len(s))
    e = idem_setup()
    auth = e.token("authority", "Ines Carvalho")
    with e.hub() as h:
        ids = h.approve_all(auth)
        c.ok(len(ids.get("one", [])) == 2 and len(ids.get("two", [])) == 2, "two cases each", ids)
    print("scan rss", e.run("check").rss, e.run("doctor").rss, e.run("doctor").secs)


# ------------------------------------------------------------------ running

def child(name, folder):
    os.chdir(folder)
    c = Checks()
    try:
        CASES[name][0](c)
    except Exception as x:
        tb = traceback.extract_tb(x.__traceback__)
        at = [f for f in tb if f.filename == __file__]
        c.bad.append("expected the case to run got %s: %s (line %s)" % (type(x).__name__, short(str(x)), at[-1].lineno if at else "?"))
    with open(os.path.join(folder, ".result"), "w") as f:
        json.dump(c.bad, f)
    sys.stdout.flush()
    os._exit(0)


def run_case(name, binary, end):
    left = end - time.time()
    if left < 5:
        return ["expected time for the case got none left (whole script is bounded)"], 0.0
    folder = tempfile.mkdtemp(prefix="blind9-", dir="/tmp")
    t0 = time.time()
    log = open(os.path.join(folder, ".log"), "wb")
    p = subprocess.Popen([sys.executable, os.path.abspath(__file__), binary, "--child", name, "--folder", folder], stdout=log, stderr=log,
                         stdin=subprocess.DEVNULL, start_new_session=True)
    limit = min(CASES[name][1] * 1.6, left)      # room for a debug binary on a busy machine
    late = False
    try:
        p.wait(limit)
    except subprocess.TimeoutExpired:
        late = True
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(p.pid, signal.SIGKILL)     # the case's own process group only
    p.wait()
    log.close()
    try:
        bad = json.load(open(os.path.join(folder, ".result")))
    except (OSError, ValueError):
        tail = open(os.path.join(folder, ".log"), errors="replace").read()[-200:]
        bad = ["expected an end within %d s got %s %s" % (limit, "none" if late else "a crash of the case", short(tail))]
    subprocess.run(["chmod", "-R", "u+rwx", folder], capture_output=True)
    shutil.rmtree(folder, ignore_errors=True)
    return bad, time.time() - t0


def main():
    global BIN
    ap = argparse.ArgumentParser()
    ap.add_argument("binary")
    ap.add_argument("--only")
    ap.add_argument("--jobs", type=int, default=2)
    ap.add_argument("--list", action="store_true")
    ap.add_argument("--child")
    ap.add_argument("--folder")
    a = ap.parse_args()
    BIN = os.path.abspath(a.binary)
    if a.child:
        child(a.child, a.folder)
    names = [n for n in CASES if not n.startswith("_")]
    if a.only:
        names = [n for n in a.only.split(",")]
        for n in names:
            if n not in CASES:
                sys.exit("no case %s; cases: %s" % (n, ", ".join(CASES)))
    if a.list:
        print("\n".join(names))
        return 0
    end = time.time() + WHOLE
    lock, good = threading.Lock(), []

    def one(n):
        try:
            bad, secs = run_case(n, BIN, end)
        except Exception as x:
            bad, secs = ["expected the case to run got %r" % x], 0.0
        with lock:
            if bad:
                more = "" if len(bad) <= 4 else " | and %d more" % (len(bad) - 4)
                print("FAIL %s: %s%s" % (n, " | ".join(bad[:4]), more), flush=True)
            else:
                good.append(n)
                print("ok %s" % n, flush=True)
            if os.environ.get("BLIND_TIMES"):
                print("   %.1f s" % secs, file=sys.stderr, flush=True)
    together = sorted((n for n in names if not CASES[n][2]), key=lambda n: -CASES[n][1])
    with ThreadPoolExecutor(max(1, a.jobs)) as pool:
        list(pool.map(one, together))
    for n in names:
        if CASES[n][2]:
            one(n)
    print("%d of %d ok" % (len(good), len(names)))
    return 0 if len(good) == len(names) else 1


if __name__ == "__main__":
    sys.exit(main())
