//! One-permutation minhash: how much of their wording two listings share, from 256 bytes each.
//!
//! Stored; the hash (xxh3 with seed 0), the number of bins, shingle length and densification are part of the format.

use data_encoding::HEXLOWER;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use xxhash_rust::xxh3::xxh3_64;

/// Bins of the fingerprint.
pub const BINS: usize = 64;

/// Words of a shingle.
const SHINGLE: usize = 3;

/// Bins of a band: two listings of similarity 0.8 share at least one of the 16 bands in 999 of 1,000 cases.
const BAND: usize = 4;

/// Words looked at, at most: listings are shorter, and hostile pages are longer.
const WORDS_LIMIT: usize = 20_000;

/// A similarity fingerprint of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MinHash([u32; BINS]);

impl MinHash {
    /// Fingerprint of `text`.
    pub fn of(text: &str) -> Self {
        let mut bins = [u32::MAX; BINS];
        let words: Vec<u64> = words(text).take(WORDS_LIMIT).map(|word| xxh3_64(word.as_bytes())).collect();
        let mut put = |shingle: &[u64]| {
            let mixed = shingle
                .iter()
                .fold(0_u64, |held, word| (held.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15));
            let bin = (mixed >> 58) as usize;
            bins[bin] = bins[bin].min((mixed >> 16) as u32);
        };
        if words.len() < SHINGLE {
            put(&words);
        } else {
            words.windows(SHINGLE).for_each(&mut put);
        }
        densify(&mut bins);
        MinHash(bins)
    }

    /// Share of equal bins, 0 to 1: an estimate of the Jaccard similarity of the texts' shingles.
    pub fn similarity(&self, other: &MinHash) -> f64 {
        let equal = self.0.iter().zip(&other.0).filter(|(a, b)| a == b).count();
        f64::from(u32::try_from(equal).unwrap_or(0)) / 64.0
    }

    /// Keys under which near-duplicates meet.
    pub fn bands(&self) -> [u64; BINS / BAND] {
        std::array::from_fn(|band| {
            let mut bytes = [0_u8; BAND * 4];
            for (slot, value) in bytes.chunks_exact_mut(4).zip(&self.0[band * BAND..(band + 1) * BAND]) {
                slot.copy_from_slice(&value.to_be_bytes());
            }
            xxh3_64(&bytes)
        })
    }

    /// The stored form, 256 bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|value| value.to_be_bytes()).collect()
    }

    /// Reads the stored form back.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut bins = [0; BINS];
        if bytes.len() != BINS * 4 {
            return None;
        }
        for (slot, chunk) in bins.iter_mut().zip(bytes.chunks_exact(4)) {
            *slot = u32::from_be_bytes(chunk.try_into().ok()?);
        }
        Some(MinHash(bins))
    }
}

impl Serialize for MinHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&HEXLOWER.encode(&self.to_bytes()))
    }
}

impl<'de> Deserialize<'de> for MinHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = HEXLOWER.decode(text.as_bytes()).map_err(de::Error::custom)?;
        MinHash::from_bytes(&bytes).ok_or_else(|| de::Error::custom("a fingerprint has 256 bytes"))
    }
}

/// An empty bin takes the value of the next full one to its right, marked with the distance, so that short texts compare.
fn densify(bins: &mut [u32; BINS]) {
    let full = *bins;
    for at in 0..BINS {
        if full[at] == u32::MAX
            && let Some(step) = (1..BINS).find(|step| full[(at + step) % BINS] != u32::MAX)
        {
            bins[at] = full[(at + step) % BINS].wrapping_add(0x9e37_79b9_u32.wrapping_mul(step as u32));
        }
    }
}

/// Words in lower case. Scripts without spaces give a word a character.
pub fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    let mut chars = text.chars().peekable();
    std::iter::from_fn(move || {
        while chars.next_if(|c| !c.is_alphanumeric()).is_some() {}
        let first = chars.next()?;
        let mut word: String = first.to_lowercase().collect();
        if !is_spaceless(first) {
            while let Some(c) = chars.next_if(|c| c.is_alphanumeric() && !is_spaceless(*c)) {
                word.extend(c.to_lowercase());
            }
        }
        Some(word)
    })
}

/// Han, kana, Hangul syllables, Thai.
fn is_spaceless(c: char) -> bool {
    matches!(c, '\u{0e00}'..='\u{0e7f}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(seed: u64, words: usize) -> String {
        (0..words as u64).map(|n| format!("word{} ", xxh3_64(&(seed * 1000 + n).to_le_bytes()) % 5000)).collect()
    }

    #[test]
    fn light_edits_stay_close_and_strangers_apart() {
        for seed in 0..50 {
            let original = text(seed, 200);
            let edited = original.replacen("word1", "other", 2) + "call now";
            assert!(MinHash::of(&original).similarity(&MinHash::of(&edited)) >= 0.7, "seed {seed}");
            assert!(MinHash::of(&original).similarity(&MinHash::of(&text(seed + 100, 200))) < 0.3, "seed {seed}");
        }
    }

    #[test]
    fn the_stored_form_is_fixed() {
        let stored = MinHash::of("one two three four five").to_bytes();
        assert_eq!(stored.len(), 256);
        assert_eq!(xxh3_64(&stored), GOLDEN, "the fingerprint changed: stored ones would no longer match");
        assert_eq!(MinHash::from_bytes(&stored), Some(MinHash::of("one two three four five")));
    }

    /// Digest of a fingerprint made when the format was fixed.
    const GOLDEN: u64 = 8_739_281_276_758_945_537;

    proptest! {
        #[test]
        fn similarity_is_symmetric_and_whole_for_itself(a in ".{0,200}", b in ".{0,200}") {
            let (a, b) = (MinHash::of(&a), MinHash::of(&b));
            prop_assert!((a.similarity(&b) - b.similarity(&a)).abs() < f64::EPSILON);
            prop_assert!((a.similarity(&a) - 1.0).abs() < f64::EPSILON);
        }
    }
}
