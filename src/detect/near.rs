//! Near spellings: words one slip of the pen away from a name that says it by itself (two for long names).
//!
//! Every name is filed under itself and under each form that lacks one or two of its letters; a word finds its candidates
//! by doing the same. A candidate then has to be within the distance, counting a swap of neighbours as one slip.

use std::collections::{HashMap, HashSet};

use crate::detect::sets::Bits;

/// Letters a name needs before one slip is forgiven.
const ONE_SLIP: usize = 8;

/// Letters a name needs before two are.
const TWO_SLIPS: usize = 13;

/// Longest name filed; longer ones are chemical sentences.
const LONGEST: usize = 28;

/// Letters at one end of a name that the slips have to leave alone: people mistype one end of a word, and a look at four
/// letters spares almost every ordinary word the search.
const SOUND_END: usize = 4;

/// Names by their forms.
pub struct NearIndex {
    names: Vec<(String, usize)>,
    /// Hash of a form to names that have it.
    forms: HashMap<u64, Vec<u32>>,
    /// First and last four letters of the names, and their forms, as sets that may say yes by mistake.
    heads: Bits<15>,
    tails: Bits<15>,
    any_form: Bits<20>,
    /// Words that are near a name and mean something else.
    ordinary: HashSet<String>,
}

impl NearIndex {
    /// Files `names`, each with the pattern it stands for. `ordinary` words are never taken for a slip.
    pub fn build<'a>(names: impl Iterator<Item = (&'a str, usize)>, ordinary: impl Iterator<Item = &'a str>) -> Self {
        let mut index = NearIndex {
            names: Vec::new(),
            forms: HashMap::new(),
            heads: Bits::default(),
            tails: Bits::default(),
            any_form: Bits::default(),
            ordinary: ordinary.map(str::to_owned).collect(),
        };
        for (name, pattern) in names {
            if !(ONE_SLIP..=LONGEST).contains(&name.len()) || !name.bytes().all(|b| b.is_ascii_lowercase()) {
                continue;
            }
            let at = u32::try_from(index.names.len()).unwrap_or(u32::MAX);
            for_each_form(name.as_bytes(), slips(name.len()), |hash| {
                let held = index.forms.entry(hash).or_default();
                if held.last() != Some(&at) {
                    held.push(at);
                }
                index.any_form.set(hash);
                false
            });
            let (head, tail) = ends(name.as_bytes());
            index.heads.set(head);
            index.tails.set(tail);
            index.names.push((name.to_owned(), pattern));
        }
        index
    }

    /// Whether a word of letters, in any case, may be a slip away from a name.
    pub fn may_be_near(&self, word: &[u8]) -> bool {
        if !(ONE_SLIP - 1..=LONGEST + 1).contains(&word.len()) || !self.has_sound_end(word) {
            return false;
        }
        let mut lower = [0_u8; LONGEST + 1];
        let Some(lower) = lower.get_mut(..word.len()) else { return false };
        lower.copy_from_slice(word);
        lower.make_ascii_lowercase();
        for_each_form(lower, slips(word.len()), |hash| self.any_form.has(hash))
            && std::str::from_utf8(lower).is_ok_and(|word| self.find(word).is_some())
    }

    fn has_sound_end(&self, word: &[u8]) -> bool {
        let (head, tail) = ends(word);
        self.heads.has(head) || self.tails.has(tail)
    }

    /// The pattern a word is a slip away from; `None` for the name itself, ordinary words, and words near nothing.
    pub fn find(&self, word: &str) -> Option<usize> {
        if !(ONE_SLIP - 1..=LONGEST + 1).contains(&word.len())
            || !word.bytes().all(|b| b.is_ascii_lowercase())
            || !self.has_sound_end(word.as_bytes())
            || self.ordinary.contains(word)
            || word.strip_suffix('s').is_some_and(|word| self.ordinary.contains(word))
        {
            return None;
        }
        let mut best: Option<(usize, usize)> = None;
        let mut compared: Vec<u32> = Vec::new();
        // The same first letter: slips there are rare, and other words begin there.
        let first = word.as_bytes().first();
        for_each_form(word.as_bytes(), slips(word.len()), |hash| {
            if !self.any_form.has(hash) {
                return false;
            }
            for &at in self.forms.get(&hash).into_iter().flatten() {
                let (name, pattern) = &self.names[at as usize];
                if name.as_bytes().first() != first || compared.contains(&at) {
                    continue;
                }
                compared.push(at);
                let distance = strsim::osa_distance(name, word);
                if distance <= slips(name.len().min(word.len() + 1)) && best.is_none_or(|(held, _)| distance < held) {
                    best = Some((distance, *pattern));
                }
            }
            false
        });
        best.filter(|(distance, _)| *distance > 0).map(|(_, pattern)| pattern)
    }
}

fn slips(letters: usize) -> usize {
    match letters {
        TWO_SLIPS.. => 2,
        7.. => 1,
        _ => 0,
    }
}

/// Base of the hash of a word: a word's hash is the sum of its letters times powers of it, so that the hash of a word
/// without some of its letters follows from the hashes of the parts around them.
const BASE: u64 = 0x0000_0100_0000_01b3;

/// Hashes of the word and of every form with up to `slips` letters left out, until `each` says to stop; whether it did.
fn for_each_form(word: &[u8], slips: usize, mut each: impl FnMut(u64) -> bool) -> bool {
    const PLACES: usize = LONGEST + 2;
    let length = word.len();
    if length >= PLACES {
        return false;
    }
    let (mut heads, mut powers) = ([0_u64; PLACES], [1_u64; PLACES]);
    for (at, letter) in word.iter().enumerate() {
        heads[at + 1] = heads[at].wrapping_mul(BASE).wrapping_add(u64::from(*letter));
        powers[at + 1] = powers[at].wrapping_mul(BASE);
    }
    // The hash of a stretch of the word.
    let part = |from: usize, to: usize| heads[to].wrapping_sub(heads[from].wrapping_mul(powers[to - from]));
    if each(heads[length]) {
        return true;
    }
    for skip in 0..if slips > 0 { length } else { 0 } {
        let joined = |to: usize| heads[skip].wrapping_mul(powers[to - skip - 1]).wrapping_add(part(skip + 1, to));
        if each(joined(length)) {
            return true;
        }
        for second in skip + 1..if slips > 1 { length } else { 0 } {
            let rest = part(second + 1, length);
            if each(joined(second).wrapping_mul(powers[length - second - 1]).wrapping_add(rest)) {
                return true;
            }
        }
    }
    false
}

/// The first and the last four letters, in lower case, as numbers.
fn ends(word: &[u8]) -> (u64, u64) {
    let number = |letters: &[u8]| letters.iter().fold(0, |all, letter| all << 8 | u64::from(letter | 0x20));
    let end = word.len().saturating_sub(SOUND_END);
    (number(&word[..SOUND_END.min(word.len())]), number(&word[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_forgiven_and_ordinary_words_left_alone() {
        let names = [("etonitazene", 1), ("ethylphenidate", 2), ("bromazolam", 3), ("carfentanil", 4)];
        let index = NearIndex::build(names.into_iter(), ["bromazolan"].into_iter());
        for (word, pattern) in [
            ("etonitazenne", Some(1)),
            ("etonitzaene", Some(1)),
            ("etonitazene", None),
            ("etonitazines", None),
            ("ethyphenidate", Some(2)),
            ("etylphenidate", Some(2)),
            ("ethylphendiat", Some(2)),
            ("bromazolan", None),
            ("brmazolam", Some(3)),
            ("promazolam", None),
            ("carfentanyl", Some(4)),
            ("car", None),
            ("garden", None),
        ] {
            assert_eq!(index.find(word), pattern, "{word}");
        }
    }
}
