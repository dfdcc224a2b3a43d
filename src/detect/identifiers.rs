//! CAS and EC numbers with their check digits, and InChIKeys, in folded text: dashes of any kind are spaces there, digits of
//! other forms are plain ones, and what cannot be seen is gone.

use std::sync::LazyLock;

use regex::Regex;

/// An identifier in a folded text; offsets are bytes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identifier {
    /// In its plain form: `103-79-7`, `203-144-4`, or an InChIKey.
    pub value: String,
    /// `cas-check-digit`, `ec-check-digit` or `inchikey`.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::view::fold;

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
