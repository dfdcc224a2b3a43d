//! What an authority answers for: personal data and its time, what is held back, reminders, looks, answers by file, reports.

use listingwatch::cli::exit::Exit;
use listingwatch::store::truth::Role;
use listingwatch::vocab::ids::ReferralId;
use listingwatch::vocab::terms::Sight;
use serde_json::{Value, json};

use crate::shop::{Hub, OFFER, Shop};

const CONTACT: &str = "write to sales.lab@vendor.example.test or Telegram: @iso_vendor, pay to bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4";

async fn shop_with(listings: &[(&str, &str, &str)], referral: &str) -> (Shop, Hub) {
    let shop = Shop::start().await;
    for (name, title, text) in listings {
        shop.put(name, title, text);
    }
    let hub = Hub::open(&[("bazaar", shop.platform_file("bazaar", referral))], |_| {}).await;
    hub.scan().await;
    (shop, hub)
}

fn lines(words: &str) -> Vec<Value> {
    words.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

async fn only_case(hub: &Hub) -> String {
    let cases = hub.cases().await;
    assert_eq!(cases.len(), 1, "{cases:?}");
    cases[0]["id"].as_str().unwrap().to_owned()
}

async fn deliver(hub: &Hub, id: &str) {
    hub.command(&["referrals", "approve", id, "--as", "anna"]).await.1.unwrap();
    assert_eq!(hub.cases().await[0]["state"], "delivered");
}

#[tokio::test(flavor = "multi_thread")]
async fn personal_data_lies_in_the_vault_only_and_each_opening_names_its_purpose() {
    let text = format!("{OFFER}. {CONTACT}");
    let (_shop, hub) = shop_with(&[("7", "Isotonitazene 10 g", &text)], "channels = [\"feed\"]").await;
    let id = only_case(&hub).await;
    // Nowhere outside the vault and the captured page: not in the database, not in its index, not in what anybody reads.
    let truth = &hub.app.rooms.truth;
    let full = truth.referral(&ReferralId::parse(&id).unwrap()).unwrap();
    let told = serde_json::to_string(&full).unwrap();
    let authority = hub.token(Role::Authority, "anna", None);
    let researcher = hub.token(Role::Researcher, "rea", None);
    let (_, case) = hub.get(&authority, &format!("/api/v1/referrals/{id}")).await;
    let (_, hits) = hub.get(&researcher, "/api/v1/hits?q=isotonitazene").await;
    let (dataset, _) = hub.command(&["export", "--format", "jsonl"]).await;
    for (place, text) in [("record", &told), ("case", &case), ("hits", &hits), ("dataset", &dataset)] {
        for secret in ["sales.lab", "iso_vendor", "bc1qw508"] {
            assert!(!text.contains(secret), "{place} shows `{secret}`: {text}");
        }
    }
    let database = rusqlite::Connection::open(hub.folder.path().join("data/truth.db")).unwrap();
    let found: i64 = database
        .query_row("SELECT count(*) FROM hits_text WHERE hits_text MATCH '\"iso_vendor\" OR \"sales\"'", [], |row| {
            row.get(0)
        })
        .unwrap();
    assert_eq!(found, 0);
    // What the notice rests on is marked in the right place all the same.
    let notice = hub.json(&authority, &format!("/api/v1/referrals/{id}/notice")).await;
    let marked: Vec<&str> = notice["excerpts"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|excerpt| excerpt["pieces"].as_array().unwrap())
        .filter(|piece| piece["marked"] == true)
        .map(|piece| piece["text"].as_str().unwrap())
        .collect();
    assert!(marked.contains(&"Isotonitazene"), "{marked:?}");

    // Only an authority opens it, and only for a purpose.
    let path = format!("/api/v1/referrals/{id}/reveal");
    for token in [&researcher, &hub.token(Role::Moderator, "mo", Some("bazaar"))] {
        assert_eq!(hub.post(token, &path, json!({ "purpose": "curiosity" })).await.0, 403);
    }
    assert_eq!(hub.post(&authority, &path, json!({ "purpose": " " })).await.0, 422);
    let (status, opened) = hub.post(&authority, &path, json!({ "purpose": "case file 12" })).await;
    assert_eq!(status, 200);
    let values: Vec<&str> = opened["values"].as_array().unwrap().iter().map(|v| v["value"].as_str().unwrap()).collect();
    assert!(values.contains(&"sales.lab@vendor.example.test"), "{values:?}");
    assert!(values.iter().any(|value| value.starts_with("bc1qw508")), "{values:?}");
    let (words, _) = hub.command(&["reveal", &id, "--purpose", "second look", "--as", "ben"]).await;
    assert_eq!(lines(&words).len(), values.len());
    let log = hub.json(&authority, "/api/v1/audit").await;
    let openings: Vec<&Value> =
        log["entries"].as_array().unwrap().iter().filter(|entry| entry["action"] == "reveal").collect();
    assert_eq!(openings.len(), 2);
    assert!(openings[0]["detail"].as_str().unwrap().contains("second look") && openings[0]["actor"] == "ben");
    assert!(!log.to_string().contains("sales.lab"), "the log holds no personal data");

    // Its time ends; the hashes stay.
    hub.clock.advance_hours(24 * 181);
    let (words, _) = hub.command(&["retention", "report"]).await;
    let due = lines(&words).into_iter().find(|line| line["class"] == "personal-data").unwrap();
    assert_eq!(due["count"], values.len());
    hub.command(&["retention", "run", "--as", "anna"]).await.1.unwrap();
    let (words, _) = hub.command(&["reveal", &id, "--purpose", "too late"]).await;
    assert!(lines(&words).iter().all(|one| one["value"].is_null() && one["hash"].is_string()), "{words}");
    let vault = std::fs::read(hub.folder.path().join("data/vault/vault.db")).unwrap();
    assert!(!vault.windows(9).any(|w| w == b"sales.lab"));
    hub.command(&["audit", "verify"]).await.1.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn retention_destroys_captures_and_closed_cases_and_leaves_the_digest() {
    let (_shop, hub) = shop_with(&[("7", "Isotonitazene 10 g", OFFER)], "channels = [\"feed\"]").await;
    let id = only_case(&hub).await;
    let authority = hub.token(Role::Authority, "anna", None);
    let case = hub.json(&authority, &format!("/api/v1/referrals/{id}")).await;
    let hit = case["hits"][0]["id"].as_str().unwrap().to_owned();
    let page = format!("/api/v1/referrals/{id}/evidence/{hit}");
    assert_eq!(hub.get(&authority, &page).await.0, 200);
    hub.app.rooms.warc.lock().unwrap().close().unwrap();
    hub.clock.advance_hours(24 * 731);
    hub.command(&["retention", "run", "--as", "anna"]).await.1.unwrap();
    let left = std::fs::read_dir(hub.folder.path().join("data/warc")).unwrap().count();
    assert_eq!(left, 0, "no capture is left");
    let (status, said) = hub.get(&authority, &page).await;
    assert_eq!(status, 410, "{said}");
    let evidence = hub.json(&authority, &format!("/api/v1/referrals/{id}/evidence")).await;
    assert!(evidence["evidence"][0]["payload_digest"].as_str().unwrap().starts_with("sha256:"));
    // The draft nobody decided on has expired with the years; closed, it goes with the rest of its time.
    assert_eq!(hub.cases().await[0]["state"], "expired");
    hub.clock.advance_hours(24 * 1826);
    hub.command(&["retention", "run", "--as", "anna"]).await.1.unwrap();
    assert_eq!(hub.cases().await.len(), 0);
    let database = rusqlite::Connection::open(hub.folder.path().join("data/truth.db")).unwrap();
    for table in ["hits", "referrals", "events", "hit_substances", "fingerprints", "rechecks"] {
        let count: i64 = database.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap();
        assert_eq!(count, 0, "{table}");
    }
    let bytes = std::fs::read(hub.folder.path().join("data/truth.db")).unwrap();
    assert!(!bytes.windows(21).any(|w| w == b"wholesale price per g"), "the text is overwritten");
    hub.command(&["audit", "verify"]).await.1.unwrap();
    // A page that comes back after its capture was destroyed is captured anew, never cited from what is gone.
    hub.clock.advance_hours(24 * 30);
    hub.scan().await;
    let again = only_case(&hub).await;
    let case = hub.json(&authority, &format!("/api/v1/referrals/{again}")).await;
    let hit = case["hits"][0]["id"].as_str().unwrap();
    assert_eq!(hub.get(&authority, &format!("/api/v1/referrals/{again}/evidence/{hit}")).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unanswered_notice_is_said_again_and_then_shown_to_an_authority() {
    let hook = |shop: &Shop| {
        format!(
            "channels = [\"webhook\"]\nwebhook = \"http://{}/hook\"\nrecheck = \"24h\"\nrenotice = \"72h\"",
            shop.address
        )
    };
    let shop = Shop::start().await;
    shop.put("7", "Isotonitazene 10 g", OFFER);
    let hub = Hub::open(&[("bazaar", shop.platform_file("bazaar", &hook(&shop)))], |_| {}).await;
    hub.scan().await;
    let id = only_case(&hub).await;
    deliver(&hub, &id).await;
    let mut kinds = Vec::new();
    for _ in 0..15 {
        hub.clock.advance_hours(24);
        hub.command(&["referrals", "recheck"]).await.1.unwrap();
        hub.command(&["referrals", "send"]).await.1.unwrap();
        kinds.push(shop.received().len());
    }
    assert_eq!(shop.received().len(), 4, "the notice and three reminders, not one a look: {kinds:?}");
    let ids: std::collections::BTreeSet<String> = shop.received().iter().map(|one| one.id.clone()).collect();
    assert_eq!(ids.len(), 4, "each reminder is a message of its own");
    let (words, _) = hub.command(&["referrals", "attention"]).await;
    let waiting: Value = serde_json::from_str(&words).unwrap();
    assert_eq!((waiting["id"].as_str(), waiting["attention"].as_str()), (Some(id.as_str()), Some("unanswered")));
    // An answer ends it.
    hub.command(&["referrals", "outcome", &id, "rejected", "--reason", "lawful-offer"]).await.1.unwrap();
    assert_eq!(hub.command(&["referrals", "attention"]).await.0, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn looks_tell_how_a_listing_went_and_count_only_when_spaced() {
    let (shop, hub) =
        shop_with(&[("7", "Isotonitazene 10 g", OFFER)], "channels = [\"feed\"]\nrecheck = \"24h\"").await;
    let id = only_case(&hub).await;
    deliver(&hub, &id).await;
    let case = ReferralId::parse(&id).unwrap();
    let look = async || {
        hub.clock.advance_hours(25);
        hub.command(&["referrals", "recheck"]).await.1.unwrap();
        let seen = hub.app.rooms.truth.looks_at(&case).unwrap().last().unwrap().seen;
        (seen, hub.cases().await[0]["state"].as_str().unwrap().to_owned())
    };
    assert_eq!(look().await, (Sight::Live, "delivered".into()));
    shop.remove("7");
    assert_eq!(look().await, (Sight::NotFound, "delivered".into()), "one look is no removal");
    shop.put("7", "Garden chair", "A chair of oak, as good as new.");
    assert_eq!(look().await, (Sight::Changed, "verified-gone".into()));
    let table = lines(&hub.command(&["report", "responses"]).await.0.replace('\n', " "));
    assert_eq!(table[0]["platforms"][0]["gone"], 1);
    assert_eq!(table[0]["platforms"][0]["median_hours_to_gone"], 50);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_substance_or_seller_never_leaves_and_the_platform_sees_nothing() {
    let seller = format!("{OFFER}. {CONTACT}");
    let other =
        "Metonitazene for sale, 5 g bags, samples available, price per gram, Telegram: @iso_vendor, bitcoin accepted";
    let (shop, hub) =
        shop_with(&[("7", "Isotonitazene 10 g", &seller), ("8", "Metonitazene 5 g", other)], "channels = [\"feed\"]")
            .await;
    let cases = hub.cases().await;
    assert_eq!(cases.len(), 2);
    let of = |name: &str| {
        let case = cases.iter().find(|case| case["title"].as_str().unwrap().starts_with(name)).unwrap();
        case["id"].as_str().unwrap().to_owned()
    };
    let (iso, meto) = (of("Iso"), of("Meto"));
    // The seller behind one case is behind the other too: the same handle.
    let (words, result) =
        hub.command(&["deconflict", "hold-seller", &iso, "--reason", "operation", "--as", "anna"]).await;
    result.unwrap();
    assert_eq!(lines(&words).len(), 2, "{words}");
    hub.command(&["referrals", "send"]).await.1.unwrap();
    let moderator = hub.token(Role::Moderator, "mo", Some("bazaar"));
    for id in [&iso, &meto] {
        assert_eq!(hub.get(&moderator, &format!("/api/v1/referrals/{id}")).await.0, 404);
        let failure = hub.command(&["referrals", "approve", id]).await.1.unwrap_err();
        assert_eq!(failure.exit, Exit::Policy);
    }
    assert_eq!(hub.json(&moderator, "/feeds/bazaar.json").await["items"], json!([]));
    assert_eq!(hub.get(&moderator, "/feeds/bazaar.ndjson").await.1, "");
    // Released by hand it still does not leave while the mark stands.
    hub.command(&["referrals", "release", &iso]).await.1.unwrap();
    let failure = hub.command(&["referrals", "approve", &iso]).await.1.unwrap_err();
    assert!(failure.to_string().contains("is held back"), "{failure}");
    hub.command(&["referrals", "send"]).await.1.unwrap();
    assert_eq!(hub.json(&moderator, "/feeds/bazaar.json").await["items"], json!([]));
    // What a later scan finds of it is held at once.
    shop.put(
        "9",
        "Protonitazene 5 g",
        &other.replace("Metonitazene", "Protonitazene").replace("5 g bags", "25 g in stock now"),
    );
    hub.clock.advance_hours(2);
    hub.scan().await;
    let new = hub.cases().await.into_iter().find(|case| case["title"] == "Protonitazene 5 g").unwrap();
    assert_eq!(new["state"], "held");
    // Marks are lifted one by one.
    let (words, _) = hub.command(&["deconflict", "list"]).await;
    for mark in lines(&words) {
        hub.command(&["deconflict", "lift", "seller", mark["value"].as_str().unwrap()]).await.1.unwrap();
    }
    for case in hub.cases().await {
        assert_eq!(case["state"], "drafted", "released: {case}");
        hub.command(&["referrals", "approve", case["id"].as_str().unwrap()]).await.1.unwrap();
    }
    assert!(hub.cases().await.iter().all(|case| case["state"] == "delivered"), "{:?}", hub.cases().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn not_even_an_agreed_automatic_policy_sends_what_is_held() {
    let shop = Shop::start().await;
    shop.put("7", "Isotonitazene 10 g", OFFER);
    let policy = "channels = [\"feed\"]\napproval = \"automatic\"";
    let hub = Hub::open(&[("bazaar", shop.platform_file("bazaar", policy))], |_| {}).await;
    let hold = ["deconflict", "hold-substance", "isotonitazene", "--reason", "operation"];
    hub.command(&hold).await.1.unwrap();
    hub.scan().await;
    assert_eq!(hub.cases().await[0]["state"], "held");
    hub.command(&["deconflict", "lift", "substance", "isotonitazene"]).await.1.unwrap();
    hub.command(&["referrals", "send"]).await.1.unwrap();
    assert_eq!(hub.cases().await[0]["state"], "delivered");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hubs_learn_of_overlap_and_nothing_else() {
    let seller = format!("{OFFER}. {CONTACT}");
    let (_first, ours) = shop_with(&[("7", "Isotonitazene 10 g", &seller)], "channels = [\"feed\"]").await;
    let theirs_text = format!("Metonitazene for sale, 5 g bags, price per gram, bitcoin accepted. {CONTACT}");
    let secret = "Protonitazene for sale, 25 g, price per gram, bitcoin accepted, Telegram: @nobody_else";
    let (_second, theirs) = shop_with(
        &[("1", "Metonitazene 5 g", &theirs_text), ("2", "Protonitazene 25 g", secret)],
        "channels = [\"feed\"]",
    )
    .await;
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let (words, _) = ours.command(&["deconflict", "key"]).await;
    let key: Value = serde_json::from_str(&words).unwrap();
    std::fs::write(path("key"), key["key"].as_str().unwrap()).unwrap();
    let (key, file) = (path("key"), path("digests"));
    theirs.command(&["deconflict", "export", "--partner", "us", "--key", &key, "--out", &file]).await.1.unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    for secret in ["vendor", "127.0.0.1", "bazaar", "itazene", "nobody_else"] {
        assert!(!text.contains(secret), "{secret}");
    }
    let (words, result) = ours.command(&["deconflict", "import", &file, "--key", &key, "--hold"]).await;
    result.unwrap();
    let overlaps = lines(&words);
    assert_eq!(overlaps.len(), 1, "{words}");
    let kinds: Vec<&str> =
        overlaps[0]["kinds"].as_array().unwrap().iter().map(|kind| kind[0].as_str().unwrap()).collect();
    assert!(kinds.contains(&"contact") && kinds.contains(&"payment"), "{words}");
    assert_eq!(ours.cases().await[0]["state"], "held");
    // Under another key the file is refused, and says so.
    let (words, _) = ours.command(&["deconflict", "key"]).await;
    let other: Value = serde_json::from_str(&words).unwrap();
    std::fs::write(path("other"), other["key"].as_str().unwrap()).unwrap();
    let failure = ours.command(&["deconflict", "import", &file, "--key", &path("other")]).await.1.unwrap_err();
    assert!(failure.to_string().contains("another key"), "{failure}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_answers_is_taken_line_by_line() {
    let other = "Metonitazene for sale, 5 g bags, samples available, price per gram, telegram only, bitcoin accepted";
    let (_shop, hub) =
        shop_with(&[("7", "Isotonitazene 10 g", OFFER), ("8", "Metonitazene 5 g", other)], "channels = [\"feed\"]")
            .await;
    let ids: Vec<String> = hub.cases().await.iter().map(|case| case["id"].as_str().unwrap().to_owned()).collect();
    hub.command(&["referrals", "approve", &ids[0], &ids[1], "--as", "anna"]).await.1.unwrap();
    let moderator = hub.token(Role::Moderator, "mo", Some("bazaar"));
    let stranger = hub.token(Role::Moderator, "sly", Some("elsewhere"));
    let file = format!(
        "referral,decision,reason,reference\n{},removed,illegal-content,T-1\n{},gone,,\nR-0000000000000000,removed,,\n",
        ids[0], ids[1]
    );
    let upload = async |token: &str, kind: &str, body: &str| {
        let request = hub.client.post(format!("{}/api/v1/outcomes", hub.base)).bearer_auth(token);
        let answer = request.header("content-type", kind).body(body.to_owned()).send().await.unwrap();
        (answer.status().as_u16(), serde_json::from_str::<Value>(&answer.text().await.unwrap()).unwrap_or_default())
    };
    // To a stranger these cases are as unknown as one that nobody has.
    let (_, told) = upload(&stranger, "text/csv", &file).await;
    assert_eq!((told["taken"].as_u64(), told["refused"].as_u64()), (Some(0), Some(3)), "{told}");
    let (status, told) = upload(&moderator, "text/csv; charset=utf-8", &file).await;
    assert_eq!((status, told["taken"].as_u64(), told["refused"].as_u64()), (200, Some(1), Some(2)), "{told}");
    assert!(told["lines"][1]["error"].as_str().unwrap().contains("no decision `gone`"), "{told}");
    assert_eq!(told["lines"][1]["line"], 3);
    assert_eq!(upload(&moderator, "application/json", &file).await.0, 415);
    assert_eq!(upload(&moderator, "text/csv", "colour,size\n1,2\n").await.0, 422);
    // Sent twice, nothing happens twice.
    upload(&moderator, "text/csv", &file).await;
    let case = hub.json(&moderator, &format!("/api/v1/referrals/{}", ids[0])).await;
    let answers = case["timeline"].as_array().unwrap().iter().filter(|step| step["event"] == "answer").count();
    assert_eq!(answers, 1);
    // The same by command line: exit 4, the good line taken.
    let path = hub.folder.path().join("answers.csv");
    std::fs::write(&path, format!("referral;decision;reason\n{};rejected;lawful-offer\nnonsense;removed;\n", ids[1]))
        .unwrap();
    let (words, result) =
        hub.command(&["referrals", "outcomes", &path.to_string_lossy(), "--platform", "bazaar"]).await;
    assert_eq!(result.unwrap(), Exit::Partial);
    assert_eq!(lines(&words)[0]["state"], "decided");
    // A published reason goes with its decision.
    let outcome = format!("/api/v1/referrals/{}/outcome", ids[1]);
    let crossed = json!({ "decision": "removed", "reason": "lawful-offer" });
    assert_eq!(hub.post(&moderator, &outcome, crossed).await.0, 422);
    let reasons = hub.json(&moderator, "/api/v1/outcome-reasons").await;
    assert!(reasons["reasons"].as_array().unwrap().len() > 15);
    // The report counts them.
    let year = hub.clock_year();
    let (words, _) = hub.command(&["report", "transparency", "--year", &year]).await;
    let report: Value = serde_json::from_str(&words).unwrap();
    assert_eq!((&report["by_action"]["removed"], &report["by_action"]["rejected"]), (&json!(1), &json!(1)));
    let authority = hub.token(Role::Authority, "anna", None);
    let (status, csv) = hub.get(&authority, "/api/v1/reports/responses?format=csv").await;
    assert!(status == 200 && csv.contains("\nbazaar,2,2,1,0,0,1,0,"), "{csv}");
    assert_eq!(hub.get(&moderator, "/api/v1/reports/responses").await.0, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_listing_stays_away_until_it_changes_and_the_new_case_cites_the_answer() {
    let (shop, hub) = shop_with(&[("7", "Isotonitazene 10 g", OFFER)], "channels = [\"feed\"]").await;
    let id = only_case(&hub).await;
    deliver(&hub, &id).await;
    hub.command(&["referrals", "outcome", &id, "rejected", "--reason", "not-offered", "--reference", "T-5"])
        .await
        .1
        .unwrap();
    // The same again, elsewhere on the platform and with another price: nothing new.
    shop.put("8", "Isotonitazene 10 g", OFFER);
    hub.clock.advance_hours(2);
    hub.scan().await;
    assert_eq!(hub.cases().await.len(), 1);
    // Another substance in nearly the same words is news.
    shop.put("7", "Isotonitazene 10 g", &format!("{OFFER} Etonitazene"));
    hub.clock.advance_hours(24 * 9);
    hub.scan().await;
    let cases = hub.cases().await;
    assert_eq!(cases.len(), 2, "{cases:?}");
    let new = cases.iter().find(|case| case["state"] == "drafted").unwrap()["id"].as_str().unwrap().to_owned();
    hub.command(&["referrals", "approve", &new, "--as", "anna"]).await.1.unwrap();
    let moderator = hub.token(Role::Moderator, "mo", Some("bazaar"));
    let notice = hub.json(&moderator, &format!("/api/v1/referrals/{new}/notice")).await;
    let said = notice["history"][0].as_str().unwrap();
    assert!(said.contains(&id) && said.contains("not-offered") && said.contains("T-5"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_takes_the_old_notice_back_and_drafts_a_new_one() {
    let (_shop, hub) = shop_with(&[("7", "Isotonitazene 10 g", OFFER)], "channels = [\"feed\"]").await;
    let id = only_case(&hub).await;
    deliver(&hub, &id).await;
    let authority = hub.token(Role::Authority, "anna", None);
    let (status, done) =
        hub.post(&authority, &format!("/api/v1/referrals/{id}/correct"), json!({ "reason": "wrong ground" })).await;
    assert_eq!(status, 200, "{done}");
    let new = done["draft"].as_str().unwrap();
    hub.command(&["referrals", "send"]).await.1.unwrap();
    let moderator = hub.token(Role::Moderator, "mo", Some("bazaar"));
    let (_, feed) = hub.get(&moderator, "/feeds/bazaar.ndjson").await;
    assert_eq!(lines(&feed).last().unwrap()["type"], "referral.withdrawn");
    assert_eq!(hub.get(&moderator, &format!("/api/v1/referrals/{new}")).await.0, 404, "a draft is the authority's");
    hub.command(&["referrals", "approve", new, "--as", "ben"]).await.1.unwrap();
    let notice = hub.json(&moderator, &format!("/api/v1/referrals/{new}/notice")).await;
    assert!(notice["history"][0].as_str().unwrap().contains("replaces"), "{notice}");
    assert_eq!(hub.post(&authority, &format!("/api/v1/referrals/{id}/correct"), json!({ "reason": "x" })).await.0, 409);
}

#[tokio::test(flavor = "multi_thread")]
async fn notices_come_in_the_platforms_language_and_in_any_other_on_request() {
    let (_shop, hub) =
        shop_with(&[("7", "Isotonitazene 10 g", OFFER)], "channels = [\"feed\"]\nlanguage = \"ar\"").await;
    let id = only_case(&hub).await;
    deliver(&hub, &id).await;
    let moderator = hub.token(Role::Moderator, "mo", Some("bazaar"));
    let path = format!("/api/v1/referrals/{id}/notice");
    let (_, html) = hub.get(&moderator, &format!("{path}?format=html")).await;
    assert!(html.contains("<html lang=\"ar\" dir=\"rtl\">") && html.contains("<code dir=\"ltr\">http://127"), "{html}");
    for code in ["en", "fr", "es", "zh", "ru", "ar", "de"] {
        let notice = hub.json(&moderator, &format!("{path}?language={code}")).await;
        assert_eq!(notice["language"], code);
        let (words, _) = hub.command(&["referrals", "notice", &id, "--language", code]).await;
        assert_eq!(serde_json::from_str::<Value>(&words).unwrap()["reasons"], notice["reasons"]);
    }
    assert_eq!(hub.get(&moderator, &format!("{path}?language=xx")).await.0, 400);
    // An order is another thing: it needs its own fields, and no channel takes it.
    let failure = hub.command(&["referrals", "order", &id, "--number", "1"]).await.1.unwrap_err();
    assert!(failure.to_string().contains("legal_basis"), "{failure}");
    let (words, result) = hub
        .command(&[
            "referrals",
            "order",
            &id,
            "--number",
            "7/2026",
            "--legal-basis",
            "Act 1",
            "--provision",
            "Section 2",
            "--territory",
            "NL",
            "--act",
            "remove it",
            "--redress",
            "appeal to the court",
            "--report-to",
            "a@b.test",
        ])
        .await;
    result.unwrap();
    assert_eq!(serde_json::from_str::<Value>(&words).unwrap()["kind"], "order");
    assert_eq!(lines(&hub.get(&moderator, "/feeds/bazaar.ndjson").await.1).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_control_sample_is_counted_and_holds_no_address() {
    let listings: Vec<(String, String, String)> = (0..200)
        .map(|n| {
            (
                format!("{}", 100 + n),
                format!("Garden chair {n}"),
                format!("A chair of oak, number {n}, to be collected."),
            )
        })
        .collect();
    let listings: Vec<(&str, &str, &str)> =
        listings.iter().map(|(a, b, c)| (a.as_str(), b.as_str(), c.as_str())).collect();
    let (shop, hub) = shop_with(&listings, "channels = [\"feed\"]\nrecheck = \"24h\"").await;
    let drawn = hub.app.rooms.truth.control_counts().unwrap();
    assert!(drawn.len() == 1 && (1..60).contains(&drawn[0].sampled), "{drawn:?}");
    for (name, ..) in &listings {
        shop.remove(name);
    }
    hub.clock.advance_hours(25);
    hub.scan().await;
    let after = hub.app.rooms.truth.control_counts().unwrap();
    assert_eq!((after[0].sampled, after[0].gone), (drawn[0].sampled, drawn[0].sampled), "{after:?}");
    let database = rusqlite::Connection::open(hub.folder.path().join("data/truth.db")).unwrap();
    let columns: Vec<String> = {
        let mut statement =
            database.prepare("SELECT name FROM pragma_table_info('control_sample') ORDER BY cid").unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    };
    assert_eq!(columns, ["platform", "digest", "mandate", "since", "checked", "checks", "gone_at", "expires"]);
    // It ends with its mandate; the counts stay.
    hub.clock.advance_hours(24 * 200);
    hub.command(&["retention", "run"]).await.1.unwrap();
    let left: i64 = database.query_row("SELECT count(*) FROM control_sample", [], |row| row.get(0)).unwrap();
    assert_eq!(left, 0);
    assert_eq!(hub.app.rooms.truth.control_counts().unwrap(), after);
}
