//! Points in time and who may tell them.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};

/// A moment in UTC, in whole milliseconds since 1970-01-01T00:00:00Z.
///
/// Prints and parses as RFC 3339 with milliseconds (`2026-11-24T08:30:00.000Z`), so that text sorts like time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// Text that is not an RFC 3339 moment.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not an RFC 3339 time such as `2026-01-31T08:00:00Z`")]
pub struct TimestampError(String);

impl Timestamp {
    /// The earliest moment; sorts before everything.
    pub const EPOCH: Timestamp = Timestamp(0);

    /// The latest moment; sorts after everything.
    pub const NEVER: Timestamp = Timestamp(i64::MAX);

    /// From milliseconds since the Unix epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Timestamp(millis)
    }

    /// Milliseconds since the Unix epoch.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the Unix epoch.
    pub const fn as_seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This moment plus `by`, held at the last representable moment.
    pub fn after(self, by: Duration) -> Self {
        let millis = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        Timestamp(self.0.saturating_add(millis))
    }

    /// This moment minus `by`.
    pub fn before(self, by: Duration) -> Self {
        let millis = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        Timestamp(self.0.saturating_sub(millis))
    }

    /// This moment moved by `millis`, which may be negative, held at the first and last representable moments.
    pub fn shifted(self, millis: i64) -> Self {
        Timestamp(self.0.saturating_add(millis))
    }

    /// How long after `earlier` this is; zero if it is not after it.
    pub fn since(self, earlier: Timestamp) -> Duration {
        u64::try_from(self.0.saturating_sub(earlier.0)).map_or(Duration::ZERO, Duration::from_millis)
    }

    /// The civil date in UTC.
    pub fn date(self) -> jiff::civil::Date {
        self.to_jiff().to_zoned(jiff::tz::TimeZone::UTC).date()
    }

    /// The same moment for calendar arithmetic.
    pub fn to_jiff(self) -> jiff::Timestamp {
        // jiff covers years -9999 to 9999; outside it the nearest end is right enough for a display.
        jiff::Timestamp::from_millisecond(self.0).unwrap_or(if self.0 < 0 {
            jiff::Timestamp::MIN
        } else {
            jiff::Timestamp::MAX
        })
    }
}

impl From<jiff::Timestamp> for Timestamp {
    fn from(value: jiff::Timestamp) -> Self {
        Timestamp(value.as_millisecond())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.to_jiff())
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse::<jiff::Timestamp>().map(Timestamp::from).map_err(|_| TimestampError(text.to_owned()))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl utoipa::PartialSchema for Timestamp {
    fn schema() -> RefOr<Schema> {
        let format = SchemaFormat::KnownFormat(KnownFormat::DateTime);
        ObjectBuilder::new().schema_type(Type::String).format(Some(format)).into()
    }
}

impl utoipa::ToSchema for Timestamp {}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Tells the time. The pure rooms take `now` as a value; only drivers and edges hold a clock.
pub trait Clock: Send + Sync {
    /// The current moment.
    fn now(&self) -> Timestamp;
}

/// Says whether the time allowed for one piece of work is over. The pure rooms are handed one by whoever holds a clock.
#[derive(Clone, Copy)]
pub struct Deadline<'a>(&'a dyn Fn() -> bool);

impl<'a> Deadline<'a> {
    /// No end.
    pub const NEVER: Deadline<'static> = Deadline(&|| false);

    /// Over as soon as `is_over` says so.
    pub fn new(is_over: &'a dyn Fn() -> bool) -> Self {
        Deadline(is_over)
    }

    /// Whether the time is over.
    pub fn is_over(self) -> bool {
        (self.0)()
    }
}

impl fmt::Debug for Deadline<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Deadline")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_with_milliseconds_and_parses_back() {
        let moment = Timestamp::from_millis(1_764_000_000_120);
        assert_eq!(moment.to_string(), "2025-11-24T16:00:00.120Z");
        assert_eq!(moment.to_string().parse::<Timestamp>().unwrap(), moment);
        assert_eq!(Timestamp::from_millis(0).to_string(), "1970-01-01T00:00:00.000Z");
    }

    #[test]
    fn since_never_goes_below_zero() {
        let earlier = Timestamp::from_millis(10);
        assert_eq!(earlier.since(earlier.after(Duration::from_secs(1))), Duration::ZERO);
        assert_eq!(earlier.after(Duration::MAX).as_millis(), i64::MAX);
    }
}
