//! Temporary failures are retried, when Google says or with growing pauses, up to five attempts in total.

use std::time::Duration;

use shared::domain::{ReplyError, ReplyState};

use crate::kit::Kit;
use crate::script::{Script, Step, last};

#[tokio::test]
async fn googles_retry_delay_becomes_the_records_visibility_timeout() {
    let kit = Kit::start().await;
    let room = kit.room().await;
    let reply = kit.send(room, "[[429:7*1]] hi").await;
    let id = reply.to_string();
    assert_eq!(kit.work(&[(room, reply)]).await, [id.as_str()]);
    assert_eq!(kit.stack.sqs.hidden(), [(format!("receipt-{id}"), 7)]);
    assert_eq!(kit.reply(room, reply).await.state, ReplyState::Pending);

    kit.stack.clock.advance(Duration::from_secs(5));
    assert_eq!(kit.work(&[(room, reply)]).await, [id.as_str()], "too early");
    assert_eq!(kit.stack.sqs.hidden(), [(format!("receipt-{id}"), 2)]);
    assert_eq!(kit.calls().await.len(), 1);

    kit.stack.clock.advance(Duration::from_secs(2));
    assert!(kit.work(&[(room, reply)]).await.is_empty());
    assert_eq!(kit.reply(room, reply).await.state, ReplyState::Completed);
}

#[tokio::test]
async fn temporary_failures_are_tried_five_times_and_then_refunded_unless_there_is_a_text() {
    use ReplyState::{Failed, Truncated};
    for (word, state, error) in [
        ("[[503]]", Failed, Some(ReplyError::ModelUnavailable)),
        ("[[500]]", Failed, Some(ReplyError::ModelUnavailable)),
        ("[[408]]", Failed, Some(ReplyError::ModelUnavailable)),
        ("[[499]]", Failed, Some(ReplyError::ModelUnavailable)),
        ("[[cut]]", Truncated, None),
        ("[[malformed]]", Truncated, None),
        ("[[429]]", Failed, Some(ReplyError::QuotaExhausted)),
        ("[[empty]]", Failed, Some(ReplyError::EmptyAnswer)),
    ] {
        let kit = Kit::start().await;
        let room = kit.room().await;
        let reply = kit.send(room, word).await;
        for attempt in 1..=4 {
            assert_eq!(kit.work(&[(room, reply)]).await.len(), 1, "{word}, attempt {attempt}");
            let (_, seconds) = kit.stack.sqs.hidden().remove(0);
            assert!((1..=1 << attempt).contains(&seconds), "{word}: {seconds} s after attempt {attempt}");
            kit.stack.clock.advance(Duration::from_secs(20));
        }
        assert!(kit.work(&[(room, reply)]).await.is_empty());
        let reply = kit.reply(room, reply).await;
        assert_eq!((reply.state, reply.error), (state, error), "{word}");
        assert_eq!((kit.calls().await.len(), kit.used().await), (5, i32::from(state == Truncated)), "{word}");
    }
}

#[tokio::test]
async fn an_attempt_that_takes_too_long_is_aborted() {
    let kit = Kit::with(&[("REPLY_TIMEOUT_SECONDS", "1")]).await;
    let room = kit.room().await;
    let reply = kit.send(room, "[[hang*1]] hi").await;
    assert_eq!(kit.work(&[(room, reply)]).await.len(), 1);
    kit.stack.clock.advance(Duration::from_secs(5));
    assert!(kit.work(&[(room, reply)]).await.is_empty());
    assert_eq!(kit.reply(room, reply).await.state, ReplyState::Completed);
}

#[tokio::test]
async fn a_turn_behind_a_failing_one_waits_without_harm_and_is_answered_after_it() {
    let kit = Kit::start().await;
    let room = kit.room().await;
    let failing = kit.send(room, "[[503]]").await;
    let behind = kit.send(room, "hello").await;
    for _ in 1..=4 {
        assert_eq!(
            kit.work(&[(room, failing), (room, behind)]).await,
            [failing.to_string()],
            "only the first record carries the room"
        );
        kit.stack.clock.advance(Duration::from_secs(20));
    }
    assert!(kit.work(&[(room, failing)]).await.is_empty());
    assert_eq!(kit.reply(room, failing).await.state, ReplyState::Failed);
    assert_eq!(kit.reply(room, behind).await.state, ReplyState::Completed);
}

#[tokio::test]
async fn a_record_that_waits_for_another_reply_is_replaced_by_that_replys_record() {
    let kit = Kit::start().await;
    let room = kit.room().await;
    let first = kit.send(room, "hello").await;
    let second = kit.send(room, "[[503*1]] hello").await;
    assert!(kit.work(&[(room, first)]).await.is_empty());
    assert_eq!(kit.reply(room, first).await.state, ReplyState::Completed);
    let [sent] = kit.stack.sqs.take().try_into().unwrap();
    assert_eq!(sent.body["reply_id"], second.to_string());
    assert_ne!(sent.once, Some(second.to_string()), "SQS would treat it as the first send");
    kit.stack.clock.advance(Duration::from_secs(5));
    assert!(kit.work(&[(room, second)]).await.is_empty());
    assert_eq!(kit.reply(room, second).await.state, ReplyState::Completed);
}

#[tokio::test]
async fn a_fifth_attempt_for_which_google_names_a_pause_is_followed_by_one_more() {
    let json = "content-type: application/json\r\n";
    let quiet = r#"{"error":{"code":429,"message":"Resource exhausted.","status":"RESOURCE_EXHAUSTED"}}"#;
    let told = r#"{"error":{"code":429,"message":"Please retry in 41s.","status":"RESOURCE_EXHAUSTED"}}"#;
    let refused = |body| vec![Step::Head(429, json), Step::Raw(body), Step::End];
    let answered = vec![last("Tea.", "STOP"), Step::End];
    for (sixth, state, error) in
        [(answered, ReplyState::Completed, None), (refused(told), ReplyState::Failed, Some(ReplyError::QuotaExhausted))]
    {
        let calls = [vec![refused(quiet); 4], vec![refused(told), sixth]].concat();
        let script = Script::start(calls).await;
        let kit = Kit::with(&[("GEMINI_BASE_URL", &script.url)]).await;
        let room = kit.room().await;
        let reply = kit.send(room, "hi").await;
        for _ in 1..=4 {
            assert_eq!(kit.work(&[(room, reply)]).await.len(), 1);
            kit.stack.clock.advance(Duration::from_secs(20));
        }
        assert_eq!(kit.work(&[(room, reply)]).await.len(), 1, "the fifth");
        assert_eq!(kit.stack.sqs.hidden().last().unwrap().1, 41);
        kit.stack.clock.advance(Duration::from_secs(41));
        assert!(kit.work(&[(room, reply)]).await.is_empty(), "the sixth");
        let reply = kit.reply(room, reply).await;
        assert_eq!((reply.state, reply.error, script.asked().len()), (state, error, 6));
    }
}

#[tokio::test]
async fn a_pause_that_only_a_header_or_a_message_names_is_kept() {
    let json = "content-type: application/json\r\n";
    let quiet = r#"{"error":{"code":429,"message":"Resource exhausted.","status":"RESOURCE_EXHAUSTED"}}"#;
    let told = r#"{"error":{"code":429,"message":"You exceeded your quota. Please retry in 41.2s.","status":"RESOURCE_EXHAUSTED"}}"#;
    let busy = r#"{"error":{"code":503,"message":"Overloaded. Please retry in 1m1s.","status":"UNAVAILABLE"}}"#;
    let refused = |status, headers, body| vec![Step::Head(status, headers), Step::Raw(body), Step::End];
    let answered = vec![last("Tea.", "STOP"), Step::End];
    let calls = vec![
        refused(429, "content-type: application/json\r\nretry-after: 33\r\n", quiet),
        refused(429, json, told),
        refused(503, json, busy),
        refused(503, "retry-after: 9\r\n", "<html>"),
        answered,
    ];
    let script = Script::start(calls).await;
    let kit = Kit::with(&[("GEMINI_BASE_URL", &script.url)]).await;
    let room = kit.room().await;
    let reply = kit.send(room, "hi").await;
    for pause in [33, 42, 61, 9] {
        assert_eq!(kit.work(&[(room, reply)]).await.len(), 1);
        assert_eq!(kit.stack.sqs.hidden()[0].1, pause);
        kit.stack.clock.advance(Duration::from_secs(pause.unsigned_abs()));
    }
    assert!(kit.work(&[(room, reply)]).await.is_empty());
    assert_eq!(kit.reply(room, reply).await.content, "Tea.");
}
