//! Numbers of a text as people write them, and which of them count something else than money.

use std::borrow::Cow;

use crate::listing::price::currencies;

/// One number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Number {
    pub start: usize,
    pub end: usize,
    /// Digits and separators.
    raw: String,
    /// What a word after it multiplies it by.
    pub times: i64,
}

/// Units in which goods are counted, in lower case.
const UNITS: [&str; 47] = [
    "g", "gr", "gram", "grams", "gramm", "kg", "kgs", "kilo", "mg", "µg", "ug", "mcg", "ml", "cl", "l", "liter",
    "litre", "oz", "lb", "lbs", "cm", "mm", "m", "pc", "pcs", "piece", "pieces", "pair", "pairs", "pack", "packs",
    "tab", "tabs", "tablets", "pills", "x", "st", "stk", "stück", "szt", "шт", "г", "гр", "кг", "мг", "мл", "克",
];

/// Words before a price that is no longer asked, in lower case.
const OF_BEFORE: [&str; 33] = [
    "was",
    "before",
    "instead of",
    "rrp",
    "msrp",
    "list price",
    "regular price",
    "old price",
    "original price",
    "originally",
    "retail price",
    "uvp",
    "statt",
    "vorher",
    "war",
    "bisher",
    "antes",
    "precio anterior",
    "avant",
    "au lieu de",
    "prix conseillé",
    "prima",
    "invece di",
    "van",
    "was nu",
    "było",
    "zamiast",
    "было",
    "старая цена",
    "原价",
    "原價",
    "市场价",
    "定価",
];

/// Text with digits of other scripts as western ones.
pub(super) fn western(text: &str) -> Cow<'_, str> {
    let is_foreign = |c: char| western_char(c) != c;
    if text.is_ascii() || !text.contains(is_foreign) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(western_char).collect())
}

fn western_char(c: char) -> char {
    for zero in ['\u{ff10}', '\u{660}', '\u{6f0}', '\u{966}', '\u{9e6}', '\u{e50}'] {
        let digit = u32::from(c).wrapping_sub(u32::from(zero));
        if digit < 10 {
            return char::from_digit(digit, 10).unwrap_or(c);
        }
    }
    match c {
        '\u{66b}' | '\u{ff0e}' => '.',
        '\u{66c}' | '\u{ff0c}' => ',',
        c => c,
    }
}

/// All numbers of a text, in order.
pub(super) fn all(text: &str) -> Vec<Number> {
    let mut found: Vec<Number> = Vec::new();
    let mut from = 0;
    while let Some(at) = text[from..].find(|c: char| c.is_ascii_digit()).map(|at| from + at) {
        let number = one(text, at);
        from = number.end;
        found.push(number);
    }
    found
}

fn one(text: &str, first: usize) -> Number {
    // A point right before the first digit is a decimal point: `.99`.
    let before = &text[..first];
    let is_part = before.ends_with(['.', ',']) && !before[..first - 1].ends_with(|c: char| c.is_alphanumeric());
    let start = if is_part { first - 1 } else { first };
    let digits = |from: usize| text[from..].bytes().take_while(u8::is_ascii_digit).count();
    let mut end = first + digits(first);
    let mut group = end - first;
    while let Some(separator) = text[end..].chars().next() {
        let next = end + separator.len_utf8();
        let length = digits(next);
        let joins = match separator {
            '.' | ',' => length > 0,
            // A space or an apostrophe groups thousands only: three digits follow, and no fourth.
            '\'' | '’' | ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}' => length == 3 && group <= 3,
            _ => false,
        };
        if !joins {
            break;
        }
        (group, end) = (length, next + length);
    }
    let mut raw = text[start..end].to_owned();
    // `12€99`: the sign stands for the point.
    let rest = &text[end..];
    if let Some(sign) = rest.chars().next().filter(|c| matches!(c, '€' | '£' | '$'))
        && !raw.contains(['.', ','])
    {
        let cents = end + sign.len_utf8();
        if digits(cents) == 2 && !text[cents + 2..].starts_with(|c: char| c.is_alphanumeric() || matches!(c, '.' | ','))
        {
            raw = format!("{raw}.{}", &text[cents..cents + 2]);
            end = cents + 2;
        }
    }
    let (times, length) = multiplier(&text[end..]);
    Number { start, end: end + length, raw, times }
}

/// What a word right after a number multiplies it by, and its length.
fn multiplier(after: &str) -> (i64, usize) {
    let gap = after.len() - after.trim_start_matches(' ').len();
    for (word, times) in [("万", 10_000), ("萬", 10_000), ("тыс.", 1_000), ("тыс", 1_000)] {
        if after[gap..].starts_with(word) {
            return (times, gap + word.len());
        }
    }
    let is_k = after.starts_with(['k', 'K']) && !after[1..].starts_with(|c: char| c.is_alphanumeric());
    if is_k { (1_000, 1) } else { (1, 0) }
}

impl Number {
    /// Whether it counts goods or is part of a name.
    pub(super) fn is_counted(&self, text: &str) -> bool {
        let (before, after) = (&text[..self.start], &text[self.end..]);
        let is_word = |c: char| c.is_alphanumeric() || c == '#';
        if before.ends_with(is_word) || before.strip_suffix('-').is_some_and(|head| head.ends_with(is_word)) {
            return true;
        }
        if after.starts_with(['-', '\'']) && after[1..].starts_with(char::is_alphabetic) {
            return true;
        }
        let after = after.trim_start();
        if after.starts_with('%') {
            return true;
        }
        let word = &after[..after.find(|c: char| !c.is_alphabetic()).unwrap_or(after.len())];
        UNITS.contains(&word.to_lowercase().as_str())
    }

    /// Whether it is a part of a time of day: `14:30`.
    pub(super) fn is_of_a_clock(&self, text: &str) -> bool {
        let digit = |c: char| c.is_ascii_digit();
        text[self.end..].strip_prefix(':').is_some_and(|after| after.starts_with(digit))
            || text[..self.start].strip_suffix(':').is_some_and(|before| before.ends_with(digit))
    }

    /// Whether the words before it say that it is the price of before.
    pub(super) fn is_of_before(&self, text: &str) -> bool {
        let mut before = text[..self.start].to_lowercase();
        loop {
            let length = before.trim_end_matches(|c: char| !c.is_alphanumeric()).len();
            before.truncate(length);
            let word = before.rfind(|c: char| !c.is_alphabetic()).map_or(0, |at| before.ceil_char_boundary(at + 1));
            if word == before.len() || !currencies::is_mark(&before[word..]) {
                break;
            }
            before.truncate(word);
        }
        OF_BEFORE.iter().any(|words| {
            before.strip_suffix(words).is_some_and(|head| !words.is_ascii() || !head.ends_with(char::is_alphanumeric))
        })
    }

    /// The number where a point can only be the decimal one.
    pub(super) fn with_point(&self) -> String {
        self.raw.chars().filter(|c| c.is_ascii_digit() || *c == '.').collect()
    }

    /// The number with at most one decimal point; `exponent` says how many decimals its currency has.
    pub(super) fn decimal(&self, exponent: u32) -> String {
        let raw = &self.raw;
        let (points, commas) = (raw.matches('.').count(), raw.matches(',').count());
        let point = match (raw.rfind('.'), raw.rfind(',')) {
            // Of both, the last is the decimal one, if there is one of it.
            (Some(point), Some(comma)) => {
                let (at, count) = if point > comma { (point, points) } else { (comma, commas) };
                (count == 1).then_some(at)
            }
            (Some(only), None) | (None, Some(only)) => {
                let after = raw.len() - only - 1;
                // One separator before exactly three digits groups thousands, unless a zero stands before it or the
                // currency has as many decimals.
                let long = exponent == 8 || (exponent == 3 && points == 1);
                let groups = after == 3 && only > 0 && !raw.starts_with('0') && !long;
                (points + commas == 1 && !groups).then_some(only)
            }
            (None, None) => None,
        };
        let digits = |part: &str| part.chars().filter(char::is_ascii_digit).collect::<String>();
        match point {
            Some(at) => format!("{}.{}", digits(&raw[..at]), digits(&raw[at + 1..])),
            None => digits(raw),
        }
    }
}
