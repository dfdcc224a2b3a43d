"""Clients generated from the API's description, for Python, TypeScript and Go: checked strictly, then each does a platform's day against the
sandbox: list since a cursor, read a notice, answer, screen, hand over, follow the feed.

usage: clients.py PROGRAM FOLDER
What cannot be installed is skipped, loudly."""

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
import urllib.request

program, work = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
os.makedirs(work, exist_ok=True)
PORT = 18130
base = f"http://127.0.0.1:{PORT}"
skipped, done = [], []


def run(*line, cwd=work, **environment):
    ended = subprocess.run(line, cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True)
    if ended.returncode:
        raise SystemExit(f"FAILED: {' '.join(line)}\n{ended.stdout[-4000:]}\n{ended.stderr[-4000:]}")
    return ended.stdout


def write(name, text):
    path = os.path.join(work, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


PYTHON_DAY = '''
import sys
from listingwatch_client import AuthenticatedClient
from listingwatch_client.api.referrals import answer_referral, get_feed, get_notice, list_referrals
from listingwatch_client.api.screening import push_listings, screen_listings
from listingwatch_client.models import AnswerBody, Decision, ListingToScreen, PostedListing, Pushed, ReferralList, ScreenedListing, Standing, Verdict
from listingwatch_client.models.notice import Notice

base, moderator, machine, listing_url = sys.argv[1:5]
people = AuthenticatedClient(base_url=base, token=moderator)
machines = AuthenticatedClient(base_url=base, token=machine)
page = list_referrals.sync(client=people, since="0", limit=1000)
assert isinstance(page, ReferralList) and page.referrals, page
case = next(one for one in page.referrals if one.state.value == "delivered")
notice = get_notice.sync(client=people, id=case.id)
assert isinstance(notice, Notice) and notice.urls == case.urls, notice
answer = answer_referral.sync(client=people, id=case.id, body=AnswerBody(decision=Decision.RESTRICTED, reference="py-1"), idempotency_key="py-1")
assert isinstance(answer, Standing) and answer.state.value == "decided", answer
later = list_referrals.sync(client=people, since=page.next_)
assert isinstance(later, ReferralList) and any(one.id == case.id and one.reference == "py-1" for one in later.referrals), later
verdict = screen_listings.sync(client=machines, body=ListingToScreen(id="a", title="Isotonitazene 10 g", text="bitcoin, discreet shipping"))
assert isinstance(verdict, ScreenedListing) and verdict.verdict is Verdict.REFER, verdict
pushed = push_listings.sync(client=machines, body=[PostedListing(id="py-9", url=listing_url, title="Garden chair")])
assert isinstance(pushed, Pushed) and pushed.taken == 1, pushed
platform = case.platform
feed = get_feed.sync_detailed(client=people, name=f"{platform}.json")
assert feed.status_code == 200, feed
print("python: a day done")
'''

TYPESCRIPT_DAY = '''
import createClient from "openapi-fetch";
import type { components, paths } from "./api";

const [base, moderator, machine, url] = process.argv.slice(2) as [string, string, string, string];
const people = createClient<paths>({ baseUrl: base, headers: { Authorization: `Bearer ${moderator}` } });
const machines = createClient<paths>({ baseUrl: base, headers: { Authorization: `Bearer ${machine}` } });

function must<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(what);
  return value;
}

async function day(): Promise<void> {
  const page = must((await people.GET("/api/v1/referrals", { params: { query: { since: "0", limit: 1000 } } })).data, "list");
  const held: components["schemas"]["ReferralView"] = must(page.referrals.find((one) => one.state === "delivered"), "a case");
  const notice = must((await people.GET("/api/v1/referrals/{id}/notice", { params: { path: { id: held.id } } })).data, "notice");
  if (typeof notice === "string" || notice.urls[0] !== held.urls[0]) throw new Error("notice of another case");
  const answer = must((await people.POST("/api/v1/referrals/{id}/outcome", {
    params: { path: { id: held.id }, header: { "Idempotency-Key": "ts-1" } }, body: { decision: "restricted", reference: "ts-1" },
  })).data, "answer");
  if (answer.state !== "decided") throw new Error(answer.state);
  const later = must((await people.GET("/api/v1/referrals", { params: { query: { since: page.next } } })).data, "later");
  if (!later.referrals.some((one) => one.id === held.id && one.reference === "ts-1")) throw new Error("the answer is not listed");
  const verdicts = must((await machines.POST("/api/v1/screen", { body: [{ id: 1, title: "Isotonitazene 10 g" }, { id: 2, title: "Chair" }] })).data, "screen");
  if (!Array.isArray(verdicts) || verdicts.length !== 2) throw new Error("two verdicts");
  const pushed = must((await machines.POST("/api/v1/listings", { body: { id: "ts-9", url, title: "Garden chair" } })).data, "push");
  if (pushed.taken !== 1) throw new Error("not taken");
  const refused = await machines.POST("/api/v1/screen", { body: { id: 1, title: "x", description: "y" } as never });
  if (refused.error === undefined || refused.error.status !== 422) throw new Error("an unknown key passed");
  console.log("typescript: a day done");
}

void day();
'''

GO_DAY = '''
package main

import (
	"context"
	"fmt"
	"os"

	lw "listingwatch/client"
)

func must(err error) {
	if err != nil {
		fmt.Println("FAILED", err)
		os.Exit(1)
	}
}

func client(base, token string) *lw.APIClient {
	settings := lw.NewConfiguration()
	settings.Servers = lw.ServerConfigurations{{URL: base}}
	settings.AddDefaultHeader("Authorization", "Bearer "+token)
	return lw.NewAPIClient(settings)
}

func main() {
	base, moderator, machine := os.Args[1], os.Args[2], os.Args[3]
	ctx := context.Background()
	people, machines := client(base, moderator), client(base, machine)
	page, _, err := people.ReferralsAPI.ListReferrals(ctx).Since("0").Limit(1000).Execute()
	must(err)
	for _, held := range page.Referrals {
		if held.State != lw.CASESTATE_DELIVERED {
			continue
		}
		answer, _, err := people.ReferralsAPI.AnswerReferral(ctx, held.Id).IdempotencyKey("go-1").AnswerBody(lw.AnswerBody{Decision: lw.DECISION_RESTRICTED}).Execute()
		must(err)
		if answer.State != lw.CASESTATE_DECIDED {
			must(fmt.Errorf("state %s", answer.State))
		}
		chair := "Garden chair"
		id := "go-1"
		listing := lw.ListingToScreen{Id: lw.IdBody{String: &id}}
		listing.SetTitle(chair)
		_, _, err = machines.ScreeningAPI.ScreenListings(ctx).ScreenBody(lw.ScreenBody{ListingToScreen: &listing}).Execute()
		must(err)
		fmt.Println("go: a day done")
		return
	}
	must(fmt.Errorf("no delivered case"))
}
'''

demo = subprocess.Popen([program, "--data", os.path.join(work, "data"), "demo", "--port", str(PORT), "--platform-sandbox"],
                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
try:
    told, end = {}, time.time() + 240
    while "machine token" not in told:
        line = demo.stdout.readline()
        assert line and time.time() < end, "the sandbox did not start"
        if found := re.match(r"(platform|moderator token|machine token): +(\S+)", line):
            told[found[1]] = found[2]
    threading.Thread(target=lambda: [None for _ in demo.stdout], daemon=True).start()

    def ask(path):
        request = urllib.request.Request(base + path, headers={"Authorization": f"Bearer {told['moderator token']}"})
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read())

    end = time.time() + 120
    while len([one for one in ask("/api/v1/referrals?limit=1000")["referrals"] if one["state"] == "delivered"]) < 5:
        assert time.time() < end, "no case was delivered"
        time.sleep(1)
    description = ask("/api/openapi.json")
    write("openapi.json", json.dumps(description))
    listing_url = ask("/api/v1/referrals?limit=1")["referrals"][0]["urls"][0] + "?garden"
    arguments = [base, told["moderator token"], told["machine token"], listing_url]

    venv = os.path.join(work, "venv")
    python = os.path.join(venv, "bin", "python")
    packages = ["openapi-spec-validator", "openapi-python-client", "mypy", "openapi-generator-cli"]
    if subprocess.run([sys.executable, "-m", "venv", venv]).returncode or \
            subprocess.run([python, "-m", "pip", "-q", "install", *packages], capture_output=True).returncode:
        print("SKIPPED: Python packages cannot be installed here")
        sys.exit(0)
    run(os.path.join(venv, "bin", "openapi-spec-validator"), "openapi.json")
    done.append("openapi-spec-validator")

    write("python.yaml", "content_type_overrides:\n  text/csv: application/octet-stream\n  application/http: application/octet-stream\n"
          "project_name_override: listingwatch-client\npackage_name_override: listingwatch_client\n")
    run(os.path.join(venv, "bin", "openapi-python-client"), "generate", "--path", "openapi.json", "--output-path", "python", "--overwrite",
        "--config", "python.yaml")
    write("python/day.py", PYTHON_DAY)
    run(python, "-m", "pip", "-q", "install", "./python")
    run(python, "-m", "mypy", "--strict", "listingwatch_client", "day.py", cwd=os.path.join(work, "python"))
    print(run(python, "python/day.py", *arguments).strip())
    done.append("mypy --strict")

    if shutil.which("npm"):
        os.makedirs(os.path.join(work, "typescript"), exist_ok=True)
        folder = os.path.join(work, "typescript")
        write("typescript/package.json", '{"name": "day", "private": true, "type": "module"}')
        write("typescript/day.ts", TYPESCRIPT_DAY)
        write("typescript/tsconfig.json", json.dumps({"compilerOptions": {"strict": True, "noUncheckedIndexedAccess": True, "target": "es2022",
              "module": "es2022", "moduleResolution": "bundler", "outDir": "out", "skipLibCheck": True, "types": ["node"]}, "files": ["day.ts"]}))
        if subprocess.run(["npm", "install", "--silent", "openapi-typescript@7", "openapi-fetch", "typescript@5", "@types/node@20", "@redocly/cli"],
                          cwd=folder, capture_output=True).returncode:
            skipped.append("TypeScript: npm packages cannot be installed here")
        else:
            linted = run("npx", "redocly", "lint", "../openapi.json", "--format", "summary", cwd=folder)
            run("npx", "openapi-typescript", "../openapi.json", "-o", "api.d.ts", cwd=folder)
            run("npx", "tsc", "--strict", "-p", ".", cwd=folder)
            print(run("node", "out/day.js", *arguments, cwd=folder).strip())
            done += ["redocly lint", "tsc --strict"]
    else:
        skipped.append("TypeScript: there is no npm")

    if shutil.which("go") and shutil.which("java"):
        generator = os.path.join(venv, "bin", "openapi-generator-cli")
        run(generator, "validate", "-i", "openapi.json")
        run(generator, "generate", "-g", "go", "-i", "openapi.json", "-o", "go/client",
            "--additional-properties=packageName=client,withGoMod=false,enumClassPrefix=true")
        folder = os.path.join(work, "go")
        for name in ("client/test", "client/docs"):
            shutil.rmtree(os.path.join(folder, name), ignore_errors=True)
        # The generated code asks this module to check tags that it does not write; the module cannot be had without Go's proxy.
        write("go/validator/validator.go", "package validator\n\nfunc Validate(interface{}) error { return nil }\n")
        write("go/validator/go.mod", "module gopkg.in/validator.v2\n\ngo 1.19\n")
        write("go/go.mod", "module listingwatch\n\ngo 1.19\n\nrequire gopkg.in/validator.v2 v2.0.0\n\nreplace gopkg.in/validator.v2 => ./validator\n")
        write("go/day.go", GO_DAY)
        offline = {"GOFLAGS": "-mod=mod", "GOPROXY": "off", "GONOSUMDB": "*"}
        run("go", "vet", ".", "./client", cwd=folder, **offline)
        print(run("go", "run", ".", *arguments, cwd=folder, **offline).strip())
        done += ["openapi-generator validate", "go vet"]
    else:
        skipped.append("Go: go or java is not installed here")
finally:
    demo.terminate()
for one in skipped:
    print(f"SKIPPED: {one}")
print("clean: " + ", ".join(done))
