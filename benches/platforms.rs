//! Many platforms at once: `cargo bench --bench platforms -- [PLATFORMS] [SECONDS]` (default 500 and 60).
//!
//! As many servers on loopback as platforms, each to be asked once a second, all of them scanned by one process. Printed:
//! the share of one core the process took, how many requests each server saw, and the shortest gap between two of them.

mod loopback;

use loopback::{Reply, Servers, argument, platform_file, print, program, wait};

fn main() {
    let platforms = usize::try_from(argument(0, 500)).expect("a number of platforms");
    let seconds = argument(1, 60);
    let servers = Servers::start(platforms, page);
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    for (number, port) in servers.ports.iter().enumerate() {
        let crawl = "rate = \"60/min\"\nconcurrency = 1\nmax_pages = 1000000\nmax_depth = 1000";
        platform_file(&folder.path().join("seeds"), &format!("shop-{number}"), *port, crawl);
    }
    let length = format!("{seconds}s");
    let child = program(folder.path(), &["scan", "--for", &length]).spawn().expect("the program starts");
    let ran = wait(child);
    assert!(matches!(ran.code, Some(0 | 4)), "{:?}: {}", ran.code, ran.err);

    let mut requests = vec![0_u64; platforms];
    let mut last = vec![None; platforms];
    let mut shortest = f64::INFINITY;
    let mut short = 0;
    servers.log(|log| {
        for asked in log {
            requests[asked.host] += 1;
            if let Some(before) = last[asked.host].replace(asked.at) {
                let gap = asked.at.duration_since(before).as_secs_f64();
                shortest = shortest.min(gap);
                short += usize::from(gap < 1.0);
            }
        }
    });
    requests.sort_unstable();
    let total: u64 = requests.iter().sum();
    let kept = requests.iter().filter(|count| **count * 10 >= seconds * 9).count();
    print("platforms, and seconds", format!("{platforms}, {seconds}"));
    print("requests", total);
    print(
        "requests a platform: fewest, median, most",
        format!("{}, {}, {}", requests[0], requests[platforms / 2], requests[platforms - 1]),
    );
    print("platforms asked at nine tenths of their pace or more", kept);
    print("shortest gap between two requests", format!("{:.1} ms", shortest * 1e3));
    print("gaps under one second", short);
    print("processor time, of one core", format!("{:.1} %", 100.0 * ran.cpu / ran.seconds));
    print("processor time a request", format!("{:.2} ms", 1e3 * ran.cpu / total as f64));
    print("peak memory", format!("{} MB", ran.peak_megabytes));
    assert_eq!(short, 0, "a gap was shorter than promised");
}

/// A shop of listings, each of which leads to three more.
fn page(host: usize, path: &str, _: u64) -> Reply {
    if path == "/robots.txt" {
        return Reply {
            headers: "Content-Type: text/plain\r\n".into(),
            ..Reply::html(b"User-agent: *\nAllow: /\n".to_vec())
        };
    }
    let number: u64 = path.rsplit('/').next().and_then(|text| text.parse().ok()).unwrap_or(0);
    let links: String = (1..=3).map(|n| format!("<li><a href=\"/l/{}\">next</a></li>", number * 3 + n)).collect();
    let text = "A chair of oak with a seat of woven paper cord, little used, to be fetched or sent. ".repeat(20);
    Reply::html(
        format!(
            "<!DOCTYPE html><html lang=en><title>Chair {number}</title><script type=\"application/ld+json\">\
             {{\"@context\":\"https://schema.org\",\"@type\":\"Product\",\"name\":\"Chair {number} of shop {host}\",\
             \"description\":\"{text}\",\"offers\":{{\"@type\":\"Offer\",\"price\":\"120\",\"priceCurrency\":\"EUR\"}}}}\
             </script><h1>Chair {number}</h1><p>{text}</p><ul>{links}</ul></html>"
        )
        .into_bytes(),
    )
}
