//! Logs as JSON lines on standard output, where CloudWatch reads them, and metrics in the same stream.

use serde_json::{Value, json};
use tracing_subscriber::filter::LevelFilter;

use crate::config::Env;
use crate::domain::Timestamp;

/// Starts logging at `LOG_LEVEL` (`INFO` if not set or not a level). A second call changes nothing.
pub fn start(env: &Env) {
    let level = env.parsed("LOG_LEVEL", LevelFilter::INFO).unwrap_or(LevelFilter::INFO);
    let _ = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_target(false)
        .with_max_level(level)
        .try_init();
}

/// Counts `value` under `name` in the namespace `ChatBackend`: one line in CloudWatch's embedded metric format.
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>.
pub fn count(name: &str, value: u64, now: Timestamp) {
    let metric: Value =
        json!({ "Namespace": "ChatBackend", "Dimensions": [[]], "Metrics": [{ "Name": name, "Unit": "Count" }] });
    #[expect(clippy::print_stdout, reason = "a metric is a line of its own, outside the log's format")]
    {
        println!(
            "{}",
            json!({ "_aws": { "Timestamp": now.unix_millis(), "CloudWatchMetrics": [metric] }, name: value })
        );
    }
}
