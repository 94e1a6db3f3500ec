//! What is counted of attempts and records. The alarms of template.yaml know these names and words.

use std::sync::OnceLock;

use aws_lambda_events::sqs::SqsMessage;
use shared::db::replies::Outcome;
use shared::domain::{ReplyError, ReplyState, Tier, Timestamp};
use shared::telemetry::{self, Metric, Unit};
use tokio::time::Instant;

/// Counts an attempt: by its error, and 1 or 0 for whether the model answered at all. A cancelled one says nothing of
/// that. Its wait for the first text, if there was one, is in the same line: a process that dies before the attempt ends
/// tells nothing of it.
pub(crate) fn attempt_ended(outcome: &Outcome, first: &FirstText, now: Timestamp) {
    let is_answered = !outcome.error.is_some_and(|error| ReplyError::UNANSWERED.contains(&error));
    let error = outcome.error.map(|error| [("Error", error.as_str())]);
    let failed = error.as_ref().map(|by| Metric { name: "AttemptFailed", unit: Unit::Count, by, value: 1 });
    let answered = Metric { name: "AttemptAnswered", unit: Unit::Count, by: &[], value: is_answered.into() };
    let answered = (outcome.state != ReplyState::Cancelled).then_some(answered);
    let first = first.waited.get().map(|&value| Metric {
        name: "FirstTokenMilliseconds",
        unit: Unit::Milliseconds,
        by: &[],
        value,
    });
    telemetry::measure_all(&failed.into_iter().chain(answered).chain(first).collect::<Vec<_>>(), now);
}

/// Measures how long a record waited in its queue. One that comes again waited on purpose.
pub(crate) fn received(record: &SqsMessage, tier: Tier, now: Timestamp) {
    let attribute = |name| record.attributes.get(name).and_then(|value| value.parse().ok());
    if attribute("ApproximateReceiveCount") == Some(1)
        && let Some(sent_at) = attribute("SentTimestamp").and_then(Timestamp::from_unix_millis)
    {
        let waited = u64::try_from(now.since(sent_at).as_millis()).unwrap_or(u64::MAX);
        telemetry::measure("QueueMilliseconds", Unit::Milliseconds, &[("Tier", tier.as_str())], waited, now);
    }
}

/// The wait for the first text of an attempt.
#[derive(Debug)]
pub(crate) struct FirstText {
    since: Instant,
    /// In milliseconds, once it is over.
    waited: OnceLock<u64>,
}

impl FirstText {
    /// A wait that begins now, with the attempt.
    pub(crate) fn begin() -> Self {
        Self { since: Instant::now(), waited: OnceLock::new() }
    }

    /// Ends the wait if there is a text for the first time.
    pub(crate) fn see(&self, text: &str) {
        if !text.is_empty() {
            self.waited.get_or_init(|| u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX));
        }
    }
}
