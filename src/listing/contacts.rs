//! Contacts and payment addresses in a text: personal data, found so that it can be kept out of what leaves.

use std::sync::LazyLock;

use regex::Regex;

/// What an indicator is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IndicatorKind {
    /// E-mail address.
    Email,
    /// Telephone number in international form.
    Phone,
    /// Handle of a messenger.
    Messenger,
    /// Bank account with a valid check.
    Iban,
    /// Bitcoin address with a valid checksum.
    Bitcoin,
    /// Ethereum address by its shape.
    Ethereum,
    /// Monero address by its shape.
    Monero,
}

/// One contact or payment address; offsets are bytes of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Indicator {
    /// What it is.
    pub kind: IndicatorKind,
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

static EMAIL: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4}").ok());
static PHONE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?:\+|\b00)[1-9][0-9](?:[ ./()-]?[0-9]){6,12}").ok());
static MESSENGER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:telegram|whats ?app|wickr|signal|threema|session|wechat|skype|kik|viber|jabber|t\.me)(?: ?(?:id|me))?\s?[:/@]{1,3}\s?@?[A-Za-z0-9_.+-]{3,40}").ok()
});
static IBAN: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b").ok());
static COIN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"\b(?:bc1[a-z0-9]{20,80}|0x[0-9a-fA-F]{40}|[13][1-9A-HJ-NP-Za-km-z]{25,34}|[48][0-9AB][1-9A-HJ-NP-Za-km-z]{93})\b").ok()
});

/// Contacts and payment addresses in the order of the text.
pub fn find(text: &str) -> Vec<Indicator> {
    let mut found = Vec::new();
    // Cheap tests first: most texts have none of the characters.
    let mut scan = |regex: &Option<Regex>, kind: fn(&str) -> Option<IndicatorKind>| {
        for hit in regex.iter().flat_map(|regex| regex.find_iter(text)) {
            if let Some(kind) = kind(hit.as_str()) {
                found.push(Indicator { kind, start: hit.start(), end: hit.end() });
            }
        }
    };
    if text.contains('@') {
        scan(&EMAIL, |_| Some(IndicatorKind::Email));
    }
    if text.contains('+') || text.contains("00") {
        scan(&PHONE, |_| Some(IndicatorKind::Phone));
    }
    scan(&MESSENGER, |_| Some(IndicatorKind::Messenger));
    scan(&IBAN, |text| iban_holds(text).then_some(IndicatorKind::Iban));
    scan(&COIN, coin);
    found.sort_by_key(|indicator| indicator.start);
    found
}

fn coin(text: &str) -> Option<IndicatorKind> {
    if text.starts_with("bc1") {
        return bech32::segwit::decode(text).is_ok().then_some(IndicatorKind::Bitcoin);
    }
    if text.starts_with("0x") {
        return Some(IndicatorKind::Ethereum);
    }
    if text.len() == 95 {
        return Some(IndicatorKind::Monero);
    }
    let checks = |version| bs58::decode(text).with_check(Some(version)).into_vec().is_ok();
    (checks(0) || checks(5)).then_some(IndicatorKind::Bitcoin)
}

/// ISO 13616: the number with its head moved to the end is 1 modulo 97.
fn iban_holds(text: &str) -> bool {
    let compact: Vec<u8> = text.bytes().filter(|b| *b != b' ').collect();
    if !(15..=34).contains(&compact.len()) {
        return false;
    }
    let rotated = compact[4..].iter().chain(&compact[..4]);
    let remainder = rotated.fold(0_u32, |held, byte| match byte {
        b'0'..=b'9' => (held * 10 + u32::from(byte - b'0')) % 97,
        _ => (held * 100 + u32::from(byte - b'A') + 10) % 97,
    });
    remainder == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_each_kind_and_checks_what_has_a_check() {
        use IndicatorKind as K;
        for (text, expected) in [
            ("write to sales@lab.example.test now", vec![K::Email]),
            ("call +44 20 7946 0958", vec![K::Phone]),
            ("Telegram: @some_shop", vec![K::Messenger]),
            ("IBAN GB82 WEST 1234 5698 7654 32", vec![K::Iban]),
            ("IBAN GB82 WEST 1234 5698 7654 33", vec![]),
            ("btc 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", vec![K::Bitcoin]),
            ("btc 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb", vec![]),
            ("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", vec![K::Bitcoin]),
            ("CAS 103-79-7, 99.5 % pure, 00 pieces", vec![]),
        ] {
            let found: Vec<_> = find(text).into_iter().map(|indicator| indicator.kind).collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
