//! Replies are stored with the data that the client needs, in the order of their room.

use shared::domain::{ReplyError, ReplyState};

use crate::kit::Kit;

#[tokio::test]
async fn an_answer_is_stored_with_its_model_reason_and_tokens() {
    let kit = Kit::start().await;
    let room = kit.room().await;
    let reply = kit.send(room, "Hello there").await;
    assert!(kit.work(&[(room, reply)]).await.is_empty());
    let reply = kit.reply(room, reply).await;
    assert_eq!((reply.state, reply.finish_reason.as_deref()), (ReplyState::Completed, Some("STOP")));
    assert!(reply.content.contains("Hello there"), "{}", reply.content);
    assert!(reply.model.is_some() && reply.prompt_tokens > Some(0) && reply.reply_tokens > Some(0));
    assert_eq!((reply.completed_at, kit.used().await), (Some(kit.stack.clock.now()), 1));
}

#[tokio::test]
async fn turns_are_answered_in_order_each_with_the_earlier_answers() {
    let kit = Kit::start().await;
    let room = kit.room().await;
    let first = kit.send(room, "first question").await;
    let second = kit.send(room, "second question").await;
    assert!(kit.work(&[(room, second), (room, first)]).await.is_empty());
    let turns = kit.turns(room).await;
    assert!(turns.iter().all(|turn| turn.state == ReplyState::Completed));
    let calls = kit.calls().await;
    let contents = calls[1]["body"]["contents"].as_array().unwrap();
    let said: Vec<_> = contents.iter().map(|content| content["parts"][0]["text"].as_str().unwrap()).collect();
    assert_eq!(said, ["first question", turns[1].content.as_str(), "second question"]);
}

#[tokio::test]
async fn one_record_answers_all_that_is_pending_in_its_room() {
    let kit = Kit::start().await;
    let room = kit.room().await;
    let first = kit.send(room, "first").await;
    kit.send(room, "second").await;
    assert!(kit.work(&[(room, first)]).await.is_empty());
    assert!(kit.turns(room).await.iter().all(|turn| turn.state == ReplyState::Completed));
}

#[tokio::test]
async fn a_record_that_comes_twice_is_answered_once() {
    let kit = Kit::start().await;
    let room = kit.room().await;
    let reply = kit.send(room, "hi").await;
    for _ in 0..2 {
        assert!(kit.work(&[(room, reply)]).await.is_empty());
    }
    assert_eq!(kit.calls().await.len(), 1);
}

#[tokio::test]
async fn blocked_and_truncated_replies_have_their_state_and_unanswered_messages_are_refunded() {
    let kit = Kit::start().await;
    let cases = [
        ("[[blocked]]", ReplyState::Blocked, Some(ReplyError::ContentBlocked), 0),
        ("[[finish:SAFETY]]", ReplyState::Blocked, Some(ReplyError::ContentBlocked), 0),
        // It shows a text.
        ("[[finish:FROM_THE_FUTURE]]", ReplyState::Failed, Some(ReplyError::ModelStopped), 1),
        ("[[max]] tell me all", ReplyState::Truncated, None, 2),
        ("[[thinking]]", ReplyState::Failed, Some(ReplyError::NoText), 2),
        ("[[400]]", ReplyState::Failed, Some(ReplyError::RequestRefused), 2),
        ("[[403]]", ReplyState::Failed, Some(ReplyError::ModelUnauthorized), 2),
        ("[[429:day]]", ReplyState::Failed, Some(ReplyError::QuotaExhausted), 2),
        ("[[429:limit0]]", ReplyState::Failed, Some(ReplyError::QuotaExhausted), 2),
        ("[[429:301]]", ReplyState::Failed, Some(ReplyError::QuotaExhausted), 2),
        ("[[404]]", ReplyState::Failed, Some(ReplyError::ModelNotFound), 2),
    ];
    for (text, state, error, used) in cases {
        let room = kit.room().await;
        let reply = kit.send(room, text).await;
        assert!(kit.work(&[(room, reply)]).await.is_empty(), "{text}");
        let reply = kit.reply(room, reply).await;
        assert_eq!((reply.state, reply.error), (state, error), "{text}");
        assert_eq!(kit.used().await, used, "{text}");
    }
}

#[tokio::test]
async fn an_unknown_model_is_replaced_by_the_fallback_model() {
    let kit = Kit::with(&[("GEMINI_MODEL", "palm-2"), ("GEMINI_FALLBACK_MODEL", "gemini-spare")]).await;
    let room = kit.room().await;
    let reply = kit.send(room, "hi").await;
    kit.work(&[(room, reply)]).await;
    assert_eq!(kit.reply(room, reply).await.model.as_deref(), Some("gemini-spare"));
}

#[tokio::test]
async fn an_endless_answer_is_cut_off() {
    let kit = Kit::start().await;
    let room = kit.room().await;
    let reply = kit.send(room, "[[huge]]").await;
    assert!(kit.work(&[(room, reply)]).await.is_empty());
    let reply = kit.reply(room, reply).await;
    assert_eq!(reply.state, ReplyState::Truncated);
    assert!(reply.content.len() < 5 * 1024 * 1024);
}

#[tokio::test]
async fn an_answer_is_bounded_by_its_tier_and_thinks_as_the_deployment_says() {
    let kit = Kit::with(&[("GEMINI_MAX_OUTPUT_TOKENS_BASIC", "3"), ("GEMINI_THINKING_LEVEL", "low")]).await;
    let room = kit.room().await;
    let basic = kit.send(room, "hi").await;
    assert!(kit.work(&[(room, basic)]).await.is_empty());
    let pro = kit.send(room, "hi").await;
    kit.stack.sql().await.execute("update messages set tier = 'pro' where id = $1", &[&pro]).await.unwrap();
    assert!(kit.work(&[(room, pro)]).await.is_empty());

    assert_eq!(kit.reply(room, basic).await.state, ReplyState::Truncated);
    let configs: Vec<_> = kit.calls().await.iter().map(|call| call["body"]["generationConfig"].clone()).collect();
    let thinking = serde_json::json!({ "thinkingLevel": "low" });
    assert_eq!(configs[0], serde_json::json!({ "maxOutputTokens": 3, "thinkingConfig": thinking }));
    assert_eq!(configs[1], serde_json::json!({ "maxOutputTokens": 8192, "thinkingConfig": thinking }));
}

#[tokio::test]
async fn without_a_thinking_level_none_is_sent() {
    let kit = Kit::start().await;
    let room = kit.room().await;
    let reply = kit.send(room, "hi").await;
    assert!(kit.work(&[(room, reply)]).await.is_empty());
    let config = kit.calls().await[0]["body"]["generationConfig"].clone();
    assert_eq!(config, serde_json::json!({ "maxOutputTokens": 2048 }));
}
