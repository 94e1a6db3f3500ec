//! Points in time, in UTC, with the milliseconds that clients see.

use std::ops::{Add, Sub};
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::format_description::well_known::Rfc3339;
use time::{Date, OffsetDateTime, Time, UtcOffset};
use utoipa::ToSchema;

use super::sql::speaks_sql;

/// A moment, shown as RFC 3339 in UTC with milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ToSchema)]
#[schema(value_type = String, format = "date-time", example = "2026-11-23T12:00:00.000Z")]
pub struct Timestamp(OffsetDateTime);

impl Timestamp {
    /// Cuts a date-time to whole milliseconds, so that every store keeps it unchanged.
    pub fn new(at: OffsetDateTime) -> Self {
        let at = at.to_offset(UtcOffset::UTC);
        Self(at.replace_millisecond(at.millisecond()).unwrap_or(at))
    }

    /// Reads seconds since 1970, as Stripe and JWT count. `None` if the year is beyond 9999.
    pub fn from_unix(seconds: i64) -> Option<Self> {
        OffsetDateTime::from_unix_timestamp(seconds).ok().map(Self)
    }

    /// Reads milliseconds since 1970. `None` if the year is beyond 9999.
    pub fn from_unix_millis(millis: i64) -> Option<Self> {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(millis) * 1_000_000).ok().map(Self)
    }

    /// Whole seconds since 1970.
    pub fn unix(self) -> i64 {
        self.0.unix_timestamp()
    }

    /// Milliseconds since 1970.
    pub fn unix_millis(self) -> i64 {
        self.0.unix_timestamp() * 1000 + i64::from(self.0.millisecond())
    }

    /// The UTC day.
    pub fn day(self) -> Date {
        self.0.date()
    }

    /// The next midnight UTC, when the daily allowance resets.
    #[must_use]
    pub fn next_midnight(self) -> Self {
        Self(self.0.replace_time(Time::MIDNIGHT) + time::Duration::DAY)
    }

    /// Time from `earlier` until this; zero if `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::try_from(self.0 - earlier.0).unwrap_or_default()
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(signed(duration)))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(signed(duration)))
    }
}

fn signed(duration: Duration) -> time::Duration {
    duration.try_into().unwrap_or(time::Duration::MAX)
}

impl std::fmt::Display for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let at = self.0;
        let (date, (hour, minute, second, milli)) = (at.date(), at.time().as_hms_milli());
        write!(f, "{date}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let at = OffsetDateTime::parse(&text, &Rfc3339).map_err(serde::de::Error::custom)?;
        // Near the end of 9999 a moment of another offset has no date in UTC.
        let at = at.checked_to_offset(UtcOffset::UTC);
        at.map(Self::new).ok_or_else(|| serde::de::Error::custom("is beyond the year 9999"))
    }
}

speaks_sql!(Timestamp, OffsetDateTime, |at| at.0, |at| Ok(Self::new(at)));

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::Timestamp;

    #[test]
    fn is_shown_in_utc_with_milliseconds() {
        let at = Timestamp::from_unix_millis(1_795_435_200_007).unwrap();
        assert_eq!(serde_json::to_string(&at).unwrap(), "\"2026-11-23T12:00:00.007Z\"");
    }

    #[test]
    fn the_allowance_resets_at_the_next_midnight_even_at_midnight() {
        let midnight: Timestamp = serde_json::from_str("\"2026-12-31T00:00:00Z\"").unwrap();
        assert_eq!(midnight.next_midnight().to_string(), "2027-01-01T00:00:00.000Z");
    }

    #[test]
    fn what_is_beyond_the_year_9999_is_refused_or_cut_and_no_panic() {
        for text in ["9999-12-31T23:59:59-23:59", "10000-01-01T00:00:00Z"] {
            assert!(serde_json::from_value::<Timestamp>(json!(text)).is_err(), "{text}");
        }
        let last: Timestamp = serde_json::from_value(json!("9999-12-31T23:59:59Z")).unwrap();
        assert_eq!(last.since(last - Duration::from_secs(5)), Duration::from_secs(5));
        assert!(last + Duration::MAX >= last && last - Duration::MAX < last);
    }
}
