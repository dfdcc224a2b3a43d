//! Folding never panics, its places lie inside the source in the order of the text, and the quick form has the same letters.
#![no_main]

use libfuzzer_sys::fuzz_target;
use listingwatch::detect::view::{Folded, Squeezed, fold_quickly};

fuzz_target!(|bytes: &[u8]| {
    // Listings come as bytes of any kind; what is no UTF-8 is replaced before it is judged.
    let text = String::from_utf8_lossy(bytes);
    let folded = Folded::of(&text);
    let length = text.chars().count();
    let mut last = 0;
    for (at, c) in folded.text.char_indices() {
        let (start, end) = folded.span(at, at + c.len_utf8());
        assert!(start < end && end <= length, "{start}..{end} of {length}");
        assert!(start >= last, "places run backwards");
        last = start;
    }
    let bare = |text: &str| text.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    let mut quick = String::new();
    fold_quickly(&text, &mut quick);
    assert_eq!(bare(&quick), bare(&folded.text));
    for letters in [None, Some('i'), Some('l')] {
        let squeezed = Squeezed::of(&folded, letters);
        assert_eq!(squeezed.text.len(), squeezed.at.len());
        assert!(squeezed.at.iter().all(|at| (*at as usize) < folded.text.len()));
    }
});
