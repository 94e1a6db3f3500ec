//! What is counted of attempts and replies. The alarms of template.yaml know these names and words.

use shared::db::replies::Outcome;
use shared::domain::{ReplyError, Timestamp};
use shared::telemetry;

/// Counts an attempt without an answer, by its error.
pub(crate) fn attempt_ended(outcome: &Outcome, now: Timestamp) {
    if let Some(error) = outcome.error {
        telemetry::count_by("AttemptFailed", &[("Error", error.as_str())], 1, now);
    }
}

/// Counts a reply, by its state and its error.
pub(crate) fn reply_ended(outcome: &Outcome, now: Timestamp) {
    let error = outcome.error.map_or("none", ReplyError::as_str);
    telemetry::count_by("ReplyEnded", &[("State", outcome.state.as_str()), ("Error", error)], 1, now);
}
