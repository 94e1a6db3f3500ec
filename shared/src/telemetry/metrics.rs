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
pub fn measure(name: &str, unit: Unit, by: &[(&str, &str)], value: u64, now: Timestamp) {
    measure_all(&[Metric { name, unit, by, value }], now);
}

/// A metric of a line.
#[derive(Debug, Clone, Copy)]
pub struct Metric<'a> {
    /// Its name.
    pub name: &'a str,
    /// What its number counts.
    pub unit: Unit,
    /// The dimensions that it is kept by, each alone.
    pub by: &'a [(&'a str, &'a str)],
    /// The number.
    pub value: u64,
}

/// Records metrics as [`measure`] does, in one line: each byte of a log costs. A dimension of several of them has the same
/// value in all.
pub fn measure_all(metrics: &[Metric<'_>], now: Timestamp) {
    if !metrics.is_empty() {
        write(&line(metrics, now));
    }
}

/// Logs that a request was answered. With the code of its problem the line is a metric as well, `Refused` by `Code`: so a
/// refused request costs one line, as any other.
pub fn answered(status: u16, milliseconds: u64, code: Option<&str>) {
    let Some(code) = code else { return tracing::info!(status, milliseconds, "answered") };
    let now = Clock::system().now();
    let refused = Metric { name: "Refused", unit: Unit::Count, by: &[("Code", code)], value: 1 };
    let mut line = line(&[refused], now);
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

fn line(metrics: &[Metric<'_>], now: Timestamp) -> Value {
    let mut line = json!({ "_aws": { "Timestamp": now.unix_millis() } });
    let mut groups: Vec<(Vec<Vec<&str>>, Vec<Value>)> = Vec::new();
    for Metric { name, unit, by, value } in metrics {
        let each = by.iter().map(|(dimension, _)| vec!["Stage", "Stack", dimension]);
        let sets: Vec<_> = std::iter::once(vec!["Stage", "Stack"]).chain(each).collect();
        let metric = json!({ "Name": name, "Unit": unit });
        match groups.iter_mut().find(|(others, _)| *others == sets) {
            Some((_, group)) => group.push(metric),
            None => groups.push((sets, vec![metric])),
        }
        line[*name] = json!(value);
        for (dimension, word) in *by {
            line[*dimension] = json!(word);
        }
    }
    let group = |(sets, metrics)| json!({ "Namespace": "ChatBackend", "Dimensions": sets, "Metrics": metrics });
    line["_aws"]["CloudWatchMetrics"] = groups.into_iter().map(group).collect();
    line
}
