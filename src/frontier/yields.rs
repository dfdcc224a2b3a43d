//! What the patterns of a host's URLs have brought, so that one that brings nothing is given up: endless sessions, calendars,
//! generated pages. A shape is no trap because it is large; it is one because page after page of it holds no listing.

use std::collections::{HashMap, HashSet};

use crate::frontier::traps::shape_of;
use crate::vocab::url::CanonicalUrl;

/// Pages of a pattern that are looked at before it is judged: listings may stand behind a few pages of another kind.
const PROBE: u32 = 50;

/// Pages without a listing that a pattern may have. What was visited in vain and what is on its way both count, so that
/// each fruitless page leaves room for one less.
const ROOM: u32 = 200;

/// A pattern of which one page in so many brings a listing is no trap.
const FRUITFUL_ONE_IN: u32 = 20;

/// Listings met on a host from which on pages without one say something: until then it may be a host whose listings are not
/// told from other pages, and only a page that was seen before under another address counts as fruitless.
const KNOWN_FROM: u32 = 20;

/// Patterns, and pages by what is seen of them, that are remembered of one host.
const PATTERNS_LIMIT: usize = 20_000;
const SEEN_LIMIT: usize = 10_000;

/// Patterns that are named at the end of a scan.
const NAMED_LIMIT: usize = 20;

/// What a visit brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Brought {
    /// A listing, on the page or behind a new link of it.
    pub listing: bool,
    /// Stands for what is seen of the page.
    pub seen: u64,
}

/// A pattern that is given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenUp {
    /// Path with `0` for numbers and `~` for long names; `/**` for everything below.
    pub pattern: String,
    /// Pages that were visited.
    pub visits: u32,
    /// Links that were left out.
    pub left_out: u64,
}

/// The yields of one host.
#[derive(Debug, Default)]
pub struct Yields {
    patterns: HashMap<u64, Seen>,
    seen: HashSet<u64>,
    listings: u32,
    given_up: HashMap<u64, GivenUp>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Seen {
    admitted: u32,
    visits: u32,
    fruitful: u32,
    repeated: u32,
}

/// A pattern: one shape of path and parameters, or everything below a folder.
struct Pattern {
    number: u64,
    words: String,
    is_folder: bool,
}

impl Yields {
    /// Whether a link to `url` may be followed; it is counted where it leads to a pattern that is given up.
    pub fn admits(&mut self, url: &CanonicalUrl) -> bool {
        for Pattern { number, words, is_folder } in patterns_of(url) {
            let Some(seen) = self.patterns.get(&number) else { continue };
            if seen.is_fruitless(is_folder, self.listings >= KNOWN_FROM) {
                let visits = seen.visits;
                if self.given_up.len() < NAMED_LIMIT || self.given_up.contains_key(&number) {
                    let fresh = || GivenUp { pattern: words, visits, left_out: 0 };
                    let given_up = self.given_up.entry(number).or_insert_with(fresh);
                    given_up.visits = visits;
                    given_up.left_out += 1;
                }
                return false;
            }
        }
        true
    }

    /// Notes that a link to `url` is followed.
    pub fn admitted(&mut self, url: &CanonicalUrl) {
        self.each(url, |seen| seen.admitted = seen.admitted.saturating_add(1));
    }

    /// Learns from the first visit of `url`.
    pub fn visited(&mut self, url: &CanonicalUrl, brought: Brought) {
        let repeated = self.seen.contains(&brought.seen);
        if self.seen.len() < SEEN_LIMIT {
            self.seen.insert(brought.seen);
        }
        self.listings = self.listings.saturating_add(u32::from(brought.listing));
        self.each(url, |seen| {
            seen.visits = seen.visits.saturating_add(1);
            seen.fruitful = seen.fruitful.saturating_add(u32::from(brought.listing));
            seen.repeated = seen.repeated.saturating_add(u32::from(repeated && !brought.listing));
        });
    }

    /// Patterns that were given up, the one with the most links left out first.
    pub fn given_up(&self) -> Vec<GivenUp> {
        let mut all: Vec<GivenUp> = self.given_up.values().cloned().collect();
        all.sort_by(|a, b| b.left_out.cmp(&a.left_out).then_with(|| a.pattern.cmp(&b.pattern)));
        all
    }

    fn each(&mut self, url: &CanonicalUrl, change: impl Fn(&mut Seen)) {
        for Pattern { number, .. } in patterns_of(url) {
            if self.patterns.len() < PATTERNS_LIMIT || self.patterns.contains_key(&number) {
                change(self.patterns.entry(number).or_default());
            }
        }
    }
}

impl Seen {
    /// Whether further pages are not worth their requests.
    fn is_fruitless(&self, is_folder: bool, listings_are_known: bool) -> bool {
        // A folder holds pages of many kinds: one listing in it, and its shapes are judged each on its own.
        let is_fruitful =
            self.fruitful.saturating_mul(FRUITFUL_ONE_IN) >= self.visits.max(1) || is_folder && self.fruitful > 0;
        if self.visits < PROBE || is_fruitful {
            return false;
        }
        let on_their_way = self.admitted.saturating_sub(self.visits);
        let in_vain = if listings_are_known {
            self.visits - self.fruitful
        } else if self.repeated.saturating_mul(10) >= self.visits.saturating_mul(9) {
            self.repeated
        } else {
            return false;
        };
        in_vain.saturating_add(on_their_way) >= ROOM
    }
}

/// The patterns a URL belongs to: its own shape, with the names of its parameters, and the first two folders above it.
fn patterns_of(url: &CanonicalUrl) -> impl Iterator<Item = Pattern> {
    let shape = shape_of(url.as_url().path().trim_start_matches('/'));
    let mut words = format!("/{shape}");
    if let Some(query) = url.as_url().query() {
        let mut names: Vec<&str> = query.split('&').map(|pair| pair.split('=').next().unwrap_or_default()).collect();
        names.sort_unstable();
        names.dedup();
        words.push('?');
        words.push_str(&names.join("&"));
    }
    let slashes: Vec<usize> = memchr::memchr_iter(b'/', shape.as_bytes()).take(2).collect();
    let folders = slashes.into_iter().map(move |end| (format!("/{}/**", &shape[..end]), true));
    std::iter::once((words, false)).chain(folders).map(|(words, is_folder)| {
        let number = xxhash_rust::xxh3::xxh3_64(words.as_bytes());
        Pattern { number, words, is_folder }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(path: &str) -> CanonicalUrl {
        CanonicalUrl::parse(&format!("https://shop.example.test{path}"), None).unwrap()
    }

    /// Walks a chain in which each page leads to the next, up to `at_most`; answers how many were visited.
    fn walked(
        yields: &mut Yields,
        at_most: u32,
        path: impl Fn(u32) -> String,
        brought: impl Fn(u32) -> Brought,
    ) -> u32 {
        for n in 0..at_most {
            let url = url(&path(n));
            if !yields.admits(&url) {
                return n;
            }
            yields.admitted(&url);
            yields.visited(&url, brought(n));
        }
        at_most
    }

    fn listing(n: u32) -> Brought {
        Brought { listing: true, seen: 1_000_000 + u64::from(n) }
    }

    fn nothing(n: u32) -> Brought {
        Brought { listing: false, seen: u64::from(n) }
    }

    #[test]
    fn what_brings_nothing_ends_and_what_brings_listings_does_not() {
        let same = |_| Brought { listing: false, seen: 7 };
        for (name, path) in [
            ("sessions", (|n| format!("/x/session/{n}/a")) as fn(u32) -> String),
            ("a calendar", |n| format!("/cal/{}/{}", 2020 + n / 12, n % 12)),
            ("words that are never the same", |n| format!("/maze/{n:x}{n:x}g/{:o}z", n * 7919)),
            ("one parameter", |n| format!("/list?from={n}")),
            ("a deeper path each time", |n| format!("/deep{}", "/a".repeat(n as usize % 20 + 1) + &n.to_string())),
        ] {
            let mut yields = Yields::default();
            assert_eq!(walked(&mut yields, 5_000, path, same), ROOM + 1, "{name}: the same page again and again");
            let mut yields = Yields::default();
            walked(&mut yields, KNOWN_FROM, |n| format!("/l/{n}-oak-chair-used"), listing);
            assert_eq!(walked(&mut yields, 5_000, path, nothing), ROOM, "{name}: other words each time");
            assert!(yields.admits(&url("/l/9-oak-chair-used")), "{name}");
            let given_up = yields.given_up();
            assert_eq!(
                (given_up.len(), given_up[0].visits, given_up[0].left_out),
                (1, ROOM, 1),
                "{name}: {given_up:?}"
            );
        }
        let mut yields = Yields::default();
        let all = walked(&mut yields, 50_000, |n| format!("/l/{n}-oak-chair-used"), listing);
        let seldom = |n: u32| if n.is_multiple_of(15) { listing(n) } else { nothing(n) };
        let categories = walked(&mut yields, 5_000, |n| format!("/c/{n}?page={n}"), seldom);
        assert_eq!((all, categories, yields.given_up().len()), (50_000, 5_000, 0));
    }

    #[test]
    fn a_host_whose_listings_are_not_told_from_other_pages_is_read_whole() {
        let mut yields = Yields::default();
        assert_eq!(walked(&mut yields, 20_000, |n| format!("/item/{n}"), nothing), 20_000);
    }

    #[test]
    fn a_folder_with_listings_is_judged_by_its_shapes() {
        let mut yields = Yields::default();
        walked(&mut yields, 30, |n| format!("/en/l/{n}-oak-chair-used"), listing);
        let path = |n| format!("/en/day/{n}");
        assert_eq!(walked(&mut yields, 5_000, path, nothing), ROOM);
        assert!(yields.admits(&url("/en/new")) && yields.admits(&url("/en/l/31-oak-chair-used")));
        assert!(!yields.admits(&url("/en/day/x/y")), "all below /en/day");
    }

    #[test]
    fn pages_on_their_way_take_room() {
        let mut yields = Yields::default();
        walked(&mut yields, KNOWN_FROM, |n| format!("/l/{n}-oak-chair-used"), listing);
        let mut followed = 0;
        for n in 0..2_000_u32 {
            // Eight links a page.
            for link in 0..8 {
                let url = url(&format!("/maze/{n}/{link}"));
                if yields.admits(&url) {
                    yields.admitted(&url);
                    followed += 1;
                }
            }
            if n < followed {
                yields.visited(&url(&format!("/maze/{n}/0")), nothing(n));
            }
        }
        assert!(followed <= PROBE * 8, "{followed}");
    }

    #[test]
    fn memory_is_bounded() {
        let mut yields = Yields::default();
        for n in 0..30_000 {
            let word: String = format!("{n}").chars().map(|c| char::from(b'a' + (c as u8 - b'0'))).collect();
            yields.admitted(&url(&format!("/{word}/{word}")));
            yields.visited(&url(&format!("/{word}/{word}")), nothing(n));
        }
        assert!(yields.patterns.len() <= PATTERNS_LIMIT && yields.seen.len() <= SEEN_LIMIT);
    }
}
