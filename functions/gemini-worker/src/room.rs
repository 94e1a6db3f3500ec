//! One room: its unfinished replies, in order. The rows say what to do; a record only wakes the room.
//!
//! The first record of a room carries it: it is retried as long as a reply must wait. The room's other records of the
//! batch are deleted, since the worker with the carrying record works on everything that is pending in the room.

use std::time::Duration;

use shared::Fault;
use shared::db::replies::{self, Attempt, Claim};
use shared::domain::{MessageId, ReplyError, Timestamp};
use shared::queue::ReplyJob;
use shared::telemetry::{Origin, within};
use tokio::time::Instant;
use tracing::Span;

use crate::batch::Job;
use crate::ending::{Last, exhausted, finish, notify};
use crate::live::Live;
use crate::metrics::FirstText;
use crate::policy::{self, Verdict};
use crate::records::{self, Records};
use crate::{MARGIN, Worker, attempt, metrics};

/// If Postgres is unavailable, a room is retried after this pause, which doubles each time the record is received.
const PAUSE: Duration = Duration::from_secs(5);
/// The longest such pause. With it, an outage of 15 minutes does not use up the record's `maxReceiveCount`.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// Why a room cannot go on now.
enum Pause {
    /// The reply must wait until this time.
    Until(Timestamp, Option<(MessageId, i32, Origin)>),
    /// There is no time for another attempt in this invocation.
    OutOfTime,
}

/// Works on a room until nothing is pending or a reply must wait. Returns the records that must be retried.
pub async fn work(worker: &Worker, jobs: &[Job], deadline: Instant) -> Vec<String> {
    let Some(carrier) = jobs.first() else { return Vec::new() };
    let records = Records::of(worker, jobs);
    let span = records.span(&carrier.cause);
    within(carrier.cause.clone(), span, drain_and_report(worker, carrier, &records, deadline)).await
}

async fn drain_and_report(worker: &Worker, carrier: &Job, records: &Records<'_>, deadline: Instant) -> Vec<String> {
    let drained = drain(worker, carrier.job, records, deadline).await;
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
    let mut made = Vec::new();
    loop {
        if left() < whole + MARGIN {
            return Ok(Some(Pause::OutOfTime));
        }
        match replies::claim(&worker.db, room, worker.lease(), worker.clock.now()).await? {
            Claim::Idle => {
                records.tell_of_early(&made);
                return Ok(None);
            }
            Claim::Wait(until) => return Ok(Some(Pause::Until(until, None))),
            Claim::Exhausted { reply, attempt, tier, accepted_at } => {
                let (cause, last) = (records.cause_of(reply), Last { reply, room, attempt, tier, accepted_at });
                let span = records.span(&cause);
                within(cause, span, exhausted(worker, last)).await?;
                made.push(reply);
            }
            Claim::Claimed(attempt) => {
                let cause = records.cause_of(attempt.reply);
                let span = records.span(&cause);
                if let Some(until) = within(cause.clone(), span, make(worker, &attempt, records, whole)).await? {
                    return Ok(Some(Pause::Until(until, Some((attempt.reply, attempt.number, cause)))));
                }
                made.push(attempt.reply);
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
    let first = FirstText::begin();
    let (ending, progress) = attempt::run(worker, attempt, records, whole, &first, &mut live).await;
    let verdict = match ending {
        None => Verdict::End(policy::so_far(&progress)),
        Some(result) => policy::judge(result, progress, attempt.number, policy::jitter(attempt.number)),
    };
    let now = worker.clock.now();
    match verdict {
        Verdict::Again(after, failed) => {
            tracing::warn!(reply = %attempt.reply, attempt = attempt.number, reason = failed.word(), seconds = after.as_secs(), "another attempt follows");
            metrics::attempt_ended(&failed, &first, now);
            let until = now + after;
            let postponed = replies::postpone(&worker.db, attempt.reply, attempt.number, &failed, until, now).await?;
            if postponed {
                live.publisher.wait_for_another().await;
            }
            Ok(postponed.then_some(until))
        }
        Verdict::End(outcome) => {
            metrics::attempt_ended(&outcome, &first, now);
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

/// Makes the room wait. If the room waits for another reply than the record's own, the record is replaced by one for
/// that reply, so that a record's receive count counts only its own reply.
async fn come_again(worker: &Worker, carrier: &Job, pause: Pause) -> Vec<String> {
    let room = carrier.job.chatroom_id;
    let (time, successor) = match pause {
        Pause::Until(until, Some((reply, attempt, cause))) if reply != carrier.job.reply_id => {
            (until.since(worker.clock.now()), Some((reply, attempt.to_string(), cause)))
        }
        Pause::Until(until, _) => (until.since(worker.clock.now()), None),
        Pause::OutOfTime => (Duration::ZERO, None),
    };
    if let Some((reply_id, round, cause)) = successor {
        let tier = worker.queues.tier_of(&carrier.queue);
        let job = ReplyJob { chatroom_id: room, reply_id };
        match within(cause, Span::current(), worker.queues.send_again(tier, job, &round)).await {
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
