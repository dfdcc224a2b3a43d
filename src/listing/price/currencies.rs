//! Signs, codes and words of currencies, read at the edges of words: `Methyl` holds no ether, `Gift` no forint.

/// What a sign says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sign {
    /// ISO 4217 code, or the ticker of a cryptocurrency.
    pub code: &'static str,
    /// It is the code itself, which no other currency shares.
    pub is_exact: bool,
    pub may_stand_before: bool,
    pub may_stand_after: bool,
}

/// A sign in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    pub start: usize,
    pub end: usize,
    pub sign: Sign,
}

/// Codes that are written in upper case, because some are words in lower case.
const CODES: [&str; 57] = [
    "USD", "EUR", "GBP", "CNY", "JPY", "KRW", "INR", "RUB", "AUD", "CAD", "NZD", "CHF", "SEK", "NOK", "DKK", "ISK",
    "PLN", "CZK", "HUF", "RON", "BGN", "RSD", "TRY", "UAH", "KZT", "GEL", "ILS", "AED", "SAR", "QAR", "KWD", "BHD",
    "OMR", "JOD", "EGP", "MAD", "TND", "ZAR", "NGN", "KES", "GHS", "BRL", "MXN", "ARS", "CLP", "COP", "PEN", "THB",
    "VND", "IDR", "MYR", "SGD", "PHP", "HKD", "TWD", "PKR", "BDT",
];

/// Tickers of cryptocurrencies.
const COINS: [&str; 9] = ["BTC", "XMR", "ETH", "LTC", "BCH", "USDT", "USDC", "DOGE", "TRX"];

/// Codes that nobody takes for a word in lower case.
const PLAIN: [&str; 20] = [
    "usd", "eur", "gbp", "cny", "jpy", "inr", "rub", "aud", "chf", "sek", "nok", "dkk", "pln", "czk", "huf", "btc",
    "xmr", "ltc", "usdt", "uah",
];

/// Where a sign may stand.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    Both,
    Before,
    After,
}

/// Words as they are written; those in lower case in any case.
const WORDS: [(&str, &str, At); 66] = [
    ("ريال", "SAR", At::Both),
    ("درهم", "AED", At::Both),
    ("جنيه", "EGP", At::Both),
    ("دولار", "USD", At::Both),
    ("يورو", "EUR", At::Both),
    ("रुपये", "INR", At::After),
    ("रु", "INR", At::Both),
    ("रुपए", "INR", At::After),
    ("đồng", "VND", At::After),
    ("vnđ", "VND", At::Both),
    ("vnd", "VND", At::Both),
    ("rupiah", "IDR", At::After),
    ("lira", "TRY", At::After),
    ("reais", "BRL", At::After),
    ("złote", "PLN", At::After),
    ("forintów", "HUF", At::After),
    ("שקלים", "ILS", At::After),
    ("euro", "EUR", At::Both),
    ("euros", "EUR", At::Both),
    ("euró", "EUR", At::Both),
    ("eiro", "EUR", At::Both),
    ("евро", "EUR", At::Both),
    ("ευρώ", "EUR", At::Both),
    ("dollar", "USD", At::After),
    ("dollars", "USD", At::After),
    ("dólares", "USD", At::After),
    ("доллар", "USD", At::After),
    ("долларов", "USD", At::After),
    ("bucks", "USD", At::After),
    ("rmb", "CNY", At::Both),
    ("yuan", "CNY", At::Both),
    ("юаней", "CNY", At::After),
    ("yen", "JPY", At::Both),
    ("rs", "INR", At::Both),
    ("rupees", "INR", At::Both),
    ("rur", "RUB", At::Both),
    ("руб", "RUB", At::Both),
    ("рубль", "RUB", At::After),
    ("рубля", "RUB", At::After),
    ("рублей", "RUB", At::After),
    ("р", "RUB", At::After),
    ("грн", "UAH", At::Both),
    ("гривень", "UAH", At::After),
    ("тенге", "KZT", At::After),
    ("тг", "KZT", At::After),
    ("лв", "BGN", At::After),
    ("лева", "BGN", At::After),
    ("kr", "SEK", At::Both),
    ("kronor", "SEK", At::After),
    ("kroner", "NOK", At::After),
    ("zł", "PLN", At::Both),
    ("zl", "PLN", At::After),
    ("złotych", "PLN", At::After),
    ("kč", "CZK", At::Both),
    ("korun", "CZK", At::After),
    ("Ft", "HUF", At::After),
    ("forint", "HUF", At::After),
    ("lei", "RON", At::After),
    ("TL", "TRY", At::Both),
    ("RM", "MYR", At::Before),
    ("Rp", "IDR", At::Before),
    ("Fr", "CHF", At::Both),
    ("SFr", "CHF", At::Both),
    ("dhs", "AED", At::Both),
    ("บาท", "THB", At::After),
    ("bitcoin", "BTC", At::After),
];

/// Abbreviations with points within.
const POINTED: [(&str, &str); 12] = [
    ("ر.س", "SAR"),
    ("د.إ", "AED"),
    ("د.ك", "KWD"),
    ("د.ب", "BHD"),
    ("ر.ع", "OMR"),
    ("ر.ق", "QAR"),
    ("د.أ", "JOD"),
    ("ج.م", "EGP"),
    ("د.م", "MAD"),
    ("د.ت", "TND"),
    ("S/.", "PEN"),
    ("B/.", "PAB"),
];

/// Codes and signs that are words as well: before a number they count only where nothing is counted by it.
const WORDLIKE: [&str; 8] = ["TRY", "GEL", "MAD", "PEN", "COP", "RS", "Fr", "fr"];

/// Letters before a dollar sign.
const DOLLARS: [(&str, &str); 15] = [
    ("us", "USD"),
    ("usd", "USD"),
    ("ca", "CAD"),
    ("c", "CAD"),
    ("cad", "CAD"),
    ("au", "AUD"),
    ("a", "AUD"),
    ("aud", "AUD"),
    ("nz", "NZD"),
    ("hk", "HKD"),
    ("nt", "TWD"),
    ("sg", "SGD"),
    ("s", "SGD"),
    ("mx", "MXN"),
    ("r", "BRL"),
];

/// Signs that need no edge.
const SIGNS: [(char, &str, At); 30] = [
    ('€', "EUR", At::Both),
    ('£', "GBP", At::Both),
    ('$', "USD", At::Both),
    ('＄', "USD", At::Both),
    ('¥', "CNY", At::Both),
    ('￥', "CNY", At::Both),
    ('₹', "INR", At::Both),
    ('₨', "INR", At::Both),
    ('₽', "RUB", At::Both),
    ('₩', "KRW", At::Both),
    ('￦', "KRW", At::Both),
    ('₺', "TRY", At::Both),
    ('₴', "UAH", At::Both),
    ('₸', "KZT", At::Both),
    ('฿', "THB", At::Both),
    ('₫', "VND", At::Both),
    ('₪', "ILS", At::Both),
    ('₱', "PHP", At::Both),
    ('₦', "NGN", At::Both),
    ('₵', "GHS", At::Both),
    ('₾', "GEL", At::Both),
    ('₿', "BTC", At::Both),
    ('﷼', "SAR", At::Both),
    ('元', "CNY", At::After),
    ('圆', "CNY", At::After),
    ('圓', "CNY", At::After),
    ('円', "JPY", At::After),
    ('원', "KRW", At::After),
    ('đ', "VND", At::After),
    ('Đ', "VND", At::After),
];

/// The code of what a page says is its currency.
pub(super) fn named(currency: &str) -> Option<String> {
    let currency = currency.trim();
    if let Some(mark) = all(currency).first() {
        return Some(mark.sign.code.to_owned());
    }
    let upper = currency.to_ascii_uppercase();
    if COINS.contains(&upper.as_str()) || CODES.contains(&upper.as_str()) {
        return Some(upper);
    }
    if let Some((_, code, _)) = SIGNS.iter().find(|(sign, ..)| currency.chars().eq([*sign])) {
        return Some((*code).to_owned());
    }
    // Currencies that are not listed above have a code of three letters too.
    let is_code = (3..=5).contains(&currency.len()) && currency.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_code.then_some(upper)
}

/// Whether a text is a sign of a currency and nothing else.
pub(super) fn is_mark(text: &str) -> bool {
    matches!(all(text).as_slice(), [mark] if mark.start == 0 && mark.end == text.len())
}

/// Whether a mark is a word as well.
pub(super) fn is_wordlike(mark: &str) -> bool {
    WORDLIKE.contains(&mark)
}

/// Whether a mark before a number is a word that goes on with it: `TRY 3 colours`, `Audi RS 6`.
pub(super) fn is_word_before(mark: &str, number: &str, after: &str) -> bool {
    let counts = after.trim_start().starts_with(char::is_alphabetic);
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    is_wordlike(mark) && (counts || digits < 2)
}

/// All signs of a text, in order.
pub(super) fn all(text: &str) -> Vec<Mark> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let begins_word = !text[..at].ends_with(char::is_alphabetic);
        if let Some((letters, code)) =
            POINTED.iter().find(|(letters, _)| begins_word && text[at..].starts_with(letters))
            && !text[at + letters.len()..].starts_with(char::is_alphabetic)
        {
            let end = at + letters.len();
            found.push(Mark { start: at, end, sign: sign(code, At::Both, false) });
            at = end;
            continue;
        }
        if let Some((_, code, place)) = SIGNS.iter().find(|(sign, ..)| *sign == c) {
            let end = at + c.len_utf8();
            // A character that is also part of words counts right after a number.
            let is_letter = c.is_alphabetic();
            let before = text[..at].trim_end().chars().next_back();
            let after_number = before.is_some_and(|c| c.is_ascii_digit() || matches!(c, '万' | '萬'));
            let ends_word = !matches!(c, 'đ' | 'Đ') || !text[end..].starts_with(char::is_alphabetic);
            if !is_letter || (after_number && ends_word) {
                // `CN¥` and `JP¥` say which.
                let country = text[..at].to_ascii_uppercase();
                let code = if matches!(c, '¥' | '￥') && country.ends_with("JP") { "JPY" } else { code };
                found.push(Mark { start: at, end, sign: sign(code, *place, false) });
                at = end;
                continue;
            }
        }
        if !c.is_alphabetic() {
            at += c.len_utf8();
            continue;
        }
        let end = at + text[at..].find(|c: char| !is_of_word(c)).unwrap_or(text.len() - at);
        if end == at {
            at += c.len_utf8();
            continue;
        }
        let mark = word(text, at, end);
        at = mark.map_or(end, |mark| mark.end);
        found.extend(mark);
    }
    found
}

/// Letters of scripts that part words; others stand alone.
fn is_of_word(c: char) -> bool {
    c.is_alphabetic() && !SIGNS.iter().any(|(sign, ..)| *sign == c && !matches!(c, 'đ' | 'Đ'))
}

fn word(text: &str, start: usize, end: usize) -> Option<Mark> {
    let word = &text[start..end];
    if word.len() > 20 {
        return None;
    }
    let lower = word.to_lowercase();
    if text[end..].starts_with('$')
        && let Some((_, code)) = DOLLARS.iter().find(|(letters, _)| *letters == lower)
    {
        return Some(Mark { start, end: end + 1, sign: sign(code, At::Both, true) });
    }
    let code = CODES.iter().chain(&COINS).find(|code| **code == word);
    let plain = || {
        let known = PLAIN.contains(&lower.as_str());
        CODES.iter().chain(&COINS).find(|code| known && code.eq_ignore_ascii_case(word))
    };
    if let Some(code) = code.or_else(plain) {
        return Some(Mark { start, end, sign: sign(code, At::Both, true) });
    }
    let (_, code, place) = WORDS.iter().find(|(name, ..)| *name == word || *name == lower)?;
    // `kr.` and `Rs.` end with a point of their own, unless a number begins there.
    let point = text[end..].starts_with('.') && !text[end + 1..].starts_with(|c: char| c.is_ascii_digit());
    let glued = text[end..].starts_with('.') && text[end + 1..].starts_with(|c: char| c.is_ascii_digit());
    let end = if point || (glued && word.len() == 2) { end + 1 } else { end };
    Some(Mark { start, end, sign: sign(code, *place, false) })
}

fn sign(code: &'static str, place: At, is_exact: bool) -> Sign {
    Sign { code, is_exact, may_stand_before: place != At::After, may_stand_after: place != At::Before }
}
