//! How replies end, as metrics. The alarms and objectives of template.yaml know these names and words.

use std::time::Duration;

use super::{Metric, Unit, measure_all};
use crate::domain::{ReplyError, ReplyState, Tier, Timestamp};

/// A reply is in time if its answer is there so soon after the message was accepted.
pub const IN_TIME: Duration = Duration::from_mins(1);

/// Counts a reply that has ended: by its state, its error and its tier. Unless it was cancelled, `ReplyInTime` is 1 if it
/// has an answer, and in time; else 0. A failure is never in time, however soon it comes.
pub fn ended(state: ReplyState, error: Option<ReplyError>, tier: Tier, accepted_at: Timestamp, now: Timestamp) {
    let (tier, error) = (("Tier", tier.as_str()), ("Error", error.map_or("none", ReplyError::as_str)));
    let is_in_time = state != ReplyState::Failed && now.since(accepted_at) <= IN_TIME;
    let metrics = [
        Metric { name: "ReplyEnded", unit: Unit::Count, by: &[("State", state.as_str()), error, tier], value: 1 },
        Metric { name: "ReplyInTime", unit: Unit::Count, by: &[tier], value: is_in_time.into() },
    ];
    measure_all(if state == ReplyState::Cancelled { &metrics[..1] } else { &metrics }, now);
}
