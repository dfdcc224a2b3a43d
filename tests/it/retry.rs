//! `Retry-After`, 429 and 503: no request during the block, not by a restart and not after `kill -9`.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use listingwatch::telemetry::SystemClock;
use listingwatch::vocab::time::{Clock, Timestamp};

use crate::mockserver::{MockServer, Reply};
use crate::program::{Place, links, listing, offer};

/// A shop whose `/busy` refuses the first `refusals` requests.
fn shop(status: u16, retry_after: &'static str, refusals: usize) -> MockServer {
    let asked_so_far = AtomicUsize::new(0);
    MockServer::start(move |asked| match asked.path.as_str() {
        "/robots.txt" => Reply::status(404),
        "/" => Reply::html(links(&["/busy".to_owned(), "/other".to_owned()])),
        "/busy" if asked_so_far.fetch_add(1, Ordering::AcqRel) < refusals => {
            Reply::status(status).with("retry-after", retry_after)
        }
        _ => Reply::html(listing("Chair", "Oak.", &[])),
    })
}

/// The time between the refusal and the next request, as the server saw them.
fn silence(server: &MockServer) -> Duration {
    let log = server.everything();
    let refused = log.iter().position(|asked| asked.path == "/busy").expect("it was asked");
    log[refused + 1].at - log[refused].at
}

#[test]
fn a_short_block_is_sat_out_within_the_scan_and_the_page_is_fetched_then() {
    for status in [429, 503] {
        let server = shop(status, "2", 1);
        let place = Place::new();
        place.own_site("bazaar", &server.url("/"), "concurrency = 1");
        let ended = place.run(&["scan", "--json"]).expect(0);
        assert!(silence(&server) >= Duration::from_secs(2), "{status}: {:?}", silence(&server));
        assert_eq!((server.count("/busy"), server.count("/other")), (2, 1), "{status}");
        let coverage = ended.coverage("bazaar");
        assert_eq!((&coverage["complete"], &coverage["outcomes"]["refused"]), (&true.into(), &1.into()), "{status}");
    }
}

#[test]
fn a_long_block_ends_the_scan_as_partial_and_a_restart_asks_for_nothing() {
    let server = shop(503, "3600", usize::MAX);
    let place = Place::new();
    place.own_site("bazaar", &server.url("/"), "concurrency = 1");
    let first = place.run(&["scan", "--json"]).expect(4);
    assert!(first.took < Duration::from_secs(10), "{:?}", first.took);
    assert_eq!(server.paths().last().map(String::as_str), Some("/busy"), "nothing is asked after the refusal");
    let before = server.log().len();
    let second = place.run(&["scan", "--json"]).expect(4);
    assert_eq!(server.log().len(), before, "the block outlives the process: {:?}", server.paths());
    let coverage = second.coverage("bazaar");
    let owed = 2 - server.count("/other");
    assert_eq!(
        coverage["failures"],
        serde_json::json!({ "host-blocked": owed }),
        "what is owed is counted: {coverage}"
    );
    assert_eq!(first.coverage("bazaar")["failures"], coverage["failures"]);
}

#[test]
fn a_block_survives_kill_9_and_a_block_that_ended_does_not_shorten_the_pace() {
    let server = shop(429, "2", 1);
    let place = Place::new();
    place.own_site("bazaar", &server.url("/"), "concurrency = 1");
    let running = place.spawn(&["scan", "--json"]);
    server.wait_for("the refusal", |log| log.iter().any(|asked| asked.path == "/busy"));
    // The refusal must reach the program before it dies; the block it asks for is a hundred times longer.
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(running.kill().code, None);
    place.run(&["scan", "--json"]).expect(0);
    assert!(silence(&server) >= Duration::from_secs(2), "{:?}", silence(&server));
    assert_eq!(server.count("/busy"), 2);
}

#[test]
fn a_server_in_trouble_says_nothing_about_a_hit() {
    let trouble = std::sync::Arc::new(AtomicUsize::new(0));
    let held = trouble.clone();
    let server = MockServer::start(move |asked| match (asked.path.as_str(), held.load(Ordering::Acquire)) {
        ("/robots.txt", _) => Reply::status(404),
        ("/offer", 0 | 3) => Reply::html(offer(1, &[])).with("etag", "\"1\""),
        ("/offer", 1) => Reply::status(500),
        ("/offer", 2) => Reply::html("<p>half a page").with("content-encoding", "identity").with("etag", "\"2\""),
        ("/offer", _) => Reply::status(404),
        _ => Reply::status(404),
    });
    let place = Place::new();
    place.own_site("bazaar", &server.url("/offer"), "revisit = \"40ms\"");
    let gone = || {
        let truth = rusqlite::Connection::open(place.data().join("truth.db")).unwrap();
        truth.query_row("SELECT gone_at FROM hits", [], |row| row.get::<_, Option<i64>>(0)).unwrap()
    };
    place.run(&["scan", "--json"]).expect(0);
    assert_eq!(server.count("/offer"), 1, "a scan sees a page once, however short the interval");
    assert_eq!(gone(), None);
    trouble.store(1, Ordering::Release);
    place.run(&["scan", "--json"]).expect(4);
    assert_eq!(server.count("/offer"), 2);
    assert_eq!(gone(), None, "an error page is no removal");
    trouble.store(4, Ordering::Release);
    place.run(&["scan", "--json"]).expect(0);
    assert!(gone().is_some(), "404 is");
    // Back under the same validator: it must come back whole, not as `not modified`.
    trouble.store(3, Ordering::Release);
    place.run(&["scan", "--json"]).expect(0);
    assert_eq!(gone(), None);
    let last = server.log().pop().unwrap();
    assert_eq!(last.header("if-none-match"), None);
}

#[test]
fn every_form_of_retry_after_keeps_us_away() {
    let later = |form: &str| SystemClock.now().after(Duration::from_secs(7200)).to_jiff().strftime(form).to_string();
    for asked in [
        later("%A, %d-%b-%y %H:%M:%S GMT"),
        later("%a %b %e %H:%M:%S %Y"),
        later("%a, %d %b %Y %H:%M:%S GMT"),
        "Fri, 31 Dec 9999 23:59:59 GMT".to_owned(),
        "30, 7200".to_owned(),
        "7200.5".to_owned(),
    ] {
        let server = MockServer::start({
            let asked_for = asked.clone();
            move |asked| match asked.path.as_str() {
                "/" => Reply::status(503).with("retry-after", asked_for.clone()),
                _ => Reply::status(404),
            }
        });
        let place = Place::new();
        place.own_site("bazaar", &server.url("/"), "");
        let coverage = place.run(&["scan", "--json"]).expect(4).coverage("bazaar");
        assert_eq!(server.count("/"), 1, "{asked}");
        let waiting = &coverage["hosts_waiting"][0];
        let until: Timestamp = waiting["until"].as_str().unwrap().parse().unwrap();
        let wait = until.since(SystemClock.now()).as_secs();
        let most = if asked.contains("9999") { 86_400 } else { 7201 };
        assert!((most - 120..=most).contains(&wait), "{asked}: {wait} s");
    }
    // Two lines: a proxy adds its own wish.
    let server = MockServer::start(|asked| match asked.path.as_str() {
        "/" => Reply::status(429).with("retry-after", "1").with("retry-after", "3600"),
        _ => Reply::status(404),
    });
    let place = Place::new();
    place.own_site("bazaar", &server.url("/"), "");
    place.run(&["scan", "--json"]).expect(4);
    assert_eq!(server.count("/"), 1);
}

#[test]
fn a_page_put_off_for_hours_before_it_was_asked_for_leaves_the_scan_incomplete() {
    // The control file is asked for first, and refused: the start page waits until the block ends.
    for seconds in ["7200", "86000"] {
        let server = MockServer::start(move |asked| match asked.path.as_str() {
            "/robots.txt" => Reply::status(404),
            _ => Reply::status(503).with("retry-after", seconds),
        });
        let place = Place::new();
        place.own_site("bazaar", &server.url("/"), "");
        let coverage = place.run(&["scan", "--json"]).expect(4).coverage("bazaar");
        assert_eq!((server.count("/"), &coverage["failures"]["host-blocked"]), (0, &1.into()), "{coverage}");
    }
}
