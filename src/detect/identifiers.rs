//! CAS numbers with their check digit, and InChIKeys.

use std::sync::LazyLock;

use regex::Regex;

/// An identifier in a text; offsets are bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identifier {
    /// In its plain form: `103-79-7`, or an InChIKey.
    pub value: String,
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// Digits in three groups, the gaps dashes of any kind, spaces, dots, or both.
static CAS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"[0-9]{2,7}[\s\u{200b}]{0,2}[-\u{2010}-\u{2015}\u{2212}\u{ad}\u{ff0d}_.\s][\s\u{200b}]{0,2}[0-9]{2}[\s\u{200b}]{0,2}[-\u{2010}-\u{2015}\u{2212}\u{ad}\u{ff0d}_.\s][\s\u{200b}]{0,2}[0-9]").ok()
});
static INCHIKEY: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"[A-Z]{14}-[A-Z]{10}-[A-Z]").ok());

/// Whether a CAS number in its plain form has the right check digit: the sum of each digit times its place from the
/// right, modulo ten.
pub fn cas_holds(number: &str) -> bool {
    let digits: Vec<u32> = number.chars().filter_map(|c| c.to_digit(10)).collect();
    let Some((check, rest)) = digits.split_last() else { return false };
    if !(4..=9).contains(&rest.len()) || number.chars().any(|c| !c.is_ascii_digit() && c != '-') {
        return false;
    }
    let sum: u32 = rest.iter().rev().zip(1..).map(|(digit, place)| digit * place).sum();
    sum % 10 == *check
}

/// CAS numbers with a valid check digit, and InChIKeys by shape.
pub fn find(text: &str) -> Vec<Identifier> {
    let mut found = Vec::new();
    let bytes = text.as_bytes();
    let edge = |at: Option<&u8>| at.is_none_or(|b| !b.is_ascii_digit());
    let mut from = 0;
    while let Some(hit) = CAS.as_ref().and_then(|regex| regex.find_at(text, from)) {
        // The next search may begin inside this one: `12 50-36-2` hides a number behind another's shape.
        from = hit.start() + 1;
        while from < text.len() && !text.is_char_boundary(from) {
            from += 1;
        }
        let free = edge(hit.start().checked_sub(1).and_then(|at| bytes.get(at))) && edge(bytes.get(hit.end()));
        let digits: String = hit.as_str().chars().filter(char::is_ascii_digit).collect();
        if !free || digits.len() < 5 {
            continue;
        }
        let (head, check) = digits.split_at(digits.len() - 1);
        let (first, second) = head.split_at(head.len() - 2);
        let value = format!("{first}-{second}-{check}");
        if cas_holds(&value) {
            found.push(Identifier { value, start: hit.start(), end: hit.end() });
            from = hit.end();
        }
    }
    for hit in INCHIKEY.iter().flat_map(|regex| regex.find_iter(text)) {
        found.push(Identifier { value: hit.as_str().to_owned(), start: hit.start(), end: hit.end() });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_every_spelling_and_only_with_the_right_digit() {
        for (text, expected) in [
            ("CAS 103-79-7", Some("103-79-7")),
            ("CAS:103–79–7.", Some("103-79-7")),
            ("cas 103 79 7 pure", Some("103-79-7")),
            ("103 - 79 - 7", Some("103-79-7")),
            ("103-79-8", None),
            ("tel 0103-79-70", None),
            ("no numbers", None),
            ("size 12 103-79-7", Some("103-79-7")),
        ] {
            assert_eq!(find(text).first().map(|id| id.value.as_str()), expected, "{text}");
        }
        assert_eq!(find("OPKHHGQKIY86 RHDJRPPFURBGLQ-UHFFFAOYSA-N")[0].value, "RHDJRPPFURBGLQ-UHFFFAOYSA-N");
    }
}
