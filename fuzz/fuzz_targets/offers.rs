//! No feed of offers panics, and every offer has an address that is canonical.
#![no_main]

use libfuzzer_sys::fuzz_target;
use listingwatch::vocab::limits::Limits;
use listingwatch::vocab::found::FoundUrl;

fuzz_target!(|bytes: &[u8]| {
    let Ok(base) = FoundUrl::parse("https://shop.example.test/feed.xml", None) else { return };
    for offered in listingwatch::listing::feed::read(bytes, &base, Limits::default().listing_bytes).offers {
        assert_eq!(FoundUrl::parse(offered.url.as_str(), None).as_ref(), Ok(&offered.url));
    }
});
