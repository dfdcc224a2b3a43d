//! Speed of detection on one core over invented listings: `cargo bench --bench detect`.
//!
//! With a file of listings in the shape of `screen` as argument, measures those instead, and says how many of them the first
//! pass hands to a closer look.

use std::sync::Arc;
use std::time::Instant;

use listingwatch::detect::Detector;
use listingwatch::detect::assessment::ListingText;
use listingwatch::detect::watchlist::Watchlist;

const ADJECTIVES: &[&str] = &[
    "oak",
    "stainless",
    "vintage",
    "compact",
    "foldable",
    "waterproof",
    "ceramic",
    "wireless",
    "organic",
    "adjustable",
];
const THINGS: &[&str] = &[
    "garden chair",
    "coffee grinder",
    "camera tripod",
    "winter jacket",
    "bicycle pump",
    "desk lamp",
    "running shoes",
    "kitchen knife",
    "picture frame",
    "phone holder",
];
const SENTENCES: &[&str] = &[
    "Brand new and sealed in its original box, with a warranty of two years from the day of purchase.",
    "The frame is made of solid beech and was oiled twice; small marks on the left side do not show.",
    "Compatible with models from 2015 to 2023, please compare the part number before you order.",
    "We ship within two working days; returns are free within thirty days in the whole European Union.",
    "Package contents: 1 x device, 1 x charging cable (USB-C, 1.5 m), 1 x manual in English, French and German.",
    "Dimensions 45 x 30 x 12 cm, weight 2.4 kg, colour anthracite, also available in white and light blue.",
    "Ideal as a gift for birthdays, weddings and housewarmings; gift wrapping can be chosen at the checkout.",
    "Lavable en machine à 30 °C, ne pas repasser; fabriqué au Portugal dans un petit atelier familial.",
];

fn listings(number: usize) -> Vec<(String, String)> {
    (0..number)
        .map(|n| {
            let title = format!("{} {} no. {n}", ADJECTIVES[n % ADJECTIVES.len()], THINGS[(n / 7) % THINGS.len()]);
            let text: Vec<&str> = (0..10).map(|k| SENTENCES[(n * 3 + k * 5) % SENTENCES.len()]).collect();
            (title, text.join(" "))
        })
        .collect()
}

fn read(path: &str) -> Vec<(String, String)> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let field = |value: &serde_json::Value, name: &str| value[name].as_str().unwrap_or_default().to_owned();
    text.lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .map(|value| (field(&value, "title"), field(&value, "text")))
        .collect()
}

fn main() {
    let started = Instant::now();
    let watchlist = Watchlist::builtin().unwrap_or_else(|problems| panic!("{problems:?}"));
    let detector = Detector::compile(Arc::new(watchlist)).unwrap_or_else(|error| panic!("{error}"));
    println!("watchlist loaded and compiled in {:.0} ms", started.elapsed().as_secs_f64() * 1000.0);
    let path = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let listings = path.map_or_else(|| listings(5000), |path| read(&path));
    let bytes: usize = listings.iter().map(|(title, text)| title.len() + text.len()).sum();
    let shaped: Vec<ListingText<'_>> =
        listings.iter().map(|(title, text)| ListingText { title, text, ..ListingText::default() }).collect();
    let closer = shaped.iter().filter(|listing| detector.needs_reading(listing)).count();
    println!("{} listings, {:.1} MB, {closer} need a closer look", shaped.len(), bytes as f64 / 1e6);
    for (name, judge) in [("first pass", 0), ("whole judgement", 1), ("without the first pass", 2)] {
        let mut best = f64::MAX;
        for _ in 0..if judge == 2 { 1 } else { 5 } {
            let started = Instant::now();
            let mut called = 0;
            for listing in &shaped {
                called += match judge {
                    0 => usize::from(detector.needs_reading(listing)),
                    1 => detector.assess(listing, &[]).substances.len(),
                    _ => detector.read(listing, &[]).substances.len(),
                };
            }
            std::hint::black_box(called);
            best = best.min(started.elapsed().as_secs_f64());
        }
        println!("{name:<24} {:>8.0} MB/s", bytes as f64 / 1e6 / best);
    }
}
