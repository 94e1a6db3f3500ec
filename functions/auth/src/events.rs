//! Security events of a sign-in that is paused.

use shared::db::Db;
use shared::db::users;
use shared::domain::{Mobile, UserId};
use shared::http::{Error, ProblemCode, Result};
use shared::telemetry::{self, SecurityEvent};

/// Passes a result on, and logs if it says that an account is paused.
pub(crate) fn or_locked<T>(result: Result<T>, user: Option<UserId>) -> Result<T> {
    if let Err(Error::RateLimited(ProblemCode::LoginMobileLimit | ProblemCode::PasswordUserLimit, ..)) = &result {
        telemetry::security(SecurityEvent::Locked, user);
    }
    result
}

/// The same for a number, whose account is looked up if it is paused; the same is done without an account.
pub(crate) async fn or_locked_number<T>(result: Result<T>, db: &Db, mobile: &Mobile) -> Result<T> {
    if !matches!(&result, Err(Error::RateLimited(ProblemCode::LoginMobileLimit, ..))) {
        return result;
    }
    match users::credentials_of_mobile(db, mobile).await {
        Ok(account) => or_locked(result, account.map(|account| account.id)),
        Err(error) => {
            tracing::warn!(%error, "whose sign-in is paused is not known");
            or_locked(result, None)
        }
    }
}
