//! The lines of a reply have the id and the trace of the request that accepted it, and the invocation that made it.

use std::time::Duration;

use aws_lambda_events::sqs::SqsMessage;
use serde_json::{Value, json};
use shared::domain::{ChatroomId, MessageId};
use shared::telemetry::{Origin, within};
use testkit::{Logs, capture};
use tracing::Span;

use crate::kit::{Kit, job, record};

const TRACE: &str = "Root=1-6b040ac0-0f1e2d3c4b5a69788796a5b4;Parent=53995c3f42cd8ad8;Sampled=1";

/// A record with the cause that its sender gave it.
fn sent_by(request: &str, room: ChatroomId, reply: MessageId) -> SqsMessage {
    let mut record = record(&reply.to_string(), &job(room, reply));
    record.attributes.insert("AWSTraceHeader".to_owned(), TRACE.to_owned());
    let attribute = json!({ "stringValue": request, "dataType": "String" });
    record.message_attributes.insert("request_id".to_owned(), serde_json::from_value(attribute).unwrap());
    record
}

/// Works on records in an invocation.
async fn work(kit: &Kit, records: Vec<SqsMessage>) -> Vec<String> {
    let invocation = Origin { request_id: Some("invocation-1".to_owned()), trace: None };
    within(invocation, Span::none(), kit.handle(records)).await
}

/// The lines that name a reply in some field, and the metrics of replies that ended.
fn spans(logs: &Logs, message: &str) -> Vec<Value> {
    let is_it = |line: &Value| line["message"] == message || line.get(message).is_some();
    logs.lines().into_iter().filter(is_it).map(|line| line["span"].clone()).collect()
}

fn span(request: &str) -> Value {
    json!({
        "request_id": request, "trace": "1-6b040ac0-0f1e2d3c4b5a69788796a5b4", "invocation": "invocation-1",
        "name": "record",
    })
}

#[tokio::test]
async fn each_turn_of_a_room_has_the_request_that_accepted_it() {
    let (logs, _guard) = capture();
    let kit = Kit::start().await;
    let room = kit.room().await;
    let (first, second) = (kit.send(room, "first").await, kit.send(room, "second").await);
    // The second record carries the room.
    assert!(work(&kit, vec![sent_by("r-2", room, second), sent_by("r-1", room, first)]).await.is_empty());
    for line in ["reply", "ReplyEnded", "ReplyInTime", "FirstTokenMilliseconds"] {
        assert_eq!(spans(&logs, line)[..2], [span("r-1"), span("r-2")], "{line}");
    }
}

#[tokio::test]
async fn a_record_without_a_cause_is_worked_on_as_ever() {
    let (logs, _guard) = capture();
    let kit = Kit::start().await;
    let room = kit.room().await;
    let reply = kit.send(room, "hi").await;
    assert!(work(&kit, vec![record("1", &job(room, reply))]).await.is_empty());
    assert_eq!(spans(&logs, "ReplyEnded"), [json!({ "invocation": "invocation-1", "name": "record" })]);
}

#[tokio::test]
async fn a_record_whose_reply_was_made_before_it_came_leads_to_the_reply() {
    let (logs, _guard) = capture();
    let kit = Kit::start().await;
    let room = kit.room().await;
    let (first, second) = (kit.send(room, "first").await, kit.send(room, "second").await);
    work(&kit, vec![sent_by("r-1", room, first)]).await;
    let unknown = json!({ "invocation": "invocation-1", "name": "record" });
    assert_eq!(spans(&logs, "ReplyEnded"), [span("r-1"), unknown], "nobody knows yet who sent the second");

    work(&kit, vec![sent_by("r-2", room, second)]).await;
    let message = "a record came when its reply had ended";
    assert_eq!(spans(&logs, message), [span("r-2")]);
    let line = logs.lines().into_iter().find(|line| line["message"] == message).unwrap();
    assert_eq!(line["reply"], json!(second));
}

#[tokio::test]
async fn a_record_that_is_replaced_hands_the_cause_of_its_reply_on() {
    let kit = Kit::start().await;
    let room = kit.room().await;
    let (first, second) = (kit.send(room, "first").await, kit.send(room, "[[429:7*1]] second").await);
    assert!(work(&kit, vec![sent_by("r-1", room, first), sent_by("r-2", room, second)]).await.is_empty());
    let sent = kit.stack.sqs.take();
    assert_eq!((sent.len(), sent[0].request_id.as_deref(), sent[0].trace.as_deref()), (1, Some("r-2"), Some(TRACE)));
    assert_eq!(sent[0].body["reply_id"], json!(second));
    kit.stack.clock.advance(Duration::from_secs(7));
    assert!(work(&kit, vec![sent_by("r-2", room, second)]).await.is_empty());
}
