//! A canonical URL is a fixed point: parsed again it is the same. So is a found one, and its canonical form is that of its text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use listingwatch::vocab::found::FoundUrl;
use listingwatch::vocab::url::CanonicalUrl;

fuzz_target!(|text: &str| {
    if let Ok(url) = CanonicalUrl::parse(text, None) {
        let again = CanonicalUrl::parse(url.as_str(), None).map(|again| again.as_str().to_owned());
        assert_eq!(again.ok().as_deref(), Some(url.as_str()));
    }
    if let Ok(url) = FoundUrl::parse(text, None) {
        assert_eq!(FoundUrl::parse(url.as_str(), None).as_ref(), Ok(&url));
        assert_eq!(CanonicalUrl::parse(url.as_str(), None).as_ref(), Ok(url.canonical()));
    }
});
