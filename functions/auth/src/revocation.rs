//! Telling Redis of sessions that ended.

use shared::cache::Cache;
use shared::domain::SessionId;

/// Marks sessions that Postgres revoked. Failing to is logged and no refusal: the revocation stands, and what a mark of
/// old may still allow is told in `shared::cache`'s sessions.
pub(crate) async fn mark(cache: &Cache, sessions: &[SessionId]) {
    if let Err(error) = cache.mark_revoked(sessions).await {
        tracing::error!(%error, count = sessions.len(), "Redis was not told of revoked sessions");
    }
}
