//! Security events of a sign-in that fails or is paused.

use shared::db::Db;
use shared::db::users;
use shared::domain::{Mobile, UserId};
use shared::http::{Error, ProblemCode, Result};
use shared::telemetry::{self, SecurityEvent};

/// Logs an event of a number, with its account. The account is looked up; the same is done without one.
pub(crate) async fn of_number(event: SecurityEvent, db: &Db, mobile: &Mobile) {
    let account = users::credentials_of_mobile(db, mobile).await.unwrap_or_else(|error| {
        tracing::warn!(%error, "whose sign-in failed is not known");
        None
    });
    telemetry::security(event, account.map(|account| account.id));
}

/// Passes a result on, and logs if it says that a user's password is paused.
pub(crate) fn or_locked<T>(result: Result<T>, user: UserId) -> Result<T> {
    if let Err(Error::RateLimited(ProblemCode::PasswordUserLimit, ..)) = &result {
        telemetry::security(SecurityEvent::Locked, Some(user));
    }
    result
}

/// The same for the password of a number.
pub(crate) async fn or_locked_number<T>(result: Result<T>, db: &Db, mobile: &Mobile) -> Result<T> {
    if let Err(Error::RateLimited(ProblemCode::LoginMobileLimit, ..)) = &result {
        of_number(SecurityEvent::Locked, db, mobile).await;
    }
    result
}
