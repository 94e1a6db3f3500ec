//! What is counted of attempts and records. The alarms of template.yaml know these names and words.

use std::sync::atomic::{AtomicBool, Ordering};

use aws_lambda_events::sqs::SqsMessage;
use shared::db::replies::Outcome;
use shared::domain::{ReplyError, ReplyState, Tier, Timestamp};
use shared::telemetry::{self, Unit};
use tokio::time::Instant;

/// Counts an attempt: by its error, and 1 or 0 for whether the model answered at all. A cancelled one says nothing.
pub(crate) fn attempt_ended(outcome: &Outcome, now: Timestamp) {
    if let Some(error) = outcome.error {
        telemetry::count_by("AttemptFailed", &[("Error", error.as_str())], 1, now);
    }
    if outcome.state != ReplyState::Cancelled {
        let is_answered = !outcome.error.is_some_and(|error| ReplyError::UNANSWERED.contains(&error));
        telemetry::count("AttemptAnswered", is_answered.into(), now);
    }
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
    is_there: AtomicBool,
}

impl FirstText {
    /// A wait that begins now, with the attempt.
    pub(crate) fn begin() -> Self {
        Self { since: Instant::now(), is_there: AtomicBool::new(false) }
    }

    /// Measures the wait when there is a text for the first time.
    pub(crate) fn see(&self, text: &str, now: Timestamp) {
        if !text.is_empty() && !self.is_there.swap(true, Ordering::Relaxed) {
            let waited = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX);
            telemetry::measure("FirstTokenMilliseconds", Unit::Milliseconds, &[], waited, now);
        }
    }
}
