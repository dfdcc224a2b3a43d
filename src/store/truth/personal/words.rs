//! Values of a listing that are hidden wherever they stand in it.

use std::collections::HashSet;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, Match, MatchKind};

use crate::detect::watchlist::Watchlist;
use crate::listing::contacts::{self, Indicator, IndicatorKind};

/// A seller's name or another value shorter than this is hidden only where it was recognised: too many ordinary words are
/// as short.
pub(super) const NAME_CHARS: usize = 5;

/// A value longer than this is hidden where it was found only.
const VALUE_CHARS: usize = 200;

/// Values that are hidden wherever they stand, in whatever case.
pub(super) struct Words {
    values: Option<AhoCorasick>,
    names: Option<AhoCorasick>,
    /// Of each name, whether it reads like an offer: its words that belong to one stay readable.
    like_offers: Vec<bool>,
    offered: HashSet<String>,
}

impl Words {
    /// Nothing is known.
    pub fn none() -> Self {
        Words::of(&[], &[], &Offered::default())
    }

    /// Contacts, names of people and shops, and what the listing offers.
    pub fn of(values: &[String], names: &[String], offered: &Offered) -> Self {
        let all = |values: &[&str]| (!values.is_empty()).then(|| automaton(values, MatchKind::LeftmostLongest));
        let (values, names) = (long_enough(values), long_enough(names));
        // A name that begins like an offer's name is the beginning of it.
        let is_like = |name: &&str| names.iter().any(|whole| whole.starts_with(*name) && offered.is_in(whole));
        let like_offers: Vec<bool> = names.iter().map(is_like).collect();
        let offered = if like_offers.contains(&true) { offered.words() } else { HashSet::new() };
        Words { values: all(&values), names: all(&names), like_offers, offered }
    }

    fn find(&self, text: &str) -> Vec<Indicator> {
        let lower = lowered(text);
        let of = |automaton: &Option<AhoCorasick>| -> Vec<Match> {
            let found = automaton.iter().flat_map(|automaton| automaton.find_iter(&lower));
            found.filter(|hit| stands_alone(text, hit)).collect()
        };
        let whole = |hit: &Match| vec![Indicator { kind: IndicatorKind::Unknown, start: hit.start(), end: hit.end() }];
        let mut found: Vec<Indicator> = of(&self.values).iter().flat_map(whole).collect();
        for hit in of(&self.names) {
            match self.like_offers.get(hit.pattern().as_usize()) {
                Some(true) => found.extend(self.without_offer(&lower, &hit)),
                _ => found.extend(whole(&hit)),
            }
        }
        found
    }

    /// The words of a name that are not the offer's own.
    fn without_offer(&self, lower: &str, hit: &Match) -> Vec<Indicator> {
        let name = lower.get(hit.start()..hit.end()).unwrap_or_default();
        tokens(name)
            .filter(|(_, word)| !is_small(word) && !self.offered.contains(*word))
            .map(|(at, word)| {
                let start = hit.start() + at;
                Indicator { kind: IndicatorKind::Unknown, start, end: start + word.len() }
            })
            .collect()
    }

    /// Hides what was found in a text and these words, except where the matter is named.
    pub fn clean(&self, text: &str, found: Vec<Indicator>, matter: &[(usize, usize)]) -> String {
        let spans = found.into_iter().chain(self.find(text)).flat_map(|one| outside(one, matter));
        contacts::hide(text, &contacts::joined(spans.collect()))
    }
}

/// What a listing offers and says of it, as it is written there.
#[derive(Default)]
pub(super) struct Offered {
    /// Names of substances.
    pub matter: Vec<String>,
    /// Phrases that speak of an offer, of goods, shipping or payment; none that names a contact.
    pub phrases: Vec<String>,
}

/// Phrases of an offer in a name that are no chance.
const PHRASES: usize = 2;

impl Offered {
    /// Whether a name names what is offered, or offers it.
    fn is_in(&self, name: &str) -> bool {
        let name = lowered(name);
        let holds = |part: &&String| {
            let part = lowered(part);
            !part.is_empty() && name.match_indices(&part).any(|(at, _)| is_parted(&name, at, at + part.len()))
        };
        let phrases: HashSet<String> = self.phrases.iter().filter(holds).map(|phrase| lowered(phrase)).collect();
        let is_one_phrase = |phrase: &String| *phrase == name.trim() && phrase.contains(char::is_whitespace);
        self.matter.iter().any(|part| holds(&part)) || phrases.len() >= PHRASES || phrases.iter().any(is_one_phrase)
    }

    /// Words that belong to an offer: of this listing, and of offers at all.
    fn words(&self) -> HashSet<String> {
        let own = self.matter.iter().chain(&self.phrases).map(|text| lowered(text));
        let own: Vec<String> = own.collect();
        own.iter().flat_map(|text| tokens(text)).map(|(_, word)| word.to_owned()).chain(OFFER_WORDS.clone()).collect()
    }
}

/// Kinds of context terms whose words are those of an offer.
const OFFER_TERMS: [&str; 7] = ["offer", "shipping", "form", "evasion", "disclaimer", "payment", "trade"];

/// Words of praise that no list of terms needs.
const PRAISE: &str =
    "best cheap cheapest top quality online pure good great fast new real original the and for with from all your our";

/// Words of the compiled list's terms: an authority's own list changes what is found, not what a name is.
static OFFER_WORDS: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let list = Watchlist::builtin().ok();
    let terms = list.iter().flat_map(|list| OFFER_TERMS.iter().filter_map(|kind| list.context.get(*kind)));
    let terms: Vec<String> = terms.flat_map(|of| of.values().flatten()).map(|term| lowered(term)).collect();
    terms
        .iter()
        .flat_map(|term| tokens(term))
        .map(|(_, word)| word)
        .chain(PRAISE.split(' '))
        .map(str::to_owned)
        .collect()
});

/// Words of a text with the byte at which each begins.
fn tokens(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let parts = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    parts.map(move |word| (word.as_ptr() as usize - text.as_ptr() as usize, word))
}

/// Whether a word says nothing of anybody: two letters, or a number of an amount.
fn is_small(word: &str) -> bool {
    word.chars().count() <= 2 || (word.len() <= 3 && word.bytes().all(|byte| byte.is_ascii_digit()))
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
fn stands_alone(text: &str, hit: &Match) -> bool {
    is_parted(text, hit.start(), hit.end())
}

fn is_parted(text: &str, start: usize, end: usize) -> bool {
    // Where words are not parted, a name stands between others; particles hang on to it.
    let within = text.get(start..end).unwrap_or_default();
    let (first, last) = (within.chars().next().is_some_and(is_dense), within.chars().next_back().is_some_and(is_dense));
    let parted = |c: Option<char>, dense: bool| dense || c.is_none_or(|c| !c.is_alphanumeric());
    let (before, behind) = (text.get(..start), text.get(end..));
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
            let words = Words::of(&[], &[name.to_owned()], &Offered::default());
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
    fn a_name_that_reads_like_an_offer_leaves_the_offer_readable() {
        let offered = Offered {
            matter: vec!["Fentanyl".to_owned()],
            phrases: vec!["Best price".to_owned(), "in stock".to_owned(), "powder".to_owned()],
        };
        let hidden = |name: &str, text: &str| Words::of(&[], &[name.to_owned()], &offered).clean(text, Vec::new(), &[]);
        for (name, text, left) in [
            ("Best price fentanyl in stock", "BEST PRICE FENTANYL in stock", "BEST PRICE FENTANYL in stock"),
            ("Buy fentanyl online", "Buy fentanyl online, 10 g", "Buy fentanyl online, 10 g"),
            ("Fentanyl by Zorglub Harbour", "Fentanyl by Zorglub Harbour", "Fentanyl by ███████ ███████"),
            ("Best price in stock Zorglub", "ask best price in stock zorglub", "ask best price in stock ███████"),
            // One word that offers have too makes no offer of a name.
            ("Powder Zorglub", "powder zorglub sells", "██████ ███████ sells"),
            ("Powder", "powder sells", "██████ sells"),
            ("Best price", "best price for fentanyl", "best price for fentanyl"),
            ("Blue Harbour", "at Blue Harbour", "at ████ ███████"),
        ] {
            assert_eq!(hidden(name, text), left, "{name}");
        }
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
