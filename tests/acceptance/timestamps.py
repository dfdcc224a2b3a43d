"""Timestamps of an authority that openssl is, and openssl's own verdict on what is kept.

usage: timestamps.py PROGRAM WORK_FOLDER
Serves a shop with one offer and an authority for timestamps on loopback, has the program scan and timestamp with keys of three
kinds, and lets `openssl ts -verify` read the replies. Skips loudly where there is no openssl.
"""
import http.server, json, pathlib, shutil, socketserver, subprocess, sys, threading

program, work = str(pathlib.Path(sys.argv[1]).resolve()), pathlib.Path(sys.argv[2]).resolve()
if not shutil.which("openssl"):
    print("SKIPPED: no openssl, so no other implementation timestamped or verified anything")
    sys.exit(0)
work.mkdir(parents=True, exist_ok=True)


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


OFFER = ("Isotonitazene powder for sale, 99% purity, wholesale price per gram, discreet shipping, bitcoin accepted")
PAGE = f"""<html><head><title>Isotonitazene 10 g</title><script type="application/ld+json">{json.dumps({
    "@context": "https://schema.org", "@type": "Product", "name": "Isotonitazene 10 g", "description": OFFER,
    "offers": {"@type": "Offer", "price": "10", "priceCurrency": "EUR"}})}</script></head><body>{OFFER}</body></html>"""
current = {}


class Both(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = {"/": '<a href="/item/1">one</a>', "/item/1": PAGE}.get(self.path)
        self.answer(200 if body else 404, "text/html", (body or "nothing").encode())

    def do_POST(self):
        query = self.rfile.read(int(self.headers["content-length"]))
        (work / "query.tsq").write_bytes(query)
        run("openssl", "ts", "-reply", "-config", work / "tsa.cnf", "-section", "tsa", "-queryfile", work / "query.tsq",
            "-out", work / "reply.tsr")
        self.answer(200, "application/timestamp-reply", (work / "reply.tsr").read_bytes())

    def answer(self, status, media, body):
        self.send_response(status)
        self.send_header("content-type", media)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True


server = Server(("127.0.0.1", 0), Both)
threading.Thread(target=server.serve_forever, daemon=True).start()
origin = f"http://127.0.0.1:{server.server_address[1]}"
failed = 0
for name, key, digest in [
    ("rsa", ["rsa", "-pkeyopt", "rsa_keygen_bits:2048"], "sha256"),
    ("p256", ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], "sha256"),
    ("p384", ["ec", "-pkeyopt", "ec_paramgen_curve:P-384"], "sha384"),
    ("rsa-512", ["rsa", "-pkeyopt", "rsa_keygen_bits:3072"], "sha512"),
]:
    folder = work / name
    folder.mkdir(exist_ok=True)
    (folder / "root.cnf").write_text("[req]\ndistinguished_name=dn\nprompt=no\nx509_extensions=v3\n[dn]\nCN=Time Root\n"
                                     "[v3]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n"
                                     "[tsa]\nbasicConstraints=critical,CA:FALSE\nextendedKeyUsage=critical,timeStamping\n")
    run("openssl", "req", "-x509", "-newkey", *key, "-nodes", "-keyout", folder / "root.key", "-out", folder / "root.pem",
        "-days", "10", "-config", folder / "root.cnf")
    run("openssl", "req", "-newkey", *key, "-nodes", "-keyout", folder / "tsa.key", "-out", folder / "tsa.csr", "-subj",
        "/O=Standards/CN=Time of openssl")
    run("openssl", "x509", "-req", "-in", folder / "tsa.csr", "-CA", folder / "root.pem", "-CAkey", folder / "root.key",
        "-set_serial", "7", "-days", "10", "-extfile", folder / "root.cnf", "-extensions", "tsa", "-out", folder / "tsa.pem")
    (folder / "serial").write_text("1000\n")
    (work / "tsa.cnf").write_text(
        f"[tsa]\nserial={folder}/serial\nsigner_cert={folder}/tsa.pem\nsigner_key={folder}/tsa.key\ncerts={folder}/root.pem\n"
        f"signer_digest={digest}\ndefault_policy=1.2.3.4.1\ndigests=sha256,sha512\naccuracy=secs:1\nordering=yes\ntsa_name=yes\n"
        "ess_cert_id_alg=sha256\n")
    seeds = folder / "seeds"
    seeds.mkdir(exist_ok=True)
    (seeds / "shop.toml").write_text(
        f'[platform]\nid = "shop"\nname = "Shop"\nkind = "b2b"\nhosts = ["127.0.0.1"]\n[agreement]\nbasis = "own-site"\n'
        f'reference = "test"\nauthority = "Test"\nvalid_from = 2020-01-01\nvalid_until = 2099-12-31\n'
        f'contact = "ops@shop.example.test"\n[crawl]\nstart = ["{origin}/"]\nprivate_addresses = ["127.0.0.0/8"]\nrate = "unlimited"\n')
    (folder / "listingwatch.toml").write_text(f'[timestamps]\nauthority = "{origin}/tsa"\nroots = "{folder}/root.pem"\n')
    common = [program, "--data", folder / "data", "--seeds", seeds, "--settings", folder / "listingwatch.toml"]
    run(*common, "scan")
    run(*common, "audit", "timestamp")
    said = run(*common, "audit", "verify")
    replies = sorted((folder / "data" / "timestamps").glob("*.tsr"))
    for reply in replies:
        of = next(path for path in reply.parent.glob(reply.stem + ".*") if path.suffix != ".tsr")
        verdict = subprocess.run(["openssl", "ts", "-verify", "-data", of, "-in", reply, "-CAfile", folder / "root.pem"],
                                 capture_output=True, text=True)
        good = "Verification: OK" in verdict.stdout + verdict.stderr
        failed += not good
        print(f"{name}: openssl on {of.name}: {'OK' if good else verdict.stdout + verdict.stderr}")
    if len(replies) != 2 or "2 timestamps" not in said:
        failed += 1
        print(f"{name}: {said}")
sys.exit(1 if failed else 0)
