//! Signals of the ends of replies, for requests that wait, for clients that watch, and for workers. Any signal may be lost:
//! then Postgres is read a little later.

use redis::Pipeline;

use super::Cache;
use super::connection::Form;
use super::live::{self, Published};
use crate::Fault;
use crate::domain::{ChatroomId, MessageId};

/// Longer than a request waits, in seconds.
const KEPT: i64 = 300;

impl Cache {
    /// Tells everybody that a reply has ended: requests that wait in its room, clients that watch it, the worker that
    /// makes it. Must be called after the end is stored in Postgres.
    pub async fn reply_ended(&self, room: ChatroomId, reply: MessageId) -> Result<(), Fault> {
        self.end(&[reply], Some(room)).await
    }

    /// The same for replies whose rooms are deleted.
    pub async fn replies_deleted(&self, replies: &[MessageId]) -> Result<(), Fault> {
        if replies.is_empty() { Ok(()) } else { self.end(replies, None).await }
    }

    async fn end(&self, replies: &[MessageId], room: Option<ChatroomId>) -> Result<(), Fault> {
        let lives: Vec<_> = replies.iter().map(|reply| self.live_key(*reply)).collect();
        let changes = room.map(|room| self.changes_key(room));
        let end = |form: Form| {
            let mut pipeline = Pipeline::new();
            for live in &lives {
                pipeline.add_command(live::end(form, live));
            }
            if let Some(changes) = &changes {
                pipeline.incr(changes, 1).ignore().expire(changes, KEPT).ignore();
            }
            pipeline
        };
        self.run_scripts::<Vec<Published>>(end).await.map(drop)
    }

    /// How often a room's messages changed lately.
    pub async fn room_changes(&self, room: ChatroomId) -> Result<u64, Fault> {
        Ok(self.run::<Option<u64>>(redis::Cmd::get(self.changes_key(room))).await?.unwrap_or_default())
    }

    pub(super) fn changes_key(&self, room: ChatroomId) -> String {
        self.key("changes", room)
    }
}
