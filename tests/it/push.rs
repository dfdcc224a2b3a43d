//! Listings a platform posts: judged, recorded with evidence, one case however often they come.

use listingwatch::store::truth::Role;
use serde_json::{Value, json};

use crate::shop::{Hub, Shop};

const TEXT: &str = "Isotonitazene powder 99% purity, price per gram, discreet shipping, customs guarantee, minimum order 10 g, \
                    payment in bitcoin, samples available, telegram only";

fn listing(shop: &Shop, id: &str, text: &str) -> Value {
    json!({ "id": id, "title": format!("Listing {id}"), "text": text, "url": format!("http://{}/item/{id}", shop.address) })
}

async fn hub() -> (Hub, Shop, String) {
    let shop = Shop::start().await;
    let hub = Hub::open(&[("shop", shop.platform_file("shop", "channels = [\"feed\"]"))], |_| {}).await;
    let token = hub.token(Role::Platform, "machine", Some("shop"));
    (hub, shop, token)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_posted_becomes_a_case_with_evidence_once() {
    let (hub, shop, token) = hub().await;
    let mut bad = listing(&shop, "far", "text");
    bad["url"] = json!("https://elsewhere.example.test/1");
    let posted = json!([listing(&shop, "1", TEXT), listing(&shop, "2", "Garden chair, oak"), bad, { "id": "4" }, 7]);
    for round in 0..3 {
        let (status, answer) = hub.post(&token, "/api/v1/listings", posted.clone()).await;
        assert_eq!(status, 200, "{answer}");
        assert_eq!((&answer["taken"], &answer["refused"]), (&json!(2), &json!(3)), "{answer}");
        let results = &answer["results"];
        assert_eq!((&results[0]["verdict"], &results[1]["verdict"]), (&json!("refer"), &json!("clear")));
        assert!(results[2]["error"].as_str().unwrap().contains("outside the agreement"), "{results}");
        assert!(results[3]["error"].as_str().unwrap().contains("url"), "{results}");
        let cases = hub.cases().await;
        assert_eq!(cases.len(), 1, "round {round}: {cases:?}");
        assert_eq!(cases[0]["urls"], json!([format!("http://{}/item/1", shop.address)]));
    }
    // The posted object is the evidence, and opening it is possible and logged.
    let id = hub.cases().await[0]["id"].as_str().unwrap().to_owned();
    let office = hub.token(Role::Authority, "anna", None);
    let case = hub.json(&office, &format!("/api/v1/referrals/{id}")).await;
    assert!(case["hits"][0]["evidence"]["record_id"].as_str().unwrap().starts_with("urn:uuid:"), "{case}");
    // The crawl that meets the same offer at the same address adds nothing to it but a sighting.
    shop.put("1", "Listing 1", TEXT);
    hub.scan().await;
    assert_eq!(hub.cases().await.len(), 1);
    // Approved and sent like any other.
    hub.command(&["referrals", "approve", &id, "--as", "anna"]).await.1.unwrap();
    assert_ne!(hub.cases().await[0]["state"], "drafted");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_platform_says_of_the_page_counts_each_time_the_listing_is_judged() {
    let (hub, shop, token) = hub().await;
    let bare = json!({ "id": "1", "title": "Isotonitazene", "text": "white powder", "url": format!("http://{}/item/1", shop.address) });
    let said = |page: &str| {
        let mut listing = bare.clone();
        listing["page"] = json!(page);
        json!([listing])
    };
    let (_, answer) = hub.post(&token, "/api/v1/listings", json!([bare.clone()])).await;
    assert_eq!(answer["results"][0]["verdict"], "review", "{answer}");
    let (_, answer) = hub.post(&token, "/api/v1/listings", said("product")).await;
    assert_eq!(answer["results"][0]["verdict"], "refer", "{answer}");
    assert_eq!(hub.cases().await[0]["verdict"], "refer", "the case follows what was posted last");
    let (lines, ended) = hub.command(&["rescreen", "--json"]).await;
    ended.unwrap();
    assert!(lines.is_empty(), "the same list judges the same: {lines:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listing_that_changed_is_judged_again_under_its_id() {
    let (hub, shop, token) = hub().await;
    hub.post(&token, "/api/v1/listings", json!([listing(&shop, "1", TEXT)])).await;
    let (_, answer) = hub.post(&token, "/api/v1/listings", listing(&shop, "1", "Garden chair, oak")).await;
    assert_eq!(answer["results"][0]["verdict"], "clear", "{answer}");
    let truth = rusqlite::Connection::open(hub.folder.path().join("data/truth.db")).unwrap();
    let count = |query: &str| truth.query_row(query, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(count("SELECT count(*) FROM hits"), 1);
    assert_eq!(count("SELECT count(*) FROM hits WHERE gone_at IS NOT NULL"), 1, "what it offered is gone");
    hub.post(&token, "/api/v1/listings", json!([listing(&shop, "1", TEXT)])).await;
    assert_eq!(count("SELECT count(*) FROM hits WHERE gone_at IS NULL"), 1);
    assert_eq!(hub.cases().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_post_what_and_how_much() {
    let (hub, shop, token) = hub().await;
    let one = listing(&shop, "1", "Garden chair");
    for (role, platform, status) in
        [(Role::Researcher, None, 403), (Role::Moderator, Some("shop"), 403), (Role::Authority, None, 400)]
    {
        let other = hub.token(role, "x", platform);
        assert_eq!(hub.post(&other, "/api/v1/listings", one.clone()).await.0, status, "{role:?}");
    }
    let office = hub.token(Role::Authority, "anna", None);
    assert_eq!(hub.post(&office, "/api/v1/listings?platform=shop", one.clone()).await.0, 200);
    assert_eq!(hub.post(&office, "/api/v1/listings?platform=nobody", one.clone()).await.0, 404);
    assert_eq!(hub.post(&token, "/api/v1/listings?platform=other", one.clone()).await.0, 403);
    assert_eq!(hub.post("nonsense", "/api/v1/listings", one.clone()).await.0, 401);
    let many: Vec<Value> = (0..1001).map(|n| listing(&shop, &n.to_string(), "chair")).collect();
    assert_eq!(hub.post(&token, "/api/v1/listings", json!(many)).await.0, 422);
    let (status, answer) = hub.post(&token, "/api/v1/listings", json!(many[..1000])).await;
    assert_eq!((status, &answer["taken"]), (200, &json!(1000)));
    assert_eq!(hub.post(&token, "/api/v1/listings", json!({ "id": "1" })).await.0, 422);
    assert_eq!(hub.post(&token, "/api/v1/listings", json!([])).await.1["taken"], 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_long_call_does_not_hold_up_a_short_one() {
    let (shop, other) = (Shop::start().await, Shop::start().await);
    let files = [
        ("shop", shop.platform_file("shop", "channels = [\"feed\"]")),
        ("other", other.platform_file("other", "channels = [\"feed\"]")),
    ];
    let hub = std::sync::Arc::new(Hub::open(&files, |_| {}).await);
    let (token, others) =
        (hub.token(Role::Platform, "machine", Some("shop")), hub.token(Role::Platform, "machine", Some("other")));
    let text = format!("{TEXT}. {}", "Ещё один стул из дуба, как новый; звоните днём. ".repeat(20));
    let many: Vec<Value> = (0..400).map(|n| listing(&shop, &n.to_string(), &text)).collect();
    let (long, ended) = (hub.clone(), std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false)));
    let over = ended.clone();
    let call = tokio::spawn(async move {
        let answer = long.post(&token, "/api/v1/listings", json!(many)).await;
        over.store(true, std::sync::atomic::Ordering::SeqCst);
        answer
    });
    // The long call is at work once the first of its listings are on record.
    for _ in 0..600 {
        if !hub.cases().await.is_empty() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let (status, answer) = hub.post(&others, "/api/v1/listings", json!([listing(&other, "1", TEXT)])).await;
    assert_eq!((status, &answer["taken"]), (200, &json!(1)), "{answer}");
    assert!(!ended.load(std::sync::atomic::Ordering::SeqCst), "the short call waited for the long one");
    let (status, answer) = call.await.unwrap();
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["results"].as_array().unwrap().len(), 400);
    // What the time did not suffice for says so; everything else is taken.
    let late = answer["results"].as_array().unwrap().iter().filter(|one| one["error"].is_string());
    assert!(late.clone().all(|one| one["error"].as_str().unwrap().contains("send it again")), "{answer}");
    assert_eq!(answer["taken"].as_u64().unwrap() + late.count() as u64, 400);
}
