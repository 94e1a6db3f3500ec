//! `DELETE /user/me`

use axum::extract::State;
use axum::http::StatusCode;
use shared::Fault;
use shared::auth::NumberMarks;
use shared::cache::Cache;
use shared::db::Db;
use shared::db::users::{self, Deleted};
use shared::domain::{Clock, FreeCancels, Timestamp, UserId};
use shared::http::{ACCOUNT_GONE, Caller, Result};
use shared::stripe::{Stripe, cancel_for_deletion};

/// Delete the account
///
/// Cancels the subscription, then deletes the account and all it owns. This cannot be undone. Until midnight UTC another
/// account of the same number continues with the messages that this one spent today.
// If Stripe does not confirm the cancellation, the account is kept and the response is 503: nobody pays for a deleted
// account.
#[utoipa::path(
    delete, path = "/user/me", tag = "Account", security(("bearer" = [])),
    responses((status = 204, description = "The account is deleted.")),
)]
pub(crate) async fn delete_me(
    State(db): State<Db>,
    State(cache): State<Cache>,
    State(stripe): State<Stripe>,
    State(free): State<FreeCancels>,
    State(marks): State<NumberMarks>,
    State(clock): State<Clock>,
    caller: Caller,
) -> Result<StatusCode> {
    cancel_for_deletion(&db, &stripe, caller.user, clock.now()).await?;
    let deleted = users::delete(&db, caller.user, free, |mobile| marks.of(mobile), clock.now()).await?;
    let deleted = deleted.ok_or(ACCOUNT_GONE)?;
    if let Err(error) = forget(&cache, caller.user, &deleted, clock.now()).await {
        tracing::error!(%error, "Redis keeps data of a deleted account until it expires");
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Ends what Redis still holds of an account: its tokens, codes, unfinished replies, and the list of its rooms.
async fn forget(cache: &Cache, user: UserId, deleted: &Deleted, now: Timestamp) -> Result<(), Fault> {
    cache.mark_revoked(&deleted.sessions).await?;
    cache.end_challenges(&deleted.mobile, now).await?;
    cache.stop_replies(&deleted.replies).await?;
    cache.rooms_written(user).await
}
