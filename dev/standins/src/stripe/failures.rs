//! Failures of API calls that a test asked for.

use std::time::Duration;

use serde::Deserialize;

/// One order of failures, as `POST /admin/fail` takes it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Failure {
    /// The status to answer; without one the call is only slow.
    pub(super) status: Option<u16>,
    /// How many calls it strikes.
    #[serde(default = "once")]
    times: u32,
    /// Only paths that begin so.
    #[serde(default)]
    path_prefix: String,
    /// Only this HTTP method.
    method: Option<String>,
    /// How long the call takes, in milliseconds; its idempotency key is in use meanwhile.
    #[serde(default)]
    delay_ms: u64,
    /// Whether the call is carried out before it is answered with `status`: the answer that was lost.
    #[serde(default)]
    pub(super) after: bool,
}

fn once() -> u32 {
    1
}

impl Failure {
    /// How long the call takes.
    pub(super) fn delay(&self) -> Duration {
        Duration::from_millis(self.delay_ms)
    }
}

/// The failures still to come.
#[derive(Default)]
pub(super) struct Failures(Vec<Failure>);

impl Failures {
    /// Adds an order.
    pub(super) fn add(&mut self, failure: Failure) {
        self.0.push(failure);
    }

    /// The failure that strikes this call, if any.
    pub(super) fn strike(&mut self, method: &str, path: &str) -> Option<Failure> {
        let due = self.0.iter_mut().find(|failure| {
            failure.times > 0
                && path.starts_with(&failure.path_prefix)
                && failure.method.as_ref().is_none_or(|only| only.eq_ignore_ascii_case(method))
        })?;
        due.times -= 1;
        Some(due.clone())
    }

    /// Forgets all orders.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}
