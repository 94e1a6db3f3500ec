//! A batch: its records by room, the rooms at the same time, a panic in one of them kept from the others.

use std::collections::BTreeMap;
use std::future::Future;

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsMessage};
use shared::domain::ChatroomId;
use shared::queue::ReplyJob;
use tokio::task::JoinSet;

/// A record of a room.
#[derive(Debug, Clone)]
pub struct Job {
    /// What it asks for.
    pub job: ReplyJob,
    /// Its name in the batch.
    pub id: String,
    /// What changes its visibility.
    pub receipt: String,
    /// The ARN of the queue it came from.
    pub queue: String,
    /// How often it was received, this time with it.
    pub received: u32,
}

/// Runs `work` on the jobs of each room, all rooms at once, and reports the records it answers, those that cannot be
/// read, and all those of a room whose work panicked.
pub async fn each_room<W, F>(records: Vec<SqsMessage>, work: W) -> SqsBatchResponse
where
    W: Fn(Vec<Job>) -> F,
    F: Future<Output = Vec<String>> + Send + 'static,
{
    let mut failed = Vec::new();
    let mut rooms: BTreeMap<ChatroomId, Vec<Job>> = BTreeMap::new();
    for record in records {
        let id = record.message_id.unwrap_or_default();
        match serde_json::from_str::<ReplyJob>(record.body.as_deref().unwrap_or_default()) {
            Ok(job) => {
                let receipt = record.receipt_handle.unwrap_or_default();
                let queue = record.event_source_arn.unwrap_or_default();
                let received =
                    record.attributes.get("ApproximateReceiveCount").and_then(|count| count.parse().ok()).unwrap_or(1);
                rooms.entry(job.chatroom_id).or_default().push(Job { job, id, receipt, queue, received });
            }
            Err(error) => {
                tracing::error!(%error, record = id, "a record is not a job");
                failed.push(id);
            }
        }
    }
    let mut tasks = JoinSet::new();
    let mut names = BTreeMap::new();
    for jobs in rooms.into_values() {
        let ids: Vec<_> = jobs.iter().map(|job| job.id.clone()).collect();
        names.insert(tasks.spawn(work(jobs)).id(), ids);
    }
    while let Some(done) = tasks.join_next_with_id().await {
        match done {
            Ok((_, again)) => failed.extend(again),
            Err(error) => {
                tracing::error!(%error, "the work on a room broke off");
                failed.extend(names.remove(&error.id()).unwrap_or_default());
            }
        }
    }
    let mut response = SqsBatchResponse::default();
    response.batch_item_failures = failed
        .into_iter()
        .map(|id| {
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = id;
            failure
        })
        .collect();
    response
}
