//! Values that are known by their shape alone.

use std::collections::HashSet;
use std::sync::LazyLock;

use regex::Regex;

use crate::listing::contacts::words::each;
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
    EMAIL_IN_WORDS = r"(?i)[\p{L}\p{N}][\p{L}\p{N}._%+-]*\s+(?:at|arroba|arobase|chez|собака|klammeraffe|apenstaartje|aapstaartje|chiocciola|małpa|zavináč)\s+[\p{L}\p{N}-]+(?:\s+(?:dot|punto|punkt|punt|point|ponto|точка|kropka|tečka)\s+|\.)\p{L}\p{L}+";
    AT_A_BANK = r"[\p{L}\p{N}][\p{L}\p{N}._-]+@[\p{L}\p{N}-]*\p{L}[\p{L}\p{N}-]*";
    ADDRESSED = r"(?i)(?-u:\b)(?:[a-z][a-z0-9+-]{1,15}:/{1,3}|hxxps?:/{0,3}|www\d?\.)(?P<value>[^\s<>\x22'）)\]，。]+)";
    PROFILE = r"(?i)(?-u:\b)(?:t ?\. ?me|telegram\.(?:me|dog|org)|wa\.me|chat\.whatsapp\.com|discord\.(?:gg|com)|signal\.(?:me|group)|line\.me|m\.me|fb\.(?:me|com)|facebook\.com|instagram\.com|instagr\.am|vk\.(?:com|me)|x\.com|twitter\.com|threema\.id|snapchat\.com|linktr\.ee|u\.wechat\.com|wechat\.com|zalo\.me|ok\.ru|paypal\.me|cash\.app|keybase\.io|join\.skype\.com)\s?/\s?(?P<value>[^\s<>\x22'）)\]，。]+)";
    DOMAIN = r"(?P<value>[\p{L}\p{N}][\p{L}\p{N}-]*\.(?:[\p{L}\p{N}-]+\.)*(?:com|net|org|info|biz|onion|i2p|cn|ru|su|hk|tw|kr|jp|eu|nl|fr|uk|pl|cz|sk|ua|by|kz|tr|br|mx|ar|cl|pe|ca|au|nz|za|ng|gh|ke|eg|ma|sa|ae|pk|bd|lk|th|vn|id|ph|my|sg|cc|ws|xyz|top|shop|store|online|site|website|club|vip|pro|app|link|live|space|icu|buzz|market|trade|pharmacy|chat|test|io|co|рф|中国)(?:/[^\s<>]*)?)(?:[^\p{L}\p{N}-]|$)";
    HANDLE = r"(?:^|[^\p{L}\p{N}_.+-])@(?P<value>[\p{L}\p{N}_][\p{L}\p{N}_.-]+)";
    CASHTAG = r"(?:^|[^\p{L}\p{N}$])[$£](?P<value>[\p{L}_][\p{L}\p{N}_-]+)";
    NUMBERED = r"(?P<value>[\p{L}\p{N}_.]+#\d{3,5})\b";
    SELLER = r"(?i)\b(?:seller|vendor|verkäufer|vendedor|vendeur|venditore|verkoper|sprzedawca|satıcı|продавец)\s?[:=]\s?(?P<value>\p{L}[\p{L}\p{N}.-]*[\d_][\p{L}\p{N}_.-]*)";
    INTERNATIONAL = r"(?:\+|(?-u:\b)00)\s?\(?(?P<value>[1-9](?:[\s./()·_-]{0,3}\d){6,14})";
    NATIONAL = r"(?P<value>\(?(?-u:\b)0\d{1,4}\)?(?:[\s./-]{1,3}\d{2,4}){1,4}|(?-u:\b)0\d{1,4}[\s./-]{1,3}\d{5,9})(?-u:\b)";
    GROUPED = r"(?P<value>\(?(?-u:\b)\d{3}\)?[\s.-]{1,2}\d{3}[\s.-]\d{4})(?-u:\b)";
    MOBILE = r"(?-u:\b)(?P<value>1[3-9]\d[\s-]?\d{4}[\s-]?\d{4})(?-u:\b)";
    DIGITS = r"(?-u:\b)(?P<value>\d(?:[.-]?\d){8,24})(?-u:\b)";
    DIGIT_GROUPS = r"(?-u:\b)(?P<value>\d{2,4}(?: \d{3,4}){2,5})(?-u:\b)";
    CHINESE_DIGITS = r"(?P<value>[零〇一二三四五六七八九幺壹贰叁肆伍陆柒捌玖]{6,})";
    APART = r"(?:^|[^\p{L}\p{N}])(?P<value>(?:[\p{L}\p{N}][ .\-_*·]{1,2}){6,}[\p{L}\p{N}])(?:[^\p{L}\p{N}]|$)";
    IBAN = r"(?i)(?-u:\b)(?P<value>[a-z]{2}[0-9]{2}(?:[ -]?[a-z0-9]{4}){2,7}(?:[ -]?[a-z0-9]{1,3})?)(?-u:\b)";
    COIN = r"(?-u:\b)(?P<value>bc1[a-z0-9]{20,80}|BC1[A-Z0-9]{20,80}|0x[0-9a-fA-F]{16,64}|[13][1-9A-HJ-NP-Za-km-z]{25,34}|[48][0-9AB][1-9A-HJ-NP-Za-km-z]{90,110})(?-u:\b)";
    LONG = r"(?P<value>[\p{L}\p{N}_]{20,})";
    CAS = r"^\d{2,7}-\d{2}-\d$";
    INCHI = r"InChI=1S?/[A-Z][A-Za-z0-9.]*/[^\s]+";
    EC = r"^\d{3}-\d{3}-\d$";
    DATE = r"^\(?(?:\d{1,2}[./ -]\d{1,2}[./ -](?:\d{2}|\d{4})|\d{4}[./ -]\d{1,2}[./ -]\d{1,2})$";
    QUANTITY = r"(?i)^\d+(?:[.,]\d+)*(?:usd|eur|gbp|rmb|cny|usdt|btc|[a-zµμ%€$]{0,3})$";
}

/// Digits as words.
const DIGIT_WORDS: &str = "\
    zero, oh, nought, one, two, three, four, five, six, seven, eight, nine, double, triple, null, eins, zwei, zwo, \
    drei, vier, fünf, sechs, sieben, acht, neun, cero, uno, dos, tres, cuatro, cinco, seis, siete, ocho, nueve, \
    zéro, un, deux, trois, quatre, cinq, sept, huit, neuf, um, dois, três, quatro, oito, nove, ноль, один, \
    два, три, четыре, пять, шесть, семь, восемь, девять, sıfır, bir, iki, \
    üç, dört, beş, altı, yedi, sekiz, dokuz";

static IS_DIGIT_WORD: LazyLock<HashSet<&str>> = LazyLock::new(|| each(DIGIT_WORDS).collect());

/// Digits in words that make a number somebody calls.
const DIGITS_OF_A_NUMBER: usize = 6;
/// Bytes of the longest of them.
const LONGEST_DIGIT_WORD: usize = 14;
/// Characters between two of them at most.
const GAP_OF_DIGITS: usize = 3;

/// A small amount with its unit, a percentage, a price.
pub(super) fn is_quantity(token: &str) -> bool {
    QUANTITY.is_match(token) && token.chars().filter(char::is_ascii_digit).count() < 6
}

/// A CAS or EC number by its shape.
pub(super) fn is_registry_number(token: &str) -> bool {
    CAS.is_match(token) || EC.is_match(token)
}

pub(super) fn find(text: &str) -> Vec<Indicator> {
    use IndicatorKind as K;
    let mut found = Vec::new();
    let mut scan = |regex: &Regex, kind: fn(&str) -> Option<K>| {
        let mut at = 0;
        while let Some(hit) = regex.captures_at(text, at) {
            let Some(all) = hit.get(0) else { break };
            let value = hit.name("value").unwrap_or(all);
            if let Some(kind) = kind(value.as_str()) {
                found.push(Indicator { kind, start: value.start(), end: value.end() });
            }
            // What parts two values may be needed by both.
            at = value.end();
        }
    };
    // Cheap tests first: most texts have none of the characters.
    let digits = text.bytes().filter(u8::is_ascii_digit).take(9).count();
    if text.contains(['@', '[', '(', '{', '<', '*', '_']) {
        scan(&EMAIL, |_| Some(K::Email));
    }
    scan(&EMAIL_IN_WORDS, |_| Some(K::Email));
    if text.contains('@') {
        scan(&AT_A_BANK, |value| value.split('@').all(|part| !is_quantity(part)).then_some(K::Account));
        scan(&HANDLE, |value| (!is_quantity(value)).then_some(K::Messenger));
    }
    if text.contains('.') || text.contains('/') {
        scan(&ADDRESSED, |_| Some(K::Link));
        scan(&PROFILE, |_| Some(K::Messenger));
        scan(&DOMAIN, |_| Some(K::Link));
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
    if digits >= 7 {
        scan(&INTERNATIONAL, |_| Some(K::Phone));
        scan(&NATIONAL, |value| (count_digits(value) >= 8 && !DATE.is_match(value)).then_some(K::Phone));
        scan(&GROUPED, |_| Some(K::Phone));
        scan(&MOBILE, |_| Some(K::Phone));
        scan(&DIGITS, |value| (!CAS.is_match(value) && !DATE.is_match(value)).then_some(K::Unknown));
        scan(&DIGIT_GROUPS, |value| (count_digits(value) >= 9).then_some(K::Unknown));
        scan(&IBAN, |value| iban_holds(value).then_some(K::Iban));
    }
    scan(&CHINESE_DIGITS, |_| Some(K::Phone));
    scan(&APART, |value| is_spelled_out(value).then_some(K::Unknown));
    scan(&COIN, coin);
    scan(&LONG, |value| is_key(value).then_some(K::Unknown));
    found.extend(numbers_in_words(text));
    // The layers of an InChI are rows of small numbers, joined by hyphens.
    if text.contains("InChI=") {
        let layers: Vec<(usize, usize)> = INCHI.find_iter(text).map(|hit| (hit.start(), hit.end())).collect();
        found.retain(|one| {
            let within = layers.iter().any(|(start, end)| *start <= one.start && one.end <= *end);
            !within || !text.get(one.start..one.end).is_some_and(|value| value.contains('-'))
        });
    }
    found
}

/// Runs of digits that are written as words: `zero six one two …`.
fn numbers_in_words(text: &str) -> Vec<Indicator> {
    let (mut found, mut run): (Vec<Indicator>, Option<(usize, usize, usize)>) = (Vec::new(), None);
    let mut end_run = |run: Option<(usize, usize, usize)>| {
        if let Some((start, end, DIGITS_OF_A_NUMBER..)) = run {
            found.push(Indicator { kind: IndicatorKind::Phone, start, end });
        }
    };
    let mut at = 0;
    for piece in text.split_inclusive(|c: char| !c.is_alphanumeric()) {
        let word = piece.trim_end_matches(|c: char| !c.is_alphanumeric());
        let start = at;
        at += piece.len();
        if word.is_empty() {
            continue;
        }
        if word.len() > LONGEST_DIGIT_WORD || !IS_DIGIT_WORD.contains(word.to_lowercase().as_str()) {
            end_run(run.take());
            continue;
        }
        let end = start + word.len();
        run = match run {
            Some((first, last, count)) if is_gap(text.get(last..start).unwrap_or_default()) => {
                Some((first, end, count + 1))
            }
            other => {
                end_run(other);
                Some((start, end, 1))
            }
        };
    }
    end_run(run);
    found
}

/// Whether two digits in words are parted as those of one number are.
fn is_gap(between: &str) -> bool {
    between.chars().count() <= GAP_OF_DIGITS
        && between.chars().all(|c| c.is_whitespace() || matches!(c, ',' | '.' | '-' | '/'))
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

/// Letters or digits set apart, as somebody spells a handle; not a list of letters, nor a row of amounts.
fn is_spelled_out(value: &str) -> bool {
    let of = |wanted: fn(&char) -> bool| value.chars().filter(wanted).count();
    of(|c| c.is_alphabetic()) >= 4 || of(char::is_ascii_digit) >= 7
}

/// A long run of letters and digits: an address, a key, an id. Long words have no digits, formulas are shorter.
fn is_key(value: &str) -> bool {
    let digits = value.chars().filter(char::is_ascii_digit).count();
    let letters = value.chars().filter(|c| c.is_ascii_alphabetic()).count();
    digits >= 3 && letters >= 3
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

/// ISO 13616: the number with its head moved to the end is 1 modulo 97.
fn iban_holds(text: &str) -> bool {
    let compact: Vec<u8> = text.bytes().filter(|b| !matches!(b, b' ' | b'-')).map(|b| b.to_ascii_uppercase()).collect();
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
