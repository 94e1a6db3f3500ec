//! One room: its unfinished replies, in order. The rows say what to do; a record only wakes the room.
//!
//! The first record of a room carries it: it is retried as long as a reply must wait. The room's other records of the
//! batch are deleted, since the worker with the carrying record works on everything that is pending in the room.

use std::time::Duration;

use shared::Fault;
use shared::cache::newest_text;
use shared::db::replies::{self, Attempt, Claim, Outcome};
use shared::domain::{ChatroomId, MessageId, ReplyError, Tier, Timestamp};
use shared::queue::ReplyJob;
use shared::telemetry;
use tokio::time::Instant;

use crate::batch::Job;
use crate::live::Live;
use crate::policy::{self, Verdict};
use crate::records::{self, Records};
use crate::{MARGIN, Worker, attempt, metrics};

/// If Postgres is unavailable, a room is retried after this pause, which doubles each time the record is received.
const PAUSE: Duration = Duration::from_secs(5);
/// So often the end of a reply is stored if Postgres is unavailable, a second apart.
const MOST_TRIES: u32 = 4;
/// The longest such pause. With it, an outage of 15 minutes does not use up the record's `maxReceiveCount`.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// Why a room cannot go on now.
enum Pause {
    /// The reply must wait until this time.
    Until(Timestamp, Option<(MessageId, i32)>),
    /// There is no time for another attempt in this invocation.
    OutOfTime,
}

/// A reply in its last attempt.
#[derive(Debug, Clone, Copy)]
struct Last {
    reply: MessageId,
    room: ChatroomId,
    attempt: i32,
    tier: Tier,
    accepted_at: Timestamp,
}

impl From<&Attempt> for Last {
    fn from(&Attempt { reply, room, number: attempt, tier, accepted_at, .. }: &Attempt) -> Self {
        Self { reply, room, attempt, tier, accepted_at }
    }
}

/// Works on a room until nothing is pending or a reply must wait. Returns the records that must be retried.
pub async fn work(worker: &Worker, jobs: &[Job], deadline: Instant) -> Vec<String> {
    let Some(carrier) = jobs.first() else { return Vec::new() };
    let records = Records::of(worker, jobs);
    let drained = drain(worker, carrier.job, &records, deadline).await;
    records.keep(deadline.saturating_duration_since(Instant::now()) + MARGIN).await;
    match drained {
        Ok(None) => Vec::new(),
        Ok(Some(pause)) => come_again(worker, carrier, pause).await,
        Err(error) => {
            tracing::error!(%error, room = %carrier.job.chatroom_id, "a room is retried later");
            again(worker, carrier, pause(carrier.received)).await
        }
    }
}

fn pause(received: u32) -> Duration {
    PAUSE.saturating_mul(1 << received.saturating_sub(1).min(10)).min(LONGEST_PAUSE)
}

async fn drain(
    worker: &Worker,
    job: ReplyJob,
    records: &Records<'_>,
    deadline: Instant,
) -> Result<Option<Pause>, Fault> {
    let room = job.chatroom_id;
    let left = || deadline.saturating_duration_since(Instant::now());
    let whole = worker.whole_of(left());
    loop {
        if left() < whole + MARGIN {
            return Ok(Some(Pause::OutOfTime));
        }
        match replies::claim(&worker.db, room, worker.lease(), worker.clock.now()).await? {
            Claim::Idle => return Ok(None),
            Claim::Wait(until) => return Ok(Some(Pause::Until(until, None))),
            Claim::Exhausted { reply, attempt, tier, accepted_at } => {
                exhausted(worker, Last { reply, room, attempt, tier, accepted_at }).await?;
            }
            Claim::Claimed(attempt) => {
                if let Some(until) = make(worker, &attempt, records, whole).await? {
                    return Ok(Some(Pause::Until(until, Some((attempt.reply, attempt.number)))));
                }
            }
        }
    }
}

/// Makes one attempt at a reply. Returns when the next one is due, or `None` if the reply has ended.
async fn make(
    worker: &Worker,
    attempt: &Attempt,
    records: &Records<'_>,
    whole: Duration,
) -> Result<Option<Timestamp>, Fault> {
    let mut live = Live::of(&worker.cache, attempt.reply, attempt.number);
    let (ending, progress) = attempt::run(worker, attempt, records, whole, &mut live).await;
    let verdict = match ending {
        None => Verdict::End(policy::so_far(&progress)),
        Some(result) => policy::judge(result, progress, attempt.number, policy::jitter(attempt.number)),
    };
    let now = worker.clock.now();
    match verdict {
        Verdict::Again(after, failed) => {
            tracing::warn!(reply = %attempt.reply, attempt = attempt.number, reason = failed.word(), seconds = after.as_secs(), "another attempt follows");
            metrics::attempt_ended(&failed, now);
            let until = now + after;
            let postponed = replies::postpone(&worker.db, attempt.reply, attempt.number, &failed, until, now).await?;
            if postponed {
                live.publisher.wait_for_another().await;
            }
            Ok(postponed.then_some(until))
        }
        Verdict::End(outcome) => {
            metrics::attempt_ended(&outcome, now);
            let ended = finish(worker, attempt.into(), &outcome).await?;
            // An attempt that was overtaken ends nothing, and must not say so.
            if ended || replies::keep_partial(&worker.db, attempt.reply, attempt.number, &outcome).await? {
                notify(worker, attempt.room, attempt.reply).await;
            }
            tracing::info!(reply = %attempt.reply, attempt = attempt.number, state = outcome.state.as_str(), error = outcome.error.map(ReplyError::as_str), ended, "reply");
            Ok(None)
        }
    }
}

/// Ends a reply that has had all its attempts. What its last worker had published before it died is kept.
async fn exhausted(worker: &Worker, last: Last) -> Result<(), Fault> {
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
async fn finish(worker: &Worker, last: Last, outcome: &Outcome) -> Result<bool, Fault> {
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

async fn notify(worker: &Worker, room: ChatroomId, reply: MessageId) {
    if let Err(error) = worker.cache.reply_ended(room, reply).await {
        tracing::warn!(%error, "those who wait or watch see the end a little later");
    }
}

/// Makes the room wait. If the room waits for another reply than the record's own, the record is replaced by one for
/// that reply, so that a record's receive count counts only its own reply.
async fn come_again(worker: &Worker, carrier: &Job, pause: Pause) -> Vec<String> {
    let room = carrier.job.chatroom_id;
    let (time, successor) = match pause {
        Pause::Until(until, Some((reply, attempt))) if reply != carrier.job.reply_id => {
            (until.since(worker.clock.now()), Some((reply, attempt.to_string())))
        }
        Pause::Until(until, _) => (until.since(worker.clock.now()), None),
        Pause::OutOfTime => (Duration::ZERO, None),
    };
    if let Some((reply_id, round)) = successor {
        let tier = worker.queues.tier_of(&carrier.queue);
        let job = ReplyJob { chatroom_id: room, reply_id };
        match worker.queues.send_again(tier, job, &round).await {
            Ok(()) => return Vec::new(),
            Err(error) => tracing::warn!(%error, "a record waits for another reply than its own"),
        }
    }
    again(worker, carrier, time).await
}

/// Reports a record as one to be retried after `time`.
async fn again(worker: &Worker, carrier: &Job, time: Duration) -> Vec<String> {
    records::hide(worker, carrier, time).await;
    vec![carrier.id.clone()]
}
