//! Addresses that are written backwards or in a code behind a word that says so, and pins of messengers.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};
use regex::Regex;

use crate::listing::contacts::fillers::is_ordinary;
use crate::listing::contacts::shapes::pattern;
use crate::listing::contacts::tokens::{LONGEST_WORD, is_shaped, lowered, stands_alone};
use crate::listing::contacts::words::all;
use crate::listing::contacts::{Indicator, IndicatorKind};

/// Words for a code.
const CODES: &[&str] = &[
    "base64, base 64, b64, rot13, rot 13, rot-13, caesar, hex, encoded, kodiert, codé, codificado, codificato, gecodeerd, zakodowane, закодировано, закодовано, şifreli, 编码后, مشفر",
];

/// Words for what is written backwards.
const TURNED: &[&str] = &[
    "reversed, reverse, backwards, backward, mirrored, rückwärts, umgekehrt, al revés, al reves, à l'envers, a l'envers, al contrario, ao contrário, de trás para frente, achterstevoren, omgekeerd, wspak, od tyłu, \
     od końca, pozpátku, tersten, ters, invers, de la coadă, terbalik, viết ngược, đảo ngược, наоборот, задом наперед, задом наперёд, навпаки, 倒序, 倒着, 反过来, 倒写, معكوس, بالعكس, उल्टा",
];

/// Words for the pin of a messenger.
const PINS: &[&str] = &["pin, pin code, pin no, пин, пин код, пін, पिन"];

/// The prefix of a handle that may stand behind any word.
const PREFIXES: &[&str] = &["live:"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Behind {
    Code,
    Turned,
    Pin,
    Prefix,
}

static WORDS: LazyLock<(AhoCorasick, Vec<Behind>)> = LazyLock::new(|| {
    let lists = [(CODES, Behind::Code), (TURNED, Behind::Turned), (PINS, Behind::Pin), (PREFIXES, Behind::Prefix)];
    let words: Vec<(String, Behind)> =
        lists.into_iter().flat_map(|(list, of)| all(list).map(move |word| (lowered(word), of))).collect();
    let automaton = AhoCorasick::builder()
        .match_kind(MatchKind::LeftmostLongest)
        .build(words.iter().map(|(word, _)| word))
        .expect("a hundred words make an automaton");
    (automaton, words.into_iter().map(|(_, of)| of).collect())
});

static SLASHED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?:^|[^A-Za-z0-9/])(?P<value>[A-Za-z0-9]{3,}(?:\s?[/\\]\s?[A-Za-z0-9]{3,}){2,})(?:[^A-Za-z0-9]|$)")
});

/// Characters between such a word and its value.
const GAP: usize = 5;

/// Letters of what is written in a code at least.
const LETTERS_OF_A_CODE: usize = 5;

pub(super) fn find(text: &str, lower: &str) -> Vec<Indicator> {
    let mut found = Vec::new();
    let mut push = |kind, start, end| found.push(Indicator { kind, start, end });
    let (automaton, kinds) = &*WORDS;
    for hit in automaton.find_iter(lower) {
        if !stands_alone(lower, hit.start(), hit.end())
            && !lower.get(..hit.end()).is_some_and(|head| head.ends_with(':'))
        {
            continue;
        }
        let of = kinds[hit.pattern().as_usize()];
        let rest = text.get(hit.end()..).unwrap_or_default();
        let is_gap =
            |c: char| matches!(c, ' ' | ':' | '=' | '>' | '→' | '-' | '"' | '«' | '“' | '\'' | '(' | ')' | '#' | '.');
        let gap: usize = match of {
            Behind::Prefix => 0,
            _ => rest.chars().take(GAP).take_while(|c| is_gap(*c)).map(char::len_utf8).sum(),
        };
        let at = hit.end() + gap;
        let between = rest.get(..gap).unwrap_or_default();
        let value = rest.get(gap..).unwrap_or_default();
        let is_inner = |c: &char| !c.is_whitespace() && !matches!(c, '<' | '>' | '"' | '»' | '”' | '\'' | ')' | ',');
        let length: usize = value.chars().take(LONGEST_WORD).take_while(is_inner).map(char::len_utf8).sum();
        let word = value.get(..length).unwrap_or_default().trim_end_matches(['.', ';', '!']);
        let is_announced = between.contains([':', '=', '>', '→']);
        let kind = match of {
            Behind::Prefix => is_name(word).then_some(IndicatorKind::Messenger),
            Behind::Pin => (gap > 0 && is_pin(word)).then_some(IndicatorKind::Messenger),
            Behind::Code | Behind::Turned => {
                let is_coded = of == Behind::Code && has_inner_capital(word);
                let is_long = gap > 0 && word.chars().count() >= LETTERS_OF_A_CODE;
                let is_value = is_coded
                    || ((is_shaped(word) || is_announced)
                        && !is_ordinary(lower.get(at..at + word.len()).unwrap_or_default()));
                (is_long && is_value).then_some(IndicatorKind::Unknown)
            }
        };
        if let Some(kind) = kind {
            push(kind, at, at + word.len());
        }
    }
    for (start, word) in coded_words(text) {
        if says_something(word) {
            push(IndicatorKind::Unknown, start, start + word.len());
        }
    }
    if text.contains(['/', '\\']) {
        for hit in SLASHED.captures_iter(text).filter_map(|hit| hit.name("value")) {
            if is_wallet(hit.as_str()) {
                push(IndicatorKind::Account, hit.start(), hit.end());
            }
        }
    }
    found
}

/// Characters of a word in base64 that is read for what it says, at least: twelve letters.
const LETTERS_OF_BASE64: usize = 16;

/// Words of the alphabet of base64 that are long enough, with the bytes they begin at.
fn coded_words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_of_code = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '-' | '_' | '=');
    text.split(move |c: char| !is_of_code(c)).filter(|word| word.len() >= LETTERS_OF_BASE64).map(|word| {
        let word = word.trim_start_matches('=');
        (word.as_ptr().addr() - text.as_ptr().addr(), word)
    })
}

/// Whether a word is text in base64 (RFC 4648): three letters of ASCII for each four characters. Words and codes of goods come out
/// as other bytes.
fn says_something(word: &str) -> bool {
    let word = word.trim_end_matches('=');
    let has = |is: fn(&u8) -> bool| word.as_bytes().iter().any(is);
    if !(has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase)) || word.len() < LETTERS_OF_BASE64 - 2 {
        return false;
    }
    let (mut held, mut bits) = (0_u32, 0);
    word.bytes().all(|byte| {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return false,
        };
        held = (held << 6) | u32::from(value);
        bits += 6;
        if bits < 8 {
            return true;
        }
        bits -= 8;
        let letter = (held >> bits) & 0xFF;
        held &= (1 << bits) - 1;
        (0x20..0x7F).contains(&letter) || letter == 0x0A
    })
}

/// Letters and figures with the signs of a handle.
fn is_name(word: &str) -> bool {
    let letters = word.chars().filter(|c| c.is_alphanumeric()).count();
    letters >= 3 && !word.starts_with('/') && word.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-'))
}

/// Eight digits of sixteen, letters among them.
fn is_pin(word: &str) -> bool {
    word.len() == 8
        && word.bytes().all(|b| b.is_ascii_hexdigit())
        && word.bytes().any(|b| b.is_ascii_alphabetic())
        && word.bytes().any(|b| b.is_ascii_digit())
}

fn has_inner_capital(word: &str) -> bool {
    word.chars().skip(1).any(char::is_uppercase) || word.contains('=')
}

/// Characters of an address of a coin at least.
const LETTERS_OF_A_WALLET: usize = 25;

/// Whether pieces are of one address: it begins as addresses do, or letters and digits are mixed as no code of goods has them.
fn is_wallet(value: &str) -> bool {
    let pieces: Vec<&str> =
        value.split(|c: char| !c.is_ascii_alphanumeric()).filter(|piece| !piece.is_empty()).collect();
    let length: usize = pieces.iter().map(|piece| piece.len()).sum();
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    let begins = ["bc1", "BC1", "ltc1", "0x", "addr1", "cosmos1", "bnb1"].iter().any(|head| value.starts_with(head));
    let mixed = pieces.iter().filter(|piece| changes(piece) >= 2).count();
    length >= LETTERS_OF_A_WALLET && digits >= 3 && (begins || mixed * 2 > pieces.len())
}

/// How often letters and digits take turns.
fn changes(piece: &str) -> usize {
    piece.as_bytes().windows(2).filter(|pair| pair[0].is_ascii_digit() != pair[1].is_ascii_digit()).count()
}
