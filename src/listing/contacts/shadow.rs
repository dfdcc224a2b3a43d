//! A text as contacts are looked for in it: compatibility forms folded, digits of every script as ASCII, nothing invisible;
//! each byte knows where it came from.

use unicode_normalization::UnicodeNormalization;

/// The folded text and, for each of its bytes, the bytes of the source it came from.
pub(super) struct Shadow {
    pub text: String,
    places: Vec<(usize, usize)>,
}

impl Shadow {
    pub fn of(source: &str) -> Self {
        let mut shadow = Shadow { text: String::with_capacity(source.len()), places: Vec::with_capacity(source.len()) };
        let mut from = 0;
        for (start, c) in source.char_indices() {
            if start < from || is_invisible(c) {
                continue;
            }
            // A sign written as a reference or escape is the sign.
            if let Some(length) = written_at_sign(&source[start..]) {
                shadow.push('@', (start, start + length));
                from = start + length;
                continue;
            }
            let place = (start, start + c.len_utf8());
            if c.is_ascii() {
                shadow.push(c, place);
            } else {
                std::iter::once(c).nfkc().for_each(|folded| shadow.push(ascii_digit(folded), place));
            }
        }
        shadow
    }

    fn push(&mut self, c: char, place: (usize, usize)) {
        self.text.push(c);
        self.places.resize(self.text.len(), place);
    }

    /// The bytes of the source behind a range of the folded text.
    pub fn source(&self, start: usize, end: usize) -> Option<(usize, usize)> {
        let first = self.places.get(start)?;
        let last = self.places.get(end.checked_sub(1)?)?;
        Some((first.0, last.1))
    }

    /// The byte of the folded text that came from byte `at` of the source or the first one behind it.
    pub fn place_of(&self, at: usize) -> Option<usize> {
        let place = self.places.partition_point(|(start, _)| *start < at);
        self.text.is_char_boundary(place).then_some(place)
    }
}

/// Ways to write `@` in markup and addresses, and how long the one is that a text begins with.
fn written_at_sign(text: &str) -> Option<usize> {
    const WAYS: [&str; 6] = ["&#64;", "&#064;", "&#x40;", "&commat;", "%40", "&#X40;"];
    if !text.starts_with(['&', '%']) {
        return None;
    }
    WAYS.iter().find(|way| text.starts_with(**way)).map(|way| way.len())
}

/// Characters that show nothing and part words only for programs.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{2069}' | '\u{20E3}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{E0000}'..='\u{E0FFF}')
}

/// Zeros of the scripts whose digits trade texts are written in; nine digits follow each.
const ZEROS: &[u32] = &[
    0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xE50, 0xED0, 0xF20, 0x1040,
    0x17E0,
];

fn ascii_digit(c: char) -> char {
    let code = u32::from(c);
    let digit = ZEROS.iter().find_map(|zero| code.checked_sub(*zero).filter(|digit| *digit < 10));
    digit.and_then(|digit| char::from_digit(digit, 10)).unwrap_or(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_found_in_the_fold_lies_in_the_source() {
        let source = "a\u{200B}b ＋８６ ①② ٣ \u{FE0F}x";
        let shadow = Shadow::of(source);
        assert_eq!(shadow.text, "ab +86 12 3 x");
        let at = shadow.text.find("+86").unwrap();
        let (start, end) = shadow.source(at, at + 3).unwrap();
        assert_eq!(&source[start..end], "＋８６");
        let (start, end) = shadow.source(0, 2).unwrap();
        assert_eq!(&source[start..end], "a\u{200B}b");
    }
}
