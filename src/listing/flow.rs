//! Visible text as it flows past: words with one space between them, lines without outer white space, no empty lines.

use std::borrow::Cow;
use std::ops::Range;

use crate::vocab::found::FoundUrl;

/// Places in the collected text that are read in a way of their own.
#[derive(Debug, Default)]
pub struct Marks<'a> {
    /// What is struck out.
    pub struck: Vec<Range<usize>>,
    /// What is raised.
    pub raised: Vec<Range<usize>>,
    /// Headings below the first order.
    pub headings: Vec<Range<usize>>,
    /// Words of links, with their addresses as written.
    pub links: Vec<(Range<usize>, &'a str)>,
    /// What the addresses of links are relative to, where the page says it.
    pub base: Option<FoundUrl>,
}

impl Marks<'_> {
    /// A line as one reads it: nothing that is struck out, and raised digits after an amount are its cents.
    pub fn as_read<'l>(&self, line: &'l str, range: &Range<usize>) -> Cow<'l, str> {
        let (struck, raised) = (inside(&self.struck, range), inside(&self.raised, range));
        if struck.is_empty() && raised.is_empty() {
            return Cow::Borrowed(line);
        }
        let mut out = String::with_capacity(line.len() + 1);
        for (at, c) in line.char_indices() {
            let place = range.start + at;
            let cents = raised.iter().find(|mark| mark.start == place && mark.len() == 2);
            if cents.is_some() && c.is_ascii_digit() && out.ends_with(|c: char| c.is_ascii_digit()) {
                out.push('.');
            }
            if !struck.iter().any(|mark| mark.contains(&place)) {
                out.push(c);
            }
        }
        Cow::Owned(out)
    }
}

/// Those of the marks, which follow one another, that reach into a range. One may begin with the line break before it.
fn inside<'m>(marks: &'m [Range<usize>], range: &Range<usize>) -> &'m [Range<usize>] {
    let from = marks.partition_point(|mark| mark.end <= range.start);
    let to = marks.partition_point(|mark| mark.start < range.end);
    marks.get(from..to).unwrap_or_default()
}

/// Collects visible text.
#[derive(Debug, Default)]
pub struct Flow {
    text: String,
    gap: Gap,
}

/// What stands between the last word and the next.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Gap {
    #[default]
    Nothing,
    Space,
    Line,
}

/// What a byte can be: part of a word, white space, or the first byte of a character that may be white space.
const WORD: u8 = 0;
const SPACE: u8 = 1;
const PERHAPS: u8 = 2;

const KINDS: [u8; 256] = {
    let mut kinds = [WORD; 256];
    let mut at = 0;
    while at < 256 {
        kinds[at] = match at as u8 {
            b' ' | b'\t' | b'\n' | 0x0b | 0x0c | b'\r' => SPACE,
            // U+0085, U+00A0; U+1680; U+2000 to U+205F; U+3000.
            0xc2 | 0xe1..=0xe3 => PERHAPS,
            _ => WORD,
        };
        at += 1;
    }
    kinds
};

impl Flow {
    /// Bytes collected.
    pub fn len(&self) -> usize {
        self.text.len()
    }

    /// A block begins or ends.
    pub fn end_line(&mut self) {
        self.gap = Gap::Line;
    }

    /// More text; a word may go on where the last text ended.
    pub fn push(&mut self, text: &str) {
        let bytes = text.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            if let Some(length) = space(text, at) {
                if bytes[at] == b'\n' {
                    self.gap = Gap::Line;
                } else if self.gap == Gap::Nothing {
                    self.gap = Gap::Space;
                }
                at += length;
                continue;
            }
            let start = at;
            // Words with single spaces between them are taken in one piece.
            loop {
                while at < bytes.len() && KINDS[usize::from(bytes[at])] == WORD {
                    at += 1;
                }
                match bytes.get(at..at + 2) {
                    Some([b' ', next]) if KINDS[usize::from(*next)] == WORD => at += 1,
                    _ if at < bytes.len() && space(text, at).is_none() => at += 1,
                    _ => break,
                }
            }
            match self.gap {
                _ if self.text.is_empty() => {}
                Gap::Nothing => {}
                Gap::Space => self.text.push(' '),
                Gap::Line => self.text.push('\n'),
            }
            self.gap = Gap::Nothing;
            self.text.push_str(&text[start..at]);
        }
    }

    /// All of it.
    pub fn into_text(self) -> String {
        self.text
    }
}

/// Length of the white space character at `at`, if it is one.
fn space(text: &str, at: usize) -> Option<usize> {
    match KINDS[usize::from(text.as_bytes()[at])] {
        SPACE => Some(1),
        PERHAPS => text[at..].chars().next().filter(|c| c.is_whitespace()).map(char::len_utf8),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The same, as one would say it.
    fn tidy(text: &str) -> String {
        let lines = text.split('\n').map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
        lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
    }

    proptest! {
        #[test]
        fn pieces_come_to_the_same_as_the_whole(pieces in prop::collection::vec("[a-c \t\r\n\u{b}\u{85}\u{a0}\u{a1}\u{1680}\u{1681}\u{2009}\u{2603}\u{3000}\u{3001}é]{0,12}|\\PC{0,6}", 0..8)) {
            let mut flow = Flow::default();
            for piece in &pieces {
                flow.push(piece);
            }
            prop_assert_eq!(flow.into_text(), tidy(&pieces.concat()));
        }
    }

    #[test]
    fn blocks_end_lines() {
        let mut flow = Flow::default();
        flow.end_line();
        flow.push(" one ");
        flow.push("two");
        flow.end_line();
        flow.end_line();
        flow.push("three ");
        assert_eq!(flow.into_text(), "one two\nthree");
    }
}
