//! Evidence is shown only where the stored record is the one the hit cites.

use listingwatch::cli::exit::Exit;
use listingwatch::store::truth::Role;
use serde_json::Value;

use crate::hub_attacks::{sign_in, two_platforms};
use crate::shop::{Hub, OFFER, Shop};

/// Points the hit of the first platform's case at `set`, an assignment of SQL.
fn bend(hub: &Hub, set: &str) {
    let database = rusqlite::Connection::open(hub.folder.path().join("data/truth.db")).unwrap();
    let changed = database.execute(&format!("UPDATE hits SET {set} WHERE platform = 'first'"), []).unwrap();
    assert_eq!(changed, 1);
}

async fn hit_of(hub: &Hub, token: &str, case: &str) -> String {
    hub.json(token, &format!("/api/v1/referrals/{case}")).await["hits"][0]["id"].as_str().unwrap().to_owned()
}

/// `audit verify --evidence`: how it ended, and the hits it lists.
async fn verified(hub: &Hub) -> (bool, Value) {
    let (words, result) = hub.command(&["audit", "verify", "--evidence"]).await;
    let document: Value = serde_json::from_str(&words).unwrap();
    assert_eq!(document["whole"], true);
    if let Err(failure) = &result {
        assert_eq!(failure.exit, Exit::Internal);
    }
    (result.is_ok(), document["evidence"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn another_hosts_record_is_shown_at_no_door_and_found_by_the_audit() {
    let (hub, ids) = two_platforms().await;
    let authority = hub.token(Role::Authority, "anna", None);
    let hit = hit_of(&hub, &authority, &ids[0]).await;
    let route = format!("/api/v1/referrals/{}/evidence/{hit}", ids[0]);
    let (status, page) = hub.get(&authority, &route).await;
    assert_eq!(status, 200);
    assert!(page.contains("sotonitazene"), "{page}");
    let (whole, evidence) = verified(&hub).await;
    assert!(whole && evidence["hold"] == 2 && evidence["broken"] == serde_json::json!([]), "{evidence}");

    let other = "SELECT warc_offset FROM hits WHERE platform = 'second'";
    for (what, set) in [
        ("another host's record", format!("warc_offset = ({other})")),
        ("an offset with no record", "warc_offset = warc_offset + 1".to_owned()),
        ("an offset behind the file", "warc_offset = 1099511627776".to_owned()),
        ("an offset before it", "warc_offset = -1".to_owned()),
        ("another digest", "payload_digest = (SELECT payload_digest FROM hits WHERE platform = 'second')".to_owned()),
        ("no digest", "payload_digest = 'x'".to_owned()),
        ("another record's id", "warc_record = (SELECT warc_record FROM hits WHERE platform = 'second')".to_owned()),
        ("a file elsewhere", "warc_file = '../truth.db'".to_owned()),
        ("a file that is gone", "warc_file = 'listingwatch-0-00001.warc.gz'".to_owned()),
    ] {
        let database = rusqlite::Connection::open(hub.folder.path().join("data/truth.db")).unwrap();
        database.execute_batch("CREATE TABLE kept AS SELECT * FROM hits WHERE platform = 'first'").unwrap();
        bend(&hub, &set);
        let moderator = hub.token(Role::Moderator, "mo", Some("first"));
        for token in [&authority, &moderator] {
            let (status, text) = hub.get(token, &route).await;
            assert_eq!(status, 410, "{what}: {text}");
            let problem: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(problem["type"], "urn:listingwatch:problem:evidence-mismatch", "{what}");
            assert!(!text.to_lowercase().contains("nitazene"), "{what}: {text}");
        }
        let (cookie, _) = sign_in(&hub, &authority).await;
        let frame = format!("{}/console/referrals/{}/capture/{hit}", hub.base, ids[0]);
        let answer = hub.client.get(frame).header("cookie", &cookie).send().await.unwrap();
        assert_eq!(answer.status(), 410, "{what}");
        let shown = answer.text().await.unwrap().to_lowercase();
        assert!(!shown.contains("nitazene"), "{what}: {shown}");
        let (whole, evidence) = verified(&hub).await;
        assert!(!whole, "{what}");
        let broken = evidence["broken"].as_array().unwrap();
        assert_eq!(broken.len(), 1, "{what}: {evidence}");
        assert_eq!(
            (&broken[0]["hit"], &broken[0]["referral"]),
            (&hit.clone().into(), &ids[0].clone().into()),
            "{what}"
        );
        database
            .execute_batch(
                "UPDATE hits SET (warc_file, warc_offset, warc_record, payload_digest)
                   = (SELECT warc_file, warc_offset, warc_record, payload_digest FROM kept) WHERE platform = 'first';
                 DROP TABLE kept",
            )
            .unwrap();
    }
    assert!(verified(&hub).await.0);
    let log = hub.json(&authority, "/api/v1/audit").await;
    let refused: Vec<&Value> = log["entries"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["action"] == "evidence-mismatch" && entry["subject"] == hit.as_str())
        .collect();
    assert_eq!(refused.len(), 27, "each refusal is in the audit log");
    hub.command(&["audit", "verify"]).await.1.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn evidence_changed_on_disk_is_found_and_destroyed_evidence_is_no_fault() {
    let (hub, ids) = two_platforms().await;
    let authority = hub.token(Role::Authority, "anna", None);
    let hit = hit_of(&hub, &authority, &ids[0]).await;
    bend(&hub, "capture_destroyed = 1");
    let (whole, evidence) = verified(&hub).await;
    assert!(whole && evidence["hold"] == 1 && evidence["destroyed"] == 1, "{evidence}");
    bend(&hub, "capture_destroyed = NULL");
    hub.app.rooms.warc.lock().unwrap().close().unwrap();
    let database = rusqlite::Connection::open(hub.folder.path().join("data/truth.db")).unwrap();
    let (file, offset): (String, usize) = database
        .query_row("SELECT warc_file, warc_offset FROM hits WHERE platform = 'first'", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    let path = hub.folder.path().join("data/warc").join(file);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[offset + 100..offset + 108].fill(0);
    std::fs::write(&path, bytes).unwrap();
    let (whole, evidence) = verified(&hub).await;
    let broken = evidence["broken"].as_array().unwrap();
    assert!(!whole && broken.len() == 1 && broken[0]["hit"] == hit.as_str(), "{evidence}");
    let (status, _) = hub.get(&authority, &format!("/api/v1/referrals/{}/evidence/{hit}", ids[0])).await;
    assert_eq!(status, 410);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_never_cites_what_a_bent_index_names() {
    let shop = Shop::start().await;
    shop.put("7", "Isotonitazene 10 g", OFFER);
    shop.put(
        "9",
        "Metonitazene 5 g",
        "Metonitazene for sale, 5 g bags, samples available, telegram only, bitcoin accepted",
    );
    let hub = Hub::open(&[("first", shop.platform_file("first", "channels = [\"feed\"]"))], |_| {}).await;
    hub.scan().await;
    let database = rusqlite::Connection::open(hub.folder.path().join("data/truth.db")).unwrap();
    let bent = "UPDATE hits SET warc_offset = (SELECT warc_offset FROM hits WHERE url LIKE '%/9') WHERE url LIKE '%/7'";
    assert_eq!(database.execute(bent, []).unwrap(), 1);
    let rooms = &hub.app.rooms;
    // The index of payloads as it comes back after sled was lost.
    listingwatch::engine::rebuild::frontier(&rooms.hot, &rooms.truth, rooms.now()).unwrap();
    shop.put("8", "Isotonitazene 10 g", OFFER);
    hub.clock.advance_hours(2);
    hub.scan().await;
    let (_, evidence) = verified(&hub).await;
    let broken = evidence["broken"].as_array().unwrap();
    assert!(broken.len() == 1 && broken[0]["url"].as_str().unwrap().ends_with("/7"), "{evidence}");
    assert_eq!(evidence["hold"], 2, "the copy cites a record of its own: {evidence}");
}
