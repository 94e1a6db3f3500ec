//! Marking sessions in Redis as revoked.

use shared::auth::DeviceTokens;
use shared::cache::Cache;
use shared::db::sessions::Everywhere;
use shared::domain::{SessionId, Timestamp};

/// Marks sessions that Postgres revoked. A failure is only logged, since the revocation is stored; `shared::cache`'s
/// sessions explain what an older mark may still allow.
pub(crate) async fn mark(cache: &Cache, sessions: &[SessionId]) {
    if let Err(error) = cache.mark_revoked(sessions).await {
        tracing::error!(%error, count = sessions.len(), "sessions could not be marked as revoked in Redis");
    }
}

/// Marks all sessions of a user as revoked, and ends the device tokens and the open codes of their number.
pub(crate) async fn mark_everywhere(cache: &Cache, devices: &DeviceTokens, ended: &Everywhere, now: Timestamp) {
    let owners = devices.owners(&ended.mobile);
    if let Err(error) = cache.end_devices(&owners, devices.lifetime(), &ended.sessions, now).await {
        tracing::error!(%error, "sessions and device tokens could not be marked as ended in Redis");
    }
    if let Err(error) = cache.end_challenges(&ended.mobile, now).await {
        tracing::error!(%error, "codes sent before all sessions ended stay valid until they expire");
    }
}
