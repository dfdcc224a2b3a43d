//! Near spellings: words one slip of the pen away from a name that says it by itself (two for long names).
//!
//! Every name is filed under itself and under each form that lacks one or two of its letters; a word finds its candidates
//! by doing the same. A candidate then has to be within the distance, counting a swap of neighbours as one slip. Names of
//! two or three words are found where one of their outer words is whole, and a slip never touches a number: another number
//! is another substance.

use std::collections::{HashMap, HashSet};

use crate::detect::sets::Bits;

/// Letters a name needs before one slip is forgiven.
const ONE_SLIP: usize = 8;

/// Letters a name needs before two are.
const TWO_SLIPS: usize = 13;

/// Letters a name needs before two slips between letters that sound alike (`c` and `k`, `z` and `s`, `m` and `n`) are.
const TWO_ALIKE: usize = 9;

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
    /// First and last four letters of names of one word and of several, and the forms of all, as sets that may say yes by
    /// mistake.
    of_words: Ends,
    of_groups: Ends,
    any_form: Bits<25>,
    /// First and last words of names of several words.
    companions: Bits<18>,
    /// Words that are near a name and mean something else.
    ordinary: HashSet<String>,
}

impl NearIndex {
    /// Files `names`, each with the pattern it stands for. `ordinary` words are never taken for a slip.
    pub fn build<'a>(names: impl Iterator<Item = (&'a str, usize)>, ordinary: impl Iterator<Item = &'a str>) -> Self {
        let mut index = NearIndex {
            names: Vec::new(),
            forms: HashMap::new(),
            of_words: Ends::default(),
            of_groups: Ends::default(),
            any_form: Bits::default(),
            companions: Bits::default(),
            ordinary: ordinary.map(str::to_owned).collect(),
        };
        for (name, pattern) in names {
            let letters = name.bytes().filter(u8::is_ascii_lowercase).count();
            let words: Vec<&str> = name.split(' ').collect();
            if letters < ONE_SLIP
                || name.len() > LONGEST
                || words.len() > WORDS
                || !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b' ')
            {
                continue;
            }
            if let [first, .., last] = words[..] {
                let whole = [first, last].into_iter().filter(|word| is_telling(word.as_bytes()));
                if whole.clone().count() == 0 {
                    continue;
                }
                whole.for_each(|word| index.companions.set(word_key(word.as_bytes())));
            }
            let at = u32::try_from(index.names.len()).unwrap_or(u32::MAX);
            for_each_form(name.as_bytes(), slips(name.as_bytes()), |hash| {
                let held = index.forms.entry(hash).or_default();
                if held.last() != Some(&at) {
                    held.push(at);
                }
                index.any_form.set(hash);
                false
            });
            let (head, tail) = ends(name.as_bytes());
            let sound = if words.len() > 1 { &mut index.of_groups } else { &mut index.of_words };
            sound.heads.set(head);
            sound.tails.set(tail);
            index.names.push((name.to_owned(), pattern));
        }
        index
    }

    /// Whether a word, in any case, may be a slip away from a name.
    #[inline]
    pub fn may_be_near(&self, word: &[u8]) -> bool {
        (ONE_SLIP - 1..=LONGEST + 1).contains(&word.len()) && self.of_words.has_one_of(word) && self.may_have_form(word)
    }

    /// Whether a few words with separators between them, in any case, may be a slip away from a name of several words.
    pub fn may_be_near_group(&self, group: &[u8]) -> bool {
        if !(ONE_SLIP - 1..=LONGEST + 1).contains(&group.len()) {
            return false;
        }
        let mut plain = [b' '; LONGEST + 1];
        let Some(plain) = plain.get_mut(..group.len()) else { return false };
        let letters = plain.iter_mut().zip(group).filter(|(_, b)| b.is_ascii_alphanumeric());
        letters.for_each(|(plain, b)| *plain = b | 0x20);
        self.of_groups.has_one_of(plain) && self.may_have_form(plain)
    }

    /// Whether a form of a word may be one of a name's, and then whether it is.
    fn may_have_form(&self, word: &[u8]) -> bool {
        let mut lower = [0_u8; LONGEST + 1];
        let Some(lower) = lower.get_mut(..word.len()) else { return false };
        lower.copy_from_slice(word);
        lower.make_ascii_lowercase();
        for_each_form(lower, slips(lower), |hash| self.any_form.has(hash))
            && std::str::from_utf8(lower).is_ok_and(|word| !self.find(word).is_empty())
    }

    /// Whether a word, in any case, begins or ends a name of several words.
    pub fn is_companion(&self, word: &[u8]) -> bool {
        self.may_be_companion(word_key(word)) && is_telling(word)
    }

    /// Whether a word with these last eight letters, the last one lowest, may begin or end a name of several words.
    #[inline]
    pub fn may_be_companion(&self, last: u64) -> bool {
        self.companions.has(last)
    }

    /// The patterns a word, or a few with a space between them, is a slip away from, all as near; none for a name itself,
    /// for ordinary words, and for words near nothing.
    pub fn find(&self, word: &str) -> Vec<usize> {
        if !(ONE_SLIP - 1..=LONGEST + 1).contains(&word.len())
            || !if word.contains(' ') { &self.of_groups } else { &self.of_words }.has_one_of(word.as_bytes())
            || self.ordinary.contains(word)
            || word.strip_suffix('s').is_some_and(|word| self.ordinary.contains(word))
        {
            return Vec::new();
        }
        let (mut nearest, mut best) = (usize::MAX, Vec::new());
        let mut compared: Vec<u32> = Vec::new();
        // The same first letter, as it sounds: slips there are rare, and other words begin there.
        let head = |text: &str| text.chars().next().map(alike);
        let first = head(word);
        let numbers = |name: &str| name.bytes().filter(|b| !b.is_ascii_lowercase()).collect::<Vec<u8>>();
        for_each_form(word.as_bytes(), slips(word.as_bytes()), |hash| {
            if !self.any_form.has(hash) {
                return false;
            }
            for &at in self.forms.get(&hash).into_iter().flatten() {
                let (name, pattern) = &self.names[at as usize];
                if head(name) != first || compared.contains(&at) {
                    continue;
                }
                compared.push(at);
                let distance = strsim::osa_distance(name, word);
                if distance > nearest || distance > forgiven(name, word) || numbers(name) != numbers(word) {
                    continue;
                }
                if distance < nearest {
                    (nearest, best) = (distance, Vec::new());
                }
                best.push(*pattern);
            }
            false
        });
        if nearest == 0 { Vec::new() } else { best }
    }
}

/// The ends of names.
#[derive(Default)]
struct Ends {
    heads: Bits<16>,
    tails: Bits<16>,
}

impl Ends {
    /// Whether a word begins or ends like one of the names.
    #[inline]
    fn has_one_of(&self, word: &[u8]) -> bool {
        let (head, tail) = ends(word);
        self.heads.has(head) | self.tails.has(tail)
    }
}

/// Words of the longest name filed.
pub const WORDS: usize = 3;

/// A word as a number: its last eight letters.
#[inline]
fn word_key(word: &[u8]) -> u64 {
    word.iter().fold(0, |all, letter| all << 8 | u64::from(letter | 0x20))
}

/// Slips forgiven in a word or a group of words of so many letters.
fn slips(word: &[u8]) -> usize {
    match word.len() {
        TWO_ALIKE.. if !word.contains(&b' ') => 2,
        7.. => 1,
        _ => 0,
    }
}

/// Slips forgiven between a name and a word.
fn forgiven(name: &str, word: &str) -> usize {
    let shorter = if name.len() < word.len() { name } else { word };
    match shorter.len() {
        TWO_SLIPS.. if !shorter.contains(' ') => 2,
        TWO_ALIKE.. if sound(name) == sound(word) => 2,
        _ => 1,
    }
}

/// A word with letters that sound alike as one.
fn sound(word: &str) -> String {
    word.replace("ph", "f").replace("th", "t").chars().map(alike).collect()
}

/// A letter, letters that sound alike as one.
fn alike(c: char) -> char {
    match c {
        'k' | 'q' => 'c',
        'z' => 's',
        'm' => 'n',
        'y' | 'j' => 'i',
        'w' => 'v',
        other => other,
    }
}

/// Whether a word says enough to stand for a name's other half: three letters or more.
#[inline]
fn is_telling(word: &[u8]) -> bool {
    word.len() >= 3 && word.iter().filter(|b| b.is_ascii_alphabetic()).count() >= 3
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
        let names = [
            ("etonitazene", 1),
            ("ethylphenidate", 2),
            ("bromazolam", 3),
            ("carfentanil", 4),
            ("mephedrone", 5),
            ("mephedrene", 6),
            ("alpha pvp", 7),
            ("5f mdmb pinaca", 8),
        ];
        let index = NearIndex::build(names.into_iter(), ["bromazolan"].into_iter());
        for (word, patterns) in [
            ("etonitazenne", &[1][..]),
            ("etonitzaene", &[1]),
            ("etonitazene", &[]),
            ("etonitazines", &[]),
            ("ethyphenidate", &[2]),
            ("etylphenidate", &[2]),
            ("ethylphendiat", &[2]),
            ("bromazolan", &[]),
            ("brmazolam", &[3]),
            ("promazolam", &[]),
            ("carfentanyl", &[4]),
            ("mephedrne", &[5, 6]),
            ("apha pvp", &[7]),
            ("5f mdmb pinca", &[8]),
            ("4f mdmb pinaca", &[]),
            ("car", &[]),
            ("garden", &[]),
        ] {
            let mut found = index.find(word);
            found.sort_unstable();
            assert_eq!(found, patterns, "{word}");
            let shown = word.to_uppercase().replace(' ', "-");
            let may_be = index.may_be_near(shown.as_bytes()) || index.may_be_near_group(shown.as_bytes());
            assert!(patterns.is_empty() || may_be, "{word}");
        }
        assert!(index.is_companion(b"PVP") && !index.is_companion(b"mdmb"));
    }
}
