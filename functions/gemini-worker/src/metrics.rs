//! What is counted of attempts and replies. The alarms of template.yaml know these names and words.

use shared::db::replies::Outcome;
use shared::domain::{ReplyError, ReplyState, Timestamp};
use shared::telemetry;

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

/// Counts a reply, by its state and its error.
pub(crate) fn reply_ended(outcome: &Outcome, now: Timestamp) {
    let error = outcome.error.map_or("none", ReplyError::as_str);
    telemetry::count_by("ReplyEnded", &[("State", outcome.state.as_str()), ("Error", error)], 1, now);
}
