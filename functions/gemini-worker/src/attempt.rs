//! One attempt at a reply: the answer is read while its lease is renewed, until it is overtaken or called off.

use std::time::Duration;

use shared::cache::{LiveId, Published};
use shared::db::replies::{self, Attempt};

use crate::Worker;
use crate::context;
use crate::gemini::{Failure, Progress};
use crate::records::Records;

/// How often a running attempt checks whether it was cancelled.
const WATCH: Duration = Duration::from_millis(400);
/// When the records are first hidden for the lease only. Most answers end before, and cost no call. Records that come
/// again may have lost a worker before: they are hidden so at once.
const SETTLED: Duration = Duration::from_secs(3);

/// How an attempt ended: with an answer, with a failure, or `None` if nobody waits for it any more.
pub(crate) type Ending = Option<Result<(), Failure>>;

/// Reads an answer for at most `whole`, and returns what has arrived.
pub(crate) async fn run(
    worker: &Worker,
    attempt: &Attempt,
    records: &Records<'_>,
    whole: Duration,
) -> (Ending, Progress) {
    let request = context::request(attempt, worker.bounds);
    let mut progress = Progress::default();
    let ending = tokio::select! {
        read = tokio::time::timeout(whole, worker.gemini.generate(&request, attempt.overloads, &mut progress)) => {
            Some(read.unwrap_or(Err(Failure::OutOfTime)))
        }
        () = called_off(worker, attempt) => None,
        () = overtaken(worker, attempt, records) => None,
    };
    match ending {
        // It ended before its time did: only the wait for more was cut.
        Some(Err(Failure::OutOfTime)) if progress.has_ended => (Some(Ok(())), progress),
        ending => (ending, progress),
    }
}

/// Renews the lease and the records while the attempt runs. Returns if there is no such attempt any more: a newer one
/// began, or the reply has ended.
async fn overtaken(worker: &Worker, attempt: &Attempt, records: &Records<'_>) {
    let pause = worker.lease() / 3;
    let settled = if records.come_again() { Duration::ZERO } else { SETTLED.min(pause) };
    tokio::time::sleep(settled).await;
    records.renew().await;
    tokio::time::sleep(pause.saturating_sub(settled)).await;
    loop {
        let until = worker.clock.now() + worker.lease();
        match replies::renew(&worker.db, attempt.reply, attempt.number, until).await {
            Ok(true) => records.renew().await,
            Ok(false) => return,
            Err(error) => tracing::warn!(%error, reply = %attempt.reply, "a lease is not renewed"),
        }
        tokio::time::sleep(pause).await;
    }
}

/// Returns when the reply is cancelled. Without Redis a cancellation is noticed when the lease is renewed.
async fn called_off(worker: &Worker, attempt: &Attempt) {
    let id = LiveId { attempt: u64::from(attempt.number.unsigned_abs()), number: 0 };
    loop {
        tokio::time::sleep(WATCH).await;
        if let Ok(Published::Ended) = worker.cache.may_publish(attempt.reply, id).await {
            return;
        }
    }
}
