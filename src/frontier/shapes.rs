//! What stands behind URLs of one shape, learned from the pages a scan has seen: listings first, then pages that lead to
//! listings, then the rest.

use std::collections::HashMap;

use crate::frontier::traps::shape_of;
use crate::vocab::url::CanonicalUrl;

/// Shapes remembered of one host; a site with more of them has no pattern to learn.
const SHAPES_LIMIT: usize = 5_000;

/// Visits after which old ones count half, so that a site that was rebuilt is learned anew.
const VISITS_REMEMBERED: u32 = 1_000;

/// Kinds of pages, as far as they are known, from the one to visit first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PageKind {
    /// Most pages of this shape hold a listing.
    Listing,
    /// Pages of this shape lead to listings that were not known.
    Category,
    /// Neither, or never visited.
    Other,
}

impl PageKind {
    /// Its place among what is due; rechecks and seeds stand before it.
    pub fn priority(self) -> u8 {
        match self {
            PageKind::Listing => 2,
            PageKind::Category => 3,
            PageKind::Other => 4,
        }
    }
}

/// The shapes of one host.
#[derive(Debug, Default)]
pub struct Shapes {
    seen: HashMap<u64, Seen>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Seen {
    visits: u32,
    with_listing: u32,
    new_listings: u32,
}

impl Shapes {
    /// What is to be expected of `url`.
    pub fn kind_of(&self, url: &CanonicalUrl) -> PageKind {
        let Some(seen) = self.seen.get(&number(url)) else { return PageKind::Other };
        if seen.with_listing * 2 > seen.visits {
            PageKind::Listing
        } else if seen.new_listings >= seen.visits {
            PageKind::Category
        } else {
            PageKind::Other
        }
    }

    /// Learns from a visit: whether the page held a listing, and how many links to listings not known before.
    pub fn visited(&mut self, url: &CanonicalUrl, has_listing: bool, new_listings: usize) {
        let number = number(url);
        if self.seen.len() >= SHAPES_LIMIT && !self.seen.contains_key(&number) {
            return;
        }
        let seen = self.seen.entry(number).or_default();
        if seen.visits >= VISITS_REMEMBERED {
            *seen = Seen {
                visits: seen.visits / 2,
                with_listing: seen.with_listing / 2,
                new_listings: seen.new_listings / 2,
            };
        }
        seen.visits += 1;
        seen.with_listing += u32::from(has_listing);
        seen.new_listings = seen.new_listings.saturating_add(u32::try_from(new_listings).unwrap_or(u32::MAX));
    }
}

fn number(url: &CanonicalUrl) -> u64 {
    xxhash_rust::xxh3::xxh3_64(shape_of(url.as_url().path()).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(path: &str) -> CanonicalUrl {
        CanonicalUrl::parse(&format!("https://shop.example.test{path}"), None).unwrap()
    }

    #[test]
    fn shapes_are_learned_from_what_their_pages_held() {
        let mut shapes = Shapes::default();
        assert_eq!(shapes.kind_of(&url("/l/1-oak-chair-new")), PageKind::Other, "nothing is known yet");
        for n in 0..20 {
            shapes.visited(&url(&format!("/l/{n}-oak-chair-new")), true, 2);
            shapes.visited(&url(&format!("/c/{n}?page=2")), false, 12);
            shapes.visited(&url(&format!("/help/{n}")), false, 0);
        }
        assert_eq!(shapes.kind_of(&url("/l/99-brass-lamp-used")), PageKind::Listing);
        assert_eq!(shapes.kind_of(&url("/c/7?page=9")), PageKind::Category);
        assert_eq!(shapes.kind_of(&url("/help/99")), PageKind::Other);
    }

    #[test]
    fn a_site_that_changes_is_learned_anew_and_memory_is_bounded() {
        let mut shapes = Shapes::default();
        for n in 0..3000 {
            shapes.visited(&url("/x/1"), n < 1000, 0);
        }
        assert_eq!(shapes.kind_of(&url("/x/2")), PageKind::Other);
        for n in 0..10_000 {
            let word: String = format!("{n}").chars().map(|c| char::from(b'a' + (c as u8 - b'0'))).collect();
            shapes.visited(&url(&format!("/{word}")), true, 0);
        }
        assert!(shapes.seen.len() <= SHAPES_LIMIT);
    }
}
