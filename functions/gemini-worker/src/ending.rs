//! The end of a reply: stored, counted, and told to those who wait.

use std::time::Duration;

use shared::Fault;
use shared::cache::newest_text;
use shared::db::replies::{self, Attempt, Outcome};
use shared::domain::{ChatroomId, MessageId, Tier, Timestamp};
use shared::telemetry;

use crate::{Worker, policy};

/// So often the end of a reply is stored if Postgres is unavailable, a second apart.
const MOST_TRIES: u32 = 4;

/// A reply in its last attempt.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Last {
    pub(crate) reply: MessageId,
    pub(crate) room: ChatroomId,
    pub(crate) attempt: i32,
    pub(crate) tier: Tier,
    pub(crate) accepted_at: Timestamp,
}

impl From<&Attempt> for Last {
    fn from(&Attempt { reply, room, number: attempt, tier, accepted_at, .. }: &Attempt) -> Self {
        Self { reply, room, attempt, tier, accepted_at }
    }
}

/// Ends a reply that has had all its attempts. What its last worker had published before it died is kept.
pub(crate) async fn exhausted(worker: &Worker, last: Last) -> Result<(), Fault> {
    let Last { reply, room, attempt, .. } = last;
    let entries = worker.cache.live_entries(reply).await.unwrap_or_else(|error| {
        tracing::warn!(%error, %reply, "what a dead worker wrote is not kept");
        Vec::new()
    });
    let of_this = |(number, _): &(u64, String)| *number == u64::from(attempt.unsigned_abs());
    let written = newest_text(&entries).filter(of_this).map(|(_, text)| text);
    let outcome = policy::exhausted(written.unwrap_or_default());
    if finish(worker, last, &outcome).await? {
        notify(worker, room, reply).await;
    }
    Ok(())
}

/// Ends a reply. The answer is already paid for, so an outage of Postgres is retried for a few seconds.
pub(crate) async fn finish(worker: &Worker, last: Last, outcome: &Outcome) -> Result<bool, Fault> {
    let Last { reply, attempt, tier, accepted_at, .. } = last;
    for tries in 1.. {
        match replies::finish(&worker.db, reply, attempt, outcome, worker.clock.now()).await {
            Err(error) if error.is_outage() && tries < MOST_TRIES => {
                tracing::warn!(%error, %reply, "an answer is not stored yet");
            }
            Ok(true) => {
                telemetry::replies::ended(outcome.state, outcome.error, tier, accepted_at, worker.clock.now());
                return Ok(true);
            }
            done => return done,
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    Ok(false)
}

pub(crate) async fn notify(worker: &Worker, room: ChatroomId, reply: MessageId) {
    if let Err(error) = worker.cache.reply_ended(room, reply).await {
        tracing::warn!(%error, "those who wait or watch see the end a little later");
    }
}
