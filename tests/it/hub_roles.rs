//! Every route with every role: who gets in, who is told no, and for whom a thing does not exist.

use std::collections::BTreeMap;

use listingwatch::store::truth::Role;
use serde_json::{Value, json};

use crate::described::Description;
use crate::hub_attacks::{sign_in, two_platforms};
use crate::shop::Hub;

const ROLES: [(&str, Role, Option<&str>); 6] = [
    ("stranger", Role::Researcher, None),
    ("own moderator", Role::Moderator, Some("first")),
    ("other moderator", Role::Moderator, Some("second")),
    ("researcher", Role::Researcher, None),
    ("machine", Role::Platform, Some("first")),
    ("authority", Role::Authority, None),
];

/// What each role gets: stranger, own moderator, other moderator, researcher, machine, authority.
type Wanted = [u16; 6];

/// For GET: read. For POST: the body is right in form, and the state refuses nothing before the role is asked.
fn table(case: &str, hit: &str, series: &str) -> Vec<(&'static str, String, Option<Value>, Wanted)> {
    let get = |path: String, wanted| ("GET", path, None, wanted);
    let cases: Wanted = [401, 200, 404, 403, 403, 200];
    let archive: Wanted = [401, 403, 403, 200, 403, 200];
    let office: Wanted = [401, 403, 403, 403, 403, 200];
    let mut rows = vec![
        get("/api/v1/referrals".into(), [401, 200, 200, 403, 403, 200]),
        get(format!("/api/v1/referrals/{case}"), cases),
        get(format!("/api/v1/referrals/{case}/notice"), cases),
        get(format!("/api/v1/referrals/{case}/documents"), cases),
        get(format!("/api/v1/referrals/{case}/documents/1"), cases),
        get(format!("/api/v1/referrals/{case}/seller"), cases),
        get("/api/v1/reports/actions?platform=first".into(), cases),
        get(format!("/api/v1/referrals/{case}/evidence"), cases),
        get(format!("/api/v1/referrals/{case}/evidence/{hit}"), cases),
        get("/api/v1/hits".into(), archive),
        get("/api/v1/hits/facets".into(), archive),
        get("/api/v1/hits/series".into(), archive),
        get("/api/v1/watchlist".into(), archive),
        get("/api/v1/emerging".into(), archive),
        get("/api/v1/platforms".into(), office),
        get("/api/v1/scans".into(), office),
        get("/api/v1/coverage".into(), office),
        get("/api/v1/audit".into(), office),
        get("/api/v1/audit/checkpoints".into(), office),
        get("/api/v1/jobs".into(), office),
        get("/api/v1/attention".into(), office),
        get("/api/v1/undeliverable".into(), office),
        get("/api/v1/reports/transparency".into(), office),
        get("/api/v1/reports/responses".into(), office),
        get("/api/v1/reports/changes".into(), office),
        get(format!("/api/v1/referrals/{case}/deliveries"), office),
        get("/api/v1/outcome-reasons".into(), [401, 200, 200, 200, 200, 200]),
        get("/.well-known/listingwatch-audit-key.json".into(), [200; 6]),
        get("/feeds/first.json".into(), cases),
        get("/feeds/first.atom".into(), cases),
        get("/feeds/first.ndjson".into(), cases),
        get("/feeds/first/stream".into(), cases),
        get("/api/openapi.json".into(), [200; 6]),
        get("/healthz".into(), [200; 6]),
        get("/readyz".into(), [200; 6]),
        get("/metrics".into(), [200; 6]),
        get("/about-crawler".into(), [200; 6]),
        get("/.well-known/http-message-signatures-directory".into(), [200; 6]),
        get("/api".into(), [200; 6]),
        ("POST", "/api/v1/screen".into(), Some(json!({ "id": "a", "title": "chair" })), [401, 200, 200, 403, 200, 200]),
        (
            "POST",
            "/api/v1/listings".into(),
            Some(json!({ "id": "a", "title": "chair", "url": "http://127.0.0.1/a" })),
            // An authority must say whose listings they are.
            [401, 403, 403, 403, 200, 400],
        ),
    ];
    // Decisions are an authority's. What it gets depends on the state; others are refused before that is looked at.
    for (step, body, authority) in [
        ("approve", None, 409),
        ("release", None, 409),
        ("uphold", None, 409),
        ("resend", None, 409),
        ("dismiss", Some(json!({ "reason": "x" })), 409),
        ("hold", Some(json!({ "reason": "x" })), 409),
        ("recheck", None, 202),
    ] {
        rows.push(("POST", format!("/api/v1/referrals/{case}/{step}"), body, [401, 403, 403, 403, 403, authority]));
    }
    rows.push(("POST", format!("/api/v1/referrals/{case}/acknowledge"), None, [401, 200, 404, 403, 403, 409]));
    let answer = Some(json!({ "decision": "needs-information" }));
    rows.push(("POST", format!("/api/v1/referrals/{case}/outcome"), answer, [401, 200, 404, 403, 403, 200]));
    rows.push((
        "POST",
        format!("/api/v1/referrals/{case}/contest"),
        Some(json!({ "link": "x", "statement": "y" })),
        [401; 6],
    ));
    let withdraw = Some(json!({ "reason": "x" }));
    rows.push(("POST", format!("/api/v1/referrals/{case}/withdraw"), withdraw, [401, 403, 403, 403, 403, 200]));
    let correct = Some(json!({ "reason": "x" }));
    rows.push(("POST", format!("/api/v1/referrals/{case}/correct"), correct, [401, 403, 403, 403, 403, 409]));
    let reveal = Some(json!({ "purpose": "case file 7" }));
    rows.push(("POST", format!("/api/v1/referrals/{case}/reveal"), reveal, [401, 403, 403, 403, 403, 200]));
    rows.push(get(format!("/api/v1/series/{series}"), cases));
    let decided: Wanted = [401, 403, 403, 403, 403, 409];
    rows.push(("POST", format!("/api/v1/series/{series}/approve"), None, decided));
    rows.push(("POST", format!("/api/v1/series/{series}/dismiss"), Some(json!({ "reason": "x" })), decided));
    // Its only case is answered by then.
    let removed = Some(json!({ "decision": "removed" }));
    rows.push(("POST", format!("/api/v1/series/{series}/outcome"), removed, [401, 409, 404, 403, 403, 409]));
    // A day more than a year ahead, and a platform that was not warned.
    let warn = Some(json!({ "until": "2099-01-01" }));
    rows.push(("POST", format!("/api/v1/referrals/{case}/warn"), warn, [401, 403, 403, 403, 403, 422]));
    let draft = Some(json!({ "to": "x", "purpose": "y" }));
    rows.push(("POST", format!("/api/v1/referrals/{case}/escalations"), draft, [401, 403, 403, 403, 403, 409]));
    rows.push(("POST", "/api/v1/escalations/E-1/approve".into(), None, [401, 403, 403, 403, 403, 404]));
    rows.push(get("/api/v1/escalations".into(), [401, 403, 403, 403, 403, 200]));
    // A file of answers is CSV: whoever may send one is told so.
    rows.push(("POST", "/api/v1/outcomes".into(), Some(json!({})), [401, 415, 415, 403, 403, 415]));
    rows
}

/// Status, type and body of an answer.
async fn ask(hub: &Hub, method: &str, path: &str, body: Option<&Value>, token: Option<&str>) -> (u16, String, String) {
    let request = match method {
        "GET" => hub.client.get(format!("{}{path}", hub.base)),
        _ => hub.client.post(format!("{}{path}", hub.base)),
    };
    let request = if let Some(token) = token { request.bearer_auth(token) } else { request };
    let request = match body {
        Some(body) => request.header("content-type", "application/json").body(body.to_string()),
        None => request,
    };
    let answer = request.send().await.unwrap();
    let kind = answer.headers().get("content-type").map(|kind| kind.to_str().unwrap().to_owned()).unwrap_or_default();
    let status = answer.status().as_u16();
    // A stream does not end.
    let body = if kind.starts_with("text/event-stream") { String::new() } else { answer.text().await.unwrap() };
    (status, kind, body)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_with_every_role() {
    let (hub, ids) = two_platforms().await;
    let authority = hub.token(Role::Authority, "ben", None);
    let case = hub.json(&authority, &format!("/api/v1/referrals/{}", ids[0])).await;
    let series = case["series"].as_str().unwrap();
    let rows = table(&ids[0], case["hits"][0]["id"].as_str().unwrap(), series);
    let hit = case["hits"][0]["id"].as_str().unwrap();
    // The path as it is described.
    let shape = |path: &str| {
        let path = path.split('?').next().unwrap_or(path);
        path.replace(ids[0].as_str(), "{id}")
            .replace(series, "{id}")
            .replace(hit, "{hit}")
            .replace("documents/1", "documents/{serial}")
            .replace("E-1", "{id}")
            .replace("/feeds/first/stream", "/feeds/{platform}/stream")
            .replace("/feeds/first.json", "/feeds/{name}")
            .replace("/feeds/first.atom", "/feeds/{name}")
            .replace("/feeds/first.ndjson", "/feeds/{name}")
    };
    let document = hub.json(&authority, "/api/openapi.json").await;
    let description = Description::of(document.clone());
    let mut wrong = Vec::new();
    for (place, (name, role, platform)) in ROLES.iter().enumerate() {
        let token = (place > 0).then(|| hub.token(*role, name, *platform));
        for (method, path, body, wanted) in &rows {
            let (status, kind, text) = ask(&hub, method, path, body.as_ref(), token.as_deref()).await;
            if status != wanted[place] {
                wrong.push(format!("{name}: {method} {path} gives {status}, not {}", wanted[place]));
            }
            // Pages are for people.
            if document["paths"][shape(path)].is_null() {
                continue;
            }
            if let Err(error) = description.check(method, &shape(path), status, &kind, &text) {
                wrong.push(format!("{name}: {error}"));
            }
        }
    }
    // Examples are answers too.
    let mut examples = 0;
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let example = &operation["responses"]["200"]["content"]["application/json"]["example"];
            if !example.is_null() {
                examples += 1;
                if let Err(error) = description.check(method, path, 200, "application/json", &example.to_string()) {
                    wrong.push(format!("example: {error}"));
                }
            }
        }
    }
    assert!(examples >= 9, "{examples} examples");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // No route of the description is left out of the table.
    let mut described = BTreeMap::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for method in operations.as_object().unwrap().keys() {
            described.insert(format!("{} {path}", method.to_uppercase()), false);
        }
    }
    for (method, path, ..) in &rows {
        described.insert(format!("{method} {}", shape(path)), true);
    }
    let missing: Vec<_> = described.iter().filter(|(_, tried)| !**tried).map(|(route, _)| route).collect();
    assert!(missing.is_empty(), "not in the table: {missing:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_with_every_role() {
    let (hub, ids) = two_platforms().await;
    let case = format!("/console/referrals/{}", ids[0]);
    // Own moderator, other moderator, researcher, authority, admin.
    let table: Vec<(String, [u16; 5])> = vec![
        ("/console/inbox".into(), [200, 200, 403, 200, 200]),
        (case.clone(), [200, 404, 403, 200, 200]),
        (format!("{case}/notice"), [200, 404, 403, 200, 200]),
        (format!("{case}/page/H-1"), [404, 404, 403, 404, 404]),
        (format!("{case}/capture/H-1"), [404, 404, 403, 404, 404]),
        ("/console/record".into(), [200, 200, 403, 400, 400]),
        ("/console/queue".into(), [403, 403, 403, 200, 200]),
        ("/console/overview".into(), [403, 403, 403, 200, 200]),
        ("/console/archive".into(), [403, 403, 200, 200, 200]),
        ("/console/watchlist".into(), [403, 403, 200, 200, 200]),
        ("/console/platforms".into(), [403, 403, 403, 200, 200]),
        ("/console/scans".into(), [403, 403, 403, 200, 200]),
        ("/console/audit".into(), [403, 403, 403, 200, 200]),
        ("/console/tokens".into(), [403, 403, 403, 403, 200]),
    ];
    let people = [
        (Role::Moderator, Some("first")),
        (Role::Moderator, Some("second")),
        (Role::Researcher, None),
        (Role::Authority, None),
        (Role::Admin, None),
    ];
    let mut wrong = Vec::new();
    for (place, (role, platform)) in people.into_iter().enumerate() {
        let (cookie, _) = sign_in(&hub, &hub.token(role, "someone", platform)).await;
        for (path, wanted) in &table {
            for twin in ["", "?format=json"] {
                let page = hub.client.get(format!("{}{path}{twin}", hub.base)).header("cookie", &cookie).send();
                let status = page.await.unwrap().status().as_u16();
                if status != wanted[place] {
                    wrong.push(format!("{}: {path}{twin} gives {status}, not {}", role, wanted[place]));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for (path, _) in &table {
        let page = hub.client.get(format!("{}{path}", hub.base)).send().await.unwrap();
        assert_eq!(page.status(), 303, "{path} sends strangers to the sign-in page");
        assert!(page.headers()["location"].to_str().unwrap().starts_with("/console/sign-in"), "{path}");
    }
    // A platform's machine has no console.
    let form = hub.client.post(format!("{}/console/sign-in", hub.base));
    let form = form.header("content-type", "application/x-www-form-urlencoded");
    let token = hub.token(Role::Platform, "machine", Some("first"));
    assert_eq!(form.body(format!("token={token}")).send().await.unwrap().status(), 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_asks_too_fast_waits_and_others_do_not() {
    let (hub, _) = two_platforms().await;
    let (fast, calm) = (hub.token(Role::Authority, "fast", None), hub.token(Role::Authority, "calm", None));
    let mut waits = None;
    // Six hundred a second, twelve hundred at once: four thousand in parallel cannot all pass.
    let mut asked = tokio::task::JoinSet::new();
    for lane in 0..16 {
        let (client, base, token) = (hub.client.clone(), hub.base.clone(), fast.clone());
        asked.spawn(async move {
            for _ in 0..250 {
                let request = client.get(format!("{base}/api/v1/referrals?limit=1&since={lane}")).bearer_auth(&token);
                let answer = request.send().await.unwrap();
                if answer.status() == 429 {
                    return Some(answer.headers()["retry-after"].to_str().unwrap().parse::<u64>().unwrap());
                }
            }
            None
        });
    }
    while let Some(lane) = asked.join_next().await {
        waits = waits.or(lane.unwrap());
    }
    assert!(waits.is_some_and(|seconds| seconds <= 2), "{waits:?}");
    assert_eq!(hub.get(&calm, "/api/v1/referrals").await.0, 200, "another token has its own bucket");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_queue_hands_no_case_to_two_people() {
    let (first, second) = (crate::shop::Shop::start().await, crate::shop::Shop::start().await);
    for (shop, name) in [(&first, "Isotonitazene"), (&second, "Metonitazene")] {
        shop.put(
            "1",
            &format!("{name} 5 g"),
            &format!("{name} for sale, samples available, telegram only, bitcoin accepted"),
        );
    }
    let feed = "channels = [\"feed\"]";
    let files = [("first", first.platform_file("first", feed)), ("second", second.platform_file("second", feed))];
    let hub = Hub::open(&files, |_| {}).await;
    hub.scan().await;
    let take = async |cookie: &str, csrf: &str, action: &str| {
        let form = hub.client.post(format!("{}/console/queue", hub.base)).header("cookie", cookie);
        let form = form.header("content-type", "application/x-www-form-urlencoded");
        let answer = form.body(format!("csrf={csrf}&action={action}")).send().await.unwrap();
        assert_eq!(answer.status(), 303);
        answer.headers()["location"].to_str().unwrap().to_owned()
    };
    let (anna, annas) = sign_in(&hub, &hub.token(Role::Authority, "anna", None)).await;
    let (ben, bens) = sign_in(&hub, &hub.token(Role::Authority, "ben", None)).await;
    let one = take(&anna, &annas, "next").await;
    let two = take(&ben, &bens, "next").await;
    assert!(one.starts_with("/console/referrals/R-") && two.starts_with("/console/referrals/R-"), "{one} {two}");
    assert_ne!(one, two);
    // Nothing is left for a third person, until one is given back or the quarter of an hour is over.
    let (cleo, cleos) = sign_in(&hub, &hub.token(Role::Authority, "cleo", None)).await;
    assert!(take(&cleo, &cleos, "next").await.starts_with("/console/queue?said="));
    take(&ben, &bens, "give-back").await;
    assert_eq!(take(&cleo, &cleos, "next").await, two);
    hub.clock.advance_hours(1);
    assert_eq!(take(&ben, &bens, "next").await, one, "anna's time is over");
    // Put back, it comes last; there is one other.
    let id = one.split(['/', '?']).nth(3).unwrap();
    assert_eq!(take(&ben, &bens, &format!("skip&referral={id}")).await, two);
}
