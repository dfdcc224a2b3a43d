//! What a platform's programs follow: lists that move when a case does and not before, places in lists that were never given out,
//! their own ids in what comes back, receivers that delay nobody else.

use std::time::{Duration, Instant};

use listingwatch::engine::dispatch;
use listingwatch::referral::state::{Event, Intervals};
use listingwatch::store::truth::Role;
use listingwatch::vocab::actor::{Actor, Job};
use listingwatch::vocab::ids::ReferralId;
use listingwatch::vocab::platform::Channel;
use listingwatch::vocab::time::Clock;
use serde_json::{Value, json};

use crate::delivery::{one_hangs_and_one_takes, raw_receiver};
use crate::shop::{Hub, OFFER, Shop};

/// A hub with a case that was pushed under the platform's id `sku-7`, approved and delivered.
async fn delivered(referral: &str) -> (Hub, Shop, String, String) {
    let shop = Shop::start().await;
    shop.put("7", "Isotonitazene 10 g", OFFER);
    let hub = Hub::open(&[("shop", shop.platform_file("shop", referral))], |_| {}).await;
    let machine = hub.token(Role::Platform, "machine", Some("shop"));
    let url = format!("http://{}/item/7", shop.address);
    let posted = json!({ "id": "sku-7", "title": "Isotonitazene 10 g", "text": OFFER, "url": url });
    assert_eq!(hub.post(&machine, "/api/v1/listings", posted).await.0, 200);
    let id = hub.cases().await[0]["id"].as_str().unwrap().to_owned();
    hub.command(&["referrals", "approve", &id, "--as", "anna"]).await.1.unwrap();
    hub.command(&["referrals", "send"]).await.1.unwrap();
    let moderator = hub.token(Role::Moderator, "mo", Some("shop"));
    (hub, shop, id, moderator)
}

async fn tag(hub: &Hub, token: &str, path: &str) -> String {
    let answer = hub.client.get(format!("{}{path}", hub.base)).bearer_auth(token).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    answer.headers()["etag"].to_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_that_finds_what_is_known_moves_nothing_that_a_poller_follows() {
    let (hub, shop, id, moderator) = delivered("channels = [\"feed\"]\nrecheck = \"24h\"\nrenotice = \"2000h\"").await;
    let list = hub.json(&moderator, "/api/v1/referrals").await;
    let since = list["next"].as_str().unwrap().to_owned();
    let paths = [
        "/api/v1/referrals".to_owned(),
        format!("/api/v1/referrals/{id}"),
        "/feeds/shop.json".into(),
        "/feeds/shop.ndjson".into(),
    ];
    let mut tags = Vec::new();
    for path in &paths {
        tags.push(tag(&hub, &moderator, path).await);
    }
    let mut checked = Value::Null;
    for day in 0..5 {
        hub.clock.advance_hours(25);
        hub.command(&["referrals", "recheck"]).await.1.unwrap();
        let later = hub.json(&moderator, &format!("/api/v1/referrals?since={since}")).await;
        assert_eq!(later["referrals"], json!([]), "day {day}");
        let case = hub.json(&moderator, &format!("/api/v1/referrals/{id}")).await;
        assert_ne!(case["last_checked"], checked, "each look is told, day {day}: {case}");
        checked = case["last_checked"].clone();
        for (path, held) in paths.iter().zip(&tags) {
            assert_eq!(tag(&hub, &moderator, path).await, *held, "{path}, day {day}");
        }
    }
    // What is new moves all of them.
    shop.remove("7");
    for _ in 0..2 {
        hub.clock.advance_hours(25);
        hub.command(&["referrals", "recheck"]).await.1.unwrap();
    }
    let later = hub.json(&moderator, &format!("/api/v1/referrals?since={since}")).await;
    assert_eq!(later["referrals"][0]["state"], "verified-gone", "{later}");
    for (path, held) in paths.iter().zip(&tags) {
        assert_ne!(tag(&hub, &moderator, path).await, *held, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_of_daily_looks_at_many_cases_tells_a_poller_of_those_that_changed() {
    // `LISTINGWATCH_CASES=1000 cargo test --test it -- --nocapture polling::a_month` prints the figure for as many.
    let many: usize = std::env::var("LISTINGWATCH_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(100);
    let (hub, shop, ..) = delivered("channels = [\"feed\"]\nrecheck = \"24h\"\nrenotice = \"2000h\"").await;
    let machine = hub.token(Role::Platform, "machine", Some("shop"));
    let text = |number: usize| {
        let word: String =
            (0..8).map(|place| char::from(b'a' + ((number * 31 + place * 7 + number * place) % 26) as u8)).collect();
        json!({ "id": number, "title": format!("Metonitazene {number} g {word}"), "seller": format!("seller {word}{number}"),
            "text": format!("{word} {number} metonitazene for sale, {word}, bitcoin, telegram only {word}{number}"),
            "url": format!("http://{}/item/m{number}", shop.address) })
    };
    for chunk in (0..many).collect::<Vec<_>>().chunks(50) {
        let posted: Vec<Value> = chunk.iter().map(|number| text(*number)).collect();
        assert_eq!(hub.post(&machine, "/api/v1/listings", json!(posted)).await.0, 200);
    }
    let truth = &hub.app.rooms.truth;
    let platform = hub.app.platforms()[0].clone();
    let ids: Vec<ReferralId> =
        hub.cases().await.iter().map(|case| ReferralId::parse(case["id"].as_str().unwrap()).unwrap()).collect();
    assert!(ids.len() > many / 2, "{} cases", ids.len());
    let anna = Actor::named("anna").unwrap();
    for id in &ids {
        _ = dispatch::approve(&hub.app.rooms, id, &platform, &anna);
    }
    while dispatch::step(&hub.app.rooms, &hub.app.platforms()).await.unwrap().delivered > 0 {}
    let moderator = hub.token(Role::Moderator, "mo", Some("shop"));
    let mut since = hub.json(&moderator, "/api/v1/referrals?limit=1000").await["next"].as_str().unwrap().to_owned();
    let intervals = Intervals::of(&platform.referral);
    let mut heard = 0;
    for day in 0..30 {
        hub.clock.advance_hours(24);
        for (place, id) in ids.iter().enumerate() {
            // One listing goes on each day, the others are there.
            let event = if place == day { Event::SeenGone { checks: 2 } } else { Event::SeenLive };
            _ = truth.apply(id, event, &Actor::Job(Job::Recheck), &[Channel::Feed], intervals, hub.clock.now());
        }
        let told = hub.json(&moderator, &format!("/api/v1/referrals?limit=1000&since={since}")).await;
        let told_ids: Vec<&str> =
            told["referrals"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
        assert!(told_ids.len() <= 1 && told_ids.iter().all(|id| *id == ids[day].as_str()), "day {day}: {told_ids:?}");
        heard += told_ids.len();
        since = told["next"].as_str().unwrap().to_owned();
    }
    println!("{} cases looked at on each of 30 days: a poller heard of {heard}, those that changed", ids.len());
    assert!(heard >= 25, "{heard}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_was_never_given_out_is_answered_with_what_to_do() {
    let (hub, _shop, _, moderator) = delivered("channels = [\"feed\"]").await;
    for path in ["/api/v1/referrals?since=900000", "/feeds/shop.ndjson?since=900000", "/feeds/shop/stream?since=900000"]
    {
        let (status, problem) = hub.get(&moderator, path).await;
        assert_eq!(status, 410, "{path}: {problem}");
        assert!(problem.contains("cursor-reset") && problem.contains("since=0"), "{path}: {problem}");
    }
    let list = hub.json(&moderator, "/api/v1/referrals").await;
    let next = list["next"].as_str().unwrap();
    assert_eq!(hub.get(&moderator, &format!("/api/v1/referrals?since={next}")).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platforms_own_ids_and_its_answer_come_back_in_lists_feeds_and_events() {
    let (hub, _shop, id, moderator) = delivered("channels = [\"feed\"]").await;
    let answer = json!({ "decision": "restricted", "reference": "T-9" });
    assert_eq!(hub.post(&moderator, &format!("/api/v1/referrals/{id}/outcome"), answer).await.0, 200);
    let (_, lines) = hub.get(&moderator, "/feeds/shop.ndjson").await;
    let events: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let sequences: Vec<i64> = events.iter().map(|event| event["sequence"].as_i64().unwrap()).collect();
    assert!(!sequences.is_empty() && sequences.is_sorted(), "{sequences:?}");
    assert_eq!(events[0]["what_changed"], json!(["state", "document"]), "{}", events[0]);
    let feed = hub.json(&moderator, "/feeds/shop.json").await;
    let list = hub.json(&moderator, "/api/v1/referrals").await;
    let cli = hub.cases().await;
    let rows = [&list["referrals"][0], &feed["items"][0]["_listingwatch"], &events[0]["data"]["referral"], &cli[0]];
    for row in rows {
        assert_eq!(row["listing_ids"], json!(["sku-7"]), "{row}");
        assert_eq!((&row["decision"], &row["reference"]), (&json!("restricted"), &json!("T-9")), "{row}");
        assert_eq!((&row["severity"], &row["language"]), (&json!("high"), &json!("en")), "{row}");
        // One thing has one name at every door.
        let keys = |row: &Value| row.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(keys(row), keys(rows[0]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_hangs_delays_its_own_messages_only_and_what_one_channel_gave_up_is_shown() {
    let (hub, [_first, second], _) = one_hangs_and_one_takes().await;
    let (rooms, platforms) = (&hub.app.rooms, hub.app.platforms());
    let approve = |id: &str, platform: usize| {
        let (id, anna) = (ReferralId::parse(id).unwrap(), Actor::named("anna").unwrap());
        dispatch::approve(rooms, &id, &platforms[platform], &anna).unwrap();
    };
    let cases = hub.cases().await;
    let of = |platform: &str| cases.iter().find(|case| case["platform"] == platform).unwrap()["id"].as_str().unwrap();
    approve(of("first"), 0);
    let began = Instant::now();
    dispatch::step_within(rooms, &platforms, Some(Duration::from_millis(500))).await.unwrap();
    // The other platform's case comes later, and its step finds the first receiver still hanging.
    approve(of("second"), 1);
    dispatch::step_within(rooms, &platforms, Some(Duration::from_millis(500))).await.unwrap();
    assert_eq!(second.received().len(), 1, "the other platform has its notice");
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());

    // A webhook that refuses for good beside a feed that delivers: somebody should know.
    let shop = Shop::start().await;
    shop.put("7", "Isotonitazene 10 g", OFFER);
    let (gone, _) = raw_receiver(vec!["HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n"; 5]).await;
    let both = format!("channels = [\"feed\", \"webhook\"]\nwebhook = \"http://{gone}/hook\"");
    let hub = Hub::open(&[("shop", shop.platform_file("shop", &both))], |_| {}).await;
    hub.scan().await;
    let id = hub.cases().await[0]["id"].as_str().unwrap().to_owned();
    hub.command(&["referrals", "approve", &id, "--as", "anna"]).await.1.unwrap();
    let anna = hub.token(Role::Authority, "anna", None);
    let shown = hub.json(&anna, "/api/v1/attention").await;
    assert_eq!(shown["attention"][0]["attention"], "undeliverable", "{shown}");
    assert_eq!(shown["attention"][0]["referral"]["state"], "delivered", "{shown}");
}
