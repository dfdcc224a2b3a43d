//! Politeness in mixed weather: `cargo bench --bench politeness -- [SECONDS]` (default 120; the claim is about 3,600).
//!
//! Twelve servers on loopback of different tempers are scanned by one process after another: some end by themselves, some
//! are told to stop, some are killed without warning at a random moment. From the servers' logs: gaps between requests
//! shorter than promised, requests for disallowed paths, and requests before a `Retry-After` had run out. All must be none.

mod loopback;

use std::time::{Duration, Instant};

use loopback::{Reply, Servers, argument, platform_file, print, program, wait};

const HOSTS: usize = 12;

/// What is promised to each host: the stricter of the platform file's pace and `Crawl-delay`.
fn promised(host: usize) -> Duration {
    if host % 3 == 1 { Duration::from_millis(2000) } else { Duration::from_millis(500) }
}

fn main() {
    let length = Duration::from_secs(argument(0, 120));
    let servers = Servers::start(HOSTS, weather);
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    for (host, port) in servers.ports.iter().enumerate() {
        let crawl = "rate = \"120/min\"\nconcurrency = 2\nmax_pages = 1000000\nmax_depth = 1000\nrevisit = \"1h\"";
        platform_file(&folder.path().join("seeds"), &format!("host-{host}"), *port, crawl);
    }
    let started = Instant::now();
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    let (mut kills, mut ends) = (0, 0);
    let mut cpu = 0.0;
    while started.elapsed() < length {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let left = length.saturating_sub(started.elapsed());
        let lives = Duration::from_millis(2_000 + random % 25_000).min(left + Duration::from_millis(200));
        if random.is_multiple_of(3) {
            // It ends in good order by itself.
            let text = format!("{}s", lives.as_secs().max(1));
            let ran = wait(program(folder.path(), &["scan", "--for", &text]).spawn().expect("the program starts"));
            assert!(matches!(ran.code, Some(0 | 4)), "{:?}: {}", ran.code, ran.err);
            cpu += ran.cpu;
            ends += 1;
        } else {
            let mut child = program(folder.path(), &["scan"])
                .stdout(std::process::Stdio::null())
                .stderr(std::process::Stdio::null())
                .spawn()
                .expect("the program starts");
            std::thread::sleep(lives);
            child.kill().expect("it runs until it is killed");
            cpu += wait(child).cpu;
            kills += 1;
        }
    }
    let mut last: Vec<Option<Instant>> = vec![None; HOSTS];
    let mut blocked: Vec<Option<Instant>> = vec![None; HOSTS];
    let (mut short, mut disallowed, mut too_soon, mut refusals) = (0, 0, 0, 0);
    let mut closest = f64::INFINITY;
    let requests = servers.log(|log| {
        for asked in log {
            if let Some(before) = last[asked.host].replace(asked.at) {
                let gap = asked.at.duration_since(before);
                short += usize::from(gap < promised(asked.host));
                closest = closest.min(gap.as_secs_f64() / promised(asked.host).as_secs_f64());
            }
            disallowed += usize::from(asked.path.starts_with("/private"));
            too_soon += usize::from(blocked[asked.host].is_some_and(|until| asked.at < until));
            if asked.blocked_until.is_some() {
                refusals += 1;
                blocked[asked.host] = blocked[asked.host].max(asked.blocked_until);
            }
        }
        log.len()
    });
    print("seconds", started.elapsed().as_secs());
    print("processes ended, and killed", format!("{ends}, {kills}"));
    print("requests", requests);
    print("answers with Retry-After", refusals);
    print("gaps shorter than promised", short);
    print("shortest gap against what was promised", format!("{closest:.3}"));
    print("requests for disallowed paths", disallowed);
    print("requests before a Retry-After had run out", too_soon);
    print("processor time, of one core", format!("{:.1} %", 100.0 * cpu / started.elapsed().as_secs_f64()));
    assert_eq!((short, disallowed, too_soon), (0, 0, 0), "a promise was broken");
    assert!(requests > 0 && refusals > 0, "the weather was not mixed");
}

/// What a server does at its n-th request.
fn weather(host: usize, path: &str, n: u64) -> Reply {
    if path == "/robots.txt" {
        let delay = if host % 3 == 1 { "Crawl-delay: 2\n" } else { "" };
        let text = format!("User-agent: *\nDisallow: /private\n{delay}");
        return Reply { headers: "Content-Type: text/plain\r\n".into(), ..Reply::html(text.into_bytes()) };
    }
    let mixed = (n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15 ^ host as u64) >> 32;
    match (host % 6, mixed % 40) {
        // The last of a burst of requests is the one that is refused.
        (0 | 3, 0) => return Reply::refused(429, 5 + mixed % 11),
        (1, 1) => return Reply::refused(503, 8),
        (2, 2) => return Reply::status(500),
        (4, 3) => return Reply { cut: Some(100), ..listing(path) },
        (5, 0..=4) => return Reply { after: Duration::from_millis(700), ..listing(path) },
        _ => {}
    }
    listing(path)
}

fn listing(path: &str) -> Reply {
    let number: u64 = path.rsplit('/').next().and_then(|text| text.parse().ok()).unwrap_or(0);
    let links: String = (1..=3)
        .map(|n| format!("<a href=\"/l/{}\">next</a> <a href=\"/private/{n}\">no</a>", number * 3 + n))
        .collect();
    Reply::html(
        format!("<!DOCTYPE html><html lang=en><title>{number}</title><h1>Chair {number}</h1>{links}</html>")
            .into_bytes(),
    )
}
