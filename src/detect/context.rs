//! Signals around a name: offer, evasion, contact, payment, shipping, licit.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};
use regex::Regex;

use crate::detect::names::edges;
use crate::detect::view::{Folded, fold};
use crate::detect::watchlist::{Names, Watchlist};
use crate::vocab::terms::Signal;

/// A signal found; offsets are bytes of the folded text.
#[derive(Debug, Clone)]
pub struct Sign {
    /// What it points to.
    pub kind: Signal,
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// Signals looked for in one field.
const SIGNALS_LIMIT: usize = 500;

/// All terms in one automaton.
pub struct ContextIndex {
    terms: AhoCorasick,
    kind_of: Vec<Signal>,
}

/// Latin units of the quantity rule.
pub const UNITS: [&str; 28] = [
    "mg", "g", "gr", "gram", "grams", "gramm", "grammes", "gramos", "kg", "kilo", "kilos", "kilogram", "oz", "ounce",
    "ounces", "lb", "lbs", "ml", "ug", "mcg", "pills", "tabs", "tablets", "blotters", "pellets", "ton", "tons", "mt",
];

/// A weight, a count of units, or a price for one: `10g`, `5 kg`, `$20 / gram`.
static QUANTITY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?:\b|[0-9]x)[0-9]+(?:[.,][0-9]+)? ?(?:mg|g|gr|gram|grams|gramm|grammes|gramos|kg|kilo|kilos|kilogram|oz|ounce|ounces|lb|lbs|ml|ug|mcg|pills|tabs|tablets|blotters|pellets|ton|tons|mt|克|公斤|千克|грамм|кг)\b").expect("a pattern written here is a regular expression")
});
static PURITY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\b(?:9[0-9](?:[.,][0-9]+)?) ?%|%? ?\bpurity\b|\bpure\b|\breinheit\b|纯度|含量")
        .expect("a pattern written here is a regular expression")
});

impl ContextIndex {
    /// Folded terms of the signals of [`Signal::DEALING`].
    pub fn dealing_terms(watchlist: &Watchlist) -> impl Iterator<Item = String> {
        let is_dealing = |signal: &str| signal.parse().is_ok_and(|signal| Signal::DEALING.contains(&signal));
        let tables = watchlist.context.iter().filter(move |(signal, _)| is_dealing(signal));
        tables
            .flat_map(|(_, names)| names.values().flatten())
            .map(|term| fold(term))
            .filter(|term| term.chars().count() >= 2)
    }

    /// Builds the automaton from signal to language to terms.
    pub fn build(context: &BTreeMap<String, Names>) -> Result<Self, aho_corasick::BuildError> {
        let (mut terms, mut kind_of) = (Vec::new(), Vec::new());
        for (signal, names) in context {
            let Ok(kind) = signal.parse::<Signal>() else { continue };
            for term in names.values().flatten() {
                let folded = fold(term);
                if folded.chars().count() >= 2 {
                    terms.push(folded);
                    kind_of.push(kind);
                }
            }
        }
        let terms = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(terms)?;
        Ok(ContextIndex { terms, kind_of })
    }

    /// Signals in a folded text.
    pub fn find(&self, folded: &Folded) -> Vec<Sign> {
        let text = folded.text.as_str();
        let mut found = Vec::new();
        let mut from = 0;
        let mut of_kind: BTreeMap<Signal, usize> = BTreeMap::new();
        while from < text.len() {
            let Some(hit) = self.terms.find(aho_corasick::Input::new(text).range(from..)) else { break };
            if edges(text, hit.start(), hit.end()) {
                let kind = self.kind_of[hit.pattern().as_usize()];
                let held = of_kind.entry(kind).or_default();
                if *held < SIGNALS_LIMIT {
                    *held += 1;
                    found.push(Sign { kind, start: hit.start(), end: hit.end() });
                }
                from = hit.end();
            } else {
                from = hit.start() + text[hit.start()..].chars().next().map_or(1, char::len_utf8);
            }
        }
        for (kind, regex) in [(Signal::Quantity, &*QUANTITY), (Signal::Purity, &*PURITY)] {
            for hit in regex.find_iter(text).take(20) {
                found.push(Sign { kind, start: hit.start(), end: hit.end() });
            }
        }
        found.sort_by_key(|signal| signal.start);
        found
    }
}
