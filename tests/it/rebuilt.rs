//! The frontier is lost: hits are found again as what they are, and no host is asked sooner than it was promised.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use listingwatch::app::{App, Paths};
use listingwatch::engine::scan::{self, Looks, PlatformResult, ScanOrder};
use listingwatch::telemetry::SystemClock;
use listingwatch::vocab::ids::{MandateId, RunId};
use listingwatch::vocab::time::{Clock, Timestamp};

use crate::mockserver::{MockServer, Reply};
use crate::program::{Place, PlatformFile, links, listing, offer};

fn shop(gone: &Arc<AtomicBool>) -> MockServer {
    let gone = gone.clone();
    MockServer::start(move |asked| match asked.path.as_str() {
        "/robots.txt" => Reply::status(404),
        "/" => Reply::html(links(&["/a".to_owned(), "/chair".to_owned(), "/twin".to_owned()])),
        "/a" | "/twin" => Reply::html(offer(1, &["/b".to_owned()])),
        // No page links to it any more once it is taken down.
        "/b" if gone.load(Ordering::Acquire) => Reply::status(404),
        "/b" => Reply::html(offer(2, &[])),
        _ => Reply::html(listing("Chair", "Oak.", &[])),
    })
}

fn lose_the_frontier(place: &Place) {
    std::fs::remove_dir_all(place.data().join("state")).unwrap();
}

#[test]
fn known_hits_are_found_again_without_new_cases_and_removals_are_noticed() {
    let gone = Arc::new(AtomicBool::new(false));
    let server = shop(&gone);
    let place = Place::new();
    place.own_site("bazaar", &server.url("/"), "");
    let first = place.run(&["scan", "--json"]).expect(0);
    assert_eq!(first.platform("bazaar")["referrals_new"], 2);
    let cases = place.referrals();
    lose_the_frontier(&place);
    let second = place.run(&["scan", "--json"]).expect(0);
    let result = second.platform("bazaar");
    assert_eq!((&result["pages"], &result["hits"], &result["referrals_new"]), (&5.into(), &3.into(), &0.into()));
    assert_eq!(place.referrals(), cases);
    gone.store(true, Ordering::Release);
    lose_the_frontier(&place);
    place.run(&["scan", "--json"]).expect(0);
    assert_eq!(place.referrals().len(), 2);
    let truth = rusqlite::Connection::open(place.data().join("truth.db")).unwrap();
    let absent: Vec<String> = truth
        .prepare("SELECT url FROM hits WHERE gone_at IS NOT NULL")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(absent, [server.url("/b")]);
}

#[test]
fn a_block_outlives_the_frontier() {
    let server = MockServer::start(|asked| match asked.path.as_str() {
        "/robots.txt" | listingwatch::frontier::control::CONTROL_PATH => Reply::status(404),
        _ => Reply::status(503).with("retry-after", "3600"),
    });
    let place = Place::new();
    place.own_site("bazaar", &server.url("/"), "");
    // The process dies right after the refusal, and the frontier with it.
    let slow = MockServer::start(|_| Reply::Never);
    place.own_site("slow", &slow.url("/"), "");
    let running = place.spawn(&["scan", "--json"]);
    server.wait_for("the refusal", |log| log.len() == 2);
    std::thread::sleep(Duration::from_millis(200));
    running.kill();
    lose_the_frontier(&place);
    std::fs::remove_file(place.path("seeds/slow.toml")).unwrap();
    let ended = place.run(&["scan", "--json"]).expect(4);
    assert_eq!(server.paths(), ["/robots.txt", "/"], "nothing is asked during the block");
    assert_eq!(ended.coverage("bazaar")["failures"], serde_json::json!({ "host-blocked": 1 }));
}

/// The system's clock, set forward.
struct Ahead(Duration);

impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        SystemClock.now().after(self.0)
    }
}

fn scan_with_clock(place: &Place, ahead: Duration) -> Vec<PlatformResult> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let settings = place.path("listingwatch.toml");
        let seeds = place.path("seeds");
        let paths = Paths::new(&place.data(), Some(&seeds), None, Some(&settings));
        let app = App::open(paths, Vec::new(), None, Arc::new(Ahead(ahead))).unwrap();
        let mandate = MandateId::parse("own-site").unwrap();
        let order = ScanOrder {
            run: RunId::parse(&format!("run-{}", ahead.as_secs())).unwrap(),
            platforms: app.platforms().into_iter().map(|platform| (platform, mandate.clone())).collect(),
            max_pages: None,
            until: None,
            looks: Looks::Due,
        };
        let results = scan::run(app.rooms.clone(), order, |_| {}, std::future::pending()).await.unwrap();
        app.close().unwrap();
        results
    })
}

#[test]
fn after_a_rebuild_every_host_first_waits_a_checkpoint_interval_and_its_delay() {
    let server = shop(&Arc::default());
    let place = Place::new();
    place.platform(&PlatformFile { id: "bazaar", rate: "300/min", start: &server.url("/"), ..Default::default() });
    let ahead = Duration::from_millis(28_500);
    scan_with_clock(&place, Duration::ZERO);
    let asked = server.log().len();
    // The second process sees a clock that is 28.5 s ahead, so that the test need not wait for 30 s.
    lose_the_frontier(&place);
    let began = Instant::now();
    let results = scan_with_clock(&place, ahead);
    assert!(results[0].coverage.complete && results[0].referrals_new == 0, "{:?}", results[0]);
    let log = server.log();
    let silence = log[asked].at - log[asked - 1].at + ahead;
    let promised = Duration::from_millis(30_000 + 200);
    assert!(silence >= promised, "{silence:?}");
    assert!(began.elapsed() < Duration::from_secs(20));
    assert!(server.shortest_gap() >= Duration::from_millis(200), "{:?}", server.shortest_gap());
}
