//! `DELETE /user/me`

use axum::extract::State;
use axum::http::StatusCode;
use shared::Fault;
use shared::auth::{DeviceTokens, NumberMarks};
use shared::cache::Cache;
use shared::config::{ConfigError, Env};
use shared::db::users::{self, Deleted};
use shared::db::{Db, messages};
use shared::domain::{Clock, FreeCancels, Timestamp, UserId};
use shared::http::{ACCOUNT_GONE, FreshCaller, Result};
use shared::stripe::{Stripe, cancel_for_deletion};
use shared::telemetry::{self, SecurityEvent};

/// What stands for a number where the number itself must not be.
#[derive(Debug, Clone)]
pub(crate) struct Aliases {
    marks: NumberMarks,
    devices: DeviceTokens,
}

impl Aliases {
    /// Reads the environment.
    pub(crate) fn from_env(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self { marks: NumberMarks::from_env(env)?, devices: DeviceTokens::from_env(env)? })
    }
}

shared::refusals!(FreshSignInRequired);

/// Delete the account
///
/// Cancels the subscription, then deletes the account and all it owns. This cannot be undone. It needs a sign-in of the
/// last minutes. Until midnight UTC another account of the same number continues with the messages that this one spent
/// today.
// If Stripe does not confirm the cancellation, the account is kept and the response is 503: nobody pays for a deleted
// account. The customer at Stripe is deleted later, by the event of the cancellation or by the reconciliation, as soon as
// nothing is owed (`shared::stripe`).
#[utoipa::path(
    delete, path = "/user/me", tag = "Account", security(("bearer" = [])),
    responses((status = 204, description = "The account is deleted."), Refusals),
)]
pub(crate) async fn delete_me(
    State(db): State<Db>,
    State(cache): State<Cache>,
    State(stripe): State<Stripe>,
    State(free): State<FreeCancels>,
    State(Aliases { marks, devices }): State<Aliases>,
    State(clock): State<Clock>,
    FreshCaller(caller): FreshCaller,
) -> Result<StatusCode> {
    cancel_for_deletion(&db, &stripe, caller.user, clock.now()).await?;
    messages::clear(&db, caller.user, None).await?;
    let deleted = users::delete(&db, caller.user, free, |mobile| marks.of(mobile), clock.now()).await?;
    let deleted = deleted.ok_or(ACCOUNT_GONE)?;
    telemetry::security(SecurityEvent::AccountDeleted, Some(caller.user));
    if let Err(error) = forget(&cache, &devices, caller.user, &deleted, clock.now()).await {
        tracing::error!(%error, "Redis keeps data of a deleted account until it expires");
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Ends what Redis still holds of an account: its tokens, codes, waiting sign-ups, unfinished replies, and the list of its
/// rooms. What counts tries and codes of the number stays until it expires: nobody gets new ones by deleting the account.
async fn forget(
    cache: &Cache,
    devices: &DeviceTokens,
    user: UserId,
    deleted: &Deleted,
    now: Timestamp,
) -> Result<(), Fault> {
    let owners = devices.owners(&deleted.mobile);
    cache.end_devices(&owners, devices.lifetime(), &deleted.sessions, now).await?;
    cache.end_challenges(&deleted.mobile, now).await?;
    cache.drop_signups_of(&deleted.mobile).await?;
    cache.replies_deleted(&deleted.replies).await?;
    cache.rooms_written(user).await
}
