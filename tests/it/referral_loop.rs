//! The referral's way: found, approved, delivered, answered, verified gone, come back. Over real HTTP on loopback.

use listingwatch::cli::exit::Exit;
use listingwatch::store::truth::Role;
use serde_json::json;

use crate::shop::{Hub, Shop};

const OFFER: &str =
    "Isotonitazene powder for sale, 99% purity, wholesale price per gram, discreet shipping, bitcoin accepted";

async fn shop_with_an_offer(referral: &str) -> (Shop, Hub) {
    let shop = Shop::start().await;
    shop.put("7", "Isotonitazene 10 g", OFFER);
    shop.put("8", "Garden chair", "A chair of oak, as good as new, to be collected in person.");
    let hub = Hub::open(&[("bazaar", shop.platform_file("bazaar", referral))], |_| {}).await;
    hub.scan().await;
    (shop, hub)
}

async fn only_case(hub: &Hub) -> String {
    let cases = hub.cases().await;
    assert_eq!(cases.len(), 1, "{cases:?}");
    cases[0]["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn from_a_page_to_a_removal_and_back() {
    let (shop, hub) = shop_with_an_offer("channels = [\"feed\"]\nrecheck = \"24h\"").await;
    let (authority, moderator) =
        (hub.token(Role::Authority, "anna", None), hub.token(Role::Moderator, "mo", Some("bazaar")));
    let id = only_case(&hub).await;

    // A draft exists for the authority only.
    assert_eq!(hub.json(&moderator, "/api/v1/referrals").await["referrals"], json!([]));
    assert_eq!(hub.get(&moderator, &format!("/api/v1/referrals/{id}")).await.0, 404);
    assert_eq!(hub.post(&moderator, &format!("/api/v1/referrals/{id}/approve"), json!({})).await.0, 403);

    let (status, after) = hub.post(&authority, &format!("/api/v1/referrals/{id}/approve"), json!({})).await;
    assert_eq!((status, after["state"].as_str()), (200, Some("approved")));
    let (words, _) = hub.command(&["referrals", "send"]).await;
    assert_eq!(serde_json::from_str::<serde_json::Value>(&words).unwrap()["delivered"], 1);

    // The moderator reads list, feeds and notice.
    let list = hub.json(&moderator, "/api/v1/referrals").await;
    assert_eq!(list["referrals"][0]["state"], "delivered");
    let since = list["next"].as_str().unwrap().to_owned();
    let later = hub.json(&moderator, &format!("/api/v1/referrals?since={since}")).await;
    assert_eq!(later["referrals"], json!([]), "nothing changed since");
    let feed = hub.json(&moderator, "/feeds/bazaar.json").await;
    assert_eq!(feed["items"].as_array().unwrap().len(), 1);
    let (_, atom) = hub.get(&moderator, "/feeds/bazaar.atom").await;
    assert_eq!(feed_rs::parser::parse(atom.as_bytes()).unwrap().entries.len(), 1);
    let (_, lines) = hub.get(&moderator, "/feeds/bazaar.ndjson").await;
    let event: serde_json::Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!(event["type"], "referral.created");
    let notice = hub.json(&moderator, &format!("/api/v1/referrals/{id}/notice")).await;
    assert!(notice["urls"][0].as_str().unwrap().ends_with("/item/7"), "{notice}");
    assert_eq!(notice["sender"]["name"], "Office");
    assert!(notice["automation"].as_str().unwrap().contains("anna"), "{notice}");

    // The answer is taken once, however often it is sent.
    let answer = json!({ "decision": "removed", "reason": "terms", "reference": "T-1" });
    for _ in 0..2 {
        let sent = hub.client.post(format!("{}/api/v1/referrals/{id}/outcome", hub.base)).bearer_auth(&moderator);
        let sent = sent.header("idempotency-key", "k1").header("content-type", "application/json");
        assert_eq!(sent.body(answer.to_string()).send().await.unwrap().status(), 200);
    }
    let case = hub.json(&moderator, &format!("/api/v1/referrals/{id}")).await;
    assert_eq!(case["state"], "decided");
    let answers = case["timeline"].as_array().unwrap().iter().filter(|step| step["event"] == "answer").count();
    assert_eq!(answers, 1);

    // Removal counts after two looks a day apart.
    shop.remove("7");
    for state in ["decided", "verified-gone"] {
        hub.clock.advance_hours(25);
        hub.command(&["referrals", "recheck"]).await.1.unwrap();
        assert_eq!(hub.json(&authority, &format!("/api/v1/referrals/{id}")).await["state"], state);
    }

    // A listing that comes back reopens its case; it does not become a new one.
    shop.put("9", "Isotonitazene 10 g", OFFER);
    hub.clock.advance_hours(25);
    hub.scan().await;
    let case = hub.json(&authority, &format!("/api/v1/referrals/{id}")).await;
    assert_eq!(case["state"], "relisted", "{case}");
    assert_eq!(hub.cases().await.len(), 1);
    let (words, _) = hub.command(&["audit", "verify"]).await;
    assert!(words.contains("true") || words.contains("intact") || words.contains("\"entries\""), "{words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dismissed_case_stays_away_until_its_content_changes() {
    let (shop, hub) = shop_with_an_offer("channels = [\"feed\"]").await;
    let id = only_case(&hub).await;
    hub.command(&["referrals", "dismiss", &id, "--reason", "a test"]).await.1.unwrap();
    hub.clock.advance_hours(2);
    hub.scan().await;
    assert_eq!(hub.cases().await.len(), 1);
    shop.put(
        "7",
        "Metonitazene 500 g",
        "Metonitazene in stock, bulk price, ships from our own lab within a day, telegram only",
    );
    hub.clock.advance_hours(24 * 9);
    hub.scan().await;
    let cases = hub.cases().await;
    assert_eq!(cases.len(), 2, "{cases:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_signed_and_retried_under_the_same_id() {
    let shop = Shop::start().await;
    shop.put("7", "Isotonitazene 10 g", OFFER);
    let hook = format!("channels = [\"webhook\"]\nwebhook = \"http://{}/hook\"", shop.address);
    let hub = Hub::open(&[("bazaar", shop.platform_file("bazaar", &hook))], |_| {}).await;
    hub.scan().await;
    let id = only_case(&hub).await;
    // The receiver is down, then sends us elsewhere, then takes it.
    shop.hook_answers(&[500, 302]);
    hub.command(&["referrals", "approve", &id, "--as", "anna"]).await.1.unwrap();
    assert_eq!(hub.cases().await[0]["state"], "sent");
    for _ in 0..2 {
        hub.clock.advance_hours(1);
        hub.command(&["referrals", "send"]).await.1.unwrap();
    }
    assert_eq!(hub.cases().await[0]["state"], "delivered");
    let received = shop.received();
    assert_eq!(received.len(), 3, "a redirect is not followed");
    assert!(received.iter().all(|message| message.id == received[0].id), "{received:?}");

    let (words, _) = hub.command(&["platforms", "keys", "bazaar"]).await;
    let keys: serde_json::Value = serde_json::from_str(&words).unwrap();
    let secret = keys["secrets"][0].as_str().unwrap();
    let verifier = standardwebhooks::Webhook::new(secret).unwrap();
    let last = &received[2];
    let sign = |body: &str| verifier.sign(&last.id, last.timestamp.parse().unwrap(), body.as_bytes()).unwrap();
    assert!(last.signature.split(' ').any(|one| one == sign(&last.body)), "{}", last.signature);
    assert!(!last.signature.split(' ').any(|one| one == sign(&last.body.replace("sale", "safe"))));
    let event: serde_json::Value = serde_json::from_str(&last.body).unwrap();
    assert_eq!(event["type"], "referral.created");
    assert_eq!(event["data"]["notice"]["referral"], id);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_says_410_rests_until_somebody_resends() {
    let shop = Shop::start().await;
    shop.put("7", "Isotonitazene 10 g", OFFER);
    let hook = format!("channels = [\"webhook\"]\nwebhook = \"http://{}/hook\"", shop.address);
    let hub = Hub::open(&[("bazaar", shop.platform_file("bazaar", &hook))], |_| {}).await;
    hub.scan().await;
    let id = only_case(&hub).await;
    shop.hook_answers(&[410]);
    hub.command(&["referrals", "approve", &id, "--as", "anna"]).await.1.unwrap();
    assert_eq!(hub.cases().await[0]["state"], "undeliverable");
    hub.clock.advance_hours(24);
    hub.command(&["referrals", "send"]).await.1.unwrap();
    assert_eq!(shop.received().len(), 1, "a target that is gone is left alone");
    let authority = hub.token(Role::Authority, "anna", None);
    assert_eq!(hub.post(&authority, &format!("/api/v1/referrals/{id}/resend"), json!({})).await.0, 200);
    hub.command(&["referrals", "send"]).await.1.unwrap();
    assert_eq!(shop.received().len(), 2);
    assert_eq!(hub.cases().await[0]["state"], "delivered");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_never_reaches_a_private_address_that_is_not_the_platforms_own() {
    let shop = Shop::start().await;
    shop.put("7", "Isotonitazene 10 g", OFFER);
    let hook = "channels = [\"webhook\"]\nwebhook = \"https://169.254.169.254/latest\"";
    let hub = Hub::open(&[("bazaar", shop.platform_file("bazaar", hook))], |_| {}).await;
    hub.scan().await;
    let id = only_case(&hub).await;
    hub.command(&["referrals", "approve", &id, "--as", "anna"]).await.1.unwrap();
    let id = listingwatch::vocab::ids::ReferralId::parse(&id).unwrap();
    let deliveries = hub.app.rooms.truth.deliveries_of(&id).unwrap();
    assert_eq!(deliveries[0].state, "due");
    assert!(deliveries[0].last_error.as_deref().unwrap().contains("private address"), "{deliveries:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_sender_nothing_is_approved_and_the_field_is_named() {
    let shop = Shop::start().await;
    shop.put("7", "Isotonitazene 10 g", OFFER);
    let hub = Hub::open(&[("bazaar", shop.platform_file("bazaar", "channels = [\"feed\"]"))], |settings| {
        settings.sender = None
    })
    .await;
    hub.scan().await;
    let id = only_case(&hub).await;
    let failure = hub.command(&["referrals", "approve", &id]).await.1.unwrap_err();
    assert_eq!(failure.exit, Exit::Policy);
    assert!(failure.to_string().contains("sender"), "{failure}");
    let authority = hub.token(Role::Authority, "anna", None);
    let (status, problem) = hub.post(&authority, &format!("/api/v1/referrals/{id}/approve"), json!({})).await;
    assert_eq!(status, 409);
    assert!(problem["detail"].as_str().unwrap().contains("sender"), "{problem}");
    assert_eq!(hub.cases().await[0]["state"], "drafted");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_affected_party_contests_and_a_second_person_decides() {
    let (_shop, hub) = shop_with_an_offer("channels = [\"feed\"]").await;
    let id = only_case(&hub).await;
    hub.command(&["referrals", "approve", &id, "--as", "anna"]).await.1.unwrap();
    let (anna, ben) = (hub.token(Role::Authority, "anna", None), hub.token(Role::Authority, "ben", None));
    let notice = hub.json(&anna, &format!("/api/v1/referrals/{id}/notice")).await;
    let link = notice["contest"].as_str().unwrap().to_owned();
    let page = hub.client.get(&link).send().await.unwrap();
    assert_eq!(page.status(), 200);
    let sent = hub.client.post(&link).header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(sent.body("statement=It+is+a+book").send().await.unwrap().status(), 200);
    assert_eq!(hub.cases().await[0]["state"], "contested");
    let uphold = format!("/api/v1/referrals/{id}/uphold");
    assert_eq!(hub.post(&anna, &uphold, json!({})).await.0, 422, "who approved does not decide");
    assert_eq!(hub.post(&ben, &uphold, json!({})).await.0, 200);
    // A link made for answering does not contest, and an altered one does nothing.
    let answer = notice["answer"].as_str().unwrap();
    let crossed = answer.replace("/answer/", "/contest/");
    assert_eq!(hub.client.get(crossed).send().await.unwrap().status(), 404);
    let signed = answer.rsplit('/').next().unwrap();
    let altered = answer.replace(signed, &signed.replacen("R-", "R-0", 1));
    assert_eq!(hub.client.get(altered).send().await.unwrap().status(), 404);
}
