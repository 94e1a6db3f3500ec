//! What has arrived counts: once an answer has its reason to stop, nothing takes it back, and no odd field costs it.

use std::time::{Duration, Instant};

use shared::domain::ReplyState;

use crate::kit::Kit;
use crate::script::{Script, Step, last, piece};

/// A reply that a scripted Gemini makes, in one attempt.
async fn reply(steps: Vec<Step>) -> shared::db::messages::Message {
    let script = Script::start(vec![steps]).await;
    let kit = Kit::with(&[("GEMINI_BASE_URL", &script.url)]).await;
    let room = kit.room().await;
    let reply = kit.send(room, "hi").await;
    assert!(kit.work(&[(room, reply)]).await.is_empty(), "another attempt follows");
    assert_eq!(script.asked().len(), 1);
    kit.reply(room, reply).await
}

#[tokio::test]
async fn trouble_after_the_finish_reason_ends_an_answer_well() {
    let ends: [(&str, Vec<Step>); 8] = [
        ("the connection breaks", vec![]),
        ("[DONE]", vec![Step::Event("[DONE]".into()), Step::End]),
        ("[DONE], and the connection stays open", vec![Step::Event("[DONE]".into()), Step::Open]),
        ("the connection stays open", vec![Step::Open]),
        ("no JSON", vec![Step::Event("{\"candid".into()), Step::End]),
        ("half an event", vec![Step::Raw("data: {\"candid")]),
        ("an error", vec![Step::Event("{\"error\":{\"code\":503,\"status\":\"UNAVAILABLE\"}}".into()), Step::End]),
        ("a line of another kind", vec![Step::Raw("\u{fffd}\r\n"), Step::End]),
    ];
    for (end, steps) in ends {
        let start = Instant::now();
        let answer = reply([vec![piece("Tea is "), last("an infusion.", "STOP")], steps].concat()).await;
        assert_eq!((answer.state, answer.content.as_str()), (ReplyState::Completed, "Tea is an infusion."), "{end}");
        assert!(start.elapsed() < Duration::from_secs(10), "{end}: {:?}", start.elapsed());
    }
}

#[tokio::test]
async fn text_after_an_intermediate_finish_reason_belongs_to_the_answer() {
    let steps = vec![last("One, ", "STOP"), Step::Pause(500), last("two, ", "STOP"), Step::Pause(500)];
    let answer = reply([steps, vec![piece("three"), last(".", "MAX_TOKENS"), Step::End]].concat()).await;
    assert_eq!((answer.state, answer.content.as_str()), (ReplyState::Truncated, "One, two, three."));
}

#[tokio::test]
async fn a_field_that_is_null_or_of_another_type_costs_no_answer() {
    let odd = [
        r#"{"candidates":[{"content":{"parts":[{"text":"Tea","thought":null}]},"finishReason":null}],"usageMetadata":null,"modelVersion":null,"promptFeedback":null,"error":null}"#,
        r#"{"candidates":[{"content":{"parts":[{"text":"Tea","thought":"no"}]},"finishReason":""}],"usageMetadata":[],"modelVersion":{"name":"x"},"promptFeedback":"fine"}"#,
        r#"{"candidates":[{"content":{"parts":[{"text":null},null,7,{"text":"Tea"}]},"index":"0"}],"usageMetadata":{"promptTokenCount":"5","candidatesTokenCount":null,"thoughtsTokenCount":{}},"modelVersion":2.5}"#,
        r#"{"candidates":[{"content":{"parts":[{"text":"Tea","text":"Tea"}]}}],"usageMetadata":{"promptTokenCount":99999999999,"candidatesTokenCount":-1},"error":{}}"#,
    ];
    for odd in odd {
        for before in ["{\"candidates\":null}", "null", "[]", "{\"candidates\":[{\"content\":null}]}"] {
            let steps = [Step::Event(before.into()), Step::Event(odd.into()), last(".", "STOP"), Step::End];
            let answer = reply(steps.into()).await;
            assert_eq!((answer.state, answer.content.as_str()), (ReplyState::Completed, "Tea."), "{odd}");
        }
    }
}

#[tokio::test]
async fn a_finish_reason_that_is_no_word_is_googles_number_or_ends_the_answer_as_truncated() {
    for (reason, state, stored) in [
        ("1", ReplyState::Completed, Some("STOP")),
        ("2", ReplyState::Truncated, Some("MAX_TOKENS")),
        ("{}", ReplyState::Truncated, None),
        ("true", ReplyState::Truncated, None),
    ] {
        let event =
            format!(r#"{{"candidates":[{{"content":{{"parts":[{{"text":"Tea"}}]}},"finishReason":{reason}}}]}}"#);
        let answer = reply(vec![Step::Event(event), Step::End]).await;
        assert_eq!((answer.state, answer.content.as_str()), (state, "Tea"), "{reason}");
        assert_eq!(answer.finish_reason.as_deref(), stored, "{reason}");
    }
}

#[tokio::test]
async fn what_is_stored_has_no_nul_and_is_bounded() {
    let long = "x".repeat(5_000);
    let event = serde_json::json!({
        "candidates": [{ "content": { "parts": [{ "text": "Te\u{0}a\u{0}" }] }, "finishReason": "ST\u{0}OP" }],
        "modelVersion": format!("gemini\u{0}-{long}"),
    });
    let answer = reply(vec![Step::Event(event.to_string()), Step::End]).await;
    assert_eq!((answer.state, answer.content.as_str()), (ReplyState::Completed, "Tea"));
    assert_eq!(answer.finish_reason.as_deref(), Some("STOP"));
    assert!(answer.model.as_ref().is_some_and(|model| model.starts_with("gemini-x") && model.len() == 100));

    let blocked = serde_json::json!({ "promptFeedback": { "blockReason": format!("\u{0}{long}") } });
    let answer = reply(vec![Step::Event(blocked.to_string()), Step::End]).await;
    assert_eq!((answer.state, answer.finish_reason.map(|reason| reason.len())), (ReplyState::Blocked, Some(100)));
}

#[tokio::test]
async fn half_a_character_costs_nothing_but_itself() {
    let event =
        |text: &str| Step::Event(format!(r#"{{"candidates":[{{"content":{{"parts":[{{"text":"{text}"}}]}}}}]}}"#));
    for (text, read) in [
        (r"Tea \ud83d", "Tea \u{fffd}"),
        (r"\uDE00 tea", "\u{fffd} tea"),
        (r"\ud83d\ud83d\ude00 \u0041\n\\ud83d", "\u{fffd}\u{1f600} A\n\\ud83d"),
        (r"\ud83d\u00e9\ud83dé", "\u{fffd}é\u{fffd}é"),
    ] {
        let answer = reply(vec![event(text), last(".", "STOP"), Step::End]).await;
        assert_eq!((answer.state, answer.content), (ReplyState::Completed, format!("{read}.")), "{text}");
    }
}

#[tokio::test]
async fn a_text_is_cut_at_its_bound_between_two_characters() {
    const BOUND: usize = 512 * 1024;
    for (before, whole) in [("", BOUND / 3), ("é", (BOUND - 2) / 3)] {
        let long = format!("{before}{}", "茶".repeat(200 * 1024));
        for steps in
            [vec![last(&long, "STOP"), Step::End], vec![piece(before), piece(&"茶".repeat(200 * 1024)), Step::Open]]
        {
            let answer = reply(steps).await;
            assert_eq!(answer.state, ReplyState::Truncated, "whatever the model says of it");
            assert_eq!(answer.content.len(), before.len() + 3 * whole);
        }
    }
}

#[tokio::test]
async fn an_odd_field_of_an_error_hides_none_of_its_others() {
    let body = r#"{"error":{"code":"429","message":null,"status":8,"details":[null,{"reason":7,"violations":null},{"retryDelay":"7s"}]}}"#;
    let json = "content-type: application/json\r\n";
    let script = Script::start(vec![vec![Step::Head(429, json), Step::Raw(body), Step::End]]).await;
    let kit = Kit::with(&[("GEMINI_BASE_URL", &script.url)]).await;
    let room = kit.room().await;
    let reply = kit.send(room, "hi").await;
    assert_eq!(kit.work(&[(room, reply)]).await.len(), 1);
    assert_eq!(kit.stack.sqs.hidden()[0].1, 7);
}
