//! The frame of a listing: its wording without names and numbers. What is posted again and again with other names has one frame.

use std::collections::HashSet;

use crate::dedup::minhash::{MinHash, words};

/// Frames at least this similar are one: a template posted with other names, amounts and places.
pub const SAME_FRAME: f64 = 0.6;

/// Frames with fewer words are one only where they are the same: short texts resemble each other by chance.
const LONG_ENOUGH: usize = 6;

/// Frames with fewer words say nothing.
const SHORTEST: usize = 2;

/// Words looked at, at most.
const WORDS: usize = 10_000;

/// Keys under which frames meet.
const KEYS: usize = 8;

/// Bytes of the stored form: the lowest byte of each bin.
const BYTES: usize = 64;

/// A frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    bins: [u8; BYTES],
    keys: [u64; KEYS],
    is_long: bool,
}

impl Frame {
    /// The frame of a title and a text in which `names` were found; none where too little is left.
    pub fn of<'t>(texts: [&'t str; 2], names: impl Iterator<Item = &'t str>) -> Option<Self> {
        let named: HashSet<String> = names.flat_map(words).collect();
        let left = texts.into_iter().flat_map(words).take(WORDS).filter(|word| stays(word, &named));
        let left: Vec<String> = left.collect();
        if left.len() < SHORTEST {
            return None;
        }
        let minhash = MinHash::of(&left.join(" "));
        let bytes = minhash.to_bytes();
        let mut bins = [0; BYTES];
        bins.iter_mut().zip(bytes.chunks_exact(4)).for_each(|(slot, bin)| *slot = bin[3]);
        let mut keys = [0; KEYS];
        keys.iter_mut().zip(minhash.bands()).for_each(|(slot, band)| *slot = band);
        Some(Frame { bins, keys, is_long: left.len() >= LONG_ENOUGH })
    }

    /// Keys under which it meets similar ones.
    pub fn keys(&self) -> [u64; KEYS] {
        self.keys
    }

    /// How alike it and a stored frame are, 0 to 1; none where they are not one frame.
    pub fn is_one_with(&self, stored: &[u8]) -> Option<f64> {
        if stored.len() != BYTES {
            return None;
        }
        let equal = self.bins.iter().zip(stored).filter(|(one, other)| one == other).count();
        let alike = f64::from(u32::try_from(equal).unwrap_or(0)) / 64.0;
        let needed = if self.is_long { SAME_FRAME } else { 1.0 };
        (alike >= needed).then_some(alike)
    }

    /// The stored form.
    pub fn to_bytes(&self) -> &[u8] {
        &self.bins
    }
}

/// Whether a word belongs to the frame: names, numbers and units do not.
fn stays(word: &str, named: &HashSet<String>) -> bool {
    let is_unit = word.is_ascii() && word.len() <= 2;
    !is_unit && !named.contains(word) && !word.chars().any(char::is_numeric)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(name: &str, amount: u32) -> Frame {
        let text = format!(
            "We offer {name} crystal, {amount} g from stock, purity 9{}%, price {amount}0 EUR, shipped every Monday in plain boxes, \
             ask for a sample of {name}",
            amount % 10
        );
        Frame::of([&format!("{name} {amount} g"), &text], [name].into_iter()).unwrap()
    }

    #[test]
    fn a_template_with_other_names_and_numbers_has_one_frame() {
        let frame = template("3-MMC", 5);
        for other in [template("Metonitazene", 250), template("α-PVP", 17), template("N-ethyl hexedrone", 3)] {
            assert_eq!(frame.is_one_with(other.to_bytes()), Some(1.0));
            assert_eq!(frame.keys(), other.keys());
        }
        let other = "Garden chairs of oak, weathered grey, set of four, to be collected in town, no shipping";
        let other = Frame::of(["Chairs", other], std::iter::empty()).unwrap();
        assert_eq!(frame.is_one_with(other.to_bytes()), None);
    }

    #[test]
    fn short_frames_must_be_the_same_and_the_shortest_are_none() {
        let of = |title: &str, name: &str| Frame::of([title, ""], [name].into_iter());
        let one = of("Buy 4-MEC online today", "4-MEC").unwrap();
        assert_eq!(one.is_one_with(of("Buy Etonitazene online today", "Etonitazene").unwrap().to_bytes()), Some(1.0));
        assert_eq!(one.is_one_with(of("Buy Etonitazene online now", "Etonitazene").unwrap().to_bytes()), None);
        assert_eq!(of("4-MEC 10 g", "4-MEC"), None);
    }
}
