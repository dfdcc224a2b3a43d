"""An authority's, a moderator's and a researcher's day in a real browser with scripts off, then axe-core on every page.

usage: console.py BASE SIGN_IN_LINK TOKEN WORK_FOLDER
"""

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


outside = []


def context_of(browser, **options):
    """A browser profile; every request that is not to the hub is noted and stopped."""
    context = browser.new_context(**options)

    def look(route):
        if route.request.url.startswith((base + "/", "data:")):
            route.continue_()
        else:
            outside.append(route.request.url)
            route.abort()

    context.route("**/*", look)
    return context


def sign_in(browser, token, **options):
    context = context_of(browser, java_script_enabled=False, **options)
    page = context.new_page()
    page.goto(base + "/console")
    page.get_by_label("Access token").fill(token)
    page.get_by_role("button", name="Sign in").click()
    return context, page


def make_token(page, role, owner, platform=None):
    page.get_by_role("link", name="Tokens").click()
    page.locator("select[name=role]").select_option(role)
    page.get_by_label("Holder").fill(owner)
    page.locator("select[name=platform]").select_option(platform or "")
    page.get_by_role("button", name="Make").click()
    return page.locator("p[role=status] code").inner_text()


with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])

    # An authority: signs in by the link and takes the queue's first case.
    authority = context_of(browser, java_script_enabled=False)
    page = authority.new_page()
    page.goto(base + link)
    assert page.locator("h1").inner_text() == "Inbox", page.content()
    waiting = page.locator("tbody tr").count()
    assert waiting > 10, waiting
    page.get_by_role("link", name="Review queue").click()
    page.get_by_role("button", name="Take the next case").click()
    title = page.locator("h1").inner_text()
    case = page.url.split("?")[0][len(base):]
    assert page.locator("mark.name, mark.emerging").count() > 0, "the words that count are marked"
    assert page.get_by_role("heading", name="Why").count() == 1
    assert page.locator("table.weights tbody tr").count() > 0, "weights are shown"
    page.get_by_text("Read it before it leaves").click()
    assert page.get_by_text("Legal ground").first.is_visible(), "the notice is previewed"
    # The captured page: no pictures, blurred when asked for, clear when asked again; nothing is asked of others.
    page.get_by_role("link", name="Captured page").first.click()
    assert page.frame_locator("iframe").locator("body").inner_text() != ""
    assert page.locator("iframe.captured.none").count() == 1
    page.get_by_role("link", name="Pictures, blurred").click()
    assert page.locator("iframe.captured").evaluate("frame => getComputedStyle(frame).filter") != "none"
    page.get_by_role("link", name="Pictures, clear").click()
    assert page.locator("iframe.captured").evaluate("frame => getComputedStyle(frame).filter") == "none"
    page.goto(base + case + "?queue=1")
    page.get_by_role("button", name="Approve and send").click()
    assert page.locator("h1").inner_text() != title, "the queue hands out the next case"
    # The next one is put back, the one after dismissed with a reason.
    put_back = page.url
    page.get_by_role("button", name="Put back, take another").click()
    assert page.url != put_back
    page.get_by_label("Reason").first.fill("a test of dismissing")
    page.get_by_role("button", name="Dismiss").click()
    # Two more by the inbox at once.
    page.goto(base + "/console/inbox")
    for row in page.locator("tbody tr", has=page.locator(".chip")).all()[:2]:
        row.locator("input[type=checkbox]").check()
    # Nothing is chosen beforehand: a click too many sends nothing.
    page.get_by_label("Do", exact=True).select_option("approve")
    page.get_by_role("button", name="Do it").click()
    assert page.locator("p[role=status]").inner_text().startswith("2 done"), page.locator("p[role=status]").inner_text()
    assert page.locator("tbody tr").count() == waiting - 4
    # A case is found by its words, its number and its address.
    rows = api("/api/v1/referrals?limit=1000")["referrals"]
    approved = [row for row in rows if row["state"] in ("approved", "sent", "delivered")]
    assert len(approved) == 3, approved
    for text in (approved[0]["id"], approved[0]["urls"][0], approved[0]["substances"][0]):
        page.goto(base + "/console/inbox")
        page.get_by_role("searchbox", name="Find").fill(text)
        page.get_by_role("button", name="Show").click()
        assert approved[0]["id"] in page.content(), text
    # Platforms, scans, audit.
    page.get_by_role("link", name="Platforms").click()
    page.get_by_role("button", name="Pause").first.click()
    page.get_by_role("button", name="Resume").first.click()
    page.get_by_role("link", name="Scans").click()
    assert "Coverage of" in page.locator("pre").first.inner_text()
    page.get_by_role("link", name="Audit log").click()
    page.get_by_role("link", name="Check the whole chain").click()
    assert "intact" in page.locator("p[role=status]").inner_text()
    page.get_by_label("Of what").fill(approved[0]["id"])
    page.get_by_role("button", name="Show").click()
    assert page.get_by_text("approve").count() > 0
    moderators = make_token(page, "moderator", "mo", approved[0]["platform"])
    researchers = make_token(page, "researcher", "rosa")

    # A moderator: one minute. Signs in, sees what waits, reads, answers; the rest does not exist.
    moderator, page = sign_in(browser, moderators)
    mine = [row for row in approved if row["platform"] == approved[0]["platform"]]
    assert page.locator("tbody tr").count() == len(mine)
    page.locator("tbody th a").first.click()
    page.get_by_role("link", name="On its own page").click()
    assert "Legal ground" in page.content()
    page.get_by_role("link", name="Back to the case").click()
    page.get_by_role("button", name="Removed").click()
    assert page.locator(".state").first.inner_text() == "decided"
    for path in ("/console/audit", "/console/overview", "/console/archive"):
        assert page.goto(base + path).status == 403, path
    others = [row["id"] for row in rows if row["platform"] != approved[0]["platform"]]
    assert page.goto(f"{base}/console/referrals/{others[0]}").status == 404

    # An analyst: searches, narrows by a count, takes the data, looks at figures.
    analyst, page = sign_in(browser, researchers)
    assert page.locator("h1").inner_text() == "Archive"
    page.get_by_role("searchbox", name="Query").fill("nitazene")
    page.get_by_role("button", name="Search").click()
    found = page.locator("ol.hits > li").count()
    assert found > 0
    assert page.locator("svg.chart").count() == 1
    page.locator(".facet a").first.click()
    assert page.locator("ol.hits > li").count() > 0
    page.get_by_role("searchbox", name="Query").fill("colour:red")
    page.get_by_role("button", name="Search").click()
    assert "known fields are" in page.get_by_role("alert").inner_text()
    rows = analyst.request.get(base + "/console/archive?q=nitazene&format=csv").text().splitlines()
    assert rows[0].startswith("id,") and len(rows) > found / 2, rows[:2]
    assert len(analyst.request.get(base + "/console/archive?q=nitazene&format=json").json()) > 0
    page.get_by_role("link", name="Watchlist").click()
    page.get_by_role("searchbox", name="Name, CAS number or InChIKey").fill("isotonitazene")
    page.get_by_role("button", name="Look up").click()
    assert page.get_by_role("heading", name="Isotonitazene").count() >= 1
    assert page.goto(base + case).status == 403, "no case for researchers"
    page = authority.new_page()
    page.goto(base + "/console/overview")
    assert page.locator("svg.chart").count() >= 3
    assert page.locator("details table").count() >= 3, "each chart is a table too"
    twin = authority.request.get(base + "/console/overview?format=json").json()
    assert sum(stage["cases"] for stage in twin["funnel"]) > 0

    # By keyboard alone: skip link, then the first case, then its decision.
    page.goto(base + "/console/inbox")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to content"
    page.keyboard.press("Enter")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('tbody th a')"):
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/referrals/**")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the decision"

    assert not outside, f"asked of others: {outside}"

    script = axe()
    if script is None:
        print("SKIPPED: axe-core cannot be had (npm)")
        sys.exit(0)
    found, looked = [], 0
    notice = api(case.replace("/console/", "/api/v1/") + "/notice")
    hit = api(case.replace("/console/", "/api/v1/"))["hits"][0]["id"]
    links = [notice["answer"], notice["contest"]]
    paths = ["/console/inbox", "/console/inbox?group=all", "/console/inbox?q=nothing-like-it", "/console/queue", case, case + "/notice",
             f"{case}/page/{hit}", f"{case}/page/{hit}?images=blurred", "/console/overview", "/console/archive", "/console/archive?q=nitazene",
             "/console/archive?q=colour%3Ared", "/console/watchlist?q=isotonitazene", "/console/platforms", "/console/scans",
             "/console/scans?live=1", "/console/audit?verify=1", "/console/tokens", "/console/sign-in", "/about-crawler", "/api",
             "/console/nowhere"] + [url[url.index("/", 8):] for url in links]
    for scheme in ("light", "dark"):
        for width in (1280, 390):
            for cookies, some in ((authority.cookies(), paths), (moderator.cookies(), ["/console/inbox?group=all", case, "/console/audit"])):
                context = browser.new_context(bypass_csp=True, color_scheme=scheme, viewport={"width": width, "height": 900})
                context.add_cookies(cookies)
                page = context.new_page()
                for path in some:
                    page.goto(base + path)
                    page.add_script_tag(path=script)
                    looked += 1
                    for one in page.evaluate("axe.run({ iframes: false })")["violations"]:
                        found.append((scheme, width, path, one["id"], one["impact"], one["nodes"][0]["html"][:160]))
                    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
                    if wide > 1:
                        found.append((scheme, width, path, "wider than the window", "serious", f"{wide} px"))
    for one in found:
        print("axe:", *one)
    print(f"axe-core looked at {looked} pages; {len(outside)} requests to others in the whole day")
    sys.exit(any(one[4] in ("serious", "critical") for one in found))
