//! A batch: records are grouped by room, rooms run at the same time, and a panic in one does not affect the others. A
//! room that has ended before the others is given back to the queue at once.

use std::collections::BTreeMap;
use std::future::Future;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsMessage};
use shared::domain::ChatroomId;
use shared::queue::{ReplyJob, cause_of};
use shared::telemetry::Origin;
use tokio::task::JoinSet;

/// A record of a room.
#[derive(Debug, Clone)]
pub struct Job {
    /// The job in its body.
    pub job: ReplyJob,
    /// Its id in the batch.
    pub id: String,
    /// The handle that changes its visibility.
    pub receipt: String,
    /// The ARN of the queue it came from.
    pub queue: String,
    /// How often it was received, including this time.
    pub received: u32,
    /// The request that accepted its reply, if it says so.
    pub cause: Origin,
    /// The invocation that works on it.
    pub invocation: Option<String>,
}

/// Runs `work` on the jobs of each room, all rooms at once. Reports as failures the records that `work` returns, those
/// that cannot be read, and all those of a room whose work panicked. Hands the jobs of a room that is done to `release`
/// while other rooms go on: SQS holds a room's next records until these are deleted, and the batch's end may be far.
pub async fn each_room<W, F, R, G>(records: Vec<SqsMessage>, work: W, release: R) -> SqsBatchResponse
where
    W: Fn(Vec<Job>) -> F,
    F: Future<Output = Vec<String>> + Send + 'static,
    R: Fn(Vec<Job>) -> G,
    G: Future<Output = ()>,
{
    let mut response = SqsBatchResponse::default();
    let mut rooms: BTreeMap<ChatroomId, Vec<Job>> = BTreeMap::new();
    for record in records {
        match job(record) {
            Ok(job) => rooms.entry(job.job.chatroom_id).or_default().push(job),
            Err(id) => response.add_failure(id),
        }
    }
    let mut tasks = JoinSet::new();
    let mut running = BTreeMap::new();
    for jobs in rooms.into_values() {
        running.insert(tasks.spawn(work(jobs.clone())).id(), jobs);
    }
    while let Some(done) = tasks.join_next_with_id().await {
        let (task, again) = match done {
            Ok((task, again)) => (task, Some(again)),
            Err(error) => {
                tracing::error!(%error, "the work on a room panicked");
                (error.id(), None)
            }
        };
        let jobs = running.remove(&task).unwrap_or_default();
        let again = again.unwrap_or_else(|| jobs.iter().map(|job| job.id.clone()).collect());
        if again.is_empty() && !running.is_empty() {
            release(jobs).await;
        }
        for id in again {
            response.add_failure(id);
        }
    }
    response
}

/// Reads a record. If it cannot be read, the error is its id.
fn job(record: SqsMessage) -> Result<Job, String> {
    let (cause, invocation) = (cause_of(&record), Origin::current().request_id);
    let id = record.message_id.unwrap_or_default();
    let received = record.attributes.get("ApproximateReceiveCount").and_then(|count| count.parse().ok()).unwrap_or(1);
    match serde_json::from_str(record.body.as_deref().unwrap_or_default()) {
        Ok(job) => {
            let receipt = record.receipt_handle.unwrap_or_default();
            let queue = record.event_source_arn.unwrap_or_default();
            Ok(Job { job, id, receipt, queue, received, cause, invocation })
        }
        Err(error) => {
            tracing::error!(%error, record = id, "a record is not a job");
            Err(id)
        }
    }
}
