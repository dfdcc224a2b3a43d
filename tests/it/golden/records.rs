//! The frontier's records byte by byte: entries, the due index, packed blocks, hosts, robots, fingerprints, known keys.

use std::fmt::Write as _;
use std::time::Duration;

use listingwatch::dedup::cluster::Subject;
use listingwatch::dedup::minhash::MinHash;
use listingwatch::frontier::entry::{NewEntry, UrlKind, UrlState};
use listingwatch::frontier::ledger::{Ledger, Urgency};
use listingwatch::frontier::politeness::HostRecord;
use listingwatch::frontier::robots::RobotsRecord;
use listingwatch::store::hot::{HotStore, SettleBatch};
use listingwatch::vocab::found::FoundUrl;
use listingwatch::vocab::ids::{ClusterId, PlatformId, Sha256Digest};
use listingwatch::vocab::limits::Limits;
use listingwatch::vocab::time::Timestamp;

use super::compare;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + seconds * 1000)
}

fn entry(path: &str, kind: UrlKind, due: Timestamp) -> NewEntry {
    let url = FoundUrl::parse(&format!("https://shop.example.test{path}"), None).unwrap();
    NewEntry { url, depth: 3, kind, priority: kind.priority(), due }
}

#[test]
fn records_of_the_frontier() {
    let directory = tempfile::tempdir().unwrap();
    let limits = Limits { sled_cache_bytes: 4 << 20, filter_bytes: 1 << 20, ..Limits::default() };
    let platform = PlatformId::parse("bazaar").unwrap();
    let (hot, _) = HotStore::open(directory.path(), &limits).unwrap();
    let all = [
        entry("/", UrlKind::Seed, at(0)),
        entry("/sitemap.xml", UrlKind::Sitemap, at(0)),
        entry("/feed.json", UrlKind::Feed, at(0)),
        entry("/item/1?color=red", UrlKind::Page, at(60)),
        entry("/item/2", UrlKind::Page, at(60)),
        entry("/item/%E6%A4%85", UrlKind::Page, at(61)),
        entry("/item/1", UrlKind::Recheck, at(120)),
    ];
    hot.offer(&platform, &all).unwrap();
    let host = hot.hosts(&platform)[0].clone();
    let lease = hot.lease(&platform, &host, 1, at(30), Duration::from_secs(60)).unwrap().remove(0);
    let state = UrlState {
        etag: Some("\"abc\"".to_owned()),
        last_modified: Some("Mon, 13 Nov 2023 10:00:00 GMT".to_owned()),
        last_fetched: Some(at(30)),
        interval: Some(Duration::from_secs(86_400)),
        payload_digest: Some(Sha256Digest::of(b"body")),
        body_mark: Some(7),
        unchanged: 2,
        failures: 1,
        given_up: Some(at(31)),
        excluded: true,
        hit: true,
        answered: true,
        asked_next: Some(at(86_430)),
    };
    let found = vec![(platform.clone(), vec![entry("/item/9", UrlKind::Page, at(90))])];
    hot.settle(&SettleBatch { settled: vec![lease.settle(state, at(86_430))], offered: found }).unwrap();
    let record = HostRecord {
        last_request_at: Some(at(30)),
        delay: Duration::from_millis(1500),
        blocked_until: Some(at(900)),
        refusals: 2,
        slowdown: 3,
        quiet_answers: 4,
        latency: Duration::from_millis(210),
        silences: 1,
        control: None,
    };
    hot.save_host(&host, &record, Urgency::Now);
    let robots = b"User-agent: *\nDisallow: /account\nCrawl-delay: 2\nSitemap: https://shop.example.test/sitemap.xml\n";
    hot.save_robots(&host, &RobotsRecord::from_answer(Some(200), robots, at(30)));
    let minhash = MinHash::of("Isotonitazene powder for sale, wholesale price per gram, discreet shipping, samples");
    let subject = Subject::of(["isotonitazene"].into_iter(), Some("00ff".to_owned()));
    hot.remember_cluster(&platform, &ClusterId::parse("C-1").unwrap(), &minhash, &subject).unwrap();
    hot.remember_payload(&platform, &Sha256Digest::of(b"body"), b"[\"where it stands\"]").unwrap();
    hot.put_run_state(&platform, Some(b"{\"note\":1}")).unwrap();
    hot.close().unwrap();
    drop(hot);

    let mut out = String::new();
    let db = sled::open(directory.path()).unwrap();
    let mut trees: Vec<String> =
        db.tree_names().iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect();
    trees.sort();
    let _ = writeln!(out, "trees: {}", trees.join(", "));
    for pair in db.open_tree("frontier").unwrap().iter() {
        let (key, value) = pair.unwrap();
        let _ = writeln!(out, "{} = {}", shown_key(&key), shown(&value));
    }
    drop(db);
    compare("records/frontier.txt", &out);

    // What these bytes mean is read back by the same build; an earlier build's by `golden::directory`.
    let (hot, report) = HotStore::open(directory.path(), &limits).unwrap();
    assert!(!report.unclean && !report.empty);
    assert_eq!(hot.load_host(&host), Some(record));
    assert_eq!(hot.known_urls(), 8);
}

/// Keys of blocks and logs end in a number of the process.
fn shown_key(key: &[u8]) -> String {
    let letter = char::from(key[0]);
    let (rest, tail) = match letter {
        'q' | 'k' => (&key[1..key.len() - 8], " <number>"),
        _ => (&key[1..], ""),
    };
    format!("{letter} {}{tail}", shown(rest))
}

fn shown(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.chars().any(char::is_control) => text.to_owned(),
        _ => data_encoding::HEXLOWER.encode(bytes),
    }
}
