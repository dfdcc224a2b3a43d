//! Laws of the frontier store.

use std::time::Duration;

use listingwatch::frontier::entry::{NewEntry, UrlKind, UrlState};
use listingwatch::frontier::ledger::{Ledger, Urgency};
use listingwatch::frontier::politeness::HostRecord;
use listingwatch::store::hot::{HotOptions, HotStore, SettleBatch};
use listingwatch::vocab::ids::PlatformId;
use listingwatch::vocab::time::Timestamp;
use listingwatch::vocab::url::CanonicalUrl;

const LEASE: Duration = Duration::from_secs(60);

fn options() -> HotOptions {
    HotOptions { cache_bytes: 4 << 20, filter_bytes: 1 << 20 }
}

fn platform() -> PlatformId {
    PlatformId::parse("bazaar").unwrap()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + seconds * 1000)
}

fn page(path: &str, due: Timestamp) -> NewEntry {
    let url = CanonicalUrl::parse(&format!("https://shop.example.test{path}"), None).unwrap();
    NewEntry { url, depth: 1, kind: UrlKind::Page, priority: UrlKind::Page.priority(), due }
}

fn paths(leases: &[listingwatch::frontier::entry::Lease]) -> Vec<String> {
    leases.iter().map(|lease| lease.url.path_and_query().to_owned()).collect()
}

#[test]
fn a_known_url_is_not_taken_in_twice() {
    let directory = tempfile::tempdir().unwrap();
    let (hot, report) = HotStore::open(directory.path(), options()).unwrap();
    assert!(report.empty && !report.unclean);
    let first = hot.offer(&platform(), &[page("/a", at(0)), page("/a", at(0)), page("/b", at(0))]).unwrap();
    assert_eq!((first.discovered, first.known), (2, 1));
    let again = hot.offer(&platform(), &[page("/a", at(0))]).unwrap();
    assert_eq!((again.discovered, again.known), (0, 1));
    let other = hot.offer(&PlatformId::parse("other").unwrap(), &[page("/a", at(0))]).unwrap();
    assert_eq!(other.discovered, 1, "platforms share nothing");
}

#[test]
fn leases_follow_due_time_then_priority_and_expire() {
    let directory = tempfile::tempdir().unwrap();
    let (hot, _) = HotStore::open(directory.path(), options()).unwrap();
    let mut urgent = page("/urgent", at(5));
    urgent.priority = 0;
    hot.offer(&platform(), &[page("/late", at(3600)), page("/b", at(0)), urgent, page("/old", at(-600))]).unwrap();
    let host = hot.hosts(&platform())[0].clone();
    let first = hot.lease(&platform(), &host, 10, at(10), LEASE).unwrap();
    assert_eq!(paths(&first), ["/old", "/urgent", "/b"]);
    assert!(hot.lease(&platform(), &host, 10, at(11), LEASE).unwrap().is_empty(), "leased once");
    assert_eq!(hot.lease(&platform(), &host, 10, at(10).after(LEASE), LEASE).unwrap().len(), 3, "leases expire");
    assert_eq!(hot.next_due(&platform(), &host).unwrap(), Some(at(3600)));
}

#[test]
fn what_is_settled_comes_back_when_due_with_its_state() {
    let directory = tempfile::tempdir().unwrap();
    let (hot, _) = HotStore::open(directory.path(), options()).unwrap();
    hot.offer(&platform(), &[page("/a", at(0))]).unwrap();
    let host = hot.hosts(&platform())[0].clone();
    let lease = hot.lease(&platform(), &host, 1, at(0), LEASE).unwrap().remove(0);
    let state = UrlState { etag: Some("\"1\"".into()), ..UrlState::default() };
    let found = vec![page("/a", at(1)), page("/b", at(1))];
    let offered = hot
        .settle(&SettleBatch {
            settled: vec![lease.settle(state.clone(), at(86_400))],
            offered: vec![(platform(), found)],
        })
        .unwrap();
    assert_eq!((offered.discovered, offered.known), (1, 1));
    assert_eq!(paths(&hot.lease(&platform(), &host, 9, at(2), LEASE).unwrap()), ["/b"]);
    hot.close().unwrap();
    drop(hot);
    let (hot, report) = HotStore::open(directory.path(), options()).unwrap();
    assert!(!report.unclean && !report.empty);
    let back = hot.lease(&platform(), &host, 9, at(86_401), LEASE).unwrap();
    assert_eq!(back.iter().find(|lease| lease.url.as_str().ends_with("/a")).unwrap().state, state);
}

#[test]
fn an_unclean_end_is_noticed_and_leases_are_free_again() {
    let directory = tempfile::tempdir().unwrap();
    let (hot, _) = HotStore::open(directory.path(), options()).unwrap();
    hot.offer(&platform(), &[page("/a", at(0))]).unwrap();
    let host = hot.hosts(&platform())[0].clone();
    assert_eq!(hot.lease(&platform(), &host, 1, at(0), LEASE).unwrap().len(), 1);
    hot.flush().unwrap();
    drop(hot);
    let (hot, report) = HotStore::open(directory.path(), options()).unwrap();
    assert!(report.unclean);
    assert_eq!(hot.lease(&platform(), &host, 1, at(1), LEASE).unwrap().len(), 1);
}

#[test]
fn politeness_survives_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let host = page("/", at(0)).url.host();
    let record = HostRecord { blocked_until: Some(at(900)), slowdown: 2, ..HostRecord::default() };
    let (hot, _) = HotStore::open(directory.path(), options()).unwrap();
    hot.save_host(&host, &record, Urgency::Now);
    drop(hot);
    let (hot, _) = HotStore::open(directory.path(), options()).unwrap();
    assert_eq!(hot.load_host(&host), Some(record));
}

#[test]
fn a_torn_snapshot_is_set_aside_and_nothing_is_missing() {
    let directory = tempfile::tempdir().unwrap();
    let (hot, _) = HotStore::open(directory.path(), options()).unwrap();
    let many: Vec<_> = (0..500).map(|n| page(&format!("/{n}"), at(0))).collect();
    hot.offer(&platform(), &many).unwrap();
    hot.flush().unwrap();
    drop(hot);
    // The damage a hard stop leaves: a snapshot file without content..
    let snapshot = directory.path().join("snap.0000000000000001");
    std::fs::write(&snapshot, b"").unwrap();
    let (hot, _) = HotStore::open(directory.path(), options()).unwrap();
    assert_eq!(hot.offer(&platform(), &many).unwrap().known, 500);
}
