//! CAS and EC numbers with their check digits, and InChIKeys, in folded text: dashes of any kind are spaces there, digits of
//! other forms are plain ones, and what cannot be seen is gone.

use std::sync::LazyLock;

use regex::Regex;

/// An identifier in a folded text; offsets are bytes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identifier {
    /// In its plain form: `103-79-7`, `203-144-4`, or an InChIKey.
    pub value: String,
    /// `cas-check-digit`, `ec-check-digit`, `inchikey`, or [`CAS_DIGITS`].
    pub rule: &'static str,
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// A number in three groups, the gaps dashes (folded to spaces), spaces, dots, or both.
struct Shape {
    regex: Regex,
    /// Digits of the middle group.
    middle: usize,
    rule: &'static str,
    holds: fn(&str) -> bool,
}

/// Why the patterns of this file compile.
const FIXED: &str = "a pattern written here is a regular expression";

static SHAPES: LazyLock<[Shape; 2]> = LazyLock::new(|| {
    let shape = |pattern: &str, middle, rule, holds| {
        let regex = Regex::new(pattern).expect(FIXED);
        Shape { regex, middle, rule, holds }
    };
    let holds: [fn(&str) -> bool; 2] = [cas_holds, ec_holds];
    [
        shape("[0-9]{2,7}[ .]{1,3}[0-9]{2}[ .]{1,3}[0-9]", 2, "cas-check-digit", holds[0]),
        shape("[0-9]{3} [0-9]{3} [0-9]", 3, "ec-check-digit", holds[1]),
    ]
});
static INCHIKEY: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\b[a-z]{14} [a-z]{10} [a-z]\b").expect(FIXED));

/// The rule of a CAS number that is written as plain digits or in other groups: other numbers look like it, so it counts
/// where the text says more.
pub const CAS_DIGITS: &str = "cas-digits";

/// Digits from which a number without groups may be a CAS number of the list; shorter ones are prices and years.
const PLAIN_DIGITS: usize = 7;

/// Digits of the shortest and the longest CAS number.
const CAS_LENGTHS: std::ops::RangeInclusive<usize> = 5..=10;

/// Bytes between two digits or groups of one number.
const GAP_BYTES: usize = 4;

/// Words between `CAS` and its number.
const NUMBER_WORDS: [&str; 5] = ["no", "nr", "number", "rn", "号"];

/// Bytes in front of a number in which `CAS` stands.
const LABEL_BYTES: usize = 12;

/// Identifiers looked at in one field.
const FOUND_LIMIT: usize = 2_000;

/// Whether a CAS number in its plain form has the right check digit: the sum of each digit times its place from the
/// right, modulo ten.
pub fn cas_holds(number: &str) -> bool {
    let Some((rest, check)) = digits(number) else { return false };
    if !(4..=9).contains(&rest.len()) {
        return false;
    }
    let sum: u32 = rest.iter().rev().zip(1..).map(|(digit, place)| digit * place).sum();
    sum % 10 == check
}

/// Whether an EC number (`203-144-4`) has the right check digit: the sum of its six digits, each times its place from the
/// left, modulo eleven.
pub fn ec_holds(number: &str) -> bool {
    let Some((rest, check)) = digits(number) else { return false };
    let sum: u32 = rest.iter().zip(1..).map(|(digit, place)| digit * place).sum();
    rest.len() == 6 && sum % 11 == check
}

/// The digits of a number in its plain form, the check digit apart.
fn digits(number: &str) -> Option<(Vec<u32>, u32)> {
    if number.chars().any(|c| !c.is_ascii_digit() && c != '-') {
        return None;
    }
    let mut digits: Vec<u32> = number.chars().filter_map(|c| c.to_digit(10)).collect();
    let check = digits.pop()?;
    Some((digits, check))
}

/// CAS and EC numbers with a valid check digit, and InChIKeys by shape; and whether all of the text was looked at.
pub fn find(folded: &str) -> (Vec<Identifier>, bool) {
    let mut found = Vec::new();
    for shape in SHAPES.iter() {
        find_numbers(folded, shape, &mut found);
    }
    for hit in INCHIKEY.find_iter(folded).take(FOUND_LIMIT) {
        let value = hit.as_str().to_ascii_uppercase().replace(' ', "-");
        found.push(Identifier { value, rule: "inchikey", start: hit.start(), end: hit.end() });
    }
    // Numbers and keys each end at the limit, so below it neither did.
    let all = found.len() < FOUND_LIMIT;
    (found, all)
}

fn find_numbers(text: &str, shape: &Shape, found: &mut Vec<Identifier>) {
    let bytes = text.as_bytes();
    let edge = |at: Option<&u8>| at.is_none_or(|b| !b.is_ascii_digit());
    let mut from = 0;
    while let Some(hit) = shape.regex.find_at(text, from).filter(|_| found.len() < FOUND_LIMIT) {
        // The next search may begin inside this one: `12 50-36-2` hides a number behind another's shape.
        from = hit.start() + 1;
        let free = edge(hit.start().checked_sub(1).and_then(|at| bytes.get(at))) && edge(bytes.get(hit.end()));
        if !free {
            continue;
        }
        let digits: String = hit.as_str().chars().filter(char::is_ascii_digit).collect();
        let (head, check) = digits.split_at(digits.len() - 1);
        let (first, middle) = head.split_at(head.len() - shape.middle);
        let value = format!("{first}-{middle}-{check}");
        if (shape.holds)(&value) {
            found.push(Identifier { value, rule: shape.rule, start: hit.start(), end: hit.end() });
            from = hit.end();
        }
    }
}

/// Listed CAS numbers whose digits stand without groups (`28578167`), one by one, or with other signs between the groups
/// (`28578 丨 16 丨 7`), with whether the word `CAS` stands in front of each.
pub fn find_digits(folded: &str, is_listed: impl Fn(&str) -> bool) -> Vec<(Identifier, bool)> {
    let mut found = Vec::new();
    for (start, end) in runs_of_digits(folded) {
        if folded[end..].starts_with(|c: char| c.is_ascii_alphabetic()) {
            continue;
        }
        let run = &folded[start..end];
        let digits: String = run.chars().filter(char::is_ascii_digit).collect();
        if !CAS_LENGTHS.contains(&digits.len()) || found.len() >= FOUND_LIMIT {
            continue;
        }
        let (head, check) = digits.split_at(digits.len() - 1);
        let (first, middle) = head.split_at(head.len() - 2);
        let value = format!("{first}-{middle}-{check}");
        let labelled = is_labelled(folded, start);
        let groups: Vec<usize> =
            run.split(|c: char| !c.is_ascii_digit()).map(str::len).filter(|length| *length > 0).collect();
        let written = match groups.as_slice() {
            [_] => digits.len() >= PLAIN_DIGITS,
            [_, 2, 1] => true,
            groups => groups.iter().all(|length| *length == 1),
        };
        if (labelled || written) && cas_holds(&value) && is_listed(&value) {
            found.push((Identifier { value, rule: CAS_DIGITS, start, end }, labelled));
        }
    }
    found
}

/// Digits that follow each other with nothing but signs between them: first byte, and one past the last.
fn runs_of_digits(text: &str) -> Vec<(usize, usize)> {
    // Strokes that are letters of other scripts.
    let parts = |c: char| {
        !c.is_alphanumeric() && !matches!(c, ',' | ';' | '\n' | '$' | '€' | '£')
            || matches!(c, '丨' | '一' | 'ー' | 'ㅡ')
    };
    let mut runs: Vec<(usize, usize)> = Vec::new();
    let mut gap_holds = false;
    for (at, c) in text.char_indices() {
        if c.is_ascii_digit() {
            match runs.last_mut() {
                Some((_, end)) if *end == at || gap_holds && at - *end <= GAP_BYTES + 1 => *end = at + 1,
                Some(_) | None => runs.push((at, at + 1)),
            }
            gap_holds = true;
        } else {
            gap_holds &= parts(c);
        }
    }
    runs
}

fn is_labelled(text: &str, start: usize) -> bool {
    let from = (start.saturating_sub(LABEL_BYTES)..=start).find(|at| text.is_char_boundary(*at)).unwrap_or(start);
    let mut words = text[from..start].split(|c: char| !c.is_alphanumeric()).rev().filter(|word| !word.is_empty());
    match words.next() {
        Some("cas") => true,
        Some(word) if NUMBER_WORDS.contains(&word) => words.next() == Some("cas"),
        Some(_) | None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::view::fold;

    #[test]
    fn digits_of_listed_numbers_in_other_groups() {
        let listed = |value: &str| matches!(value, "28578-16-7" | "57-27-2");
        for (text, expected) in [
            ("28578167", Some(false)),
            ("CAS 28578167", Some(true)),
            ("cas no. 57272", Some(true)),
            ("57272", None),
            ("2 8 5 7 8 - 1 6 - 7", Some(false)),
            ("28578 丨 16 丨 7", Some(false)),
            ("28578|16|7", Some(false)),
            ("28578_16_7", Some(false)),
            ("28 578 167", None),
            ("128578167", None),
            ("28578168", None),
            ("285 kg, 78167", None),
        ] {
            let found = find_digits(&fold(text), listed);
            assert_eq!(found.first().map(|(_, labelled)| *labelled), expected, "{text}");
        }
    }

    #[test]
    fn numbers_in_every_spelling_and_only_with_the_right_digit() {
        for (text, expected) in [
            ("CAS 103-79-7", Some("103-79-7")),
            ("CAS:103–79–7.", Some("103-79-7")),
            ("cas 103 79 7 pure", Some("103-79-7")),
            ("103 - 79 - 7", Some("103-79-7")),
            ("１０３－７９－７", Some("103-79-7")),
            ("10\u{200b}3\u{2011}7\u{200b}9\u{ad}-7", Some("103-79-7")),
            ("103.79.7", Some("103-79-7")),
            ("1&#48;3-79-7", Some("103-79-7")),
            ("103-79-8", None),
            ("tel 0103-79-70", None),
            ("no numbers", None),
            ("size 12 103-79-7", Some("103-79-7")),
            ("EC 203-144-4", Some("203-144-4")),
            ("EINECS No.: 203 - 144 - 4", Some("203-144-4")),
            ("EC 203-144-5", None),
        ] {
            assert_eq!(find(&fold(text)).0.first().map(|id| id.value.as_str()), expected, "{text}");
        }
        assert_eq!(find(&fold("key RHDJRPPFURBGLQ-UHFFFAOYSA-N.")).0[0].value, "RHDJRPPFURBGLQ-UHFFFAOYSA-N");
    }
}
