//! No page panics, whatever its bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use listingwatch::listing::ReadContext;
use listingwatch::vocab::limits::Limits;
use listingwatch::vocab::found::FoundUrl;

fuzz_target!(|bytes: &[u8]| {
    let Ok(url) = FoundUrl::parse("https://shop.example.test/item/1", None) else { return };
    let limits = Limits::default();
    let _ = listingwatch::listing::read(bytes, &ReadContext::new(&url, &limits));
});
