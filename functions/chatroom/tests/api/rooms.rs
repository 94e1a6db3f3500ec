//! Rooms are created, read, changed and deleted by their owner alone.

use serde_json::json;
use shared::cache::{LiveId, Published};
use testkit::TestApi;

#[tokio::test]
async fn a_room_is_created_and_read() {
    let api = TestApi::start(chatroom::router).await;
    let alice = api.signed_in().await;
    let made = alice.post("/chatroom", json!({ "title": " Tea ", "system_prompt": "Be brief." })).await;
    assert_eq!((made.status(), made.body()["title"].as_str()), (201, Some("Tea")));
    assert_eq!(made.location(), format!("/chatroom/{}", made.id()));
    let read = alice.get(&made.location()).await;
    assert_eq!((read.status(), read.body()["system_prompt"].as_str()), (200, Some("Be brief.")));
    assert_eq!(read.body()["messages"], json!({ "data": [], "next_cursor": null }));
}

#[tokio::test]
async fn a_room_needs_neither_title_nor_body() {
    let api = TestApi::start(chatroom::router).await;
    let alice = api.signed_in().await;
    assert_eq!(alice.post("/chatroom", json!({})).await.body()["title"], "New chat");
    assert_eq!(alice.post("/chatroom", json!(null)).await.status(), 201);
}

#[tokio::test]
async fn a_patch_changes_only_the_fields_it_contains() {
    let api = TestApi::start(chatroom::router).await;
    let alice = api.signed_in().await;
    let room = alice.post("/chatroom", json!({ "title": "Tea", "system_prompt": "Be brief." })).await.id();
    let path = format!("/chatroom/{room}");
    let renamed = alice.patch(&path, json!({ "title": "Coffee" })).await.body();
    assert_eq!((&renamed["title"], &renamed["system_prompt"]), (&json!("Coffee"), &json!("Be brief.")));
    let cleared = alice.patch(&path, json!({ "system_prompt": null })).await.body();
    assert_eq!((&cleared["title"], &cleared["system_prompt"]), (&json!("Coffee"), &json!(null)));
}

#[tokio::test]
async fn deleting_a_room_deletes_its_messages_and_refunds_the_unanswered_ones() {
    let api = TestApi::start(chatroom::router).await;
    let alice = api.signed_in().await;
    let room = alice.post("/chatroom", json!({})).await.id();
    let path = format!("/chatroom/{room}");
    let sent = alice.post(&format!("{path}/message"), json!({ "content": "hi" })).await;
    assert_eq!(sent.body()["allowance"]["used"], 1);
    assert_eq!(alice.delete(&path).await.status(), 204);
    assert_eq!(alice.get(&path).await.status(), 404);
    assert_eq!(alice.delete(&path).await.status(), 404);
    let used: i32 = api.stack.sql().await.query_one("select used from allowances", &[]).await.unwrap().get(0);
    assert_eq!(used, 0);
    let reply = sent.body()["reply"]["id"].as_str().unwrap().parse().unwrap();
    let watched = api.stack.cache().may_publish(reply, LiveId::START).await.unwrap();
    assert_eq!(watched, Published::Ended, "those who watch are told");
}

#[tokio::test]
async fn another_users_chatroom_is_not_found() {
    let api = TestApi::start(chatroom::router).await;
    let (alice, bob) = (api.signed_in().await, api.signed_in().await);
    let room = alice.post("/chatroom", json!({ "title": "Tea" })).await.id();
    let sent = alice.post(&format!("/chatroom/{room}/message"), json!({ "content": "hi" })).await.body();
    api.queued();
    let (message, reply) = (sent["message"]["id"].as_str().unwrap(), sent["reply"]["id"].as_str().unwrap());
    let room = format!("/chatroom/{room}");
    let answers = [
        bob.get(&room).await,
        bob.patch(&room, json!({ "title": "Mine" })).await,
        bob.delete(&room).await,
        bob.get(&format!("{room}/message")).await,
        bob.get(&format!("{room}/message?after={message}&wait=1")).await,
        bob.post(&format!("{room}/message"), json!({ "content": "hi" })).await,
        bob.get(&format!("{room}/message/{message}")).await,
        bob.post(&format!("{room}/message/{reply}/cancel"), json!(null)).await,
        bob.post(&format!("{room}/message/{reply}/regenerate"), json!(null)).await,
    ];
    for answer in answers {
        assert_eq!((answer.status(), answer.code().as_str()), (404, "not_found"));
    }
    assert!(api.queued().is_empty());
    assert_eq!(alice.get(&room).await.body()["title"], "Tea");
}

#[tokio::test]
async fn every_request_without_a_token_is_refused() {
    let api = TestApi::start(chatroom::router).await;
    let answer = api.anyone().get("/chatroom").await;
    assert_eq!(
        (answer.status(), answer.code().as_str(), answer.header("www-authenticate")),
        (401, "unauthenticated", "Bearer")
    );
}

#[tokio::test]
async fn a_room_with_many_messages_is_deleted_a_part_at_a_time_and_by_its_owner_alone() {
    let api = TestApi::start(chatroom::router).await;
    let (user, stranger) = (api.signed_in().await, api.signed_in().await);
    let (room, other) = (user.post("/chatroom", json!({})).await.id(), user.post("/chatroom", json!({})).await.id());
    let sql = api.stack.sql().await;
    sql.batch_execute(
        "insert into messages (id, chatroom_id, seq, user_id, role, content, state, created_at, completed_at)
            select gen_random_uuid(), id, n, user_id, 'user', 'hi', 'completed', now(), now()
            from chatrooms, generate_series(1, 2500) n;
        update chatrooms set last_seq = 2500",
    )
    .await
    .unwrap();
    assert_eq!(user.post(&format!("/chatroom/{room}/message"), json!({ "content": "hi" })).await.status(), 202);
    let deletions = api.stack.deletions("messages").await;

    assert_eq!(stranger.delete(&format!("/chatroom/{room}")).await.status(), 404);
    assert_eq!(deletions.so_far().await, (0, 0));

    assert_eq!(user.delete(&format!("/chatroom/{room}")).await.status(), 204);
    assert_eq!(deletions.so_far().await, (2000, 2502));
    let left =
        sql.query_one("select count(distinct chatroom_id), min(chatroom_id::text) from messages", &[]).await.unwrap();
    assert_eq!((left.get(0), left.get(1)), (1_i64, other.as_str()));
}
