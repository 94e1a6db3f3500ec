//! How a client waits for messages that are not ready yet.

use std::time::Duration;

use serde::Deserialize;
use shared::cache::{Cache, WaitingRequest, Woken};
use shared::config::{ConfigError, Env};
use shared::db::Db;
use shared::domain::{ChatroomId, Clock, UserId};
use tokio::time::Instant;

/// Seconds to wait, 0 to 20.
#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(try_from = "u64")]
pub(crate) struct Wait(u64);

impl TryFrom<u64> for Wait {
    type Error = &'static str;

    fn try_from(seconds: u64) -> Result<Self, Self::Error> {
        if seconds <= 20 { Ok(Self(seconds)) } else { Err("wait must be 0 to 20 seconds") }
    }
}

impl Wait {
    /// Whether the client waits at all.
    pub(crate) fn is_wanted(self) -> bool {
        self.0 > 0
    }
}

/// What is needed to wait. Cloning is cheap.
#[derive(Debug, Clone)]
pub(crate) struct Waiter {
    cache: Cache,
    db: Db,
    clock: Clock,
    /// Requests of a user that may wait at once; 0 sets no limit.
    per_user: u32,
}

impl Waiter {
    /// Reads `WAITS_PER_USER`.
    pub(crate) fn from_env(env: &Env, cache: Cache, db: Db, clock: Clock) -> Result<Self, ConfigError> {
        Ok(Self { cache, db, clock, per_user: env.parsed("WAITS_PER_USER", 3)? })
    }

    /// A request of `user` that waits for a room's messages. It begins now.
    pub(crate) fn begin(&self, user: UserId, room: ChatroomId, Wait(seconds): Wait) -> Waiting<'_> {
        let request = WaitingRequest::new(user, room, self.per_user);
        Waiting { waiter: self, room, request, seen: None, deadline: Instant::now() + Duration::from_secs(seconds) }
    }
}

/// A request that waits: it looks, reads the messages, and looks again when they have changed.
pub(crate) struct Waiting<'a> {
    waiter: &'a Waiter,
    room: ChatroomId,
    request: WaitingRequest,
    /// How often the room had changed before the messages were read.
    seen: Option<u64>,
    deadline: Instant,
}

impl Waiting<'_> {
    /// Must be called before the messages are read.
    pub(crate) async fn look(&mut self) {
        if !self.left().is_zero() {
            self.seen = self.waiter.cache.room_changes(self.room).await.ok();
        }
    }

    /// Waits for a change after messages were read that are not final. Returns whether what was read must do: the time
    /// is over, or the user has newer requests that wait.
    pub(crate) async fn is_over(&self) -> bool {
        let (left, Waiter { cache, db, clock, .. }) = (self.left(), self.waiter);
        if left.is_zero() {
            return true;
        }
        // Many wait for long, each in an environment of its own, and Postgres has few connections.
        db.rest();
        cache.wait_for_change(&self.request, self.seen, left, clock).await == Woken::Displaced
    }

    fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }
}
