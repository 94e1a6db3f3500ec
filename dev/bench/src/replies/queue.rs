//! A FIFO queue that delivers records as SQS does: a group is locked while a batch of it is in progress, and a batch
//! takes as many records of one group as it can before it takes records of the next group.
//! Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-understanding-logic.html>.

use std::collections::{HashSet, VecDeque};

use serde_json::Value;

/// The records of one room, in order.
type Group = (String, VecDeque<Value>);

/// The queue.
#[derive(Debug, Default)]
pub(super) struct Fifo {
    groups: Vec<Group>,
    locked: HashSet<String>,
}

impl Fifo {
    pub(super) fn put(&mut self, room: &str, job: Value) {
        match self.groups.iter_mut().find(|(name, _)| name == room) {
            Some((_, jobs)) => jobs.push_back(job),
            None => self.groups.push((room.to_owned(), VecDeque::from([job]))),
        }
    }

    /// Returns a batch and locks its groups. The batch is empty if all remaining groups are locked.
    pub(super) fn receive(&mut self, most: usize) -> Vec<Value> {
        let mut batch = Vec::new();
        for (room, jobs) in &mut self.groups {
            if self.locked.contains(room) || jobs.is_empty() || batch.len() == most {
                continue;
            }
            batch.extend(jobs.drain(..jobs.len().min(most - batch.len())));
            self.locked.insert(room.clone());
        }
        batch
    }

    /// Unlocks the groups of a finished batch.
    pub(super) fn done(&mut self, batch: &[Value]) {
        for job in batch {
            self.locked.remove(job["chatroom_id"].as_str().unwrap_or_default());
        }
    }

    /// Whether no record is left, locked or not.
    pub(super) fn is_empty(&self) -> bool {
        self.locked.is_empty() && self.groups.iter().all(|(_, jobs)| jobs.is_empty())
    }
}
