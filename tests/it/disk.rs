//! Scans pause where the disk is nearly full, say so, and go on when there is room again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use listingwatch::app::{App, Paths};
use listingwatch::engine::disk::Disk;
use listingwatch::engine::scan::tally::Progress;
use listingwatch::engine::scan::{self, Looks, ScanOrder};
use listingwatch::telemetry::SystemClock;
use listingwatch::vocab::ids::{MandateId, RunId};

use crate::mockserver::{MockServer, Reply};
use crate::program::{Place, links, listing};

fn shop() -> MockServer {
    MockServer::start(|asked| match asked.path.as_str() {
        "/" => Reply::html(links(&["/a".to_owned(), "/b".to_owned()])),
        "/a" | "/b" => Reply::html(listing("Chair", "Oak.", &[])),
        _ => Reply::status(404),
    })
}

fn pages(server: &MockServer) -> usize {
    server.paths().iter().filter(|path| *path != "/robots.txt").count()
}

#[test]
fn a_nearly_full_disk_stops_requests_and_the_scan_says_so() {
    let server = shop();
    let place = Place::new();
    // More than any disk of a test machine has.
    place.settings("[limits]\nfree_disk = \"16TiB\"\n");
    place.own_site("bazaar", &server.url("/"), "");
    let ended = place.run(&["scan", "--json", "--for", "2s"]).expect(4);
    assert_eq!(pages(&server), 0, "{:?}", server.paths());
    let coverage = ended.coverage("bazaar");
    assert_eq!((&coverage["failures"]["free-disk"], &coverage["failures"]["time-budget"]), (&1.into(), &1.into()));
    assert!(coverage["notes"][0].as_str().unwrap().contains("the disk was nearly full"), "{coverage}");
    assert!(ended.err.contains("the disk is nearly full"), "{}", ended.err);
    assert!(place.run(&["check"]).expect(0).err.is_empty(), "the key has its effect");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scan_goes_on_when_space_is_back() {
    let server = shop();
    let place = Place::new();
    place.own_site("bazaar", &server.url("/"), "");
    let paths = Paths::new(&place.data(), Some(&place.path("seeds")), None, Some(&place.path("listingwatch.toml")));
    let mut app = App::open(paths, Vec::new(), None, Arc::new(SystemClock)).unwrap();
    let free = Arc::new(AtomicU64::new(0));
    let read = free.clone();
    let rooms = Arc::get_mut(&mut app.rooms).expect("nobody else has the rooms yet");
    rooms.disk = Arc::new(Disk::reading(Box::new(move || Some(read.load(Ordering::SeqCst))), 1000));
    let order = ScanOrder {
        run: RunId::parse("run-1").unwrap(),
        platforms: vec![(app.platforms().remove(0), MandateId::parse("own-site").unwrap())],
        max_pages: None,
        until: None,
        looks: Looks::Due,
    };
    let waited = Arc::new(AtomicU64::new(0));
    let (counted, filled) = (waited.clone(), free.clone());
    let show = move |progress: &[Progress]| {
        let says_so =
            progress.iter().flat_map(|one| one.counts.waiting.values()).any(|(_, why)| why.as_str() == "free-disk");
        // Two looks that say so, then there is room.
        if says_so && counted.fetch_add(1, Ordering::SeqCst) >= 1 {
            filled.store(1000, Ordering::SeqCst);
        }
    };
    let run = scan::run(app.rooms.clone(), order, show, std::future::pending());
    let results = tokio::time::timeout(Duration::from_secs(30), run).await.expect("it goes on").unwrap();
    assert!(waited.load(Ordering::SeqCst) >= 2);
    assert_eq!(results[0].pages, 3, "{:?}", results[0]);
    assert!(results[0].coverage.complete, "{:?}", results[0].coverage);
    assert!(results[0].coverage.notes[0].contains("paused"), "{:?}", results[0].coverage.notes);
    app.close().unwrap();
}
