//! What changed in a listing between two visits: which parts, and how a difference is kept. Pure.
//!
//! Values are compared as they are stored, with personal data blotted out; a difference that lies only in what is blotted
//! out is none.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::listing::contacts::BLOT;
use crate::vocab::time::Timestamp;

/// A part of a listing that can change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = ChangedField)]
pub enum Field {
    /// Its title.
    Title,
    /// Its price with the currency.
    Price,
    /// Its text: lines removed and lines added.
    Text,
    /// Who sells it. Only that it is another one, never who.
    Seller,
    /// Whether it is there.
    Availability,
}

impl Field {
    /// All parts, in the order in which they are shown.
    pub const ALL: [Field; 5] = [Field::Title, Field::Price, Field::Text, Field::Seller, Field::Availability];

    /// The name used in every interface.
    pub fn name(self) -> &'static str {
        match self {
            Field::Title => "title",
            Field::Price => "price",
            Field::Text => "text",
            Field::Seller => "seller",
            Field::Availability => "availability",
        }
    }

    /// The part with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Field::ALL.into_iter().find(|field| field.name() == name)
    }
}

/// What is new with an event of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ChangedPart)]
pub enum Part {
    /// Its state.
    #[serde(rename = "state")]
    State,
    /// The platform's answer.
    #[serde(rename = "decision")]
    Decision,
    /// What looks saw of its pages.
    #[serde(rename = "pages")]
    Pages,
    /// A document came: a notice, a reminder, a warning, a correction or a withdrawal.
    #[serde(rename = "document")]
    Document,
    /// The title of a listing.
    #[serde(rename = "listing.title")]
    ListingTitle,
    /// Its price.
    #[serde(rename = "listing.price")]
    ListingPrice,
    /// Its text.
    #[serde(rename = "listing.text")]
    ListingText,
    /// Who sells it.
    #[serde(rename = "listing.seller")]
    ListingSeller,
    /// Whether it is there.
    #[serde(rename = "listing.availability")]
    ListingAvailability,
}

impl From<Field> for Part {
    fn from(field: Field) -> Self {
        match field {
            Field::Title => Part::ListingTitle,
            Field::Price => Part::ListingPrice,
            Field::Text => Part::ListingText,
            Field::Seller => Part::ListingSeller,
            Field::Availability => Part::ListingAvailability,
        }
    }
}

/// What is new with a step, by its name, and with the changes of listings that it tells of; each once.
pub fn parts_of(step: &str, changes: &[Change]) -> Vec<Part> {
    let of_the_case: &[Part] = match step {
        "answer" => &[Part::State, Part::Decision],
        "remind" | "warn" => &[Part::Document],
        "approve" | "withdraw" | "correct" => &[Part::State, Part::Document],
        "seen-gone" | "seen-live" | "seen-again" => &[Part::State, Part::Pages],
        "listing-changed" => &[],
        _ => &[Part::State],
    };
    let mut parts = Vec::new();
    for part in of_the_case.iter().copied().chain(changes.iter().map(|change| Part::from(change.field))) {
        if !parts.contains(&part) {
            parts.push(part);
        }
    }
    parts
}

/// One difference between two visits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What differs.
    pub field: Field,
    /// What it was; none where there was nothing, or it is not told.
    pub before: Option<String>,
    /// What it is now.
    pub after: Option<String>,
}

/// A difference on record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = ListingChange)]
pub struct Change {
    /// Number; grows.
    pub id: i64,
    /// When the visit saw it.
    pub at: Timestamp,
    /// Platform.
    pub platform: String,
    /// The case the hit belonged to then.
    pub referral: String,
    /// Hit.
    pub hit: String,
    /// Page.
    pub url: String,
    /// Scan or recheck.
    pub run: String,
    /// What changed.
    pub field: Field,
    /// What it was.
    pub before: Option<String>,
    /// What it is.
    pub after: Option<String>,
}

/// What of a listing is compared, as it is stored.
#[derive(Debug, Clone, Copy)]
pub struct Version<'a> {
    /// Title.
    pub title: &'a str,
    /// Amount.
    pub price: Option<&'a str>,
    /// Currency.
    pub currency: Option<&'a str>,
    /// Text.
    pub text: &'a str,
    /// Keyed hash of the seller's name.
    pub seller: Option<&'a str>,
}

/// A listing that is not there any more.
pub fn gone() -> Difference {
    Difference { field: Field::Availability, before: None, after: Some("gone".to_owned()) }
}

/// A listing that is there again.
pub fn back() -> Difference {
    Difference { field: Field::Availability, before: None, after: Some("back".to_owned()) }
}

/// How the listing differs from what it was, without its availability.
pub fn between(was: Version<'_>, is: Version<'_>) -> Vec<Difference> {
    let mut found = Vec::new();
    if !is_alike(was.title, is.title) {
        let (before, after) = (bounded(was.title), bounded(is.title));
        found.push(Difference { field: Field::Title, before: Some(before), after: Some(after) });
    }
    let (before, after) = (money(was), money(is));
    if !is_alike(before.as_deref().unwrap_or_default(), after.as_deref().unwrap_or_default()) {
        let cut = |text: Option<String>| text.map(|text| bounded(&text));
        found.push(Difference { field: Field::Price, before: cut(before), after: cut(after) });
    }
    if let Some((before, after)) = lines(was.text, is.text) {
        found.push(Difference { field: Field::Text, before, after });
    }
    if was.seller != is.seller {
        let after = match (was.seller, is.seller) {
            (_, None) => "not named",
            (None, Some(_)) => "named",
            (Some(_), Some(_)) => "another",
        };
        found.push(Difference { field: Field::Seller, before: None, after: Some(after.to_owned()) });
    }
    found
}

fn money(of: Version<'_>) -> Option<String> {
    let price = of.price?;
    Some(of.currency.map_or_else(|| price.to_owned(), |currency| format!("{price} {currency}")))
}

/// Whether two texts are equal where both can be read. What is hidden depends on the watchlist and on who sells, so that a
/// listing which stayed as it was may have other blots.
fn is_alike(one: &str, other: &str) -> bool {
    let (mut one, mut other) = (one.chars(), other.chars());
    loop {
        match (one.next(), other.next()) {
            (None, None) => return true,
            (Some(a), Some(b)) if a == b || a == BLOT || b == BLOT => {}
            _ => return false,
        }
    }
}

/// Lines that are left over on both sides are compared with each other in blots only up to so many: the work grows with
/// their product.
const LINES_WITH_BLOTS: usize = 200;

/// The lines removed and the lines added; none where the texts say the same. Spaces and empty lines do not count.
fn lines(was: &str, is: &str) -> Option<(Option<String>, Option<String>)> {
    let (was, is) = (plain_lines(was), plain_lines(is));
    // Counters and dates move at every visit; a price has a field of its own.
    if was.len() == is.len() && was.iter().zip(&is).all(|(a, b)| is_alike(&without_numbers(a), &without_numbers(b))) {
        return None;
    }
    let start = was.iter().zip(&is).take_while(|(a, b)| is_alike(a, b)).count();
    let (was, is) = (&was[start..], &is[start..]);
    let end = was.iter().rev().zip(is.iter().rev()).take_while(|(a, b)| is_alike(a, b)).count();
    let (was, is) = (&was[..was.len() - end], &is[..is.len() - end]);
    if was.is_empty() && is.is_empty() {
        return None;
    }
    let (mut removed, mut added) = (left_over(was, is), left_over(is, was));
    if removed.len() <= LINES_WITH_BLOTS && added.len() <= LINES_WITH_BLOTS {
        removed.retain(|line| match added.iter().position(|other| is_alike(line, other)) {
            Some(at) => {
                added.remove(at);
                false
            }
            None => true,
        });
    }
    if removed.is_empty() && added.is_empty() {
        // The same lines in another order: what stands between the first and the last that moved.
        (removed, added) = (was.iter().collect(), is.iter().collect());
        if removed.len() == added.len() && removed.iter().zip(&added).all(|(a, b)| is_alike(a, b)) {
            return None;
        }
    }
    let joined = |lines: &[&String]| lines.iter().map(|line| line.as_str()).collect::<Vec<_>>().join("\n");
    let (removed, added) = around_the_difference(&joined(&removed), &joined(&added));
    let told = |text: String| (!text.is_empty()).then(|| bounded(&text));
    Some((told(removed), told(added)))
}

/// A line with each number as one zero.
fn without_numbers(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    for c in line.chars() {
        match c.is_numeric() {
            true if out.ends_with('0') => {}
            true => out.push('0'),
            false => out.push(c),
        }
    }
    out
}

fn plain_lines(text: &str) -> Vec<String> {
    text.lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|line| !line.is_empty())
        .collect()
}

/// The lines of `these` that `others` lack, each as often as it is missing there.
fn left_over<'a>(these: &'a [String], others: &[String]) -> Vec<&'a String> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for line in others {
        *counts.entry(line).or_default() += 1;
    }
    these
        .iter()
        .filter(|line| match counts.get_mut(line.as_str()) {
            Some(count) if *count > 0 => {
                *count -= 1;
                false
            }
            _ => true,
        })
        .collect()
}

/// Characters of one side of a difference kept on record.
pub const KEPT_CHARS: usize = 2_000;

/// Characters before the first difference that are kept of a text too long to be kept whole.
const KEPT_BEFORE: usize = 80;

/// Texts too long to be kept whole begin shortly before they differ: their beginning alone would say nothing.
fn around_the_difference(removed: &str, added: &str) -> (String, String) {
    let fits = |text: &str| text.chars().count() <= KEPT_CHARS;
    let same = removed.chars().zip(added.chars()).take_while(|(a, b)| a == b).count();
    if (fits(removed) && fits(added)) || same <= KEPT_BEFORE {
        return (removed.to_owned(), added.to_owned());
    }
    let rest = |text: &str| format!("… {}", text.chars().skip(same - KEPT_BEFORE).collect::<String>());
    (rest(removed), rest(added))
}

/// A text as it is kept, with a note where it was cut.
fn bounded(text: &str) -> String {
    let length = text.chars().count();
    if length <= KEPT_CHARS {
        return text.to_owned();
    }
    let kept: String = text.chars().take(KEPT_CHARS).collect();
    format!("{kept}\n[cut: {} more characters]", length - KEPT_CHARS)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAS: Version<'static> =
        Version { title: "Lamp", price: Some("10.00"), currency: Some("EUR"), text: "oak\nnew", seller: Some("a1") };

    fn told(is: Version<'_>) -> Vec<(&'static str, Option<String>, Option<String>)> {
        between(WAS, is).into_iter().map(|one| (one.field.name(), one.before, one.after)).collect()
    }

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn each_part_is_compared_by_itself() {
        assert_eq!(told(WAS), []);
        assert_eq!(told(Version { title: "Red lamp", ..WAS }), [("title", some("Lamp"), some("Red lamp"))]);
        assert_eq!(told(Version { price: Some("9.00"), ..WAS }), [("price", some("10.00 EUR"), some("9.00 EUR"))]);
        assert_eq!(told(Version { currency: Some("USD"), ..WAS }), [("price", some("10.00 EUR"), some("10.00 USD"))]);
        assert_eq!(told(Version { price: None, ..WAS }), [("price", some("10.00 EUR"), None)]);
        assert_eq!(told(Version { seller: Some("b2"), ..WAS }), [("seller", None, some("another"))]);
        assert_eq!(told(Version { seller: None, ..WAS }), [("seller", None, some("not named"))]);
    }

    #[test]
    fn texts_are_compared_by_lines() {
        for (line, was, is, difference) in [
            (line!(), "a\nb\nc", "a\nb\nc", None),
            (line!(), "a\nb\nc", " a \n\nb\nc\n", None),
            (line!(), "a\nb\nc", "a\nc", Some((some("b"), None))),
            (line!(), "a\nc", "a\nb\nc", Some((None, some("b")))),
            (line!(), "a\nb\nc", "a\nx\ny\nc", Some((some("b"), some("x\ny")))),
            (line!(), "a\nb\nc", "a\nc\nb", Some((some("b\nc"), some("c\nb")))),
            (line!(), "a\na\nb", "a\nb", Some((some("a"), None))),
            (line!(), "write to █████ now\nb", "write to other now\nb", None),
            (line!(), "b\nwrite to █████ now", "write to other now\nx\ny", Some((some("b"), some("x\ny")))),
        ] {
            assert_eq!(lines(was, is), difference, "line {line}");
        }
    }

    #[test]
    fn counters_and_dates_are_no_change() {
        assert_eq!(lines("of oak\nViews: 99\nseen 3 May", "of oak\nViews: 100\nseen 12 May"), None);
        assert!(lines("of oak\nViews: 99", "of pine\nViews: 100").is_some());
    }

    #[test]
    fn other_blots_are_no_change() {
        let hidden = Version { title: "██mp", price: Some("█████"), ..WAS };
        assert_eq!(told(hidden), []);
        assert!(!is_alike("███", "████"), "another length is another value");
    }

    #[test]
    fn long_differences_are_cut_with_a_note_and_begin_where_they_differ() {
        let same = "x".repeat(30_000);
        let (removed, added) = lines(&format!("{same} old tail"), &format!("{same} new tail")).unwrap();
        let (removed, added) = (removed.unwrap(), added.unwrap());
        assert!(removed.ends_with(" old tail") && added.ends_with(" new tail"), "{removed} {added}");
        assert!(removed.chars().count() < 200, "{removed}");
        let (_, added) = lines("a", &format!("a\n{}", "y".repeat(5_000))).unwrap();
        let added = added.unwrap();
        assert!(added.ends_with("\n[cut: 3000 more characters]"), "{added}");
        assert!(added.chars().count() < KEPT_CHARS + 40);
    }

    #[test]
    fn many_lines_cost_little() {
        let was: String = (0..60_000).map(|n| format!("{n}█\n")).collect();
        let is: String = (0..60_000).rev().map(|n| format!("{n}\n")).collect();
        assert!(lines(&was, &is).is_some());
    }
}
