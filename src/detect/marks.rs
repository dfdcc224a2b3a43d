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
            brands: SignalWords::build(marks.brands.iter())?,
        })
    }
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
