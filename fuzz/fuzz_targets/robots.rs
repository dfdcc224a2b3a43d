//! No answer to /robots.txt panics, and an answer of 5xx never allows anything.
#![no_main]

use libfuzzer_sys::fuzz_target;
use listingwatch::frontier::robots::RobotsRecord;
use listingwatch::vocab::time::Timestamp;
use listingwatch::vocab::found::FoundUrl;

fuzz_target!(|body: &[u8]| {
    let Ok(url) = FoundUrl::parse("https://shop.example.test/a/b?c=d", None) else { return };
    let _ = RobotsRecord::from_answer(Some(200), body, Timestamp::EPOCH).allows(&url);
    assert!(!RobotsRecord::from_answer(Some(503), body, Timestamp::EPOCH).allows(&url));
});
