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
        self.words.find_overlapping_iter(text).any(|hit| edges(text, hit.start(), hit.end()))
    }
}
