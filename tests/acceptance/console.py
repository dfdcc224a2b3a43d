"""An authority's and a moderator's day in a real browser with scripts off, then axe-core on every page."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import urllib.request

from playwright.sync_api import sync_playwright

base, link, token, work = sys.argv[1:5]
chromium = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)
if chromium is None:
    print("SKIPPED: no Chromium on this machine (Debian: apt install chromium)")
    sys.exit(0)


def api(path, body=None, token=token):
    request = urllib.request.Request(base + path, headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
    if body is not None:
        request.data = json.dumps(body).encode()
    return json.load(urllib.request.urlopen(request))


def axe():
    """The path of axe-core's script, or None."""
    if shutil.which("npm") is None:
        return None
    done = subprocess.run(["npm", "pack", "axe-core"], cwd=work, capture_output=True, text=True)
    if done.returncode:
        return None
    with tarfile.open(os.path.join(work, done.stdout.strip().splitlines()[-1])) as package:
        package.extract("package/axe.min.js", work, filter="data")
    return os.path.join(work, "package/axe.min.js")


with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])

    # An authority: signs in by the link, takes the queue's first case, approves it, finds a moderator's token.
    authority = browser.new_context(java_script_enabled=False)
    page = authority.new_page()
    page.goto(base + link)
    assert page.locator("h1").inner_text() == "Inbox", page.content()
    page.get_by_role("link", name="Review queue").click()
    title = page.locator("h1").inner_text()
    assert page.locator("mark.name, mark.emerging").count() > 0, "the words that count are marked"
    page.get_by_role("button", name="Approve and send").click()
    assert page.locator("h1").inner_text() != title, "the queue hands out the next case"
    page.get_by_role("link", name="Overview").click()
    assert page.locator("svg.chart").count() == 2
    page.get_by_role("link", name="Platforms").click()
    page.get_by_role("button", name="Pause").first.click()
    page.get_by_role("button", name="Resume").first.click()
    page.get_by_role("link", name="Audit log").click()
    assert "intact" in page.locator("p[role=status]").inner_text()
    approved = [row for row in api("/api/v1/referrals?limit=1000")["referrals"] if row["state"] in ("approved", "delivered")]
    assert len(approved) == 1, approved
    page.get_by_role("link", name="Tokens").click()
    page.locator("select[name=role]").select_option("moderator")
    page.get_by_label("Holder").fill("mo")
    page.locator("select[name=platform]").select_option(approved[0]["platform"])
    page.get_by_role("button", name="Make").click()
    moderators = page.locator("p[role=status] code").inner_text()

    # A moderator of that platform: signs in, sees the one case, reads the notice, answers.
    moderator = browser.new_context(java_script_enabled=False)
    page = moderator.new_page()
    page.goto(base + "/console")
    page.get_by_label("Access token").fill(moderators)
    page.get_by_role("button", name="Sign in").click()
    assert page.locator("tbody tr").count() == 1
    page.locator("tbody th a").click()
    page.get_by_role("link", name="The notice").click()
    assert "Legal ground" in page.content()
    page.get_by_role("link", name="Back to the case").click()
    page.get_by_role("button", name="removed", exact=True).click()
    assert page.locator(".state").first.inner_text() == "decided"
    assert page.goto(base + "/console/audit").status == 403

    script = axe()
    if script is None:
        print("SKIPPED: axe-core cannot be had (npm)")
        sys.exit(0)
    serious = []
    case = f"/console/referrals/{approved[0]['id']}"
    notice = api(f"/api/v1/referrals/{approved[0]['id']}/notice")
    links = [notice["answer"], notice["contest"]]
    paths = ["/console/inbox", case, case + "/notice", "/console/overview", "/console/platforms", "/console/scans", "/console/audit",
             "/console/tokens", "/console/sign-in", "/about-crawler", "/api", "/console/nowhere"] + [url[url.index("/", 8):] for url in links]
    for scheme in ("light", "dark"):
        context = browser.new_context(bypass_csp=True, color_scheme=scheme)
        context.add_cookies(authority.cookies())
        page = context.new_page()
        for path in paths:
            page.goto(base + path)
            page.add_script_tag(path=script)
            for found in page.evaluate("axe.run()")["violations"]:
                serious.append((scheme, path, found["id"], found["impact"], found["nodes"][0]["html"][:160]))
    for one in serious:
        print("axe:", *one)
    sys.exit(any(one[3] in ("serious", "critical") for one in serious))
