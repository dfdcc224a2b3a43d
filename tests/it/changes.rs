//! A listing whose title, price, text and seller change between visits, that goes and comes back: what is noted, what the
//! platform is told, what people read.

use listingwatch::cli::exit::Exit;
use listingwatch::store::truth::Role;
use serde_json::{Value, json};

use crate::hub_attacks::sign_in;
use crate::shop::{Hub, OFFER, Shop};

/// Whom no report, message or page may name.
const PERSONAL: [&str; 3] = ["Northern Trader", "Southern Trader", "vendor.example.test"];

#[track_caller]
fn names_nobody(text: &str) {
    for name in PERSONAL {
        assert!(!text.contains(name), "`{name}` in {text}");
    }
}

fn lines(words: &str) -> Vec<Value> {
    words.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

async fn report(hub: &Hub, more: &[&str]) -> Vec<Value> {
    let (words, result) = hub.command(&[&["report", "changes"], more].concat()).await;
    assert_eq!(result.unwrap(), Exit::Done);
    names_nobody(&words);
    lines(&words)
}

fn fields(changes: &[Value]) -> Vec<&str> {
    changes.iter().map(|change| change["field"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_between_visits_is_noted_told_and_reported() {
    let shop = Shop::start().await;
    let before = format!("{OFFER}\nWrite to one@vendor.example.test");
    shop.put_offer("7", ("Isotonitazene 10 g", &before), "10", Some("Northern Trader"));
    let policy = format!("channels = [\"feed\", \"webhook\"]\nwebhook = \"http://{}/hook\"", shop.address);
    let hub = Hub::open(&[("bazaar", shop.platform_file("bazaar", &policy))], |_| {}).await;
    hub.scan().await;
    let case = hub.cases().await[0]["id"].as_str().unwrap().to_owned();
    hub.command(&["referrals", "approve", &case, "--as", "anna"]).await.1.unwrap();
    assert_eq!(shop.received().len(), 1);

    // The same page again is no change.
    hub.clock.advance_hours(2);
    hub.scan().await;
    assert_eq!(report(&hub, &[]).await, Vec::<Value>::new());

    let after = format!("{OFFER}\nNow with express shipping\nWrite to another.one@vendor.example.test");
    shop.put_offer("7", ("Isotonitazene 25 g", &after), "19.50", Some("Southern Trader"));
    hub.clock.advance_hours(2);
    hub.scan().await;
    let changes = report(&hub, &[]).await;
    assert_eq!(fields(&changes), ["title", "price", "text", "seller"], "{changes:?}");
    let of = |at: usize| (changes[at]["before"].clone(), changes[at]["after"].clone());
    assert_eq!(of(0), (json!("Isotonitazene 10 g"), json!("Isotonitazene 25 g")));
    assert_eq!(of(1), (json!("10.00 EUR"), json!("19.50 EUR")));
    assert!(changes[2]["after"].as_str().unwrap().contains("Now with express shipping"), "{changes:?}");
    assert_eq!(of(3), (Value::Null, json!("another")));
    assert!(changes.iter().all(|change| change["referral"] == case.as_str() && change["platform"] == "bazaar"));

    // One message of the case, under one id, with all of it.
    hub.command(&["referrals", "send"]).await.1.unwrap();
    let received = shop.received();
    assert_eq!(received.len(), 2);
    names_nobody(&received[1].body);
    let body: Value = serde_json::from_str(&received[1].body).unwrap();
    assert_eq!(body["type"], "listing.changed");
    assert_eq!(body["data"]["referral"]["id"], case.as_str());
    assert_eq!(fields(body["data"]["changes"].as_array().unwrap()), ["title", "price", "text", "seller"]);
    assert!(body["data"]["notice"].is_object());
    let moderator = hub.token(Role::Moderator, "mo", Some("bazaar"));
    let (_, feed) = hub.get(&moderator, "/feeds/bazaar.ndjson").await;
    names_nobody(&feed);
    let told: Vec<Value> = lines(&feed).into_iter().filter(|event| event["type"] == "listing.changed").collect();
    assert_eq!(told.len(), 1, "{feed}");
    assert_eq!(told[0]["data"]["changes"], body["data"]["changes"]);
    hub.command(&["referrals", "send"]).await.1.unwrap();
    assert_eq!(shop.received().len(), 2);

    // The case shows it, as an act of the program.
    let authority = hub.token(Role::Authority, "anna", None);
    let shown = hub.json(&authority, &format!("/api/v1/referrals/{case}")).await;
    names_nobody(&shown.to_string());
    assert_eq!(shown["changes"].as_array().unwrap().len(), 4);
    let step = shown["timeline"].as_array().unwrap().iter().find(|step| step["event"] == "listing-changed").unwrap();
    assert_eq!((&step["actor"], &step["actor_kind"]), (&json!("scan"), &json!("job")));
    assert_eq!(shown["state"], "delivered");
    assert_eq!(shown["hits"][0]["price"], "19.50");
    let (cookie, _) = sign_in(&hub, &authority).await;
    let page = hub.client.get(format!("{}/console/referrals/{case}", hub.base)).header("cookie", &cookie);
    let page = page.send().await.unwrap().text().await.unwrap();
    assert!(page.contains("<h2>Changes</h2>") && page.contains("19.50 EUR"), "{page}");
    names_nobody(&page);

    // It goes and comes back; a recheck sees it go as a scan does. That is told by other messages.
    shop.remove("7");
    hub.clock.advance_hours(30);
    hub.command(&["referrals", "recheck"]).await.1.unwrap();
    shop.put_offer("7", ("Isotonitazene 25 g", &after), "19.50", Some("Southern Trader"));
    hub.clock.advance_hours(2);
    hub.scan().await;
    let changes = report(&hub, &[]).await;
    let seen: Vec<&Value> = changes[4..].iter().map(|change| &change["after"]).collect();
    assert_eq!(seen, ["gone", "back"], "{changes:?}");
    assert_eq!(changes[4]["run"], "recheck");
    hub.command(&["referrals", "send"]).await.1.unwrap();
    let messages = shop.received();
    assert_eq!(messages.iter().filter(|message| message.body.contains("\"listing.changed\"")).count(), 1);

    // Taken back, nothing more is told; it is reported all the same.
    hub.command(&["referrals", "withdraw", &case, "--reason", "an error", "--as", "ben"]).await.1.unwrap();
    shop.put_offer("7", ("Isotonitazene 25 g", &after), "21.00", Some("Southern Trader"));
    hub.clock.advance_hours(2);
    hub.scan().await;
    hub.command(&["referrals", "send"]).await.1.unwrap();
    assert_eq!(report(&hub, &["--since", "1h"]).await.len(), 1);
    let told = shop.received().iter().filter(|message| message.body.contains("\"listing.changed\"")).count();
    assert_eq!(told, 1);
    hub.command(&["audit", "verify"]).await.1.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_waits_is_not_sent_once_the_case_is_decided() {
    let shop = Shop::start().await;
    shop.put("7", "Isotonitazene 10 g", OFFER);
    let policy = format!("channels = [\"webhook\"]\nwebhook = \"http://{}/hook\"", shop.address);
    let hub = Hub::open(&[("bazaar", shop.platform_file("bazaar", &policy))], |_| {}).await;
    hub.scan().await;
    let case = hub.cases().await[0]["id"].as_str().unwrap().to_owned();
    hub.command(&["referrals", "approve", &case, "--as", "anna"]).await.1.unwrap();
    shop.put_offer("7", ("Isotonitazene 10 g", OFFER), "12", None);
    // The receiver is down when the change is told first.
    shop.hook_answers(&[500]);
    hub.clock.advance_hours(2);
    hub.scan().await;
    hub.command(&["referrals", "send"]).await.1.unwrap();
    assert_eq!(shop.received().len(), 2);
    hub.command(&["referrals", "outcome", &case, "rejected", "--reason", "not-offered"]).await.1.unwrap();
    hub.clock.advance_hours(1);
    hub.command(&["referrals", "send"]).await.1.unwrap();
    assert_eq!(shop.received().len(), 2, "{:?}", shop.received());
    assert_eq!(hub.cases().await[0]["state"], "decided");
    let (words, _) = hub.command(&["referrals", "deliveries", &case]).await;
    assert!(words.contains("the case became `decided` before the change left"), "{words}");
    assert!(words.contains("\"lapsed\""), "{words}");
    let (words, _) = hub.command(&["referrals", "deliveries"]).await;
    assert_eq!(words, "", "nothing waits to be sent again");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_posted_again_with_another_price_is_a_change_and_the_report_says_what_it_does_not_know() {
    let shop = Shop::start().await;
    let hub = Hub::open(&[("shop", shop.platform_file("shop", "channels = [\"feed\"]"))], |_| {}).await;
    let machine = hub.token(Role::Platform, "machine", Some("shop"));
    let post = |price: &'static str| {
        let (hub, machine, url) = (&hub, machine.clone(), format!("http://{}/item/1", shop.address));
        async move {
            let posted = json!({ "id": "1", "title": "Isotonitazene", "text": OFFER, "url": url, "price": price,
                "currency": "EUR", "seller": "Northern Trader" });
            assert_eq!(hub.post(&machine, "/api/v1/listings", posted).await.0, 200);
        }
    };
    for price in ["5", "5", "7.5", "7.5"] {
        post(price).await;
        hub.clock.advance_hours(1);
    }
    let changes = report(&hub, &["--platform", "shop"]).await;
    assert_eq!(fields(&changes), ["price"], "{changes:?}");

    for (arguments, said) in [
        (["--platform", "nowhere"], "no platform `nowhere`"),
        (["--since", "yesterday"], "`yesterday` is neither a date such as `2026-01-31` nor a duration such as `7d`"),
    ] {
        let failure = hub.command(&[&["report", "changes"], &arguments[..]].concat()).await.1.unwrap_err();
        assert_eq!(failure.exit, Exit::Usage);
        assert!(failure.to_string().contains(said), "{failure}");
    }
    let authority = hub.token(Role::Authority, "anna", None);
    let path = "/api/v1/reports/changes";
    assert_eq!(hub.get(&authority, &format!("{path}?platform=nowhere")).await.0, 404);
    for wrong in ["since=yesterday", "cursor=1", "limit=0", "platform=A"] {
        assert_eq!(hub.get(&authority, &format!("{path}?{wrong}")).await.0, 400, "{wrong}");
    }
    let first = hub.json(&authority, &format!("{path}?platform=shop&since=2020-01-01&limit=1")).await;
    assert_eq!(first["changes"][0]["after"], "7.50 EUR");
    let next = first["next"].as_str().unwrap();
    assert_eq!(hub.json(&authority, &format!("{path}?cursor={next}")).await["changes"], json!([]));
}
