//! What other sites, proxies and captured pages try with a signed-in browser: frames, hosts, cookies, fixed sessions.

use std::sync::Arc;

use listingwatch::store::truth::Role;
use listingwatch::vocab::actor::Actor;

use crate::hub_attacks::{page, post_too_much, sign_in, two_platforms};
use crate::shop::{Hub, Shop};

const CHAIN: &[u8] = include_bytes!("../data/tls/chain.pem");

async fn hit_of(hub: &Hub, case: &str) -> String {
    let token = hub.token(Role::Authority, "ben", None);
    let case = hub.json(&token, &format!("/api/v1/referrals/{case}")).await;
    case["hits"][0]["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_forbids_scripts_frames_of_others_and_guessing_of_types() {
    let (hub, ids) = two_platforms().await;
    let token = hub.token(Role::Admin, "anna", None);
    let (cookie, _) = sign_in(&hub, &token).await;
    for path in [
        "/console/inbox".to_owned(),
        "/console/sign-in".to_owned(),
        "/console/style.css".to_owned(),
        "/console/inbox?format=csv".to_owned(),
        format!("/console/referrals/{}", ids[0]),
        "/console/nowhere".to_owned(),
        "/api".to_owned(),
        "/api/v1/referrals".to_owned(),
        "/feeds/first.json".to_owned(),
        "/feeds/first.atom".to_owned(),
        "/healthz".to_owned(),
    ] {
        let request = hub.client.get(format!("{}{path}", hub.base)).header("cookie", &cookie).bearer_auth(&token);
        let answer = request.send().await.unwrap();
        let header = |name: &str| answer.headers().get(name).map_or("", |value| value.to_str().unwrap());
        let policy = header("content-security-policy");
        for part in ["default-src 'none'", "frame-ancestors 'self'", "base-uri 'none'", "form-action 'self'"] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains("script-src"), "{path}: {policy}");
        assert_eq!(header("x-frame-options"), "SAMEORIGIN", "{path}");
        assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(header("cross-origin-opener-policy"), "same-origin", "{path}");
        assert_eq!(header("access-control-allow-origin"), "", "{path}: no other site may read it");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_captured_page_can_do_nothing() {
    let shop = Shop::start().await;
    let text = "Isotonitazene for sale, price per gram, bitcoin accepted, telegram only";
    shop.put("1", "Isotonitazene powder", text);
    let hub = Hub::open(&[("first", shop.platform_file("first", "channels = [\"feed\"]"))], |_| {}).await;
    hub.scan().await;
    let case = hub.cases().await[0]["id"].as_str().unwrap().to_owned();
    let hit = hit_of(&hub, &case).await;
    let (cookie, _) = sign_in(&hub, &hub.token(Role::Authority, "anna", None)).await;
    let (status, policy, around) = page(&hub, &cookie, &format!("/console/referrals/{case}/page/{hit}")).await;
    assert_eq!(status, 200);
    assert!(around.contains("sandbox=\"\"") && around.contains("class=\"captured none\""), "{around}");
    assert!(policy.contains("frame-src 'self'"), "a captured page cannot lead its frame elsewhere: {policy}");
    let inside = format!("/console/referrals/{case}/capture/{hit}");
    let (status, policy, _) = page(&hub, &cookie, &inside).await;
    assert_eq!(status, 200);
    assert!(policy.starts_with("sandbox; default-src 'none'") && !policy.contains("img-src"), "{policy}");
    assert!(!policy.contains("allow-"), "{policy}");
    let (_, policy, _) = page(&hub, &cookie, &format!("{inside}?images=blurred")).await;
    assert!(policy.contains("img-src data:;") && !policy.contains("http"), "{policy}");
    assert_eq!(page(&hub, &cookie, &format!("{inside}?images=all")).await.0, 400);
    // Opened by itself it leads to our page around it.
    let alone = hub.client.get(format!("{}{inside}", hub.base)).header("cookie", &cookie);
    let alone = alone.header("sec-fetch-dest", "document").send().await.unwrap();
    assert_eq!(alone.status(), 303);
    assert_eq!(alone.headers()["location"], format!("/console/referrals/{case}/page/{hit}"));
    for trick in ["..%2f..%2f..%2ftruth.db", "%2e%2e", "H-1%00.gz", &"A".repeat(5000)] {
        let (status, ..) = page(&hub, &cookie, &format!("/console/referrals/{case}/capture/{trick}")).await;
        assert_eq!(status, 404, "{trick}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn spreadsheets_get_no_formulas_from_pages_either() {
    let shop = Shop::start().await;
    shop.put("1", "=cmd|' /C calc'!A0 Isotonitazene", "Isotonitazene for sale, price per gram, bitcoin accepted");
    shop.put("2", "@SUM(A1) Metonitazene powder", "Metonitazene for sale, 5 g bags, telegram only, bitcoin accepted");
    let hub = Hub::open(&[("first", shop.platform_file("first", "channels = [\"feed\"]"))], |_| {}).await;
    hub.scan().await;
    let (cookie, _) = sign_in(&hub, &hub.token(Role::Admin, "=anna", None)).await;
    for path in [
        "/console/inbox",
        "/console/archive",
        "/console/audit",
        "/console/tokens",
        "/console/platforms",
        "/console/scans",
        "/console/overview",
    ] {
        let (status, _, text) = page(&hub, &cookie, &format!("{path}?format=csv")).await;
        assert_eq!(status, 200, "{path}");
        let mut reader = csv::ReaderBuilder::new().from_reader(text.as_bytes());
        for row in reader.records() {
            for cell in &row.unwrap() {
                assert!(!cell.starts_with(['=', '+', '@', '\t', '\r']), "{path}: {cell}");
                assert!(!cell.starts_with('-') || cell.parse::<f64>().is_ok(), "{path}: {cell}");
            }
        }
    }
    let (_, _, inbox) = page(&hub, &cookie, "/console/inbox?format=csv").await;
    // What stands behind an `@` may be a handle, and is hidden; the sign is guarded all the same.
    assert!(inbox.contains("'=cmd|") && inbox.contains("'@█"), "{inbox}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_new_at_each_sign_in_and_a_planted_one_is_worth_nothing() {
    let (hub, _) = two_platforms().await;
    let token = hub.token(Role::Authority, "anna", None);
    let planted = "lw_session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    assert_eq!(page(&hub, planted, "/console/inbox").await.0, 303);
    let form = hub.client.post(format!("{}/console/sign-in", hub.base)).header("cookie", planted);
    let form = form.header("content-type", "application/x-www-form-urlencoded");
    let answer = form.body(format!("token={token}")).send().await.unwrap();
    let given = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(!given.contains("AAAAAAAAAA"), "{given}");
    for part in ["; Path=/", "; HttpOnly", "; SameSite=Lax", "; Max-Age=36000"] {
        assert!(given.contains(part), "{given}");
    }
    assert!(!given.contains("Domain"), "{given}");
    assert_eq!(page(&hub, planted, "/console/inbox").await.0, 303, "the planted cookie still opens nothing");
    let (first, _) = sign_in(&hub, &token).await;
    let (second, _) = sign_in(&hub, &token).await;
    assert_ne!(first, second);
    // Another site cannot sign somebody in either.
    let form = hub.client.post(format!("{}/console/sign-in", hub.base)).header("sec-fetch-site", "cross-site");
    let form = form.header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(form.body(format!("token={token}")).send().await.unwrap().status(), 403);
    // A session ends with its token, and with its time.
    hub.clock.advance_hours(11);
    assert_eq!(page(&hub, &first, "/console/inbox").await.0, 303, "the working day is over");
    let (third, _) = sign_in(&hub, &token).await;
    let row =
        hub.app.rooms.truth.tokens().unwrap().into_iter().find(|row| row.owner == "anna" && row.revoked.is_none());
    let now = listingwatch::vocab::time::Clock::now(&*hub.clock);
    hub.app.rooms.truth.revoke_token(&row.unwrap().id, &Actor::named("tester").unwrap(), now).unwrap();
    assert_eq!(page(&hub, &third, "/console/inbox").await.0, 303, "the token was revoked");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_host_name_is_repeated_nowhere() {
    let (hub, ids) = two_platforms().await;
    let token = hub.token(Role::Admin, "anna", None);
    let (cookie, _) = sign_in(&hub, &token).await;
    for path in [
        "/".to_owned(),
        "/console".to_owned(),
        "/console/inbox".to_owned(),
        format!("/console/referrals/{}/notice", ids[0]),
        format!("/api/v1/referrals/{}/notice", ids[0]),
        "/feeds/first.json".to_owned(),
        "/feeds/first.atom".to_owned(),
        "/api/v1/referrals?limit=1".to_owned(),
        "/nowhere".to_owned(),
    ] {
        let request = hub.client.get(format!("{}{path}", hub.base)).header("cookie", &cookie).bearer_auth(&token);
        let request = request.header("host", "forged.example.test").header("x-forwarded-host", "forged.example.test");
        let answer = request.send().await.unwrap();
        let headers = format!("{:?}", answer.headers());
        let text = answer.text().await.unwrap();
        assert!(!headers.contains("forged.example") && !text.contains("forged.example"), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn machines_bodies_that_are_too_large_or_too_deep_are_refused() {
    let (hub, _) = two_platforms().await;
    let token = hub.token(Role::Platform, "machine", Some("first"));
    let deep = format!("{}1{}", "[".repeat(200_000), "]".repeat(200_000));
    let wide = format!("[{}]", vec!["{\"id\":\"a\",\"title\":\"x\"}"; 1001].join(","));
    for (body, statuses) in [
        (deep, [400, 422]),
        (wide, [422, 422]),
        ("\u{0}".repeat(100), [400, 400]),
        ("{\"id\":\"a\",\"title\":\"x\",\"price\":1e999}".to_owned(), [400, 422]),
    ] {
        let request = hub.client.post(format!("{}/api/v1/screen", hub.base)).bearer_auth(&token);
        let answer = request.header("content-type", "application/json").body(body.clone()).send().await.unwrap();
        assert!(statuses.contains(&answer.status().as_u16()), "{}: {}", answer.status(), &body[..40]);
    }
    let large = format!("{{\"id\":\"a\",\"title\":\"{}\"}}", "x".repeat(17 << 20));
    assert_eq!(post_too_much(&hub, &token, "/api/v1/screen", large).await, 413);
    let (status, _) = hub.get(&token, "/healthz").await;
    assert_eq!(status, 200, "and the hub still answers");
}

/// The same hub by HTTPS: another port, the same state.
async fn by_tls(hub: &Hub) -> (std::net::SocketAddr, reqwest::Client) {
    let data = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/tls");
    let config = listingwatch::server::tls_config(&data.join("chain.pem"), &data.join("key.pem")).unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let state = hub.app.hub_state(true, &format!("https://{address}"));
    tokio::spawn(listingwatch::server::run_tls(listener, config, state, std::future::pending()));
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .tls_certs_only([reqwest::Certificate::from_pem(CHAIN).unwrap()])
        .resolve("hub.example.test", address)
        .build()
        .unwrap();
    (address, client)
}

#[tokio::test(flavor = "multi_thread")]
async fn by_https_the_cookie_is_bound_to_the_host_and_silent_callers_hold_up_nobody() {
    let (hub, _) = two_platforms().await;
    let token = hub.token(Role::Authority, "anna", None);
    let (address, client) = by_tls(&hub).await;
    // Somebody connects and says nothing; somebody speaks plain HTTP.
    let silent = tokio::net::TcpStream::connect(address).await.unwrap();
    let plain = hub.client.get(format!("http://{address}/healthz")).send().await;
    assert!(plain.is_err(), "plain HTTP gets no answer on a TLS port");
    let base = format!("https://hub.example.test:{}", address.port());
    let form =
        client.post(format!("{base}/console/sign-in")).header("content-type", "application/x-www-form-urlencoded");
    let answer = form.body(format!("token={token}")).send().await.unwrap();
    assert_eq!(answer.status(), 303);
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.starts_with("__Host-lw_session=") && cookie.contains("; Secure"), "{cookie}");
    assert!(answer.headers()["strict-transport-security"].to_str().unwrap().starts_with("max-age="));
    let cookie = cookie.split(';').next().unwrap();
    let inbox = client.get(format!("{base}/console/inbox")).header("cookie", cookie).send().await.unwrap();
    assert_eq!(inbox.status(), 200);
    drop(silent);
}

#[test]
fn certificates_that_cannot_be_used_say_why() {
    let folder = tempfile::tempdir().unwrap();
    let (empty, data) =
        (folder.path().join("empty.pem"), std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/tls"));
    std::fs::write(&empty, "nothing").unwrap();
    let said = |chain: &std::path::Path, key: &std::path::Path| {
        listingwatch::server::tls_config(chain, key).map(|_: Arc<_>| ()).unwrap_err().to_string()
    };
    assert!(said(&empty, &data.join("key.pem")).contains("holds no certificate"));
    assert!(said(&data.join("chain.pem"), &empty).contains("holds no private key"));
    assert!(said(&data.join("missing.pem"), &empty).contains("holds no certificate"));
}
