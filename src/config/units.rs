//! Durations, rates and sizes as people write them: `90s`, `7d`, `60/min`, `10MiB`.

use std::time::Duration;

use crate::vocab::platform::Rate;
use crate::vocab::time::Timestamp;

/// Longest duration a file may name: a century. Keeps later arithmetic far from its limits.
const LONGEST: Duration = Duration::from_secs(36_525 * 86_400);

/// Text that is not a duration, rate or size.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnitError {
    /// Not a duration.
    #[error("`{0}` is not a duration such as `90s`, `15m`, `24h` or `7d`")]
    Duration(String),
    /// Neither a date nor a duration.
    #[error("`{0}` is neither a date such as `2026-01-31` nor a duration such as `7d`")]
    Since(String),
    /// Not a rate.
    #[error("`{0}` is not a rate such as `60/min`, `2/s` or `unlimited`")]
    Rate(String),
    /// A rate of nothing.
    #[error("a rate of 0 would never fetch anything")]
    ZeroRate,
    /// Not a size.
    #[error("`{0}` is not a size such as `512KiB`, `10MiB` or `1GiB`")]
    Size(String),
}

/// Parses the beginning of a span of time: a date (its first moment in UTC), or how long before `now`.
///
/// # Errors
/// When the text is neither.
pub fn since(text: &str, now: Timestamp) -> Result<Timestamp, UnitError> {
    if let Ok(length) = duration(text) {
        return Ok(now.before(length));
    }
    let fail = || UnitError::Since(shown(text));
    let text = text.trim();
    // The library also reads forms that nobody writes here, such as a date with a time.
    let is_date = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    let day: jiff::civil::Date = text.parse().ok().filter(|_| is_date).ok_or_else(fail)?;
    let first = day.to_zoned(jiff::tz::TimeZone::UTC).map_err(|_| fail())?;
    Ok(Timestamp::from(first.timestamp()))
}

/// Parses a duration: whole numbers with `ms`, `s`, `m`, `h`, `d` or `w`, largest unit first (`1h30m`).
///
/// # Errors
/// When the text is anything else, or longer than a century.
pub fn duration(text: &str) -> Result<Duration, UnitError> {
    let fail = || UnitError::Duration(shown(text));
    let mut rest = text.trim();
    let mut total = Duration::ZERO;
    let mut last_unit = u64::MAX;
    if rest.is_empty() {
        return Err(fail());
    }
    while !rest.is_empty() {
        let (number, after) = number(rest).ok_or_else(fail)?;
        let unit_end = after.bytes().position(|b| !b.is_ascii_alphabetic()).unwrap_or(after.len());
        let unit_ms: u64 = match &after[..unit_end] {
            "ms" => 1,
            "s" => 1_000,
            "m" | "min" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            "w" => 7 * 86_400_000,
            _ => return Err(fail()),
        };
        if unit_ms >= last_unit {
            return Err(fail());
        }
        last_unit = unit_ms;
        let part = number.checked_mul(unit_ms).map(Duration::from_millis).ok_or_else(fail)?;
        total = total.checked_add(part).filter(|sum| *sum <= LONGEST).ok_or_else(fail)?;
        rest = &after[unit_end..];
    }
    Ok(total)
}

/// Prints a duration the way [`duration`] reads it, in its largest whole units.
pub fn show_duration(duration: Duration) -> String {
    let mut left = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let mut text = String::new();
    for (unit, unit_ms) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)] {
        if left >= unit_ms {
            text.push_str(&format!("{}{unit}", left / unit_ms));
            left %= unit_ms;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

/// Parses a rate: `count/unit` with `s`, `min`, `h` or `d`, or `unlimited`.
///
/// # Errors
/// When the text is anything else, or the count is 0.
pub fn rate(text: &str) -> Result<Rate, UnitError> {
    let fail = || UnitError::Rate(shown(text));
    let trimmed = text.trim();
    if trimmed == "unlimited" {
        return Ok(Rate::Unlimited);
    }
    let (count, unit) = trimmed.split_once('/').ok_or_else(fail)?;
    let (count, nothing) = number(count.trim()).ok_or_else(fail)?;
    let period = match unit.trim() {
        "s" | "sec" | "second" => 1,
        "m" | "min" | "minute" => 60,
        "h" | "hour" => 3_600,
        "d" | "day" => 86_400,
        _ => return Err(fail()),
    };
    if !nothing.is_empty() {
        return Err(fail());
    }
    let count = u32::try_from(count).map_err(|_| fail())?;
    if count == 0 {
        return Err(UnitError::ZeroRate);
    }
    // Rounded up, so that a period never gives more than was agreed.
    let nanos = (period * 1_000_000_000_u64).div_ceil(u64::from(count));
    Ok(Rate::Every(Duration::from_nanos(nanos)))
}

/// Parses a size in bytes: a whole number with `B`, `KiB`, `MiB`, `GiB`, `TiB`, or `kB`, `MB`, `GB`, `TB`.
///
/// # Errors
/// When the text is anything else, or does not fit in 64 bits.
pub fn size(text: &str) -> Result<u64, UnitError> {
    let fail = || UnitError::Size(shown(text));
    let (number, unit) = number(text.trim()).ok_or_else(fail)?;
    let unit_bytes: u64 = match unit.trim_start() {
        "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1 << 40,
        "kB" | "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "TB" => 1_000_000_000_000,
        _ => return Err(fail()),
    };
    number.checked_mul(unit_bytes).ok_or_else(fail)
}

/// The digits at the start of `text` as a number, and what follows.
fn number(text: &str) -> Option<(u64, &str)> {
    let end = text.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(text.len());
    Some((text[..end].parse().ok()?, &text[end..]))
}

fn shown(text: &str) -> String {
    text.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn durations() {
        for (text, seconds) in [
            ("90s", 90),
            ("15m", 900),
            ("24h", 86_400),
            ("7d", 604_800),
            ("1h30m", 5_400),
            ("2w", 1_209_600),
            ("0s", 0),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        for bad in
            ["", "7", "d", "7 d", "-1s", "1.5h", "30m1h", "1h1h", "99999999999999999999s", "40000d", "7days", "٧d"]
        {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_span_begins_at_a_date_or_so_long_ago() {
        let now: Timestamp = "2026-11-24T08:30:00Z".parse().unwrap();
        let at = |text: &str| since(text, now).map(|at| at.to_string());
        assert_eq!(at("2026-11-01"), Ok("2026-11-01T00:00:00.000Z".to_owned()));
        assert_eq!(at("1h30m"), Ok("2026-11-24T07:00:00.000Z".to_owned()));
        for bad in ["", "yesterday", "2026-13-01", "2026-02-30", "20261124", "2026-11-24T08:30", "-7d", "7"] {
            assert_eq!(since(bad, now), Err(UnitError::Since(bad.to_owned())), "{bad}");
        }
    }

    #[test]
    fn rates() {
        assert_eq!(rate("60/min"), Ok(Rate::Every(Duration::from_secs(1))));
        assert_eq!(rate("2/s"), Ok(Rate::Every(Duration::from_millis(500))));
        assert_eq!(rate("30 / h"), Ok(Rate::Every(Duration::from_secs(120))));
        assert_eq!(rate("3/s"), Ok(Rate::Every(Duration::from_nanos(333_333_334))));
        assert_eq!(rate("unlimited"), Ok(Rate::Unlimited));
        assert_eq!(rate("0/min"), Err(UnitError::ZeroRate));
        for bad in ["", "60", "60/", "/min", "60/fortnight", "-1/s", "1.5/s", "99999999999/s"] {
            assert!(matches!(rate(bad), Err(UnitError::Rate(_))), "{bad}");
        }
    }

    #[test]
    fn sizes() {
        for (text, bytes) in
            [("512B", 512), ("64KiB", 65_536), ("10MiB", 10_485_760), ("1 GiB", 1 << 30), ("5MB", 5_000_000)]
        {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for bad in ["", "10", "MiB", "10mib", "1.5GiB", "-1B", "99999999999999TiB"] {
            assert!(size(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn durations_print_and_parse_back(millis in 0_u64..3_000_000_000_000) {
            let value = Duration::from_millis(millis);
            prop_assert_eq!(duration(&show_duration(value)), Ok(value));
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,24}") {
            let _ = (duration(&text), rate(&text), size(&text));
        }
    }
}
