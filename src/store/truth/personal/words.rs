//! Values of a listing that are hidden wherever they stand in it.

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use crate::listing::contacts::{self, Indicator, IndicatorKind};

/// A seller's name or another value shorter than this is hidden only where it was recognised: too many ordinary words are
/// as short.
pub(super) const NAME_CHARS: usize = 5;

/// A value longer than this is hidden where it was found only.
const VALUE_CHARS: usize = 200;

/// Values that are hidden wherever they stand, in whatever case.
pub(super) struct Words(Option<AhoCorasick>);

impl Words {
    /// Nothing is known.
    pub fn none() -> Self {
        Words(None)
    }

    pub fn of(values: &[String]) -> Self {
        let long = long_enough(values);
        Words((!long.is_empty()).then(|| automaton(&long, MatchKind::LeftmostLongest)))
    }

    fn find(&self, text: &str) -> Vec<Indicator> {
        let Some(automaton) = &self.0 else { return Vec::new() };
        automaton
            .find_iter(&lowered(text))
            .filter(|hit| stands_alone(text, hit))
            .map(|hit| Indicator { kind: IndicatorKind::Unknown, start: hit.start(), end: hit.end() })
            .collect()
    }

    /// Hides what was found in a text and these words, except where the matter is named.
    pub fn clean(&self, text: &str, found: Vec<Indicator>, matter: &[(usize, usize)]) -> String {
        let spans = found.into_iter().chain(self.find(text)).flat_map(|one| outside(one, matter));
        contacts::hide(text, &contacts::joined(spans.collect()))
    }
}

/// Those of the values that may be hidden wherever they stand. In scripts that write a word with few characters, a short one is a name
/// too.
fn long_enough(values: &[String]) -> Vec<&str> {
    let is_name = |value: &&str| {
        let least = if value.chars().any(is_dense) { DENSE_CHARS } else { NAME_CHARS };
        (least..=VALUE_CHARS).contains(&value.chars().count())
    };
    values.iter().map(|value| value.trim()).filter(is_name).collect()
}

/// A name in Han, kana or Hangul of fewer characters is hidden only where it was recognised.
const DENSE_CHARS: usize = 2;

/// Whether a character is of a script that writes a word with few of them, and without spaces: Han, kana, Hangul.
fn is_dense(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// A text in lower case of the same length in bytes: what would get longer or shorter stays.
fn lowered(text: &str) -> String {
    let lower = |c: char| {
        let mut lower = c.to_lowercase();
        match (lower.next(), lower.next()) {
            (Some(one), None) if one.len_utf8() == c.len_utf8() => one,
            _ => c,
        }
    };
    text.chars().map(lower).collect()
}

fn automaton(values: &[&str], kind: MatchKind) -> AhoCorasick {
    // A faster automaton of values that repeat themselves takes longer to build than any text to read.
    AhoCorasick::builder()
        .kind(Some(AhoCorasickKind::NoncontiguousNFA))
        .match_kind(kind)
        .build(values.iter().map(|value| lowered(value)))
        .expect("the values of one listing make an automaton")
}

/// Whether a value that was found is no piece of a longer word.
fn stands_alone(text: &str, hit: &aho_corasick::Match) -> bool {
    // Where words are not parted, a name stands between others; particles hang on to it.
    let within = text.get(hit.start()..hit.end()).unwrap_or_default();
    let (first, last) = (within.chars().next().is_some_and(is_dense), within.chars().next_back().is_some_and(is_dense));
    let parted = |c: Option<char>, dense: bool| dense || c.is_none_or(|c| !c.is_alphanumeric());
    let (before, behind) = (text.get(..hit.start()), text.get(hit.end()..));
    parted(before.and_then(|text| text.chars().next_back()), first)
        && parted(behind.and_then(|text| text.chars().next()), last)
}

/// Those of the values that stand in one of the fields, also inside of others.
pub(super) fn standing<'v>(values: &'v [String], fields: &[&str]) -> Vec<&'v str> {
    let values = long_enough(values);
    if values.is_empty() {
        return values;
    }
    let automaton = automaton(&values, MatchKind::Standard);
    let mut stands = vec![false; values.len()];
    for field in fields {
        for hit in automaton.find_overlapping_iter(&lowered(field)) {
            let known = &mut stands[hit.pattern().as_usize()];
            *known = *known || stands_alone(field, &hit);
        }
    }
    values.into_iter().zip(stands).filter(|(_, stands)| *stands).map(|(value, _)| value).collect()
}

/// The parts of a value that lie outside of what is kept.
fn outside(one: Indicator, kept: &[(usize, usize)]) -> Vec<Indicator> {
    let mut parts = vec![one];
    for &(start, end) in kept {
        parts = parts
            .into_iter()
            .flat_map(|part| {
                let left = Indicator { end: part.end.min(start), ..part.clone() };
                let right = Indicator { start: part.start.max(end), ..part };
                [left, right]
            })
            .filter(|part| part.start < part.end)
            .collect();
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values_stand_where_they_are_words_of_their_own() {
        let values = ["north pier", "pier shop", "pier", "Blue-Harbour", "harbour", "eastgate"].map(str::to_owned);
        let fields = ["ask NORTH PIER shop", "blue-harbours and blue-harbour"];
        assert_eq!(standing(&values, &fields), ["north pier", "pier shop", "Blue-Harbour", "harbour"]);
        assert!(standing(&[], &fields).is_empty());
    }

    #[test]
    fn names_are_known_in_every_script_and_case() {
        let hidden = |name: &str, text: &str| {
            let words = Words::of(&[name.to_owned()]);
            words.clean(text, Vec::new(), &[])
        };
        for (name, text, left) in [
            ("Северный Порт", "СЕВЕРНЫЙ ПОРТ продаёт", "продаёт"),
            ("Élan Nord", "chez ÉLAN NORD ici", "chez"),
            ("李美华", "请联系李美华购买", "请联系"),
            ("김민수", "김민수입니다", "입니다"),
        ] {
            let cleaned = hidden(name, text);
            assert!(cleaned.contains(left) && !cleaned.to_lowercase().contains(&name.to_lowercase()), "{cleaned}");
        }
        assert_eq!(hidden("Pier", "a pier in the north"), "a pier in the north", "too short in a script of letters");
    }

    #[test]
    fn a_thousand_known_values_take_one_pass() {
        let values: Vec<String> = (0..2_000).map(|number| format!("handle number {number}")).collect();
        let text = values.join(" and ");
        let start = std::time::Instant::now();
        assert_eq!(standing(&values, &[&text]).len(), values.len());
        assert!(start.elapsed() < std::time::Duration::from_secs(2), "{:?}", start.elapsed());
    }
}
