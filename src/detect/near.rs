//! Near spellings: words one slip of the pen away from a name that says it by itself (two for long names).
//!
//! Every name is filed under its two ends, and the forms that lack one or two of its letters are kept as a set: a word none of
//! whose forms is in it is near nothing. Candidates are the names with which it shares an end; a candidate then has to be
//! within the distance, counting a swap of neighbours as one slip. Names of
//! two or three words are found where one of their outer words is whole, and a slip never touches a number: another number
//! is another substance.

use std::collections::HashSet;
use std::ops::Range;

use crate::detect::chemical;
use crate::detect::sets::{Bits, Growing, Table, TwoBits, spread};

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
    /// Names by their first and by their last four letters.
    by_head: Table<Vec<u32>>,
    by_tail: Table<Vec<u32>>,
    /// First and last four letters of names of one word and of several, and the forms of all, as sets that may say yes by
    /// mistake.
    of_words: Ends,
    of_groups: Ends,
    any_form: TwoBits,
    /// The names themselves.
    whole: Bits,
    /// First and last words of names of several words, and what stands at the ends of the rest of each name.
    companions: Bits,
    rests: Bits,
    /// Words that are near a name and mean something else.
    ordinary: HashSet<String>,
}

impl NearIndex {
    /// Files `names`, each with the pattern it stands for. `ordinary` words are never taken for a slip.
    pub fn build<'a>(
        names: impl Iterator<Item = (&'a str, usize)> + Clone,
        ordinary: impl Iterator<Item = &'a str>,
    ) -> Self {
        let count = names.clone().count();
        let forms = |name: &str| match (name.len(), slips(name.as_bytes())) {
            (LONGEST.., _) | (_, 0) => 1,
            (length, 1) => 1 + length,
            (length, _) => 1 + length + length * (length - 1) / 2,
        };
        let all_forms: usize = names.clone().map(|(name, _)| forms(name)).sum();
        let (mut by_head, mut by_tail) = (Growing::<Vec<u32>>::default(), Growing::<Vec<u32>>::default());
        let mut index = NearIndex {
            names: Vec::new(),
            by_head: Growing::default().into_table(),
            by_tail: Growing::default().into_table(),
            of_words: Ends::of(count),
            of_groups: Ends::of(count),
            any_form: TwoBits::of(all_forms * 16),
            whole: Bits::of(count * 16),
            companions: Bits::of(count * 16),
            rests: Bits::of(count * 32),
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
                let name = name.as_bytes();
                for (whole, rest) in [(first, &name[first.len() + 1..]), (last, &name[..name.len() - last.len() - 1])] {
                    rest_keys(whole.as_bytes(), rest, rest.len() < SHORT_REST).for_each(|key| index.rests.set(key));
                }
            }
            let at = u32::try_from(index.names.len()).unwrap_or(u32::MAX);
            for_each_form(name.as_bytes(), slips(name.as_bytes()), 0..name.len(), |hash| {
                index.any_form.set(hash);
                false
            });
            let (head, tail) = ends(name.as_bytes());
            by_head.entry(head).push(at);
            by_tail.entry(tail).push(at);
            let sound = if words.len() > 1 { &mut index.of_groups } else { &mut index.of_words };
            sound.heads.set(head);
            sound.tails.set(tail);
            index.whole.set(form(name.as_bytes()));
            index.names.push((name.to_owned(), pattern));
        }
        (index.by_head, index.by_tail) = (by_head.into_table(), by_tail.into_table());
        index
    }

    /// Whether a word, in any case, may be a slip away from a name.
    #[inline]
    pub fn may_be_near(&self, word: &[u8]) -> bool {
        (ONE_SLIP - 1..=LONGEST + 1).contains(&word.len()) && self.may_have_form(&self.of_words, word)
    }

    /// Whether a few words with separators between them, in any case, may be a slip away from a name of several words of
    /// which the first or the last is `whole`, and `rest` all other words.
    pub fn may_be_near_group(&self, group: &[u8], whole: &[u8], rest: &[u8]) -> bool {
        if !rest_keys(whole, rest, false).chain(rest_keys(whole, rest, true)).any(|key| self.rests.has(key)) {
            return false;
        }
        if !(ONE_SLIP - 1..=LONGEST + 1).contains(&group.len()) {
            return false;
        }
        let mut plain = [b' '; LONGEST + 1];
        let Some(plain) = plain.get_mut(..group.len()) else { return false };
        let letters = plain.iter_mut().zip(group).filter(|(_, b)| b.is_ascii_alphanumeric());
        letters.for_each(|(plain, b)| *plain = b | 0x20);
        self.may_have_form(&self.of_groups, plain)
    }

    /// Whether a form of a word may be one of a name's, and then whether it is.
    #[inline]
    fn may_have_form(&self, names: &Ends, word: &[u8]) -> bool {
        let shared = names.shared_with(word);
        if shared == Shared::default() {
            return false;
        }
        let mut lower = [0_u8; LONGEST + 1];
        let Some(lower) = lower.get_mut(..word.len()) else { return false };
        lower.copy_from_slice(word);
        lower.make_ascii_lowercase();
        self.has_form(lower, shared) && std::str::from_utf8(lower).is_ok_and(|word| !self.find(word).is_empty())
    }

    /// Whether a form of a word may be one of a name's with which it shares an end. Slips leave that end alone, so no form
    /// lacks letters of it.
    fn has_form(&self, word: &[u8], shared: Shared) -> bool {
        let has = |hash| self.any_form.has(hash);
        let slips = slips(word);
        let middle = SOUND_END.min(word.len())..word.len().saturating_sub(SOUND_END);
        (shared.head && for_each_form(word, slips, middle.start..word.len(), has))
            || (shared.tail && for_each_form(word, slips, 0..middle.end, has))
    }

    /// Whether a folded word looks like a name and means something else.
    pub fn is_ordinary(&self, word: &str) -> bool {
        self.ordinary.contains(word)
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
        if !(ONE_SLIP - 1..=LONGEST + 1).contains(&word.len()) {
            return Vec::new();
        }
        let names = if word.contains(' ') { &self.of_groups } else { &self.of_words };
        if self.whole.has(form(word.as_bytes()))
            && self.names.binary_search_by(|(name, _)| name.as_str().cmp(word)).is_ok()
        {
            return Vec::new();
        }
        if !self.has_form(word.as_bytes(), names.shared_with(word.as_bytes()))
            || self.ordinary.contains(word)
            || word.strip_suffix('s').is_some_and(|word| self.ordinary.contains(word))
        {
            return Vec::new();
        }
        let (mut nearest, mut best) = (usize::MAX, Vec::new());
        // The same first letter, as it sounds: slips there are rare, and other words begin there.
        let head = |text: &str| text.chars().next().map(alike);
        let first = head(word);
        let numbers = |name: &str| name.bytes().filter(|b| !b.is_ascii_lowercase()).collect::<Vec<u8>>();
        for (name, pattern) in self.candidates(word) {
            if head(name) != first || name.len().abs_diff(word.len()) > MOST_SLIPS {
                continue;
            }
            let distance = distance(name, word);
            if distance > nearest || distance > forgiven(name, word) || numbers(name) != numbers(word) {
                continue;
            }
            if distance < nearest {
                (nearest, best) = (distance, Vec::new());
            }
            best.push(*pattern);
        }
        if nearest == 0 { Vec::new() } else { best }
    }

    /// Names that share an end with a word, with what they stand for.
    fn candidates(&self, word: &str) -> impl Iterator<Item = &(String, usize)> {
        let (head, tail) = ends(word.as_bytes());
        let sharing =
            |table: &Table<Vec<u32>>, end: u64| table.get(end).map(Vec::as_slice).unwrap_or_default().to_vec();
        let mut candidates = sharing(&self.by_head, head);
        candidates.extend(sharing(&self.by_tail, tail));
        candidates.sort_unstable();
        candidates.dedup();
        candidates.into_iter().map(|at| &self.names[at as usize])
    }

    /// Whether a word is a name of the pattern but for one letter within, and what is left of the part that lacks it is no part
    /// of a chemical name: `bomazolam` lacks a letter, `diethylone` is another compound than `dimethylone`.
    pub fn lacks_a_letter(&self, word: &str, pattern: usize) -> bool {
        let mut names = self.candidates(word).filter(|(_, other)| *other == pattern);
        names.any(|(name, _)| lost_letter(name, word).is_some_and(|at| !is_part_of_a_name(word, at)))
    }
}

/// Where a word lacks the one letter that a name has more.
fn lost_letter(name: &str, word: &str) -> Option<usize> {
    let (name, word) = (name.as_bytes(), word.as_bytes());
    let at = name.iter().zip(word).take_while(|(a, b)| a == b).count();
    (name.get(at)?.is_ascii_lowercase() && name[at + 1..] == word[at..]).then_some(at)
}

/// Letters a word needs to be told from the code of another group (`MMB`, `MDMB`).
const NO_CODE: usize = 4;

/// Whether the word that lacks a letter at a place is a group's code, or begins with a whole part of a chemical name that
/// ends there or beyond.
fn is_part_of_a_name(group: &str, at: usize) -> bool {
    let start = group[..at].rfind(' ').map_or(0, |space| space + 1);
    let end = group[at..].find(' ').map_or(group.len(), |space| at + space);
    end - start < NO_CODE || (at..=end).any(|until| chemical::is_chemical(&group[start..until]))
}

/// The distance of two words, what they begin and end with alike left out: it says nothing of the distance and is most of
/// both.
fn distance(name: &str, word: &str) -> usize {
    let (a, b) = (name.as_bytes(), word.as_bytes());
    let head = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let (a, b) = (&a[head..], &b[head..]);
    let tail = a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a == b).count();
    let (a, b) = (&a[..a.len() - tail], &b[..b.len() - tail]);
    match (std::str::from_utf8(a), std::str::from_utf8(b)) {
        (Ok(a), Ok(b)) if !a.is_empty() && !b.is_empty() => strsim::osa_distance(a, b),
        _ => a.len().max(b.len()),
    }
}

/// Which ends a word shares with a name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Shared {
    head: bool,
    tail: bool,
}

/// The ends of names.
struct Ends {
    heads: Bits,
    tails: Bits,
}

impl Ends {
    /// Room for the ends of so many names.
    fn of(names: usize) -> Self {
        Ends { heads: Bits::of(names * 8), tails: Bits::of(names * 8) }
    }

    /// Whether a word may begin like one of the names, and whether it may end like one.
    #[inline]
    fn shared_with(&self, word: &[u8]) -> Shared {
        let (head, tail) = ends(word);
        Shared { head: self.heads.has(head), tail: self.tails.has(tail) }
    }
}

/// Words of the longest name filed.
pub const WORDS: usize = 3;

/// A word as a number: its last eight letters.
#[inline]
fn word_key(word: &[u8]) -> u64 {
    word.iter().fold(0, |all, letter| all << 8 | u64::from(letter | 0x20))
}

/// Letters below which a slip may reach both ends of the rest of a name.
const SHORT_REST: usize = 5;

/// What stands at the ends of the rest of a name beside a word that is whole: a slip leaves two letters at one end alone.
fn rest_keys(whole: &[u8], rest: &[u8], is_short: bool) -> impl Iterator<Item = u64> + use<> {
    let word = spread(word_key(whole));
    // Whatever stands between two words is as good as a space.
    let letter = |b: &u8| u64::from(if b.is_ascii_alphanumeric() { b | 0x20 } else { b' ' });
    let pair = |letters: &[u8]| letters.iter().fold(0, |all, b| (all << 8) | letter(b)) << 8;
    let of = |letters: Option<&[u8]>, end: u64| letters.map(|letters| spread(word ^ pair(letters) ^ end));
    let ends = [of(rest.get(..2), 1), of(rest.get(rest.len().saturating_sub(2)..), 2)];
    let short = is_short.then(|| spread(word ^ 3));
    let ends = if is_short { [None, None] } else { ends };
    ends.into_iter().chain([short]).flatten()
}

/// Slips forgiven at most.
const MOST_SLIPS: usize = 2;

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

/// The hash of a whole word.
fn form(word: &[u8]) -> u64 {
    word.iter().fold(0_u64, |hash, letter| hash.wrapping_mul(BASE).wrapping_add(u64::from(*letter)))
}

/// Hashes of the word and of every form with up to `slips` of the letters at `places` left out, until `each` says to stop;
/// whether it did.
#[inline]
fn for_each_form(word: &[u8], slips: usize, places: Range<usize>, mut each: impl FnMut(u64) -> bool) -> bool {
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
    for skip in if slips > 0 { places.clone() } else { 0..0 } {
        let joined = |to: usize| heads[skip].wrapping_mul(powers[to - skip - 1]).wrapping_add(part(skip + 1, to));
        if each(joined(length)) {
            return true;
        }
        for second in if slips > 1 { skip + 1..places.end } else { 0..0 } {
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
            let shown = shown.as_bytes();
            let at = |byte: Option<usize>| byte.map(|at| (&shown[..at], &shown[at + 1..]));
            let first = at(shown.iter().position(|b| *b == b'-'));
            let last = at(shown.iter().rposition(|b| *b == b'-'));
            let may_be = index.may_be_near(shown)
                || first.is_some_and(|(whole, rest)| index.may_be_near_group(shown, whole, rest))
                || last.is_some_and(|(rest, whole)| index.may_be_near_group(shown, whole, rest));
            assert!(patterns.is_empty() || may_be, "{word}");
        }
        assert!(index.is_companion(b"PVP") && !index.is_companion(b"mdmb"));
    }
}
