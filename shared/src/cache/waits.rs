//! Requests that wait for a room's messages: how many of a user at once, and when they go on.
//!
//! A waiting request has a place, which it renews whenever it looks for changes. So the place of a process that died is
//! free after [`KEPT`]. If a user has too many places, the oldest is taken away, and its request returns what there is.

use std::time::Duration;

use redis::Cmd;
use tokio::time::{Instant, sleep, sleep_until};
use uuid::Uuid;

use super::Cache;
use super::connection::Form;
use super::scripts::WAIT;
use crate::Fault;
use crate::domain::{ChatroomId, Clock, Timestamp, UserId};

/// How long it pauses without Redis: each look at the messages opens a connection to Postgres.
const PAUSE_WITHOUT_REDIS: Duration = Duration::from_secs(3);
/// How long a waiting request pauses between two checks.
const PAUSE: Duration = Duration::from_millis(150);
/// How long a place is kept that is not renewed: longer than a pause and an answer of Redis that comes late.
const KEPT: Duration = Duration::from_secs(2);

/// A request that waits.
#[derive(Debug, Clone)]
pub struct WaitingRequest {
    user: UserId,
    room: ChatroomId,
    /// The most that the user may have at once; 0 sets no limit.
    most: u32,
    /// Its name, which begins with the time when it came.
    place: String,
}

impl WaitingRequest {
    /// A request of `user` that came now.
    pub fn new(user: UserId, room: ChatroomId, most: u32) -> Self {
        Self { user, room, most, place: Uuid::now_v7().to_string() }
    }
}

/// Why a request waits no longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Woken {
    /// The messages may have changed, or the time is over.
    LookAgain,
    /// The user has newer requests that wait. The messages are as they were.
    Displaced,
}

impl Cache {
    /// Waits until the room's messages have changed since `seen`, but at most for `most`. Without Redis it only pauses.
    pub async fn wait_for_change(
        &self,
        waiting: &WaitingRequest,
        seen: Option<u64>,
        most: Duration,
        clock: &Clock,
    ) -> Woken {
        let Some(seen) = seen else {
            sleep(most.min(PAUSE_WITHOUT_REDIS)).await;
            return Woken::LookAgain;
        };
        let deadline = Instant::now() + most;
        loop {
            sleep_until(deadline.min(Instant::now() + PAUSE)).await;
            match self.keep_place(waiting, clock.now()).await {
                Ok((true, changes)) if changes == seen && Instant::now() < deadline => {}
                Ok((false, changes)) if changes == seen => return Woken::Displaced,
                looked => {
                    if matches!(looked, Ok((true, _)))
                        && let Err(error) = self.leave_place(waiting).await
                    {
                        tracing::warn!(%error, "a wait that ended keeps its place for a while");
                    }
                    return Woken::LookAgain;
                }
            }
        }
    }

    /// Renews a place and reads how often the room has changed, in one round trip. Returns whether it still has a place.
    pub async fn keep_place(&self, waiting: &WaitingRequest, now: Timestamp) -> Result<(bool, u64), Fault> {
        let (places, changes) = (self.places_key(waiting.user), self.changes_key(waiting.room));
        let look = |form| {
            let mut pipeline = redis::pipe();
            pipeline.add_command(renew(form, &places, &waiting.place, waiting.most, KEPT, now)).get(&changes);
            pipeline
        };
        let (has_place, changes): (u8, Option<u64>) = self.run_scripts(look).await?;
        Ok((has_place == 1, changes.unwrap_or_default()))
    }

    async fn leave_place(&self, waiting: &WaitingRequest) -> Result<(), Fault> {
        self.run(Cmd::zrem(self.places_key(waiting.user), &waiting.place)).await
    }

    fn places_key(&self, user: UserId) -> String {
        self.key("waits", user)
    }
}

/// Takes or renews a place among the `most` at a key; 0 sets no limit. The answer is 1, or 0 if newer ones have taken it.
pub(super) fn renew(form: Form, key: &str, place: &str, most: u32, kept: Duration, now: Timestamp) -> Cmd {
    if most == 0 {
        let mut command = redis::cmd("ECHO");
        command.arg(1);
        return command;
    }
    let mut command = WAIT.command(form);
    command.arg(1).arg(key).arg(now.unix_millis()).arg(place);
    command.arg(most).arg(u64::try_from(kept.as_millis()).unwrap_or(u64::MAX));
    command
}
