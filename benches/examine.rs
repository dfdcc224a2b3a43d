//! Pages examined from memory, by the threads a scan uses: `cargo bench --bench examine -- [PAGES] [KILOBYTES]` (default 4,000
//! and 30).
//!
//! Printed: pages by the second with one examiner and with two, alternating, and in which shares one page's time goes to
//! reading and to judging.

mod loopback;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, Instant};

use listingwatch::detect::Detector;
use listingwatch::detect::assessment::ListingText;
use listingwatch::detect::watchlist::Watchlist;
use listingwatch::engine::examiners::{Examiners, Patience, Piece};
use listingwatch::evidence::capture::Capture;
use listingwatch::examine::{Bench, examine, examine_listing};
use listingwatch::listing::{ReadContext, read};
use listingwatch::vocab::found::FoundUrl;
use listingwatch::vocab::limits::Limits;
use listingwatch::vocab::time::{Deadline, Timestamp};

use loopback::bazaar::{answer, filler, slug};
use loopback::{argument, print};

const ROUNDS: usize = 5;

fn main() {
    let count = argument(0, 4_000);
    let bytes = usize::try_from(argument(1, 30)).expect("a page size") * 1024;
    let filler = filler(bytes);
    let page = |number: u64| Capture {
        url: FoundUrl::parse(&format!("http://bazaar.example.test{}", slug(number)), None).expect("an address"),
        fetched_at: Timestamp::from_millis(0),
        remote: None,
        status: 200,
        request_headers: Vec::new(),
        response_headers: vec![("content-type".to_owned(), "text/html; charset=utf-8".to_owned())],
        body: answer(&slug(number), count, bytes, &filler).body.as_slice().into(),
        truncated: None,
        elapsed: Duration::ZERO,
    };
    let pages: Arc<Vec<Capture>> = Arc::new((0..count).map(page).collect());
    let detector = Arc::new(Detector::compile(Arc::new(Watchlist::builtin().expect("a list"))).expect("a detector"));
    print("pages, kilobytes a page", format!("{count}, {}", bytes / 1024));

    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().expect("a runtime");
    let (mut one, mut two) = (Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        one = one.min(replay(&runtime, 1, &pages, &detector));
        two = two.min(replay(&runtime, 2, &pages, &detector));
    }
    let by_second = |time: Duration| format!("{:.0}", count as f64 / time.as_secs_f64());
    print("pages a second, one examiner, best of five", by_second(one));
    print("pages a second, two examiners, best of five", by_second(two));
    print("two examiners to one", format!("{:.2}", one.as_secs_f64() / two.as_secs_f64()));

    let limits = Limits::default();
    let bench = bench(&detector, &limits);
    let (mut reading, mut first_pass, mut judging) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    for capture in pages.iter() {
        let began = Instant::now();
        let page = read(&capture.body, &ReadContext::new(&capture.url, &limits));
        reading += began.elapsed();
        let began = Instant::now();
        std::hint::black_box(detector.needs_reading(&ListingText { text: &page.text, ..ListingText::default() }));
        first_pass += began.elapsed();
        let began = Instant::now();
        for listing in page.listings {
            std::hint::black_box(examine_listing(listing, &bench));
        }
        judging += began.elapsed();
    }
    let all = (reading + first_pass + judging).as_secs_f64();
    for (what, time) in [
        ("reading a page, with its links", reading),
        ("first pass over its whole text", first_pass),
        ("judging its listings", judging),
    ] {
        let time = time.as_secs_f64();
        print(what, format!("{:.0} us a page, {:.0} %", 1e6 * time / count as f64, 100.0 * time / all));
    }
}

fn bench<'a>(detector: &'a Detector, limits: &'a Limits) -> Bench<'a> {
    Bench {
        detector,
        selectors: None,
        jurisdictions: &[],
        languages: &[],
        limits,
        deadline: Deadline::NEVER,
        owner: "bazaar",
        known: None,
        scope: None,
    }
}

/// The time in which so many examiners examine all pages, thirty-two under way at a time as in a scan.
fn replay(
    runtime: &tokio::runtime::Runtime,
    threads: usize,
    pages: &Arc<Vec<Capture>>,
    detector: &Arc<Detector>,
) -> Duration {
    let examiners = Examiners::new(NonZeroUsize::new(threads));
    let line = examiners.line();
    let (sender, done) = std::sync::mpsc::channel();
    let began = Instant::now();
    let _inside = runtime.enter();
    let (mut given, mut taken) = (0, 0);
    while taken < pages.len() {
        while given < pages.len() && given - taken < 32 {
            let (pages, detector, sender, at) = (pages.clone(), detector.clone(), sender.clone(), given);
            let work = move || -> Box<dyn FnOnce() + Send> {
                let limits = Limits::default();
                let examination = examine(&pages[at], &bench(&detector, &limits));
                Box::new(move || sender.send(examination.listings.len()).expect("somebody waits"))
            };
            let time = Patience::of(&Limits::default(), 30_000);
            let piece = Piece { time, work: Box::new(work), given_up: Box::new(|why| panic!("given up: {why:?}")) };
            examiners.push(line, piece).expect("a thread");
            given += 1;
        }
        assert_eq!(done.recv().expect("a page"), 1, "each page offers one thing");
        taken += 1;
    }
    let time = began.elapsed();
    examiners.end(line);
    time
}
