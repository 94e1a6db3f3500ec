//! One attempt at a reply: the answer is read and published while its lease is renewed, until it is overtaken or called
//! off.

use std::time::Duration;

use shared::Fault;
use shared::db::replies::{self, Attempt};

use crate::Worker;
use crate::context;
use crate::gemini::{Failure, Progress};
use crate::live::{Live, Publisher};
use crate::metrics::FirstText;
use crate::policy;
use crate::records::Records;

/// When the records are first hidden for the lease only. Most answers end before, and cost no call. Records that come
/// again may have lost a worker before: they are hidden so at once.
const SETTLED: Duration = Duration::from_secs(3);

/// How an attempt ended: with an answer, with a failure, or `None` if nobody waits for it any more.
pub(crate) type Ending = Option<Result<(), Failure>>;

/// Reads an answer for at most `whole`, publishes it meanwhile, and returns what has arrived.
pub(crate) async fn run(
    worker: &Worker,
    attempt: &Attempt,
    records: &Records<'_>,
    whole: Duration,
    first: &FirstText,
    live: &mut Live<'_>,
) -> (Ending, Progress) {
    let request = context::request(attempt, worker.bounds);
    let mut progress = Progress::default();
    let show = |progress: &Progress| {
        first.see(&progress.text);
        live.pad.put(policy::shown(progress));
    };
    let answer = worker.gemini.generate(&request, attempt.overloads, &mut progress, &show);
    let ending = tokio::select! {
        read = tokio::time::timeout(whole, answer) => Some(read.unwrap_or(Err(Failure::OutOfTime))),
        () = called_off(worker, attempt, &mut live.publisher) => None,
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
        match renew(worker, attempt).await {
            Ok(true) => records.renew().await,
            Ok(false) => return,
            Err(error) => tracing::warn!(%error, reply = %attempt.reply, "a lease is not renewed"),
        }
        tokio::time::sleep(pause).await;
    }
}

/// Publishes the text, and returns if there is no such attempt any more. The stream tells that first, but Redis alone
/// stops no attempt: Postgres is asked. Without Redis the renewal of the lease notices it.
async fn called_off(worker: &Worker, attempt: &Attempt, publisher: &mut Publisher<'_>) {
    publisher.run().await;
    match renew(worker, attempt).await {
        Ok(false) => return,
        Ok(true) => tracing::error!(reply = %attempt.reply, "a stream takes nothing of the attempt that is running"),
        Err(error) => tracing::warn!(%error, reply = %attempt.reply, "an attempt that was called off goes on"),
    }
    std::future::pending::<()>().await;
}

/// Renews the lease. `false` if the attempt is not the latest any more, or the reply has ended.
async fn renew(worker: &Worker, attempt: &Attempt) -> Result<bool, Fault> {
    let until = worker.clock.now() + worker.lease();
    replies::renew(&worker.db, attempt.reply, attempt.number, until).await
}
