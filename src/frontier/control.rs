//! The control file by which a platform slows, pauses or stops us without talking to us: `/.well-known/listingwatch.txt`.
//!
//! Lines of `Name: value`, `#` begins a comment. It can only ask for less than agreement and robots.txt allow, because
//! what it asks for is one more candidate wherever the strictest wins. What cannot be read is left out and said in the
//! coverage statement; a `Stop` that is not a clear no is a stop.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::vocab::terms::Reason;
use crate::vocab::time::Timestamp;

/// Where a host serves it.
pub const CONTROL_PATH: &str = "/.well-known/listingwatch.txt";

/// Bytes of it that are read.
pub const CONTROL_LIMIT_BYTES: usize = 16 << 10;

/// How often it is asked for: soon enough to be of use, seldom enough to cost nothing.
const CHECK_EVERY: Duration = Duration::from_secs(3600);

/// How often while it says stop or pause. Nothing else is asked for meanwhile.
const CHECK_AWAY: Duration = Duration::from_secs(6 * 3600);

/// At most one request in this many is for the control file, however slow the pace.
const SHARE: u32 = 50;

/// The longest time between two looks at it.
const LONGEST_INTERVAL: Duration = Duration::from_secs(86_400);

/// How soon it is asked for again when it could not be had.
const CHECK_AGAIN: Duration = Duration::from_secs(30 * 60);

/// The longest delay it can ask for; who wants us slower than that wants a pause.
const LONGEST_DELAY_SECONDS: f64 = 86_400.0;

/// Lines and windows read at most, and complaints kept.
const LINES_LIMIT: usize = 200;
const HOURS_LIMIT: usize = 24;
const NOTES_LIMIT: usize = 5;

const DAY_MINUTES: u16 = 24 * 60;

/// What a host's control file asks for. The default asks for nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Control {
    /// At least this long between two requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay: Option<Duration>,
    /// No request but for this file.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stop: bool,
    /// No request before this moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pause_until: Option<Timestamp>,
    /// Requests within these windows only; none means any time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hours: Vec<Hours>,
    /// Lines that could not be read, in words for the coverage statement.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// When it must be asked for again.
    pub check_at: Option<Timestamp>,
}

/// A window of the day in UTC minutes; it may go over midnight, and from equal to to is the whole day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hours {
    from: u16,
    to: u16,
}

/// Why a host may not be asked now, by its control file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// `Stop`.
    Stop,
    /// `Pause-until`.
    Pause,
    /// Outside `Hours`.
    Hours,
}

impl Hold {
    /// Name of the reason in the coverage statement.
    pub fn reason(self) -> Reason {
        match self {
            Hold::Stop => Reason::ControlStop,
            Hold::Pause => Reason::ControlPause,
            Hold::Hours => Reason::ControlHours,
        }
    }
}

impl Control {
    /// Reads a file that was served. A web page served in its place (many sites answer every path with one) asks for
    /// nothing.
    pub fn parse(body: &[u8], now: Timestamp) -> Self {
        let mut control = Control::default();
        let text = String::from_utf8_lossy(&body[..body.len().min(CONTROL_LIMIT_BYTES)]);
        let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
        if !text.starts_with('<') {
            let mut understood = false;
            for line in text.lines().take(LINES_LIMIT) {
                let line = line.split('#').next().unwrap_or_default().trim();
                if !line.is_empty() {
                    match control.line(line) {
                        Ok(()) => understood = true,
                        Err(wrong) => control.note(wrong.to_string()),
                    }
                }
            }
            if body.len() > CONTROL_LIMIT_BYTES {
                control.note(format!("only its first {CONTROL_LIMIT_BYTES} bytes are read"));
            }
            if !understood && control.notes.len() >= NOTES_LIMIT {
                control.notes = vec!["no line of it could be read".to_owned()];
            }
        }
        control.check_at = Some(now.after(control.interval(now)));
        control
    }

    /// After a host answered that it has none.
    pub fn absent(now: Timestamp) -> Self {
        Control { check_at: Some(now.after(CHECK_EVERY)), ..Control::default() }
    }

    /// After the file could not be had: what was asked for last still counts.
    #[must_use]
    pub fn unreachable(&self, now: Timestamp) -> Self {
        Control { check_at: Some(now.after(CHECK_AGAIN)), ..self.clone() }
    }

    /// The same, asked for no more often than the pace allows.
    #[must_use]
    pub fn at_pace(mut self, delay: Duration, now: Timestamp) -> Self {
        let share = delay.saturating_mul(SHARE).min(LONGEST_INTERVAL);
        self.check_at = self.check_at.map(|at| at.max(now.after(share)));
        self
    }

    /// Whether the file must be asked for. Outside the hours it names nothing is, not even the file.
    pub fn is_due(&self, now: Timestamp) -> bool {
        let outside = matches!(self.hold(now), Some((Hold::Hours, _)));
        !outside && self.check_at.is_none_or(|at| at <= now)
    }

    /// Brings a next look that lies beyond the longest interval, noted by a clock that was ahead, within it.
    pub fn look_in_time(&mut self, now: Timestamp) {
        self.check_at = self.check_at.map(|at| at.min(now.after(LONGEST_INTERVAL)));
    }

    /// Why no request may be made at `now`, and the moment to ask again: the end of the hold, or the next look at the file.
    pub fn hold(&self, now: Timestamp) -> Option<(Hold, Timestamp)> {
        let look = self.check_at.unwrap_or(now).max(now.after(Duration::from_secs(1)));
        if self.stop {
            return Some((Hold::Stop, look));
        }
        if let Some(until) = self.pause_until.filter(|until| *until > now) {
            return Some((Hold::Pause, until.min(look)));
        }
        let opens = self.hours.iter().map(|window| window.opens(now)).min()?;
        (opens > now).then_some((Hold::Hours, opens))
    }

    /// What it asks for, in words; `None` when it asks for nothing.
    pub fn in_words(&self) -> Option<String> {
        let mut said = Vec::new();
        if self.stop {
            said.push("stop".to_owned());
        }
        if let Some(until) = self.pause_until {
            said.push(format!("no request before {until}"));
        }
        if let Some(delay) = self.delay {
            said.push(format!("at least {} s between requests", delay.as_secs_f64()));
        }
        if !self.hours.is_empty() {
            let windows: Vec<String> = self.hours.iter().map(Hours::to_string).collect();
            said.push(format!("requests within {} UTC only", windows.join(", ")));
        }
        (!said.is_empty()).then(|| said.join("; "))
    }

    fn interval(&self, now: Timestamp) -> Duration {
        if self.stop || self.pause_until.is_some_and(|until| until > now) { CHECK_AWAY } else { CHECK_EVERY }
    }

    fn note(&mut self, words: String) {
        if self.notes.len() < NOTES_LIMIT {
            self.notes.push(words);
        }
    }

    fn line(&mut self, line: &str) -> Result<(), Misread> {
        let shown = || line.chars().filter(|c| !c.is_control()).take(80).collect();
        let (name, value) = line.split_once(':').ok_or_else(|| Misread::NoValue { line: shown() })?;
        let value = value.trim();
        match name.trim().to_ascii_lowercase().as_str() {
            "rate" => {
                let delay = rate(value).ok_or_else(|| Misread::Rate { line: shown() })?;
                self.delay = self.delay.max(Some(delay));
            }
            "delay" => {
                let delay = seconds(value).ok_or_else(|| Misread::Delay { line: shown() })?;
                self.delay = self.delay.max(Some(delay));
            }
            "stop" => {
                let no = ["no", "false", "off", "0"].iter().any(|word| value.eq_ignore_ascii_case(word));
                self.stop |= !no;
            }
            "pause-until" => {
                let until = moment(value).ok_or_else(|| Misread::Time { line: shown() })?;
                self.pause_until = self.pause_until.max(Some(until));
            }
            "hours" => {
                let window = Hours::parse(value).ok_or_else(|| Misread::Hours { line: shown() })?;
                if self.hours.len() < HOURS_LIMIT {
                    self.hours.push(window);
                }
            }
            // For people.
            "contact" | "reason" => {}
            _ => return Err(Misread::Name { line: shown() }),
        }
        Ok(())
    }
}

/// A line that asks for nothing we understand.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum Misread {
    #[error("`{line}` is not `Name: value`")]
    NoValue { line: String },
    #[error("`{line}`: write a rate as `10/min`")]
    Rate { line: String },
    #[error("`{line}`: write a delay in seconds, as `5`")]
    Delay { line: String },
    #[error("`{line}`: write a time as `2026-01-31` or `2026-01-31T08:00:00Z`")]
    Time { line: String },
    #[error("`{line}`: write hours as `22:00-06:00` (UTC) or `22:00-06:00 +01:00`")]
    Hours { line: String },
    #[error("`{line}`: no such name; known are Rate, Delay, Stop, Pause-until, Hours")]
    Name { line: String },
}

impl Hours {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split_whitespace();
        let (from, to) = parts.next()?.split_once('-')?;
        let shift = match parts.next() {
            None => 0,
            Some("UTC" | "utc" | "Z" | "z") => 0,
            Some(offset) => {
                let (sign, clock) = match offset.split_at_checked(1)? {
                    ("+", clock) => (1, clock),
                    ("-", clock) => (-1, clock),
                    _ => return None,
                };
                sign * i32::from(minute(clock).filter(|minute| *minute <= 14 * 60)?)
            }
        };
        if parts.next().is_some() {
            return None;
        }
        let utc = |local: u16| {
            let minute = (i32::from(local) - shift).rem_euclid(i32::from(DAY_MINUTES));
            u16::try_from(minute).unwrap_or(0)
        };
        let (from, to) = (minute(from)?, minute(to)?);
        Some(Hours { from: utc(from), to: utc(to % DAY_MINUTES) })
    }

    /// The first moment from `now` on that lies in the window.
    fn opens(self, now: Timestamp) -> Timestamp {
        const DAY_MILLIS: i64 = 86_400_000;
        let of_day = now.as_millis().rem_euclid(DAY_MILLIS);
        let (from, to) = (i64::from(self.from) * 60_000, i64::from(self.to) * 60_000);
        let inside = match from.cmp(&to) {
            std::cmp::Ordering::Less => (from..to).contains(&of_day),
            std::cmp::Ordering::Equal => true,
            std::cmp::Ordering::Greater => of_day >= from || of_day < to,
        };
        if inside { now } else { Timestamp::from_millis(now.as_millis() + (from - of_day).rem_euclid(DAY_MILLIS)) }
    }
}

impl std::fmt::Display for Hours {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
        write!(f, "{}-{}", clock(self.from), clock(self.to))
    }
}

/// `HH:MM`, up to 24:00, in minutes.
fn minute(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let digits = |text: &str| text.len() <= 2 && !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(hours) || !digits(minutes) {
        return None;
    }
    let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
    let minute = hours * 60 + minutes;
    (minutes < 60 && minute <= DAY_MINUTES).then_some(minute)
}

/// `10/min` as the time between two requests.
fn rate(text: &str) -> Option<Duration> {
    let (count, unit) = text.split_once('/')?;
    let count: f64 = count.trim().parse().ok()?;
    let unit = match unit.trim().to_ascii_lowercase().as_str() {
        "s" | "sec" | "second" => 1.0,
        "min" | "m" | "minute" => 60.0,
        "h" | "hour" => 3600.0,
        "d" | "day" => 86_400.0,
        _ => return None,
    };
    (count.is_finite() && count > 0.0).then(|| (unit / count).min(LONGEST_DELAY_SECONDS)).and_then(|delay| {
        // A rate beyond any we would keep asks for nothing, in the form of a delay of nothing.
        Duration::try_from_secs_f64(delay).ok()
    })
}

fn seconds(text: &str) -> Option<Duration> {
    let text = text.strip_suffix('s').unwrap_or(text).trim();
    let seconds: f64 = text.parse().ok()?;
    if seconds.is_nan() || seconds < 0.0 {
        return None;
    }
    Duration::try_from_secs_f64(seconds.min(LONGEST_DELAY_SECONDS)).ok()
}

/// A moment, or the start of a day in UTC.
fn moment(text: &str) -> Option<Timestamp> {
    text.parse().ok().or_else(|| (text.len() == 10).then(|| format!("{text}T00:00:00Z").parse().ok()).flatten())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn read(text: &str) -> Control {
        Control::parse(text.as_bytes(), at("2026-03-01T12:00:00Z"))
    }

    #[test]
    fn each_line_asks_for_less_and_the_strictest_wins() {
        let control = read("# for the crawler\nRate: 10/min\nDELAY: 2\nContact: ops@shop.example.test\n");
        assert_eq!((control.delay, control.notes.len()), (Some(Duration::from_secs(6)), 0));
        for (line, delay) in [
            ("Rate: 1/s", 1.0),
            ("rate: 30 / hour", 120.0),
            ("Rate: 1/d", 86_400.0),
            ("Rate: 0.1/d", 86_400.0),
            ("Delay: 0.5", 0.5),
            ("Delay: 1e300", 86_400.0),
            ("Delay: 5s # seconds", 5.0),
        ] {
            assert_eq!(read(line).delay.map(|d| d.as_secs_f64()), Some(delay), "{line}");
        }
    }

    #[test]
    fn what_cannot_be_read_asks_for_nothing_and_is_said() {
        for line in [
            "Rate: fast",
            "Rate: 0/min",
            "Rate: -1/min",
            "Rate: inf/min",
            "Delay: -1",
            "Delay: NaN",
            "Pause-until: soon",
            "Hours: 25:00-26:00",
            "Hours: 8-9",
            "Hours: 08:00-09:00 CET",
            "Hours: 08:00-09:60",
            "Speed: 3",
            "hello",
        ] {
            let control = read(line);
            assert_eq!((control.in_words(), control.notes.len()), (None, 1), "{line}: {control:?}");
        }
        let many = read(&"nonsense\n".repeat(50));
        assert_eq!(many.notes, ["no line of it could be read"]);
        let long = read(&format!("Stop: yes\n{}", "#\n".repeat(CONTROL_LIMIT_BYTES)));
        assert!(long.stop && long.notes[0].contains("first"), "{long:?}");
    }

    #[test]
    fn a_page_in_its_place_asks_for_nothing_and_is_no_complaint() {
        for page in ["<!doctype html><title>Shop</title>", "\n\u{feff}<html>Stop: yes", ""] {
            let control = read(page);
            assert_eq!((control.in_words(), control.notes.len(), control.stop), (None, 0, false), "{page}");
        }
    }

    #[test]
    fn in_doubt_a_stop_is_a_stop() {
        for (value, stop) in
            [("yes", true), ("", true), ("please", true), ("no", false), ("False", false), ("0", false)]
        {
            assert_eq!(read(&format!("Stop: {value}")).stop, stop, "{value}");
        }
        let now = at("2026-03-01T12:00:00Z");
        let control = read("Stop: yes");
        assert_eq!(control.hold(now), Some((Hold::Stop, now.after(6 * HOUR))));
        assert!(!control.is_due(now.after(5 * HOUR)) && control.is_due(now.after(6 * HOUR)));
        assert!(control.hold(now.after(100 * HOUR)).is_some(), "a stop does not run out by itself");
    }

    #[test]
    fn a_pause_ends_when_it_says_and_is_looked_at_before() {
        let now = at("2026-03-01T12:00:00Z");
        let control = read("Pause-until: 2026-03-01T14:00:00Z");
        assert_eq!(control.hold(now), Some((Hold::Pause, at("2026-03-01T14:00:00Z"))));
        assert_eq!(control.hold(at("2026-03-01T14:00:00Z")), None);
        let long = read("Pause-until: 2026-04-01\nPause-until: 2026-03-15");
        assert_eq!(long.pause_until, Some(at("2026-04-01T00:00:00Z")), "the later one");
        assert_eq!(long.hold(now), Some((Hold::Pause, now.after(6 * HOUR))));
    }

    #[test]
    fn hours_of_the_day_in_utc_and_with_an_offset() {
        for (line, now, opens) in [
            ("22:00-06:00", "2026-03-01T12:00:00Z", Some("2026-03-01T22:00:00Z")),
            ("22:00-06:00", "2026-03-01T23:00:00Z", None),
            ("22:00-06:00", "2026-03-01T05:59:59Z", None),
            ("22:00-06:00", "2026-03-01T06:00:00Z", Some("2026-03-01T22:00:00Z")),
            ("22:00-06:00 +01:00", "2026-03-01T21:00:00Z", None),
            ("22:00-06:00 +01:00", "2026-03-01T05:00:00Z", Some("2026-03-01T21:00:00Z")),
            ("01:00-05:00 -05:30", "2026-03-01T06:29:00Z", Some("2026-03-01T06:30:00Z")),
            ("09:00-24:00 UTC", "2026-03-01T08:00:00Z", Some("2026-03-01T09:00:00Z")),
            ("09:00-24:00", "2026-03-01T23:59:59Z", None),
            ("00:00-24:00", "2026-03-01T03:00:00Z", None),
        ] {
            let control = read(&format!("Hours: {line}"));
            assert_eq!(control.hold(at(now)), opens.map(|opens| (Hold::Hours, at(opens))), "{line} at {now}");
        }
        let two = read("Hours: 02:00-03:00\nHours: 13:00-14:00");
        assert_eq!(two.hold(at("2026-03-01T12:00:00Z")), Some((Hold::Hours, at("2026-03-01T13:00:00Z"))));
        assert!(!two.is_due(at("2026-03-02T12:00:00Z")), "outside its hours not even the file is asked for");
        assert!(two.is_due(at("2026-03-02T13:00:00Z")));
    }

    #[test]
    fn a_file_that_cannot_be_had_changes_nothing_and_one_that_is_gone_lifts_what_it_asked() {
        let now = at("2026-03-01T12:00:00Z");
        let held = read("Stop: yes\nRate: 1/min");
        let later = held.unreachable(now);
        assert!(later.stop && later.delay == held.delay && later.is_due(now.after(HOUR / 2)));
        assert_eq!(Control::absent(now).hold(now), None);
        assert!(!Control::absent(now).at_pace(10 * HOUR, now).is_due(now.after(23 * HOUR)));
        assert!(Control::default().is_due(now), "never asked for");
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic_or_hurry(body in "(?s).{0,300}", offset in 0_i64..200_000_000) {
            let now = Timestamp::from_millis(1_770_000_000_000 + offset);
            let control = Control::parse(body.as_bytes(), now);
            if let Some((_, until)) = control.hold(now) {
                prop_assert!(until > now);
            }
            let kept: Control = serde_json::from_str(&serde_json::to_string(&control).unwrap()).unwrap();
            prop_assert_eq!(kept, control);
        }

        #[test]
        fn hours_open_within_a_day(from in 0_u16..1440, to in 0_u16..1440, millis in 0_i64..200_000_000) {
            let now = Timestamp::from_millis(millis);
            let window = Hours { from, to };
            let opens = window.opens(now);
            prop_assert!(opens >= now && opens.since(now) < Duration::from_secs(86_400));
            prop_assert_eq!(window.opens(opens), opens);
        }
    }
}
