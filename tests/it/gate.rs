//! The gate's promises where nobody waits for an answer any more, and where bodies are large.

use std::sync::Arc;
use std::time::{Duration, Instant};

use listingwatch::app::{App, Paths};
use listingwatch::fetch::client::Received;
use listingwatch::fetch::gate::Conditional;
use listingwatch::frontier::control::CONTROL_PATH;
use listingwatch::frontier::entry::UrlKind;
use listingwatch::telemetry::SystemClock;
use listingwatch::vocab::found::FoundUrl;

use crate::mockserver::{MockServer, Reply};
use crate::program::{Place, PlatformFile};

fn opened(place: &Place) -> App {
    let paths = Paths::new(&place.data(), Some(&place.path("seeds")), None, Some(&place.path("listingwatch.toml")));
    App::open(paths, Vec::new(), None, Arc::new(SystemClock)).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_delay_counts_from_the_moment_a_file_of_rules_is_no_longer_waited_for() {
    for slow in ["/robots.txt", CONTROL_PATH] {
        let server = MockServer::start(move |asked| {
            if asked.path == slow {
                std::thread::sleep(Duration::from_millis(2_500));
            }
            Reply::status(404)
        });
        let place = Place::new();
        let start = server.url("/");
        place.platform(&PlatformFile { id: "bazaar", start: &start, rate: "1/s", ..PlatformFile::default() });
        let app = opened(&place);
        let platform = app.platforms().remove(0);
        let url = FoundUrl::parse(&start, None).unwrap();
        let admit = || app.rooms.gate.admit(&platform, &url, UrlKind::Page);
        // It may have reached the server until now.
        let waited = async {
            let asked = async {
                while server.everything().iter().all(|asked| asked.path != slow) {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                tokio::time::sleep(Duration::from_millis(1_700)).await;
                Instant::now()
            };
            tokio::select! {
                _ = admit() => panic!("{slow} was answered"),
                left = asked => left,
            }
        };
        let left = waited.await;
        let before = server.everything().len();
        let _again = tokio::spawn({
            let (gate, platform, url) = (app.rooms.gate.clone(), platform.clone(), url.clone());
            async move { gate.admit(&platform, &url, UrlKind::Page).await.is_ok() }
        });
        while server.everything().len() == before {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let gap = server.everything()[before].at.duration_since(left);
        assert!(gap >= Duration::from_secs(1), "{slow}: the next request came after {gap:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_of_large_bodies_does_not_wait_for_all_the_room() {
    let bodies = |bytes: usize| {
        MockServer::start(move |asked| match asked.path.as_str() {
            "/robots.txt" | CONTROL_PATH => Reply::status(404),
            _ => Reply::html("x".repeat(bytes)),
        })
    };
    let (large, small) = (bodies(3 << 20), bodies(3 << 19));
    let place = Place::new();
    place.own_site("large", &large.url("/"), "");
    place.own_site("small", &small.url("/"), "");
    place.settings("[limits]\nbodies = \"4MiB\"\n");
    let app = opened(&place);
    let gate = &app.rooms.gate;
    let fetch = async |id: &str, server: &MockServer| {
        let platform = app.platforms().into_iter().find(|platform| platform.id.as_str() == id).unwrap();
        let url = FoundUrl::parse(&server.url("/page"), None).unwrap();
        let permit = gate.admit(&platform, &url, UrlKind::Page).await.unwrap();
        gate.fetch(permit, Conditional::default(), &Received::default()).await.unwrap()
    };
    drop(fetch("large", &large).await);
    // While another's body is held, there is room for a part of what is expected of this one.
    let held = fetch("small", &small).await;
    let again = tokio::time::timeout(Duration::from_secs(20), fetch("large", &large)).await;
    assert!(again.is_ok(), "it waits for others to hold nothing");
    drop(held);
}
