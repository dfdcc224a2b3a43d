//! Judging never panics, and every span lies inside its field.
#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use listingwatch::detect::Detector;
use listingwatch::detect::assessment::ListingText;
use listingwatch::detect::watchlist::Watchlist;

static DETECTOR: LazyLock<Detector> = LazyLock::new(|| {
    let watchlist = Watchlist::builtin().unwrap_or_else(|problems| panic!("{problems:?}"));
    Detector::compile(Arc::new(watchlist)).unwrap_or_else(|error| panic!("{error}"))
});

fuzz_target!(|text: &str| {
    let listing = ListingText { title: "isotonitazene", text, ..ListingText::default() };
    let length = text.chars().count();
    for found in DETECTOR.assess(&listing, &[]).substances.iter().flat_map(|substance| &substance.matches) {
        if found.field == "text" {
            assert!(found.start < found.end && found.end <= length);
        }
    }
});
