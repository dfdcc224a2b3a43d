//! A whole scan of a marketplace on loopback: `cargo bench --bench crawl -- [LISTINGS] [KILOBYTES]` (default 5,000 and 30).
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
use std::fmt::Write as _;
use std::process::Command;

use loopback::{Reply, Servers, argument, platform_file, print, program, wait};

const RELATED: u64 = 40;
const A_PAGE: u64 = 40;
const A_CATEGORY: u64 = 400;

const WORDS: [&str; 24] = [
    "oak", "chair", "brass", "lamp", "linen", "curtain", "steel", "kettle", "garden", "table", "blue", "bicycle",
    "wool", "blanket", "clay", "bowl", "small", "mirror", "used", "camera", "paper", "kite", "green", "jacket",
];

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
    let crawl = "rate = \"unlimited\"\nconcurrency = 32\nmax_pages = 10000000\nmax_depth = 1000";
    platform_file(&folder.path().join("seeds"), "bazaar", servers.ports[0], crawl);
    let mut command = program(folder.path(), &["scan", "bazaar"]);
    if pins {
        let mut pinned = Command::new("taskset");
        pinned.args(["-c", &(cores - 1).to_string()]).arg(command.get_program()).args(command.get_args());
        pinned.current_dir(folder.path()).stdin(std::process::Stdio::null());
        pinned.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        command = pinned;
    }
    let ran = wait(command.spawn().expect("the program starts"));
    assert_eq!(ran.code, Some(0), "{}", ran.err);
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
    let hits = serde_json::from_str::<serde_json::Value>(&ran.out).ok().map(|out| out["platforms"][0]["hits"].clone());
    print(
        "hits, of planted",
        format!("{}, {}", hits.unwrap_or_default(), (0..listings).filter(|n| is_planted(*n)).count()),
    );
    assert_eq!((found.len() as u64, forbidden), (listings, 0));
}

fn is_planted(number: u64) -> bool {
    number % 1000 == 7
}

fn listing_of(path: &str) -> Option<u64> {
    path.strip_prefix("/l/")?.split('-').next()?.parse().ok()
}

fn slug(number: u64) -> String {
    let word = |at: u32| WORDS[(mix(number) >> (5 * at)) as usize % WORDS.len()];
    format!("/l/{number}-{}-{}-{}", word(0), word(1), word(2))
}

fn mix(number: u64) -> u64 {
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 7
}

fn words(seed: u64, count: u64) -> String {
    let word = |n: u64| WORDS[mix(seed * 1_000 + n) as usize % WORDS.len()];
    (0..count).map(word).collect::<Vec<_>>().join(" ")
}

/// Style, script and reviews as shops have them.
fn filler(bytes: usize) -> String {
    let mut out = String::from("<style>");
    let mut n = 0;
    while out.len() < bytes / 3 {
        n += 1;
        let _ = write!(out, ".c{n}>a:hover{{color:#{:06x};margin:{n}px}}", mix(n) & 0xff_ffff);
    }
    out.push_str("</style><script>if(1<2){window.t='</a>'}</script>");
    while out.len() < bytes {
        n += 1;
        let _ = writeln!(
            out,
            "<div class=\"review\" data-review=\"{:x}\"><span class=\"stars\" aria-label=\"rating\"></span><b>{}</b>\
             <p class=\"review__body\">{}</p><button type=\"button\" data-action=\"helpful\">Helpful</button></div>",
            mix(n),
            words(n, 2),
            words(n + 7, 30)
        );
    }
    out
}

fn answer(path: &str, listings: u64, bytes: usize, filler: &str) -> Reply {
    if path == "/robots.txt" {
        let text = "User-agent: *\nDisallow: /cart\nDisallow: /*?sort=\nDisallow: /*&sort=\n";
        return Reply { headers: "Content-Type: text/plain\r\n".into(), ..Reply::html(text.as_bytes().to_vec()) };
    }
    let categories = listings.div_ceil(A_CATEGORY);
    let mut out = String::with_capacity(bytes + 4096);
    let nav: String = (0..categories).map(|n| format!("<li><a href=\"/c/{n}\">Category {n}</a></li>")).collect();
    let open = |out: &mut String, title: &str, head: &str| {
        let _ = write!(
            out,
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>{head}</head><body>\
             <nav><a href=\"/\">Home</a><a href=\"/cart\">Cart</a><ul>{nav}</ul></nav>"
        );
    };
    if let Some(number) = listing_of(path).filter(|number| *number < listings) {
        let planted = if is_planted(number) { "Isotonitazene powder, 10 g, discreet shipping. " } else { "" };
        let (title, text) = (words(number, 5), format!("{planted}{}", words(number + 3, 120)));
        let head = format!(
            "<link rel=\"canonical\" href=\"{}\"><script type=\"application/ld+json\">{{\"@context\":\"https://schema.org\",\
             \"@type\":\"Product\",\"name\":\"{title}\",\"sku\":\"SKU-{number}\",\"description\":\"{text}\",\"offers\":\
             {{\"@type\":\"Offer\",\"priceCurrency\":\"EUR\",\"price\":\"{}.50\"}}}}</script>",
            slug(number),
            10 + number % 90
        );
        open(&mut out, &title, &head);
        let _ = write!(
            out,
            "<div itemscope itemtype=\"https://schema.org/Product\"><h1 itemprop=\"name\">{title}</h1>\
             <div itemprop=\"description\">{text}</div></div><ul>"
        );
        for n in 0..RELATED {
            let other = mix(number * RELATED + n) % listings;
            let tracking = if n % 4 == 0 { "?utm_source=related&amp;utm_medium=card" } else { "" };
            let _ =
                write!(out, "<li><a class=\"card\" href=\"{}{tracking}\">{}</a></li>", slug(other), words(other, 3));
        }
        out.push_str("</ul>");
    } else {
        let category: u64 = path.strip_prefix("/c/").and_then(|rest| rest.split('?').next()?.parse().ok()).unwrap_or(0);
        let page: u64 = path.split("page=").nth(1).and_then(|text| text.parse().ok()).unwrap_or(0);
        open(&mut out, "Category", "");
        let first = category * A_CATEGORY + page * A_PAGE;
        out.push_str("<ul>");
        for number in first..(first + A_PAGE).min(listings).min((category + 1) * A_CATEGORY) {
            let _ = write!(out, "<li><a href=\"{}\">{}</a></li>", slug(number), words(number, 3));
        }
        out.push_str("</ul>");
        let _ = write!(out, "<a href=\"/c/{category}?page={page}&amp;sort=price\">by price</a>");
        if page + 1 < A_CATEGORY / A_PAGE {
            let _ = write!(out, "<a href=\"/c/{category}?page={}\">more</a>", page + 1);
        }
        out.push_str("</body></html>");
        return Reply::html(out.into_bytes());
    }
    out.push_str(&filler[..filler.floor_char_boundary(bytes.saturating_sub(out.len()))]);
    out.push_str("</body></html>");
    Reply::html(out.into_bytes())
}
