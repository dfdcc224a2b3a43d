"""Signed requests, verified by an independent implementation of RFC 9421.

usage: identity.py PROGRAM WORK_FOLDER
Serves a small site on loopback, has the program scan it, then verifies every request it logged with the keys the hub's
directory names, and the directory's own signatures.
"""
import base64, hashlib, http.server, json, pathlib, socketserver, subprocess, sys, threading, time, types, urllib.request

import http_message_signatures as rfc9421
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

program, work = str(pathlib.Path(sys.argv[1]).resolve()), pathlib.Path(sys.argv[2])
work.mkdir(parents=True, exist_ok=True)
logged = []


class Site(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        logged.append((self.path, dict((k.lower(), v) for k, v in self.headers.items())))
        found = self.path == "/"
        body = b"<title>x</title><a href=/>home</a>" if found else b"nothing"
        self.send_response(200 if found else 404)
        self.send_header("content-type", "text/html")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True


site = Server(("127.0.0.1", 0), Site)
threading.Thread(target=site.serve_forever, daemon=True).start()
origin = f"http://127.0.0.1:{site.server_address[1]}"
(work / "seeds").mkdir(exist_ok=True)
(work / "seeds" / "site.toml").write_text(f"""
[platform]
id = "site"
name = "Site"
kind = "b2b"
hosts = ["127.0.0.1"]
[agreement]
basis = "own-site"
reference = "test"
authority = "Test"
valid_from = 2020-01-01
valid_until = 2099-12-31
contact = "ops@site.example.test"
[crawl]
start = ["{origin}/"]
private_addresses = ["127.0.0.0/8"]
rate = "unlimited"
""")
probe = Server(("127.0.0.1", 0), Site)
hub = f"127.0.0.1:{probe.server_address[1]}"
probe.server_close()
(work / "listingwatch.toml").write_text(f'[hub]\npublic_url = "http://{hub}"\nlisten = "{hub}"\n')
subprocess.run([program, "scan"], cwd=work, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
serve = subprocess.Popen([program, "serve"], cwd=work, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
try:
    for _ in range(100):
        try:
            answer = urllib.request.urlopen(f"http://{hub}/.well-known/http-message-signatures-directory", timeout=5)
            break
        except OSError:
            time.sleep(0.2)
    headers, directory = dict((k.lower(), v) for k, v in answer.headers.items()), json.load(answer)
finally:
    serve.terminate()
    serve.wait(timeout=40)


def unpadded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


keys = {}
for jwk in directory["keys"]:
    canonical = json.dumps({"crv": jwk["crv"], "kty": jwk["kty"], "x": jwk["x"]}, separators=(",", ":"), sort_keys=True)
    thumbprint = base64.urlsafe_b64encode(hashlib.sha256(canonical.encode()).digest()).rstrip(b"=").decode()
    assert thumbprint == jwk["kid"], "the key id is the thumbprint of the JWK"
    keys[thumbprint] = Ed25519PublicKey.from_public_bytes(unpadded(jwk["x"]))
assert len(logged) >= 3, logged


class Resolver(rfc9421.HTTPSignatureKeyResolver):
    def resolve_public_key(self, key_id):
        return keys[key_id]

    def resolve_private_key(self, key_id):
        raise NotImplementedError


verifier = rfc9421.HTTPMessageVerifier(signature_algorithm=rfc9421.algorithms.ED25519, key_resolver=Resolver())


def holds(message, **wanted):
    try:
        return len(verifier.verify(message, require_components=["@authority"] if "status_code" not in vars(message) else [], **wanted)) == 1
    except rfc9421.exceptions.HTTPMessageSignaturesException as wrong:
        holds.reason = wrong
        return False


for path, request in logged:
    message = types.SimpleNamespace(method="GET", url=origin + path, headers=request)
    assert holds(message, expect_tag="web-bot-auth"), (path, request, holds.reason)
    assert '"signature-agent";key="sig1"' in request["signature-input"] and "nonce=" in request["signature-input"]
    elsewhere = types.SimpleNamespace(method="GET", url="http://elsewhere.example.test" + path, headers=request)
    assert not holds(elsewhere, expect_tag="web-bot-auth"), "a signature holds for another host"
asked = types.SimpleNamespace(method="GET", url=f"http://{hub}/.well-known/http-message-signatures-directory", headers={})
answered = types.SimpleNamespace(status_code=200, headers=headers, request=asked)
assert holds(answered, expect_tag="http-message-signatures-directory"), holds.reason
print(f"{len(logged)} requests and the key directory verified with http-message-signatures {rfc9421.__version__ if hasattr(rfc9421, '__version__') else ''}")
