//! `X-Robots-Tag` headers, as far as they bear on us.
//!
//! `nofollow` (and `none`) keeps us from the links of a page. `noindex` and `noarchive` speak of search results and copies
//! shown to the public; there are none here, so they change nothing.

use crate::frontier::robots::PRODUCT_TOKEN;

/// Directives whose value follows a colon; any other word before one names a crawler.
const WITH_VALUE: &[&str] = &["unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"];

/// Whether any of the headers asks us not to follow links. A directive after a crawler's name is for that crawler, up to
/// the next name or the end of the header.
pub fn nofollow<'a>(headers: impl Iterator<Item = &'a str>) -> bool {
    headers.into_iter().any(|header| {
        let mut ours = true;
        header.split(',').any(|part| {
            let mut directive = part.trim();
            if let Some((name, rest)) = directive.split_once(':') {
                let name = name.trim();
                if !WITH_VALUE.iter().any(|known| name.eq_ignore_ascii_case(known)) {
                    ours = name == "*" || name.eq_ignore_ascii_case(PRODUCT_TOKEN);
                    directive = rest.trim();
                }
            }
            ours && ["nofollow", "none"].iter().any(|word| directive.eq_ignore_ascii_case(word))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directives_for_everyone_for_us_and_for_others() {
        for (headers, expected) in [
            (&["nofollow"][..], true),
            (&["NoIndex, NOFOLLOW"], true),
            (&["none"], true),
            (&["noindex"], false),
            (&["noarchive, nosnippet"], false),
            (&["googlebot: nofollow"], false),
            (&["googlebot: noindex, nofollow"], false),
            (&["googlebot: noindex, listingwatch: nofollow"], true),
            (&["ListingWatch: none"], true),
            (&["*: nofollow"], true),
            (&["noindex", "nofollow"], true),
            (&["unavailable_after: 25 Jun 2026 15:00:00 GMT, nofollow"], true),
            (&["max-snippet:0"], false),
            (&["googlebot: noindex", "nofollow"], true),
            (&["", ":", ",,"], false),
        ] {
            assert_eq!(nofollow(headers.iter().copied()), expected, "{headers:?}");
        }
    }
}
