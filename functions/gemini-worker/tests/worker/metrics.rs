//! What is counted and measured of replies, as the lines that CloudWatch reads.

use std::time::Duration;

use serde_json::{Value, json};
use shared::db::replies;
use shared::domain::FreeCancels;
use testkit::capture;

use crate::kit::{Kit, job, record};

/// What a line says of one of its metrics: its dimensions, and the metric.
fn said<'a>(line: &'a Value, name: &str) -> (&'a Value, &'a Value) {
    let groups = line["_aws"]["CloudWatchMetrics"].as_array().unwrap();
    let all = groups.iter().flat_map(|group| group["Metrics"].as_array().unwrap().iter().map(move |one| (group, one)));
    let mut of_this = all.filter(|(_, metric)| metric["Name"] == name);
    let (group, metric) = of_this.next().unwrap();
    (&group["Dimensions"], metric)
}

/// The dimensions that a metric is kept by, besides the stack.
fn by<'a>(line: &'a Value, name: &str) -> Vec<&'a str> {
    let sets = said(line, name).0.as_array().unwrap();
    for set in sets {
        assert_eq!((&set[0], &set[1]), (&json!("Stage"), &json!("Stack")), "{line}");
    }
    sets.iter().filter_map(|set| set[2].as_str()).collect()
}

#[tokio::test]
async fn a_reply_that_ends_is_counted_by_state_error_and_tier_and_is_in_time() {
    let (logs, _guard) = capture();
    let kit = Kit::start().await;
    let room = kit.room().await;
    let reply = kit.send(room, "hi").await;
    kit.stack.clock.advance(Duration::from_mins(1));
    kit.work(&[(room, reply)]).await;

    let ended = logs.metric("ReplyEnded");
    assert_eq!((ended.len(), by(&ended[0], "ReplyEnded")), (1, vec!["State", "Error", "Tier"]));
    let words = ["State", "Error", "Tier", "Stage", "Stack", "release"].map(|name| ended[0][name].as_str().unwrap());
    assert_eq!(words, ["completed", "none", "basic", "test", "tests", "0a1b2c3"]);
    let in_time = logs.metric("ReplyInTime");
    assert_eq!(
        (in_time.len(), by(&in_time[0], "ReplyInTime"), &in_time[0]["ReplyInTime"]),
        (1, vec!["Tier"], &json!(1))
    );
    assert_eq!(logs.values("AttemptAnswered"), [1]);
}

#[tokio::test]
async fn a_reply_that_is_late_or_fails_is_not_in_time() {
    let kit = Kit::start().await;
    let room = kit.room().await;
    for (text, wait) in [("hi", 61), ("[[finish:OTHER]]", 0)] {
        let (logs, _guard) = capture();
        let reply = kit.send(room, text).await;
        kit.stack.clock.advance(Duration::from_secs(wait));
        kit.work(&[(room, reply)]).await;
        assert_eq!((logs.values("ReplyEnded"), logs.values("ReplyInTime")), (vec![1], vec![0]), "{text}");
    }
}

#[tokio::test]
async fn the_wait_for_the_first_text_begins_with_the_record_and_is_measured_once() {
    let (logs, _guard) = capture();
    let kit = Kit::start().await;
    let room = kit.room().await;
    let reply = kit.send(room, "[[slow:30]] hi").await;
    kit.work(&[(room, reply)]).await;
    let first = logs.metric("FirstTokenMilliseconds");
    assert_eq!((first.len(), by(&first[0], "FirstTokenMilliseconds").len()), (1, 0));
    assert_eq!(said(&first[0], "FirstTokenMilliseconds").1["Unit"], "Milliseconds");
    assert!(first[0]["FirstTokenMilliseconds"].as_u64().unwrap() >= 30, "{first:?}");
}

#[tokio::test]
async fn an_attempt_without_a_text_has_no_first_one() {
    let (logs, _guard) = capture();
    let kit = Kit::start().await;
    let room = kit.room().await;
    let reply = kit.send(room, "[[blocked]]").await;
    kit.work(&[(room, reply)]).await;
    assert!(logs.metric("FirstTokenMilliseconds").is_empty());
}

#[tokio::test]
async fn the_wait_in_the_queue_is_measured_when_a_record_first_comes() {
    let (logs, _guard) = capture();
    let kit = Kit::start().await;
    let room = kit.room().await;
    let reply = kit.send(room, "hi").await;
    let sent_at = kit.stack.clock.now().unix_millis() - 1_234;
    for received in ["1", "2"] {
        let mut record = record("1", &job(room, reply));
        record.event_source_arn = Some("arn:aws:sqs:eu-west-1:1:pro.fifo".to_owned());
        record.attributes.insert("SentTimestamp".to_owned(), sent_at.to_string());
        record.attributes.insert("ApproximateReceiveCount".to_owned(), received.to_owned());
        kit.handle(vec![record]).await;
    }
    let waits = logs.metric("QueueMilliseconds");
    assert_eq!((waits.len(), by(&waits[0], "QueueMilliseconds")), (1, vec!["Tier"]));
    assert_eq!((&waits[0]["QueueMilliseconds"], &waits[0]["Tier"]), (&json!(1_234), &json!("pro")));
}

#[tokio::test]
async fn a_reply_that_was_cancelled_while_it_was_made_is_not_counted_a_second_time() {
    let (logs, _guard) = capture();
    let kit = Kit::start().await;
    let room = kit.room().await;
    let reply = kit.send(room, "hi").await;
    let now = kit.stack.clock.now();
    replies::cancel(&kit.db, kit.user, room, reply, "", FreeCancels(5), now).await.unwrap();
    kit.work(&[(room, reply)]).await;
    assert!(logs.metric("ReplyEnded").is_empty() && logs.metric("ReplyInTime").is_empty());
}
