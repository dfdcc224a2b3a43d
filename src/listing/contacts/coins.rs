//! Addresses of coins, keys and bank accounts, whole and in pieces.

use std::sync::LazyLock;

use regex::Regex;

use crate::listing::contacts::shapes::pattern;
use crate::listing::contacts::tokens::is_alphanumeric;
use crate::listing::contacts::words::{WordSet, each};
use crate::listing::contacts::{Indicator, IndicatorKind};

macro_rules! patterns {
    ($($name:ident = $text:expr;)*) => { $(static $name: LazyLock<Regex> = LazyLock::new(|| pattern($text));)* };
}

patterns! {
    COIN = r"(?-u:\b)(?P<value>bc1[a-z0-9]{20,80}|BC1[A-Z0-9]{20,80}|0x[0-9a-fA-F]{16,64}|[13][1-9A-HJ-NP-Za-km-z]{25,34}|[48][0-9AB][1-9A-HJ-NP-Za-km-z]{90,110})(?-u:\b)";
    // Bech32 of other chains, cash addresses, TON in its base64, Lightning.
    OTHER_CHAINS = r"(?-u:\b)(?P<value>(?:ltc1|zs1|addr1|cosmos1|bnb1|terra1|osmo1|thor1|grs1|dgb1|lnbc|lnurl|xdc|erd1|inj1)[a-z0-9]{12,130}|(?:bitcoincash:|ecash:|kaspa:|nano_|xrb_)[a-z0-9]{30,80}|(?:EQ|UQ|kQ|0Q)[A-Za-z0-9_-]{46})(?-u:\b)";
    LONG = r"(?P<value>[\p{L}\p{N}_]{20,})";
    HEX_PIECES = r"(?-u:\b)(?P<value>(?:0x)?[0-9a-fA-F]{4,}(?:[ :\n-]{1,2}[0-9a-fA-F]{4,}){3,})(?-u:\b)";
    PGP = r"(?i)(?-u:\b)(?:pgp|gpg|fingerprint|key id|otr|отпечаток|指纹|公钥)(?:\s(?:key|id|fingerprint|fpr|is))?[\s:=#]{1,3}(?P<value>(?:0x)?[0-9a-f]{4,}(?:[ :]{1,2}[0-9a-f]{4}){0,12})(?-u:\b)";
    IBAN = r"(?i)(?-u:\b)[a-z]{2}[ ./-]?[0-9][ ./-]?[0-9](?:[ ./-]{0,2}[a-z0-9]){11,30}";
    LAYER = r"^(?:[A-Z][a-z]?\d*)+$";
}

/// Countries of the IBAN registry (SWIFT, ISO 13616).
const IBAN_COUNTRIES: &str = "\
    ad, ae, al, at, az, ba, be, bg, bh, br, by, ch, cr, cy, cz, de, dk, do, ee, eg, es, fi, fo, fr, gb, ge, gi, gl, gr, gt, hr, hu, ie, il, \
    iq, is, it, jo, kw, kz, lb, lc, li, lt, lu, lv, ly, mc, md, me, mk, mr, mt, mu, nl, no, pk, pl, ps, pt, qa, ro, rs, ru, sa, sc, sd, se, si, \
    sk, sm, st, sv, tl, tn, tr, ua, va, vg, xk";

static IS_COUNTRY: WordSet = LazyLock::new(|| each(IBAN_COUNTRIES).collect());

/// Addresses, keys and accounts in a text; `digits`: whether it has as many as an account.
pub(super) fn find(text: &str, digits: bool) -> Vec<Indicator> {
    use IndicatorKind as K;
    let mut found = Vec::new();
    let mut scan = |regex: &Regex, kind: fn(&str) -> Option<K>| {
        for hit in regex.captures_iter(text) {
            let Some(value) = hit.name("value") else { continue };
            if let Some(kind) = kind(value.as_str()) {
                found.push(Indicator { kind, start: value.start(), end: value.end() });
            }
        }
    };
    scan(&COIN, coin);
    scan(&OTHER_CHAINS, |_| Some(K::Account));
    scan(&LONG, |value| is_key(value).then_some(K::Unknown));
    scan(&PGP, |_| Some(K::Unknown));
    if digits || text.contains("0x") {
        scan(&HEX_PIECES, |value| is_hex_key(value).then_some(K::Account));
    }
    if digits {
        found.extend(ibans(text));
        found.extend(in_pieces(text));
    }
    found
}

/// A long run of letters and digits: an address, a key, an id. Long words have no digits, formulas are shorter.
fn is_key(value: &str) -> bool {
    let digits = value.chars().filter(char::is_ascii_digit).count();
    let letters = value.chars().filter(|c| c.is_ascii_alphabetic()).count();
    digits >= 3 && letters >= 3
}

/// Pieces of a key in hexadecimal: as many as the shortest has, letters and digits both.
fn is_hex_key(value: &str) -> bool {
    let digits = value.chars().filter(char::is_ascii_digit).count();
    let letters = value.chars().filter(|c| matches!(c.to_ascii_lowercase(), 'a'..='f')).count();
    digits + letters >= 20 && letters >= 3 && (digits >= 3 || value.starts_with("0x"))
}

/// Characters of a piece of an address, and of all of them.
const PIECE: usize = 4;
const PIECES: usize = 25;

/// Addresses of coins that are written in pieces: letters of both cases with digits among them, as no words are.
fn in_pieces(text: &str) -> Vec<Indicator> {
    let mut found = Vec::new();
    let mut row: Option<(usize, usize, usize, usize)> = None;
    let mut end_row = |row: Option<(usize, usize, usize, usize)>| {
        if let Some((start, end, strong, _)) = row.filter(|(_, _, strong, length)| *strong >= 2 && *length >= PIECES) {
            debug_assert!(strong > 0);
            found.push(Indicator { kind: IndicatorKind::Account, start, end });
        }
    };
    let mut at = 0;
    for piece in text.split_inclusive(|c: char| !is_alphanumeric(c)) {
        let word = piece.trim_end_matches(|c: char| !is_alphanumeric(c));
        let start = at;
        at += piece.len();
        if word.is_empty() {
            continue;
        }
        let close = row.is_some_and(|(_, end, ..)| {
            let between = text.get(end..start).unwrap_or_default();
            between.len() <= 3 && between.chars().all(|c| matches!(c, ' ' | '-' | '\n' | '_' | '|' | '.' | '+'))
        });
        let strong = is_strong_piece(word);
        let weak = word.is_ascii()
            && (word.len() >= PIECE || close)
            && word.bytes().any(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        let end = start + word.len();
        row = match row {
            Some((first, _, count, length)) if close && (strong || (weak && is_mixed(word))) => {
                Some((first, end, count + usize::from(strong), length + word.len()))
            }
            // The last piece may be short.
            Some((first, _, count, length))
                if close && count >= 2 && word.len() <= PIECE && word.is_ascii() && is_mixed(word) =>
            {
                end_row(Some((first, end, count, length + word.len())));
                None
            }
            other => {
                end_row(other);
                strong.then_some((start, end, 1, word.len()))
            }
        };
    }
    end_row(row);
    found
}

fn is_mixed(word: &str) -> bool {
    // A capital and small letters are a word.
    if word.len() > PIECE && word.bytes().skip(1).all(|b| b.is_ascii_lowercase()) {
        return false;
    }
    let has = |is: fn(&u8) -> bool| word.as_bytes().iter().any(is);
    has(u8::is_ascii_uppercase) && has(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

/// Both cases and a digit, and neither a formula nor a structure.
fn is_strong_piece(word: &str) -> bool {
    if word.len() < 6 || !word.is_ascii() {
        return false;
    }
    let has = |is: fn(&u8) -> bool| word.as_bytes().iter().any(is);
    let of_structure = word.bytes().all(|b| b.is_ascii_digit() || b"CcNnOoSsFPIHBrl".contains(&b));
    has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_lowercase)
        && has(u8::is_ascii_digit)
        && !of_structure
        && !LAYER.is_match(word)
}

fn coin(text: &str) -> Option<IndicatorKind> {
    use IndicatorKind as K;
    if text.starts_with("bc1") || text.starts_with("BC1") {
        return Some(if bech32::segwit::decode(text).is_ok() { K::Bitcoin } else { K::Account });
    }
    if text.starts_with("0x") {
        return Some(if text.len() == 42 { K::Ethereum } else { K::Account });
    }
    if text.len() >= 92 {
        return Some(if text.len() == 95 { K::Monero } else { K::Account });
    }
    let checks = |version| bs58::decode(text).with_check(Some(version)).into_vec().is_ok();
    if checks(0) || checks(5) {
        return Some(K::Bitcoin);
    }
    let mixed = text.bytes().any(|b| b.is_ascii_lowercase()) && text.bytes().any(|b| b.is_ascii_uppercase());
    mixed.then_some(K::Account)
}

/// Bank accounts with a valid check, however they are set.
fn ibans(text: &str) -> Vec<Indicator> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(hit) = IBAN.find_at(text, at) {
        // Another may begin inside of what is none.
        at = hit.start() + 2;
        let country = hit.as_str().get(..2).unwrap_or_default().to_ascii_lowercase();
        if !IS_COUNTRY.contains(country.as_str()) {
            continue;
        }
        if let Some(length) = iban_length(hit.as_str(), text.get(hit.end()..).unwrap_or_default()) {
            found.push(Indicator { kind: IndicatorKind::Iban, start: hit.start(), end: hit.start() + length });
            at = hit.start() + length;
        }
    }
    found
}

/// The length of the account that a text begins with: it ends where a word does. ISO 13616: the number with its head moved to
/// the end is 1 modulo 97.
fn iban_length(text: &str, behind: &str) -> Option<usize> {
    let mut compact: Vec<u8> = Vec::with_capacity(34);
    let mut ends = Vec::new();
    for (at, byte) in text.bytes().enumerate() {
        if !byte.is_ascii_alphanumeric() {
            continue;
        }
        compact.push(byte.to_ascii_uppercase());
        let next = text.as_bytes().get(at + 1).copied().or_else(|| behind.bytes().next());
        if compact.len() >= 15 && compact.len() <= 34 && next.is_none_or(|next| !next.is_ascii_alphanumeric()) {
            ends.push((at + 1, compact.len()));
        }
    }
    ends.into_iter()
        .rev()
        .find(|(_, length)| iban_holds(compact.get(..*length).unwrap_or_default()))
        .map(|(end, _)| end)
}

/// Digits of an account: words that begin with a country's letters have fewer.
const IBAN_DIGITS: usize = 10;

fn iban_holds(compact: &[u8]) -> bool {
    if compact.iter().filter(|b| b.is_ascii_digit()).count() < IBAN_DIGITS {
        return false;
    }
    let rotated = compact[4..].iter().chain(&compact[..4]);
    let remainder = rotated.fold(0_u32, |held, byte| match byte {
        b'0'..=b'9' => (held * 10 + u32::from(byte - b'0')) % 97,
        _ => (held * 100 + u32::from(byte - b'A') + 10) % 97,
    });
    remainder == 1
}
