//! Metrics: lines in CloudWatch's embedded metric format, in the namespace `ChatBackend`.
//!
//! Each is kept for the whole stack, and by each of its dimensions alone. So two stacks of an account never mix.
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>.

use serde_json::{Value, json};

use super::METRIC;
use crate::domain::{Clock, Timestamp, words};

words!(
    /// What a metric's number counts. Source:
    /// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html>.
    Unit {
        /// Things.
        Count = "Count",
        /// Milliseconds.
        Milliseconds = "Milliseconds",
        /// Seconds.
        Seconds = "Seconds",
    }
);

/// Counts `value` under `name`.
pub fn count(name: &str, value: u64, now: Timestamp) {
    count_by(name, &[], value, now);
}

/// Counts as [`count`] does, and also by each of the dimensions alone. Their values must be words of a closed set, since
/// each one is a metric that costs.
pub fn count_by(name: &str, dimensions: &[(&str, &str)], value: u64, now: Timestamp) {
    measure(name, Unit::Count, dimensions, value, now);
}

/// Records a measured `value` as [`count_by`] does.
pub fn measure(name: &str, unit: Unit, dimensions: &[(&str, &str)], value: u64, now: Timestamp) {
    write(&metric(name, unit, dimensions, value, now));
}

/// Logs that a request was answered. With the code of its problem the line is a metric as well, `Refused` by `Code`: so a
/// refused request costs one line, as any other.
pub fn answered(status: u16, milliseconds: u64, code: Option<&str>) {
    let Some(code) = code else { return tracing::info!(status, milliseconds, "answered") };
    let now = Clock::system().now();
    let mut line = metric("Refused", Unit::Count, &[("Code", code)], 1, now);
    let said: [(&str, Value); 5] = [
        ("timestamp", json!(now)),
        ("level", json!("INFO")),
        ("message", json!("answered")),
        ("status", json!(status)),
        ("milliseconds", json!(milliseconds)),
    ];
    for (name, value) in said {
        line[name] = value;
    }
    write(&line);
}

fn write(line: &Value) {
    let line = line.to_string();
    tracing::info!(target: METRIC, line = line.as_str());
}

fn metric(name: &str, unit: Unit, dimensions: &[(&str, &str)], value: u64, now: Timestamp) -> Value {
    let by = dimensions.iter().map(|(by, _)| vec!["Stage", "Stack", by]);
    let sets: Vec<_> = std::iter::once(vec!["Stage", "Stack"]).chain(by).collect();
    let metrics = json!([{ "Name": name, "Unit": unit }]);
    let metric = json!({ "Namespace": "ChatBackend", "Dimensions": sets, "Metrics": metrics });
    let mut line = json!({ "_aws": { "Timestamp": now.unix_millis(), "CloudWatchMetrics": [metric] }, name: value });
    for (by, value) in dimensions {
        line[*by] = json!(value);
    }
    line
}
