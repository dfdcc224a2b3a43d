//! Laws of the frontier store.

use std::time::Duration;

use listingwatch::frontier::entry::{NewEntry, UrlKind, UrlState};
use listingwatch::frontier::ledger::{Ledger, Urgency};
use listingwatch::frontier::politeness::HostRecord;
use listingwatch::store::hot::{HotStore, SettleBatch};
use listingwatch::vocab::found::FoundUrl;
use listingwatch::vocab::ids::PlatformId;
use listingwatch::vocab::limits::Limits;
use listingwatch::vocab::time::Timestamp;

const LEASE: Duration = Duration::from_secs(60);

fn limits() -> Limits {
    Limits { sled_cache_bytes: 4 << 20, filter_bytes: 1 << 20, ..Limits::default() }
}

fn platform() -> PlatformId {
    PlatformId::parse("bazaar").unwrap()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + seconds * 1000)
}

fn page(path: &str, due: Timestamp) -> NewEntry {
    let url = FoundUrl::parse(&format!("https://shop.example.test{path}"), None).unwrap();
    NewEntry { url, depth: 1, kind: UrlKind::Page, priority: UrlKind::Page.priority(), due }
}

fn paths(leases: &[listingwatch::frontier::entry::Lease]) -> Vec<String> {
    leases.iter().map(|lease| lease.url.path_and_query().to_owned()).collect()
}

#[test]
fn a_known_url_is_not_taken_in_twice() {
    let directory = tempfile::tempdir().unwrap();
    let (hot, report) = HotStore::open(directory.path(), &limits()).unwrap();
    assert!(report.empty && !report.unclean);
    let first = hot.offer(&platform(), &[page("/a", at(0)), page("/a", at(0)), page("/b", at(0))]).unwrap();
    assert_eq!((first.discovered, first.known), (2, 1));
    let again = hot.offer(&platform(), &[page("/a", at(0))]).unwrap();
    assert_eq!((again.discovered, again.known), (0, 1));
    let other = hot.offer(&PlatformId::parse("other").unwrap(), &[page("/a", at(0))]).unwrap();
    assert_eq!(other.discovered, 1, "platforms share nothing");
}

#[test]
fn what_is_due_earlier_and_more_important_is_leased_first_and_leases_expire() {
    let directory = tempfile::tempdir().unwrap();
    let (hot, _) = HotStore::open(directory.path(), &limits()).unwrap();
    let mut urgent = page("/urgent", at(5));
    urgent.priority = 0;
    hot.offer(&platform(), &[page("/late", at(3600)), page("/b", at(0)), urgent, page("/old", at(-600))]).unwrap();
    let host = hot.hosts(&platform())[0].clone();
    let first = hot.lease(&platform(), &host, 10, at(10), LEASE).unwrap();
    assert_eq!(paths(&first), ["/urgent", "/old", "/b"]);
    assert!(hot.lease(&platform(), &host, 10, at(11), LEASE).unwrap().is_empty(), "leased once");
    assert_eq!(hot.lease(&platform(), &host, 10, at(10).after(LEASE), LEASE).unwrap().len(), 3, "leases expire");
    assert!(!hot.is_due(&platform(), &host, at(100), at(0)).unwrap(), "all are leased or not due yet");
    assert!(hot.is_due(&platform(), &host, at(3600), at(0)).unwrap());
}

#[test]
fn what_is_settled_comes_back_when_due_with_its_state() {
    let directory = tempfile::tempdir().unwrap();
    let (hot, _) = HotStore::open(directory.path(), &limits()).unwrap();
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
    let (hot, report) = HotStore::open(directory.path(), &limits()).unwrap();
    assert!(!report.unclean && !report.empty);
    let back = hot.lease(&platform(), &host, 9, at(86_401), LEASE).unwrap();
    assert_eq!(back.iter().find(|lease| lease.url.as_str().ends_with("/a")).unwrap().state, state);
}

#[test]
fn an_unclean_end_is_noticed_and_leases_are_free_again() {
    let directory = tempfile::tempdir().unwrap();
    let (hot, _) = HotStore::open(directory.path(), &limits()).unwrap();
    hot.offer(&platform(), &[page("/a", at(0))]).unwrap();
    let host = hot.hosts(&platform())[0].clone();
    assert_eq!(hot.lease(&platform(), &host, 1, at(0), LEASE).unwrap().len(), 1);
    hot.flush().unwrap();
    drop(hot);
    let (hot, report) = HotStore::open(directory.path(), &limits()).unwrap();
    assert!(report.unclean);
    assert_eq!(hot.lease(&platform(), &host, 1, at(1), LEASE).unwrap().len(), 1);
}

#[test]
fn politeness_survives_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let host = page("/", at(0)).url.host();
    let record = HostRecord { blocked_until: Some(at(900)), slowdown: 2, ..HostRecord::default() };
    let (hot, _) = HotStore::open(directory.path(), &limits()).unwrap();
    hot.save_host(&host, &record, Urgency::Now);
    drop(hot);
    let (hot, _) = HotStore::open(directory.path(), &limits()).unwrap();
    assert_eq!(hot.load_host(&host), Some(record));
}

#[test]
fn a_torn_snapshot_is_set_aside_and_nothing_is_missing() {
    let directory = tempfile::tempdir().unwrap();
    let (hot, _) = HotStore::open(directory.path(), &limits()).unwrap();
    let many: Vec<_> = (0..500).map(|n| page(&format!("/{n}"), at(0))).collect();
    hot.offer(&platform(), &many).unwrap();
    hot.flush().unwrap();
    drop(hot);
    // The damage a hard stop leaves: a snapshot file without content..
    let snapshot = directory.path().join("snap.0000000000000001");
    std::fs::write(&snapshot, b"").unwrap();
    let (hot, _) = HotStore::open(directory.path(), &limits()).unwrap();
    assert_eq!(hot.offer(&platform(), &many).unwrap().known, 500);
}

#[test]
fn new_urls_wait_together_and_are_handed_out_once_each_across_restarts() {
    let directory = tempfile::tempdir().unwrap();
    let (hot, _) = HotStore::open(directory.path(), &limits()).unwrap();
    let many: Vec<_> = (0..700).map(|n| page(&format!("/{n}"), at(0))).collect();
    hot.offer(&platform(), &many).unwrap();
    let host = hot.hosts(&platform())[0].clone();
    let mut met = std::collections::HashSet::new();
    for lease in hot.lease(&platform(), &host, 300, at(1), LEASE).unwrap() {
        assert!(met.insert(lease.url.key()));
        let settled = vec![lease.settle(UrlState { last_fetched: Some(at(1)), ..UrlState::default() }, at(90_000))];
        hot.settle(&SettleBatch { settled, offered: Vec::new() }).unwrap();
    }
    // Taken and given back: due as before, and no second copy.
    let back = hot.lease(&platform(), &host, 50, at(2), LEASE).unwrap();
    back.iter().for_each(|lease| hot.release(lease, lease.due).unwrap());
    hot.flush().unwrap();
    drop(hot);
    let (hot, _) = HotStore::open(directory.path(), &limits()).unwrap();
    for lease in hot.lease(&platform(), &host, 1000, at(3), LEASE).unwrap() {
        assert!(met.insert(lease.url.key()), "`{}` again", lease.url);
    }
    assert_eq!(met.len(), 700);
    assert_eq!(hot.known_urls(), 700);
    assert_eq!(hot.due(&platform(), at(3), 1000).unwrap().len(), 400, "what is leased is still due in the store");
}

#[test]
fn a_url_that_waits_can_be_asked_for_at_once_and_only_once() {
    let directory = tempfile::tempdir().unwrap();
    let (hot, _) = HotStore::open(directory.path(), &limits()).unwrap();
    hot.offer(&platform(), &[page("/a", at(0)), page("/b", at(0)), page("/c", at(0))]).unwrap();
    let host = hot.hosts(&platform())[0].clone();
    let recheck = |path: &str| NewEntry { kind: UrlKind::Recheck, priority: 0, ..page(path, at(0)) };
    // One before its block is opened, one after.
    hot.requeue(&platform(), &recheck("/b")).unwrap();
    assert_eq!(paths(&hot.lease(&platform(), &host, 1, at(1), LEASE).unwrap()), ["/b"]);
    assert_eq!(paths(&hot.lease(&platform(), &host, 1, at(1), LEASE).unwrap()), ["/a"]);
    hot.requeue(&platform(), &recheck("/c")).unwrap();
    let rest = hot.lease(&platform(), &host, 9, at(1), LEASE).unwrap();
    assert_eq!((paths(&rest), rest[0].kind), (vec!["/c".to_owned()], UrlKind::Recheck));
}

#[test]
fn a_clock_that_was_ahead_leaves_nothing_waiting_until_that_date() {
    let (week, year) = (Duration::from_secs(7 * 86_400), 365 * 86_400);
    for (ahead, reopened) in [(3600, false), (3600, true), (86_400, false), (year, false), (year, true)] {
        let case = format!("{ahead} s ahead, opened again: {reopened}");
        let directory = tempfile::tempdir().unwrap();
        let (mut hot, _) = HotStore::open(directory.path(), &limits()).unwrap();
        let then = at(ahead);
        let names = ["/visited", "/failed", "/leased", "/new"];
        hot.offer(&platform(), &names.map(|path| page(path, then))).unwrap();
        let host = hot.hosts(&platform())[0].clone();
        let leases = hot.lease(&platform(), &host, 3, then, LEASE).unwrap();
        let visited = UrlState { last_fetched: Some(then), interval: Some(week), ..UrlState::default() };
        let settled = vec![
            leases[0].settle(visited, then.after(week)),
            leases[1].settle(UrlState::default().given_up(then), then.after(week)),
        ];
        // A block of its own, which no process has opened.
        let found = vec![(platform(), vec![page("/found", then.after(week))])];
        hot.settle(&SettleBatch { settled, offered: found }).unwrap();
        if reopened {
            hot.close().unwrap();
            drop(hot);
            hot = HotStore::open(directory.path(), &limits()).unwrap().0;
        }
        assert!(hot.is_due(&platform(), &host, at(0), at(0)).unwrap(), "{case}");
        let back = hot.lease_not_done(&platform(), &host, 9, (at(1), LEASE), at(0)).unwrap();
        let mut met = paths(&back);
        met.sort();
        let mut expected = vec!["/failed", "/found", "/new"];
        // A lease of this process goes on; what was visited comes in its interval, unless nothing is known of when it was.
        if reopened {
            expected.push("/leased");
        }
        if ahead == year {
            expected.push("/visited");
        }
        expected.sort_unstable();
        assert_eq!(met, expected, "{case}");
        assert!(hot.due(&platform(), at(1).after(week), 9).unwrap().len() >= 5, "{case}: within its interval");
        // Leases end as if they had been taken on the clock as it shows now, and what they leave is settled once.
        let held = if reopened { &leases[..0] } else { &leases[2..] };
        let settled = back.iter().chain(held).map(|lease| {
            lease.settle(
                UrlState { last_fetched: Some(at(2)), interval: Some(week), ..UrlState::default() },
                at(2).after(week),
            )
        });
        hot.settle(&SettleBatch { settled: settled.collect(), offered: Vec::new() }).unwrap();
        assert_eq!(
            paths(&hot.lease_not_done(&platform(), &host, 9, (at(3), LEASE), at(0)).unwrap()),
            Vec::<String>::new()
        );
    }
}

/// Names the folder to the child of the next test.
const CHILD: &str = "LISTINGWATCH_TEST_FRONTIER";

#[test]
fn no_url_is_lost_or_repeated_by_kill_9_at_any_moment() {
    use std::io::BufRead as _;
    let directory = tempfile::tempdir().unwrap();
    let (mut offered, mut settled) = (std::collections::BTreeSet::new(), std::collections::BTreeSet::new());
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    for round in 0..12_u64 {
        let mut child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["hot::offers_and_settles_until_killed", "--exact", "--ignored", "--nocapture"])
            .env(CHILD, format!("{} {}", round * 100_000, directory.path().display()))
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mut lines = std::io::BufReader::new(child.stdout.take().unwrap()).lines();
        // So many batches, and then somewhere inside the next.
        let mut wanted = 1 + random % 12;
        let killed_after = std::time::Duration::from_micros(random >> 40 & 0x3fff);
        while wanted > 0 {
            let line = lines.next().unwrap().unwrap();
            wanted -= u64::from(take_in(&line, &mut offered, &mut settled));
        }
        std::thread::sleep(killed_after);
        child.kill().unwrap();
        child.wait().unwrap();
        for line in lines.map_while(Result::ok) {
            take_in(&line, &mut offered, &mut settled);
        }
        let (hot, report) = HotStore::open(directory.path(), &limits()).unwrap();
        assert!(report.unclean && !report.empty);
        let mut unknown: Vec<FoundUrl> = offered.iter().map(|n| page(&format!("/{n}"), at(0)).url).collect();
        hot.retain_unknown(&platform(), &mut unknown).unwrap();
        assert_eq!(unknown, [], "round {round}: lost");
        let host = hot.hosts(&platform())[0].clone();
        let leases = hot.lease(&platform(), &host, usize::MAX, at(10), LEASE).unwrap();
        let due: std::collections::BTreeSet<u64> =
            leases.iter().map(|lease| lease.url.path_and_query()[1..].parse().unwrap()).collect();
        assert_eq!(due.len(), leases.len(), "round {round}: handed out twice");
        let again: Vec<_> = due.intersection(&settled).collect();
        assert!(again.is_empty(), "round {round}: settled and due again: {again:?}");
        // What was settled in the batch that was cut short is neither promised to be due nor to be settled.
        let missing = offered.iter().filter(|n| !settled.contains(n) && !due.contains(n)).count();
        assert!(missing <= SETTLED_AT_ONCE, "round {round}: {missing} URLs are neither due nor settled");
        settled.extend(offered.difference(&due).copied().collect::<Vec<_>>());
    }
    assert!(offered.len() > 1000 && settled.len() > 100, "{} offered, {} settled", offered.len(), settled.len());
}

/// Leases the child settles in one batch.
const SETTLED_AT_ONCE: usize = 20;

/// Notes what the child says is done; false for lines of the test harness.
fn take_in(
    line: &str,
    offered: &mut std::collections::BTreeSet<u64>,
    settled: &mut std::collections::BTreeSet<u64>,
) -> bool {
    let Some((_, said)) = line.split_once("done ") else { return false };
    let Some((new, ended)) = said.split_once(';') else { return false };
    let numbers = |text: &str| text.split_whitespace().map(|n| n.parse().unwrap()).collect::<Vec<u64>>();
    offered.extend(numbers(new));
    settled.extend(numbers(ended));
    true
}

#[test]
#[ignore = "runs as a child of another test"]
fn offers_and_settles_until_killed() {
    use std::io::Write as _;
    let Ok(told) = std::env::var(CHILD) else { return };
    let (first, directory) = told.split_once(' ').unwrap();
    let mut next: u64 = first.parse().unwrap();
    let (hot, _) = HotStore::open(std::path::Path::new(directory), &limits()).unwrap();
    loop {
        let new: Vec<u64> = (next..next + 60).collect();
        next += 60;
        let host = page("/", at(0)).url.host();
        let leases = hot.lease(&platform(), &host, SETTLED_AT_ONCE, at(10), LEASE).unwrap();
        let state = UrlState { last_fetched: Some(at(10)), ..UrlState::default() };
        let settled = leases.iter().map(|lease| lease.settle(state.clone(), at(900_000))).collect();
        let entries = new.iter().map(|n| page(&format!("/{n}"), at(0))).collect();
        hot.settle(&SettleBatch { settled, offered: vec![(platform(), entries)] }).unwrap();
        hot.flush().unwrap();
        let text = |numbers: Vec<String>| numbers.join(" ");
        let new = text(new.iter().map(u64::to_string).collect());
        let ended = text(leases.iter().map(|lease| lease.url.path_and_query()[1..].to_owned()).collect());
        println!("done {new};{ended}");
        std::io::stdout().flush().unwrap();
    }
}
