//! Listings given to be judged: what is taken, and what is refused by name instead of being judged in part.

use std::fs;

use listingwatch::store::truth::Role;
use serde_json::{Value, json};

use crate::mockserver::{MockServer, Reply};
use crate::program::{Place, links};
use crate::shop::{Hub, OFFER, Shop};

fn lines(out: &str) -> Vec<Value> {
    out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn screened(place: &Place, listings: &[Value], code: i32) -> Vec<Value> {
    let text: String = listings.iter().map(|one| format!("{one}\n")).collect();
    fs::write(place.path("in.jsonl"), text).unwrap();
    lines(&place.run(&["screen", "in.jsonl"]).expect(code).out)
}

#[test]
fn ids_are_answered_as_they_came() {
    let ids = [json!("a"), json!(7), json!(-7), json!(u64::MAX), json!("7")];
    let listings: Vec<Value> = ids.iter().map(|id| json!({ "id": id, "title": "Garden chair" })).collect();
    let answers = screened(&Place::new(), &listings, 0);
    assert_eq!(answers.iter().map(|one| one["id"].clone()).collect::<Vec<_>>(), ids);
}

#[test]
fn an_unknown_key_is_refused_and_the_rest_is_judged() {
    let listings = [
        json!({ "id": 1, "title": "Powder", "description": OFFER }),
        json!({ "id": "2", "title": "Isotonitazene", "text": OFFER, "page": "product" }),
        json!({ "id": 3, "title": "Isotonitazene", "page": "shop" }),
        json!({ "id": 4, "title": "Chair", "seller": "x" }),
        json!({ "id": 5 }),
        json!({ "title": "Chair" }),
    ];
    let answers = screened(&Place::new(), &listings, 4);
    let error = |at: usize| answers[at]["error"].as_str().unwrap_or_else(|| panic!("{}", answers[at]));
    assert_eq!((&answers[0]["id"], &answers[0]["line"]), (&json!(1), &json!(1)));
    assert!(error(0).contains("`description`") && error(0).contains("known keys are id, title, text"), "{}", error(0));
    assert_eq!(answers[1]["verdict"], "refer");
    assert!(error(2).contains("product, category, article, news, job, thesis, profile, forum, page"), "{}", error(2));
    assert!(error(3).contains("`seller`"));
    assert!(error(4).contains("`title` and `text`"));
    assert!(error(5).contains("`id`"));
}

#[test]
fn a_key_that_stands_twice_and_a_field_of_another_type_are_refused_by_name() {
    let place = Place::new();
    let lines_in = format!(
        "{{\"id\":1,\"title\":\"Powder\",\"text\":\"{OFFER}\",\"text\":\"oak\"}}\n\
         {{\"id\":2,\"title\":\"Chair\",\"attributes\":{{\"a\":\"{OFFER}\",\"a\":\"\"}}}}\n\
         {{\"id\":3,\"title\":[\"Chair\"]}}\n{{\"id\":4,\"title\":\"Chair\",\"attributes\":\"CAS\"}}\n"
    );
    fs::write(place.path("in.jsonl"), lines_in).unwrap();
    let answers = lines(&place.run(&["screen", "in.jsonl"]).expect(4).out);
    let error = |at: usize| answers[at]["error"].as_str().unwrap_or_else(|| panic!("{}", answers[at]));
    assert!(error(0).contains("`text` stands twice") && error(1).contains("`a` stands twice"), "{answers:?}");
    assert!(error(2).starts_with("`title`: ") && error(3).starts_with("`attributes`: "), "{answers:?}");
}

#[test]
fn a_text_over_the_limit_is_refused_and_one_below_it_is_judged_to_its_end() {
    let place = Place::new();
    let text = |bytes: usize| format!("{}{OFFER}", "oak ".repeat((bytes - OFFER.len()) / 4));
    let long = json!({ "id": 1, "title": "x", "text": text(1_200_000) });
    let attributes = json!({ "id": 2, "title": "x", "attributes": { "Notes": text(1_200_000) } });
    // More than a million characters, less than a mebibyte.
    let just = json!({ "id": 3, "title": "x", "text": text(1_048_000) });
    let answers = screened(&place, &[long.clone(), attributes, just.clone()], 4);
    for at in [0, 1] {
        let error = answers[at]["error"].as_str().unwrap();
        assert!(error.contains("limit of 1048576") && error.contains("[limits] listing"), "{error}");
    }
    assert_eq!(answers[2]["verdict"], "refer", "{}", answers[2]["reasons"]);
    // The limit is the one of the settings.
    place.settings("[limits]\nlisting = \"2MiB\"\n");
    assert_eq!(screened(&place, &[long], 0)[0]["verdict"], "refer");
    place.settings("[limits]\nlisting = \"1KiB\"\n");
    assert!(screened(&place, &[just], 4)[0]["error"].as_str().unwrap().contains("limit of 1024"));
    // Labelled data are held to it too: figures over a text that was cut would mean nothing.
    fs::write(place.path("labelled.jsonl"), json!({ "id": 1, "title": text(2000), "target": 1 }).to_string()).unwrap();
    let failed = place.run(&["eval", "labelled.jsonl"]).expect(2);
    assert!(failed.err.contains("limit of 1024"), "{}", failed.err);
}

#[test]
fn a_line_that_never_seems_to_end_costs_itself() {
    let place = Place::new();
    let text = format!("{}\n{}\n", "x".repeat(33 << 20), json!({ "id": 2, "title": "Garden chair" }));
    fs::write(place.path("in.jsonl"), text).unwrap();
    let answers = lines(&place.run(&["screen", "in.jsonl"]).expect(4).out);
    assert_eq!(answers[0]["line"], 1);
    assert!(answers[0]["error"].as_str().unwrap().contains("33554432 bytes"), "{}", answers[0]);
    assert_eq!((&answers[1]["id"], &answers[1]["verdict"]), (&json!(2), &json!("clear")));
}

#[test]
fn what_is_not_looked_at_is_never_clear() {
    let words = |word: &str, times: usize| format!("{word} ").repeat(times);
    let listings = [
        // More ambiguous words than are kept, and then a name.
        json!({ "id": "names", "title": "Word list", "text": words("molly", 600) + "isotonitazene" }),
        // Numbers that are valid and on no list, and then a listed one.
        json!({ "id": "numbers", "title": "Numbers", "text": words("CAS 50-99-7,", 2_100) + "CAS 14188-81-9" }),
        json!({ "id": "ordinary", "title": "Word list", "text": words("chair", 6_000) }),
    ];
    let answers = screened(&Place::new(), &listings, 0);
    for answer in &answers[..2] {
        assert_ne!(answer["verdict"], "clear", "{answer}");
    }
    assert_eq!(answers[2]["verdict"], "clear");
}

async fn hub() -> (Hub, Shop, String) {
    let shop = Shop::start().await;
    let hub = Hub::open(&[("shop", shop.platform_file("shop", "channels = [\"feed\"]"))], |_| {}).await;
    let token = hub.token(Role::Platform, "machine", Some("shop"));
    (hub, shop, token)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_takes_and_refuses_the_same_as_the_command() {
    let (hub, shop, token) = hub().await;
    let filler = "oak ".repeat(300_000);
    let long = format!("{filler}{OFFER}");
    for path in ["/api/v1/screen", "/api/v1/listings"] {
        let url = |id: u64| format!("http://{}/item/{id}", shop.address);
        let one = |id: Value, key: &str, text: &str| json!({ "id": id, "title": "x", "url": url(1), key: text });
        let (status, problem) = hub.post(&token, path, one(json!(1), "description", OFFER)).await;
        assert_eq!(status, 422, "{path}: {problem}");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains("`description`") && detail.contains("known keys are id, title, text"), "{detail}");
        let (status, problem) = hub.post(&token, path, one(json!(1), "text", &long)).await;
        assert_eq!(status, 422, "{path}: {problem}");
        assert!(problem["detail"].as_str().unwrap().contains("limit of 1048576"), "{problem}");
        let batch = json!([
            one(json!(1), "description", OFFER),
            one(json!(2), "text", &long),
            one(json!(3), "text", OFFER),
            one(json!("4"), "page", "news"),
            one(json!(5.5), "text", OFFER),
        ]);
        let (status, answer) = hub.post(&token, path, batch).await;
        assert_eq!(status, 200, "{path}: {answer}");
        let results = if path.ends_with("listings") { &answer["results"] } else { &answer };
        assert_eq!(results.as_array().unwrap().len(), 5);
        let error = |at: usize| results[at]["error"].as_str().unwrap_or_else(|| panic!("{path} {at}: {results}"));
        assert!(
            error(0).contains("`description`") && error(1).contains("limit of 1048576") && error(4).contains("`id`")
        );
        assert_eq!((&results[2]["id"], &results[2]["verdict"]), (&json!(3), &json!("refer")), "{path}");
        assert_eq!((&results[3]["id"], &results[3]["verdict"]), (&json!("4"), &json!("clear")), "{path}");
    }
    // Only what was judged whole is on record.
    assert_eq!(hub.cases().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_parameters_and_keys_of_an_answer_are_refused_by_name() {
    let (hub, shop, token) = hub().await;
    let listing = json!({ "id": 1, "title": "x", "text": OFFER, "url": format!("http://{}/item/1", shop.address) });
    hub.post(&token, "/api/v1/listings", listing).await;
    let id = hub.cases().await[0]["id"].as_str().unwrap().to_owned();
    hub.command(&["referrals", "approve", &id, "--as", "anna"]).await.1.unwrap();
    let office = hub.token(Role::Authority, "anna", None);
    let moderator = hub.token(Role::Moderator, "mo", Some("shop"));
    for path in [
        "/api/v1/referrals?bogus=1",
        "/api/v1/hits?q=chair&bogus=1",
        "/api/v1/platforms?bogus=1",
        "/feeds/shop.json?bogus=1",
        "/feeds/shop.ndjson?bogus=1",
        "/feeds/shop/stream?bogus=1",
    ] {
        let (status, problem) = hub.get(&office, path).await;
        assert_eq!(status, 400, "{path}: {problem}");
        assert!(problem.contains("bogus"), "{path}: {problem}");
    }
    assert_eq!(hub.get(&office, "/api/v1/hits?q=chair&limit=5").await.0, 200);
    let (status, problem) = hub.get(&office, "/api/v1/hits?category=nps").await;
    assert!(status == 400 && problem.contains("this route takes") && problem.contains("cursor"), "{problem}");
    assert_eq!(hub.post(&token, "/api/v1/screen?dry=1", json!({ "id": 1, "title": "x" })).await.0, 400);

    let outcome = format!("/api/v1/referrals/{id}/outcome");
    for (key, value) in [("comment", "gone"), ("referense", "T-1")] {
        let (status, problem) = hub.post(&moderator, &outcome, json!({ "decision": "removed", key: value })).await;
        assert_eq!(status, 422, "{problem}");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(key) && detail.contains("`reference`"), "{detail}");
        if key == "referense" {
            assert_eq!(problem["hint"], "did you mean `reference`?");
        }
    }
    for body in [json!(["removed", "why"]), json!({ "decision": "removed", "urls": [] }), json!("removed")] {
        assert_eq!(hub.post(&moderator, &outcome, body.clone()).await.0, 422, "{body}");
    }
    let twice = hub.client.post(format!("{}{outcome}", hub.base)).bearer_auth(&moderator);
    let twice =
        twice.header("content-type", "application/json").body(r#"{"decision":"removed","decision":"rejected"}"#);
    let answer = twice.send().await.unwrap();
    assert_eq!(answer.status(), 422, "of two decisions none counts");
    assert!(answer.text().await.unwrap().contains("`decision`"));
    for path in [
        "/api/v1/referrals?since=-1",
        "/api/v1/referrals?since=2999-01-01T00:00:00Z",
        "/feeds/shop.ndjson?before=3",
        "/feeds/shop.json?since=3",
        "/feeds/shop/stream?limit=3",
        "/feeds/shop.ndjson?since=-1",
    ] {
        assert_eq!(hub.get(&moderator, path).await.0, 400, "{path}");
    }
    assert_eq!(hub.get(&moderator, "/api/v1/referrals?platform=other").await.0, 404);
    let (_, problem) = hub.get(&office, "/api/v1/referrals?limit=many").await;
    assert!(problem.contains("1 to 1000"), "{problem}");
    let (_, problem) = hub.get(&office, "/api/v1/referrals?state=reopend").await;
    assert!(problem.contains("did you mean `reopened`?"), "{problem}");
    let (_, problem) = hub.get(&office, "/api/v1/referrals?platfrom=shop").await;
    assert!(problem.contains("did you mean `platform`?"), "{problem}");
    assert_ne!(hub.cases().await[0]["state"], "decided", "nothing of it was taken");
    assert_eq!(hub.post(&moderator, &outcome, json!({ "decision": "removed", "reference": "T-1" })).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_list_keeps_its_order_and_names_its_bad_lines() {
    let (hub, _shop, token) = hub().await;
    let listing = |number: usize| match number {
        150 | 151 => json!({ "id": number, "titel": "Garden chair" }),
        7 | 270 => json!({ "id": number, "title": "Isotonitazene 10 g", "text": OFFER }),
        _ => json!({ "id": number, "title": "Garden chair" }),
    };
    let (status, answer) = hub.post(&token, "/api/v1/screen", (0..300).map(listing).collect()).await;
    assert_eq!(status, 200, "{answer}");
    for (number, one) in answer.as_array().unwrap().iter().enumerate() {
        assert_eq!(one["id"], number, "{one}");
        let verdict = if [7, 270].contains(&number) { "refer" } else { "clear" };
        if [150, 151].contains(&number) {
            assert_eq!(one["line"], number + 1, "{one}");
            assert!(one["error"].as_str().unwrap().contains("did you mean `title`?"), "{one}");
        } else {
            assert_eq!(one["verdict"], verdict, "{one}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_may_be_packed_and_are_measured_unpacked() {
    use std::io::Write;
    let (hub, _shop, token) = hub().await;
    let client = reqwest::Client::new();
    let post = |encoding: &'static str, body: Vec<u8>| {
        client
            .post(format!("{}/api/v1/screen", hub.base))
            .bearer_auth(&token)
            .header("content-type", "application/json")
            .header("content-encoding", encoding)
            .body(body)
            .send()
    };
    let packed = |text: &[u8]| {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(text).unwrap();
        packer.finish().unwrap()
    };
    let listing = json!({ "id": 1, "title": "carfen<b>tanil</b>", "text": "10 g, in stock, bitcoin only" }).to_string();
    let answer = post("gzip", packed(listing.as_bytes())).await.unwrap();
    assert_eq!(answer.status(), 200);
    let verdict: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    assert_eq!(
        (&verdict["verdict"], &verdict["substances"][0]["id"]),
        (&json!("refer"), &json!("carfentanil")),
        "{verdict}"
    );
    // A megabyte packs to a kilobyte; what counts is what comes out.
    let bomb = post("gzip", packed(format!("[\"{}\"]", " ".repeat(20 << 20)).as_bytes())).await.unwrap();
    assert_eq!(bomb.status(), 413);
    assert!(bomb.text().await.unwrap().contains("16777216 bytes"));
    let other = post("compress", listing.into_bytes()).await.unwrap();
    assert_eq!(other.status(), 415);
    assert!(other.text().await.unwrap().contains("`compress`"));
    assert_eq!(post("gzip", b"no gzip".to_vec()).await.unwrap().status(), 400);
}

#[test]
fn a_page_or_feed_that_is_not_judged_whole_makes_the_scan_incomplete() {
    let padded = |text: &str| {
        format!(
            "<!doctype html><html><head><title>Chair</title></head><body><h1>Chair</h1><p>Price: 15 EUR</p>{}<p>{text}</p></body></html>",
            "<p>Solid oak, oiled by hand.</p>\n".repeat(20_000)
        )
    };
    let rows = [
        json!({ "id": 1, "title": "x", "text": format!("{}{OFFER}", "oak ".repeat(300_000)), "url": "/item/1" }),
        json!({ "id": 2, "title": "x", "description": OFFER, "url": "/item/2" }),
        json!({ "id": 3, "title": "Lamp", "text": "Brass.", "url": "/item/3" }),
    ];
    let feed: String = rows.iter().map(|row| format!("{row}\n")).collect();
    let server = MockServer::start(move |asked| match asked.path.as_str() {
        "/robots.txt" => Reply::status(404),
        "/" => Reply::html(links(&["/long".to_owned()])),
        "/long" => Reply::html(padded(OFFER)),
        "/feed.jsonl" => Reply::of(200, "application/json", feed.clone()),
        _ => Reply::status(404),
    });
    let place = Place::new();
    place.settings("[limits]\npage_deadline = \"20s\"\nbody = \"8MiB\"\n");
    place.own_site("bazaar", &server.url("/"), &format!("feeds = [\"{}\"]", server.url("/feed.jsonl")));
    let ended = place.run(&["scan", "--json"]).expect(4);
    let coverage = ended.coverage("bazaar");
    assert_eq!(coverage["complete"], false, "{coverage}");
    assert_eq!(coverage["failures"]["text-cap"], 1, "{coverage}");
    assert_eq!(coverage["failures"]["feed-malformed"], 2, "{coverage}");
}
