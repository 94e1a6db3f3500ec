//! The end of device tokens: a mark says that those issued until then are void. It is kept for as long as they live. If
//! Redis loses it, they draw on their budget again: they prove nothing else.

use std::time::Duration;

use super::Cache;
use crate::Fault;
use crate::auth::Owner;
use crate::domain::{SessionId, Timestamp};

impl Cache {
    /// Ends every device token of a number that was issued until `now`, and marks sessions as revoked, in one round
    /// trip. Must be called after the revocation is stored in Postgres.
    pub async fn end_devices(
        &self,
        owners: &[Owner],
        lifetime: Duration,
        sessions: &[SessionId],
        now: Timestamp,
    ) -> Result<(), Fault> {
        let mut pipeline = redis::pipe();
        for owner in owners {
            let key = self.code_key("device-ended", owner.as_str());
            pipeline.set_ex(key, now.unix_millis(), lifetime.as_secs().max(1)).ignore();
        }
        self.add_revoked(&mut pipeline, sessions);
        self.run_all(&pipeline).await
    }
}
