//! Every place reported is where it is said to be, and the first pass lets nothing by that a full reading would call.
#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use listingwatch::detect::Detector;
use listingwatch::detect::assessment::{ListingText, Verdict};
use listingwatch::detect::watchlist::Watchlist;

static DETECTOR: LazyLock<Detector> = LazyLock::new(|| {
    let watchlist = Watchlist::builtin().unwrap_or_else(|problems| panic!("{problems:?}"));
    Detector::compile(Arc::new(watchlist)).unwrap_or_else(|error| panic!("{error}"))
});

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    // The first line is the title.
    let (title, text) = text.split_once('\n').unwrap_or((&text, ""));
    let listing = ListingText { title, text, ..ListingText::default() };
    let read = DETECTOR.read(&listing, &[]);
    let cut = |field: &str, start: usize, end: usize| {
        let source = if field == "title" { title } else { text };
        let cut: String = source.chars().skip(start).take(end - start).collect();
        assert!(start < end && cut.chars().count() == end - start, "{field} {start}..{end}");
        cut
    };
    for found in read.substances.iter().flat_map(|substance| &substance.matches) {
        assert_eq!(cut(&found.field, found.start, found.end), found.surface);
    }
    for found in &read.emerging {
        assert_eq!(cut(&found.field, found.start, found.end), found.surface);
    }
    for found in &read.context {
        assert_eq!(cut(&found.field, found.start, found.end), found.surface);
    }
    assert!(read.verdict == Verdict::Clear || DETECTOR.needs_reading(&listing), "the first pass lets it by: {listing:?}");
});
