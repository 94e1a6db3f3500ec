//! The lines of a process, as CloudWatch reads them.

#![cfg(test)]

use serde_json::{Value, json};
use shared::domain::Timestamp;
use shared::telemetry::{self, Metric, SecurityEvent, Unit};
use testkit::{Logs, capture, capture_at};

const NOON: i64 = 1_795_435_200;

fn now() -> Timestamp {
    Timestamp::from_unix(NOON).unwrap()
}

fn only(logs: &Logs) -> Value {
    let mut lines = logs.lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    lines.remove(0)
}

#[test]
fn a_metric_is_kept_for_its_stack_and_by_each_dimension() {
    let (logs, _guard) = capture();
    telemetry::count_by("Tea", &[("Kind", "green"), ("Size", "big")], 2, now());
    let sets = [json!(["Stage", "Stack"]), json!(["Stage", "Stack", "Kind"]), json!(["Stage", "Stack", "Size"])];
    let metrics = json!([{ "Name": "Tea", "Unit": "Count" }]);
    let metric = json!({ "Namespace": "ChatBackend", "Dimensions": sets, "Metrics": metrics });
    let expected = json!({
        "_aws": { "Timestamp": NOON * 1000, "CloudWatchMetrics": [metric] },
        "Stage": "test", "Stack": "tests", "release": "0a1b2c3", "Tea": 2, "Kind": "green", "Size": "big",
    });
    assert_eq!(only(&logs), expected);
}

#[test]
fn metrics_of_one_line_are_kept_each_by_its_own_dimensions() {
    let (logs, _guard) = capture();
    let kind = [("Kind", "green")];
    let cups = Metric { name: "Cups", unit: Unit::Count, by: &kind, value: 2 };
    let steeped = Metric { name: "Steeped", unit: Unit::Seconds, by: &[], value: 90 };
    let poured = Metric { name: "Poured", unit: Unit::Count, by: &[], value: 1 };
    telemetry::measure_all(&[cups, steeped, poured], now());
    telemetry::measure_all(&[], now());
    let (stack, of_kind) = (json!(["Stage", "Stack"]), json!(["Stage", "Stack", "Kind"]));
    let group = |sets: &[&Value], metrics: &[Value]| json!({ "Namespace": "ChatBackend", "Dimensions": sets, "Metrics": metrics });
    let metric = |name: &str, unit: &str| json!({ "Name": name, "Unit": unit });
    let groups = [
        group(&[&stack, &of_kind], &[metric("Cups", "Count")]),
        group(&[&stack], &[metric("Steeped", "Seconds"), metric("Poured", "Count")]),
    ];
    let expected = json!({
        "_aws": { "Timestamp": NOON * 1000, "CloudWatchMetrics": groups },
        "Stage": "test", "Stack": "tests", "release": "0a1b2c3", "Cups": 2, "Kind": "green", "Steeped": 90, "Poured": 1,
    });
    assert_eq!(only(&logs), expected);
}

#[test]
fn a_metric_is_written_at_every_level_with_the_span_of_its_request() {
    let (logs, _guard) = capture_at("ERROR");
    tracing::info_span!("request", request_id = "r-1", route = "/tea {\"}").in_scope(|| {
        telemetry::measure("Wait", Unit::Milliseconds, &[], 7, now());
        tracing::warn!("not this");
    });
    let line = only(&logs);
    assert_eq!(line["span"], json!({ "request_id": "r-1", "route": "/tea {\"}", "name": "request" }));
    assert_eq!(
        (&line["Wait"], &line["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["Unit"]),
        (&json!(7), &json!("Milliseconds"))
    );
}

#[test]
fn every_line_has_the_release() {
    let (logs, _guard) = capture();
    tracing::info!(tea = "green", "said");
    telemetry::security(SecurityEvent::SignIn, None);
    telemetry::count("Tea", 1, now());
    telemetry::answered(404, 3, Some("not_found"));
    telemetry::answered(200, 3, None);
    let lines = logs.lines();
    assert_eq!(lines.len(), 5);
    assert!(lines.iter().all(|line| line["release"] == "0a1b2c3"), "{lines:?}");
    assert!(lines[4].get("_aws").is_none() && lines[4]["status"] == 200);
}
