//! The wall clock. A stand-in plays the outside world, so it reads the real time.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The present instant in UTC.
#[expect(clippy::disallowed_methods, reason = "the one place where a stand-in reads the time")]
fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

/// Seconds since the Unix epoch, Stripe's unit of time.
pub(crate) fn unix_now() -> i64 {
    now().unix_timestamp()
}

/// The present instant as RFC 3339, for the logs of received calls.
pub(crate) fn rfc3339_now() -> String {
    now().format(&Rfc3339).unwrap_or_default()
}
