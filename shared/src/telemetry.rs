//! Logs as JSON lines on standard output, where CloudWatch reads them, and metrics in the same stream.

use serde_json::{Value, json};
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{LevelFilter, filter_fn};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::Env;
use crate::domain::{Timestamp, UserId, words};

/// The target of security events, which are logged at every `LOG_LEVEL`.
const SECURITY: &str = "security";

/// Starts logging at `LOG_LEVEL` (`INFO` if not set or not a level). A second call changes nothing.
pub fn start(env: &Env) {
    let level = env.parsed("LOG_LEVEL", LevelFilter::INFO).unwrap_or(LevelFilter::INFO);
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_target(false);
    // A security event has the id of its request, which is in the span.
    let is_kept = move |name: &str, target: &str, is_span| target == SECURITY || is_span && name == "request";
    let kept = filter_fn(move |of| level >= *of.level() || is_kept(of.name(), of.target(), of.is_span()))
        .with_max_level_hint(LevelFilter::INFO.max(level));
    let _ = tracing_subscriber::registry().with(lines.with_filter(kept)).try_init();
}

words!(
    /// Something that a security team wants to know.
    SecurityEvent {
        /// Somebody signed in by a code or a password.
        SignIn = "sign_in",
        /// A code or a password was wrong.
        SignInFailed = "sign_in_failed",
        /// A try was refused, since the account is paused after too many of them.
        Locked = "locked",
        /// A password was set.
        PasswordChanged = "password_changed",
        /// A user ended sessions.
        SessionsEnded = "sessions_ended",
        /// An account was deleted.
        AccountDeleted = "account_deleted",
        /// An account has another number.
        MobileChanged = "mobile_changed",
        /// A refresh token was used again, so its session was ended.
        RefreshReused = "refresh_reused",
    }
);

/// Logs a security event: one line whose `event` is `security`, with the user's id if there is an account, and never with
/// a number.
pub fn security(event: SecurityEvent, user: Option<UserId>) {
    let (kind, user) = (event.as_str(), user.map(tracing::field::display));
    tracing::info!(target: SECURITY, event = "security", kind, user, "security event");
}

/// Counts `value` under `name` in the namespace `ChatBackend`: one line in CloudWatch's embedded metric format.
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>.
pub fn count(name: &str, value: u64, now: Timestamp) {
    count_by(name, &[], value, now);
}

/// Counts as [`count`] does, and also by each of the dimensions alone. Their values must be words of a closed set, since
/// each one is a metric that costs.
pub fn count_by(name: &str, dimensions: &[(&str, &str)], value: u64, now: Timestamp) {
    #[expect(clippy::print_stdout, reason = "a metric is a line of its own, outside the log's format")]
    {
        println!("{}", line(name, dimensions, value, now));
    }
}

fn line(name: &str, dimensions: &[(&str, &str)], value: u64, now: Timestamp) -> Value {
    let sets: Vec<_> = std::iter::once(vec![]).chain(dimensions.iter().map(|(name, _)| vec![*name])).collect();
    let metric: Value =
        json!({ "Namespace": "ChatBackend", "Dimensions": sets, "Metrics": [{ "Name": name, "Unit": "Count" }] });
    let mut line = json!({ "_aws": { "Timestamp": now.unix_millis(), "CloudWatchMetrics": [metric] }, name: value });
    for (name, value) in dimensions {
        line[*name] = json!(value);
    }
    line
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::line;
    use crate::domain::Timestamp;

    #[test]
    fn a_metric_is_counted_in_all_and_by_each_dimension() {
        let now = Timestamp::from_unix(1_795_435_200).unwrap();
        let metric = |sets| json!([{ "Namespace": "ChatBackend", "Dimensions": sets, "Metrics": [{ "Name": "Tea", "Unit": "Count" }] }]);
        let plain =
            json!({ "_aws": { "Timestamp": now.unix_millis(), "CloudWatchMetrics": metric(json!([[]])) }, "Tea": 2 });
        assert_eq!(line("Tea", &[], 2, now), plain);
        let by = line("Tea", &[("Kind", "green"), ("Size", "big")], 2, now);
        assert_eq!(by["_aws"]["CloudWatchMetrics"], metric(json!([[], ["Kind"], ["Size"]])));
        assert_eq!((&by["Kind"], &by["Size"], &by["Tea"]), (&json!("green"), &json!("big"), &json!(2)));
    }
}
