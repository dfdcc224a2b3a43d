//! A wall clock that is wrong, or is set while the program runs: no host is kept waiting until a wrong date, and none is
//! asked sooner than it was promised.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use listingwatch::app::{App, Paths};
use listingwatch::engine::scan::{self, Looks, PlatformResult, ScanOrder};
use listingwatch::telemetry::SystemClock;
use listingwatch::vocab::ids::{MandateId, RunId};
use listingwatch::vocab::time::{Clock, Timestamp};

use crate::mockserver::{MockServer, Reply};
use crate::program::{Place, PlatformFile, links, listing, offer};

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
const YEAR: i64 = 365 * DAY;

/// The system's clock, off by so many milliseconds.
#[derive(Clone, Default)]
struct WrongClock(Arc<AtomicI64>);

impl WrongClock {
    fn off_by(millis: i64) -> Self {
        let clock = WrongClock::default();
        clock.set(millis);
        clock
    }

    fn set(&self, millis: i64) {
        self.0.store(millis, Ordering::SeqCst);
    }
}

impl Clock for WrongClock {
    fn now(&self) -> Timestamp {
        SystemClock.now().shifted(self.0.load(Ordering::SeqCst))
    }
}

fn scan(place: &Place, run: &str, clock: WrongClock) -> PlatformResult {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let (settings, seeds) = (place.path("listingwatch.toml"), place.path("seeds"));
        let paths = Paths::new(&place.data(), Some(&seeds), None, Some(&settings));
        let app = App::open(paths, Vec::new(), None, Arc::new(clock)).unwrap();
        let mandate = MandateId::parse("own-site").unwrap();
        let order = ScanOrder {
            run: RunId::parse(run).unwrap(),
            platforms: app.platforms().into_iter().map(|platform| (platform, mandate.clone())).collect(),
            max_pages: None,
            until: None,
            looks: Looks::Due,
        };
        let mut results = scan::run(app.rooms.clone(), order, |_| {}, std::future::pending()).await.unwrap();
        app.close().unwrap();
        results.remove(0)
    })
}

fn shop() -> MockServer {
    MockServer::start(|asked| match asked.path.as_str() {
        "/robots.txt" => Reply::status(404),
        "/" => Reply::html(links(&["/a".to_owned(), "/chair".to_owned()])),
        "/a" => Reply::html(offer(1, &[])),
        _ => Reply::html(listing("Chair", "Oak.", &[])),
    })
}

#[test]
fn what_a_clock_a_year_ahead_noted_keeps_no_host_waiting() {
    for state in ["kept", "lost"] {
        let server = shop();
        let place = Place::new();
        place.platform(&PlatformFile { id: "bazaar", rate: "300/min", start: &server.url("/"), ..Default::default() });
        let ahead = scan(&place, "run-ahead", WrongClock::off_by(YEAR));
        assert_eq!((ahead.pages, ahead.coverage.complete), (3, true), "{:?}", ahead.coverage);
        // The checkpoint in the record of truth is as wrong as the frontier.
        if state == "lost" {
            std::fs::remove_dir_all(place.data().join("state")).unwrap();
        }
        let asked = server.log().len();
        let began = Instant::now();
        let today = scan(&place, "run-today", WrongClock::default());
        assert_eq!((today.pages, today.coverage.complete), (3, true), "{state}: {:?}", today.coverage);
        // A rebuilt frontier waits a checkpoint interval besides its delay, and no longer.
        let allowed = if state == "lost" { 45 } else { 10 };
        assert!(began.elapsed() < Duration::from_secs(allowed), "{state}: {:?}", began.elapsed());
        assert!(server.log().len() > asked);
        assert!(server.shortest_gap() >= Duration::from_millis(200), "{state}: {:?}", server.shortest_gap());
    }
}

#[test]
fn a_block_noted_a_year_ahead_is_counted_from_today_and_says_what_it_is() {
    let server = MockServer::start(|asked| match asked.path.as_str() {
        "/robots.txt" | listingwatch::frontier::control::CONTROL_PATH => Reply::status(404),
        _ => Reply::status(503).with("retry-after", "1800"),
    });
    for state in ["kept", "lost"] {
        let place = Place::new();
        place.own_site("bazaar", &server.url("/"), "");
        scan(&place, "run-ahead", WrongClock::off_by(YEAR));
        if state == "lost" {
            std::fs::remove_dir_all(place.data().join("state")).unwrap();
        }
        let asked = server.log().len();
        let longest = SystemClock.now().after(Duration::from_secs(1800 + 60));
        let first = scan(&place, "run-today", WrongClock::default());
        assert_eq!(server.log().len(), asked, "{state}: what is owed is not shortened");
        let waiting = &first.coverage.hosts_waiting[0];
        assert_eq!(waiting.reason.as_str(), "host-blocked", "{state}");
        assert!(waiting.until.is_some_and(|until| until <= longest), "{state}: {waiting:?}");
        // Counted once: another process does not begin anew.
        let second = scan(&place, "run-again", WrongClock::default());
        let again = second.coverage.hosts_waiting[0].until.unwrap();
        let differ = again.as_millis().abs_diff(waiting.until.unwrap().as_millis());
        assert!(differ <= 5, "{state}: {again}, before {waiting:?}");
        assert_eq!(server.log().len(), asked, "{state}");
    }
}

#[test]
fn a_clock_that_is_set_while_a_scan_runs_neither_shortens_a_block_nor_stalls_it() {
    let cases = [("a year forward", vec![YEAR]), ("an hour back", vec![-HOUR]), ("to and fro", vec![YEAR, -DAY, 0])];
    std::thread::scope(|scope| {
        for (name, steps) in cases {
            scope.spawn(move || {
                let clock = WrongClock::default();
                let set = clock.clone();
                let refused = AtomicI64::new(0);
                let server = MockServer::start(move |asked| match asked.path.as_str() {
                    "/robots.txt" => Reply::status(404),
                    "/" => Reply::html(links(&["/busy".to_owned(), "/chair".to_owned(), "/table".to_owned()])),
                    "/busy" if refused.fetch_add(1, Ordering::SeqCst) == 0 => {
                        let (set, steps) = (set.clone(), steps.clone());
                        std::thread::spawn(move || {
                            for step in steps {
                                std::thread::sleep(Duration::from_millis(400));
                                set.set(step);
                            }
                        });
                        Reply::status(429).with("retry-after", "3")
                    }
                    _ => Reply::html(listing("Chair", "Oak.", &[])),
                });
                let place = Place::new();
                place.own_site("bazaar", &server.url("/"), "concurrency = 1");
                let began = Instant::now();
                let result = scan(&place, "run-steps", clock);
                let log = server.everything();
                let busy = log.iter().position(|asked| asked.path == "/busy").unwrap();
                let silence = log[busy + 1].at - log[busy].at;
                assert!(silence >= Duration::from_secs(3), "{name}: {silence:?}");
                assert!(result.coverage.complete, "{name}: {:?}", result.coverage);
                assert!(["/busy", "/chair", "/table"].iter().all(|path| server.count(path) >= 1), "{name}");
                assert!(began.elapsed() < Duration::from_secs(20), "{name}: {:?}", began.elapsed());
            });
        }
    });
}

#[test]
fn a_block_survives_a_kill_after_the_clock_was_set_forward() {
    // The process that was killed had noticed the step: what it noted reads right on the clock as it shows then.
    let refused = AtomicI64::new(0);
    let clock = WrongClock::default();
    let set = clock.clone();
    let server = MockServer::start(move |asked| match asked.path.as_str() {
        "/robots.txt" | listingwatch::frontier::control::CONTROL_PATH => Reply::status(404),
        "/busy" => {
            if refused.fetch_add(1, Ordering::SeqCst) == 0 {
                let set = set.clone();
                std::thread::spawn(move || {
                    std::thread::sleep(Duration::from_millis(300));
                    set.set(YEAR);
                });
            }
            Reply::status(503).with("retry-after", "900")
        }
        _ => Reply::html(links(&["/busy".to_owned(), "/chair".to_owned()])),
    });
    // Another host keeps the scan going past the step.
    let slow = MockServer::start(|asked| match asked.path.as_str() {
        "/robots.txt" => Reply::status(404),
        "/" => Reply::html(links(&(0..8).map(|n| format!("/{n}")).collect::<Vec<_>>())),
        _ => Reply::html(listing("Chair", "Oak.", &[])),
    });
    let place = Place::new();
    place.own_site("bazaar", &server.url("/busy"), "concurrency = 1");
    place.platform(&PlatformFile { id: "slow", rate: "120/min", start: &slow.url("/"), ..Default::default() });
    scan(&place, "run-steps", clock);
    let asked = server.log().len();
    let next = scan(&place, "run-later", WrongClock::off_by(YEAR));
    assert_eq!(server.log().len(), asked, "asked during the block");
    assert_eq!(next.coverage.hosts_waiting[0].reason.as_str(), "host-blocked");
}

#[test]
fn doctor_says_that_the_clock_is_behind_what_is_on_record() {
    let server = shop();
    let place = Place::new();
    place.own_site("bazaar", &server.url("/"), "");
    scan(&place, "run-now", WrongClock::default());
    let well = place.run(&["doctor", "--json"]).expect(0);
    assert_eq!(well.json()["clock"], "right", "{}", well.out);
    let place = Place::new();
    place.own_site("bazaar", &server.url("/"), "");
    scan(&place, "run-ahead", WrongClock::off_by(YEAR));
    let ended = place.run(&["doctor", "--json"]).expect(0);
    assert_eq!(ended.json()["clock"], "behind", "{}", ended.out);
    assert!(ended.err.contains("ahead") && ended.err.contains("hint:"), "{}", ended.err);
}
