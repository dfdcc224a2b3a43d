//! In a running hub a platform that is slow delays its own scan and its own rechecks, and nobody else's.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use listingwatch::engine::service::{self, Job, Outcome};
use listingwatch::vocab::ids::PlatformId;
use listingwatch::vocab::time::Timestamp;
use tokio::sync::watch;

use crate::mockserver::{MockServer, Reply};
use crate::program::{links, offer};
use crate::shop::Hub;

/// A shop with one offer, whose page is not answered while `silent` holds.
fn shop(number: usize, silent: &Arc<AtomicBool>) -> MockServer {
    let silent = silent.clone();
    MockServer::start(move |asked| match asked.path.as_str() {
        "/" => Reply::html(links(&["/offer".to_owned()])),
        "/offer" if silent.load(Ordering::SeqCst) => Reply::Never,
        "/offer" => Reply::html(offer(number, &[])),
        _ => Reply::status(404),
    })
}

fn file(id: &str, server: &MockServer) -> String {
    let (start, host) = (server.url("/"), server.url(""));
    let host = host.trim_start_matches("http://");
    format!(
        "[platform]\nid = \"{id}\"\nname = \"Shop {id}\"\nkind = \"marketplace\"\nhosts = [\"{host}\"]\n\
         [agreement]\nbasis = \"own-site\"\nreference = \"test\"\nauthority = \"Office\"\nvalid_from = 2020-01-01\n\
         valid_until = 2099-12-31\ncontact = \"ts@shop.example.test\"\n\
         [crawl]\nstart = [\"{start}\"]\nrate = \"unlimited\"\nrevisit = \"1h\"\nprivate_addresses = [\"127.0.0.0/8\"]\n\
         [referral]\nchannels = [\"feed\"]\napproval = \"automatic\"\n[schedule]\ncron = \"0 3 1 1 *\"\n"
    )
}

fn id(name: &str) -> PlatformId {
    name.parse().unwrap()
}

async fn until(what: &str, enough: impl Fn() -> bool) {
    let began = Instant::now();
    while !enough() {
        assert!(began.elapsed() < Duration::from_secs(15), "waited in vain for {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_platform_delays_no_other_scan() {
    let (silent, never) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicBool::new(false)));
    let (slow, fast) = (shop(1, &silent), shop(2, &never));
    let hub = Hub::open(&[("slow", file("slow", &slow)), ("fast", file("fast", &fast))], |_| {}).await;
    let (stop, stopped) = watch::channel(false);
    let service = hub.app.service(|_| {}, |_| {}, stopped);
    let truth = &hub.app.rooms.truth;
    for name in ["slow", "fast"] {
        truth.note_scheduled(&id(name), Timestamp::EPOCH).unwrap();
    }
    let started = service.step(Job::Schedule).await.unwrap();
    assert!(matches!(&started, Outcome::Did(what) if what.contains("slow") && what.contains("fast")), "{started:?}");
    until("the slow page", || slow.count("/offer") == 1).await;
    // Its statement does not wait for the other's.
    until("the fast scan", || truth.scans(Some(&id("fast")), 10).unwrap().len() == 1).await;
    assert!(truth.scans(Some(&id("slow")), 10).unwrap().is_empty());
    // Nor does its next scan. The slow one is not started a second time.
    hub.clock.advance_hours(1);
    for name in ["slow", "fast"] {
        truth.note_scheduled(&id(name), Timestamp::EPOCH).unwrap();
    }
    until("the end of the fast scan", || {
        let started =
            tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(service.step(Job::Schedule)));
        started.unwrap() == Outcome::Did("started a scan of fast".to_owned())
    })
    .await;
    until("the second fast scan", || truth.scans(Some(&id("fast")), 10).unwrap().len() == 2).await;
    assert_eq!(slow.count("/offer"), 1);
    stop.send(true).unwrap();
    let told = Instant::now();
    service::run(service).await;
    assert!(told.elapsed() < Duration::from_secs(5), "{:?}", told.elapsed());
    let coverage = truth.scans(Some(&id("slow")), 10).unwrap().remove(0).coverage;
    assert_eq!(coverage.failures.get("stopped"), Some(&1), "{coverage:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_host_delays_no_other_recheck() {
    let (silent, never) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let (slow, fast) = (shop(1, &silent), shop(2, &never));
    let hub = Hub::open(&[("slow", file("slow", &slow)), ("fast", file("fast", &fast))], |_| {}).await;
    let (_stop, stopped) = watch::channel(false);
    let service = hub.app.service(|_| {}, |_| {}, stopped);
    hub.scan().await;
    silent.store(true, Ordering::SeqCst);
    hub.clock.advance_hours(24 * 8);
    let began = Instant::now();
    let done = service.step(Job::Recheck).await.unwrap();
    assert_eq!(done, Outcome::Did("1 live, 0 gone, 0 not seen".to_owned()));
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    assert_eq!((slow.count("/offer"), fast.count("/offer")), (2, 2));
    // The host that is still being asked is not asked again; the other is, when it is due.
    hub.clock.advance_hours(24 * 8);
    let done = service.step(Job::Recheck).await.unwrap();
    assert_eq!(done, Outcome::Did("1 live, 0 gone, 0 not seen".to_owned()));
    assert_eq!((slow.count("/offer"), fast.count("/offer")), (2, 3));
}
