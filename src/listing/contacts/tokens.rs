//! Pieces of a text between separators, and what they look like.

/// Lower case where that keeps every offset.
pub(super) fn lowered(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.chars()
        .map(|c| {
            if c.is_ascii() {
                return c.to_ascii_lowercase();
            }
            let mut lower = c.to_lowercase();
            match (lower.next(), lower.next()) {
                (Some(one), None) if one.len_utf8() == c.len_utf8() => one,
                _ => c,
            }
        })
        .collect()
}

/// Scripts that put no spaces between words.
pub(super) fn is_unspaced(c: char) -> bool {
    matches!(u32::from(c), 0x0E00..=0x0E7F | 0x3040..=0x30FF | 0x3400..=0x9FFF | 0xAC00..=0xD7AF)
}

/// Whether a word found in the middle of text is one: its neighbours are no letters, in scripts that space their words.
pub(super) fn stands_alone(text: &str, start: usize, end: usize) -> bool {
    let is_letter = |c: char| c.is_alphabetic() || is_mark(c);
    let parted = |inner: Option<char>, outer: Option<char>| match (inner, outer) {
        (Some(inner), Some(outer)) => {
            is_unspaced(inner) || is_unspaced(outer) || !(is_letter(outer) && is_letter(inner))
        }
        _ => true,
    };
    let (Some(word), Some(head), Some(tail)) = (text.get(start..end), text.get(..start), text.get(end..)) else {
        return false;
    };
    parted(word.chars().next(), head.chars().next_back()) && parted(word.chars().next_back(), tail.chars().next())
}

/// Bytes of the longest piece that is looked at as a word. A longer one is none, and its length is all that is known of it:
/// a seller who writes a messenger's name a thousand times in a row makes a thousand of them.
pub(super) const LONGEST_WORD: usize = 200;

/// How far is looked from a leading word. A run of text without a separator in which leading words follow each other by the
/// dozen would be walked once for each of them: behind the first dozens only what stands close by is looked at, and a value
/// that is longer reaches to the end of the run.
#[derive(Default)]
pub(super) struct Reach {
    run_end: usize,
    leads: usize,
}

/// Leading words in one run that are looked at as far as a word may reach, and bytes that are looked at from the others.
const LEADS_IN_A_RUN: usize = 32;
const REACH_IN_A_RUN: usize = 24;

impl Reach {
    /// Bytes of the longest piece that is looked at beside the leading word that ends at `at`; words come in order.
    pub fn at(&mut self, text: &str, at: usize) -> usize {
        if at >= self.run_end {
            let rest = text.get(at..).unwrap_or_default();
            *self = Reach { run_end: at + rest.find(|c: char| !is_inner(c)).unwrap_or(rest.len()), leads: 0 };
        }
        self.leads += 1;
        if self.leads > LEADS_IN_A_RUN { REACH_IN_A_RUN } else { LONGEST_WORD }
    }
}

/// A piece of text between separators.
#[derive(Clone, Copy)]
pub(super) struct Token {
    pub start: usize,
    pub end: usize,
}

/// Whether a character is a letter or a digit. The tables for that take ten times as long as the ranges of Cyrillic, Arabic,
/// Han, kana, Hangul and Thai, of whose letters most of their texts consist.
pub(super) fn is_alphanumeric(c: char) -> bool {
    matches!(u32::from(c),
        0x410..=0x44F | 0x620..=0x64A | 0xE01..=0xE3A | 0xE40..=0xE46 | 0x3041..=0x3096 | 0x30A1..=0x30FA | 0x4E00..=0x9FEF | 0xAC00..=0xD7A3)
        || c.is_alphanumeric()
}

/// Characters of a handle, a number or an address.
pub(super) fn is_inner(c: char) -> bool {
    is_alphanumeric(c) || matches!(c, '_' | '.' | '-' | '#' | '@' | '+' | '\'') || is_mark(c)
}

/// How a value is announced by what stands before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sign {
    None,
    /// A dash or bracket, which may mean anything.
    Weak,
    /// A colon, an equals sign, an arrow.
    Strong,
}

/// The token that begins at or behind `at`, over at most `gap` separators; and the strongest sign among them.
pub(super) fn next_token(text: &str, at: usize, gap: usize) -> Option<(Token, Sign)> {
    token_within(text, at, gap, LONGEST_WORD)
}

/// The same with no more than about `reach` bytes of the token.
pub(super) fn token_within(text: &str, at: usize, gap: usize, reach: usize) -> Option<(Token, Sign)> {
    let (mut announced, mut start) = (Sign::None, None);
    for (count, (offset, c)) in text.get(at..)?.char_indices().enumerate() {
        if c.is_alphanumeric() || c == '_' {
            start = Some(at + offset);
            break;
        }
        if count >= gap {
            return None;
        }
        announced = announced.max(match c {
            ':' | '=' | '@' | '#' | '>' | '→' | '➡' | '⇒' | '~' | '"' | '«' | '“' | '|' => Sign::Strong,
            '-' | '–' | '—' | '(' | '[' => Sign::Weak,
            _ => Sign::None,
        });
    }
    let start = start?;
    let rest = text.get(start..)?;
    let mut end = start;
    let mut script = None;
    for (offset, c) in rest.char_indices() {
        // What is so long is hidden to here, and the next piece begins here.
        if offset > reach {
            break;
        }
        // A script without spaces ends a token of one with spaces, and the other way round.
        let unspaced = is_unspaced(c);
        if !is_inner(c) || (c.is_alphanumeric() && *script.get_or_insert(unspaced) != unspaced) {
            break;
        }
        end = start + offset + c.len_utf8();
    }
    let token = rest.get(..end - start)?.trim_end_matches(['.', '-', '+', '@', '#', '\'']);
    Some((Token { start, end: start + token.len() }, announced))
}

/// The token that ends before `at`, over a few separators; and whether a bracket, a colon or a dash is among them.
pub(super) fn last_token(text: &str, at: usize) -> Option<(Token, bool)> {
    last_token_within(text, at, LONGEST_WORD)
}

/// The same with no more than `reach` characters of the token.
pub(super) fn last_token_within(text: &str, at: usize, reach: usize) -> Option<(Token, bool)> {
    let head = text.get(..at)?;
    let mut sign = false;
    let mut end = None;
    for (count, (offset, c)) in head.char_indices().rev().enumerate() {
        if c.is_alphanumeric() || c == '_' {
            end = Some(offset + c.len_utf8());
            break;
        }
        if count >= 5 || matches!(c, '\n' | '.' | '!' | '?' | ';' | ',') {
            return None;
        }
        sign |= matches!(c, '(' | '[' | '-' | '–' | '—' | '@' | '/' | '"' | '|');
    }
    let end = end?;
    let inner = head.get(..end)?.char_indices().rev().take(reach).take_while(|(_, c)| is_inner(*c));
    let start = inner.last().map(|(offset, _)| offset)?;
    Some((Token { start, end }, sign))
}

/// Whether a token looks like a handle rather than like a word.
pub(super) fn is_shaped(word: &str) -> bool {
    let chars: Vec<char> = word.chars().collect();
    let inner_capital = chars.windows(2).any(|pair| pair[0].is_lowercase() && pair[1].is_uppercase());
    let inner_dot =
        chars.windows(3).any(|three| three[1] == '.' && three[0].is_alphanumeric() && three[2].is_alphanumeric());
    chars.iter().any(|c| c.is_ascii_digit() || matches!(c, '_' | '#' | '@' | '+'))
        || inner_capital
        || inner_dot
        || chars.len() >= 20
}

/// Whether a token reads as an account's name where a messenger's short name stands right before it: Latin letters, not all
/// of them capitals, as codes have.
pub(super) fn is_account_name(word: &str) -> bool {
    word.chars().count() >= 4 && word.chars().all(|c| c.is_ascii_alphabetic()) && word.chars().any(char::is_lowercase)
}

/// At least three letters, then digits: `northpier77`.
pub(super) fn is_letters_then_digits(word: &str) -> bool {
    let head = word.trim_end_matches(|c: char| c.is_ascii_digit());
    head.len() + 2 <= word.len() && head.chars().count() >= 3 && head.chars().all(char::is_alphabetic)
}

pub(super) fn is_latin(word: &str) -> bool {
    word.chars().all(|c| !c.is_alphabetic() || u32::from(c) < 0x250)
}

/// Marks that scripts of India and of South-East Asia, Arabic and Hebrew set above and below letters, and that are no letters.
pub(super) fn is_mark(c: char) -> bool {
    matches!(u32::from(c),
        0x300..=0x36F | 0x5B0..=0x5BD | 0x64B..=0x65F | 0x670 | 0x93C | 0x94D | 0x9BC | 0x9CD | 0xA3C | 0xA4D | 0xABC | 0xACD
        | 0xB4D | 0xBCD | 0xC4D | 0xCCD | 0xD4D | 0xE31 | 0xE34..=0xE3A | 0xE47..=0xE4E | 0xEC8..=0xECD | 0x1037..=0x103A | 0x17C6..=0x17D3)
}
