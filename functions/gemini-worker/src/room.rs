//! One room: its unfinished replies, in order. The rows say what to do; a record only wakes the room.
//!
//! The first record of a room carries it: it is retried as long as a reply must wait. The room's other records of the
//! batch are deleted, since the worker with the carrying record works on everything that is pending in the room.

use std::time::Duration;

use shared::Fault;
use shared::db::replies::{self, Attempt, Claim, Outcome};
use shared::domain::{ChatroomId, MessageId, ReplyError, Timestamp};
use shared::queue::ReplyJob;
use tokio::time::Instant;

use crate::Worker;
use crate::batch::Job;
use crate::context;
use crate::gemini::Progress;
use crate::policy::{self, Verdict};

/// Time for the writes before and after an attempt. A lease is longer than an attempt by this.
const MARGIN: Duration = Duration::from_secs(5);
/// How often a running attempt checks whether it was cancelled.
const WATCH: Duration = Duration::from_millis(400);
/// If Postgres is unavailable, a room is retried after this pause, which doubles each time the record is received.
const PAUSE: Duration = Duration::from_secs(5);
/// The longest such pause. With it, an outage of 15 minutes does not use up the record's `maxReceiveCount`.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// Why a room cannot go on now.
enum Pause {
    /// The reply must wait until this time.
    Until(Timestamp, Option<(MessageId, i32)>),
    /// There is no time for another attempt in this invocation.
    OutOfTime,
}

/// Works on a room until nothing is pending or a reply must wait. Returns the records that must be retried.
pub async fn work(worker: &Worker, jobs: &[Job], deadline: Instant) -> Vec<String> {
    let Some(carrier) = jobs.first() else { return Vec::new() };
    match drain(worker, carrier.job, deadline).await {
        Ok(None) => Vec::new(),
        Ok(Some(pause)) => come_again(worker, carrier, pause).await,
        Err(error) => {
            tracing::error!(%error, room = %carrier.job.chatroom_id, "a room is retried later");
            hide(worker, carrier, pause(carrier.received)).await
        }
    }
}

fn pause(received: u32) -> Duration {
    PAUSE.saturating_mul(1 << received.saturating_sub(1).min(10)).min(LONGEST_PAUSE)
}

async fn drain(worker: &Worker, job: ReplyJob, deadline: Instant) -> Result<Option<Pause>, Fault> {
    let room = job.chatroom_id;
    loop {
        if deadline.saturating_duration_since(Instant::now()) < worker.attempt + MARGIN {
            return Ok(Some(Pause::OutOfTime));
        }
        match replies::claim(&worker.db, room, worker.attempt + MARGIN, worker.clock.now()).await? {
            Claim::Idle => return Ok(None),
            Claim::Wait(until) => return Ok(Some(Pause::Until(until, None))),
            Claim::Exhausted(reply, attempt) => {
                finish(worker, reply, attempt, &Outcome::failed(ReplyError::AttemptsExhausted)).await?;
                notify(worker, room).await;
            }
            Claim::Claimed(attempt) => {
                if let Some(until) = make(worker, &attempt).await? {
                    return Ok(Some(Pause::Until(until, Some((attempt.reply, attempt.number)))));
                }
            }
        }
    }
}

/// Makes one attempt at a reply. Returns when the next one is due, or `None` if the reply has ended.
async fn make(worker: &Worker, attempt: &Attempt) -> Result<Option<Timestamp>, Fault> {
    let request = context::request(attempt);
    let mut progress = Progress::default();
    let generated = tokio::select! {
        generated = tokio::time::timeout(worker.attempt, worker.gemini.generate(&request, &mut progress)) => Some(generated),
        () = called_off(worker, attempt.reply) => None,
    };
    let verdict = match generated {
        None => Verdict::End(policy::so_far(&progress)),
        Some(Ok(result)) => policy::judge(result, progress, attempt.number, policy::jitter(attempt.number)),
        Some(Err(_)) => policy::timed_out(attempt.number, policy::jitter(attempt.number)),
    };
    let now = worker.clock.now();
    match verdict {
        Verdict::Again(after, reason) => {
            tracing::warn!(reply = %attempt.reply, attempt = attempt.number, reason = reason.as_str(), seconds = after.as_secs(), "another attempt follows");
            let until = now + after;
            Ok(replies::postpone(&worker.db, attempt.reply, attempt.number, until).await?.then_some(until))
        }
        Verdict::End(outcome) => {
            let ended = finish(worker, attempt.reply, attempt.number, &outcome).await?;
            if !ended {
                replies::keep_partial(&worker.db, attempt.reply, attempt.number, &outcome).await?;
            }
            notify(worker, attempt.room).await;
            tracing::info!(reply = %attempt.reply, attempt = attempt.number, state = outcome.state.as_str(), error = outcome.error.map(ReplyError::as_str), ended, "reply");
            Ok(None)
        }
    }
}

/// Ends a reply. The answer is already paid for, so an outage of Postgres is retried for a few seconds.
async fn finish(worker: &Worker, reply: MessageId, attempt: i32, outcome: &Outcome) -> Result<bool, Fault> {
    for _ in 0..3 {
        match replies::finish(&worker.db, reply, attempt, outcome, worker.clock.now()).await {
            Err(error) if error.is_outage() => tracing::warn!(%error, %reply, "an answer is not stored yet"),
            done => return done,
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    replies::finish(&worker.db, reply, attempt, outcome, worker.clock.now()).await
}

/// Returns when the reply is cancelled. Without Redis a cancellation is noticed when the answer is written.
async fn called_off(worker: &Worker, reply: MessageId) {
    loop {
        tokio::time::sleep(WATCH).await;
        if let Ok(true) = worker.cache.is_stopped(reply).await {
            return;
        }
    }
}

async fn notify(worker: &Worker, room: ChatroomId) {
    if let Err(error) = worker.cache.room_changed(room).await {
        tracing::warn!(%error, "waiting clients see the reply a little later");
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
    hide(worker, carrier, time).await
}

/// Hides the record for `time`. If that fails, the queue's own visibility timeout applies.
async fn hide(worker: &Worker, carrier: &Job, time: Duration) -> Vec<String> {
    let queue = worker.queues.url(worker.queues.tier_of(&carrier.queue));
    if let Err(error) = worker.queues.queues().hide(queue, &carrier.receipt, time).await {
        tracing::warn!(%error, "a record is retried later than it could be");
    }
    vec![carrier.id.clone()]
}
