//! Speed of detection on one core, over invented text: `cargo bench --bench detect`.
//!
//! Each line gives megabytes of text a second of processor time (of wall time where the system does not tell). "Nothing in
//! it" is what most listings are; "something in it" is read in full. The plain automaton is the yardstick: the same names
//! looked for by `aho-corasick` in text that was folded before, which is less than a tenth of the work.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use listingwatch::detect::Detector;
use listingwatch::detect::assessment::ListingText;
use listingwatch::detect::watchlist::Watchlist;

/// The program's own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const GOODS: [&str; 12] = [
    "This lightweight hiking jacket keeps you dry when the weather turns, with taped seams, two zipped pockets and a hood.",
    "The kettle holds one and a half litres, switches off by itself and has a filter you can rinse under the tap.",
    "Garden chairs made of acacia wood, stackable, treated with oil, with cushions in grey or green.",
    "Set of six glasses for water and juice, dishwasher safe, packed in a gift box with a handle.",
    "Desk lamp with a brass foot and a linen shade, dimmable, bulb included, cable of 180 cm.",
    "Used mountain bike, 29 inch wheels, serviced in March, new brake pads, a few scratches on the frame.",
    "Wall calendar with twelve drawings of lighthouses, printed on heavy paper, hole for hanging.",
    "Tischlampe aus Messing mit Stoffschirm in Grün, dimmbar, Versand innerhalb von zwei Tagen.",
    "Chaise de jardin en acacia, lot de quatre, coussins gris, livraison à domicile sous trois jours.",
    "Zapatillas de montaña impermeables, suela de goma, tallas 36 a 46, devolución gratuita.",
    "USB-C hub with 7 ports, 4K HDMI, 100 W charging, fits models from 2019 to 2024 (see list).",
    "Replacement battery 18 V 4.0 Ah for cordless drills, charger 220-240 V, CE and RoHS marked.",
];

fn main() {
    let started = Instant::now();
    let watchlist = Arc::new(Watchlist::builtin().expect("the built-in list is whole"));
    let detector = Detector::compile(watchlist.clone()).expect("the built-in list compiles");
    println!("{:<44} {:>8.0} ms", "load and compile the watchlist", started.elapsed().as_secs_f64() * 1e3);

    let ordinary: Vec<String> = (0..400).map(|number| listing(number, 12)).collect();
    let short: Vec<String> = (0..400).map(|number| listing(number, 1)).collect();
    let marked: Vec<String> = ordinary.iter().map(|text| text.replace('-', "–").replace(" and ", " & ✓ ")).collect();
    let found: Vec<String> =
        ordinary.iter().map(|text| format!("{text} Isotonitazene powder, 10 g, discreet shipping.")).collect();
    assert!(ordinary.iter().all(|text| !detector.needs_reading(&about(text))), "the ordinary text is ordinary");
    assert!(found.iter().all(|text| detector.needs_reading(&about(text))), "the other text is not");

    for (name, texts) in [
        ("nothing in it, 1.2 kB", &ordinary),
        ("nothing in it, 0.1 kB", &short),
        ("nothing in it, dashes and symbols", &marked),
        ("something in it, read in full, 1.3 kB", &found),
    ] {
        let speed = megabytes_per_second(texts, |text| {
            black_box(detector.assess(&about(text), &[]));
        });
        println!("{name:<44} {speed:>8.0} MB/s");
    }

    let names: Vec<String> =
        watchlist.substances.iter().flat_map(|s| s.all_names()).map(listingwatch::detect::view::fold).collect();
    let automaton = aho_corasick::AhoCorasick::builder()
        .match_kind(aho_corasick::MatchKind::LeftmostLongest)
        .build(names.iter().filter(|name| name.len() > 2))
        .expect("the names build");
    let speed = megabytes_per_second(&ordinary, |text| {
        black_box(automaton.find_iter(&listingwatch::detect::view::fold(text)).count());
    });
    println!("{:<44} {speed:>8.0} MB/s", "yardstick: fold, then a plain automaton");
}

/// An invented listing of so many sentences.
fn listing(number: usize, sentences: usize) -> String {
    (0..sentences).map(|at| GOODS[(number * 7 + at * 5) % GOODS.len()]).collect::<Vec<_>>().join(" ")
}

fn about(text: &str) -> ListingText<'_> {
    ListingText { text, ..ListingText::default() }
}

/// The best of five rounds.
fn megabytes_per_second(texts: &[String], mut judge: impl FnMut(&str)) -> f64 {
    let bytes: usize = texts.iter().map(String::len).sum();
    let mut best = 0.0_f64;
    for _ in 0..5 {
        let (started, mut rounds) = (seconds(), 0);
        while seconds() - started < 0.3 {
            texts.iter().for_each(|text| judge(text));
            rounds += 1;
        }
        best = best.max((bytes * rounds) as f64 / 1e6 / (seconds() - started));
    }
    best
}

/// Processor time of this thread, so that other programs on the machine do not count; wall time where it is not told.
fn seconds() -> f64 {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|text| text.split(' ').next().and_then(|first| first.parse::<f64>().ok()));
    nanoseconds.map_or_else(|| START.get_or_init(Instant::now).elapsed().as_secs_f64(), |n| n / 1e9)
}
