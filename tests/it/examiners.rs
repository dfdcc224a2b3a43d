//! Pages are read side by side, settled in order, and one whose reading does not end costs itself.

use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use listingwatch::app::{App, Paths};
use listingwatch::engine::scan::messages::{Done, Fetched, InProcess, Passage};
use listingwatch::engine::scan::{self, Looks, PlatformResult, ScanOrder};
use listingwatch::telemetry::SystemClock;
use listingwatch::vocab::ids::MandateId;

use crate::addresses::warc;
use crate::mockserver::{MockServer, Reply};
use crate::program::{Place, links, listing};

/// What happens to a page in the thread that examines it, before it is read; and what was settled, in order.
struct Watched {
    before: Box<dyn Fn(&str) + Send + Sync>,
    settled: Mutex<Vec<String>>,
}

impl Watched {
    fn new(before: impl Fn(&str) + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Watched { before: Box::new(before), settled: Mutex::default() })
    }
}

impl Passage for Watched {
    fn fetched(&self, message: Fetched) -> Fetched {
        (self.before)(message.lease.url.as_url().path());
        message
    }
    fn done(&self, message: Done) -> Done {
        self.settled.lock().unwrap().push(message.settlement.lease.url.as_url().path().to_owned());
        message
    }
}

/// Holds whoever comes until it is dropped.
#[derive(Clone, Default)]
struct Held(Arc<(Mutex<bool>, Condvar)>);

impl Held {
    fn wait(&self) {
        let (open, opened) = &*self.0;
        drop(opened.wait_while(open.lock().unwrap(), |open| !*open).unwrap());
    }
}

/// Opens a [`Held`] at the end of a test, so that no thread outlives it.
struct Opens(Held);

impl Drop for Opens {
    fn drop(&mut self) {
        let (open, opened) = &*self.0.0;
        *open.lock().unwrap() = true;
        opened.notify_all();
    }
}

fn shop(pages: usize) -> MockServer {
    MockServer::start(move |asked| match asked.path.as_str() {
        "/" => Reply::html(links(&(0..pages).map(|n| format!("/p/{n}")).collect::<Vec<_>>())),
        path if path.starts_with("/p/") => Reply::html(listing("Chair", "Oak.", &[])),
        _ => Reply::status(404),
    })
}

fn opened(place: &Place) -> App {
    let paths = Paths::new(&place.data(), Some(&place.path("seeds")), None, Some(&place.path("listingwatch.toml")));
    App::open(paths, Vec::new(), None, Arc::new(SystemClock)).unwrap()
}

/// Scans all platforms, until `stop` is over.
async fn scanned(app: &App, passage: Arc<dyn Passage>, stop: impl Future<Output = ()>) -> Vec<PlatformResult> {
    let own_site = MandateId::parse("own-site").unwrap();
    let order = ScanOrder {
        run: scan::run_id(app.rooms.now()),
        platforms: app.platforms().into_iter().map(|platform| (platform, own_site.clone())).collect(),
        max_pages: None,
        until: None,
        looks: Looks::Due,
    };
    let run = order.run.clone();
    let results = scan::run_over(app.rooms.clone(), order, passage, |_| {}, stop).await.unwrap();
    let stored = app.rooms.truth.scans(None, 10).unwrap();
    let stated = stored.iter().filter(|row| row.run == run.as_str()).count();
    assert_eq!(stated, results.len(), "every platform has its statement");
    results
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_are_read_side_by_side_and_settled_in_the_order_they_came() {
    let server = shop(12);
    let place = Place::new();
    place.settings("[limits]\nexaminers = 4\n");
    place.own_site("bazaar", &server.url("/"), "concurrency = 1");
    let app = opened(&place);
    // The earlier a page comes, the longer it takes.
    let (at_once, most) = (Mutex::new(0), Arc::new(Mutex::new(0)));
    let seen = most.clone();
    let passage = Watched::new(move |path| {
        let Some(number) = path.strip_prefix("/p/").and_then(|number| number.parse::<u64>().ok()) else { return };
        let now = {
            let mut now = at_once.lock().unwrap();
            *now += 1;
            *now
        };
        let mut most = seen.lock().unwrap();
        *most = now.max(*most);
        drop(most);
        std::thread::sleep(Duration::from_millis(20 * (12 - number)));
        *at_once.lock().unwrap() -= 1;
    });
    let results = scanned(&app, passage.clone(), std::future::pending()).await;
    assert_eq!(results[0].pages, 13, "{:?}", results[0]);
    assert!(results[0].coverage.complete, "{:?}", results[0]);
    let asked: Vec<String> = server.paths().into_iter().filter(|path| path != "/robots.txt").collect();
    let settled: Vec<String> =
        passage.settled.lock().unwrap().iter().filter(|path| *path != "/sitemap.xml").cloned().collect();
    assert_eq!(settled, asked);
    assert_eq!(*most.lock().unwrap(), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_whose_reading_does_not_end_costs_itself() {
    let server = shop(20);
    let (place, held) = (Place::new(), Held::default());
    let _opens = Opens(held.clone());
    place.settings("[limits]\nexaminers = 1\nparse_deadline = \"100ms\"\n");
    place.own_site("bazaar", &server.url("/"), "");
    let app = opened(&place);
    let passage = Watched::new(move |path| {
        if path == "/p/3" {
            held.wait();
        }
    });
    let results = scanned(&app, passage.clone(), std::future::pending()).await;
    let coverage = &results[0].coverage;
    assert_eq!((results[0].pages, results[0].listings), (21, 19), "{coverage:?}");
    assert_eq!(coverage.failures.get("given-up"), Some(&1), "{coverage:?}");
    assert!(!coverage.complete);
    // Its lease was settled: it is not due again at once.
    let again = scanned(&app, Arc::new(InProcess), std::future::pending()).await;
    assert_eq!((server.count("/p/3"), again[0].coverage.complete), (1, true), "{:?}", again[0].coverage);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_whose_reading_does_not_end_is_kept_where_all_are() {
    let server = shop(3);
    let (place, held) = (Place::new(), Held::default());
    let _opens = Opens(held.clone());
    place.settings("[limits]\nexaminers = 1\nparse_deadline = \"100ms\"\n[evidence]\nkeep = \"all\"\n");
    place.own_site("bazaar", &server.url("/"), "");
    let app = opened(&place);
    let passage = Watched::new(move |path| match path {
        "/p/1" => held.wait(),
        "/p/2" => panic!("a fault of the reader"),
        _ => {}
    });
    let results = scanned(&app, passage, std::future::pending()).await;
    let failures = &results[0].coverage.failures;
    assert_eq!((failures.get("given-up"), failures.get("unreadable")), (Some(&1), Some(&1)), "{failures:?}");
    app.close().unwrap();
    let kept = warc(&place);
    for path in ["/p/0", "/p/1", "/p/2"] {
        assert!(kept.contains(&format!("WARC-Target-URI: {}\r\n", server.url(path))), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_two_such_pages_the_scan_of_their_platform_ends_and_others_go_on() {
    let (bad, good) = (shop(40), shop(30));
    let (place, held) = (Place::new(), Held::default());
    let _opens = Opens(held.clone());
    place.settings("[limits]\nexaminers = 2\nparse_deadline = \"100ms\"\n");
    place.own_site("bad", &bad.url("/"), "");
    place.own_site("good", &good.url("/"), "exclude = [\"/p/39\"]");
    let app = opened(&place);
    let stuck = Mutex::new(0);
    let passage = Watched::new(move |path| {
        let hangs = path == "/p/37" || path == "/p/38" || path == "/p/39";
        if hangs {
            *stuck.lock().unwrap() += 1;
            held.wait();
        }
    });
    let results = scanned(&app, passage, std::future::pending()).await;
    let of = |id: &str| results.iter().find(|one| one.platform.as_str() == id).unwrap();
    let failures = &of("bad").coverage.failures;
    assert_eq!(failures.get("reading-lost"), Some(&1), "{failures:?}");
    assert!(failures.get("given-up").is_some_and(|pages| *pages >= 2), "{failures:?}");
    assert!(of("good").coverage.complete, "{:?}", of("good").coverage);
    assert_eq!(of("good").pages, 31);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scan_that_is_stopped_does_not_wait_for_a_page_that_is_being_read() {
    let server = shop(5);
    let (place, held) = (Place::new(), Held::default());
    let _opens = Opens(held.clone());
    // Long enough that the page would not be given up by itself.
    place.settings("[limits]\nparse_deadline = \"60s\"\n");
    place.own_site("bazaar", &server.url("/"), "");
    let app = opened(&place);
    let (told, reached) = tokio::sync::oneshot::channel();
    let told = Mutex::new(Some(told));
    let passage = Watched::new(move |path| {
        if path == "/p/2" {
            if let Some(told) = told.lock().unwrap().take() {
                let _ = told.send(Instant::now());
            }
            held.wait();
        }
    });
    let began = Arc::new(Mutex::new(None));
    let noted = began.clone();
    let stop = async move { *noted.lock().unwrap() = reached.await.ok() };
    let results = scanned(&app, passage, stop).await;
    let took = began.lock().unwrap().unwrap().elapsed();
    assert!(took < Duration::from_secs(5), "{took:?}");
    let failures = &results[0].coverage.failures;
    assert_eq!((failures.get("stopped"), failures.get("given-up").is_some()), (Some(&1), true), "{failures:?}");
    // What was not read is due as it was.
    let again = scanned(&app, Arc::new(InProcess), std::future::pending()).await;
    assert_eq!((server.count("/p/2"), again[0].coverage.complete), (2, true), "{:?}", again[0].coverage);
}

#[test]
fn a_body_that_comes_in_drops_does_not_hold_up_the_end() {
    let server = MockServer::start(|asked| match asked.path.as_str() {
        "/" => Reply::html(links(&["/drops".to_owned()])),
        "/drops" => Reply::Stream {
            head: b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n".to_vec(),
            piece: vec![b'a'; 512],
            pause: Duration::from_millis(50),
        },
        _ => Reply::status(404),
    });
    let place = Place::new();
    place.settings("[limits]\npage_deadline = \"50s\"\n");
    place.own_site("bazaar", &server.url("/"), "");
    let ended = place.run(&["scan", "--json", "--for", "2s"]).expect(4);
    assert!(ended.took < Duration::from_secs(7), "{:?}", ended.took);
    assert_eq!(ended.coverage("bazaar")["failures"]["time-budget"], 1, "{}", ended.out);
    let running = place.spawn(&["scan", "--json"]);
    server.wait_for("the page again", |log| log.iter().filter(|asked| asked.path == "/drops").count() == 2);
    let told = Instant::now();
    running.ask_to_stop();
    let ended = running.end().expect(4);
    assert!(told.elapsed() < Duration::from_secs(5), "{:?}", told.elapsed());
    assert_eq!(ended.coverage("bazaar")["failures"]["stopped"], 1, "{}", ended.out);
}
