//! What manners cost a request, on one core: `cargo bench --bench manners`.
//!
//! A page of a fast crawl costs about 0.3 ms in all; each line is a part of that, in microseconds.

use std::hint::black_box;
use std::time::Instant;

use listingwatch::frontier::control::Control;
use listingwatch::frontier::robots::RobotsRecord;
use listingwatch::vocab::found::FoundUrl;
use listingwatch::vocab::identity::CrawlerKeys;
use listingwatch::vocab::time::Timestamp;

fn main() {
    let now = Timestamp::from_millis(1_770_000_000_000);
    let keys = CrawlerKeys::first(&[7; 32], now);
    measure("sign a request (ed25519, with Signature-Agent)", || {
        keys.request_headers("www.example.test", Some("https://hub.example.test"), now, &[1; 24])
    });
    let base = FoundUrl::parse("https://www.example.test/category/garden?page=3", None).expect("an address");
    for (name, link) in [
        ("canonical form of a plain link", "/l/123456-garden-chair-of-oak"),
        ("canonical form of a link with parameters", "/l/123456-chair?utm_source=x&id=7&sid=0123456789abcdef&b=2"),
        ("canonical form of a link with escapes", "/l/%e6%a4%85%e5%ad%90/%41?q=%e6%a4%85"),
    ] {
        measure(name, || FoundUrl::parse(link, Some(&base)));
    }
    let mut rules = "User-agent: *\nCrawl-delay: 1\n".to_owned();
    for n in 0..2_000 {
        rules.push_str(&format!("Disallow: /private/{n}/*/print$\n"));
    }
    let robots = RobotsRecord::from_answer(Some(200), rules.as_bytes(), now);
    let url = FoundUrl::parse("/l/123456-garden-chair-of-oak?id=7", Some(&base)).expect("an address");
    measure("ask robots.txt of 2,000 rules", || robots.allows(&url));
    let few = RobotsRecord::from_answer(Some(200), b"User-agent: *\nDisallow: /account/\nDisallow: /*?sort=\n", now);
    measure("ask robots.txt of two rules", || few.allows(&url));
    let control = Control::parse(b"Rate: 10/min\nHours: 22:00-06:00 +01:00\nPause-until: 2026-01-01\n", now);
    measure("ask the control file", || control.hold(now));
}

fn measure<T>(name: &str, mut work: impl FnMut() -> T) {
    let mut rounds = 1_u32;
    loop {
        let began = Instant::now();
        for _ in 0..rounds {
            black_box(work());
        }
        let took = began.elapsed();
        if took.as_millis() >= 200 {
            println!("{name:<48} {:>9.2} us", took.as_secs_f64() * 1e6 / f64::from(rounds));
            return;
        }
        rounds = rounds.saturating_mul(2);
    }
}
