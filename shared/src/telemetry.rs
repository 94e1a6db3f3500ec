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
