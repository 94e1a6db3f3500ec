//! Marking sessions in Redis as revoked.

use shared::cache::Cache;
use shared::domain::SessionId;

/// Marks sessions that Postgres revoked. A failure is only logged, since the revocation is stored; `shared::cache`'s
/// sessions explain what an older mark may still allow.
pub(crate) async fn mark(cache: &Cache, sessions: &[SessionId]) {
    if let Err(error) = cache.mark_revoked(sessions).await {
        tracing::error!(%error, count = sessions.len(), "sessions could not be marked as revoked in Redis");
    }
}
