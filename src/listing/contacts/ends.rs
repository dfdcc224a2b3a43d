//! Where a value ends: groups of a number, a handle with a prefix, pieces joined by a word for a sign.

use std::sync::LazyLock;

use crate::listing::contacts::Indicator;
use crate::listing::contacts::fillers::is_ordinary;
use crate::listing::contacts::shapes::is_quantity;
use crate::listing::contacts::tokens::{LONGEST_WORD, Sign, Token, is_inner, next_token};
use crate::listing::contacts::words::{SPLICES, all};

/// Groups of a number set in groups.
const GROUPS: usize = 12;

/// Where the run of characters of a value ends that goes on at `at`: what is longer than a word is hidden whole. Where one
/// found before ends there already, it is not walked again.
pub(super) fn run_end(text: &str, at: usize, found: &[Indicator]) -> usize {
    if let Some(last) = found.last().filter(|last| last.start <= at && at <= last.end) {
        return last.end;
    }
    let rest = text.get(at..).unwrap_or_default();
    at + rest.find(|c: char| !is_inner(c)).unwrap_or(rest.len())
}

/// The end of a handle with a prefix of its own: `live:.cid.…`.
pub(super) fn prefixed_end(text: &str, token: Token) -> usize {
    let rest = text.get(token.end..).unwrap_or_default();
    let behind = rest.strip_prefix(':').and_then(|rest| rest.chars().next());
    let has_prefix = behind.is_some_and(|c| c.is_alphanumeric() || c == '.');
    let next = if has_prefix { next_token(text, token.end, 3) } else { None };
    next.map_or(token.end, |(next, _)| next.end)
}

/// The end of a number that is set in groups.
pub(super) fn number_end(text: &str, token: Token) -> usize {
    let mut end = token.end;
    for _ in 0..GROUPS {
        let Some((next, _)) = next_token(text, end, 3) else { break };
        let group = text.get(next.start..next.end).unwrap_or_default();
        let between = text.get(end..next.start).unwrap_or_default();
        let is_group = group.chars().any(|c| c.is_ascii_digit())
            && group.chars().count() <= 14
            && !between.contains(['\n', ',', ';', ':'])
            && !(is_quantity(group) && group.ends_with(|c: char| c.is_alphabetic() || c == '%'));
        if !is_group {
            break;
        }
        end = next.end;
    }
    end
}

/// Pieces of a value that a sign joins: `north + pier`, `north(underscore)pier`.
const PIECES: usize = 6;

static WORDS_FOR_SIGNS: LazyLock<Vec<&str>> = LazyLock::new(|| all(SPLICES).collect());

/// Where a value ends whose pieces are joined by signs or by words for them.
pub(super) fn spliced_end(text: &str, lower: &str, at: usize, announced: Sign) -> usize {
    let mut end = at;
    for _ in 0..PIECES {
        let rest = lower.get(end..).unwrap_or_default();
        let inner = rest.trim_start_matches([' ', '(', '[', '{', '<']);
        let is_set_off = inner.len() < rest.len();
        let splice = WORDS_FOR_SIGNS.iter().filter(|_| is_set_off).find_map(|word| {
            let behind = inner.strip_prefix(word)?;
            Some(rest.len() - behind.trim_start_matches([' ', ')', ']', '}', '>']).len())
        });
        let plus = rest.strip_prefix(" + ").filter(|_| announced == Sign::Strong).map(|_| 3);
        let Some(gap) = splice.or(plus) else { break };
        let piece = text.get(end + gap..).unwrap_or_default();
        let length: usize = piece.chars().take(LONGEST_WORD).take_while(|c| is_inner(*c)).map(char::len_utf8).sum();
        if length == 0 || lower.get(end + gap..end + gap + length).is_some_and(is_ordinary) {
            break;
        }
        end += gap + length;
    }
    end
}
