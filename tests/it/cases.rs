//! What one case is, what was said in it, and what its platform's agreement allows its data to be used for.

use listingwatch::store::truth::Role;
use serde_json::json;

use crate::hub_attacks::sign_in;
use crate::mockserver::{MockServer, Reply};
use crate::program::{Place, links, listing};
use crate::shop::{Hub, OFFER, Shop, platform_file_of};

/// A wording in which only the name differs.
fn wording(name: &str) -> String {
    format!("{name} for sale, 99% purity, wholesale price per gram, discreet shipping, bitcoin accepted")
}

async fn hub_of(shop: &Shop, referral: &str) -> Hub {
    let hub = Hub::open(&[("bazaar", shop.platform_file("bazaar", referral))], |_| {}).await;
    hub.scan().await;
    hub
}

#[tokio::test(flavor = "multi_thread")]
async fn one_wording_for_five_substances_is_five_cases() {
    let shop = Shop::start().await;
    let names = ["Isotonitazene", "Metonitazene", "Protonitazene", "Butonitazene", "Etonitazene"];
    for (number, name) in names.iter().enumerate() {
        shop.put(&number.to_string(), &format!("{name} 10 g"), &wording(name));
    }
    // The same offer under a second address is the same case.
    shop.put("again", "Isotonitazene 10 g", &wording("Isotonitazene"));
    let hub = hub_of(&shop, "channels = [\"feed\"]").await;
    let cases = hub.cases().await;
    let mut found: Vec<(String, usize)> =
        cases.iter().map(|case| (case["substances"].to_string(), case["urls"].as_array().unwrap().len())).collect();
    found.sort();
    let mut wanted: Vec<(String, usize)> =
        names.iter().map(|name| (json!([name]).to_string(), 1 + usize::from(*name == "Isotonitazene"))).collect();
    wanted.sort();
    assert_eq!(found, wanted, "{cases:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_sellers_with_one_wording_are_two_cases_and_one_seller_is_one() {
    let shop = Shop::start().await;
    for (name, seller) in [("a", "North Trading"), ("b", "South Trading"), ("c", "North Trading")] {
        shop.put_offer(name, ("Isotonitazene 10 g", OFFER), "10", Some(seller));
    }
    let hub = hub_of(&shop, "channels = [\"feed\"]").await;
    let mut urls: Vec<usize> = hub.cases().await.iter().map(|case| case["urls"].as_array().unwrap().len()).collect();
    urls.sort_unstable();
    assert_eq!(urls, [1, 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_said_in_a_case_is_shown_at_every_door() {
    let shop = Shop::start().await;
    shop.put("7", "Isotonitazene 10 g", OFFER);
    let hub = hub_of(&shop, "channels = [\"feed\"]").await;
    let id = hub.cases().await[0]["id"].as_str().unwrap().to_owned();
    hub.command(&["referrals", "approve", &id, "--as", "anna"]).await.1.unwrap();
    let anna = hub.token(Role::Authority, "anna", None);
    let moderator = hub.token(Role::Moderator, "mo", Some("bazaar"));
    let answer = hub.client.post(format!("{}/api/v1/referrals/{id}/outcome", hub.base)).bearer_auth(&moderator);
    let answer = answer.header("idempotency-key", "k1").header("content-type", "application/json");
    let answer = answer.body(json!({ "decision": "restricted", "reason": "terms", "reference": "T-77" }).to_string());
    let answer = answer.send().await.unwrap();
    assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
    let notice = hub.json(&anna, &format!("/api/v1/referrals/{id}/notice")).await;
    let sent = hub.client.post(notice["contest"].as_str().unwrap());
    let sent = sent.header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(sent.body("statement=It+is+a+textbook+of+ours").send().await.unwrap().status(), 200);
    hub.clock.advance_hours(1);
    let (_, looked) = hub.command(&["referrals", "recheck", &id]).await;
    looked.unwrap();

    let story = hub.json(&anna, &format!("/api/v1/referrals/{id}")).await["story"].clone();
    assert_eq!(story[0]["decision"], "restricted", "{story}");
    assert_eq!(story[0]["reference"], "T-77", "{story}");
    assert_eq!(story[1]["statement"], "It is a textbook of ours", "{story}");
    let shown = hub.command(&["referrals", "show", &id]).await.0;
    for said in ["It is a textbook of ours", "T-77"] {
        assert!(shown.contains(said), "{shown}");
    }
    // On the page, with the deliveries and the looks.
    let (cookie, _) = sign_in(&hub, &anna).await;
    let page = hub.client.get(format!("{}/console/referrals/{id}", hub.base)).header("cookie", cookie);
    let page = page.send().await.unwrap().text().await.unwrap();
    for said in ["It is a textbook of ours", "T-77", "published as"] {
        assert!(page.contains(said), "{said}: {page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_before_its_time_informs_and_counts_for_nothing() {
    let shop = Shop::start().await;
    shop.put("7", "Isotonitazene 10 g", OFFER);
    let hub = hub_of(&shop, "channels = [\"feed\"]\nrecheck = \"24h\"").await;
    let id = hub.cases().await[0]["id"].as_str().unwrap().to_owned();
    hub.command(&["referrals", "approve", &id, "--as", "anna"]).await.1.unwrap();
    hub.command(&["referrals", "send"]).await.1.unwrap();
    shop.remove("7");
    for _ in 0..3 {
        hub.clock.advance_hours(1);
        hub.command(&["referrals", "recheck", &id]).await.1.unwrap();
        assert_eq!(hub.cases().await[0]["state"], "delivered", "before its time");
    }
    hub.clock.advance_hours(25);
    hub.command(&["referrals", "recheck"]).await.1.unwrap();
    hub.clock.advance_hours(1);
    hub.command(&["referrals", "recheck", &id]).await.1.unwrap();
    assert_eq!(hub.cases().await[0]["state"], "delivered", "the second look is not due");
    hub.clock.advance_hours(25);
    hub.command(&["referrals", "recheck"]).await.1.unwrap();
    assert_eq!(hub.cases().await[0]["state"], "verified-gone", "looks of the schedule count");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agreement_says_what_its_data_is_used_for_and_every_door_asks() {
    let (open, closed) = (Shop::start().await, Shop::start().await);
    let seller = format!("{OFFER}. Telegram: @one_vendor_here");
    open.put("7", "Isotonitazene 10 g", &seller);
    closed.put("7", "Isotonitazene 25 g", &seller);
    let uses = |text: String, uses: &str| text.replace("[crawl]", &format!("uses = [{uses}]\n[crawl]"));
    let files = [
        ("open", uses(open.platform_file("open", "channels = [\"feed\"]"), "\"referral\", \"research\"")),
        ("closed", uses(closed.platform_file("closed", "channels = [\"feed\"]"), "\"linking\"")),
    ];
    let hub = Hub::open(&files, |_| {}).await;
    hub.scan().await;
    let cases = hub.cases().await;
    assert_eq!(cases.len(), 2);

    // Researchers: only where research was agreed.
    let researcher = hub.token(Role::Researcher, "rea", None);
    let hits = hub.json(&researcher, "/api/v1/hits").await;
    let of = |hits: &serde_json::Value| -> Vec<String> {
        hits["hits"].as_array().unwrap().iter().map(|hit| hit["platform"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(of(&hits), ["open"], "{hits}");
    let (_, facets) = hub.get(&researcher, "/api/v1/hits/facets").await;
    assert!(!facets.contains("closed"), "{facets}");
    let authority = hub.token(Role::Authority, "anna", None);
    assert_eq!(of(&hub.json(&authority, "/api/v1/hits").await).len(), 2, "an authority sees its own cases");
    // Datasets likewise; what is left out is told.
    let (rows, exported) = hub.command(&["export", "--format", "jsonl"]).await;
    exported.unwrap();
    assert!(rows.contains("\"platform\":\"open\"") && !rows.contains("\"platform\":\"closed\""), "{rows}");

    // Referral: not without it.
    let id = |platform: &str| {
        let case = cases.iter().find(|case| case["platform"] == platform).unwrap();
        case["id"].as_str().unwrap().to_owned()
    };
    let refused = hub.command(&["referrals", "approve", &id("closed"), "--as", "anna"]).await.1.unwrap_err();
    assert!(refused.to_string().contains("referral"), "{refused}");
    hub.command(&["referrals", "approve", &id("open"), "--as", "anna"]).await.1.unwrap();

    // Linking across platforms: both must allow it.
    let case = hub.json(&authority, &format!("/api/v1/referrals/{}", id("closed"))).await;
    assert!(!case.to_string().contains(&id("open")), "{case}");
}

#[test]
fn judging_again_with_the_same_watchlist_changes_nothing_and_a_lost_page_is_told() {
    let server = MockServer::start(|asked| match asked.path.as_str() {
        "/robots.txt" => Reply::status(404),
        "/" => Reply::html(links(&["/a".to_owned(), "/b".to_owned()])),
        "/a" => Reply::html(listing(
            "Isotonitazene 10 g",
            "Isotonitazene for sale, WhatsApp +31 6 1234 5678, discreet shipping, bitcoin accepted",
            &[],
        )),
        _ => Reply::html(listing(
            "Research powder",
            "Metonitazene powder, ask on Telegram @zorglub_lab for a price",
            &[],
        )),
    });
    let place = Place::new();
    place.own_site("site", &server.url("/"), "");
    place.run(&["scan"]).expect(0);
    let before = place.referrals();
    assert!(!before.is_empty());
    let ended = place.run(&["rescreen"]).expect(0);
    assert!(ended.err.contains("0 changed"), "{}", ended.err);
    assert_eq!(place.referrals(), before);
    for file in std::fs::read_dir(place.path("data/warc")).unwrap() {
        std::fs::remove_file(file.unwrap().path()).unwrap();
    }
    let ended = place.run(&["rescreen"]).expect(0);
    assert!(ended.err.contains("keep the verdict they have: the captured page was destroyed"), "{}", ended.err);
    assert_eq!(place.referrals(), before);
}

#[test]
fn judging_again_hides_what_was_hidden_and_brings_back_nothing_that_was_erased() {
    let server = MockServer::start(|asked| match asked.path.as_str() {
        "/robots.txt" => Reply::status(404),
        "/" => Reply::html(links(&["/a".to_owned()])),
        _ => Reply::html(listing(
            "Isotonitazene 10 g",
            "Isotonitazene for sale, Wickr zorglubking. Ask zorglubking for isotonitazene, bitcoin accepted",
            &[],
        )),
    });
    let place = Place::new();
    place.own_site("site", &server.url("/"), "");
    place.run(&["scan"]).expect(0);
    let case = place.referrals()[0]["id"].as_str().unwrap().to_owned();
    let revealed = |place: &Place| place.run(&["reveal", &case, "--purpose", "a test", "--as", "anna"]).out;
    assert!(revealed(&place).contains("zorglubking"));
    let stored = || std::fs::read(place.path("data/truth.db")).unwrap();
    let holds = |bytes: &[u8]| bytes.windows(11).any(|window| window == b"zorglubking");
    place.run(&["rescreen"]).expect(0);
    assert!(!holds(&stored()) && !place.run(&["export", "--format", "jsonl"]).out.contains("zorglubking"));
    place.run(&["retention", "erase", &case, "--as", "anna"]).expect(0);
    place.run(&["rescreen"]).expect(0);
    assert!(!revealed(&place).contains("zorglubking"), "erased");
}

#[test]
fn what_a_platform_file_allowed_stays_on_record_where_a_command_has_no_platform_files() {
    let server = MockServer::start(|asked| match asked.path.as_str() {
        "/robots.txt" => Reply::status(404),
        "/" => Reply::html(links(&["/a".to_owned()])),
        _ => Reply::html(listing("Isotonitazene 10 g", &wording("Isotonitazene"), &[])),
    });
    let place = Place::new();
    place.own_site("site", &server.url("/"), "");
    place.run(&["scan"]).expect(0);
    // A dataset is the same on standard output and in a file.
    for format in ["jsonl", "csv"] {
        let printed = place.run(&["export", "--format", format]).expect(0).out;
        place.run(&["export", "--format", format, "--out", "set"]).expect(0);
        assert_eq!(printed, std::fs::read_to_string(place.path("set")).unwrap(), "{format}");
    }
    std::fs::create_dir(place.path("none")).unwrap();
    for folder in ["none", "seeds"] {
        let ended = place.run(&["--seeds", folder, "export", "--format", "jsonl"]).expect(0);
        assert_eq!(ended.out.lines().count(), 1, "{folder}: {}", ended.err);
    }
}

#[test]
fn a_damaged_frontier_is_set_aside_and_made_again() {
    let server = MockServer::start(|asked| match asked.path.as_str() {
        "/robots.txt" => Reply::status(404),
        "/" => Reply::html(links(&(0..40).map(|n| format!("/{n}")).collect::<Vec<_>>())),
        path => Reply::html(listing(&format!("Isotonitazene {path}"), &wording("Isotonitazene"), &[])),
    });
    for keep in [0.0, 0.3, 0.5, 0.9] {
        let place = Place::new();
        place.own_site("site", &server.url("/"), "");
        place.run(&["scan"]).expect(0);
        let before = place.referrals();
        let db = place.path("data/state/db");
        let length = std::fs::metadata(&db).unwrap().len();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "test"
        )]
        let cut = (length as f64 * keep) as u64;
        std::fs::OpenOptions::new().write(true).open(&db).unwrap().set_len(cut).unwrap();
        let ended = place.run(&["scan"]).expect(0);
        assert!(!ended.err.contains("panicked"), "{keep}: {}", ended.err);
        assert_eq!(place.referrals().len(), before.len(), "{keep}");
    }
}

/// Approves a case and sends its notice.
async fn send(hub: &Hub, id: &str) {
    hub.command(&["referrals", "approve", id, "--as", "anna"]).await.1.unwrap();
    hub.command(&["referrals", "send"]).await.1.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn looks_go_on_while_a_contest_is_undecided_and_complete_nothing() {
    let shop = Shop::start().await;
    shop.put("7", "Isotonitazene 10 g", OFFER);
    let hub = hub_of(&shop, "channels = [\"feed\"]\nrecheck = \"24h\"").await;
    let id = hub.cases().await[0]["id"].as_str().unwrap().to_owned();
    send(&hub, &id).await;
    let (anna, ben) = (hub.token(Role::Authority, "anna", None), hub.token(Role::Authority, "ben", None));
    let notice = hub.json(&anna, &format!("/api/v1/referrals/{id}/notice")).await;
    let sent = hub.client.post(notice["contest"].as_str().unwrap());
    let sent = sent.header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(sent.body("statement=It+is+a+book").send().await.unwrap().status(), 200);
    shop.remove("7");
    let looks = || hub.app.rooms.truth.looks_at(&listingwatch::vocab::ids::ReferralId::parse(&id).unwrap()).unwrap();
    for days in 1..=3 {
        hub.clock.advance_hours(25);
        hub.command(&["referrals", "recheck"]).await.1.unwrap();
        assert_eq!((looks().len(), hub.cases().await[0]["state"].clone()), (days, json!("contested")));
    }
    let case = hub.json(&anna, &format!("/api/v1/referrals/{id}")).await;
    assert_eq!(case["pages"][0]["state"], "confirmed-gone", "{case}");
    // Upheld, the case is completed by the next look.
    assert_eq!(hub.post(&ben, &format!("/api/v1/referrals/{id}/uphold"), json!({})).await.0, 200);
    hub.clock.advance_hours(25);
    hub.command(&["referrals", "recheck"]).await.1.unwrap();
    assert_eq!(hub.cases().await[0]["state"], "verified-gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_substance_holds_what_offers_it_and_not_what_names_it_in_passing() {
    let shop = Shop::start().await;
    shop.put("offers", "Carfentanil 1 g", &wording("Carfentanil"));
    shop.put("names", "Isotonitazene 10 g", &format!("{OFFER}. We do not sell carfentanil"));
    let hub = hub_of(&shop, "channels = [\"feed\"]").await;
    let states = async || {
        let cases = hub.cases().await;
        let of = |title: &str| {
            let case = cases.iter().find(|case| case["title"].as_str().unwrap().contains(title)).unwrap();
            case["state"].as_str().unwrap().to_owned()
        };
        [of("Carfentanil 1 g"), of("Isotonitazene")]
    };
    let named = hub.cases().await.iter().filter(|case| case["substances"].to_string().contains("Carfentanil")).count();
    assert_eq!(named, 2, "both name it");
    hub.command(&["deconflict", "hold-substance", "carfentanil", "--reason", "Op. Example", "--as", "anna"])
        .await
        .1
        .unwrap();
    assert_eq!(states().await, ["held", "drafted"]);
    // What comes later is held likewise, and what is not held can be approved.
    shop.put("later", "Carfentanil 5 g", &format!("{}, two lots", wording("Carfentanil")));
    shop.put("names2", "Metonitazene 10 g", &format!("{}. We do not sell carfentanil", wording("Metonitazene")));
    hub.clock.advance_hours(2);
    hub.scan().await;
    for case in hub.cases().await {
        let is_offered = case["title"].as_str().unwrap().contains("Carfentanil");
        assert_eq!(case["state"] == "held", is_offered, "{case}");
        if !is_offered {
            hub.command(&["referrals", "approve", case["id"].as_str().unwrap(), "--as", "anna"]).await.1.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_of_many_pages_holds_up_no_other_of_its_host() {
    let pages: Vec<String> = (0..40).map(|number| format!("/many/{number}")).chain(["/one".to_owned()]).collect();
    let linked = pages.clone();
    let server = MockServer::start(move |asked| match asked.path.as_str() {
        "/" => Reply::html(links(&linked)),
        "/one" => Reply::html(listing("Metonitazene 10 g", &wording("Metonitazene"), &[])),
        path if path.starts_with("/many/") => {
            Reply::html(listing("Isotonitazene 10 g", &wording("Isotonitazene"), &[]))
        }
        _ => Reply::status(404),
    });
    let hub = Hub::open(
        &[("bazaar", platform_file_of(&server.url("/"), "channels = [\"feed\"]\nrecheck = \"24h\""))],
        |_| {},
    )
    .await;
    hub.scan().await;
    let mut cases = hub.cases().await;
    cases.sort_by_key(|case| std::cmp::Reverse(case["urls"].as_array().unwrap().len()));
    assert_eq!(cases.len(), 2, "{cases:#?}");
    // The one with many pages is due first.
    for case in &cases {
        send(&hub, case["id"].as_str().unwrap()).await;
        hub.clock.advance_hours(1);
    }
    let asked_before_one = |from: usize| {
        let asked: Vec<String> =
            server.paths().split_off(from).into_iter().filter(|path| path != "/robots.txt").collect();
        assert_eq!(asked.len(), 41, "each page once");
        asked.iter().position(|path| path == "/one").unwrap()
    };
    // Where one case at a time has a place, it keeps it for some pages only.
    hub.clock.advance_hours(25);
    let from = server.paths().len();
    listingwatch::engine::recheck::step(&hub.app.rooms, &hub.app.platforms(), 1).await.unwrap();
    assert!(asked_before_one(from) < 15, "{:?}", server.paths());
    // Where both have one, they take turns.
    hub.clock.advance_hours(25);
    let from = server.paths().len();
    hub.command(&["referrals", "recheck"]).await.1.unwrap();
    assert!(asked_before_one(from) < 2, "{:?}", server.paths());
}

#[tokio::test(flavor = "multi_thread")]
async fn each_page_of_a_case_has_its_own_state_and_answer_and_the_case_follows() {
    let shop = Shop::start().await;
    for name in ["7", "8"] {
        shop.put(name, "Isotonitazene 10 g", OFFER);
    }
    let hub = hub_of(&shop, "channels = [\"feed\"]\nrecheck = \"24h\"").await;
    let id = hub.cases().await[0]["id"].as_str().unwrap().to_owned();
    send(&hub, &id).await;
    let (anna, mo) = (hub.token(Role::Authority, "anna", None), hub.token(Role::Moderator, "mo", Some("bazaar")));
    let case = format!("/api/v1/referrals/{id}");
    let pages = hub.json(&mo, &case).await["pages"].clone();
    let urls: Vec<String> = pages.as_array().unwrap().iter().map(|page| page["url"].as_str().unwrap().into()).collect();
    assert_eq!(urls.len(), 2, "{pages}");
    let answer = |url: &str, decision: &str| json!({ "decision": decision, "reference": "T-8", "urls": [url] });
    let outcome = format!("{case}/outcome");

    let (status, problem) = hub.post(&mo, &outcome, answer("https://elsewhere.example.test/1", "removed")).await;
    assert_eq!(status, 422, "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("is no page of"), "{problem}");
    let (status, after) = hub.post(&mo, &outcome, answer(&urls[1], "rejected")).await;
    assert_eq!((status, &after["state"]), (200, &json!("delivered")), "one page is not the case");
    let seen = hub.json(&anna, &case).await;
    assert_eq!(seen["pages"][1]["answer"]["decision"], "rejected", "{seen}");
    assert!(seen["pages"][0]["answer"].is_null(), "{seen}");
    assert_eq!(seen["story"][0]["urls"], json!([urls[1]]), "{seen}");

    // The page that must go does; the one that the platform keeps says nothing.
    shop.remove("7");
    for (state, page) in [("delivered", "gone"), ("verified-gone", "confirmed-gone")] {
        hub.clock.advance_hours(25);
        hub.command(&["referrals", "recheck"]).await.1.unwrap();
        let seen = hub.json(&anna, &case).await;
        assert_eq!((&seen["state"], &seen["pages"][0]["state"]), (&json!(state), &json!(page)), "{seen}");
        assert_eq!(seen["pages"][1]["state"], "live", "{seen}");
    }
    let shown: serde_json::Value = serde_json::from_str(&hub.command(&["referrals", "show", &id]).await.0).unwrap();
    assert_eq!(shown["pages"][1]["answer"]["reference"], "T-8", "{shown}");
    let (cookie, _) = sign_in(&hub, &anna).await;
    let console = hub.client.get(format!("{}/console/referrals/{id}", hub.base)).header("cookie", cookie);
    let console = console.send().await.unwrap().text().await.unwrap();
    assert!(console.contains("answered: not a violation (T-8)"), "{console}");

    // Once each page has an answer, the case has; a page that is back in spite of it reopens the case.
    let (_, after) = hub.post(&mo, &outcome, answer(&urls[0], "removed")).await;
    assert_eq!(after["state"], "decided");
    let seen = hub.json(&anna, &case).await;
    assert_eq!(seen["lifecycle"]["outcome"]["decision"], "removed", "{seen}");
    shop.put("7", "Isotonitazene 10 g", OFFER);
    hub.clock.advance_hours(25);
    hub.command(&["referrals", "recheck"]).await.1.unwrap();
    let seen = hub.json(&anna, &case).await;
    assert_eq!((&seen["state"], &seen["pages"][0]["state"]), (&json!("reopened"), &json!("live")), "{seen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_said_again_writes_nothing_and_answers_are_bounded() {
    let shop = Shop::start().await;
    for page in ["1", "2"] {
        shop.put(page, "Isotonitazene 10 g", OFFER);
    }
    let hub = hub_of(&shop, "channels = [\"feed\"]\nrecheck = \"24h\"").await;
    let case = hub.cases().await[0].clone();
    let id = case["id"].as_str().unwrap().to_owned();
    let urls: Vec<&str> = case["urls"].as_array().unwrap().iter().map(|url| url.as_str().unwrap()).collect();
    assert_eq!(urls.len(), 2);
    send(&hub, &id).await;
    let anna = hub.token(Role::Authority, "anna", None);
    let moderator = hub.token(Role::Moderator, "mo", Some("bazaar"));
    let (hub, id, anna, moderator) = (&hub, id.as_str(), anna.as_str(), moderator.as_str());
    let answered = async |decision: &str, url: &str, key: &str| {
        let answer = hub.client.post(format!("{}/api/v1/referrals/{id}/outcome", hub.base)).bearer_auth(moderator);
        let answer = answer.header("idempotency-key", key).header("content-type", "application/json");
        let answer = answer.body(json!({ "decision": decision, "reason": "terms", "urls": [url] }).to_string());
        let answer = answer.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    // What the log and the story of the case hold: their sizes, and the number of the last change.
    let written = async || {
        let case = hub.json(anna, &format!("/api/v1/referrals/{id}")).await;
        let log = hub.json(anna, "/api/v1/audit?limit=1000").await;
        let entries = log["entries"].as_array().unwrap().iter().filter(|entry| entry["subject"] == id).count();
        (case["story"].as_array().unwrap().len(), entries, case["updated"].clone())
    };
    // For one page while the other has no answer; for the last one too; and once the removal is verified.
    for (turn, url) in urls.iter().enumerate() {
        assert_eq!(answered("removed", url, &format!("first {turn}")).await.0, 200);
        let before = written().await;
        for again in 0..5 {
            hub.clock.advance_hours(1);
            assert_eq!(answered("removed", url, &format!("again {turn} {again}")).await.0, 200);
            let line = ["referrals", "outcome", id, "removed", "--reason", "terms", "--url", url, "--as", "mo"];
            hub.command(&line).await.1.unwrap();
        }
        assert_eq!(written().await, before, "turn {turn}");
    }
    for page in ["1", "2"] {
        shop.remove(page);
    }
    for _ in 0..2 {
        hub.clock.advance_hours(25);
        hub.command(&["referrals", "recheck"]).await.1.unwrap();
    }
    assert_eq!(hub.cases().await[0]["state"], "verified-gone");
    let before = written().await;
    assert_eq!(answered("removed", urls[0], "verified").await.0, 200);
    assert_eq!((written().await, hub.cases().await[0]["state"].clone()), (before, json!("verified-gone")));
    // One that says something else each time is taken so often and no more.
    let mut taken = 0;
    let refused = loop {
        let decision = ["restricted", "account-action"][taken % 2];
        match answered(decision, urls[0], &format!("flood {taken}")).await {
            (200, _) => taken += 1,
            refused => break refused,
        }
        assert!(taken < 200, "answers without end");
    };
    assert_eq!(refused.0, 409, "{}", refused.1);
    assert!(refused.1.contains("has taken 100 answers") && refused.1.contains("write to the sender"), "{}", refused.1);
    let before = written().await;
    assert_eq!(answered("rejected", urls[0], "one more").await.0, 409);
    assert_eq!(written().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_behind_links_speak_the_language_of_the_notice_and_show_what_it_rests_on() {
    let shop = Shop::start().await;
    shop.put("7", "Isotonitazene 10 g", OFFER);
    let hub = hub_of(&shop, "channels = [\"feed\"]\nlanguage = \"de\"").await;
    let id = hub.cases().await[0]["id"].as_str().unwrap().to_owned();
    send(&hub, &id).await;
    let anna = hub.token(Role::Authority, "anna", None);
    let notice = hub.json(&anna, &format!("/api/v1/referrals/{id}/notice")).await;
    let (answer, contest) = (notice["answer"].as_str().unwrap(), notice["contest"].as_str().unwrap());
    let text = async |link: &str| hub.client.get(link).send().await.unwrap().text().await.unwrap();
    let form = async |link: &str, body: &'static str| {
        let sent = hub.client.post(link).header("content-type", "application/x-www-form-urlencoded").body(body);
        sent.send().await.unwrap().text().await.unwrap()
    };

    let page = text(answer).await;
    for said in ["lang=\"de\"", "beantworten", "Kein Verstoß", "sha256:", "Einheits-Übereinkommen"] {
        assert!(page.contains(said), "{said}: {page}");
    }
    let page = form(answer, "decision=restricted&reason=&reference=").await;
    assert!(page.contains("eingeschränkt. Sie können die Antwort noch ändern."), "{page}");

    // Who published the listing reads what is said of it; not who decided, and nothing by which the platform answers.
    let page = text(contest).await;
    for said in ["lang=\"de\"", "anfechten", "sha256:", "Einheits-Übereinkommen", "ein Mensch hat es geprüft"] {
        assert!(page.contains(said), "{said}: {page}");
    }
    assert!(!page.contains("anna") && !page.contains("/answer/"), "{page}");
    let page = form(contest, "statement=Ich%2C+Max+Beispiel%2C+verkaufe+B%C3%BCcher").await;
    assert!(page.contains("Ihre Stellungnahme ist vermerkt"), "{page}");
    let page = text(answer).await;
    assert!(!page.contains("<form") && page.contains("derzeit nichts von Ihnen erbeten"), "{page}");

    // The statement stands in the case; the log has its digest, and erasure reaches it.
    let case = format!("/api/v1/referrals/{id}");
    assert!(hub.json(&anna, &case).await.to_string().contains("Max Beispiel"));
    let log = hub.command(&["audit", "list", "--json"]).await.0;
    assert!(log.contains("contest") && !log.contains("Max Beispiel"), "{log}");
    hub.command(&["retention", "erase", &id, "--as", "anna"]).await.1.unwrap();
    let erased = hub.json(&anna, &case).await;
    assert!(!erased.to_string().contains("Max Beispiel"), "{erased}");
    assert!(erased["story"].to_string().contains("contest"), "{erased}");
    let page = text(contest).await;
    assert!(page.contains("wurde gelöscht"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_with_other_names_is_one_series_decided_and_answered_as_one() {
    let shop = Shop::start().await;
    let names = ["Isotonitazene", "Metonitazene", "Protonitazene", "Butonitazene", "Etonitazene"];
    for (number, name) in names.iter().enumerate() {
        shop.put(&number.to_string(), &format!("{name} {} g", number * 7 + 3), &wording(name));
    }
    shop.put(
        "other",
        "Carfentanil from the lab",
        "Carfentanil in stock, write on the messenger you like, customs guarantee",
    );
    let hub = hub_of(&shop, "channels = [\"feed\"]").await;
    let (anna, mo) = (hub.token(Role::Authority, "anna", None), hub.token(Role::Moderator, "mo", Some("bazaar")));
    let cases = hub.cases().await;
    let of_other = |case: &&serde_json::Value| case["title"].as_str().unwrap().contains("Carfentanil");
    let series: Vec<&str> =
        cases.iter().filter(|case| !of_other(case)).map(|case| case["series"].as_str().unwrap()).collect();
    assert_eq!(series.len(), 5);
    assert!(series.iter().all(|one| *one == series[0]), "{cases:#?}");
    assert!(cases.iter().filter(of_other).all(|case| case["series"] != series[0]));
    let path = format!("/api/v1/series/{}", series[0]);
    assert_eq!(hub.json(&anna, &path).await["drafts"], 5);
    assert_eq!(hub.get(&mo, &path).await.0, 404, "nothing of it left yet");

    // The inbox shows one of them for all.
    let (cookie, csrf) = sign_in(&hub, &anna).await;
    let page = async |path: &str| {
        let sent = hub.client.get(format!("{}{path}", hub.base)).header("cookie", &cookie);
        sent.send().await.unwrap().text().await.unwrap()
    };
    let inbox = page("/console/inbox").await;
    assert_eq!(inbox.matches("name=\"ids\"").count(), 2, "{inbox}");
    assert!(inbox.contains("and 4 more with this wording"), "{inbox}");
    assert_eq!(page(&format!("/console/inbox?series={}", series[0])).await.matches("name=\"ids\"").count(), 5);

    // One is dismissed by itself, and the next stands for the rest; a reason is needed for all.
    let first = hub.json(&anna, &path).await["referrals"][0]["id"].as_str().unwrap().to_owned();
    hub.command(&["referrals", "dismiss", &first, "--reason", "a test", "--as", "anna"]).await.1.unwrap();
    assert!(page("/console/inbox").await.contains("and 3 more with this wording"));
    let (_, none) = hub.post(&anna, &format!("{path}/dismiss"), json!({ "reason": " " })).await;
    assert_eq!(none["status"], 422, "{none}");

    // Approved as one, in the console: each case has its own notice.
    let body = format!("csrf={csrf}&action=approve&whole_series={}&here=group%3Dreview", series[0]);
    let sent = hub.client.post(format!("{}/console/inbox", hub.base)).header("cookie", &cookie);
    let sent = sent.header("content-type", "application/x-www-form-urlencoded").body(body).send().await.unwrap();
    assert_eq!(sent.status(), 303);
    let said = page(sent.headers()["location"].to_str().unwrap()).await;
    assert!(said.contains("4 done."), "{said}");
    hub.command(&["referrals", "send"]).await.1.unwrap();
    let sent = hub.json(&mo, &path).await;
    assert_eq!(sent["referrals"].as_array().unwrap().len(), 4, "{sent}");
    for case in sent["referrals"].as_array().unwrap() {
        let notice = hub.json(&mo, &format!("/api/v1/referrals/{}/notice", case["id"].as_str().unwrap())).await;
        let named = notice["substances"].as_array().unwrap();
        assert_eq!((named.len(), &named[0]["name"]), (1, &case["substances"][0]), "{notice}");
    }
    assert_eq!(hub.post(&anna, &format!("{path}/approve"), json!({})).await.0, 409, "no drafts are left");

    // Answered as one.
    let (status, told) = hub.post(&mo, &format!("{path}/outcome"), json!({ "decision": "removed" })).await;
    assert_eq!((status, &told["done"], &told["left"]), (200, &json!(4), &json!(0)), "{told}");
    let decided = hub.cases().await.iter().filter(|case| case["state"] == "decided").count();
    assert_eq!(decided, 4);
    let stranger = hub.token(Role::Moderator, "sy", Some("elsewhere"));
    assert_eq!(hub.get(&stranger, &path).await.0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_computes_a_name_in_the_log_from_an_address_or_a_wording() {
    let shop = Shop::start().await;
    for page in ["1", "2"] {
        shop.put(page, "Isotonitazene 10 g", OFFER);
    }
    let file = [("bazaar", shop.platform_file("bazaar", "channels = [\"feed\"]"))];
    let (one, other) = (Hub::open(&file, |_| {}).await, Hub::open(&file, |_| {}).await);
    let mut named = Vec::new();
    for hub in [&one, &other] {
        hub.scan().await;
        let case = hub.cases().await[0].clone();
        let id = case["id"].as_str().unwrap().to_owned();
        send(hub, &id).await;
        let urls: Vec<&str> = case["urls"].as_array().unwrap().iter().map(|url| url.as_str().unwrap()).collect();
        let mo = hub.token(Role::Moderator, "mo", Some("bazaar"));
        let body = json!({ "decision": "removed", "urls": [urls[0]] });
        assert_eq!(hub.post(&mo, &format!("/api/v1/referrals/{id}/outcome"), body).await.0, 200);
        // The story still says which page it was.
        let anna = hub.token(Role::Authority, "anna", None);
        let story = hub.json(&anna, &format!("/api/v1/referrals/{id}")).await["story"].clone();
        assert_eq!(story[0]["urls"], json!([urls[0]]), "{story}");
        let log = hub.command(&["audit", "list", "--json"]).await.0;
        for url in &urls {
            let key = format!("{:032x}", xxhash_rust::xxh3::xxh3_128(url.as_bytes()));
            assert!(!log.contains(url) && !log.contains(&key), "{url}: {log}");
        }
        named.push((id, case["series"].as_str().unwrap().to_owned(), log));
    }
    // Two hubs that see the same name it otherwise.
    let ((id, series, _), (_, _, log)) = (&named[0], &named[1]);
    assert!(named[0].0 != named[1].0 && named[0].1 != named[1].1, "{named:?}");
    assert!(!log.contains(id.as_str()) && !log.contains(series.as_str()));
    // A series of an older file gets an id of its own, and its cases stay in it.
    let Hub { app, folder, clock, .. } = one;
    drop((app, clock));
    let file = folder.path().join("data/truth.db");
    let data = rusqlite::Connection::open(&file).unwrap();
    let older = "UPDATE series SET id = 'S-0123456789abcdef'; UPDATE series_keys SET series = 'S-0123456789abcdef';
      UPDATE referrals SET series = 'S-0123456789abcdef'; UPDATE redaction SET version = 4;";
    data.execute_batch(older).unwrap();
    drop(listingwatch::store::truth::Truth::open(&file).unwrap());
    let held: Vec<String> =
        ["SELECT series FROM referrals", "SELECT id FROM series", "SELECT series FROM series_keys LIMIT 1"]
            .iter()
            .map(|sql| data.query_row(sql, [], |row| row.get(0)).unwrap())
            .collect();
    assert_eq!(held, [series.as_str(); 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_series_is_filtered_before_it_is_cut() {
    let shop = Shop::start().await;
    for (page, name) in ["Isotonitazene", "Metonitazene", "Mephedrone", "4-MEC"].iter().enumerate() {
        shop.put(&page.to_string(), &format!("{name} 10 g"), &wording(name));
    }
    let hub = hub_of(&shop, "channels = [\"feed\"]").await;
    let cases = hub.cases().await;
    let series = cases[0]["series"].as_str().unwrap();
    assert!(cases.len() == 4 && cases.iter().all(|case| case["series"] == series), "{cases:#?}");
    let mut categories: Vec<&str> = cases.iter().map(|case| case["category"].as_str().unwrap()).collect();
    categories.sort_unstable();
    categories.dedup();
    assert_eq!(categories.len(), 2);
    for category in categories {
        let line = ["referrals", "list", "--series", series, "--category", category, "--limit", "1"];
        let listed = hub.command(&line).await.0;
        assert!(listed.lines().count() == 1 && listed.contains(category), "{category}: {listed}");
    }
    let other = ["referrals", "list", "--series", series, "--platform", "elsewhere", "--limit", "1"];
    assert_eq!(hub.command(&other).await.0, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_whose_text_changes_leaves_its_series() {
    let shop = Shop::start().await;
    let names = ["Isotonitazene", "Metonitazene", "Protonitazene"];
    for (page, name) in names.iter().enumerate() {
        shop.put(&page.to_string(), &format!("{name} 10 g"), &wording(name));
    }
    let hub = hub_of(&shop, "channels = [\"feed\"]").await;
    let series = async || {
        let cases = hub.cases().await;
        let of = |name: &str| {
            let case = cases.iter().find(|case| case["substances"].to_string().contains(name)).unwrap();
            (case["series"].as_str().map(str::to_owned), case["id"].as_str().unwrap().to_owned())
        };
        names.map(of)
    };
    let shown = async || {
        let authority = hub.token(Role::Authority, "anna", None);
        let (cookie, _) = sign_in(&hub, &authority).await;
        let page = hub.client.get(format!("{}/console/inbox", hub.base)).header("cookie", cookie).send().await.unwrap();
        page.text().await.unwrap()
    };
    let before = series().await;
    assert!(before[0].0.is_some() && before.iter().all(|one| one.0 == before[0].0), "{before:?}");
    // Whichever of them stands for the others says something else now.
    let page = shown().await;
    let lead = before.iter().position(|(_, id)| page.contains(id.as_str())).unwrap();
    let text = format!(
        "Last lots of {} crystal from our own storage, ships tomorrow in vacuum foil, ask for samples, western union welcome",
        names[lead]
    );
    shop.put(&lead.to_string(), &format!("{} 10 g", names[lead]), &text);
    hub.clock.advance_hours(2);
    hub.scan().await;
    let after = series().await;
    assert_eq!(after[lead].1, before[lead].1, "it is the same case");
    for other in (0..names.len()).filter(|other| *other != lead) {
        assert_eq!(after[other], before[other]);
        assert_ne!(after[lead].0, after[other].0);
    }
    let page = shown().await;
    let in_sight = after.iter().filter(|(_, id)| page.contains(id.as_str())).count();
    assert!(page.contains(&after[lead].1) && in_sight == 2, "it and one of the others are in the inbox: {page}");
    // And back again.
    shop.put(&lead.to_string(), &format!("{} 10 g", names[lead]), &wording(names[lead]));
    hub.clock.advance_hours(2);
    hub.scan().await;
    assert_eq!(series().await, before);
    let page = shown().await;
    assert_eq!(before.iter().filter(|(_, id)| page.contains(id.as_str())).count(), 1, "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn cases_of_an_hour_are_bounded_and_what_waits_is_counted_and_opened_later() {
    let shop = Shop::start().await;
    let texts = [
        ("Isotonitazene", "powder of the purest kind, wholesale, discreet shipping, bitcoin accepted"),
        ("Metonitazene", "crystals for sale by the gram, stealth parcels, pay with monero"),
        ("Carfentanil", "in stock, minimum order five grams, customs guarantee, telegram only"),
        ("Protonitazene", "we sell to all countries, no questions asked, samples on request, escrow"),
        ("Etonitazene", "cheap price per kilo, vacuum sealed, re-ship on seizure, crypto only"),
    ];
    for (name, text) in texts {
        shop.put(name, &format!("{name} 10 g"), &format!("{name} {text}"));
    }
    let hub = hub_of(&shop, "channels = [\"feed\"]\ncases_per_hour = 3").await;
    let anna = hub.token(Role::Authority, "anna", None);
    assert_eq!(hub.cases().await.len(), 3);
    let queued = async || {
        let lines = hub.command(&["referrals", "list", "--state", "queued", "--json"]).await.0;
        lines.lines().filter(|line| line.contains("\"queued\"")).count()
    };
    assert_eq!(queued().await, 2);
    assert_eq!(hub.json(&anna, "/api/v1/hits").await["hits"].as_array().unwrap().len(), 5, "nothing is lost");
    let (cookie, _) = sign_in(&hub, &anna).await;
    let inbox = hub.client.get(format!("{}/console/inbox", hub.base)).header("cookie", cookie);
    let inbox = inbox.send().await.unwrap().text().await.unwrap();
    assert!(inbox.contains("2 more cases of bazaar wait: at most 3 are opened in an hour."), "{inbox}");
    let metrics = hub.client.get(format!("{}/metrics", hub.base)).send().await.unwrap().text().await.unwrap();
    assert!(metrics.contains("listingwatch_referrals{state=\"queued\"} 2"), "{metrics}");
    assert!(hub.command(&["doctor", "--json"]).await.0.contains("2 cases of `bazaar` wait to be opened"));
    hub.command(&["referrals", "send"]).await.1.unwrap();
    assert_eq!((hub.cases().await.len(), queued().await), (3, 2), "the hour is not over");
    hub.clock.advance_hours(1);
    hub.command(&["referrals", "send"]).await.1.unwrap();
    assert_eq!((hub.cases().await.len(), queued().await), (5, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_can_show_that_it_acted_and_sees_a_sellers_cases_together() {
    let shop = Shop::start().await;
    let texts = [
        ("Isotonitazene", "powder for sale, wholesale price per gram, discreet shipping, bitcoin accepted"),
        ("Carfentanil", "in stock, minimum order five grams, customs guarantee, messenger only"),
        ("Etonitazene", "cheap price per kilo, vacuum sealed, re-ship on seizure, crypto only"),
    ];
    for (number, (name, text)) in texts.iter().enumerate() {
        let seller = ["North Trading", "North Trading", "South Trading"][number];
        let offer = (format!("{name} 10 g"), format!("{name} {text}"));
        shop.put_offer(name, (&offer.0, &offer.1), "10", Some(seller));
    }
    let hub = hub_of(&shop, "channels = [\"feed\"]\nrecheck = \"24h\"").await;
    let (anna, mo) = (hub.token(Role::Authority, "anna", None), hub.token(Role::Moderator, "mo", Some("bazaar")));
    let cases = hub.cases().await;
    let id_of = |name: &str| {
        let case = cases.iter().find(|case| case["title"].as_str().unwrap().contains(name)).unwrap();
        case["id"].as_str().unwrap().to_owned()
    };
    let (one, two, other) = (id_of("Isotonitazene"), id_of("Carfentanil"), id_of("Etonitazene"));
    send(&hub, &one).await;
    let of_seller = async |token: &str| {
        let rows = hub.json(token, &format!("/api/v1/referrals/{one}/seller")).await;
        let mut ids: Vec<String> =
            rows["referrals"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
        ids.sort();
        ids
    };
    assert_eq!(of_seller(&mo).await, std::slice::from_ref(&one), "what did not leave is not told");
    let mut both = vec![one.clone(), two.clone()];
    both.sort();
    assert_eq!(of_seller(&anna).await, both);
    send(&hub, &two).await;
    send(&hub, &other).await;
    assert_eq!(of_seller(&mo).await, both);

    // Both are answered at once, from the list of the seller's cases.
    let (cookie, csrf) = sign_in(&hub, &mo).await;
    let page = async |path: &str| {
        let sent = hub.client.get(format!("{}{path}", hub.base)).header("cookie", &cookie);
        sent.send().await.unwrap().text().await.unwrap()
    };
    assert!(page(&format!("/console/referrals/{one}")).await.contains("All of this seller on bazaar"));
    let list = page(&format!("/console/inbox?group=all&seller_of={one}")).await;
    assert_eq!(list.matches("name=\"ids\"").count(), 2, "{list}");
    let body = format!("csrf={csrf}&action=answer&decision=account-action&ids={one}&ids={two}");
    let sent = hub.client.post(format!("{}/console/inbox", hub.base)).header("cookie", &cookie);
    let sent = sent.header("content-type", "application/x-www-form-urlencoded").body(body).send().await.unwrap();
    assert_eq!(sent.status(), 303);

    // The record says what was told and done, and is signed.
    let (status, saved) = hub.get(&mo, "/api/v1/reports/actions").await;
    assert_eq!(status, 200, "{saved}");
    let record: serde_json::Value = serde_json::from_str(saved.lines().next().unwrap()).unwrap();
    assert_eq!(
        (&record["notices"], &record["answered"], &record["acted"]),
        (&json!(3), &json!(2), &json!(2)),
        "{record}"
    );
    let action = record["actions"].as_array().unwrap().iter().find(|action| action["referral"] == one).unwrap();
    assert_eq!(action["decision"], "account-action", "{record}");
    assert!(action["ground"][0].as_str().unwrap().starts_with("UN1961 I (INT)"), "{record}");
    assert!(!saved.contains("North Trading") && !saved.contains("\"mo\""), "{saved}");
    let file = hub.folder.path().join("record.jsonl");
    let verify = |text: &str| {
        std::fs::write(&file, text).unwrap();
        let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_listingwatch"));
        program.arg("--data").arg(&hub.app.paths().data).arg("verify").arg(&file).output().unwrap().status.success()
    };
    assert!(verify(&saved), "as it was signed");
    assert!(!verify(&saved.replacen("account-action", "removed", 1)), "altered");
    assert_eq!(hub.get(&mo, "/api/v1/reports/actions?until=2020-01-01").await.0, 200);
    let text = hub.get(&mo, "/api/v1/reports/actions?format=text").await.1;
    assert!(text.contains("3 notices, 2 answered, 2 acted on"), "{text}");
    assert!(page("/console/record").await.contains("3 notices, 2 answered, 2 acted on"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_platform_does_not_act_on_is_escalated_only_as_agreed_after_a_warning_and_by_two_people() {
    let shop = Shop::start().await;
    shop.put_offer("7", ("Isotonitazene 10 g", OFFER), "10", Some("North Trading"));
    let agreed = |uses: &str| {
        shop.platform_file("bazaar", "channels = [\"feed\"]").replace("[crawl]", &format!("uses = [{uses}]\n[crawl]"))
    };
    let without = Hub::open(&[("bazaar", agreed("\"referral\", \"research\""))], |_| {}).await;
    without.scan().await;
    let id = without.cases().await[0]["id"].as_str().unwrap().to_owned();
    send(&without, &id).await;
    let until = |hub: &Hub, days: i64| {
        use listingwatch::vocab::time::Clock;
        hub.clock.now().date().checked_add(jiff::Span::new().days(days)).unwrap().to_string()
    };
    let refused = without.command(&["escalate", "warn", &id, "--until", &until(&without, 7), "--as", "anna"]).await;
    assert!(refused.1.unwrap_err().to_string().contains("must name `escalation`"));

    let hub = Hub::open(&[("bazaar", agreed("\"referral\", \"escalation\""))], |_| {}).await;
    hub.scan().await;
    let id = hub.cases().await[0]["id"].as_str().unwrap().to_owned();
    send(&hub, &id).await;
    let (anna, ben) = (hub.token(Role::Authority, "anna", None), hub.token(Role::Authority, "ben", None));
    let mo = hub.token(Role::Moderator, "mo", Some("bazaar"));
    let draft = format!("/api/v1/referrals/{id}/escalations");
    let body = json!({ "to": "Prosecutor, Example Town", "purpose": "file 7" });
    let (status, problem) = hub.post(&anna, &draft, body.clone()).await;
    assert_eq!(status, 409, "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("was not warned"), "{problem}");
    let warn = format!("/api/v1/referrals/{id}/warn");
    assert_eq!(hub.post(&anna, &warn, json!({ "until": until(&hub, 0) })).await.0, 422, "the day is over");
    let (status, warned) = hub.post(&anna, &warn, json!({ "until": until(&hub, 7) })).await;
    assert_eq!((status, &warned["state"]), (200, &json!("delivered")), "{warned}");
    // The platform reads it as a document of its own.
    let documents = hub.json(&mo, &format!("/api/v1/referrals/{id}/documents")).await["documents"].take();
    assert_eq!(documents[1]["kind"], "warning", "{documents}");
    let serial = documents[1]["serial"].as_u64().unwrap();
    let text = hub.get(&mo, &format!("/api/v1/referrals/{id}/documents/{serial}?format=text")).await.1;
    assert!(text.contains(&until(&hub, 7)) && text.contains("another authority"), "{text}");
    let feed = hub.get(&mo, "/feeds/bazaar.ndjson").await.1;
    assert!(feed.contains("\"kind\":\"warning\""), "{feed}");

    let (_, problem) = hub.post(&anna, &draft, body.clone()).await;
    assert!(problem["detail"].as_str().unwrap().contains("that day is not over"), "{problem}");
    hub.clock.advance_hours(24 * 8);
    let (status, drafted) = hub.post(&anna, &draft, body).await;
    assert_eq!(status, 200, "{drafted}");
    let text = drafted["text"].as_str().unwrap();
    for said in
        ["DRAFT, not approved", "Prosecutor, Example Town", "file 7", "Isotonitazene: UN1961 I (INT)", "none on record"]
    {
        assert!(text.contains(said), "{said}: {text}");
    }
    for hidden in ["North Trading", "127.0.0.1", "anna"] {
        assert!(!text.contains(hidden), "{hidden}: {text}");
    }
    let approve = format!("/api/v1/escalations/{}/approve", drafted["id"].as_str().unwrap());
    assert_eq!(hub.post(&anna, &approve, json!({})).await.0, 422, "who drafted does not approve");
    let (status, approved) = hub.post(&ben, &approve, json!({})).await;
    assert_eq!(status, 200, "{approved}");
    assert!(approved["text"].as_str().unwrap().contains("Approved by a second person"), "{approved}");
    assert_eq!(hub.post(&ben, &approve, json!({})).await.0, 409);
    // Logged as a purpose of its own; whom it goes to stands nowhere in the log, and nothing was sent.
    let log = hub.command(&["audit", "list", "--json"]).await.0;
    assert!(log.contains("escalation-approve") && log.contains("file 7") && !log.contains("Prosecutor"), "{log}");
    let (cookie, _) = sign_in(&hub, &ben).await;
    let page = hub.client.get(format!("{}/console/referrals/{id}", hub.base)).header("cookie", cookie).send().await;
    assert!(page.unwrap().text().await.unwrap().contains("Escalation (1)"));

    // The command lists all of them, however many.
    let data = rusqlite::Connection::open(hub.folder.path().join("data/truth.db")).unwrap();
    let many = "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 1100)
      INSERT INTO escalations (id, referral, platform, contact, purpose, drafted_by, drafted_key, at, text)
      SELECT id || '-' || n, referral, platform, contact, purpose, drafted_by, drafted_key, at - n, text FROM escalations, n";
    data.execute(many, []).unwrap();
    for line in [vec!["escalate", "list"], vec!["escalate", "list", &id]] {
        assert_eq!(hub.command(&line).await.0.lines().count(), 1101, "{line:?}");
    }

    // A platform that acts ends it.
    let answer = json!({ "decision": "removed" });
    assert_eq!(hub.post(&mo, &format!("/api/v1/referrals/{id}/outcome"), answer).await.0, 200);
    let (status, problem) = hub.post(&anna, &draft, json!({ "to": "x", "purpose": "y" })).await;
    assert_eq!(status, 409, "{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_platform_or_the_holder_of_a_link_must_not_learn_is_told_at_no_door() {
    let (ours, theirs) = (Shop::start().await, Shop::start().await);
    ours.put("7", "Isotonitazene 10 g", OFFER);
    theirs.put("7", "Isotonitazene 25 g", OFFER);
    let files = [
        ("ours", ours.platform_file("ours", "channels = [\"feed\"]")),
        ("theirs", theirs.platform_file("theirs", "channels = [\"feed\"]")),
    ];
    let hub = Hub::open(&files, |_| {}).await;
    hub.scan().await;
    let cases = hub.cases().await;
    let of = |platform: &str| cases.iter().find(|case| case["platform"] == platform).unwrap();
    let (id, theirs_series) = (of("ours")["id"].as_str().unwrap(), of("theirs")["series"].as_str().unwrap());
    send(&hub, of("theirs")["id"].as_str().unwrap()).await;
    let mo = hub.token(Role::Moderator, "mo", Some("ours"));
    let anna = hub.token(Role::Authority, "anna", None);
    // Another platform's series, and a series of which nothing left.
    let (cookie, _) = sign_in(&hub, &mo).await;
    for format in ["", "&format=json", "&format=csv"] {
        let path = format!("{}/console/inbox?group=all&series={theirs_series}{format}", hub.base);
        let answer = hub.client.get(path).header("cookie", &cookie).send().await.unwrap();
        assert_eq!(answer.status(), 404, "{format}");
    }
    let own_series = of("ours")["series"].as_str().unwrap();
    let outcome = format!("/api/v1/series/{own_series}/outcome");
    assert_eq!(hub.post(&mo, &outcome, json!({ "decision": "removed" })).await.0, 404, "only drafts");

    // The statement, and who answered for the platform.
    send(&hub, id).await;
    let answer = json!({ "decision": "restricted", "reference": "T-1\nR-1 confirmed gone" });
    assert_eq!(hub.post(&anna, &format!("/api/v1/referrals/{id}/outcome"), answer).await.0, 200);
    let notice = hub.json(&anna, &format!("/api/v1/referrals/{id}/notice")).await;
    let link = notice["contest"].as_str().unwrap();
    let contest = async |words: &'static str| {
        let sent = hub.client.post(link).header("content-type", "application/x-www-form-urlencoded").body(words);
        sent.send().await.unwrap().status().as_u16()
    };
    assert_eq!(contest("statement=I+am+Jane+Doe").await, 200);
    let seen = hub.json(&mo, &format!("/api/v1/referrals/{id}")).await;
    assert_eq!(seen["approved_by"], "authority");
    let seen = seen.to_string();
    for hidden in ["Jane Doe", "\"anna\"", "gone_checks"] {
        assert!(!seen.contains(hidden), "{hidden}: {seen}");
    }
    assert!(hub.json(&anna, &format!("/api/v1/referrals/{id}")).await.to_string().contains("Jane Doe"));
    let record = hub.get(&mo, "/api/v1/reports/actions?format=text").await.1;
    assert!(record.contains("T-1 R-1 confirmed gone") && !record.contains("\nR-1 confirmed gone"), "{record}");

    // Upheld once, the link takes no second statement; of a case that is held it says nothing.
    let ben = hub.token(Role::Authority, "ben", None);
    assert_eq!(hub.post(&ben, &format!("/api/v1/referrals/{id}/uphold"), json!({})).await.0, 200);
    assert_eq!(contest("statement=again").await, 409);
    let signed = link.rsplit('/').next().unwrap();
    let by_api = json!({ "link": signed, "statement": "again" });
    let (_, problem) = hub.post("none", &format!("/api/v1/referrals/{id}/contest"), by_api).await;
    assert!(!problem.to_string().contains("reopened"), "{problem}");

    // Researchers ask for no state, and get none.
    let researcher = hub.token(Role::Researcher, "rea", None);
    for query in ["state:held", "outcome:rejected"] {
        assert_eq!(hub.get(&researcher, &format!("/api/v1/hits?q={query}")).await.0, 400, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_approved_in_the_console_is_what_was_read() {
    let shop = Shop::start().await;
    shop.put("7", "Isotonitazene 10 g", OFFER);
    let hub = hub_of(&shop, "channels = [\"feed\"]").await;
    let id = hub.cases().await[0]["id"].as_str().unwrap().to_owned();
    let (cookie, csrf) = sign_in(&hub, &hub.token(Role::Authority, "anna", None)).await;
    let page = format!("{}/console/referrals/{id}", hub.base);
    let read = hub.client.get(&page).header("cookie", &cookie).send().await.unwrap().text().await.unwrap();
    let change = read.split("name=\"change\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let approve = async |change: &str| {
        let body = format!("csrf={csrf}&action=approve&change={change}");
        let sent = hub.client.post(&page).header("cookie", &cookie);
        let sent = sent.header("content-type", "application/x-www-form-urlencoded").body(body);
        sent.send().await.unwrap().status().as_u16()
    };
    hub.clock.advance_hours(2);
    shop.put("7", "Isotonitazene 500 g", &OFFER.replace("wholesale", "retail"));
    hub.scan().await;
    assert_eq!(approve(&change).await, 409, "it changed since");
    assert_eq!(hub.cases().await[0]["state"], "drafted");
    let now = hub.cases().await[0]["change"].to_string();
    assert_eq!(approve(&now).await, 303);
    assert_eq!(hub.cases().await[0]["state"], "approved");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worse_offer_opens_what_was_dismissed_and_another_substance_is_another_case() {
    let shop = Shop::start().await;
    shop.put(
        "7",
        "Ephedrine hydrochloride",
        "Ephedrine hydrochloride, 25 kg drums, for licensed pharmacies, papers on request",
    );
    shop.put("8", "Isotonitazene 10 g", OFFER);
    let hub = hub_of(&shop, "channels = [\"feed\"]").await;
    let of = async |name: &str| {
        let cases = hub.cases().await;
        cases.into_iter().filter(|case| case["title"].as_str().unwrap().contains(name)).collect::<Vec<_>>()
    };
    if let Some(case) = of("Ephedrine").await.first() {
        let id = case["id"].as_str().unwrap();
        hub.command(&["referrals", "dismiss", id, "--reason", "lawful", "--as", "anna"]).await.1.unwrap();
        hub.clock.advance_hours(2);
        shop.put(
            "7",
            "Ephedrine hydrochloride",
            "Ephedrine hydrochloride, 25 kg drums, for licensed pharmacies, papers on request. No licence needed, discreet \
             shipping, telegram only, bitcoin",
        );
        hub.scan().await;
        let cases = of("Ephedrine").await;
        assert!(cases.iter().any(|case| case["state"] == "drafted" && case["verdict"] == "refer"), "{cases:#?}");
    }
    // What stands at an address later under another name is no part of the case that was decided.
    let id = of("Isotonitazene").await[0]["id"].as_str().unwrap().to_owned();
    send(&hub, &id).await;
    let mo = hub.token(Role::Moderator, "mo", Some("bazaar"));
    let restricted = json!({ "decision": "restricted" });
    assert_eq!(hub.post(&mo, &format!("/api/v1/referrals/{id}/outcome"), restricted).await.0, 200);
    hub.clock.advance_hours(2);
    shop.put("8", "Carfentanil 5 g", "Carfentanil in stock, minimum order five grams, customs guarantee, crypto only");
    hub.scan().await;
    let cases = of("Carfentanil").await;
    assert_eq!((cases.len(), &cases[0]["state"]), (1, &json!("drafted")), "{cases:#?}");
    assert_ne!(cases[0]["id"].as_str().unwrap(), id);
    // What was sent keeps its page and its evidence, and can be answered for it.
    let anna = hub.token(Role::Authority, "anna", None);
    let case = hub.json(&anna, &format!("/api/v1/referrals/{id}")).await;
    assert_eq!((case["pages"].as_array().unwrap().len(), case["hits"].as_array().unwrap().len()), (1, 1), "{case}");
    assert!(
        case["hits"][0]["title"].to_string().contains("Isotonitazene") && !case["hits"][0]["gone_at"].is_null(),
        "{case}"
    );
    let hit = case["hits"][0]["id"].as_str().unwrap();
    let (status, page) = hub.get(&anna, &format!("/api/v1/referrals/{id}/evidence/{hit}")).await;
    assert!(status == 200 && page.contains("Isotonitazene 10 g"), "{status} {page}");
    let removed = json!({ "decision": "removed", "urls": case["urls"] });
    assert_eq!(hub.post(&mo, &format!("/api/v1/referrals/{id}/outcome"), removed).await.0, 200);
    let new = hub.json(&anna, &format!("/api/v1/referrals/{}", cases[0]["id"].as_str().unwrap())).await;
    assert_eq!(new["hits"].as_array().unwrap().len(), 1, "{new}");
    assert_ne!(new["hits"][0]["id"], case["hits"][0]["id"]);
    hub.command(&["rescreen"]).await.1.unwrap();
    // The old listing comes back: it is of its old case again, and the draft of the other one ends.
    hub.clock.advance_hours(2);
    shop.put("8", "Isotonitazene 10 g", OFFER);
    hub.scan().await;
    let case = hub.json(&anna, &format!("/api/v1/referrals/{id}")).await;
    assert_eq!(case["hits"].as_array().unwrap().len(), 1, "{case}");
    assert!(case["hits"][0]["gone_at"].is_null(), "{case}");
    assert_eq!(of("Carfentanil").await[0]["state"], "expired");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_erased_stays_so_in_the_case_that_takes_the_place_of_the_first() {
    let shop = Shop::start().await;
    shop.put("7", "Isotonitazene 10 g", &format!("{OFFER}. Telegram: @one_vendor_here"));
    let hub = hub_of(&shop, "channels = [\"feed\"]").await;
    let id = hub.cases().await[0]["id"].as_str().unwrap().to_owned();
    send(&hub, &id).await;
    let revealed = async |case: &str| hub.command(&["reveal", case, "--purpose", "a test", "--as", "anna"]).await.0;
    assert!(revealed(&id).await.contains("one_vendor_here"));
    hub.command(&["retention", "erase", &id, "--as", "anna"]).await.1.unwrap();
    hub.command(&["referrals", "correct", &id, "--reason", "another law", "--as", "anna"]).await.1.unwrap();
    let cases = hub.cases().await;
    let new = cases.iter().find(|case| case["state"] == "drafted").unwrap()["id"].as_str().unwrap().to_owned();
    hub.clock.advance_hours(2);
    shop.put("7", "Isotonitazene 20 g", &format!("{OFFER}. Telegram: @one_vendor_here"));
    hub.scan().await;
    hub.command(&["rescreen"]).await.1.unwrap();
    assert!(!revealed(&new).await.contains("one_vendor_here"), "sealed again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_for_research_leads_neither_to_its_listing_nor_to_its_case() {
    let shop = Shop::start().await;
    shop.put("7", "Isotonitazene 10 g", OFFER);
    let hub = hub_of(&shop, "channels = [\"feed\"]").await;
    let (anna, rea) = (hub.token(Role::Authority, "anna", None), hub.token(Role::Researcher, "rea", None));
    let whole = hub.json(&anna, "/api/v1/hits").await["hits"][0].clone();
    let (cookie, _) = sign_in(&hub, &rea).await;
    let mut doors = vec![("api", hub.get(&rea, "/api/v1/hits").await.1)];
    for format in ["", "?format=json", "?format=csv"] {
        let page = hub.client.get(format!("{}/console/archive{format}", hub.base)).header("cookie", &cookie);
        doors.push((format, page.send().await.unwrap().text().await.unwrap()));
    }
    for (door, text) in &doors {
        assert!(text.contains("Isotonitazene 10 g"), "{door}: {text}");
        for part in ["id", "referral", "url", "payload_digest"] {
            assert!(!text.contains(whole[part].as_str().unwrap()), "{door} {part}: {text}");
        }
        assert!(!text.contains("\"drafted\""), "{door}: {text}");
    }
    // The id is the same each time, so that rows can be told apart and found again.
    let id = hub.json(&rea, "/api/v1/hits").await["hits"][0]["id"].clone();
    assert!(doors[0].1.contains(id.as_str().unwrap()) && id.as_str().unwrap().starts_with("H-"), "{id}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_that_cannot_be_looked_at_holds_up_no_other_of_its_host() {
    let shop = Shop::start().await;
    shop.put("7", "Isotonitazene 10 g", OFFER);
    shop.put("8", "Carfentanil 5 g", &wording("Carfentanil"));
    let hub = hub_of(&shop, "channels = [\"feed\"]\nrecheck = \"24h\"").await;
    let mut ids: Vec<String> = hub.cases().await.iter().map(|case| case["id"].as_str().unwrap().to_owned()).collect();
    ids.sort();
    for id in &ids {
        send(&hub, id).await;
    }
    // Of two that are due at once the first by its id is looked at first; its record is damaged.
    let data = rusqlite::Connection::open(hub.folder.path().join("data/truth.db")).unwrap();
    data.execute("UPDATE referrals SET recheck_at = 1", []).unwrap();
    data.execute("UPDATE referrals SET state_json = '{}' WHERE id = ?", [&ids[0]]).unwrap();
    hub.clock.advance_hours(25);
    hub.command(&["referrals", "recheck"]).await.1.unwrap_err();
    let looks =
        |id: &str| hub.app.rooms.truth.looks_at(&listingwatch::vocab::ids::ReferralId::parse(id).unwrap()).unwrap();
    assert_eq!(looks(&ids[1]).len(), 1, "the other was looked at");
}

#[tokio::test(flavor = "multi_thread")]
async fn approving_with_an_older_reading_is_refused_where_the_case_is_approved() {
    let shop = Shop::start().await;
    shop.put("7", "Isotonitazene 10 g", OFFER);
    let hub = hub_of(&shop, "channels = [\"feed\"]").await;
    let id = listingwatch::vocab::ids::ReferralId::parse(hub.cases().await[0]["id"].as_str().unwrap()).unwrap();
    let (truth, now) = (&hub.app.rooms.truth, hub.app.rooms.now());
    let platform = listingwatch::config::platforms::parse(
        "bazaar.toml",
        &shop.platform_file("bazaar", "channels = [\"feed\"]"),
        now.date(),
    )
    .unwrap_or_else(|problems| panic!("{problems:?}"));
    let anna = listingwatch::vocab::actor::Actor::named("anna").unwrap();
    let read = truth.change_of(&id).unwrap();
    for (read, is_approved) in [(Some(read - 1), false), (Some(read), true)] {
        let approved = truth.approve(&id, &platform, hub.app.rooms.notice_terms(&id, now), read, &anna, now);
        assert_eq!(approved.is_ok(), is_approved, "{read:?} {approved:?}");
    }
}
