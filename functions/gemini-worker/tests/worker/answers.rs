//! Answers: stored with what the client needs to know, in their room's order.

use shared::domain::ReplyState;

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
async fn what_google_blocks_or_cuts_off_has_its_state_and_what_brought_no_answer_is_given_back() {
    let kit = Kit::start().await;
    let cases = [
        ("[[blocked]]", ReplyState::Blocked, Some("content_blocked"), 0),
        ("[[finish:SAFETY]]", ReplyState::Blocked, Some("content_blocked"), 0),
        ("[[finish:FROM_THE_FUTURE]]", ReplyState::Failed, Some("model_stopped"), 0),
        ("[[max]] tell me all", ReplyState::Truncated, None, 1),
        ("[[thinking]]", ReplyState::Truncated, None, 2),
        ("[[400]]", ReplyState::Failed, Some("request_refused"), 2),
        ("[[403]]", ReplyState::Failed, Some("model_unauthorized"), 2),
        ("[[429:day]]", ReplyState::Failed, Some("quota_exhausted"), 2),
        ("[[429:limit0]]", ReplyState::Failed, Some("quota_exhausted"), 2),
        ("[[429:301]]", ReplyState::Failed, Some("quota_exhausted"), 2),
        ("[[404]]", ReplyState::Failed, Some("model_not_found"), 2),
    ];
    for (text, state, error, used) in cases {
        let room = kit.room().await;
        let reply = kit.send(room, text).await;
        assert!(kit.work(&[(room, reply)]).await.is_empty(), "{text}");
        let reply = kit.reply(room, reply).await;
        assert_eq!((reply.state, reply.error.as_deref()), (state, error), "{text}");
        assert_eq!(kit.used().await, used, "{text}");
    }
}

#[tokio::test]
async fn a_model_that_is_gone_is_replaced_by_the_second_one() {
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
