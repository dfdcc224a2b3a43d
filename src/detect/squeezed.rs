//! Names in squeezed text: letters that were pulled apart, and digits written for letters.

use crate::detect::names::joins;
use crate::detect::sets::{Bits, Growing, Table, sorted, spread};
use crate::detect::view::Squeezed;

/// Letters after which it is asked first, at the latest.
const LATEST_PROBE: usize = 5;

/// Names by the hash of their letters, separators left out.
pub struct LetterIndex<T> {
    /// Names with what they stand for, sorted.
    names: Vec<(String, T)>,
    /// Hash of a name to one more than its place in `names`.
    by_hash: Table<u32>,
    /// The same hashes, and those of the first letters of each: almost all say no.
    whole: Bits,
    begins: Bits,
    /// First two bytes of names, which most letters are not.
    first: Box<[u64; 1024]>,
    /// ASCII letters before the first other letter of a name, at most; nothing where a name has no other.
    lead: Option<usize>,
    /// Letters after which it is asked whether any name begins so: sooner asks for less, later lets less through.
    probes: [usize; 3],
    /// Bytes of the shortest and of the longest.
    shortest: usize,
    longest: usize,
}

/// The hash of letters with one more byte.
#[inline]
fn with(hash: u64, byte: u8) -> u64 {
    spread(hash ^ u64::from(byte)).rotate_left(29)
}

impl<T: Copy> LetterIndex<T> {
    /// Files names with what each stands for; `join` adds what a second one of the same letters stands for to the first.
    pub fn build(names: Vec<(String, T)>, join: impl Fn(&mut T, T)) -> Self {
        let mut names = sorted(names);
        names.dedup_by(|(name, more), (held_name, held)| {
            let is_same = name == held_name;
            if is_same {
                join(held, *more);
            }
            is_same
        });
        let shortest = names.iter().map(|(name, _)| name.len()).min().unwrap_or_default();
        let probes = [0, 2, 4].map(|more| shortest.min(LATEST_PROBE) + more);
        let mut by_hash = Growing::<u32>::with_capacity(names.len());
        let (mut whole, mut begins) = (Bits::of(names.len() * 16), Bits::of(names.len() * 16));
        let mut first = Box::new([0_u64; 1024]);
        for (number, (name, _)) in (1..).zip(&names) {
            match name.as_bytes() {
                [] => {}
                // What follows a name of one byte is not its own.
                [one] => first[usize::from(*one) * 4..][..4].fill(u64::MAX),
                [one, two, ..] => first[usize::from(*one) * 4 + usize::from(two >> 6)] |= 1 << (two & 63),
            }
            let mut hash = 0;
            for (at, byte) in (1..).zip(name.bytes()) {
                hash = with(hash, byte);
                if probes.contains(&at) {
                    begins.set(hash);
                }
            }
            whole.set(hash);
            *by_hash.entry(hash) = number;
        }
        let longest = names.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
        let leads = names.iter().map(|(name, _)| name.bytes().position(|byte| !byte.is_ascii()));
        let lead = leads.reduce(|most, lead| most.zip(lead).map(|(most, lead)| most.max(lead))).unwrap_or_default();
        LetterIndex { names, by_hash: by_hash.into_table(), whole, begins, first, lead, probes, shortest, longest }
    }

    /// Places where a name may begin: not long before a letter that is not ASCII, if each name has one.
    pub fn places(&self, letters: &[u8]) -> impl Iterator<Item = usize> {
        let other = |from: usize| {
            let behind = letters.get(from..).unwrap_or_default();
            behind.iter().position(|byte| !byte.is_ascii()).map(|at| from + at)
        };
        let (mut at, mut next) = (0, other(0));
        std::iter::from_fn(move || {
            if let Some(lead) = self.lead {
                if next? < at {
                    next = other(at);
                }
                at = at.max(next?.saturating_sub(lead));
            }
            at += 1;
            (at <= letters.len()).then_some(at - 1)
        })
    }

    /// Gives `each` the names that begin at `start`, shortest first, with what they stand for and the byte behind them.
    #[inline]
    pub fn starting(&self, letters: &[u8], start: usize, mut each: impl FnMut(&str, T, usize)) {
        let (one, two) = (letters[start], letters.get(start + 1).copied().unwrap_or_default());
        if self.first[usize::from(one) * 4 + usize::from(two >> 6)] >> (two & 63) & 1 == 0 {
            return;
        }
        let mut hash = 0;
        for (length, byte) in (1..=self.longest).zip(&letters[start..]) {
            hash = with(hash, *byte);
            if self.probes.contains(&length) && !self.begins.has(hash) {
                return;
            }
            if length >= self.shortest
                && self.whole.has(hash)
                && let Some(number) = self.by_hash.get(hash)
            {
                let (name, stands_for) = &self.names[*number as usize - 1];
                let end = start + length;
                if letters[start..end] == *name.as_bytes() {
                    each(name, *stands_for, end);
                }
            }
        }
    }
}

impl LetterIndex<usize> {
    /// Gives the longest name at each word of `text` to `take`, with what it stands for and its bytes in `text`. `take` says
    /// whether it counts and whether to go on; one that does not count hides neither shorter ones at its place nor those that
    /// begin inside it.
    pub fn scan(&self, text: &str, squeezed: &Squeezed, mut take: impl FnMut(usize, usize, usize) -> (bool, bool)) {
        let letters = squeezed.text.as_bytes();
        let mut from = 0;
        let mut hits: Vec<(usize, usize)> = Vec::new();
        for start in 0..letters.len() {
            if start < from || is_inside(text, squeezed, start) {
                continue;
            }
            if !squeezed.text.is_char_boundary(start) || !begins_word(text, squeezed, start) {
                continue;
            }
            hits.clear();
            self.starting(letters, start, |_, pattern, end| hits.push((pattern, end)));
            for (pattern, end) in hits.iter().rev() {
                let Some((first, last)) = place(squeezed, start, *end, text) else { continue };
                let (counts, go_on) = take(*pattern, first, last);
                if !go_on {
                    return;
                }
                if counts {
                    from = *end;
                    break;
                }
            }
        }
    }
}

/// Whether a byte of the squeezed text stands behind another letter of the same word: most do.
#[inline]
fn is_inside(text: &str, squeezed: &Squeezed, start: usize) -> bool {
    let bytes = text.as_bytes();
    let Some(at) = squeezed.at.get(start).map(|at| *at as usize) else { return false };
    let is_letter = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_alphanumeric);
    at > 0 && is_letter(at) && is_letter(at - 1)
}

/// Whether a word of the text, or a character of a script without spaces, begins at a byte of the squeezed text.
#[inline]
fn begins_word(text: &str, squeezed: &Squeezed, start: usize) -> bool {
    let Some(at) = squeezed.at.get(start).map(|at| *at as usize) else { return false };
    let bytes = text.as_bytes();
    let before = at.checked_sub(1).and_then(|before| bytes.get(before)).copied().unwrap_or(b' ');
    let here = bytes.get(at).copied().unwrap_or(b' ');
    if before.is_ascii() && here.is_ascii() {
        return !(before.is_ascii_alphanumeric() && here.is_ascii_alphanumeric());
    }
    !joins(text[..at].chars().next_back(), text[at..].chars().next())
}

/// Bytes of the folded text that a squeezed match covers.
fn place(squeezed: &Squeezed, start: usize, end: usize, text: &str) -> Option<(usize, usize)> {
    let first = *squeezed.at.get(start)? as usize;
    let last = *squeezed.at.get(end.checked_sub(1)?)? as usize;
    let width = text[last..].chars().next()?.len_utf8();
    Some((first, last + width))
}
