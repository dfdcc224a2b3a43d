//! A fixed amount of memory in front of sled: most links a crawl meets are known, and knowing that must cost nothing.
//!
//! Two halves. A cache of keys answers "known" without a look-up: of each it holds 63 bits and the place, so that it is wrong
//! about a key less often than once in 10^18 questions. A Bloom filter answers "new" without a look-up. What neither can
//! answer is looked up.

/// What the filter can say of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// Certainly stored.
    Yes,
    /// Certainly not stored.
    No,
    /// Ask the store.
    Perhaps,
}

/// Cache and Bloom filter over keys that are already uniform hashes.
#[derive(Debug)]
pub struct KeyFilter {
    cache: Vec<u64>,
    bits: Vec<u64>,
    complete: bool,
}

/// Bits of the filter for each key, at least: then about one question in a thousand about a new key stays open.
const BITS_A_KEY: u64 = 20;

/// Bits set per key: near the optimum for ten to twenty-five bits a key.
const PROBES: u32 = 6;

impl KeyFilter {
    /// A filter of at most `bytes`, half of it cache. It answers `Perhaps` instead of `No` until told it is complete.
    pub fn new(bytes: usize) -> Self {
        let bytes = bytes.clamp(1 << 16, 1 << 36);
        let words = 1 << (bytes / 16).ilog2();
        KeyFilter { cache: vec![0; words], bits: vec![0; words], complete: false }
    }

    /// Keys up to which it seldom leaves a question open.
    pub fn room(&self) -> u64 {
        self.bits.len() as u64 * 64 / BITS_A_KEY
    }

    /// Every stored key was inserted: absence now means something.
    pub fn complete(&mut self) {
        self.complete = true;
    }

    /// What is known of `key`.
    pub fn seen(&self, key: u128) -> Seen {
        if self.cache[self.slot(key)] == tag(key) {
            return Seen::Yes;
        }
        if self.complete && !self.probes(key).all(|(word, bit)| self.bits[word] & bit != 0) {
            return Seen::No;
        }
        Seen::Perhaps
    }

    /// Notes a stored key.
    pub fn insert(&mut self, key: u128) {
        let slot = self.slot(key);
        self.cache[slot] = tag(key);
        self.insert_new(key);
    }

    /// Notes a stored key that need not be answered with `Yes` soon: one of millions read at start.
    pub fn insert_new(&mut self, key: u128) {
        let probes: [(usize, u64); PROBES as usize] = {
            let mut all = self.probes(key);
            std::array::from_fn(|_| all.next().unwrap_or((0, 0)))
        };
        for (word, bit) in probes {
            self.bits[word] |= bit;
        }
    }

    fn slot(&self, key: u128) -> usize {
        (key as usize) & (self.cache.len() - 1)
    }

    /// All probes of a key fall into one cache line of eight words: one memory access a key.
    fn probes(&self, key: u128) -> impl Iterator<Item = (usize, u64)> + use<> {
        let line = ((key >> 64) as usize & (self.bits.len() - 1)) & !7;
        let mut mix = (key >> 32) as u64;
        (0..PROBES).map(move |_| {
            mix = mix.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
            (line + (mix as usize & 7), 1u64 << ((mix >> 8) & 63))
        })
    }
}

/// What the cache holds of a key; an empty place holds zero.
fn tag(key: u128) -> u64 {
    (key >> 64) as u64 | 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: u64) -> u128 {
        xxhash_rust::xxh3::xxh3_128(&n.to_le_bytes())
    }

    #[test]
    fn never_calls_a_stored_key_new_and_seldom_asks_about_a_new_one() {
        let mut filter = KeyFilter::new(1 << 20);
        assert_eq!(filter.seen(key(1)), Seen::Perhaps, "an incomplete filter must not say no");
        filter.complete();
        for n in 0..100_000 {
            filter.insert(key(n));
        }
        assert!((0..100_000).all(|n| filter.seen(key(n)) != Seen::No));
        let asked = (1_000_000..1_100_000).filter(|n| filter.seen(key(*n)) == Seen::Perhaps).count();
        assert!(asked < 10_000, "{asked} of 100,000 new keys would be looked up");
    }
}
