//! Marks of the drug trade on equipment: dies and the brands and logos of known pills.

use aho_corasick::{AhoCorasick, MatchKind};

use crate::detect::names::edges;
use crate::detect::view::fold;
use crate::detect::watchlist::Marks;

/// Words looked for at word edges.
pub struct SignalWords {
    words: AhoCorasick,
}

/// The marks, compiled.
pub struct MarkIndex {
    /// Dies.
    pub dies: SignalWords,
    /// Logos.
    pub logos: SignalWords,
    /// Pills and the pressing of them.
    pub pills: SignalWords,
    /// Brands.
    pub brands: SignalWords,
}

impl MarkIndex {
    /// Compiles the words.
    ///
    /// # Errors
    /// When an automaton passes its limits.
    pub fn build(marks: &Marks) -> Result<Self, aho_corasick::BuildError> {
        Ok(MarkIndex {
            dies: SignalWords::build(marks.dies.values().flatten())?,
            logos: SignalWords::build(marks.logos.values().flatten())?,
            pills: SignalWords::build(marks.pills.values().flatten())?,
            brands: SignalWords::build(marks.brands.iter().chain(&spaced(&marks.brands)))?,
        })
    }

    /// Whether a text names the brand or the imprint of a known pill.
    pub fn has_brand(&self, text: &str) -> bool {
        self.brands.is_in(text) || has_imprint(text)
    }
}

/// Imprints of letters and digits, with a space between them: `GG 249`.
fn spaced(brands: &[String]) -> Vec<String> {
    let is_imprint = |brand: &&String| {
        let digits = brand.trim_start_matches(|c: char| c.is_ascii_uppercase());
        digits.len() < brand.len() && !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
    };
    let apart = |brand: &String| {
        let at = brand.find(|c: char| c.is_ascii_digit()).unwrap_or_default();
        format!("{} {}", &brand[..at], &brand[at..])
    };
    brands.iter().filter(is_imprint).map(apart).collect()
}

/// Characters from the one side of a pill to the other, and their bytes at most.
const SIDES_CHARACTERS: usize = 40;
pub(super) const SIDES_BYTES: usize = 4 * SIDES_CHARACTERS;

/// The imprint of a known pill, told side by side: `M on one side, 30 on the other`.
fn has_imprint(text: &str) -> bool {
    let is_word = |at: usize, length: usize| edges(text, at, at + length);
    text.match_indices('m').filter(|(at, _)| is_word(*at, 1)).any(|(at, _)| {
        let until = text[at..].char_indices().nth(SIDES_CHARACTERS).map_or(text.len(), |(end, _)| at + end);
        let behind = &text[at..until];
        behind.match_indices("30").any(|(from, _)| is_word(at + from, 2))
    })
}

impl SignalWords {
    fn build<'a>(words: impl Iterator<Item = &'a String>) -> Result<Self, aho_corasick::BuildError> {
        let words: Vec<String> = words.map(|word| fold(word)).collect();
        Ok(SignalWords { words: AhoCorasick::builder().match_kind(MatchKind::Standard).build(words)? })
    }

    /// Whether one of them is in a folded text.
    pub fn is_in(&self, text: &str) -> bool {
        self.first(text).is_some()
    }

    /// The first of them in a folded text: first byte, and one past the last.
    pub fn first(&self, text: &str) -> Option<(usize, usize)> {
        let whole = |hit: &aho_corasick::Match| edges(text, hit.start(), hit.end());
        self.words.find_overlapping_iter(text).find(whole).map(|hit| (hit.start(), hit.end()))
    }
}
