//! What the watchlist costs, how detection bears a list ten times as long, text made to hurt, and pages that explode:
//! `cargo bench --bench limits`, the last alone with `-- pages`.
//!
//! Times are processor time of one thread (wall time where the system does not tell), memory is what the process holds.

use std::hint::black_box;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

use listingwatch::detect::Detector;
use listingwatch::detect::assessment::ListingText;
use listingwatch::detect::watchlist::{Names, Watchlist};
use listingwatch::listing::ReadContext;
use listingwatch::vocab::found::FoundUrl;
use listingwatch::vocab::limits::Limits;
use listingwatch::vocab::time::Deadline;

/// The program's own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const GOODS: [&str; 8] = [
    "This lightweight hiking jacket keeps you dry when the weather turns, with taped seams, two zipped pockets and a hood.",
    "The kettle holds one and a half litres, switches off by itself and has a filter you can rinse under the tap.",
    "Used mountain bike, 29 inch wheels, serviced in March, new brake pads, a few scratches on the frame.",
    "USB-C hub with 7 ports, 4K HDMI, 100 W charging, fits models from 2019 to 2024 (see list).",
    "Tischlampe aus Messing mit Stoffschirm in Grün, dimmbar, Versand innerhalb von zwei Tagen.",
    "Chaise de jardin en acacia, lot de quatre, coussins gris, livraison à domicile sous trois jours.",
    "Zapatillas de montaña impermeables, suela de goma, tallas 36 a 46, devolución gratuita.",
    "Replacement battery 18 V 4.0 Ah for cordless drills, charger 220-240 V, CE and RoHS marked.",
];

#[path = "../tests/it/bomb_pages.rs"]
mod bomb_pages;

fn main() {
    // First, because memory is told as the most the process ever held.
    pages();
    if std::env::args().any(|argument| argument == "pages") {
        return;
    }
    start();
    let before = held_megabytes();
    let started = seconds();
    let watchlist = Watchlist::builtin().expect("the built-in list is whole");
    let read = seconds();
    let detector = Detector::compile(Arc::new(watchlist.clone())).expect("the built-in list compiles");
    let compiled = seconds();
    println!("{:<60} {:>8.0} ms", "watchlist read from TOML", (read - started) * 1e3);
    println!("{:<60} {:>8.0} ms", "watchlist compiled", (compiled - read) * 1e3);
    println!("{:<60} {:>8.0} ms", "load in all (under 300)", (compiled - started) * 1e3);
    println!("{:<60} {:>8.1} MB", "memory the compiled list holds", held_megabytes() - before);

    let ordinary: Vec<String> = (0..400).map(|number| listing(number, 12)).collect();
    let found: Vec<String> =
        ordinary.iter().map(|text| format!("{text} Isotonitazene powder, 10 g, discreet shipping.")).collect();
    let plain = (speed(&detector, &ordinary), speed(&detector, &found));
    println!("{:<60} {:>8.1} MB", "memory of the process, most of all (under 200)", peak_megabytes());

    let longer = tenfold(&watchlist);
    let (names, more) = (count(&watchlist), count(&longer));
    let started = seconds();
    let tenfold = Detector::compile(Arc::new(longer)).expect("the longer list compiles");
    println!(
        "{:<60} {:>8.0} ms",
        format!("list of {more} names instead of {names} compiled"),
        (seconds() - started) * 1e3
    );
    let long = (speed(&tenfold, &ordinary), speed(&tenfold, &found));
    for (name, short, long) in [("nothing in it", plain.0, long.0), ("something in it", plain.1, long.1)] {
        println!(
            "{:<60} {short:>8.0} MB/s, then {long:.0} MB/s: {:.2} times slower (under 2)",
            format!("{name}, tenfold list"),
            short / long
        );
    }
    drop(tenfold);

    for (name, piece) in [
        ("a combining mark on each letter", "f\u{301}e\u{308}n\u{323}"),
        ("right-to-left overrides", "\u{202e}\u{200f}x"),
        ("emoji between letters", "f💊e👩\u{200d}🔬n🔥t"),
        ("full stops between letters", "f.e.n.t.a.n."),
        ("a name over and over", "isotonitazene "),
        ("a misspelt name over and over", "isotonitazenne "),
        ("stems of families in one word", "nitazenfentan"),
        ("digits and dashes", "1-1-"),
        ("one word without end", "a"),
    ] {
        let text = |bytes: usize| piece.repeat(bytes / piece.len());
        let [small, large] = [2_500_000, 10_000_000].map(|bytes| {
            let text = text(bytes);
            let started = seconds();
            black_box(detector.assess(&about(&text), &[]));
            seconds() - started
        });
        let name = format!("10 MB of {name}");
        println!("{name:<60} {:>8.0} ms, {:.1} times a quarter of it", large * 1e3, large / small);
    }
    contacts();
}

/// What the redactor of contacts takes for text that keeps it busy.
fn contacts() {
    black_box(listingwatch::listing::contacts::find("warm up, telegram: northpier, +44 20 7946 0958"));
    for (name, piece) in [
        ("sentences of ordinary listings", &*listing(3, 12)),
        ("a messenger's name in Han", "微信"),
        ("phrases in Han that lead to a value", "加微信"),
        ("a messenger's name in Thai", "ไลน์"),
        ("a messenger's name in Korean", "텔레그램"),
        ("a messenger's name and a full stop", "telegram."),
        ("a word and a hyphen", "line-"),
        ("signs before an account", "@"),
        ("words for the signs of an address", "a dot b at "),
        ("accounts in groups", "account number 12345678 "),
        ("places of parcels", "packstation 123 "),
        ("names behind a word", "ask for John "),
        ("tags", "<b>a"),
        ("base64", "aGVsbG8gd29ybGQh/"),
        ("fractions", "½"),
    ] {
        let [small, large] = [250_000, 1_000_000].map(|bytes| {
            let text = piece.repeat(bytes / piece.len());
            let started = seconds();
            black_box(listingwatch::listing::contacts::find(&text));
            seconds() - started
        });
        let name = format!("contacts in 1 MB of {name} (under 500)");
        println!("{name:<60} {:>8.0} ms, {:.1} times a quarter of it", large * 1e3, large / small);
    }
}

/// From the start of a process of the program to its first verdict, on the wall: the best and the middle of eleven.
fn start() {
    let mut took: Vec<f64> = (0..11)
        .map(|_| {
            let started = Instant::now();
            let mut program = Command::new(env!("CARGO_BIN_EXE_listingwatch"))
                .arg("screen")
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .expect("the program starts");
            let listing =
                "{\"id\":\"1\",\"title\":\"Isotonitazene powder 10 g\",\"text\":\"discreet shipping, bitcoin\"}\n";
            let mut input = program.stdin.take().expect("it is piped");
            input.write_all(listing.as_bytes()).expect("the program reads");
            let mut verdict = String::new();
            BufReader::new(program.stdout.take().expect("it is piped")).read_line(&mut verdict).expect("it answers");
            let took = started.elapsed().as_secs_f64();
            assert!(verdict.contains("\"refer\""), "{verdict}");
            drop(input);
            program.wait().expect("it ends");
            took
        })
        .collect();
    took.sort_by(f64::total_cmp);
    println!("{:<60} {:>8.0} ms", "program start to first verdict, best (under 80)", took[0] * 1e3);
    println!("{:<60} {:>8.0} ms", "program start to first verdict, median", took[took.len() / 2] * 1e3);
}

/// Small pages that cost a reader without a budget far more than their size: time, memory beyond the page, and what each is
/// given up for.
fn pages() {
    let url = FoundUrl::parse("https://shop.example.test/p/1", None).expect("an address");
    let limits = Limits::default();
    println!("{:<60} {:>8} {:>9} {:>8}  (under 1 s and 200 MB)", "page", "kB", "ms", "MB");
    for (name, html, _) in bomb_pages::all() {
        forget_peak();
        let before = peak_megabytes();
        let started = Instant::now();
        let over = || started.elapsed() >= limits.parse_deadline;
        let context = ReadContext { deadline: Deadline::new(&over), ..ReadContext::new(&url, &limits) };
        let page = black_box(listingwatch::listing::read(html.as_bytes(), &context));
        let took = started.elapsed().as_secs_f64();
        let outcome = page.given_up.map_or_else(|| "read".to_owned(), |spent| format!("given up: {spent}"));
        let grew = peak_megabytes() - before;
        println!("{name:<60} {:>8} {:>9.0} {grew:>8.0}  {outcome}", html.len() / 1000, took * 1e3);
    }
}

/// Has the system count the peak anew from what is held now; older systems go on from the old one.
fn forget_peak() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// An invented listing of so many sentences.
fn listing(number: usize, sentences: usize) -> String {
    (0..sentences).map(|at| GOODS[(number * 7 + at * 5) % GOODS.len()]).collect::<Vec<_>>().join(" ")
}

fn about(text: &str) -> ListingText<'_> {
    ListingText { text, ..ListingText::default() }
}

/// Megabytes a second, the best of five rounds.
fn speed(detector: &Detector, texts: &[String]) -> f64 {
    let bytes: usize = texts.iter().map(String::len).sum();
    let mut best = 0.0_f64;
    for _ in 0..5 {
        let (started, mut rounds) = (seconds(), 0);
        while seconds() - started < 0.3 {
            texts.iter().for_each(|text| {
                black_box(detector.assess(&about(text), &[]));
            });
            rounds += 1;
        }
        best = best.max((bytes * rounds) as f64 / 1e6 / (seconds() - started));
    }
    best
}

fn count(watchlist: &Watchlist) -> usize {
    watchlist.substances.iter().map(|substance| substance.all_names().count()).sum()
}

/// The list with nine invented substances beside each: the same names with vowels turned into the next vowel and consonants into
/// the next consonant, so that lengths, digits and words stay as they are.
fn tenfold(watchlist: &Watchlist) -> Watchlist {
    let mut longer = watchlist.clone();
    for turn in 1..10 {
        for substance in &watchlist.substances {
            let mut other = substance.clone();
            other.id = format!("{}-x{turn}", substance.id);
            other.name = turned(&substance.name, turn);
            other.cas.clear();
            other.inchikey.clear();
            for names in [&mut other.names, &mut other.street, &mut other.ambiguous] {
                turn_all(names, turn);
            }
            longer.substances.push(other);
        }
    }
    longer
}

fn turn_all(names: &mut Names, turn: usize) {
    names.values_mut().flatten().for_each(|name| *name = turned(name, turn));
}

fn turned(name: &str, turn: usize) -> String {
    let next = |c: char, ring: &str| {
        let at = ring.chars().position(|held| held == c)?;
        ring.chars().nth((at + turn) % ring.len())
    };
    let letters = name.chars().map(|c| match c {
        c if c.is_ascii_alphabetic() => {
            let low = c.to_ascii_lowercase();
            next(low, "aeiouy").or_else(|| next(low, "bcdfghjklmnpqrstvwxz")).unwrap_or(low)
        }
        c if c as u32 > 0x370 => char::from_u32(c as u32 + turn as u32).unwrap_or(c),
        c => c,
    });
    // Turned letters are a word of English now and then (`and`), and a text with a name in it is read in full.
    "zq".chars().chain(letters).collect()
}

/// Processor time of this thread; wall time where it is not told.
fn seconds() -> f64 {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|text| text.split(' ').next().and_then(|first| first.parse::<f64>().ok()));
    nanoseconds.map_or_else(|| START.get_or_init(Instant::now).elapsed().as_secs_f64(), |n| n / 1e9)
}

fn held_megabytes() -> f64 {
    status("VmRSS:")
}

fn peak_megabytes() -> f64 {
    status("VmHWM:")
}

/// A line of the process's status; nothing is told on systems without it.
fn status(key: &str) -> f64 {
    let told = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = told.lines().find_map(|line| line.strip_prefix(key));
    line.and_then(|rest| rest.split_whitespace().next()?.parse::<f64>().ok())
        .map_or(f64::NAN, |kilobytes| kilobytes / 1024.0)
}
