//! Near spellings: words one slip of the pen away from a name that says it by itself (two for long names).
//!
//! Every name is filed under itself and under each form that lacks one or two of its letters; a word finds its candidates
//! by doing the same. A candidate then has to be within the distance, counting a swap of neighbours as one slip.

use std::collections::{HashMap, HashSet};

use xxhash_rust::xxh3::xxh3_64;

/// Letters a name needs before one slip is forgiven.
const ONE_SLIP: usize = 8;

/// Letters a name needs before two are.
const TWO_SLIPS: usize = 13;

/// Longest name filed; longer ones are chemical sentences.
const LONGEST: usize = 28;

/// Names by their forms.
pub struct NearIndex {
    names: Vec<(String, usize)>,
    /// Hash of a form to names that have it.
    forms: HashMap<u64, Vec<u32>>,
    /// Words that are near a name and mean something else.
    ordinary: HashSet<String>,
}

impl NearIndex {
    /// Files `names`, each with the pattern it stands for. `ordinary` words are never taken for a slip.
    pub fn build<'a>(names: impl Iterator<Item = (&'a str, usize)>, ordinary: impl Iterator<Item = &'a str>) -> Self {
        let mut index = NearIndex { names: Vec::new(), forms: HashMap::new(), ordinary: HashSet::new() };
        for (name, pattern) in names {
            if !(ONE_SLIP..=LONGEST).contains(&name.len()) || !name.bytes().all(|b| b.is_ascii_lowercase()) {
                continue;
            }
            let at = u32::try_from(index.names.len()).unwrap_or(u32::MAX);
            for_each_form(name.as_bytes(), slips(name.len()), &mut |hash| {
                let held = index.forms.entry(hash).or_default();
                if held.last() != Some(&at) {
                    held.push(at);
                }
            });
            index.names.push((name.to_owned(), pattern));
        }
        index.ordinary.extend(ordinary.map(str::to_owned));
        index
    }

    /// The pattern a word is a slip away from; `None` for the name itself, ordinary words, and words near nothing.
    pub fn find(&self, word: &str) -> Option<usize> {
        if !(ONE_SLIP - 1..=LONGEST + 1).contains(&word.len())
            || !word.bytes().all(|b| b.is_ascii_lowercase())
            || self.ordinary.contains(word)
            || word.strip_suffix('s').is_some_and(|word| self.ordinary.contains(word))
        {
            return None;
        }
        let mut best: Option<(usize, usize)> = None;
        // The same first letter: slips there are rare, and other words begin there.
        let first = word.as_bytes().first();
        for_each_form(word.as_bytes(), slips(word.len()), &mut |hash| {
            for &at in self.forms.get(&hash).into_iter().flatten() {
                let (name, pattern) = &self.names[at as usize];
                if name.as_bytes().first() != first {
                    continue;
                }
                let distance = strsim::osa_distance(name, word);
                if distance <= slips(name.len().min(word.len() + 1)) && best.is_none_or(|(held, _)| distance < held) {
                    best = Some((distance, *pattern));
                }
            }
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

/// Hashes of the word and of every form with up to `slips` letters left out.
fn for_each_form(word: &[u8], slips: usize, each: &mut impl FnMut(u64)) {
    each(xxh3_64(word));
    let mut form = [0_u8; LONGEST + 1];
    if slips == 0 || word.len() > form.len() {
        return;
    }
    for skip in 0..word.len() {
        let Some(short) = without(word, skip, &mut form) else { return };
        each(xxh3_64(short));
        if slips > 1 {
            let once = short.to_vec();
            let mut twice = [0_u8; LONGEST + 1];
            for second in skip..once.len() {
                if let Some(short) = without(&once, second, &mut twice) {
                    each(xxh3_64(short));
                }
            }
        }
    }
}

fn without<'a>(word: &[u8], skip: usize, into: &'a mut [u8]) -> Option<&'a [u8]> {
    let length = word.len().checked_sub(1)?;
    into.get_mut(..skip)?.copy_from_slice(&word[..skip]);
    into.get_mut(skip..length)?.copy_from_slice(&word[skip + 1..]);
    into.get(..length)
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
            ("etylphenidat", Some(2)),
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
