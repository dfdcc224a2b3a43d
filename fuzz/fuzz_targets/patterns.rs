//! No pattern file panics: it is read, or its problems have a place.
#![no_main]

use libfuzzer_sys::fuzz_target;
use listingwatch::detect::watchlist::Watchlist;

fuzz_target!(|text: &str| {
    for name in ["substances/x.toml", "classes.toml", "context.toml", "weights.toml", "equipment.toml"] {
        let _ = Watchlist::parse(&[(name.to_owned(), text.to_owned())]);
    }
});
