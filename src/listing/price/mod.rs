//! Price strings of the world: `1.234,56 €`, `US$ 1,234.50`, `￥98`, `0.015 BTC`, `2 pairs from $349`.

mod currencies;
mod numbers;

use std::borrow::Cow;

use crate::listing::price::currencies::Mark;
use crate::listing::price::numbers::Number;
use crate::vocab::money::Price;

/// Characters of a text in which a price is looked for.
const LOOKED_AT: usize = 300;

/// White space between an amount and its currency, at most.
const GAP: usize = 3;

/// Reads the price of a text that is known to hold one. `currency` is what the page says beside it, which wins over signs in
/// the text.
pub fn parse(text: &str, currency: Option<&str>) -> Option<Price> {
    let text = looked_at(text);
    let numbers = numbers::all(&text);
    let marks = currencies::all(&text);
    let (number, beside) = match beside_a_mark(&text, &numbers, &marks) {
        Some((number, mark)) => (number, Some(mark.sign)),
        // No currency stands beside a number: the first that counts nothing else is the amount.
        None => (numbers.iter().find(|number| !number.is_counted(&text)).or(numbers.first())?, None),
    };
    let code = currency.and_then(currencies::named).or_else(|| {
        let mut said =
            marks.iter().filter(|mark| !currencies::is_wordlike(text.get(mark.start..mark.end).unwrap_or_default()));
        let sign = beside.or_else(|| said.next().map(|mark| mark.sign))?;
        Some(sign.code.to_owned())
    });
    made(number, code, Point::Guessed)
}

/// Reads a price from a field that schema.org defines: a lone point is the decimal one.
pub fn of_field(amount: &str, currency: Option<&str>) -> Option<Price> {
    let bare = amount.trim();
    if bare.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && bare.bytes().filter(|b| *b == b'.').count() == 1
    {
        let number = numbers::all(bare).into_iter().next()?;
        return made(&number, currency.and_then(currencies::named), Point::Decimal);
    }
    parse(amount, currency)
}

/// The price of a line of text that may speak of anything: an amount with a currency beside it.
pub fn in_line(line: &str) -> Option<Price> {
    if !line.contains(|c: char| c.is_numeric()) {
        return None;
    }
    let text = looked_at(line);
    let marks = currencies::all(&text);
    if marks.is_empty() {
        return None;
    }
    let numbers = numbers::all(&text);
    let (number, mark) = beside_a_mark(&text, &numbers, &marks)?;
    made(number, Some(mark.sign.code.to_owned()), Point::Guessed)
}

/// Codes of Norwegian.
const NORWEGIAN: [&str; 3] = ["nb", "nn", "no"];

/// The currency of a sign that several countries use, in a language of one of them.
pub fn in_language(price: Price, language: Option<&str>) -> Price {
    let primary = language.and_then(|language| language.split(['-', '_']).next()).unwrap_or_default();
    let local = match (price.currency.as_deref(), primary.to_ascii_lowercase().as_str()) {
        (Some("SEK"), language) if NORWEGIAN.contains(&language) => "NOK",
        (Some("SEK"), "da") => "DKK",
        (Some("CNY"), "ja") => "JPY",
        _ => return price,
    };
    // A yen has no hundredths.
    let minor_units = if local == "JPY" { price.minor_units / 100 } else { price.minor_units };
    Price { currency: Some(local.to_owned()), minor_units }
}

fn looked_at(text: &str) -> Cow<'_, str> {
    let text = &text[..text.char_indices().nth(LOOKED_AT).map_or(text.len(), |(at, _)| at)];
    numbers::western(text)
}

/// The first number with a currency beside it, unless it is a price of before; and the mark that says most.
fn beside_a_mark<'n, 'm>(text: &str, numbers: &'n [Number], marks: &'m [Mark]) -> Option<(&'n Number, &'m Mark)> {
    let mut of_before = None;
    for number in numbers.iter().filter(|number| !number.is_of_a_clock(text)) {
        let beside = |mark: &&Mark| is_beside(text, number, mark, numbers);
        let Some(mark) = marks.iter().filter(beside).min_by_key(|mark| (!mark.sign.is_exact, mark.start)) else {
            continue;
        };
        if !number.is_of_before(text) {
            return Some((number, mark));
        }
        of_before.get_or_insert((number, mark));
    }
    of_before
}

fn is_beside(text: &str, number: &Number, mark: &Mark, numbers: &[Number]) -> bool {
    let blank = |from: usize, to: usize| {
        text.get(from..to).is_some_and(|gap| gap.chars().count() <= GAP && gap.chars().all(is_gap))
    };
    if number.start <= mark.start && mark.end <= number.end {
        return true;
    }
    if mark.end <= number.start {
        let is_word = currencies::is_word_before(
            text.get(mark.start..mark.end).unwrap_or_default(),
            text.get(number.start..number.end).unwrap_or_default(),
            text.get(number.end..).unwrap_or_default(),
        );
        return mark.sign.may_stand_before && blank(mark.end, number.start) && !is_word;
    }
    if mark.start < number.end || !mark.sign.may_stand_after {
        return false;
    }
    // `12 $ 40`: a sign that touches the next number is that one's.
    let of_next = mark.sign.may_stand_before && numbers.iter().any(|next| next.start == mark.end);
    if blank(number.end, mark.start) {
        return !of_next || mark.start == number.end;
    }
    // `250 kr. DKK`: another mark may stand between.
    let between = text.get(number.end..mark.start).unwrap_or_default();
    mark.sign.is_exact && between.chars().count() <= 8 && currencies::is_mark(between.trim_matches(is_gap))
}

fn is_gap(c: char) -> bool {
    c.is_whitespace() || matches!(c, ':' | '.' | '-' | '–' | ',' | '=' | '~' | '\u{200e}' | '\u{200f}')
}

/// What a point is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Point {
    Decimal,
    Guessed,
}

fn made(number: &Number, currency: Option<String>, point: Point) -> Option<Price> {
    let exponent = Price::exponent(currency.as_deref());
    let decimal = match point {
        Point::Decimal => number.with_point(),
        Point::Guessed => number.decimal(exponent),
    };
    Some(Price { minor_units: to_minor(&decimal, number.times, exponent)?, currency })
}

fn to_minor(number: &str, times: i64, exponent: u32) -> Option<i64> {
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let scale = 10_i128.checked_pow(exponent)?;
    let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    // Eighteen decimals are more than any price has.
    let part: String = part.chars().take(18).collect();
    let unit = 10_i128.checked_pow(u32::try_from(part.len()).ok()?)?;
    let part: i128 = if part.is_empty() { 0 } else { part.parse().ok()? };
    let all = whole.checked_mul(unit)?.checked_add(part)?.checked_mul(scale)?.checked_mul(i128::from(times))?;
    i64::try_from((all + unit / 2) / unit).ok()
}

#[cfg(test)]
mod tests;
