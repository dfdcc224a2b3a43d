//! Values that are known by their shape alone.

use std::sync::LazyLock;

use regex::Regex;

use crate::listing::contacts::numbers::is_registered;
use crate::listing::contacts::tokens::is_shaped;
use crate::listing::contacts::{Indicator, IndicatorKind};

/// A pattern of this file, compiled once.
pub(super) fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a pattern of this program compiles; the tests compile each")
}

macro_rules! patterns {
    ($($name:ident = $text:expr;)*) => { $(static $name: LazyLock<Regex> = LazyLock::new(|| pattern($text));)* };
}

patterns! {
    EMAIL = r"(?i)[\p{L}\p{N}][\p{L}\p{N}._%+-]*(?:@|\s@\s|\s{0,2}[\[({<*_]{1,2}\s?(?:at|@|арроба|собака|arroba|arobase|chez|klammeraffe|apenstaartje|aapstaartje|chiocciola|małpa|zavináč|a)\s?[\])}>*_]{1,2}\s{0,2})[\p{L}\p{N}-]+(?:\s?(?:\.|[\[({<*_]{1,2}\s?(?:dot|punkt|punto|ponto|point|punt|kropka|tečka|точка|点|\.)\s?[\])}>*_]{1,2}|\s(?:dot|punto|punkt|punt|point|ponto|tečka|точка)\s|。)\s?[\p{L}\p{N}-]+){1,4}";
    AT_A_BANK = r"[\p{L}\p{N}][\p{L}\p{N}._-]+@[\p{L}\p{N}-]*\p{L}[\p{L}\p{N}-]*";
    ADDRESSED = r"(?i)(?-u:\b)(?:[a-z][a-z0-9+-]{1,15}:/{1,3}|hxxps?:/{0,3}|www\d?\.)(?P<value>[^\s<>\x22'）)\]，。]+)";
    PROFILE = r"(?i)(?-u:\b)(?:t ?[.,·•] ?me|tme|wa ?[.,·•] ?me|telegram\.(?:me|dog|org)|chat\.whatsapp\.com|discord\.(?:gg|com)|signal\.(?:me|group)|line\.me|m\.me|fb\.(?:me|com)|facebook\.com|instagram\.com|instagr\.am|vk\.(?:com|me)|x\.com|twitter\.com|threema\.id|snapchat\.com|linktr\.ee|u\.wechat\.com|wechat\.com|zalo\.me|ok\.ru|paypal\.me|cash\.app|keybase\.io|join\.skype\.com)\s?/\s?(?P<value>[^\s<>\x22'）)\]，。]+)";
    HANDLE = r"(?:^|[^\p{L}\p{N}_.+-])@(?P<value>[\p{L}\p{N}_][\p{L}\p{N}_.-]+)";
    HANDLE_APART = r"(?i)(?:^|[^\p{L}\p{N}_.+-])(?:@\s|[\[({]at[\])}]\s?)(?P<value>[\p{L}_][\p{L}\p{N}_.-]{3,})";
    ADDRESS_OF_MATRIX = r"@[\p{L}\p{N}._=/+-]+:[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+";
    REDDIT = r"(?:^|[^\p{L}\p{N}/])/?u/(?P<value>[A-Za-z][A-Za-z0-9_-]{4,})";
    CASHTAG = r"(?:^|[^\p{L}\p{N}$])[$£](?P<value>[\p{L}_][\p{L}\p{N}_-]+)";
    NUMBERED = r"(?P<value>[\p{L}\p{N}_.]+#\d{3,5})\b";
    SELLER = r"(?i)\b(?:seller|vendor|verkäufer|vendedor|vendeur|venditore|verkoper|sprzedawca|satıcı|продавец)\s?[:=]\s?(?P<value>\p{L}[\p{L}\p{N}.-]*[\d_][\p{L}\p{N}_.-]*)";
    INTERNATIONAL = r"(?:\+|(?-u:\b)00)\s?\(?(?P<value>[1-9](?:[\s./()\[\]·•_~*|:‐-―−-]{0,3}\d){6,14})";
    LETTERED = r"\+\s?(?P<value>[1-9](?:[\s./()·_-]{0,3}[0-9OoIl]){7,14})(?:[^\p{L}\p{N}]|$)";
    LETTERS_AMONG = r"(?-u:\b)(?P<value>[0-9Oo](?:[ .\-/()–]{0,3}[0-9OoОоIl]){7,14})(?:[^\p{L}\p{N}]|$)";
    NATIONAL = r"(?P<value>\(?(?-u:\b)0\d{1,4}\)?(?:[\s./-]{1,3}\d{2,4}){1,4}|(?-u:\b)0\d{1,4}[\s./-]{1,3}\d{5,9})(?-u:\b)";
    GROUPED = r"(?P<value>\(?(?-u:\b)\d{3}\)?[\s.-]{1,2}\d{3}[\s.-]\d{4})(?-u:\b)";
    MOBILE = r"(?-u:\b)(?P<value>1[3-9]\d[\s-]?\d{4}[\s-]?\d{4})(?-u:\b)";
    DIGITS = r"(?-u:\b)(?P<value>\d(?:[.-]?\d){8,24})(?-u:\b)";
    DIGIT_GROUPS = r"(?-u:\b)(?P<value>\d{2,4}(?: \d{3,4}){2,5})(?-u:\b)";
    // The tax code of Italy, which its ministry of finance makes of a name, the day of birth and the town.
    CODICE_FISCALE = r"(?-u:\b)[A-Z]{6}\d{2}[A-EHLMPR-T]\d{2}[A-Z]\d{3}[A-Z](?-u:\b)";
    CAS = r"^\d{2,7}-\d{2}-\d$";
    INCHI = r"InChI=1S?/[A-Z][A-Za-z0-9.]*/[^\s]+";
    EC = r"^\d{3}-\d{3}-\d$";
    REACH = r"^\d{2}-\d{10}-\d{2}-\d{4}$";
    DATE = r"^\(?(?:\d{1,2}[./ -]\d{1,2}[./ -](?:\d{2}|\d{4})|\d{4}[./ -]\d{1,2}[./ -]\d{1,2})$";
    QUANTITY = r"(?i)^\d+(?:[.,]\d+)*(?:usd|eur|gbp|rmb|cny|usdt|btc|[a-zµμ%€$]{0,3})$";
}

/// A small amount with its unit, a percentage, a price.
pub(super) fn is_quantity(token: &str) -> bool {
    token.starts_with(|c: char| c.is_ascii_digit())
        && QUANTITY.is_match(token)
        && token.chars().filter(char::is_ascii_digit).count() < 6
}

/// A CAS or EC number by its shape.
pub(super) fn is_registry_number(token: &str) -> bool {
    token.starts_with(|c: char| c.is_ascii_digit()) && (CAS.is_match(token) || EC.is_match(token))
}

pub(super) fn find(text: &str, has_digits: bool) -> Vec<Indicator> {
    use IndicatorKind as K;
    let mut found = Vec::new();
    let mut scan = |regex: &Regex, kind: fn(&str) -> Option<K>| {
        let mut at = 0;
        while let Some(hit) = regex.captures_at(text, at) {
            let Some(all) = hit.get(0) else { break };
            let value = hit.name("value").unwrap_or(all);
            let is_goods =
                |kind: &K| matches!(kind, K::Phone | K::Unknown) && is_registered(text, value.start(), value.end());
            if let Some(kind) = kind(value.as_str()).filter(|kind| !is_goods(kind)) {
                found.push(Indicator { kind, start: value.start(), end: value.end() });
            }
            // What parts two values may be needed by both.
            at = value.end();
        }
    };
    // Cheap tests first: most texts have none of the characters.
    if text.contains(['@', '[', '(', '{', '<', '*', '_']) {
        // `10 g @ 40.50`: the last label of a host has letters.
        fn is_host(value: &str) -> bool {
            value.rsplit(|c: char| !c.is_alphanumeric()).next().is_some_and(|label| label.contains(char::is_alphabetic))
        }
        scan(&EMAIL, |value| is_host(value).then_some(K::Email));
    }
    if text.contains('@') {
        scan(&AT_A_BANK, |value| value.split('@').all(|part| !is_quantity(part)).then_some(K::Account));
        scan(&ADDRESS_OF_MATRIX, |_| Some(K::Messenger));
        scan(&HANDLE, |value| (!is_quantity(value)).then_some(K::Messenger));
    }
    if text.contains('.') || text.contains('/') {
        scan(&ADDRESSED, |_| Some(K::Link));
        scan(&REDDIT, |_| Some(K::Messenger));
    }
    if text.contains('/') {
        scan(&PROFILE, |_| Some(K::Messenger));
    }
    if text.contains(['@', '[', '(', '{']) {
        scan(&HANDLE_APART, |value| is_account(value).then_some(K::Messenger));
    }
    if text.contains('+') {
        scan(&LETTERED, |value| is_lettered(value).then_some(K::Phone));
    }
    if text.contains(['O', 'o', 'О', 'о']) {
        scan(&LETTERS_AMONG, |value| has_letters_among(value).then_some(K::Phone));
    }
    if text.contains(['$', '£']) {
        scan(&CASHTAG, |value| (!is_currency(value)).then_some(K::Account));
    }
    if text.contains('#') {
        scan(&NUMBERED, |_| Some(K::Messenger));
    }
    if text.contains([':', '=']) {
        scan(&SELLER, |_| Some(K::Account));
    }
    if has_digits {
        scan(&CODICE_FISCALE, |_| Some(K::Account));
        scan(&INTERNATIONAL, |_| Some(K::Phone));
        scan(&NATIONAL, |value| (count_digits(value) >= 8 && !DATE.is_match(value)).then_some(K::Phone));
        scan(&GROUPED, |_| Some(K::Phone));
        scan(&MOBILE, |_| Some(K::Phone));
        scan(&DIGITS, |value| {
            (![&*CAS, &*DATE, &*REACH].iter().any(|number| number.is_match(value))).then_some(K::Unknown)
        });
        scan(&DIGIT_GROUPS, |value| (count_digits(value) >= 9).then_some(K::Unknown));
    }
    found
}

/// Takes back what was found in an InChI: its layers are rows of small numbers, joined by hyphens.
pub(super) fn without_layers(text: &str, found: &mut Vec<Indicator>) {
    if text.contains("InChI=") {
        let layers: Vec<(usize, usize)> = INCHI.find_iter(text).map(|hit| (hit.start(), hit.end())).collect();
        found.retain(|one| {
            // They follow each other: the last that begins before it is the only one it may lie in.
            let before = layers.partition_point(|(start, _)| *start <= one.start);
            let layer = before.checked_sub(1).and_then(|at| layers.get(at));
            let within = layer.is_some_and(|(_, end)| one.end <= *end);
            !within || !text.get(one.start..one.end).is_some_and(|value| value.contains('-'))
        });
    }
}

/// Letters with a digit or an underscore among them.
fn is_account(value: &str) -> bool {
    let letters = value.chars().filter(|c| c.is_alphabetic()).count();
    letters >= 4 && is_shaped(value) && value.contains(|c: char| c.is_ascii_digit() || c == '_') && !value.contains('-')
}

/// Whether a number has letters for some of its digits, each beside digits.
fn is_lettered(value: &str) -> bool {
    let mut groups = value.split(|c: char| !c.is_ascii_alphanumeric()).filter(|group| !group.is_empty());
    count_digits(value) >= 6 && groups.all(|group| count_digits(group) > 0)
}

/// Digits of a number some of whose digits are written as letters, and of one that does not begin as numbers do.
const DIGITS_AMONG: usize = 3;
const DIGITS_OF_ANOTHER: usize = 5;

/// Whether a row of digits has letters that look like them for some, and begins as numbers do.
fn has_letters_among(value: &str) -> bool {
    // `O6 - oooo oo44 (o`: what explains the letter goes on behind.
    let last = value.rfind(|c: char| !c.is_alphanumeric()).map_or(0, |at| at + 1);
    let is_letter =
        value.get(last..).is_some_and(|group| group.len() == 1 && !group.bytes().any(|b| b.is_ascii_digit()));
    let value = if is_letter { value.get(..last).unwrap_or(value) } else { value };
    let mut groups = value.split(|c: char| !c.is_alphanumeric()).filter(|group| !group.is_empty());
    let letters = value.chars().filter(|c| c.is_alphabetic()).count();
    let begins = value.starts_with(['0', 'O', 'o', '+', '(']);
    // A single letter is a unit or a word.
    groups.all(|group| group.contains(|c: char| c.is_ascii_digit()) || group.chars().count() >= 2)
        && letters > 0
        && count_digits(value) >= if begins { DIGITS_AMONG } else { DIGITS_OF_ANOTHER }
}

/// Whether a number in groups is a date.
pub(super) fn is_date(value: &str) -> bool {
    DATE.is_match(value)
}

fn count_digits(text: &str) -> usize {
    text.bytes().filter(u8::is_ascii_digit).count()
}

fn is_currency(tag: &str) -> bool {
    matches!(
        &*tag.to_ascii_lowercase(),
        "usd" | "eur" | "usdt" | "usdc" | "btc" | "xmr" | "eth" | "ltc" | "gbp" | "cad" | "aud"
    )
}
