//! `doctor` looks at every part, and a key that is missing stops the program instead of being made anew.

use std::fs;

use serde_json::Value;

use crate::mockserver::{MockServer, Reply};
use crate::program::{Place, links, listing};

fn scanned() -> (MockServer, Place) {
    let server = MockServer::start(|asked| match asked.path.as_str() {
        "/robots.txt" => Reply::status(404),
        "/" => Reply::html(links(&["/a".to_owned()])),
        _ => Reply::html(listing(
            "Isotonitazene 10 g",
            "Isotonitazene for sale, Telegram @zorglub_lab, discreet shipping, bitcoin accepted",
            &[],
        )),
    });
    let place = Place::new();
    place.own_site("site", &server.url("/"), "");
    place.run(&["scan"]).expect(0);
    (server, place)
}

fn finding<'a>(document: &'a Value, check: &str) -> &'a Value {
    let all = document["findings"].as_array().unwrap();
    all.iter().find(|one| one["check"] == check).unwrap_or_else(|| panic!("no `{check}` in {document}"))
}

#[test]
fn each_part_is_looked_at_and_a_finding_says_what_to_do() {
    let (_server, place) = scanned();
    let document = place.run(&["doctor", "--json"]).expect(0).json();
    for check in ["audit", "record of truth", "evidence", "permissions", "clock"] {
        assert_eq!(finding(&document, check)["health"], "ok", "{document}");
    }
    let sender = finding(&document, "sender");
    assert_eq!(sender["health"], "warning");
    assert!(sender["do"].as_str().unwrap().contains("[sender]"), "{sender}");

    // The evidence is not what was written.
    let mut warc = fs::read_dir(place.path("data/warc")).unwrap().flatten().map(|entry| entry.path());
    let warc = warc.find(|path| path.to_string_lossy().ends_with(".warc.gz")).unwrap();
    let bytes = fs::read(&warc).unwrap();
    fs::write(&warc, bytes.iter().map(|byte| byte ^ 0x55).collect::<Vec<u8>>()).unwrap();
    let ended = place.run(&["doctor"]).expect(1);
    assert!(ended.out.contains("ERROR: 1 of 1 hits cite a record"), "{}", ended.out);
    assert!(ended.err.contains("hint: keep this data directory as evidence"), "{}", ended.err);

    // What the agreement and the disk ask for.
    place.settings("[limits]\nfree_disk = \"16TiB\"\n");
    let document = place.run(&["doctor", "--json"]).expect(1).json();
    assert!(finding(&document, "disk")["do"].as_str().unwrap().contains("make room"), "{document}");
}

#[test]
fn a_missing_key_is_told_and_never_made_anew() {
    for key in ["seal.key", "vault.key", "audit.key"] {
        let (_server, place) = scanned();
        let (kept, away) = (place.path(&format!("data/keys/{key}")), place.path("away"));
        fs::rename(&kept, &away).unwrap();
        for command in [&["referrals", "list"][..], &["scan"], &["doctor"]] {
            let ended = place.run(command);
            assert_ne!(ended.code, Some(0), "{key}: {}", ended.out);
            assert!(ended.err.contains(key) && ended.err.contains("backup"), "{key}: {}", ended.err);
            assert!(!kept.exists(), "{key} was made anew");
        }
        fs::rename(&away, &kept).unwrap();
        place.run(&["audit", "verify"]).expect(0);
    }
}
