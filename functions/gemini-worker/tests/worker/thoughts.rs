//! Thought signatures: what a model thought comes back to it with the turn, in its part, and to no other model.

use std::time::Duration;

use serde_json::{Value, json};
use shared::domain::{ChatroomId, MessageId, ReplyState};

use crate::kit::Kit;
use crate::script::{Script, Step, last};

/// The parts of the second turn, the first reply, in the body of each request.
fn parts(asked: &[String]) -> Vec<Value> {
    let body = |request: &String| request.split_once("\r\n\r\n").unwrap().1.parse::<Value>().unwrap();
    asked.iter().map(|request| body(request)["contents"][1]["parts"].clone()).collect()
}

fn event(parts: &Value, reason: Option<&str>) -> Step {
    Step::Event(json!({ "candidates": [{ "content": { "parts": parts }, "finishReason": reason }] }).to_string())
}

async fn kit(calls: Vec<Vec<Step>>, settings: &[(&str, &str)]) -> (Kit, Script, ChatroomId) {
    let script = Script::start(calls).await;
    let kit = Kit::with(&[&[("GEMINI_BASE_URL", script.url.as_str())], settings].concat()).await;
    let room = kit.room().await;
    (kit, script, room)
}

async fn answered(kit: &Kit, room: ChatroomId) -> MessageId {
    let reply = kit.send(room, "hi").await;
    assert!(kit.work(&[(room, reply)]).await.is_empty());
    assert_eq!(kit.reply(room, reply).await.state, ReplyState::Completed);
    reply
}

#[tokio::test]
async fn a_signature_comes_back_in_the_part_in_which_it_came() {
    let text = |text: &str| json!({ "text": text });
    let signed = |text: &str| json!({ "text": text, "thoughtSignature": "c2VhbA==" });
    let table = [
        (vec![json!([text("Tea "), text("is")]), json!([signed("")])], json!([text("Tea is"), signed("")])),
        (vec![json!([text("Tea ")]), json!([signed("is 茶")])], json!([text("Tea "), signed("is 茶")])),
        (vec![json!([signed("Tea is")])], json!([signed("Tea is")])),
        (vec![json!([signed("Tea ")]), json!([text("is")])], json!([signed("Tea "), text("is")])),
        (
            vec![json!([{ "text": "old", "thoughtSignature": "b2xk" }]), json!([signed("Tea")])],
            json!([text("old"), signed("Tea")]),
        ),
        (
            vec![json!([{ "text": "hm", "thought": true, "thoughtSignature": "aG0=" }, text("Tea")])],
            json!([text("Tea")]),
        ),
    ];
    for (pieces, expected) in table {
        let (end, before) = pieces.split_last().unwrap();
        let steps = before.iter().map(|parts| event(parts, None)).chain([event(end, Some("STOP")), Step::End]);
        let (kit, script, room) = kit(vec![steps.collect(), vec![last("ok", "STOP"), Step::End]], &[]).await;
        answered(&kit, room).await;
        answered(&kit, room).await;
        assert_eq!(parts(&script.asked())[1], expected);
    }
}

#[tokio::test]
async fn a_signature_that_is_none_costs_nothing() {
    let long = "A".repeat(32 * 1024 + 1);
    for odd in [json!(null), json!(7), json!({}), json!(""), json!("not base64!"), json!("a\u{0}"), json!(long)] {
        let first = vec![event(&json!([{ "text": "Tea", "thoughtSignature": odd }]), Some("STOP")), Step::End];
        let (kit, script, room) = kit(vec![first, vec![last("ok", "STOP"), Step::End]], &[]).await;
        answered(&kit, room).await;
        answered(&kit, room).await;
        assert_eq!(parts(&script.asked())[1], json!([{ "text": "Tea" }]), "{odd:.20}");
    }
}

#[tokio::test]
async fn only_the_model_that_made_a_signature_gets_it_back() {
    let kit = Kit::with(&[("GEMINI_MODEL", "gemini-one"), ("GEMINI_FALLBACK_MODEL", "gemini-two")]).await;
    let room = kit.room().await;
    answered(&kit, room).await;
    let reply = kit.send(room, "[[503*2]] hi").await;
    for _ in 0..2 {
        assert_eq!(kit.work(&[(room, reply)]).await.len(), 1);
        kit.stack.clock.advance(Duration::from_secs(20));
    }
    assert!(kit.work(&[(room, reply)]).await.is_empty());
    let calls = kit.calls().await;
    let signed = |call: &Value| {
        let has_signature = call["body"]["contents"].to_string().contains("thoughtSignature");
        (call["model"].as_str().unwrap().to_owned(), has_signature, call["status"].as_i64().unwrap())
    };
    let expected =
        [("gemini-one", false, 200), ("gemini-one", true, 503), ("gemini-one", true, 503), ("gemini-two", false, 200)];
    assert_eq!(
        calls.iter().map(signed).collect::<Vec<_>>(),
        expected.map(|(model, has, status)| (model.to_owned(), has, status))
    );
}

#[tokio::test]
async fn a_refused_signature_is_left_out_and_the_reply_made_in_the_same_attempt() {
    let kit = Kit::start().await;
    let room = kit.room().await;
    answered(&kit, room).await;
    let corrupt = "update messages set thought_signature = jsonb_set(thought_signature, '{sealed}', '\"dGVh\"')";
    assert_eq!(kit.stack.sql().await.execute(&format!("{corrupt} where role = 'assistant'"), &[]).await.unwrap(), 1);
    let reply = answered(&kit, room).await;
    let statuses: Vec<_> = kit.calls().await.iter().map(|call| call["status"].clone()).collect();
    assert_eq!(statuses, [200, 400, 200]);
    let sql = "select attempt from messages where id = $1";
    assert_eq!(kit.stack.sql().await.query_one(sql, &[&reply]).await.unwrap().get::<_, i32>(0), 1);
}

#[tokio::test]
async fn the_signatures_of_a_request_are_bounded_and_the_newest_are_sent() {
    let kit = Kit::start().await;
    let room = kit.room().await;
    for _ in 0..6 {
        answered(&kit, room).await;
    }
    // Four of these fit into 128 KiB.
    let sql =
        "update messages set thought_signature = jsonb_build_object('model', 'gemini-flash-latest', 'from', 0, 'to', 1,
        'sealed', repeat('A', 32 * 1024)) where role = 'assistant'";
    assert_eq!(kit.stack.sql().await.execute(sql, &[]).await.unwrap(), 6);
    answered(&kit, room).await;
    let calls = kit.calls().await;
    let contents = calls[6]["body"]["contents"].as_array().unwrap();
    let signed = |content: &Value| content.to_string().contains("thoughtSignature");
    let replies: Vec<_> = contents.iter().filter(|content| content["role"] == "model").map(signed).collect();
    assert_eq!(replies, [false, false, true, true, true, true]);
}
