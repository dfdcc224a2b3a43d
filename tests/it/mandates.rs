//! A mandate's budget and end hold for every request: across platforms, runs and processes, in scans and in rechecks.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use listingwatch::app::{App, Paths};
use listingwatch::engine::scan::{self, Looks, ScanOrder};
use listingwatch::store::truth::Mandate;
use listingwatch::telemetry::SystemClock;
use listingwatch::vocab::actor::Actor;
use listingwatch::vocab::ids::{MandateId, RunId};
use listingwatch::vocab::time::{Clock, Timestamp};

use crate::mockserver::{MockServer, Reply};
use crate::program::{Ended, Place, links, listing, offer};

/// A chain of pages, each with a link to the next; `slow` is how long each takes.
fn chain(slow: Duration) -> MockServer {
    MockServer::start(move |asked| match asked.path.strip_prefix("/p/").and_then(|n| n.parse::<u32>().ok()) {
        Some(number) => {
            std::thread::sleep(slow);
            Reply::html(listing(&format!("Chair {number}"), "Oak.", &[format!("/p/{}", number + 1)]))
        }
        None if asked.path == "/" => Reply::html(links(&["/p/1".to_owned(), "/p/1000".to_owned()])),
        None => Reply::status(404),
    })
}

fn pages(server: &MockServer) -> usize {
    server.paths().iter().filter(|path| *path != "/robots.txt").count()
}

fn create(place: &Place, id: &str, budget: &str, expires: &str) -> Ended {
    let line = ["mandate", "create", id, "--authority", "Office", "--reference", "A 1", "--purpose", "test"];
    place.run(&[&line[..], &["--budget", budget, "--expires", expires]].concat())
}

fn mandate(place: &Place, id: &str) -> serde_json::Value {
    let ended = place.run(&["--json", "mandate", "list"]).expect(0);
    let mut rows = ended.out.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    rows.find(|row| row["id"] == id).unwrap()
}

fn spent(place: &Place, id: &str) -> u64 {
    mandate(place, id)["spent"].as_u64().unwrap()
}

#[test]
fn a_page_budget_holds_over_platforms_and_runs() {
    let (one, two) = (chain(Duration::ZERO), chain(Duration::ZERO));
    let place = Place::new();
    place.own_site("one", &one.url("/"), "");
    place.own_site("two", &two.url("/"), "");
    create(&place, "m", "4", "2099-12-31").expect(0);
    place.run(&["scan", "one", "--json", "--mandate", "m", "--max-pages", "1"]).expect(4);
    assert_eq!((pages(&one), spent(&place, "m")), (1, 1));
    let ended = place.run(&["scan", "--json", "--mandate", "m"]).expect(4);
    assert_eq!((pages(&one) + pages(&two), spent(&place, "m")), (4, 4));
    let reasons = ["one", "two"].map(|id| ended.coverage(id)["failures"]["mandate-budget"].clone());
    assert!(reasons.contains(&1.into()), "{}", ended.out);
    assert!(ended.err.contains("hint:") && ended.err.contains("mandate create"), "{}", ended.err);
    // What was cut short goes on under the next mandate.
    let refused = place.run(&["scan", "--json", "--mandate", "m"]).expect(5);
    assert!(refused.err.contains("no pages left"), "{}", refused.err);
    assert_eq!(pages(&one) + pages(&two), 4);
}

#[test]
fn a_byte_budget_holds_over_platforms_and_runs() {
    let page = || {
        MockServer::start(|asked| match asked.path.strip_prefix("/p/").and_then(|n| n.parse::<u32>().ok()) {
            Some(number) => Reply::html(listing("Chair", &"Oak. ".repeat(2_000), &[format!("/p/{}", number + 1)])),
            None if asked.path == "/" => Reply::html(links(&["/p/1".to_owned()])),
            None => Reply::status(404),
        })
    };
    let (one, two) = (page(), page());
    let place = Place::new();
    place.own_site("one", &one.url("/"), "concurrency = 1\nmax_depth = 10000");
    place.own_site("two", &two.url("/"), "concurrency = 1\nmax_depth = 10000");
    let line = ["mandate", "create", "m", "--authority", "Office", "--reference", "A 1", "--purpose", "test"];
    place.run(&[&line[..], &["--bytes", "200KiB", "--expires", "2099-12-31"]].concat()).expect(0);
    // Each page has some 20 KB.
    place.run(&["scan", "one", "--json", "--mandate", "m", "--max-pages", "4"]).expect(4);
    let held = mandate(&place, "m");
    assert_eq!((pages(&one), &held["budget_bytes"]), (4, &(200 << 10).into()), "{held}");
    let used = held["spent_bytes"].as_u64().unwrap();
    assert!((60_000..65_000).contains(&used), "{held}");
    let ended = place.run(&["scan", "two", "--json", "--mandate", "m"]).expect(4);
    assert_eq!(ended.coverage("two")["failures"]["mandate-bytes"], 1, "{}", ended.out);
    assert!(ended.err.contains("hint:") && ended.err.contains("mandate create"), "{}", ended.err);
    // The last page may pass the budget, and none comes after it.
    let used = mandate(&place, "m")["spent_bytes"].as_u64().unwrap();
    assert!((200 << 10..(200 << 10) + 21_000).contains(&used), "{used}");
    let asked = pages(&one) + pages(&two);
    let refused = place.run(&["scan", "--json", "--mandate", "m"]).expect(5);
    assert!(refused.err.contains("no bytes left"), "{}", refused.err);
    assert_eq!(pages(&one) + pages(&two), asked);
}

#[test]
fn bytes_of_a_body_that_does_not_end_are_counted() {
    const CAME: usize = 200_000;
    let (page, head) =
        (offer(1, &[]), "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 3000000\r\n\r\n<p>");
    let broken = Arc::new(AtomicI64::new(0));
    let now = broken.clone();
    let server = MockServer::start(move |asked| match (asked.path.as_str(), now.load(Ordering::SeqCst)) {
        ("/", 2) => Reply::html(links(&["/b".to_owned()])),
        ("/", _) => Reply::html(links(&["/a".to_owned()])),
        ("/a", 0) => Reply::html(page.clone()),
        ("/a", 1) => Reply::Raw([head.as_bytes(), &[b'a'; CAME]].concat()),
        ("/b", _) => Reply::Stream {
            head: [head.as_bytes(), &[b'a'; CAME]].concat(),
            piece: b"a".to_vec(),
            pause: Duration::from_millis(100),
        },
        _ => Reply::status(404),
    });
    let place = Place::new();
    place.own_site("bazaar", &server.url("/"), "concurrency = 1");
    let line = ["mandate", "create", "m", "--authority", "Office", "--reference", "A 1", "--purpose", "test"];
    place.run(&[&line[..], &["--bytes", "100MiB", "--expires", "2099-12-31"]].concat()).expect(0);
    place.run(&["scan", "--json", "--mandate", "m"]).expect(0);
    let case = place.referrals()[0]["id"].as_str().unwrap().to_owned();
    let bytes = || mandate(&place, "m")["spent_bytes"].as_u64().unwrap();
    let asked = || (server.count("/a") + server.count("/b")) as u64;
    for (name, way, line) in [
        ("a broken body in a recheck", 1, vec!["--json", "referrals", "recheck", &case]),
        ("a broken body in a scan", 1, vec!["scan", "--again", "--json", "--mandate", "m"]),
        ("a body that is no longer waited for", 2, vec!["scan", "--again", "--json", "--mandate", "m", "--for", "2s"]),
    ] {
        broken.store(way, Ordering::SeqCst);
        let before = (bytes(), asked());
        place.run(&line);
        let requests = asked() - before.1;
        assert!(requests > 0, "{name}");
        let came = bytes() - before.0;
        assert!(came >= requests * CAME as u64, "{name}: {came} bytes of {requests} requests");
    }
}

#[test]
fn a_killed_scan_leaves_no_pages_to_be_used_twice() {
    let server = chain(Duration::from_millis(30));
    let place = Place::new();
    place.own_site("bazaar", &server.url("/"), "concurrency = 1");
    create(&place, "m", "5", "2099-12-31").expect(0);
    let running = place.spawn(&["scan", "--json", "--mandate", "m"]);
    server.wait_for("two pages", |log| log.iter().filter(|asked| asked.path != "/robots.txt").count() >= 2);
    running.kill();
    let ended = place.run(&["scan", "--json", "--mandate", "m"]).expect(4);
    assert_eq!(ended.coverage("bazaar")["failures"]["mandate-budget"], 1, "{}", ended.out);
    assert!(pages(&server) <= 5, "{:?}", server.paths());
}

#[test]
fn a_recheck_by_hand_takes_its_pages_from_the_mandate() {
    let server = MockServer::start(|asked| match asked.path.as_str() {
        "/" => Reply::html(links(&["/a".to_owned()])),
        "/a" => Reply::html(offer(1, &[])),
        _ => Reply::status(404),
    });
    let place = Place::new();
    place.own_site("bazaar", &server.url("/"), "");
    create(&place, "m", "3", "2099-12-31").expect(0);
    place.run(&["scan", "--json", "--mandate", "m"]).expect(0);
    let case = place.referrals()[0]["id"].as_str().unwrap().to_owned();
    let looked = place.run(&["--json", "referrals", "recheck", &case]).expect(0);
    assert_eq!((pages(&server), spent(&place, "m")), (3, 3), "{}", looked.out);
    let refused = place.run(&["--json", "referrals", "recheck", &case]).expect(4);
    assert_eq!((pages(&server), &refused.json()["refused"]), (3, &"mandate-budget".into()), "{}", refused.out);
    assert!(refused.err.contains("mandate create"), "{}", refused.err);
    // Another mandate that the platform file names takes its place.
    create(&place, "next", "1", "2099-12-31").expect(0);
    place.own_site("bazaar", &server.url("/"), "\n[schedule]\ncron = \"0 3 * * *\"\nmandate = \"next\"\n");
    place.run(&["--json", "referrals", "recheck", &case]).expect(0);
    assert_eq!((pages(&server), spent(&place, "next")), (4, 1));
}

#[test]
fn a_mandate_that_is_over_is_not_recorded() {
    let place = Place::new();
    let ended = create(&place, "m", "3", "2020-12-31").expect(2);
    assert!(ended.err.contains("2020-12-31") && ended.err.contains("hint:"), "{}", ended.err);
    assert_eq!(place.run(&["--json", "mandate", "list"]).expect(0).out, "");
}

#[test]
fn a_mandate_that_is_revoked_ends_the_scan_under_it() {
    let server = chain(Duration::from_millis(20));
    let place = Place::new();
    place.own_site("bazaar", &server.url("/"), "concurrency = 1\nmax_depth = 10000");
    create(&place, "m", "100000", "2099-12-31").expect(0);
    let running = place.spawn(&["scan", "--json", "--mandate", "m"]);
    server.wait_for("a page", |log| log.iter().any(|asked| asked.path == "/p/1"));
    place.run(&["mandate", "revoke", "m"]).expect(0);
    let ended = running.end().expect(4);
    assert_eq!(ended.coverage("bazaar")["failures"]["mandate-revoked"], 1, "{}", ended.out);
    // What was claimed and not used is not counted.
    assert_eq!(spent(&place, "m"), pages(&server) as u64);
}

/// The system's clock, set forward while it runs.
#[derive(Clone, Default)]
struct Jumping(Arc<AtomicI64>);

impl Clock for Jumping {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(SystemClock.now().as_millis() + self.0.load(Ordering::SeqCst))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mandate_that_expires_ends_the_scan_under_it() {
    let clock = Jumping::default();
    let jump = clock.clone();
    let server = MockServer::start(move |asked| match asked.path.as_str() {
        "/" => Reply::html(links(&["/p/1".to_owned()])),
        "/p/1" => {
            jump.0.store(48 * 3_600_000, Ordering::SeqCst);
            Reply::html(links(&["/p/2".to_owned()]))
        }
        "/p/2" => Reply::html("late"),
        _ => Reply::status(404),
    });
    let place = Place::new();
    place.own_site("bazaar", &server.url("/"), "");
    let paths = Paths::new(&place.data(), Some(&place.path("seeds")), None, Some(&place.path("listingwatch.toml")));
    let app = App::open(paths, Vec::new(), None, Arc::new(clock.clone())).unwrap();
    let id = MandateId::parse("today").unwrap();
    let mandate = Mandate {
        id: id.to_string(),
        authority: "Office".to_owned(),
        reference: "A 1".to_owned(),
        purpose: "test".to_owned(),
        budget: None,
        spent: 0,
        budget_bytes: None,
        spent_bytes: 0,
        expires: clock.now().date(),
        revoked: None,
    };
    app.rooms.truth.create_mandate(&mandate, &Actor::named("anna").unwrap(), clock.now()).unwrap();
    let order = ScanOrder {
        run: RunId::parse("run-1").unwrap(),
        platforms: app.platforms().into_iter().map(|platform| (platform, id.clone())).collect(),
        max_pages: None,
        until: None,
        looks: Looks::Due,
    };
    let results = scan::run(app.rooms.clone(), order, |_| {}, std::future::pending()).await.unwrap();
    assert_eq!(results[0].coverage.failures.get("mandate-expired"), Some(&1), "{:?}", results[0]);
    assert_eq!(server.count("/p/2"), 0);
    assert_eq!(app.rooms.truth.mandate(&id).unwrap().spent, 2);
    app.close().unwrap();
}
