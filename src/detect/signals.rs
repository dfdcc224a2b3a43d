//! Signals around a name: words of an offer, of evasion, of lawful trade, of a kind of page; and what is read by its shape:
//! quantities, purities, prices, handles and numbers.

use std::collections::BTreeMap;

use crate::detect::consonants::ARABIC_PREFIXES;
use crate::detect::denial::{contradicted, done_without};
use crate::detect::names::{arabic_prefixes, edges};
use crate::detect::phrases::{Phrases, Token};
use crate::detect::sets::sorted;
use crate::detect::shapes::{accounts, shapes};
use crate::detect::view::{Folded, fold};
use crate::detect::watchlist::{Names, Watchlist};
use crate::vocab::terms::Signal;

/// A signal found; offsets are bytes of the folded text.
#[derive(Debug, Clone, Copy)]
pub struct Sign {
    /// What it points to.
    pub kind: Signal,
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// Milligrams, where it is a mass.
    pub milligrams: Option<f64>,
}

/// Signs looked for in one field.
const SIGNS_LIMIT: usize = 500;

/// All terms in one table.
pub struct SignalIndex {
    phrases: Phrases,
    /// What each is, with its folded text; one word may be a term of two kinds (`HPLC`).
    terms: Vec<(String, Vec<Term>)>,
}

#[derive(Debug, Clone, Copy)]
struct Term {
    kind: Signal,
    /// The language puts endings on its words (`телеграме`, `telegramdan`).
    inflected: bool,
    /// The language puts an article or a particle in front, joined on (`بالبيتكوين`).
    prefixed: bool,
}

/// Languages whose words take endings that a list of terms cannot spell out.
const INFLECTED: [&str; 11] = ["ru", "uk", "pl", "cs", "tr", "ro", "hi", "id", "fi", "hu", "ar"];

/// Letters of the longest ending, and letters a term needs before an ending is looked for.
const ENDING_LETTERS: usize = 4;
const TERM_LETTERS: usize = 5;

impl SignalIndex {
    /// Folded terms that point to a deal that avoids control.
    pub fn dealing_terms(watchlist: &Watchlist) -> impl Iterator<Item = String> {
        let is_dealing = |signal: &str| signal.parse().is_ok_and(|signal| Signal::DEALING.contains(&signal));
        let tables = watchlist.context.iter().filter(move |(signal, _)| is_dealing(signal));
        tables
            .flat_map(|(_, names)| names.values().flatten())
            .map(|term| fold(term))
            .filter(|term| term.chars().count() >= 2)
    }

    /// Builds the table from signal to language to terms.
    pub fn build(context: &BTreeMap<String, Names>) -> Self {
        let mut all: Vec<(String, Term)> = Vec::new();
        for (kind, names) in context {
            // `check` names a signal that is none.
            let Ok(kind) = kind.parse::<Signal>() else { continue };
            for (language, words) in names {
                let inflected = INFLECTED.contains(&language.as_str());
                for word in words {
                    let folded = fold(word);
                    if folded.chars().count() >= 2 {
                        let term = Term { kind, inflected, prefixed: language == "ar" };
                        all.push((folded, term));
                    }
                }
            }
        }
        let mut terms: Vec<(String, Vec<Term>)> = Vec::with_capacity(all.len());
        for (folded, term) in sorted(all) {
            match terms.last_mut().filter(|(held, _)| *held == folded) {
                Some((_, held)) => held.push(term),
                None => terms.push((folded, vec![term])),
            }
        }
        SignalIndex { phrases: Phrases::build(terms.iter().map(|(term, _)| term.as_str())), terms }
    }

    /// Signs in a folded text, by place. Of two terms of one kind, one inside the other, the longer one counts, unless it reaches
    /// into a line that the shorter one has to itself: lines may come in any order.
    pub fn find(&self, folded: &Folded, tokens: &[Token]) -> Vec<Sign> {
        let text = folded.text.as_str();
        let mut found: Vec<Sign> = Vec::new();
        for (at, token) in tokens.iter().enumerate() {
            let word = &text[token.range()];
            for skip in std::iter::once(0).chain(arabic_prefixes(word)) {
                let start = token.start as usize + skip;
                self.phrases.starting(text, tokens, at, skip, ENDING_LETTERS, |phrase, end| {
                    let (written, terms) = &self.terms[phrase];
                    if text[start..end] != **written {
                        return;
                    }
                    for term in terms {
                        let Some(end) = end_of_word(text, start, end, *term) else { continue };
                        found.push(Sign { kind: term.kind, start, end, milligrams: None });
                    }
                });
            }
            if found.len() >= SIGNS_LIMIT {
                break;
            }
        }
        found.sort_by_key(|sign| (sign.kind, sign.start, std::cmp::Reverse(sign.end)));
        let across = |sign: &Sign| folded.breaks_within(sign.start, sign.end);
        let mut kept: Vec<Sign> = Vec::with_capacity(found.len());
        for sign in found {
            match kept.last_mut().filter(|last| last.kind == sign.kind && sign.end <= last.end) {
                Some(last) if across(last) && !across(&sign) => *last = sign,
                Some(_) => {}
                None => kept.push(sign),
            }
        }
        done_without(folded, &mut kept);
        contradicted(folded, &mut kept);
        shapes(text, &mut kept);
        accounts(folded, &mut kept);
        kept.sort_by_key(|sign| sign.start);
        kept
    }
}

/// Where the word of a term ends, if the term stands at word edges: with an ending or a prefix where its language has them.
fn end_of_word(text: &str, start: usize, end: usize, term: Term) -> Option<usize> {
    if edges(text, start, end) {
        return Some(end);
    }
    let letters = text[start..end].chars().filter(|c| c.is_alphanumeric()).count();
    if letters < if term.prefixed { 3 } else { TERM_LETTERS } {
        return None;
    }
    let is_letter = |c: char| c.is_alphabetic();
    let tail: usize =
        if term.inflected { text[end..].chars().take_while(|c| is_letter(*c)).map(char::len_utf8).sum() } else { 0 };
    if text[end..end + tail].chars().count() > ENDING_LETTERS {
        return None;
    }
    let head = text[..start].char_indices().rev().take_while(|(_, c)| is_letter(*c)).last().map_or(start, |(at, _)| at);
    let prefix = &text[head..start];
    let prefix_holds = prefix.is_empty() || (term.prefixed && ARABIC_PREFIXES.contains(&prefix));
    (prefix_holds && edges(text, head, end + tail)).then_some(end + tail)
}
