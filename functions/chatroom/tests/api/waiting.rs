//! `wait`: the response comes when there is something new.

use std::time::{Duration, Instant};

use chatroom::router;
use serde_json::json;
use shared::db::replies::{self, Claim, Outcome};
use shared::domain::{ChatroomId, ReplyError, ReplyState};
use testkit::TestApi;

#[tokio::test]
async fn a_waiting_client_gets_the_reply_as_soon_as_it_is_stored() {
    let api = TestApi::start(router).await;
    let alice = api.signed_in().await;
    let room = alice.post("/chatroom", json!({})).await.id();
    let sent = alice.post(&format!("/chatroom/{room}/message"), json!({ "content": "hi" })).await;
    let message = sent.body()["message"]["id"].as_str().unwrap().to_owned();

    let (db, cache, now) = (api.stack.db(), api.stack.cache(), api.stack.clock.now());
    let room: ChatroomId = room.parse().unwrap();
    let answering = async {
        tokio::time::sleep(Duration::from_millis(400)).await;
        let Claim::Claimed(attempt) = replies::claim(&db, room, Duration::from_secs(45), now).await.unwrap() else {
            panic!("nothing to claim")
        };
        let outcome = Outcome {
            state: ReplyState::Completed,
            content: "ho".into(),
            error: None,
            ..Outcome::failed(ReplyError::EmptyAnswer)
        };
        assert!(replies::finish(&db, attempt.reply, attempt.number, &outcome, now).await.unwrap());
        cache.room_changed(room).await.unwrap();
    };
    let started = Instant::now();
    let list = format!("/chatroom/{room}/message?after={message}&wait=20");
    let one = format!("{}?wait=20", sent.header("location"));
    let (list, one, ()) = tokio::join!(alice.get(&list), alice.get(&one), answering);
    assert_eq!(list.body()["data"][0]["content"], "ho");
    assert_eq!(one.body()["state"], "completed");
    assert!(started.elapsed() < Duration::from_secs(10), "both waited to the end");
}

#[tokio::test]
async fn a_wait_without_news_returns_the_current_state() {
    let api = TestApi::start(router).await;
    let alice = api.signed_in().await;
    let room = alice.post("/chatroom", json!({})).await.id();
    let sent = alice.post(&format!("/chatroom/{room}/message"), json!({ "content": "hi" })).await;
    let answer = alice.get(&format!("{}?wait=1", sent.header("location"))).await;
    assert_eq!((answer.status(), &answer.body()["state"]), (200, &json!("pending")));
}

#[tokio::test]
async fn waits_over_20_seconds_or_for_nothing_are_refused() {
    let api = TestApi::start(router).await;
    let alice = api.signed_in().await;
    let room = alice.post("/chatroom", json!({})).await.id();
    let id = shared::domain::MessageId::generate();
    for query in [
        format!("after={id}&wait=21"),
        "wait=5".into(),
        format!("after={id}&cursor=x"),
        "after=x".into(),
        "limit=0".into(),
    ] {
        let answer = alice.get(&format!("/chatroom/{room}/message?{query}")).await;
        assert_eq!((answer.status(), answer.code().as_str()), (422, "validation_failed"), "{query}");
    }
    assert_eq!(alice.get(&format!("/chatroom/{room}/message?after={id}&wait=5")).await.status(), 404);
}
