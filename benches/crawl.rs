//! A whole scan of a marketplace on loopback: `cargo bench --bench crawl -- [LISTINGS] [KILOBYTES] [CONCURRENCY]`
//! (default 5,000, 30 and 32).
//!
//! The program as it is handed out scans a site of this bench's own: front page, categories, listings with JSON-LD and
//! microdata and forty related links, a quarter of which carry tracking parameters, sorted views and a cart that robots.txt
//! forbids. Politeness is off (a site of our own, `rate = "unlimited"`), everything else is on: frontier and evidence
//! stored, structured data, detection with the full watchlist, dedup; one listing in a thousand is a hit. Where `taskset`
//! is there, the server has the first core and the program the last one.
//!
//! Printed: processor time and requests by the second, peak memory, and from the server's log: listings found, listings
//! fetched under more than one address, requests for what robots.txt forbids.

mod loopback;

use std::collections::HashMap;
use std::process::Command;

use loopback::bazaar::{answer, filler, is_planted, listing_of};
use loopback::{Servers, argument, platform_file, print, program, wait};

fn main() {
    let listings = argument(0, 5_000);
    let kilobytes = usize::try_from(argument(1, 30)).expect("a page size");
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let pins = cores > 1 && Command::new("taskset").arg("-V").output().is_ok();
    if pins {
        let own = std::process::id().to_string();
        let _ = Command::new("taskset").args(["-cp", "0", &own]).output();
    }
    let filler = filler(kilobytes * 1024);
    let servers = Servers::start(1, move |_, path, _| answer(path, listings, kilobytes * 1024, &filler));
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let concurrency = argument(2, 32);
    let crawl = format!("rate = \"unlimited\"\nconcurrency = {concurrency}\nmax_pages = 10000000\nmax_depth = 1000");
    platform_file(&folder.path().join("seeds"), "bazaar", servers.ports[0], &crawl);
    let mut command = program(folder.path(), &["scan", "bazaar"]);
    if pins {
        let mut pinned = Command::new("taskset");
        pinned.args(["-c", &(cores - 1).to_string()]).arg(command.get_program()).args(command.get_args());
        pinned.current_dir(folder.path()).stdin(std::process::Stdio::null());
        pinned.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        command = pinned;
    }
    let ran = wait(command.spawn().expect("the program starts"));
    // Of pages of many megabytes the text is cut at its cap, and the scan says that it is incomplete.
    assert!(matches!(ran.code, Some(0 | 4)), "{}", ran.err);
    let (mut found, mut forbidden, mut total) = (HashMap::<u64, u32>::new(), 0, 0_u64);
    servers.log(|log| {
        for asked in log {
            total += 1;
            forbidden += usize::from(asked.path.starts_with("/cart") || asked.path.contains("sort="));
            if let Some(number) = listing_of(&asked.path) {
                *found.entry(number).or_default() += 1;
            }
        }
    });
    let twice = found.values().filter(|count| **count > 1).count();
    print("listings, kilobytes a page", format!("{listings}, {kilobytes}"));
    print("requests", total);
    print("requests a second", format!("{:.0}", total as f64 / ran.seconds));
    print("processor time a request", format!("{:.3} ms", 1e3 * ran.cpu / total as f64));
    print("processor time a listing", format!("{:.3} ms", 1e3 * ran.cpu / found.len() as f64));
    print("peak memory", format!("{} MB", ran.peak_megabytes));
    print("listings found", format!("{:.2} %", 100.0 * found.len() as f64 / listings as f64));
    print("listings fetched under more than one address", twice);
    print("requests for what robots.txt forbids", forbidden);
    let out = serde_json::from_str::<serde_json::Value>(&ran.out).unwrap_or_default();
    let platform = &out["platforms"][0];
    print("pages that cost too much to read in full", &platform["coverage"]["given_up"]);
    let hits = &platform["hits"];
    print("hits, of planted", format!("{hits}, {}", (0..listings).filter(|n| is_planted(*n)).count()));
    assert_eq!((found.len() as u64, forbidden), (listings, 0));
}
