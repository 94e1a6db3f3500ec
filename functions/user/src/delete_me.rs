//! `DELETE /user/me`

use axum::extract::State;
use axum::http::StatusCode;
use shared::Fault;
use shared::auth::Caller;
use shared::cache::Cache;
use shared::db::Db;
use shared::db::users::{self, Deleted};
use shared::domain::{Clock, UserId};
use shared::http::Result;
use shared::stripe::{Stripe, cancel_for_deletion};

use crate::get_me::GONE;

/// Deletes the caller's account and all it owns. The subscription is cancelled first: if Stripe does not confirm that,
/// the account stays and the answer is 503, so nobody pays for an account that is gone.
#[utoipa::path(
    delete, path = "/user/me", tag = "Account", security(("bearer" = [])),
    summary = "Delete the account",
    description = "Cancels the subscription, then deletes the account and all it owns. It cannot be undone.",
    responses((status = 204, description = "It is gone.")),
)]
pub(crate) async fn delete_me(
    State(db): State<Db>,
    State(cache): State<Cache>,
    State(stripe): State<Stripe>,
    State(clock): State<Clock>,
    caller: Caller,
) -> Result<StatusCode> {
    cancel_for_deletion(&db, &stripe, caller.user, clock.now()).await?;
    let deleted = users::delete(&db, caller.user).await?.ok_or(GONE)?;
    if let Err(error) = forget(&cache, caller.user, &deleted).await {
        tracing::error!(%error, "what Redis holds of a deleted account stays until it lapses");
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Ends what Redis still knows of an account: its tokens, codes, replies under way, and the list of its rooms.
async fn forget(cache: &Cache, user: UserId, deleted: &Deleted) -> Result<(), Fault> {
    cache.mark_revoked(&deleted.sessions).await?;
    cache.end_challenges(&deleted.mobile).await?;
    cache.stop_replies(&deleted.replies).await?;
    cache.rooms_written(user).await
}
