//! Failures of API calls that a test injects.

use std::time::Duration;

use serde::Deserialize;

/// One request for failures, as `POST /admin/fail` accepts it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Failure {
    /// The status to return; without one the call is only slow.
    pub(super) status: Option<u16>,
    /// How many calls it affects.
    #[serde(default = "once")]
    times: u32,
    /// Only paths with this prefix.
    #[serde(default)]
    path_prefix: String,
    /// Only this HTTP method.
    method: Option<String>,
    /// How long the call takes, in milliseconds; its idempotency key is in use meanwhile.
    #[serde(default)]
    delay_ms: u64,
    /// Whether the call takes effect before `status` is returned, as if its response was lost.
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
    /// Adds a request for failures.
    pub(super) fn add(&mut self, failure: Failure) {
        self.0.push(failure);
    }

    /// The failure that affects this call, if any.
    pub(super) fn strike(&mut self, method: &str, path: &str) -> Option<Failure> {
        let due = self.0.iter_mut().find(|failure| {
            failure.times > 0
                && path.starts_with(&failure.path_prefix)
                && failure.method.as_ref().is_none_or(|only| only.eq_ignore_ascii_case(method))
        })?;
        due.times -= 1;
        Some(due.clone())
    }

    /// Removes all failures.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}
