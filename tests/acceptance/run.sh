#!/usr/bin/env bash
# Independent clients against the running demo: warcio, feedparser, schemathesis, a browser with axe-core; signed requests
# against http-message-signatures; clients generated from the API's description; the adapters of examples/ against the sandbox.
# Needs Python 3, network for the first run, Chromium for the browser's part, and npm, go and java for the generated clients; what
# is missing is skipped, loudly.
# usage: tests/acceptance/run.sh [path to listingwatch]
set -uo pipefail
cd "$(dirname "$0")/../.."
program="${1:-target/release/listingwatch}"
[ -x "$program" ] || { echo "SKIPPED: no program at $program; run cargo build --release"; exit 0; }
work="$(mktemp -d)"
trap 'kill "$demo" 2>/dev/null; rm -rf "$work"' EXIT
demo=
venv="$work/venv"
if ! python3 -m venv "$venv" 2>/dev/null || ! "$venv/bin/pip" -q install warcio feedparser atoma standardwebhooks schemathesis playwright aiosmtpd; then
  echo "SKIPPED: Python packages cannot be installed here"; exit 0
fi
"$program" --data "$work/data" demo --port 18099 >"$work/demo.out" 2>"$work/demo.err" &
demo=$!
for _ in $(seq 300); do grep -q '^token:' "$work/demo.out" && break; sleep 1; done
token="$(awk '/^token:/ {print $2}' "$work/demo.out")"
link="$(grep -o '/console/enter/[^ ]*' "$work/demo.out")"
[ -n "$token" ] || { echo "FAILED: the demo did not start"; cat "$work/demo.err"; exit 1; }
base=http://127.0.0.1:18099
failed=0
check() { if "${@:2}"; then echo "passed: $1"; else echo "FAILED: $1"; failed=1; fi; }

check "warcio reads the evidence and its digests hold" "$venv/bin/warcio" check "$work"/data/demo/warc/*.warc.gz
check "a browser does an authority's and a moderator's day; axe-core finds nothing serious" \
  "$venv/bin/python" tests/acceptance/console.py "$base" "$link" "$token" "$work"
check "the referral loop: a mail server, a webhook library, openssl, a full disk" \
  "$venv/bin/python" tests/acceptance/referral.py "$program"
check "openssl timestamps the log and evidence, and verifies what is kept of it" \
  python3 tests/acceptance/timestamps.py "$program" "$work/timestamps"
check "feedparser reads Atom, atoma reads JSON Feed" "$venv/bin/python" tests/acceptance/feeds.py "$base" "$token"
mkdir -p "$work/hooks"
check "standardwebhooks verifies our signatures and refuses them altered" \
  "$venv/bin/python" tests/acceptance/webhooks.py "$program" "$work/hooks"
check "schemathesis finds no violation of the description" "$venv/bin/schemathesis" \
  --config-file tests/acceptance/schemathesis.toml run "$base/api/openapi.json" \
  -H "Authorization: Bearer $token" --max-examples 20 --workers 1
check "adapters of a moderation queue, an issue tracker and a shop do their work in the sandbox" \
  python3 tests/acceptance/integrators.py "$program" "$work/integrators"
check "clients generated for Python, TypeScript and Go compile strictly and do a platform's day" \
  python3 tests/acceptance/clients.py "$program" "$work/clients"
check "the public benchmark is what its generator makes" python3 benchmark/make.py --check
python3 benchmark/score.py --listings >"$work/listings.jsonl"
"$program" screen "$work/listings.jsonl" >"$work/answers.jsonl"
check "the scorer reads our answers" python3 benchmark/score.py "$work/answers.jsonl"
# A library of its own checks each signed request and the key directory; where it is missing the check says so.
if "$venv/bin/pip" -q install http-message-signatures cryptography; then
  check "http-message-signatures verifies every request and the key directory" \
    "$venv/bin/python" tests/acceptance/identity.py "$program" "$work/identity"
else
  echo "SKIPPED: http-message-signatures cannot be installed here, so no independent implementation checked our signatures"
fi
exit "$failed"
