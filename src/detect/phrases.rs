//! Phrases found by their words: a table of hashes in place of an automaton. It is built in milliseconds, and a word that
//! begins no phrase costs one look.
//!
//! A token is a row of letters and digits of a script that puts spaces between words, or any other character by itself. So
//! a phrase in Latin letters begins and ends where tokens do, and one in Chinese may begin at each character.

use crate::detect::inflection;
use crate::detect::names::is_spaced;
use crate::detect::sets::{Bits, Growing, Table, spread};

/// A token of a text, with its bytes.
#[derive(Debug, Clone, Copy)]
pub struct Token {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
    hash: u64,
}

impl Token {
    /// The bytes it covers.
    pub fn range(&self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// Multiplier of the hash of letters, and its inverse: the last letter can be taken off again.
const BY: u64 = 0x0000_0100_0000_01b3;
const BACK: u64 = 0xce96_5057_aff6_957b;

fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(BY))
}

/// Bytes of a word that is too short to have an ending of its own.
const SHORT_WORD: usize = 5;

/// The hash without the last of its letters.
fn without_last(hash: u64, last: u8) -> u64 {
    hash.wrapping_mul(BACK) ^ u64::from(last)
}

/// The key of a phrase that goes on with a token.
fn joined(before: u64, token: u64) -> u64 {
    spread(before.rotate_left(23) ^ token)
}

/// The tokens of a folded text.
pub fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::with_capacity(text.len() / 4);
    tokens_into(text, &mut tokens);
    tokens
}

/// The same behind those that are there already.
fn tokens_into(text: &str, tokens: &mut Vec<Token>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(&first) = bytes.get(at) {
        let start = at;
        if first.is_ascii_lowercase() || first.is_ascii_digit() {
            at = end_of_word(text, at + 1);
        } else if first.is_ascii() {
            at += 1;
        } else {
            let c = text[at..].chars().next().unwrap_or_default();
            at += c.len_utf8();
            if is_spaced(c) {
                at = end_of_word(text, at);
            }
        }
        // Text of shorter words than the guess was for: room for all that can follow, so that nothing is moved twice.
        if tokens.len() + 2 > tokens.capacity() {
            tokens.reserve_exact(bytes.len() - start + 2);
        }
        // A text is shorter than 4 GB: the first pass has seen to it.
        let mut push = |start: usize, end: usize| {
            tokens.push(Token { start: start as u32, end: end as u32, hash: hash(&bytes[start..end]) });
        };
        match inflection::compound(&text[start..at]) {
            Some(stem) => {
                push(start, start + stem);
                push(start + stem, at);
            }
            None => push(start, at),
        }
    }
}

/// Where the word ends that byte `at` is within or behind.
fn end_of_word(text: &str, mut at: usize) -> usize {
    let bytes = text.as_bytes();
    while let Some(&byte) = bytes.get(at) {
        if byte.is_ascii() {
            if !byte.is_ascii_alphanumeric() {
                return at;
            }
            at += 1;
        } else {
            let c = text[at..].chars().next().unwrap_or_default();
            if !is_spaced(c) {
                return at;
            }
            at += c.len_utf8();
        }
    }
    at
}

/// Bits of the set of first tokens for each phrase; many phrases share one.
const BITS_FOR_EACH: usize = 8;

/// Rows of tokens that two phrases make, about; more than there is room for make the table grow.
const NODES_FOR_TWO: usize = 3;

/// What a row of tokens is: one more than the phrase that ends here, 0 where none does; and whether longer ones begin so.
type Node = u32;
const GOES_ON: Node = 1 << 31;

/// The phrase that ends at a node.
fn phrase_of(node: Node) -> Option<usize> {
    (node & !GOES_ON).checked_sub(1).map(|phrase| phrase as usize)
}

/// The table.
pub struct Phrases {
    nodes: Table<Node>,
    /// First tokens of phrases: almost every word of a text is none.
    first: Bits,
}

impl Phrases {
    /// A table of `phrases`, numbered in their order; of two alike the first counts.
    pub fn build<'a>(phrases: impl Iterator<Item = &'a str> + Clone) -> Self {
        let count = phrases.clone().count();
        let mut nodes: Growing<Node> = Growing::with_capacity(count * NODES_FOR_TWO / 2);
        let mut first = Bits::of(count * BITS_FOR_EACH);
        let mut held = Vec::new();
        for (number, phrase) in (1..).zip(phrases) {
            let mut key = 0;
            let mut before: Option<u64> = None;
            held.clear();
            tokens_into(phrase, &mut held);
            for token in &held {
                match before {
                    Some(before) => *nodes.entry(before) |= GOES_ON,
                    None => first.set(token.hash),
                }
                key = joined(key, token.hash);
                before = Some(key);
            }
            if let Some(last) = before {
                let node = nodes.entry(last);
                if phrase_of(*node).is_none() {
                    *node |= number;
                }
            }
        }
        Phrases { nodes: nodes.into_table(), first }
    }

    /// Gives `each` the phrases that begin `skip` bytes into token `at`, with the byte behind each, in the order of their
    /// ends: at the end of a token, or with up to `ending` characters of it left out. They may be others of the same hash.
    #[inline]
    pub fn starting(
        &self,
        text: &str,
        tokens: &[Token],
        at: usize,
        skip: usize,
        ending: usize,
        mut each: impl FnMut(usize, usize),
    ) {
        let Some(first) = tokens.get(at) else { return };
        let bytes = text.as_bytes();
        // No phrase begins with a space.
        if bytes.get(first.start as usize) == Some(&b' ') {
            return;
        }
        let of = |token: &Token| bytes.get(token.range()).unwrap_or_default();
        let mut token_hash = if skip == 0 { first.hash } else { hash(of(first).get(skip..).unwrap_or_default()) };
        let mut word = of(first).get(skip..).unwrap_or_default();
        let (mut key, mut end) = (0, first.end as usize);
        let mut rest = tokens.get(at + 1..).unwrap_or_default().iter();
        let mut goes_on = skip != 0 || self.first.has(token_hash);
        loop {
            self.shortened(text, word, (key, token_hash), end, ending, &mut each);
            if !goes_on {
                return;
            }
            key = joined(key, token_hash);
            let Some(node) = self.nodes.get(key) else { return };
            if let Some(phrase) = phrase_of(*node) {
                each(phrase, end);
            }
            let Some(next) = rest.next().filter(|_| node & GOES_ON != 0) else { return };
            (token_hash, word, end, goes_on) = (next.hash, of(next), next.end as usize, true);
        }
    }

    /// Phrases that end with a token whose last characters are left out.
    #[inline]
    fn shortened(
        &self,
        text: &str,
        word: &[u8],
        (key, token): (u64, u64),
        end: usize,
        ending: usize,
        each: &mut impl FnMut(usize, usize),
    ) {
        let (mut hash, mut left) = (token, ending);
        let last_is_s = word.last() == Some(&b's');
        // An `s` may always be left out.
        left = if word.len() > SHORT_WORD || key != 0 { left } else { 0 }.max(usize::from(last_is_s));
        if left == 0 {
            return;
        }
        let mut found: [Option<(usize, usize)>; 4] = [None; 4];
        let mut at = end;
        for back in (1..word.len()).rev() {
            hash = without_last(hash, word[back]);
            at -= 1;
            if !text.is_char_boundary(at) {
                continue;
            }
            if (key != 0 || self.first.has(hash))
                && let Some(phrase) = self.nodes.get(joined(key, hash)).copied().and_then(phrase_of)
                && let Some(slot) = found.get_mut(left - 1)
            {
                *slot = Some((phrase, at));
            }
            left -= 1;
            if left == 0 {
                break;
            }
        }
        for (phrase, at) in found.into_iter().flatten() {
            each(phrase, at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found(phrases: &[&str], text: &str, ending: usize) -> Vec<(usize, String)> {
        let table = Phrases::build(phrases.iter().copied());
        let tokens = tokens(text);
        let mut found = Vec::new();
        for at in 0..tokens.len() {
            let start = tokens[at].start as usize;
            table.starting(text, &tokens, at, 0, ending, |phrase, end| {
                found.push((phrase, text[start..end].to_owned()))
            });
        }
        found
    }

    #[test]
    fn phrases_are_found_at_word_edges_with_endings() {
        let phrases = ["alpha pvp", "alpha", "芬太尼", "телеграм", "3 mmc", "pvp"];
        let of = |text, ending| found(&phrases, text, ending).into_iter().map(|(at, _)| at).collect::<Vec<_>>();
        assert_eq!(of("buy alpha pvp now", 0), [1, 0, 5]);
        assert_eq!(of("alphas", 0), [1]);
        assert_eq!(of("alphabet", 0), [0; 0]);
        assert_eq!(of("供应芬太尼粉3 mmc", 0), [2, 4]);
        assert_eq!(of("в телеграме", 0), [0; 0]);
        assert_eq!(of("в телеграме", 4), [3]);
        assert_eq!(of("alphabet", 3), [1]);
        assert_eq!(of("3 mmcs.", 0), [4]);
    }

    proptest! {
        #[test]
        fn the_last_letter_can_be_taken_off(word in proptest::collection::vec(any::<u8>(), 1..20)) {
            let (last, rest) = word.split_last().expect("it has one");
            prop_assert_eq!(without_last(hash(&word), *last), hash(rest));
        }

        #[test]
        fn tokens_cover_the_text(text in "\\PC{0,60}") {
            let folded = crate::detect::view::Folded::of(&text).text;
            let joined: String = tokens(&folded).iter().map(|token| &folded[token.range()]).collect();
            prop_assert_eq!(joined, folded);
        }
    }
}
