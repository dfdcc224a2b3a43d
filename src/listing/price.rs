//! Price strings of the world: `1.234,56 €`, `US$ 1,234.50`, `￥98`, `0.015 BTC`.

use crate::vocab::money::Price;

/// Signs and words of currencies. Longer ones first, so that `US$` is not read as `$`.
const CURRENCIES: [(&str, &str); 56] = [
    ("us$", "USD"),
    ("ca$", "CAD"),
    ("au$", "AUD"),
    ("nz$", "NZD"),
    ("hk$", "HKD"),
    ("nt$", "TWD"),
    ("mx$", "MXN"),
    ("r$", "BRL"),
    ("s$", "SGD"),
    ("c$", "CAD"),
    ("a$", "AUD"),
    ("usdt", "USDT"),
    ("usd", "USD"),
    ("eur", "EUR"),
    ("gbp", "GBP"),
    ("cny", "CNY"),
    ("rmb", "CNY"),
    ("jpy", "JPY"),
    ("inr", "INR"),
    ("rub", "RUB"),
    ("btc", "BTC"),
    ("xmr", "XMR"),
    ("eth", "ETH"),
    ("ltc", "LTC"),
    ("aud", "AUD"),
    ("cad", "CAD"),
    ("chf", "CHF"),
    ("sek", "SEK"),
    ("nok", "NOK"),
    ("dkk", "DKK"),
    ("pln", "PLN"),
    ("zł", "PLN"),
    ("czk", "CZK"),
    ("kč", "CZK"),
    ("huf", "HUF"),
    ("ft", "HUF"),
    ("try", "TRY"),
    ("руб", "RUB"),
    ("грн", "UAH"),
    ("uah", "UAH"),
    ("元", "CNY"),
    ("円", "JPY"),
    ("원", "KRW"),
    ("rs.", "INR"),
    ("kr", "SEK"),
    ("€", "EUR"),
    ("£", "GBP"),
    ("¥", "CNY"),
    ("￥", "CNY"),
    ("₹", "INR"),
    ("₽", "RUB"),
    ("₩", "KRW"),
    ("₺", "TRY"),
    ("₴", "UAH"),
    ("฿", "THB"),
    ("$", "USD"),
];

/// Reads the first amount of `text`. `currency` is what the page says beside it, which wins over signs in the text.
pub fn parse(text: &str, currency: Option<&str>) -> Option<Price> {
    let (number, around) = amount(text)?;
    let currency = currency
        .map(str::trim)
        .filter(|code| !code.is_empty())
        .map(|code| named(code).map_or_else(|| code.to_ascii_uppercase(), str::to_owned))
        .or_else(|| named(&around).map(str::to_owned));
    let minor_units = to_minor(&number, Price::exponent(currency.as_deref()))?;
    Some(Price { minor_units, currency })
}

fn named(text: &str) -> Option<&'static str> {
    let lower = text.to_lowercase();
    CURRENCIES.iter().find(|(sign, _)| lower.contains(sign)).map(|(_, code)| *code)
}

/// The first number, as digits with at most one decimal point, and the text around it.
fn amount(text: &str) -> Option<(String, String)> {
    let text: String = text.chars().take(200).collect();
    let start = text.find(|c: char| c.is_ascii_digit())?;
    // A point right before the first digit is a decimal point: `.99`.
    let start =
        if start > 0 && text[..start].ends_with(['.', ',']) && !text[..start - 1].ends_with(char::is_alphanumeric) {
            start - 1
        } else {
            start
        };
    let mut end = start;
    let mut chars = text[start..].char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next_is_digit = chars.peek().is_some_and(|(_, next)| next.is_ascii_digit());
        let grouping = matches!(c, '.' | ',' | '\'' | '’' | ' ' | '\u{a0}' | '\u{202f}') && next_is_digit;
        // A space groups thousands only: three digits follow, and no fourth.
        let space_groups = !c.is_whitespace() || {
            let rest: Vec<char> = text[start + at + c.len_utf8()..].chars().take(4).collect();
            rest.len() >= 3
                && rest[..3].iter().all(char::is_ascii_digit)
                && rest.get(3).is_none_or(|c| !c.is_ascii_digit())
        };
        if c.is_ascii_digit() || (grouping && space_groups) {
            end = start + at + c.len_utf8();
        } else {
            break;
        }
    }
    let raw = &text[start..end];
    let around = format!("{} {}", &text[..start], &text[end..]);
    Some((decimal(raw), around))
}

/// Which of the separators is the decimal one, and the number without the others.
fn decimal(raw: &str) -> String {
    let last_point = raw.rfind('.');
    let last_comma = raw.rfind(',');
    let point = match (last_point, last_comma) {
        (Some(point), Some(comma)) => Some(point.max(comma)),
        (Some(only), None) | (None, Some(only)) => {
            let separator = if last_point.is_some() { '.' } else { ',' };
            let after = raw.len() - only - 1;
            let many = raw.matches(separator).count() > 1;
            // One separator before exactly three digits groups thousands, unless a zero stands before it.
            let groups = after == 3 && !raw.starts_with('0') && only > 0;
            (!many && !groups).then_some(only)
        }
        (None, None) => None,
    };
    let mut out = String::new();
    for (at, c) in raw.char_indices() {
        if c.is_ascii_digit() {
            out.push(c);
        } else if Some(at) == point {
            out.push('.');
        }
    }
    out
}

fn to_minor(number: &str, exponent: u32) -> Option<i64> {
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let scale = 10_i64.checked_pow(exponent)?;
    let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let digits = exponent as usize;
    let padded: String = part.chars().chain(std::iter::repeat('0')).take(digits).collect();
    let part: i64 = if padded.is_empty() { 0 } else { padded.parse().ok()? };
    whole.checked_mul(scale)?.checked_add(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_of_the_world() {
        for (text, hint, expected, currency) in [
            ("12.50 EUR", None, "12.50", Some("EUR")),
            ("1.234,56 €", None, "1234.56", Some("EUR")),
            ("US$ 1,234.50 / kg", None, "1234.50", Some("USD")),
            ("1 234,5 руб.", None, "1234.50", Some("RUB")),
            ("￥98", None, "98.00", Some("CNY")),
            ("1,500", Some("usd"), "1500.00", Some("USD")),
            ("0.015 BTC", None, "0.01500000", Some("BTC")),
            ("CHF 1'299.00", None, "1299.00", Some("CHF")),
            ("from £5 to £9", None, "5.00", Some("GBP")),
            ("19,99", None, "19.99", None),
            (".99", None, "0.99", None),
            ("2500円", None, "2500.00", Some("JPY")),
        ] {
            let price = parse(text, hint).unwrap_or_else(|| panic!("{text}"));
            let shown = if currency == Some("JPY") { format!("{price}.00") } else { price.to_string() };
            assert_eq!((shown.as_str(), price.currency.as_deref()), (expected, currency), "{text}");
        }
        for text in ["", "call us", "99999999999999999999999"] {
            assert_eq!(parse(text, None), None, "{text}");
        }
    }
}
