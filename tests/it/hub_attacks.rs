//! What a hostile seller, a curious moderator and a stranger try against the hub.

use listingwatch::store::truth::Role;
use listingwatch::vocab::actor::Actor;
use serde_json::json;

use crate::shop::{Hub, Shop};

/// Written as references of references, so that it is text: markup of its own would leave the title.
const TITLE: &str = "Isotonitazene &amp;lt;script&amp;gt;alert(1)&amp;lt;/script&amp;gt;\"&amp;gt;&amp;lt;img src=x onerror=alert(2)&amp;gt;";
const TEXT: &str = "=HYPERLINK(\"http://evil.example.test\") isotonitazene for sale, price per gram, bitcoin accepted, </div><script src=//evil.example.test></script>";

pub async fn two_platforms() -> (Hub, Vec<String>) {
    let (first, second) = (Shop::start().await, Shop::start().await);
    first.put("7", TITLE, TEXT);
    second.put(
        "7",
        "Metonitazene 5 g",
        "Metonitazene for sale, 5 g bags, samples available, telegram only, bitcoin accepted",
    );
    let feed = "channels = [\"feed\"]";
    let files = [("first", first.platform_file("first", feed)), ("second", second.platform_file("second", feed))];
    let hub = Hub::open(&files, |_| {}).await;
    hub.scan().await;
    let cases = hub.cases().await;
    let id = |platform: &str| {
        let case = cases.iter().find(|case| case["platform"] == platform).unwrap_or_else(|| panic!("{cases:?}"));
        case["id"].as_str().unwrap().to_owned()
    };
    let ids = vec![id("first"), id("second")];
    for id in &ids {
        hub.command(&["referrals", "approve", id, "--as", "anna"]).await.1.unwrap();
    }
    (hub, ids)
}

/// Signs in with a token; the cookie and the form token.
pub async fn sign_in(hub: &Hub, token: &str) -> (String, String) {
    let form = hub.client.post(format!("{}/console/sign-in", hub.base));
    let form = form.header("content-type", "application/x-www-form-urlencoded");
    let answer = form.body(format!("token={token}&to=/console")).send().await.unwrap();
    assert_eq!(answer.status(), 303);
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    let cookie = cookie.split(';').next().unwrap().to_owned();
    // Where the day of this role begins.
    let home = hub.client.get(format!("{}/console", hub.base)).header("cookie", &cookie).send().await.unwrap();
    let start = home.headers()["location"].to_str().unwrap().to_owned();
    let page = hub.client.get(format!("{}{start}", hub.base)).header("cookie", &cookie).send().await.unwrap();
    let page = page.text().await.unwrap();
    let csrf = page.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    (cookie, csrf)
}

/// Sends a body larger than is taken; the status. A server that answers before everything was sent may end the connection
/// while the client still sends; then the client asks again, as any client would.
pub async fn post_too_much(hub: &Hub, token: &str, path: &str, body: String) -> u16 {
    for _ in 0..20 {
        let request = hub.client.post(format!("{}{path}", hub.base)).bearer_auth(token);
        let request = request.header("content-type", "application/json").body(body.clone());
        if let Ok(answer) = request.send().await {
            return answer.status().as_u16();
        }
    }
    panic!("no answer in twenty attempts");
}

pub async fn page(hub: &Hub, cookie: &str, path: &str) -> (u16, String, String) {
    let answer = hub.client.get(format!("{}{path}", hub.base)).header("cookie", cookie).send().await.unwrap();
    let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
    (answer.status().as_u16(), policy, answer.text().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn listing_text_stays_text_on_every_page() {
    let (hub, ids) = two_platforms().await;
    let (cookie, _) = sign_in(&hub, &hub.token(Role::Admin, "anna", None)).await;
    let mut seen = 0;
    for path in [
        "/console/inbox".to_owned(),
        format!("/console/referrals/{}", ids[0]),
        format!("/console/referrals/{}/notice", ids[0]),
        format!("/console/referrals/{}/notice?format=html", ids[0]),
        "/console/overview".to_owned(),
        "/console/audit".to_owned(),
    ] {
        let (status, policy, text) = page(&hub, &cookie, &path).await;
        assert_eq!(status, 200, "{path}");
        assert!(!text.contains("<script") && !text.contains("<img"), "{path}: {text}");
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
        seen += usize::from(text.contains("alert(1)"));
    }
    assert!(seen >= 3, "the title is shown, as text");
    // The captured page is what was published; it runs in a sandbox.
    let case = hub.json(&hub.token(Role::Authority, "ben", None), &format!("/api/v1/referrals/{}", ids[0])).await;
    let hit = case["hits"][0]["id"].as_str().unwrap();
    let (status, policy, text) = page(&hub, &cookie, &format!("/console/referrals/{}/capture/{hit}", ids[0])).await;
    assert_eq!(status, 200);
    assert!(policy.starts_with("sandbox;") && policy.contains("default-src 'none'"), "{policy}");
    assert!(text.contains("application/ld+json"));
    let audit = hub.json(&hub.token(Role::Authority, "ben", None), "/api/v1/audit").await;
    assert!(audit["entries"].as_array().unwrap().iter().any(|entry| entry["action"] == "open-evidence"));
}

#[tokio::test(flavor = "multi_thread")]
async fn listing_text_stays_text_in_every_feed() {
    let (hub, _) = two_platforms().await;
    let token = hub.token(Role::Moderator, "mo", Some("first"));
    let feed = hub.json(&token, "/feeds/first.json").await;
    let item = &feed["items"][0];
    assert!(item["title"].as_str().unwrap().contains("<script>"), "titles are plain text there");
    let html = item["content_html"].as_str().unwrap();
    assert!(html.contains("&lt;script&gt;") || html.contains("&#60;script&#62;"), "{html}");
    assert!(!html.contains("<script") && !html.contains("<img"), "{html}");
    let (_, atom) = hub.get(&token, "/feeds/first.atom").await;
    assert!(atom.contains("alert(1)") && !atom.contains("<script") && !atom.contains("<img"), "{atom}");
    // One line an event, however the listing's text breaks.
    let (_, lines) = hub.get(&token, "/feeds/first.ndjson").await;
    assert!(lines.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()), "{lines}");
}

#[tokio::test(flavor = "multi_thread")]
async fn spreadsheets_get_no_formulas() {
    let (hub, _) = two_platforms().await;
    let (words, result) = hub.command(&["export", "--format", "csv"]).await;
    result.unwrap();
    assert!(words.contains("isotonitazene"), "{words}");
    for line in words.lines() {
        assert!(!line.split(',').any(|cell| cell.trim_matches('"').starts_with(['=', '+', '@'])), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_moderator_cannot_learn_that_another_platforms_case_exists() {
    let (hub, ids) = two_platforms().await;
    let moderator = hub.token(Role::Moderator, "mo", Some("second"));
    let rows = hub.json(&moderator, "/api/v1/referrals?limit=1000").await;
    assert_eq!(rows["referrals"].as_array().unwrap().len(), 1);
    let of = async |platform: &str| {
        let (status, problem) = hub.get(&moderator, &format!("/api/v1/referrals?platform={platform}")).await;
        (status, serde_json::from_str::<serde_json::Value>(&problem).unwrap()["title"].clone())
    };
    assert_eq!(of("first").await, of("nobody").await);
    assert_eq!(of("first").await.0, 404);
    // What belongs to another answers exactly as what nobody has.
    for path in ["", "/notice", "/evidence", "/evidence/H-1"] {
        let other = hub.get(&moderator, &format!("/api/v1/referrals/{}{path}", ids[0])).await;
        let none = hub.get(&moderator, &format!("/api/v1/referrals/R-0000000000000000{path}")).await;
        assert_eq!((other.0, none.0), (404, 404), "{path}");
        let strip = |text: &str, id: &str| text.split("\"instance\"").next().unwrap().replace(id, "ID");
        assert_eq!(strip(&other.1, &ids[0]), strip(&none.1, "R-0000000000000000"));
    }
    let answer = json!({ "decision": "removed" });
    assert_eq!(hub.post(&moderator, &format!("/api/v1/referrals/{}/outcome", ids[0]), answer.clone()).await.0, 404);
    assert_eq!(hub.get(&moderator, "/feeds/first.json").await.0, 404);
    assert_eq!(hub.get(&moderator, "/feeds/first/stream").await.0, 404);
    for path in ["/api/v1/hits", "/api/v1/audit", "/api/v1/platforms", "/api/v1/scans", "/api/v1/watchlist"] {
        assert_eq!(hub.get(&moderator, path).await.0, 403, "{path}");
    }
    let (cookie, csrf) = sign_in(&hub, &moderator).await;
    assert_eq!(page(&hub, &cookie, &format!("/console/referrals/{}", ids[0])).await.0, 404);
    assert_eq!(page(&hub, &cookie, "/console/audit").await.0, 403);
    assert_eq!(page(&hub, &cookie, "/console/tokens").await.0, 403);
    let form = hub.client.post(format!("{}/console/inbox", hub.base)).header("cookie", &cookie);
    let form = form.header("content-type", "application/x-www-form-urlencoded");
    let sent = form.body(format!("csrf={csrf}&action=answer&decision=rejected&ids={}", ids[0])).send().await.unwrap();
    assert_eq!(sent.status(), 303, "the refusal is said on the next page");
    let case = hub.json(&hub.token(Role::Authority, "ben", None), &format!("/api/v1/referrals/{}", ids[0])).await;
    assert_eq!(case["state"], "delivered");
    // Researchers see hits without sellers and no cases; platforms' machines screen and see nothing.
    let researcher = hub.token(Role::Researcher, "rosa", None);
    assert_eq!(hub.get(&researcher, "/api/v1/hits").await.0, 200);
    assert_eq!(hub.get(&researcher, "/api/v1/referrals").await.0, 403);
    assert_eq!(hub.get(&researcher, &format!("/api/v1/referrals/{}/evidence", ids[0])).await.0, 403);
    let machine = hub.token(Role::Platform, "machine", Some("first"));
    assert_eq!(hub.get(&machine, "/api/v1/referrals").await.0, 403);
    let (status, verdict) =
        hub.post(&machine, "/api/v1/screen", json!({ "id": "a", "title": "Isotonitazene powder for sale" })).await;
    assert_eq!((status, verdict["id"].as_str()), (200, Some("a")));
    assert_ne!(verdict["verdict"], "clear");
}

#[tokio::test(flavor = "multi_thread")]
async fn forms_of_others_change_nothing() {
    let (hub, ids) = two_platforms().await;
    let (cookie, csrf) = sign_in(&hub, &hub.token(Role::Authority, "anna", None)).await;
    let send = |body: String, site: Option<&'static str>| {
        let form = hub.client.post(format!("{}/console/referrals/{}", hub.base, ids[0])).header("cookie", &cookie);
        let form = form.header("content-type", "application/x-www-form-urlencoded");
        let form = if let Some(site) = site { form.header("sec-fetch-site", site) } else { form };
        form.body(body).send()
    };
    let withdraw = "action=withdraw&reason=x";
    assert_eq!(send(withdraw.to_owned(), None).await.unwrap().status(), 403, "no form token");
    assert_eq!(send(format!("csrf=AAAA&{withdraw}"), None).await.unwrap().status(), 403, "another form token");
    assert_eq!(send(format!("csrf={csrf}&{withdraw}"), Some("cross-site")).await.unwrap().status(), 403);
    let state = || async { hub.cases().await.iter().find(|case| case["id"] == ids[0]).unwrap()["state"].clone() };
    assert_eq!(state().await, "delivered");
    assert_eq!(send(format!("csrf={csrf}&{withdraw}"), Some("same-origin")).await.unwrap().status(), 303);
    assert_eq!(state().await, "withdrawn");
    // Signed out, the cookie is worth nothing.
    let out = hub.client.post(format!("{}/console/sign-out", hub.base)).header("cookie", &cookie);
    let out = out.header("content-type", "application/x-www-form-urlencoded").body(format!("csrf={csrf}"));
    assert_eq!(out.send().await.unwrap().status(), 303);
    assert_eq!(page(&hub, &cookie, "/console/inbox").await.0, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_needed_end_and_are_not_guessed_quickly() {
    let (hub, _) = two_platforms().await;
    assert_eq!(hub.client.get(format!("{}/api/v1/referrals", hub.base)).send().await.unwrap().status(), 401);
    let now = listingwatch::vocab::time::Clock::now(&*hub.clock);
    let ends = now.after(std::time::Duration::from_secs(3600));
    let (id, token) = hub
        .app
        .rooms
        .truth
        .create_token(Role::Authority, "anna", None, Some(ends), &Actor::named("tester").unwrap(), now)
        .unwrap();
    assert_eq!(hub.get(&token, "/api/v1/referrals").await.0, 200);
    hub.clock.advance_hours(2);
    assert_eq!(hub.get(&token, "/api/v1/referrals").await.0, 401, "it has ended");
    let lasting = hub.token(Role::Authority, "ben", None);
    assert_eq!(hub.get(&lasting, "/api/v1/referrals").await.0, 200);
    // Feed readers know only Basic.
    let basic = hub.client.get(format!("{}/feeds/first.json", hub.base)).basic_auth("feed", Some(&lasting));
    assert_eq!(basic.send().await.unwrap().status(), 200);
    let row = hub.app.rooms.truth.tokens().unwrap().into_iter().find(|row| row.owner == "ben").unwrap();
    hub.app.rooms.truth.revoke_token(&row.id, &Actor::named("tester").unwrap(), now).unwrap();
    assert_eq!(hub.get(&lasting, "/api/v1/referrals").await.0, 401, "it was revoked");
    assert_ne!(row.id, id);
    let mut limited = None;
    for guess in 0..700 {
        let (status, _) = hub.get(&format!("lw_guess{guess}"), "/api/v1/referrals").await;
        if status == 429 {
            limited = Some(guess);
            break;
        }
    }
    assert!(limited.is_some(), "guessing went on at full speed");
    // The file of tokens holds no secret.
    let database = std::fs::read(hub.folder.path().join("data/truth.db")).unwrap();
    assert!(!database.windows(token.len()).any(|window| window == token.as_bytes()));
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_requests_get_a_problem_document() {
    let (hub, ids) = two_platforms().await;
    let token = hub.token(Role::Authority, "anna", None);
    for (path, status) in [
        ("/api/v1/referrals?limit=0".to_owned(), 400),
        ("/api/v1/referrals?limit=100000".to_owned(), 400),
        ("/api/v1/referrals?since=yesterday".to_owned(), 400),
        ("/api/v1/referrals?state=lost".to_owned(), 400),
        ("/api/v1/hits?q=colour:red".to_owned(), 400),
        ("/api/v1/hits?cursor=zzz".to_owned(), 422),
        ("/api/v1/referrals/..%2f..%2fetc%2fpasswd".to_owned(), 404),
        (format!("/api/v1/referrals/{}/evidence/..%2f..%2ftruth.db", ids[0]), 404),
        (format!("/api/v1/referrals/{}/notice?format=exe", ids[0]), 400),
        ("/nowhere".to_owned(), 404),
    ] {
        let answer = hub.client.get(format!("{}{path}", hub.base)).bearer_auth(&token).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{path}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json", "{path}");
        let problem: serde_json::Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        assert!(problem["instance"].as_str().unwrap().starts_with("urn:uuid:"), "{path}");
    }
    let outcome = format!("{}/api/v1/referrals/{}/outcome", hub.base, ids[0]);
    let deep = format!("{{\"decision\":\"removed\",\"reason\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    for (body, kind, status) in [
        ("{".to_owned(), "application/json", 400),
        ("{}".to_owned(), "application/json", 422),
        ("{\"decision\":\"burned\"}".to_owned(), "application/json", 422),
        ("decision=removed".to_owned(), "application/x-www-form-urlencoded", 415),
        (deep, "application/json", 400),
        (format!("{{\"decision\":\"removed\",\"reason\":\"{}\"}}", "x".repeat(3000)), "application/json", 422),
    ] {
        let sent = hub.client.post(&outcome).bearer_auth(&token).header("content-type", kind).body(body.clone());
        let answer = sent.send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{}", &body[..body.len().min(60)]);
    }
    assert_eq!(post_too_much(&hub, &token, "/api/v1/referrals/R-1/outcome", "x".repeat(17 << 20)).await, 413);
    // The same answer is not sent twice over the wire.
    let first = hub.client.get(format!("{}/api/v1/referrals", hub.base)).bearer_auth(&token).send().await.unwrap();
    let tag = first.headers()["etag"].to_str().unwrap().to_owned();
    let again =
        hub.client.get(format!("{}/api/v1/referrals", hub.base)).bearer_auth(&token).header("if-none-match", tag);
    assert_eq!(again.send().await.unwrap().status(), 304);
}
