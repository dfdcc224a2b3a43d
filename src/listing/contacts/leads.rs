//! Words that lead to a value, and what each leads to.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use unicode_normalization::UnicodeNormalization;

use crate::listing::contacts::IndicatorKind;
use crate::listing::contacts::messengers::{AMBIGUOUS, MESSENGERS, NAMED_BEHIND, NOUNS, ORDINARY, SHORT};
use crate::listing::contacts::ordinary::SURE_HAN;
use crate::listing::contacts::tokens::lowered;
use crate::listing::contacts::words::{PAYMENT_NOUNS, PAYMENTS, PHONES, Words, all};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lead {
    Messenger,
    /// A messenger whose name is nothing else, in a script without spaces.
    Unspaced,
    /// A short name of a messenger.
    Short,
    Ambiguous,
    /// The same that is a word of goods as well.
    Noun,
    /// An ordinary word: only what is written as accounts are is one behind it.
    Ordinary,
    /// Words behind a value: `… is our name`.
    Behind,
    Phone,
    Payment,
    /// A means of payment whose name is a word of goods as well.
    PaymentNoun,
    /// Any other phrase by which a seller asks to be written to.
    Phrase,
}

impl Lead {
    pub fn kind(self) -> IndicatorKind {
        match self {
            Lead::Messenger
            | Lead::Unspaced
            | Lead::Short
            | Lead::Ambiguous
            | Lead::Noun
            | Lead::Ordinary
            | Lead::Behind
            | Lead::Phrase => IndicatorKind::Messenger,
            Lead::Phone => IndicatorKind::Phone,
            Lead::Payment | Lead::PaymentNoun => IndicatorKind::Account,
        }
    }
}

/// Every leading word, found in one pass. One may lie over another (`加微` and `微信` in `加微信`): each counts, for what
/// follows it.
pub(super) static LEADS: LazyLock<(AhoCorasick, Vec<Lead>)> = LazyLock::new(|| {
    let mut words: Vec<(String, Lead)> = Vec::new();
    let lists = [
        (MESSENGERS, Lead::Messenger),
        (SURE_HAN, Lead::Unspaced),
        (SHORT, Lead::Short),
        (AMBIGUOUS, Lead::Ambiguous),
        (NOUNS, Lead::Noun),
        (ORDINARY, Lead::Ordinary),
        (NAMED_BEHIND, Lead::Behind),
        (PHONES, Lead::Phone),
        (PAYMENTS, Lead::Payment),
        (PAYMENT_NOUNS, Lead::PaymentNoun),
    ];
    for (list, lead) in lists {
        words.extend(all(list).map(|word| (folded(word), lead)));
    }
    let automaton =
        AhoCorasick::new(words.iter().map(|(word, _)| word)).expect("a few hundred words make an automaton");
    (automaton, words.into_iter().map(|(_, lead)| lead).collect())
});

/// A word as texts are folded.
pub(super) fn folded(word: &str) -> String {
    lowered(&word.nfkc().collect::<String>())
}

/// Words of lists as texts are folded, to be looked up.
pub(super) type FoldedSet = LazyLock<Words<String>>;

/// The words of several lists as texts are folded.
pub(super) fn folded_set(lists: &'static [&'static str]) -> Words<String> {
    all(lists).map(folded).collect()
}
