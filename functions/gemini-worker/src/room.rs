//! One room: its unfinished replies, in order. The rows say what is to be done; a record only wakes the room.
//!
//! The first record of a room carries it: it comes again for as long as a reply must wait. The others of the batch are
//! done with, since whoever carries the room works on all that is pending there.

use std::time::Duration;

use shared::Fault;
use shared::db::replies::{self, Attempt, Claim, Outcome};
use shared::domain::{MessageId, Timestamp};
use shared::queue::ReplyJob;
use tokio::time::Instant;

use crate::Worker;
use crate::batch::Job;
use crate::context;
use crate::gemini::Progress;
use crate::policy::{self, Verdict};

/// What a lease has beyond an attempt, and an attempt needs beyond its own time: the writes before and after.
const MARGIN: Duration = Duration::from_secs(5);
/// How often a running attempt asks whether it was called off.
const WATCH: Duration = Duration::from_millis(400);
/// When Postgres is away, a room is tried again after this, doubled with every time the record was received…
const PAUSE: Duration = Duration::from_secs(5);
/// …up to this: so an outage of a quarter of an hour does not use up what the queue allows a record to be received.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// Why a room cannot go on now.
enum Pause {
    /// The reply is to be looked at again then.
    Until(Timestamp, Option<(MessageId, i32)>),
    /// There is no time for another attempt in this invocation.
    OutOfTime,
}

/// Works on a room until nothing is pending there or something must wait. Answers the records that are to come again.
pub async fn work(worker: &Worker, jobs: &[Job], deadline: Instant) -> Vec<String> {
    let Some(carrier) = jobs.first() else { return Vec::new() };
    match drain(worker, carrier.job, deadline).await {
        Ok(None) => Vec::new(),
        Ok(Some(pause)) => come_again(worker, carrier, pause).await,
        Err(error) => {
            tracing::error!(%error, room = %carrier.job.chatroom_id, "a room is put back");
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
                finish(worker, reply, attempt, &Outcome::failed("attempts_exhausted")).await?;
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

/// Makes one attempt at a reply. Answers when the next one is due, or nothing if the reply has ended.
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
            tracing::warn!(reply = %attempt.reply, attempt = attempt.number, reason, seconds = after.as_secs(), "another attempt follows");
            let until = now + after;
            Ok(replies::postpone(&worker.db, attempt.reply, attempt.number, until).await?.then_some(until))
        }
        Verdict::End(outcome) => {
            let ended = finish(worker, attempt.reply, attempt.number, &outcome).await?;
            if !ended {
                replies::keep_partial(&worker.db, attempt.reply, attempt.number, &outcome).await?;
            }
            notify(worker, attempt.room).await;
            tracing::info!(reply = %attempt.reply, attempt = attempt.number, state = outcome.state.as_str(), error = outcome.error, ended, "reply");
            Ok(None)
        }
    }
}

/// Ends a reply. An answer is paid for, so a Postgres that is away for a moment is tried again.
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

/// Returns once the reply was called off. Without Redis that is noticed when the answer is written.
async fn called_off(worker: &Worker, reply: MessageId) {
    loop {
        tokio::time::sleep(WATCH).await;
        if let Ok(true) = worker.cache.is_stopped(reply).await {
            return;
        }
    }
}

async fn notify(worker: &Worker, room: shared::domain::ChatroomId) {
    if let Err(error) = worker.cache.room_changed(room).await {
        tracing::warn!(%error, "whoever waits for a reply sees it a little later");
    }
}

/// Has the room come again. A record that waits for another reply than its own is replaced by one of that reply, so
/// that how often a record was received says something about itself.
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
            Err(error) => tracing::warn!(%error, "the record carries another reply"),
        }
    }
    hide(worker, carrier, time).await
}

/// Hides the record until its time has come. If that fails the queue's own visibility timeout holds.
async fn hide(worker: &Worker, carrier: &Job, time: Duration) -> Vec<String> {
    let queue = worker.queues.url(worker.queues.tier_of(&carrier.queue));
    if let Err(error) = worker.queues.queues().hide(queue, &carrier.receipt, time).await {
        tracing::warn!(%error, "a record comes again later than it could");
    }
    vec![carrier.id.clone()]
}
