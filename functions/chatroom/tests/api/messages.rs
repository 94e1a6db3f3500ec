//! Messages: accepted, queued, read, cancelled, regenerated.

use serde_json::{Value, json};
use shared::cache::{LiveId, Published};
use testkit::{TestApi, User, capture};

async fn room(user: &User) -> String {
    format!("/chatroom/{}", user.post("/chatroom", json!({})).await.id())
}

#[tokio::test]
async fn a_message_is_stored_with_a_pending_reply_and_queued() {
    let api = TestApi::start(chatroom::router).await;
    let alice = api.signed_in().await;
    let room = room(&alice).await;
    let sent = alice.post(&format!("{room}/message"), json!({ "content": "Hello" })).await;
    let body = sent.body();
    assert_eq!(sent.status(), 202);
    assert_eq!((&body["message"]["role"], &body["message"]["state"]), (&json!("user"), &json!("completed")));
    assert_eq!((&body["reply"]["role"], &body["reply"]["state"]), (&json!("assistant"), &json!("pending")));
    assert_eq!(body["reply"]["in_reply_to"], body["message"]["id"]);
    assert_eq!(sent.location(), format!("{room}/message/{}", body["reply"]["id"].as_str().unwrap()));
    assert_eq!(alice.get(&sent.location()).await.body(), body["reply"]);
    let [queued] = api.queued().try_into().unwrap();
    assert_eq!(queued.body["reply_id"], body["reply"]["id"]);
    assert_eq!(queued.group.as_deref(), room.strip_prefix("/chatroom/"));
    assert!(queued.queue.ends_with("basic.fifo"));
    let room = alice.get(&room).await.body();
    assert_eq!(room["messages"]["data"], json!([body["message"], body["reply"]]));
}

#[tokio::test]
async fn a_pro_users_reply_waits_in_a_queue_of_its_own() {
    let api = TestApi::start(chatroom::router).await;
    let alice = api.signed_in().await;
    api.make_pro(&alice).await;
    let room = room(&alice).await;
    let sent = alice.post(&format!("{room}/message"), json!({ "content": "Hello" })).await;
    assert_eq!(sent.body()["allowance"]["limit"], 1000);
    assert!(api.queued()[0].queue.ends_with("pro.fifo"));
}

#[tokio::test]
async fn a_message_is_not_lost_while_the_queue_is_unavailable() {
    let api = TestApi::start(chatroom::router).await;
    let alice = api.signed_in().await;
    let room = room(&alice).await;
    api.stack.sqs.break_down(true);
    let sent = alice.post(&format!("{room}/message"), json!({ "content": "Hello" })).await;
    assert_eq!(sent.status(), 202);
    assert_eq!(alice.get(&sent.location()).await.body()["state"], "pending");
}

#[tokio::test]
async fn history_is_paged_from_the_newest_and_each_page_is_in_order() {
    let api = TestApi::start(chatroom::router).await;
    let alice = api.signed_in().await;
    api.make_pro(&alice).await;
    let room = room(&alice).await;
    for number in 1..=4 {
        alice.post(&format!("{room}/message"), json!({ "content": number.to_string() })).await;
    }
    let questions = |page: &Value| {
        let turns = page["data"].as_array().unwrap().iter();
        turns
            .filter(|turn| turn["role"] == "user")
            .map(|turn| turn["content"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let newest = alice.get(&format!("{room}/message?limit=4")).await.body();
    assert_eq!(questions(&newest), ["3", "4"]);
    let cursor = newest["next_cursor"].as_str().unwrap();
    let older = alice.get(&format!("{room}/message?limit=4&cursor={cursor}")).await.body();
    assert_eq!((questions(&older), &older["next_cursor"]), (vec!["1".into(), "2".into()], &json!(null)));
    let first = older["data"][0]["id"].as_str().unwrap();
    let after = alice.get(&format!("{room}/message?after={first}&limit=3")).await.body();
    assert_eq!(questions(&after), ["2"]);
    let cursor = after["next_cursor"].as_str().unwrap();
    assert_eq!(questions(&alice.get(&format!("{room}/message?cursor={cursor}")).await.body()), ["3", "4"]);
    assert_eq!(questions(&alice.get(&format!("{room}?limit=2")).await.body()["messages"]), ["4"]);
}

#[tokio::test]
async fn a_cancelled_pending_reply_costs_nothing() {
    let api = TestApi::start(chatroom::router).await;
    let alice = api.signed_in().await;
    let room = room(&alice).await;
    let sent = alice.post(&format!("{room}/message"), json!({ "content": "Hello" })).await;
    let cancelled = alice.post(&format!("{}/cancel", sent.location()), json!(null)).await;
    assert_eq!((cancelled.status(), &cancelled.body()["state"]), (200, &json!("cancelled")));
    let again = alice.post(&format!("{}/cancel", sent.location()), json!(null)).await;
    assert_eq!(again.body(), cancelled.body());
    let reply = cancelled.body()["id"].as_str().unwrap().parse().unwrap();
    let watched = api.stack.cache().may_publish(reply, LiveId::START).await.unwrap();
    assert_eq!(watched, Published::Ended, "those who watch and the worker are told");
    let next = alice.post(&format!("{room}/message"), json!({ "content": "Hello" })).await;
    assert_eq!(next.body()["allowance"]["used"], 1);
}

#[tokio::test]
async fn a_reply_is_cancelled_by_the_id_of_the_message_it_answers() {
    let api = TestApi::start(chatroom::router).await;
    let alice = api.signed_in().await;
    let room = room(&alice).await;
    let sent = alice.post(&format!("{room}/message"), json!({ "content": "Hello" })).await.body();
    let message = format!("{room}/message/{}", sent["message"]["id"].as_str().unwrap());
    let cancelled = alice.post(&format!("{message}/cancel"), json!(null)).await;
    assert_eq!((cancelled.status(), &cancelled.body()["state"]), (200, &json!("cancelled")));
    assert_eq!(cancelled.body()["id"], sent["reply"]["id"]);

    // Of several replies the latest one is meant, whether or not it has ended.
    let second = alice.post(&format!("{message}/regenerate"), json!(null)).await.body();
    for _ in 0..2 {
        let cancelled = alice.post(&format!("{message}/cancel"), json!(null)).await.body();
        assert_eq!((&cancelled["id"], &cancelled["state"]), (&second["reply"]["id"], &json!("cancelled")));
    }
    let bob = api.signed_in().await;
    assert_eq!(bob.post(&format!("{message}/cancel"), json!(null)).await.status(), 404);
}

#[tokio::test]
async fn a_reply_can_be_regenerated_once_it_has_ended() {
    let api = TestApi::start(chatroom::router).await;
    let alice = api.signed_in().await;
    let room = room(&alice).await;
    let sent = alice.post(&format!("{room}/message"), json!({ "content": "Hello" })).await;
    let regenerate = format!("{}/regenerate", sent.location());
    let early = alice.post(&regenerate, json!(null)).await;
    assert_eq!((early.status(), early.code().as_str()), (409, "reply_unfinished"));
    alice.post(&format!("{}/cancel", sent.location()), json!(null)).await;
    api.queued();

    let again = alice.post(&regenerate, json!(null)).await;
    assert_eq!((again.status(), &again.body()["message"]), (202, &sent.body()["message"]));
    assert_ne!(again.body()["reply"]["id"], sent.body()["reply"]["id"]);
    assert_eq!(api.queued()[0].body["reply_id"], again.body()["reply"]["id"]);
    let all = alice.get(&format!("{room}/message")).await.body();
    assert_eq!(all["data"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_cancelled_reply_is_counted_by_its_tier_and_is_neither_in_time_nor_late() {
    let (logs, _guard) = capture();
    let api = TestApi::start(chatroom::router).await;
    let alice = api.signed_in().await;
    api.make_pro(&alice).await;
    let room = alice.post("/chatroom", json!({})).await.id();
    let sent = alice.post(&format!("/chatroom/{room}/message"), json!({ "content": "hi" })).await;
    alice.post(&format!("{}/cancel", sent.location()), json!(null)).await;
    let ended = logs.metric("ReplyEnded");
    let words = ["State", "Error", "Tier"].map(|name| ended[0][name].as_str().unwrap());
    assert_eq!((ended.len(), words), (1, ["cancelled", "none", "pro"]));
    assert!(logs.metric("ReplyInTime").is_empty());
}
