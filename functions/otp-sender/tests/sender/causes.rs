//! The lines of a code have the id of the request that asked for it.

use aws_lambda_events::event::sqs::SqsEvent;
use serde_json::json;
use shared::cache::Purpose;
use shared::telemetry::{Origin, within};
use testkit::capture;
use tracing::Span;

use crate::kit::{Kit, job};

#[tokio::test]
async fn the_lines_and_metrics_of_a_code_have_the_request_that_asked_for_it() {
    let (logs, _guard) = capture();
    let kit = Kit::start().await;
    let body = job(kit.open("+14155550123", Purpose::SignIn).await);
    let attribute = json!({ "stringValue": "r-1", "dataType": "String" });
    let records = json!([
        { "messageId": "0", "body": body, "messageAttributes": { "request_id": attribute } },
        { "messageId": "1", "body": body },
    ]);
    let batch: SqsEvent = serde_json::from_value(json!({ "Records": records })).unwrap();
    let invocation = Origin { request_id: Some("invocation-1".to_owned()), trace: None };
    within(invocation, Span::none(), kit.sender.handle(batch)).await;

    let mut spans: Vec<_> = logs
        .lines()
        .into_iter()
        .filter(|line| line["message"] == "code processed" || line["message"] == "a code was not sent and is retried")
        .map(|line| line["span"].to_string())
        .collect();
    spans.sort();
    let known = json!({ "request_id": "r-1", "invocation": "invocation-1", "name": "record" });
    let unknown = json!({ "invocation": "invocation-1", "name": "record" });
    let mut expected = [known.to_string(), unknown.to_string()];
    expected.sort();
    assert_eq!(spans, expected);
    let sent = logs.metric("OtpSent");
    let country = (&sent[0]["Country"], &sent[0]["Stack"], &sent[0]["span"]["invocation"]);
    assert_eq!((sent.len(), country), (1, (&json!("1"), &json!("tests"), &json!("invocation-1"))));
}
