//! Links as they are written, remembered while they lead to nothing new.
//!
//! A site writes the link to a page the same way on every page, and of a hundred links on a page ninety-eight are known. To
//! know that from the spelling alone saves resolving, canonicalising and looking up each of them.

use std::sync::atomic::{AtomicU64, Ordering};

/// Spellings of links whose targets need not be told again. A fixed amount of memory: a newer one takes the place of an
/// older one, which then is simply resolved once more. Those who read pages side by side share one.
pub struct Spellings {
    slots: Vec<AtomicU64>,
}

/// Where a spelling stands: links to one path of one host mean the same page on all pages of that host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Site(u64);

impl Site {
    /// Pages of `origin`, visited for `owner`.
    pub fn new(owner: &str, origin: &str) -> Self {
        Site(xxhash_rust::xxh3::xxh3_64_with_seed(origin.as_bytes(), xxhash_rust::xxh3::xxh3_64(owner.as_bytes())))
    }

    /// The number of a link as written on a page of this site. Equal numbers mean equal links: that two differing ones meet
    /// is less likely than a fault of the machine.
    pub fn spelling(self, href: &str) -> u64 {
        xxhash_rust::xxh3::xxh3_64_with_seed(href.as_bytes(), self.0)
    }
}

impl Spellings {
    /// Memory for `count` spellings, eight bytes each.
    pub fn new(count: usize) -> Self {
        Spellings { slots: (0..count.next_power_of_two()).map(|_| AtomicU64::new(0)).collect() }
    }

    /// Whether the target of a link is known.
    pub fn knows(&self, spelling: u64) -> bool {
        self.slots[self.slot(spelling)].load(Ordering::Relaxed) == spelling
    }

    /// Notes that it is.
    pub fn note(&self, spelling: u64) {
        self.slots[self.slot(spelling)].store(spelling, Ordering::Relaxed);
    }

    fn slot(&self, spelling: u64) -> usize {
        spelling as usize & (self.slots.len() - 1)
    }
}

impl std::fmt::Debug for Spellings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Spellings").field("slots", &self.slots.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spelling_counts_for_its_site_and_its_owner_only() {
        let known = Spellings::new(1000);
        let site = Site::new("bazaar", "https://a.example.test");
        known.note(site.spelling("/l/1"));
        assert!(known.knows(site.spelling("/l/1")));
        assert!(!known.knows(site.spelling("/l/2")));
        assert!(!known.knows(Site::new("bazaar", "https://b.example.test").spelling("/l/1")));
        assert!(!known.knows(Site::new("other", "https://a.example.test").spelling("/l/1")));
    }
}
