//! No sitemap or feed panics, gzipped or not.
#![no_main]

use libfuzzer_sys::fuzz_target;
use listingwatch::vocab::limits::Limits;

fuzz_target!(|bytes: &[u8]| {
    let _ = listingwatch::frontier::sitemap::read(bytes, None, Limits::default().sitemap_bytes);
});
