#!/usr/bin/env python3
"""Blind black-box cases of crawling and reading for listingwatch.  usage: crawling.py BINARY [--only a,b] [--errors]

Answers come from README, CONTRACT, DESIGN (promises 1, 2, 7, 10, 11; sections 4, 5), the "Why" and points of issue 11, and from RFC 9309,
9110, 9112, 8288, the URL, Encoding and HTML standards, the sitemap protocol, RSS, Atom, JSON Feed, JSON-LD, RDFa and schema.org."""
import concurrent.futures, gzip, http.server, json, os, socketserver, subprocess, sys, tempfile, threading, time, zlib
from decimal import Decimal, InvalidOperation

LIMIT = 25
HTML = "text/html; charset=utf-8"


# ---------------------------------------------------------------- the servers

class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        pass


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 40

    def log_message(self, *a):
        pass

    def do_GET(self):
        parts = self.requestline.split(" ")
        target = parts[1] if len(parts) > 1 else self.path
        s = self.server
        with s.lock:
            nth = sum(1 for e in s.log if e["server"] == s.index and e["target"] == target)
            entry = {"t": time.time(), "server": s.index, "target": target, "headers": {k.lower(): v for k, v in self.headers.items()}}
            s.log.append(entry)
        a = s.routes.get(target)
        if a is None and s.fallback:
            a = s.fallback(target)
        if callable(a):
            a = a(nth, entry)
        if a is None:
            if target == "/robots.txt":
                a = answer(b"none", 404, ctype="text/plain")
            elif target in s.leaves:
                a = leaf(target)
            else:
                a = answer(b"<!doctype html><title>Not found</title><h1>Not found</h1>", 404)
        if a.get("sleep"):
            time.sleep(a["sleep"])
        if "raw" in a:
            self.wfile.write(a["raw"])
            self.wfile.flush()
            self.close_connection = True
            return
        head = ["HTTP/1.1 %d %s" % (a["status"], "X"), "Date: " + self.date_time_string()]
        if a["ctype"]:
            head.append("Content-Type: " + a["ctype"])
        head += ["%s: %s" % kv for kv in a["headers"]]
        if a["status"] not in (204, 304):
            head.append("Content-Length: %d" % len(a["body"]))
        self.wfile.write(("\r\n".join(head) + "\r\n\r\n").encode("utf-8"))
        if self.command != "HEAD":
            self.wfile.write(a["body"])
        self.wfile.flush()
        entry["done"] = time.time()

    do_HEAD = do_GET


def answer(body, status=200, ctype=HTML, headers=()):
    return {"status": status, "ctype": ctype, "headers": list(headers), "body": body.encode("utf-8") if isinstance(body, str) else body}


def text(body):
    return answer(body, ctype="text/plain; charset=utf-8")


def xml(body, ctype="application/xml"):
    return answer(body, ctype=ctype)


def redirect(to, status=301):
    return answer(b"", status, headers=[("Location", to)])


COLOURS = "blue green amber violet copper silver ivory teal coral navy".split()
THINGS = "kettle teapot saucer lamp stool basket blanket whistle ladder bucket".split()


def words(target):
    n = zlib.crc32(target.encode())
    return "%s %s %d" % (COLOURS[n % 10], THINGS[n // 10 % 10], n % 9973), n


def leaf(target):
    """A product page like no other."""
    name, n = words(target)
    ld = json.dumps({"@context": "https://schema.org", "@type": "Product", "name": name.title(),
                     "offers": {"@type": "Offer", "price": "%d.50" % (n % 89 + 5), "priceCurrency": "EUR"}})
    return answer("<!doctype html><html lang=en><head><title>%s</title><script type=\"application/ld+json\">%s</script></head>"
                  "<body><h1>%s</h1><p>This %s was made in workshop %d and is sold with a lid of %s tin.</p></body></html>"
                  % (name.title(), ld, name.title(), name, n % 7919, COLOURS[n // 100 % 10]))


def page(links, title="Household goods", head="", extra="", headers=(), enc="utf-8", ctype=HTML):
    body = "<!doctype html><html><head><title>%s</title>%s</head><body><h1>%s</h1>%s<ul>%s</ul></body></html>" % (
        title, head, title, extra, "".join('<li><a href="%s">item %d</a></li>' % (l, i) for i, l in enumerate(links)))
    return answer(body.encode(enc), headers=headers, ctype=ctype)


def robots(*lines):
    return text("\n".join(lines) + "\n")


class Ctx:
    """What a case may know of its servers: u and u2 are their origins."""


def start(index, ip, port, log, lock):
    s = Server((ip, port), Handler)
    s.index, s.log, s.lock, s.routes, s.leaves, s.fallback = index, log, lock, {}, set(), None
    threading.Thread(target=s.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    return s


# ---------------------------------------------------------------- a case of crawling

CRAWL, READ = {}, {}


def crawl(f):
    CRAWL[f.__name__.replace("_", "-")] = f
    return f


def hits(log, pattern, server=None):
    return [e for e in log if (server is None or e["server"] == server)
            and (e["target"].startswith(pattern[:-1]) if pattern.endswith("*") else e["target"] == pattern)]


def pages_of(log):
    return [e for e in log if e["target"] != "/robots.txt" and not e["target"].startswith("/.well-known/")]


def run_crawl(binary, make):
    log, lock, servers = [], threading.Lock(), []
    try:
        ctx = Ctx()
        for _ in range(20):
            a = start(0, "127.0.0.1", 0, log, lock)
            servers.append(a)
            ctx.port = a.server_address[1]
            try:
                b = start(1, "127.0.0.2", ctx.port, log, lock)
            except OSError:
                continue
            servers.append(b)
            break
        c = start(2, "127.0.0.1", 0, log, lock)
        servers.append(c)
        ctx.u, ctx.u2, ctx.port3 = "http://127.0.0.1:%d" % ctx.port, "http://127.0.0.2:%d" % ctx.port, c.server_address[1]
        ctx.u3 = "http://127.0.0.1:%d" % ctx.port3
        case = make(ctx)
        wanted, forbidden = case.get("wanted", []), case.get("forbidden", [])
        for i, s in enumerate((a, b, c)):
            s.routes = case.get(("routes", "routes2", "routes3")[i], {})
            s.leaves = {w for w in wanted + forbidden + case.get("leaves", []) if not w.endswith("*")}
        a.fallback = case.get("fallback")
        with tempfile.TemporaryDirectory(prefix="blind11-") as folder:
            seeds = os.path.join(folder, "seeds")
            os.mkdir(seeds)
            crawl_keys = {"start": json.dumps([ctx.u + "/"]), "rate": '"unlimited"', "concurrency": "2", "private_addresses": '["127.0.0.0/8"]'}
            crawl_keys.update({k: json.dumps(v) for k, v in case.get("crawl", {}).items()})
            hosts = case.get("hosts", ["127.0.0.1:%d" % ctx.port])
            with open(os.path.join(seeds, "shop.toml"), "w") as f:
                f.write('[platform]\nid = "shop"\nname = "Shop"\nkind = "b2b"\nhosts = %s\n\n[agreement]\nbasis = "own-site"\n'
                        'reference = "blind 11"\nauthority = "Test"\nvalid_from = 2020-01-01\nvalid_until = 2037-12-31\n'
                        'contact = "shop@example.test"\n\n[crawl]\n%s\n'
                        % (json.dumps(hosts), "\n".join("%s = %s" % kv for kv in crawl_keys.items())))
            results = []
            for args in case.get("runs", [[]]):
                begun = time.time()
                p = subprocess.Popen([binary, "--data", os.path.join(folder, "data"), "--seeds", seeds, "scan", "shop", "--json"] + args,
                                     cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
                                     env={k: v for k, v in os.environ.items() if not k.startswith("LISTINGWATCH_")})
                try:
                    out, err = p.communicate(timeout=LIMIT)
                    rc = p.returncode
                except subprocess.TimeoutExpired:
                    p.kill()
                    out, err = p.communicate()
                    rc = None
                try:
                    doc = json.loads(out)
                    cov = doc["platforms"][0]["coverage"]
                except (ValueError, KeyError, IndexError, TypeError):
                    cov = None
                results.append({"rc": rc, "cov": cov, "took": time.time() - begun, "begun": begun, "err": err.decode("utf-8", "replace")})
        last = results[-1]
        wrong = []
        missing = [w for w in wanted if not hits(log, w, 0)]
        asked = [f for f in forbidden if hits(log, f, 0)]
        if missing:
            wrong.append("not asked: " + " ".join(missing))
        if asked:
            wrong.append("asked though forbidden: " + " ".join(asked))
        if "exit" in case and last["rc"] != case["exit"]:
            wrong.append("exit %d wanted, came %s" % (case["exit"], "nothing in %d s" % LIMIT if last["rc"] is None else last["rc"]))
        if "complete" in case and (last["cov"] or {}).get("complete") is not case["complete"]:
            wrong.append("complete %s wanted, came %s" % (case["complete"], (last["cov"] or {}).get("complete")))
        if "check" in case:
            with lock:
                seen = list(log)
            wrong += [w for w in case["check"](seen, last, results) if w]
        if wrong:
            targets = ["%s%s" % ("" if not e["server"] else "(%d)" % e["server"], e["target"]) for e in log]
            came = " ".join(targets[:40]) + (" … %d in all" % len(targets) if len(targets) > 40 else "")
            wrong.append("came: " + (came or "no request") + (" | " + last["err"].strip()[-200:].replace("\n", " / ")
                                                              if last["rc"] not in (0, 4) or last["cov"] is None else ""))
        return wrong
    finally:
        for s in servers:
            s.shutdown()
            s.server_close()


def skipped(last):
    return sum(v for v in ((last["cov"] or {}).get("skipped") or {}).values() if isinstance(v, int))


# ---- addresses

@crawl
def addr_as_found(c):
    w = ["/p?b=2&a=1", "/shop/index.html", "/old/default.aspx", "/t/", "/e?", "/only?utm_source=mail&id=2"]
    return dict(routes={"/": page([x.replace("&", "&amp;") for x in w])}, wanted=w,
                forbidden=["/p?a=1&b=2", "/shop/", "/shop", "/old/", "/old", "/t", "/e", "/only?id=2"], exit=0, complete=True)


@crawl
def addr_escapes(c):
    links = ["/a%20b", "/a+b", "/q?x=1+2", "/q?x=1%202", "/caf%c3%a9", "/%7Euser/", "/c d", "/thé", "/s?q=it's", "/x?u=%2f%2F"]
    return dict(routes={"/": page(links)},
                wanted=["/a%20b", "/a+b", "/q?x=1+2", "/caf%c3%a9", "/%7Euser/", "/c%20d", "/th%C3%A9", "/s?q=it%27s", "/x?u=%2f%2F"],
                forbidden=["/caf%C3%A9", "/~user/", "/x?u=//", "/x?u=%2F%2F"], leaves=["/q?x=1%202"])


@crawl
def addr_fragment_once(c):
    def check(log, last, _):
        return ["%s asked %d times" % (t, len(hits(log, t))) for t in ("/p", "/") if len(hits(log, t)) != 1] + \
               ["a fragment was sent: " + e["target"] for e in log if "#" in e["target"]]
    return dict(routes={"/": page(["/p#a", "/p#b", "/p", "#top", "", "/p#a?b", "/r#/route"])}, wanted=["/p", "/r"], check=check, exit=0)


@crawl
def addr_resolve(c):
    links = ["/x/./y/../z", "\\back\\slash", "  /trim \n", "/ta\tb", "//127.0.0.1:%d/proto" % c.port, "HTTP://127.0.0.1:%d/upper" % c.port,
             "?page=2", "/a//b", "/x/%2e%2e/enc", "http:relative", "./dot", "../../above"]
    return dict(routes={"/": page(links)},
                wanted=["/x/z", "/back/slash", "/trim", "/tab", "/proto", "/upper", "/?page=2", "/a//b", "/enc", "/relative", "/dot", "/above"])


@crawl
def addr_one_key(c):
    groups = [["/p?id=1", "/p?id=1&utm_source=x", "/p?utm_medium=mail&id=1"], ["/l?b=2&a=1", "/l?a=1&b=2"], ["/k?id=7&gclid=abc", "/k?id=7"]]
    flat = [x for g in groups for x in g]

    def check(log, last, _):
        return ["%s: %d of these asked, 1 wanted" % (" ".join(g), n) for g in groups for n in [sum(len(hits(log, x)) for x in g)] if n != 1]
    return dict(routes={"/": page([x.replace("&", "&amp;") for x in flat])}, leaves=flat, check=check, exit=0)


@crawl
def addr_charset_header(c):
    return dict(routes={"/": page(["/чай?q=чай", "/n?q=&#33590;"], enc="cp1251", ctype="text/html; charset=windows-1251")},
                wanted=["/%D1%87%D0%B0%D0%B9?q=%F7%E0%E9", "/n?q=%26%2333590%3B"])


@crawl
def addr_charset_document(c):
    sj = page(["/s?q=茶"], head='<meta charset="Shift_JIS">', enc="shift_jis", ctype="text/html")
    kr = page(["/k?q=차"], head='<meta http-equiv="Content-Type" content="text/html; charset=EUC-KR">', enc="euc_kr", ctype="text/html")
    bom = answer(b"\xef\xbb\xbf" + page(["/b?q=чай"])["body"], ctype="text/html; charset=windows-1251")
    latin = page(["/l?q=€"], enc="cp1252", ctype="text/html; charset=ISO-8859-1")
    return dict(routes={"/": page(["/1", "/2", "/3", "/4"]), "/1": sj, "/2": kr, "/3": bom, "/4": latin},
                wanted=["/s?q=" + pct("茶".encode("shift_jis")),
                        "/k?q=" + pct("차".encode("euc_kr")), "/b?q=%D1%87%D0%B0%D0%B9", "/l?q=%80"])


def pct(b):
    """Percent-encoding as in the URL standard's query set: other ASCII stays."""
    return "".join(chr(x) if 0x21 <= x <= 0x7e and x not in b"\"#<>'" else "%%%02X" % x for x in b)


# ---- robots.txt

@crawl
def robots_found_form(c):
    bad = ["/c?sort=price&a=1", "/empty?", "/index.php?id=3", "/shop/index.html", "/kettle?SID=abc", "/w?utm_source=x"]
    good = ["/d?a=1&sort=price", "/about"]
    return dict(routes={"/": page([x.replace("&", "&amp;") for x in bad + good]),
                        "/robots.txt": robots("User-agent: *", "Disallow: /*?sort=", "Disallow: /empty?", "Disallow: /index.php",
                                              "Disallow: /shop/index.html", "Disallow: /*?SID=", "Disallow: /*?utm_source=")},
                wanted=good, forbidden=bad, exit=0, complete=True)


@crawl
def robots_canonical_form(c):
    links = ["/p?b=2&a=1", "/k?b=2&a=1", "/z?b=1"]
    return dict(routes={"/": page([x.replace("&", "&amp;") for x in links]),
                        "/robots.txt": robots("User-agent: *", "Disallow: /p?a=1&b=2", "Disallow: /k?a=", "Allow: /k?b=2&a")},
                wanted=["/k?b=2&a=1", "/z?b=1"], forbidden=["/p?b=2&a=1", "/p?a=1&b=2", "/k?a=1&b=2"], exit=0, complete=True)


@crawl
def robots_longest_match(c):
    good = ["/shop/ok1", "/folder/page", "/cart", "/doc.pdf?x=1", "/azy", "/fil", "/star/a"]
    bad = ["/shop/x", "/Cart", "/doc.pdf", "/a/b/z", "/fish", "/fishing", "/star/a/lit"]
    return dict(routes={"/": page(good + bad),
                        "/robots.txt": robots("User-agent: *", "Disallow: /shop", "Allow: /shop/ok", "Allow: /folder", "Disallow: /folder",
                                              "Disallow: /Cart", "Disallow: /*.pdf$", "Disallow: /a*z$", "Disallow: /fish*",
                                              "Disallow: /star/*lit", "Disallow:")},
                wanted=good, forbidden=bad, exit=0)


@crawl
def robots_root_only(c):
    return dict(routes={"/": page(["/list", "/list2", "/x", "/?a=1"]),
                        "/robots.txt": robots("User-agent: *", "Disallow: /", "Allow: /$", "Allow: /list$")},
                wanted=["/", "/list"], forbidden=["/list2", "/x", "/?a=1"], exit=0, complete=True)


@crawl
def robots_groups_merge_large(c):
    filler = "".join("User-agent: bot%d\nDisallow: /everything/%d\n\n" % (i, i) for i in range(9000))  # about 400 kB, below 500 KiB
    body = "User-agent: ListingWatch\nDisallow: /a\n\nUser-agent: *\nDisallow: /\n\n" + filler + \
           "User-agent: googlebot\nUser-agent: LISTINGWATCH\nDisallow: /b\n"
    assert len(body) < 480 * 1024
    return dict(routes={"/": page(["/a/1", "/b/1", "/c/1"]), "/robots.txt": text(body)},
                wanted=["/c/1"], forbidden=["/a/1", "/b/1"], exit=0)


@crawl
def robots_agent_list(c):
    return dict(routes={"/": page(["/no1/x", "/no2/x", "/no3/x", "/yes", "/star/x"]),
                        "/robots.txt": robots("User-agent: *", "Disallow: /star", "", "User-agent: otherbot", "", "# ours too",
                                              "user-AGENT: listingwatch", "", "Disallow: /no1", "", "User-agent: listingwatch",
                                              "Sitemap: %s/map.xml" % c.u, "User-agent: thirdbot", "Disallow: /no2", "",
                                              "User-agent: listingwatch", "Crawl-delay: 0.1", "User-agent: fourthbot", "Disallow: /no3")},
                wanted=["/yes", "/star/x"], forbidden=["/no1/x", "/no2/x", "/no3/x"])


@crawl
def robots_encodings(c):
    bad = ["/caf%C3%A9/x", "/caf%c3%a9/y", "/~ann/", "/foo/bar/baz", "/a%3Cd", "/%E8%8C%B6/1"]
    good = ["/cafe", "/foo/bar/bax"]
    return dict(routes={"/": page(bad + good + ["/茶/2"]),
                        "/robots.txt": robots("User-agent: *", "Disallow: /café", "Disallow: /%7Eann", "Disallow: /foo/bar/%62%61%7A",
                                              "Disallow: /a%3cd", "Disallow: /%e8%8c%b6/")},
                wanted=good, forbidden=bad + ["/%E8%8C%B6/2"], exit=0)


@crawl
def robots_bom_cr_indent(c):
    return dict(routes={"/": page(["/no/x", "/cl/x", "/crlf/x", "/yes"]),
                        "/robots.txt": text(b"\xef\xbb\xbfUser-agent : *\r   Disallow:/no # a comment\r\tdisallow\t: /crlf\r\nDisallow /cl\r")},
                wanted=["/yes"], forbidden=["/no/x", "/crlf/x", "/cl/x"], exit=0)


@crawl
def robots_server_error(c):
    return dict(routes={"/": page(["/a"]), "/robots.txt": answer(b"busy", 503, ctype="text/plain")}, runs=[["--for", "8s"]],
                forbidden=["/", "/a"], leaves=["/a"])


@crawl
def robots_redirected_gzip(c):
    last = answer(gzip.compress(b"User-agent: *\nDisallow: /no\n"), ctype="text/plain", headers=[("Content-Encoding", "gzip")])
    return dict(routes={"/": page(["/no", "/yes"]), "/robots.txt": redirect("/r1", 301), "/r1": redirect("r2", 302), "/r2": redirect(c.u + "/r3", 307),
                        "/r3": redirect("/sub/r4", 308), "/sub/r4": redirect("../r5", 303), "/r5": last},
                wanted=["/yes"], forbidden=["/no"], exit=0)


@crawl
def robots_gzip_unlabelled(c):
    return dict(routes={"/": page(["/no", "/yes"]), "/robots.txt": answer(gzip.compress(b"User-agent: *\nDisallow: /no\n"), ctype="text/plain")},
                forbidden=["/no"], leaves=["/yes"])


@crawl
def robots_crawl_delay(c):
    def check(log, last, _):
        t = [e["t"] for e in pages_of(log)]
        gaps = [b - a for a, b in zip(t, t[1:])]
        return ["gap of %.2f s, 1.5 s owed" % min(gaps)] if gaps and min(gaps) < 1.4 else []
    return dict(routes={"/": page(["/a", "/b", "/c"]),
                        "/robots.txt": robots("User-agent: *", "Disallow: /none", "Crawl-delay: 1.5s # please", "Disallow: /no")},
                wanted=["/a", "/b", "/c"], check=check, exit=0)


@crawl
def robots_per_authority(c):
    def check(log, last, _):
        first = log[0] if log else None
        yield None if first and (first["target"] == "/robots.txt" or first["target"].startswith("/.well-known/")) else "robots.txt was not asked first"
        yield from ("a request without the product token: " + e["target"] for e in log if "listingwatch" not in e["headers"].get("user-agent", "").lower())
        yield None if hits(log, "/robots.txt", 2) else "the second port's robots.txt was not asked"
        yield None if hits(log, "/yes", 2) else "/yes of the second port was not asked, whose own robots.txt allows it"
        yield "/no of the second port was asked against its robots.txt" if hits(log, "/no", 2) else None
    return dict(hosts=["127.0.0.1"], leaves=["/no"],
                routes={"/": page([c.u3 + "/yes", c.u3 + "/no", "/no", "/yes"]), "/robots.txt": robots("User-agent: *", "Disallow: /yes")},
                routes3={"/robots.txt": robots("User-agent: *", "Disallow: /no"), "/yes": leaf("/second-port")},
                wanted=["/no"], forbidden=["/yes"], check=check)


# ---- delays the server asks for

DAYS, MONTHS = "Mon Tue Wed Thu Fri Sat Sun".split(), "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
LONG = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()


def rfc850(t):
    g = time.gmtime(t)
    return "%s, %02d-%s-%02d %02d:%02d:%02d GMT" % (LONG[g.tm_wday], g.tm_mday, MONTHS[g.tm_mon - 1], g.tm_year % 100, g.tm_hour, g.tm_min, g.tm_sec)


def asctime(t):
    g = time.gmtime(t)
    return "%s %s %2d %02d:%02d:%02d %d" % (DAYS[g.tm_wday], MONTHS[g.tm_mon - 1], g.tm_mday, g.tm_hour, g.tm_min, g.tm_sec, g.tm_year)


def waits(targets):
    def check(log, last, _):
        for e in log:
            if "until" in e:
                later = [x for x in pages_of(log) if x["t"] > e.get("done", e["t"]) and x is not e]
                if later and later[0]["t"] < e["until"] - 0.05:
                    yield "after %s the host was asked %.2f s early (%s)" % (e["target"], e["until"] - later[0]["t"], later[0]["target"])
        if last["rc"] is not None:
            for t in targets:
                if len(hits(log, t)) < 2 and not (last["rc"] == 4 and (last["cov"] or {}).get("complete") is False):
                    yield "%s neither asked again nor told as missing (exit %s)" % (t, last["rc"])
    return check


@crawl
def retry_after_forms(c):
    def busy(status, form):
        def f(nth, e):
            if nth:
                return leaf(e["target"])
            e["until"] = int(time.time()) + 4 if form else time.time() + 3
            return answer(b"slow down", status, headers=[("Retry-After", form(e["until"]) if form else "3")])
        return f
    return dict(routes={"/": page(["/a", "/b", "/c"]), "/a": busy(429, None), "/b": busy(503, asctime), "/c": busy(503, rfc850)},
                crawl={"concurrency": 1}, wanted=["/a"], check=waits(["/a", "/b", "/c"]))


# ---- redirects and links

@crawl
def redirects_and_loops(c):
    def check(log, last, _):
        return ["%s asked %d times" % (t, len(hits(log, t))) for t in ("/l1", "/l2", "/self") if len(hits(log, t)) > 12] + \
               (["did not end"] if last["rc"] is None else [])
    return dict(routes={"/": page(["/301", "/302", "/d/303", "/307", "/308", "/l1", "/self", "/ok"]), "/301": redirect(c.u + "/t1", 301),
                        "/302": redirect("t2#part", 302), "/d/303": redirect("../t3", 303), "/307": redirect("?q=4", 307),
                        "/308": redirect("//127.0.0.1:%d/t5" % c.port, 308), "/l1": redirect("/l2", 302), "/l2": redirect("/l1", 302), "/self": redirect("/self")},
                wanted=["/t1", "/t2", "/t3", "/307?q=4", "/t5", "/ok"], check=check)


@crawl
def redirect_asks_again(c):
    def check(log, last, _):
        yield "another host was asked" if [e for e in log if e["server"] == 1] else None
        yield None if skipped(last) >= 3 else "three addresses must be under skipped, came %s" % (last["cov"] or {}).get("skipped")
    return dict(routes={"/": page(["/go1", "/go2", "/go3", "/ok"]), "/robots.txt": robots("User-agent: *", "Disallow: /secret"), "/go1": redirect("/secret/x", 302),
                        "/go2": redirect(c.u2 + "/x", 302), "/go3": redirect("/account/x", 302)},
                crawl={"exclude": ["/account/**"]}, wanted=["/ok"], forbidden=["/secret/x", "/account/x"], check=check, exit=0, complete=True)


@crawl
def base_and_markup(c):
    based = answer('<!doctype html><html><head><title>Shelf</title><base target="_top"><base href="/dir/"><base href="/wrong/"></head>'
                   '<body><h1>Shelf</h1><a href="x">x</a><a href="?p=2">next</a></body></html>')
    late = answer('<!doctype html><html><head><title>Rack</title><link rel="next" href="y"><base href="%s/far/"></head><body><h1>Rack</h1></body></html>' % c.u)
    home = page(["/based", "/late", "&#47;ent?a=1&amp;b=2", "/x?a=1&copy=2", "javascript:go('/js2')", "mailto:a@example.test", "tel:123", "data:text/html,x"],
                extra="<!-- <a href='/comment'>c</a> --><script>var s='<a href=\"/script\">';</script><textarea><a href='/area'>t</a></textarea>"
                      "<noscript><a href=/nos>n</a></noscript><map><area href='/map-area'></map><A HREF = /bare>b</A><style>a{}<a href='/style'></style>")
    return dict(routes={"/": home, "/based": based, "/late": late},
                wanted=["/dir/x", "/dir/?p=2", "/far/y", "/ent?a=1&b=2", "/x?a=1&copy=2", "/nos", "/map-area", "/bare"],
                forbidden=["/x", "/wrong/x", "/y", "/comment", "/script", "/area", "/style"])


@crawl
def link_relations(c):
    home = page([], head='<link rel="next" href="/p2"><link href="/de/" hreflang="de" rel="alternate"><link rel="stylesheet" href="/s.css">'
                '<link rel="NEXT prefetch" href="/p3">',
                headers=[("Link", '</h2>; rel="next", </h3?a=1,2>; rel=next; title="a, b"'), ("Link", "</fr/>; rel=alternate; hreflang=fr")])
    return dict(routes={"/": home, "/s.css": answer(b"a{}", ctype="text/css")}, wanted=["/p2", "/p3", "/de/", "/h2", "/h3?a=1,2", "/fr/"])


@crawl
def refresh_and_frames(c):
    def meta(content):
        return answer('<!doctype html><html><head><title>Moved %d</title><meta http-equiv="Refresh" content="%s"></head><body>Moved</body></html>'
                      % (len(content), content))
    frames = answer('<html><head><title>Frames</title></head><frameset cols="20%,*"><frame src="/f1"><frame src="/f2"></frameset></html>')
    return dict(routes={"/": page(["/m1", "/m2", "/m3", "/h", "/fs"], extra='<iframe src="/if"></iframe>'), "/m1": meta("0;url=/r1"),
                        "/m2": meta("0; URL='/r2'"), "/m3": meta("5,/r3"), "/fs": frames,
                        "/h": page([], title="Moving", headers=[("Refresh", "0;url=/r4")])},
                wanted=["/r1", "/r2", "/r3", "/r4", "/f1", "/f2", "/if"])


# ---- sitemaps and feeds

@crawl
def sitemap_index(c):
    ns = "http://www.sitemaps.org/schemas/sitemap/0.9"
    index = ('<?xml version="1.0" encoding="UTF-8"?><sitemapindex xmlns="%s"><sitemap><loc>%s/one.xml.gz</loc><lastmod>2026-01-02</lastmod></sitemap>'
             '<sitemap><loc>%s/two.xml</loc><lastmod>2026-01-02T10:00:00+01:00</lastmod></sitemap></sitemapindex>' % (ns, c.u, c.u))
    one = '<urlset xmlns="%s"><url><loc>\n  %s/g?a=1&amp;b=2\n </loc><lastmod>2026</lastmod></url><url><loc><![CDATA[%s/cd?a=1&b=2]]></loc></url></urlset>' % (ns, c.u, c.u)
    two = ('<sm:urlset xmlns:sm="%s" xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"><sm:url><sm:loc>%s/n1</sm:loc>'
           '<image:image><image:loc>%s/picture.jpg</image:loc></image:image></sm:url></sm:urlset>' % (ns, c.u, c.u))
    return dict(routes={"/": page([]), "/robots.txt": robots("User-agent: *", "Disallow: /no", "", "SITEMAP: %s/index.xml" % c.u),
                        "/index.xml": xml(index), "/one.xml.gz": answer(gzip.compress(one.encode()), ctype="application/gzip"), "/two.xml": xml(two, "text/xml")},
                wanted=["/g?a=1&b=2", "/cd?a=1&b=2", "/n1"], forbidden=["/picture.jpg"])


@crawl
def sitemap_encodings(c):
    ns = "http://www.sitemaps.org/schemas/sitemap/0.9"
    u16 = ('<?xml version="1.0" encoding="UTF-16"?><urlset xmlns="%s"><url><loc>%s/u16</loc></url></urlset>' % (ns, c.u)).encode("utf-16")
    latin = ('<?xml version="1.0" encoding="ISO-8859-1"?><urlset xmlns="%s"><url><loc>%s/caf\xe9</loc></url></urlset>' % (ns, c.u)).encode("latin-1")
    txt = b"\xef\xbb\xbf" + ("%s/t1\r\n%s/t2\r\n" % (c.u, c.u)).encode()
    return dict(routes={"/": page([]), "/u16.xml": xml(u16), "/latin.xml": xml(latin), "/moved.xml": redirect("/maps/list.txt"), "/maps/list.txt": text(txt)},
                crawl={"sitemaps": [c.u + "/u16.xml", c.u + "/latin.xml", c.u + "/moved.xml"]},
                wanted=["/u16", "/caf%C3%A9", "/t1", "/t2"])


@crawl
def sitemap_feeds(c):
    rss = ('<?xml version="1.0"?><rss version="2.0"><channel><title>New</title><link>%s/</link><item><title>One</title><link>%s/rss1</link>'
           '<guid isPermaLink="false">%s/guid-no</guid></item><item><title>Two</title><guid>%s/guid-yes</guid></item></channel></rss>' % ((c.u,) * 4))
    atom = ('<feed xmlns="http://www.w3.org/2005/Atom" xml:base="%s/blog/"><title>A</title><id>urn:a</id><updated>2026-01-01T00:00:00Z</updated>'
            '<entry><title>E</title><id>urn:b</id><updated>2026-01-01T00:00:00Z</updated><link rel="alternate" href="entry1"/></entry>'
            '<entry><title>F</title><id>urn:c</id><updated>2026-01-01T00:00:00Z</updated><link href="%s/entry2"/></entry></feed>' % (c.u, c.u))
    jf = json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "J", "items": [{"id": "1", "url": c.u + "/json1", "content_text": "Blue kettle"}]})
    return dict(routes={"/": page([]), "/robots.txt": robots("Sitemap: %s/new.rss" % c.u, "Sitemap: %s/new.atom" % c.u),
                        "/new.rss": xml(rss, "application/rss+xml"), "/new.atom": xml(atom, "application/atom+xml"),
                        "/feed.json": answer(jf, ctype="application/feed+json")},
                crawl={"feeds": [c.u + "/feed.json"]}, wanted=["/rss1", "/guid-yes", "/blog/entry1", "/entry2", "/json1"], forbidden=["/guid-no"])


@crawl
def sitemap_broken_and_scope(c):
    sm = ('<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>%s/m?a=1&b=2</loc></url>'
          '<url><loc>%s/secret/y</loc></url><url><loc>%s/elsewhere</loc></url><url><loc>%s/after</loc></url><url><loc>%s/la' % (c.u, c.u, c.u2, c.u, c.u))

    def check(log, last, _):
        yield "another host was asked" if [e for e in log if e["server"] == 1] else None
        yield None if skipped(last) >= 2 else "two addresses must be under skipped, came %s" % (last["cov"] or {}).get("skipped")
    return dict(routes={"/": page([]), "/robots.txt": robots("User-agent: *", "Disallow: /secret/", "Sitemap: %s/sitemap.xml" % c.u), "/sitemap.xml": xml(sm)},
                wanted=["/m?a=1&b=2", "/after"], forbidden=["/secret/y"], check=check)


# ---- bodies

@crawl
def content_codings(c):
    def coded(n, label, f):
        a = page(["/after%d" % n], title="Goods of shelf %d" % n)
        return answer(f(a["body"]), headers=[("Content-Encoding", label)])

    def raw(b):
        z = zlib.compressobj(9, zlib.DEFLATED, -15)
        return z.compress(b) + z.flush()
    r = {"/g1": coded(1, "gzip", gzip.compress), "/g2": coded(2, "deflate", zlib.compress), "/g3": coded(3, "deflate", raw), "/g4": coded(4, "GZIP", gzip.compress),
         "/g5": coded(5, "x-gzip", gzip.compress), "/g6": coded(6, "gzip, gzip", lambda b: gzip.compress(gzip.compress(b))),
         "/g7": coded(7, "gzip", lambda b: b), "/g8": coded(8, "identity", lambda b: b)}
    r["/"] = page(["/g%d" % i for i in range(1, 9)])
    return dict(routes=r, wanted=["/after%d" % i for i in range(1, 9)])


@crawl
def transfer_forms(c):
    def body(n):
        return page(["/after%d" % n], title="Goods of shelf %d" % n)["body"]
    b = body(1)
    chunked = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\ntransfer-encoding: Chunked\r\nConnection: close\r\n\r\n" + \
        b"".join(b"%x;ext=1\r\n%s\r\n" % (len(b[i:i + 37]), b[i:i + 37]) for i in range(0, len(b), 37)) + b"0\r\nX-Trailer: 1\r\n\r\n"
    close = b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n" + body(2)
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </s.css>; rel=preload\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body(3)) + body(3)
    noreason = b"HTTP/1.1 200 \r\nCONTENT-TYPE:text/html\r\nContent-Length:   %d  \r\nConnection: close\r\n\r\n" % len(body(4)) + body(4)
    return dict(routes={"/": page(["/1", "/2", "/3", "/4"]), "/1": {"raw": chunked}, "/2": {"raw": close}, "/3": {"raw": hints}, "/4": {"raw": noreason}},
                wanted=["/after1", "/after2", "/after3", "/after4"], exit=0, complete=True)


# ---- traps

@crawl
def traps_do_not_eat(c):
    goods = ["/goods/%d" % i for i in range(20)]

    def fallback(t):
        if t.startswith("/events?month="):
            y, m = (int(x) for x in t.split("=")[1][:7].split("-"))
            nxt, prv = ("%04d-%02d" % (y + m // 12, m % 12 + 1)), ("%04d-%02d" % (y - (m == 1), (m - 2) % 12 + 1))
            return page(["/events?month=" + nxt, "/events?month=" + prv] + ["/events?month=%04d-%02d&amp;day=%d" % (y, m, d) for d in range(1, 29)],
                        title="Events of %s" % t[14:], extra="<p>No events.</p>")
        if t.startswith("/maze/"):
            return page(["%s%s/" % (t, x) for x in "abcde"], title="Corridor " + t[6:])
        return None
    r = {"/": page(["/events?month=2026-11", "/maze/"] + ["/list?page=%d" % i for i in range(4)])}
    for i in range(4):
        r["/list?page=%d" % i] = page(goods[i * 5:i * 5 + 5], title="Kettles, page %d" % i)

    def check(log, last, _):
        n = len(hits(log, "/maze/*")) + len(hits(log, "/events?*"))
        yield "%d requests into calendar and maze, at most 300 wanted" % n if n > 300 else None
        yield "did not end in %d s" % LIMIT if last["rc"] is None else None
        yield None if last["rc"] is None or skipped(last) >= 1 else "the trap is not told under skipped: %s" % (last["cov"] or {}).get("skipped")
    return dict(routes=r, fallback=fallback, wanted=goods, check=check)


@crawl
def not_found_links(c):
    def nf(status, link):
        return answer('<!doctype html><html><head><title>404 - Page not found</title></head><body><h1>Page not found</h1>'
                      '<p>Sorry, the page you requested could not be found.</p><a href="%s">Try this</a></body></html>' % link, status)
    return dict(routes={"/": page(["/gone1", "/gone2", "/gone3", "/ok"]), "/gone1": nf(404, "/hard"), "/gone2": nf(410, "/gone"), "/gone3": nf(200, "/soft")},
                wanted=["/ok"], forbidden=["/hard", "/gone", "/soft"])


# ---- addresses never dialled, scope, budget

@crawl
def private_addresses(c):
    def check(log, last, _):
        yield from ("a private address was asked: %s" % e["target"] for e in log if e["server"] == 1)
        yield None if skipped(last) >= 4 else "four addresses must be under skipped, came %s" % (last["cov"] or {}).get("skipped")
    return dict(hosts=["127.0.0.1", "127.0.0.2", "169.254.1.1"], crawl={"private_addresses": ["127.0.0.1/32"]},
                routes={"/": page([c.u2 + "/p1", "http://0x7f.0.0.2:%d/p2" % c.port, "http://169.254.1.1/", "/go", "/ok"]), "/go": redirect("http://169.254.1.1/meta", 302)},
                routes2={"/p1": leaf("/p1"), "/p2": leaf("/p2")}, wanted=["/ok"], check=check)


@crawl
def scope_both_forms(c):
    bad = ["/account/a", "/%61ccount/b", "/x/../account/c", "/item/a"]
    good = ["/item/a/b", "/accounts", "/item"]

    def check(log, last, _):
        yield None if skipped(last) >= 4 else "four addresses must be under skipped, came %s" % (last["cov"] or {}).get("skipped")
    return dict(routes={"/": page(bad + good)}, crawl={"exclude": ["/account/**", "/item/*"]}, wanted=good,
                forbidden=["/account/a", "/%61ccount/b", "/account/b", "/account/c", "/item/a"], check=check, exit=0, complete=True)


@crawl
def budget_cut_robots_403(c):
    def check(log, last, _):
        n = len(pages_of(log))
        yield "%d pages asked, max_pages is 3" % n if n > 3 else None
    return dict(routes={"/": page(["/b%d" % i for i in range(10)]), "/robots.txt": answer(b"<h1>Forbidden</h1>", 403)}, wanted=["/"],
                leaves=["/b%d" % i for i in range(10)], crawl={"max_pages": 3}, exit=4, complete=False, check=check)


# ---- coverage

@crawl
def incomplete_500(c):
    return dict(routes={"/": page(["/bad", "/ok"]), "/bad": answer("<h1>Error</h1>", 500)}, runs=[["--for", "15s"]], wanted=["/bad", "/ok"], exit=4, complete=False)


@crawl
def incomplete_cut_body(c):
    cut = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5000\r\nConnection: close\r\n\r\n<!doctype html><title>Blue kettle</title><h1>Blue ket"
    return dict(routes={"/": page(["/cut", "/ok"]), "/cut": {"raw": cut}}, runs=[["--for", "15s"]], wanted=["/cut", "/ok"], exit=4, complete=False)


@crawl
def incomplete_timeout(c):
    def check(log, last, _):
        yield "--for 8s ended after %.1f s" % last["took"] if last["took"] > 16 else None
    slow = dict(leaf("/slow"), sleep=30)
    return dict(routes={"/": page(["/slow", "/ok"]), "/slow": slow}, runs=[["--for", "8s"]], wanted=["/slow", "/ok"], exit=4, complete=False, check=check)


@crawl
def unreadable_pdf(c):
    def check(log, last, _):
        yield None if ((last["cov"] or {}).get("unreadable") or 0) >= 1 else "unreadable >= 1 wanted, came %s" % (last["cov"] or {}).get("unreadable")
    pdf = answer(b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n", ctype="application/pdf")
    return dict(routes={"/": page(["/datasheet", "/ok"]), "/datasheet": pdf}, wanted=["/datasheet", "/ok"], exit=4, complete=False, check=check)


@crawl
def judged_as_text(c):
    prose = ("<p>Our workshop has mended kettles since 1950. The blue enamel is fired twice and cooled slowly, so that it does not crack. "
             "Visitors are welcome on Saturdays.</p>")

    def check(log, last, _):
        v = last["cov"] or {}
        n = {k: v.get(k) for k in ("fetched", "judged", "judged_as_text", "without_text", "unreadable", "given_up")}
        if any(not isinstance(x, int) for x in n.values()):
            yield "counts missing: %s" % n
            return
        yield None if n["fetched"] == 4 else "fetched 4 wanted, came %s" % n
        yield None if sum(n.values()) == 2 * n["fetched"] else "the five do not sum to fetched: %s" % n
        yield None if n["judged"] >= 1 and n["judged_as_text"] >= 2 and n["without_text"] == 1 else "judged 1, as text 2, without text 1 wanted: %s" % n
    return dict(routes={"/": page(["/plain", "/empty", "/good"], extra=prose), "/plain": text("Minutes of the kettle society\n\nThe members met and drank tea. Nobody objected.\n"),
                        "/empty": answer("<!doctype html><html><head></head><body><div id=app></div></body></html>")},
                wanted=["/plain", "/empty", "/good"], check=check)


# ---------------------------------------------------------------- a case of reading

def read(name, html, listings, enc="utf-8", has=None):
    """listings: exactly these (title, price, currency), None where the documents leave it open; has: at least these."""
    READ["read-" + name] = (html.encode(enc) if isinstance(html, str) else html, listings, has)


def same(got, want):
    title, price, currency = want
    if title is not None and " ".join((got.get("title") or "").split()) != title:
        return False
    if price is not None:
        try:
            if Decimal(str(got.get("price"))) != Decimal(price):
                return False
        except InvalidOperation:
            return False
    return currency is None or got.get("currency") == currency


def run_read(binary, case):
    body, exact, has = case
    with tempfile.TemporaryDirectory(prefix="blind11-") as folder:
        path = os.path.join(folder, "page.html")
        with open(path, "wb") as f:
            f.write(body)
        try:
            p = subprocess.run([binary, "--data", os.path.join(folder, "data"), "extract", path, "--url", "https://shop.example.test/goods/1", "--json"], cwd=folder,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, timeout=LIMIT,
                               env={k: v for k, v in os.environ.items() if not k.startswith("LISTINGWATCH_")})
        except subprocess.TimeoutExpired:
            return ["no answer in %d s" % LIMIT]
    try:
        got = json.loads(p.stdout)["listings"]
    except (ValueError, KeyError, TypeError):
        return ["no JSON (exit %d): %s" % (p.returncode, p.stderr.decode("utf-8", "replace")[-200:])]
    wrong, rest = [], list(got)
    for w in (exact if exact is not None else has):
        m = next((g for g in rest if same(g, w)), None)
        if m is None:
            wrong.append("wanted %s" % (w,))
        else:
            rest.remove(m)
    if exact is not None and len(got) != len(exact):
        wrong.append("%d listings wanted" % len(exact))
    if p.returncode:
        wrong.append("exit %d" % p.returncode)
    if wrong:
        wrong.append("came " + (" ".join(str((g.get("title"), g.get("price"), g.get("currency"))) for g in got) or "no listing"))
    return wrong


def doc(body, head="", title="Shop", lang="en", charset=True):
    if charset and "charset=ISO" not in head and "charset=Shift" not in head and 'charset="windows' not in head:
        head = '<meta charset="utf-8">' + head
    return '<!doctype html><html lang="%s"><head>%s<title>%s</title></head><body>%s</body></html>' % (lang, head, title, body)


def ld(data, kind="application/ld+json"):
    return '<script type="%s">%s</script>' % (kind, json.dumps(data, ensure_ascii=False))


S = "https://schema.org"
read("ld-graph", doc("<h1>Blue kettle</h1>", ld({"@context": S, "@graph": [
    {"@type": "Organization", "name": "Kettle House"}, {"@type": "BreadcrumbList", "itemListElement": [{"@type": "ListItem", "position": 1, "name": "Home", "item": "https://shop.example.test/"}]},
    {"@type": "WebPage", "name": "Blue kettle | Kettle House"},
    {"@type": ["Product", "Thing"], "name": "Blue kettle", "offers": [{"@type": ["Offer"], "price": 1299.00, "priceCurrency": "EUR"}]}]})), [("Blue kettle", "1299", "EUR")])
read("ld-reference", doc("<h1>Green kettle</h1>", ld({"@context": "http://schema.org/", "@graph": [
    {"@id": "#p", "@type": "Product", "name": "Green kettle", "offers": {"@id": "#o"}}, {"@id": "#o", "@type": "Offer", "price": "18.40", "priceCurrency": "GBP"}]},
    "Application/LD+JSON; charset=utf-8")), [("Green kettle", "18.40", "GBP")])
read("ld-prefixed", doc("<h1>Red kettle</h1>", ld({"@context": {"s": "http://schema.org/"}, "@type": "s:Product", "s:name": {"@value": "Red kettle", "@language": "en"},
    "s:offers": {"@type": "s:Offer", "s:price": "7.25", "s:priceCurrency": "USD"}})), [("Red kettle", "7.25", "USD")])
read("ld-item-list", doc("<h1>Kettles</h1>", ld({"@context": S, "@type": "ItemList", "itemListElement": [
    {"@type": "ListItem", "position": i + 1, "item": {"@type": "Product", "name": n, "url": "https://shop.example.test/k%d" % i, "offers": {"@type": "Offer", "price": p, "priceCurrency": "PLN"}}}
    for i, (n, p) in enumerate([("Small kettle", "49.99"), ("Large kettle", "89.00"), ("Travel kettle", "39.50")])]})),
    [("Small kettle", "49.99", "PLN"), ("Large kettle", "89", "PLN"), ("Travel kettle", "39.5", "PLN")])
read("ld-price-specification", doc("<h1>Blå kittel</h1>", ld([{"@context": S, "@type": "WebSite", "name": "Butik"}, {"@context": S, "@type": "Product", "name": "Blå kittel",
    "offers": {"@type": "Offer", "priceSpecification": [{"@type": "UnitPriceSpecification", "price": "249.90", "priceCurrency": "SEK"}]}}]), lang="sv"),
    [("Blå kittel", "249.90", "SEK")])
read("ld-related", doc("<h1>Blue kettle</h1>", ld({"@context": S, "@type": "Product", "name": "Blue kettle", "isRelatedTo": [{"@type": "Product", "name": "Tea cosy",
    "offers": {"@type": "Offer", "price": "5.00", "priceCurrency": "EUR"}}], "review": {"@type": "Review", "name": "Good", "author": {"@type": "Person", "name": "Ann"}},
    "offers": {"@type": "Offer", "price": "31.00", "priceCurrency": "EUR", "shippingDetails": {"@type": "OfferShippingDetails", "shippingRate": {"@type": "MonetaryAmount", "value": "4.95", "currency": "EUR"}}}})),
    None, has=[("Blue kettle", "31", "EUR")])
read("md-itemref", doc('<div itemscope itemtype="http://schema.org/Product" itemref="cost"><h1><span itemprop="name">Copper <b>kettle</b></span></h1><img itemprop="image" src="/k.jpg" alt="">'
    '</div><div id="cost"><div itemprop="offers" itemscope itemtype="http://schema.org/Offer"><span itemprop="price" content="1299.50">1.299,50</span> <meta itemprop="priceCurrency" content="EUR">'
    '<link itemprop="availability" href="http://schema.org/InStock"></div></div>'), [("Copper kettle", "1299.50", "EUR")])
read("md-beside-ld-list", doc('<div itemscope itemtype="https://schema.org/Product"><h1 itemprop="name">Steel kettle</h1><div itemprop="offers" itemscope itemtype="https://schema.org/Offer">'
    '<data itemprop="price" value="22.00">22 pounds</data><meta itemprop="priceCurrency" content="GBP"></div></div>', ld({"@context": S, "@type": "BreadcrumbList", "itemListElement": [
        {"@type": "ListItem", "position": 1, "item": {"@id": "https://shop.example.test/", "name": "Home"}}, {"@type": "ListItem", "position": 2, "item": {"@id": "https://shop.example.test/k", "name": "Kettles"}}]})),
    [("Steel kettle", "22", "GBP")])
read("rdfa", doc('<div vocab="http://schema.org/" typeof="Product"><h1 property="name">Iron kettle</h1><div property="offers" typeof="Offer"><span property="priceCurrency" content="CAD">$</span>'
    '<span property="price" content="54.00">54</span></div></div>'), [("Iron kettle", "54", "CAD")])
read("opengraph", doc("<p>See our catalogue.</p>", '<meta property="og:type" content="product"><meta property="og:title" content="Glass kettle"><meta property="og:url" content="https://shop.example.test/g">'
    '<meta property="product:price:amount" content="42.50"><meta property="product:price:currency" content="AUD">', title="Glass kettle – Shop"), [("Glass kettle", "42.50", "AUD")])
read("shop-german-thousands", doc('<div class="product"><h1 class="product_title entry-title">Blauer Wasserkocher</h1><p class="price"><span class="woocommerce-Price-amount amount"><bdi>1.299,00&nbsp;'
    '<span class="woocommerce-Price-currencySymbol">&euro;</span></bdi></span></p><div class="woocommerce-product-details__short-description"><p>Emaillierter Wasserkocher für den Herd.</p></div>'
    '<button class="single_add_to_cart_button">In den Warenkorb</button></div>', title="Blauer Wasserkocher – Laden", lang="de"), [("Blauer Wasserkocher", "1299", "EUR")])
read("shop-struck-price", doc('<div class="product"><h1 class="product_title">Old kettle</h1><p class="price"><del aria-hidden="true"><span class="amount">£49.00</span></del> <ins><span class="amount">£35.50</span></ins></p>'
    '<p>A sturdy kettle of 1.7 l for 6 cups, 24 cm high.</p><button>Add to basket</button></div>', title="Old kettle – Shop", lang="en-GB"), [("Old kettle", "35.50", "GBP")])
read("shop-polish-latin2", doc('<div class="product"><h1 class="product-name">Czajnik żółty duży</h1><div class="product-price"><span class="price">1 129,99 zł</span></div><p>Pojemność 2 litry, moc 2200 W.</p>'
    '<button>Do koszyka</button></div>', '<meta http-equiv="content-type" content="text/html; charset=ISO-8859-2">', title="Czajnik żółty duży", lang="pl"), [("Czajnik żółty duży", "1129.99", "PLN")], enc="iso-8859-2")
read("shop-russian-1251", doc('<div class="product"><h1>Синий чайник</h1><div class="price">2&nbsp;490 руб.</div><p>Эмалированный чайник, объём 3 л.</p><button>В корзину</button></div>',
    '<meta charset="windows-1251">', title="Синий чайник", lang="ru"), [("Синий чайник", "2490", "RUB")], enc="cp1251")
read("shop-japanese-sjis", doc('<div class="product"><h1>青いやかん</h1><p class="price">3,980円（税込）</p><p>容量1.5リットルのやかんです。</p><button>カートに入れる</button></div>',
    '<meta http-equiv="Content-Type" content="text/html; charset=Shift_JIS">', title="青いやかん", lang="ja"), [("青いやかん", "3980", "JPY")], enc="shift_jis")
read("shop-superscript-cents", doc('<div class="product"><h1>Bouilloire bleue</h1><p class="price">19<sup>99</sup>&nbsp;€</p><p>Bouilloire de 1,7 litre, 2400 W.</p><button>Ajouter au panier</button></div>',
    title="Bouilloire bleue", lang="fr"), [("Bouilloire bleue", "19.99", "EUR")])
read("utf8-one-bad-byte", doc('<div class="product"><h1>Chaleira azul clássica</h1><p class="price">R$ 1.234,56</p><p>Chaleira de aço com tampa, 2 litros, para fogão e indução.</p><p>Observações: \ue000</p></div>',
    title="Chaleira azul clássica", lang="pt-BR", charset=False).encode("utf-8").replace("\ue000".encode("utf-8"), b"\xff"), [("Chaleira azul clássica", "1234.56", "BRL")])
read("category-cards-currencies", doc('<h1>Second-hand kettles</h1><ul class="products">' + "".join(
    '<li class="product"><a href="/ad/%d"><h2 class="product-title">%s</h2></a><span class="price">%s</span></li>' % (i, t, p) for i, (t, p) in enumerate([
        ("Tin kettle", "₹1,49,999.00"), ("Whistling kettle", "NOK 1 499,00"), ("Camping kettle", "1 299 Kč"), ("Antique kettle", "CHF 1'299.50")])) + "</ul>", title="Kettles"),
    [("Tin kettle", "149999", "INR"), ("Whistling kettle", "1499", "NOK"), ("Camping kettle", "1299", "CZK"), ("Antique kettle", "1299.50", "CHF")])


# ---------------------------------------------------------------- main

def main(argv):
    args, only, errors, binary = argv[1:], None, False, None
    while args:
        a = args.pop(0)
        if a == "--only" and args:
            only = set(args.pop(0).split(","))
        elif a.startswith("--only="):
            only = set(a[7:].split(","))
        elif a == "--errors":
            errors = True
        elif a == "--list":
            print("\n".join(list(CRAWL) + list(READ)))
            return 0
        else:
            binary = os.path.abspath(a)
    if not binary:
        print("usage: crawling.py BINARY [--only a,b] [--errors]", file=sys.stderr)
        return 2
    ids = [i for i in list(CRAWL) + list(READ) if only is None or i in only]

    def one(i):
        try:
            return i, (run_crawl(binary, CRAWL[i]) if i in CRAWL else run_read(binary, READ[i]))
        except Exception as e:  # a fault of the case itself must not end the others
            return i, ["the case failed: %r" % e]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        done = list(pool.map(one, ids))
    if errors:
        for i, wrong in done:
            if wrong:
                print("%s: %s" % (i, "; ".join(wrong)))
    print("%d of %d cases pass" % (sum(not w for _, w in done), len(ids)))
    return 0 if all(not w for _, w in done) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv))
