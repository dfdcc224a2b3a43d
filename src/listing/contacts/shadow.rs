//! A text as contacts are looked for in it: compatibility forms folded, digits of every script as ASCII, words of mixed scripts in
//! one, nothing invisible; each byte knows where it came from.

use unicode_normalization::UnicodeNormalization;

use crate::listing::contacts::markup::{self, BEGINNINGS, Written};

/// The folded text and, for each of its bytes, the bytes of the source it came from.
pub(super) struct Shadow {
    pub text: String,
    places: Vec<(usize, usize)>,
}

impl Shadow {
    /// Where marks inside of a line part words.
    pub fn of(source: &str) -> Self {
        Shadow::read(source, Some(' ')).0
    }

    /// Where marks inside of a line join what they stand between; `None` where there are none.
    pub fn joined(source: &str) -> Option<Self> {
        let (shadow, has_marks) = Shadow::read(source, None);
        has_marks.then_some(shadow)
    }

    /// The folded text with `mark` for marks inside of a line, and whether there are any.
    fn read(source: &str, mark: Option<char>) -> (Self, bool) {
        let mut has_marks = false;
        let mut before: Option<char> = None;
        let mut shadow = Shadow { text: String::with_capacity(source.len()), places: Vec::with_capacity(source.len()) };
        let mut from = 0;
        let mut may_be_mixed = false;
        for (start, c) in source.char_indices() {
            if start < from || is_invisible(c) {
                continue;
            }
            let earlier = before.replace(c);
            if BEGINNINGS.contains(&c)
                && let Some((length, written)) = source.get(start..).and_then(|rest| markup::at_start(rest, earlier))
            {
                from = start + length;
                has_marks |= written == Written::Mark;
                let shown = match written {
                    Written::Character(c) if is_invisible(c) => None,
                    Written::Character(c) => Some(c),
                    Written::Mark => mark,
                    Written::Break => Some('\n'),
                };
                shown.into_iter().nfkc().for_each(|c| shadow.push(ascii_form(c), (start, start + length)));
                before = shown.or(earlier);
                continue;
            }
            let place = (start, start + c.len_utf8());
            if c.is_ascii() {
                shadow.push(c, place);
            } else {
                may_be_mixed |= is_of_alphabet_like_latin(c);
                std::iter::once(c).nfkc().for_each(|folded| shadow.push(ascii_form(folded), place));
            }
        }
        (if may_be_mixed { shadow.in_one_script() } else { shadow }, has_marks)
    }

    /// The same with Latin letters for letters of other alphabets that look like them, in words that have both: `Теlegram`.
    fn in_one_script(self) -> Self {
        let is_of_word = |c: char| c.is_alphanumeric() || c == '€';
        let mut out =
            Shadow { text: String::with_capacity(self.text.len()), places: Vec::with_capacity(self.text.len()) };
        let mut at = 0;
        for piece in self.text.split_inclusive(|c: char| !is_of_word(c)) {
            let has_latin = piece.bytes().any(|b| b.is_ascii_alphabetic());
            let is_mixed = has_latin
                && !piece.is_ascii()
                && piece.chars().all(|c| c.is_ascii() || !c.is_alphabetic() || latin_like(c).is_some());
            for (offset, c) in piece.char_indices() {
                let like = if is_mixed { latin_like(c) } else { None };
                let place = self.places.get(at + offset).copied().unwrap_or_default();
                out.push(like.unwrap_or(c), place);
            }
            at += piece.len();
        }
        out
    }

    /// The same with each of the ranges, in order, as one sign.
    pub fn with_signs(&self, signs: impl Iterator<Item = (usize, usize, char)>) -> Option<Self> {
        let mut out =
            Shadow { text: String::with_capacity(self.text.len()), places: Vec::with_capacity(self.text.len()) };
        let mut from = 0;
        for (start, end, sign) in signs {
            out.text.push_str(self.text.get(from..start)?);
            out.places.extend_from_slice(self.places.get(from..start)?);
            out.push(sign, self.source(start, end)?);
            from = end;
        }
        out.text.push_str(self.text.get(from..)?);
        out.places.extend_from_slice(self.places.get(from..)?);
        Some(out)
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

/// Small capitals that have no compatibility form, for a to z; a space where there is none.
const SMALL_CAPITALS: &str = "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯʀꜱᴛᴜᴠᴡ ʏᴢ";

/// The ASCII digit or letter that a character shows.
fn ascii_form(c: char) -> char {
    match u32::from(c) {
        code @ 0x2776..=0x277E => digit_of(code - 0x2775),
        code @ 0x2780..=0x2788 => digit_of(code - 0x277F),
        code @ 0x278A..=0x2792 => digit_of(code - 0x2789),
        0x24FF => '0',
        code @ 0x24F5..=0x24FD => digit_of(code - 0x24F4),
        // White on black: circled and squared.
        code @ 0x1F150..=0x1F169 => letter_of(code - 0x1F150),
        code @ 0x1F170..=0x1F189 => letter_of(code - 0x1F170),
        0x299..=0x29F | 0x262..=0x280 | 0x1D00..=0x1D22 | 0xA730..=0xA731 | 0xA7AF => {
            let place = SMALL_CAPITALS.chars().position(|small| small == c);
            place.and_then(|place| u32::try_from(place).ok()).map_or(c, letter_of)
        }
        _ => ascii_digit(c),
    }
}

fn digit_of(digit: u32) -> char {
    char::from_digit(digit, 10).unwrap_or('0')
}

fn letter_of(place: u32) -> char {
    char::from_u32(u32::from('a') + place).unwrap_or('a')
}

/// Whether a character is of an alphabet with letters that look like Latin ones, or a sign written for one.
fn is_of_alphabet_like_latin(c: char) -> bool {
    matches!(u32::from(c), 0x370..=0x58F | 0x20AC)
}

/// The Latin letter that a letter of another alphabet looks like: from the confusables of Unicode (UTS 39), those in use. Greek
/// letters of chemical names (α, β, γ, δ, μ) are none.
fn latin_like(c: char) -> Option<char> {
    const LIKE: &[(&str, char)] = &[
        ("аӑ", 'a'),
        ("АΑ", 'A'),
        ("ВΒ", 'B'),
        ("сϲ", 'c'),
        ("СϹ", 'C'),
        ("ԁ", 'd'),
        ("еє€", 'e'),
        ("ЕΕ", 'E'),
        ("ɡց", 'g'),
        ("һհ", 'h'),
        ("НΗ", 'H'),
        ("іı", 'i'),
        ("ІΙ", 'I'),
        ("ј", 'j'),
        ("Ј", 'J'),
        ("к", 'k'),
        ("КΚ", 'K'),
        ("ӏ", 'l'),
        ("м", 'm'),
        ("МΜ", 'M'),
        ("пո", 'n'),
        ("Ν", 'N'),
        ("оοօ", 'o'),
        ("ОΟՕ", 'O'),
        ("рρ", 'p'),
        ("РΡ", 'P'),
        ("ԛ", 'q'),
        ("г", 'r'),
        ("ѕ", 's'),
        ("Ѕ", 'S'),
        ("т", 't'),
        ("ТΤ", 'T'),
        ("ս", 'u'),
        ("ν", 'v'),
        ("ԝ", 'w'),
        ("х", 'x'),
        ("ХΧ", 'X'),
        ("у", 'y'),
        ("УΥ", 'Y'),
        ("Ζ", 'Z'),
    ];
    LIKE.iter().find(|(letters, _)| letters.contains(c)).map(|(_, latin)| *latin)
}

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
