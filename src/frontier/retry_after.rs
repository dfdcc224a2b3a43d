//! `Retry-After`: how long a host asks us to stay away, in every form that servers write it.

use std::time::Duration;

use crate::vocab::time::Timestamp;

/// A date further ahead counts as this far: the host is asked again then, and can say so again. A mistyped year must not
/// lock us out.
const FARTHEST_DATE: Duration = Duration::from_secs(86_400);

/// A year of two digits that would lie further ahead is one of the century before (RFC 9110 section 5.6.7).
const TWO_DIGIT_YEARS: i64 = 50;

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// Reads `Retry-After`: seconds, with or without a fraction or a unit, or a date in any of the three forms of RFC 9110; of
/// a list the longest. A date in the past asks for nothing. `date` is the answer's own `Date`: the server's clock, by which
/// the header was written; ours, `now`, may be wrong.
pub fn parse(text: &str, date: Option<&str>, now: Timestamp) -> Option<Duration> {
    let clock = date.and_then(|date| moment(date, now)).unwrap_or(now);
    items(text).filter_map(|item| wait(&item, clock, now)).max()
}

fn wait(item: &str, clock: Timestamp, now: Timestamp) -> Option<Duration> {
    seconds(item).or_else(|| Some(moment(item, now)?.since(clock).min(FARTHEST_DATE)))
}

/// The members of a list. A comma after the name of a day belongs to its date.
fn items(text: &str) -> impl Iterator<Item = String> {
    let mut pieces = text.split(',').map(|piece| piece.trim().trim_matches('"'));
    std::iter::from_fn(move || {
        let piece = pieces.next()?;
        let is_day = piece.get(..3).is_some_and(|start| DAYS.iter().any(|day| day.eq_ignore_ascii_case(start)));
        let is_day = is_day && piece.bytes().all(|byte| byte.is_ascii_alphabetic());
        Some(if is_day { format!("{piece} {}", pieces.next().unwrap_or_default()) } else { piece.to_owned() })
    })
}

/// `120`, `120.5`, `120 s`, `2 minutes`; fractions count as a whole second.
fn seconds(item: &str) -> Option<Duration> {
    let item = item.strip_prefix('+').unwrap_or(item);
    let end = item.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(item.len());
    let (number, unit) = item.split_at(end);
    let unit = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "s" | "sec" | "secs" | "second" | "seconds" => 1.0,
        "m" | "min" | "mins" | "minute" | "minutes" => 60.0,
        "h" | "hour" | "hours" => 3600.0,
        _ => return None,
    };
    let asked = (number.parse::<f64>().ok()? * unit).ceil();
    // Too many digits still ask for the longest block.
    Some(Duration::try_from_secs_f64(asked).unwrap_or(Duration::from_secs(u64::MAX)))
}

/// An HTTP date: `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT`, `Sun Nov  6 08:49:37 1994`, each with
/// the slips that servers make; or an RFC 3339 moment.
fn moment(text: &str, now: Timestamp) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(moment) = text.parse() {
        return Some(moment);
    }
    let (mut day, mut month, mut year, mut time, mut offset) = (None, None, None, None, 0);
    for word in text.split(|c: char| c == ',' || c.is_whitespace()).filter(|word| !word.is_empty()) {
        if word.contains(':') {
            time = Some(clock_time(word)?);
        } else if let Some(shift) = zone_minutes(word).filter(|_| time.is_some()) {
            offset = shift;
        } else {
            for part in word.split('-') {
                let number = part.bytes().all(|byte| byte.is_ascii_digit());
                match (number, part.len()) {
                    (true, 1..=2) if day.is_none() => day = Some(part.parse::<i8>().ok()?),
                    (true, 2) => year = Some(whole_year(part.parse().ok()?, now)),
                    // A year that fits no number is as far ahead as can be.
                    (true, 4..) => year = Some(part.parse::<i64>().unwrap_or(i64::MAX)),
                    (false, 3..) if month.is_none() => month = month_number(part),
                    _ => {}
                }
            }
        }
    }
    let ((day, month), year, (hour, minute, second)) = (day.zip(month)?, year?, time?);
    let Some(year) = i16::try_from(year).ok().filter(|year| *year <= 9999) else { return Some(Timestamp::NEVER) };
    let civil = jiff::civil::DateTime::new(year, month, day, hour, minute, second.min(59), 0).ok()?;
    let utc = civil.to_zoned(jiff::tz::TimeZone::UTC);
    // The last day of the year 9999 lies beyond what the calendar holds.
    let utc = utc.map_or(Timestamp::NEVER, |zoned| Timestamp::from(zoned.timestamp()));
    Some(utc.shifted(-offset * 60_000))
}

fn clock_time(word: &str) -> Option<(i8, i8, i8)> {
    let mut parts = word.split(':').map(|part| part.parse::<i8>().ok());
    let (hour, minute) = (parts.next()??, parts.next()??);
    Some((hour, minute, parts.next().flatten().unwrap_or(0)))
}

/// Minutes east of Greenwich; the zones are those of RFC 822.
fn zone_minutes(word: &str) -> Option<i64> {
    let hours = match word.to_ascii_uppercase().as_str() {
        "GMT" | "UTC" | "UT" | "Z" => 0,
        "EDT" => -4,
        "EST" | "CDT" => -5,
        "CST" | "MDT" => -6,
        "MST" | "PDT" => -7,
        "PST" => -8,
        _ => {
            let (sign, digits) = word.split_at_checked(1)?;
            let sign = match sign {
                "+" => 1,
                "-" => -1,
                _ => return None,
            };
            let number: i64 = digits.parse().ok().filter(|_| digits.len() == 4)?;
            return Some(sign * (number / 100 * 60 + number % 100));
        }
    };
    Some(hours * 60)
}

fn month_number(word: &str) -> Option<i8> {
    let start = word.get(..3)?.to_ascii_lowercase();
    MONTHS.iter().position(|month| *month == start).and_then(|at| i8::try_from(at + 1).ok())
}

fn whole_year(two_digits: i64, now: Timestamp) -> i64 {
    let this_year = i64::from(now.date().year());
    let year = this_year - this_year.rem_euclid(100) + two_digits;
    if year > this_year + TWO_DIGIT_YEARS { year - 100 } else { year }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// 2025-11-24T16:00:00Z, a Monday.
    const NOW: Timestamp = Timestamp::from_millis(1_764_000_000_000);

    const DAY: u64 = 86_400;

    #[test]
    fn every_form_that_servers_write() {
        for (text, seconds) in [
            ("0", Some(0)),
            (" 120 ", Some(120)),
            ("120.2", Some(121)),
            ("120.0", Some(120)),
            ("+120", Some(120)),
            ("\"120\"", Some(120)),
            ("120s", Some(120)),
            ("2 minutes", Some(120)),
            ("1 h", Some(3600)),
            ("99999999999999999999999", Some(u64::MAX)),
            // Lists: a proxy adds its own wish to that of the server.
            ("90, 7200", Some(7200)),
            ("7200,90", Some(7200)),
            ("soon, 90", Some(90)),
            ("Mon, 24 Nov 2025 16:02:00 GMT, 60", Some(120)),
            ("60, Mon, 24 Nov 2025 16:02:00 GMT", Some(120)),
            // The three forms of RFC 9110.
            ("Mon, 24 Nov 2025 16:01:00 GMT", Some(60)),
            ("Monday, 24-Nov-25 16:01:00 GMT", Some(60)),
            ("Mon Nov 24 16:01:00 2025", Some(60)),
            ("Tue Nov  4 16:01:00 2025", Some(0)),
            // Slips.
            ("Mon, 24-Nov-2025 16:01:00 GMT", Some(60)),
            ("mon, 24 nov 2025 16:01:00 gmt", Some(60)),
            ("24 Nov 2025 16:01 GMT", Some(60)),
            ("Mon, 24 Nov 2025 16:01:00 UTC", Some(60)),
            ("Mon, 24 Nov 2025 16:01:00", Some(60)),
            ("Mon, 24 Nov 2025 17:01:00 +0100", Some(60)),
            ("Mon, 24 Nov 2025 11:01:00 EST", Some(60)),
            ("Mon, 24 November 2025 16:01:00 GMT", Some(60)),
            ("Mon, 24 Nov 2025 15:59:60 GMT", Some(0)),
            ("2025-11-24T16:01:00Z", Some(60)),
            // The past and the far future.
            ("Mon, 24 Nov 2025 15:00:00 GMT", Some(0)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some(0)),
            ("Wed, 26 Nov 2025 16:00:00 GMT", Some(DAY)),
            ("Fri, 31 Dec 9999 23:59:59 GMT", Some(DAY)),
            ("Thu, 01 Jan 12026 00:00:00 GMT", Some(DAY)),
            ("Fri Dec 31 23:59:59 9999", Some(DAY)),
            // Nothing that can be read.
            ("-5", None),
            ("1e9", None),
            ("inf", None),
            ("soon", None),
            ("", None),
            (",", None),
            ("Mon, 24 Nov 2025", None),
            ("Mon, 40 Nov 2025 16:01:00 GMT", None),
        ] {
            assert_eq!(parse(text, None, NOW).map(|wait| wait.as_secs()), seconds, "{text}");
        }
    }

    #[test]
    fn a_date_counts_by_the_clock_of_the_server_however_wrong_ours_is() {
        let year = 365 * 86_400_000;
        for date in ["Mon, 24 Nov 2025 16:00:30 GMT", "Monday, 24-Nov-25 16:00:30 GMT", "Mon Nov 24 16:00:30 2025"] {
            for now in [NOW, NOW.shifted(-year), NOW.shifted(year)] {
                let until = "Mon, 24 Nov 2025 16:01:00 GMT";
                assert_eq!(parse(until, Some(date), now), Some(Duration::from_secs(30)), "{date}");
            }
        }
    }

    proptest! {
        #[test]
        fn no_header_makes_it_panic(text in "(?s).{0,60}", date in "[A-Za-z0-9:,+ -]{0,40}") {
            let _ = parse(&text, Some(&date), NOW);
            let _ = parse(&date, Some(&text), NOW);
        }
    }
}
