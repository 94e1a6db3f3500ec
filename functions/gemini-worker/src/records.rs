//! The records of a room in a batch. The queue hides them for as long as an invocation may take. While an attempt runs,
//! they are hidden for its lease only, again and again, so that a killed worker does not block its room for so long.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use shared::domain::MessageId;

use crate::Worker;
use crate::batch::Job;

/// The records of a room in a batch.
#[derive(Debug)]
pub(crate) struct Records<'a> {
    worker: &'a Worker,
    jobs: &'a [Job],
    /// Whether they become visible before the invocation must end.
    is_short: AtomicBool,
}

impl<'a> Records<'a> {
    /// The records as the queue delivered them.
    pub(crate) fn of(worker: &'a Worker, jobs: &'a [Job]) -> Self {
        Self { worker, jobs, is_short: AtomicBool::new(false) }
    }

    /// Whether one of them was delivered before.
    pub(crate) fn come_again(&self) -> bool {
        self.jobs.iter().any(|job| job.received > 1)
    }

    /// The record of a reply, if it is among them.
    pub(crate) fn of_reply(&self, reply: MessageId) -> Option<&Job> {
        self.jobs.iter().find(|job| job.job.reply_id == reply)
    }

    /// Hides them for the length of a lease, from now on.
    pub(crate) async fn renew(&self) {
        self.is_short.store(true, Ordering::Relaxed);
        self.hide_all(self.worker.lease()).await;
    }

    /// Hides them until the invocation has ended: then the queue deletes them, or shows them again.
    pub(crate) async fn keep(&self, left: Duration) {
        if self.is_short.swap(false, Ordering::Relaxed) {
            self.hide_all(left).await;
        }
    }

    async fn hide_all(&self, time: Duration) {
        for job in self.jobs {
            hide(self.worker, job, time).await;
        }
    }
}

/// Hides a record for `time`. If that fails, what was set before still applies.
pub(crate) async fn hide(worker: &Worker, job: &Job, time: Duration) {
    let queue = worker.queues.url(worker.queues.tier_of(&job.queue));
    if let Err(error) = worker.queues.queues().hide(queue, &job.receipt, time).await {
        tracing::warn!(%error, "a record is retried at another time than it should be");
    }
}

/// Deletes the records of a room that is done, so that its next ones are delivered. If that fails, they are deleted
/// with the batch.
pub(crate) async fn delete(worker: &Worker, jobs: &[Job]) {
    for job in jobs {
        let queue = worker.queues.url(worker.queues.tier_of(&job.queue));
        if let Err(error) = worker.queues.queues().delete(queue, &job.receipt).await {
            tracing::warn!(%error, "a room waits for the others of its batch");
        }
    }
}
