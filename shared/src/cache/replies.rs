//! Signals between requests that wait for replies and workers that make them. Any signal may be lost: then Postgres is
//! read a little later.

use super::Cache;
use crate::Fault;
use crate::domain::{ChatroomId, MessageId};

/// Longer than an attempt at a reply takes, in seconds.
const KEPT: u64 = 300;

impl Cache {
    /// Tells the workers that make these replies to stop. Must be called after the change is stored in Postgres.
    pub async fn stop_replies(&self, ids: &[MessageId]) -> Result<(), Fault> {
        if ids.is_empty() {
            return Ok(());
        }
        let mut pipeline = redis::pipe();
        for id in ids {
            pipeline.set_ex(self.key("stopped", id), 1, KEPT).ignore();
        }
        self.run_all::<()>(&pipeline).await
    }

    /// Whether the work on a reply must stop.
    pub async fn is_stopped(&self, id: MessageId) -> Result<bool, Fault> {
        self.run(redis::Cmd::exists(self.key("stopped", id))).await
    }

    /// Tells waiting requests that a room's messages changed. Must be called after the change is stored in Postgres.
    pub async fn room_changed(&self, room: ChatroomId) -> Result<(), Fault> {
        let mut pipeline = redis::pipe();
        let key = self.changes_key(room);
        pipeline.incr(&key, 1).ignore().expire(&key, KEPT.cast_signed()).ignore();
        self.run_all::<()>(&pipeline).await
    }

    /// How often a room's messages changed lately.
    pub async fn room_changes(&self, room: ChatroomId) -> Result<u64, Fault> {
        Ok(self.run::<Option<u64>>(redis::Cmd::get(self.changes_key(room))).await?.unwrap_or_default())
    }

    pub(super) fn changes_key(&self, room: ChatroomId) -> String {
        self.key("changes", room)
    }
}
