//! `Idempotency-Key`: a repeated send is the same send.

use chatroom::router;
use http::Method;
use serde_json::json;
use testkit::{Answer, Stack, TestApi, User};
use tokio::task::JoinSet;

async fn send(user: &User, path: &str, key: &str, content: &str) -> Answer {
    user.json(Method::POST, path, &[("idempotency-key", key)], json!({ "content": content })).await
}

#[tokio::test]
async fn the_same_key_and_body_return_the_same_ids_and_are_charged_once() {
    let api = TestApi::start(router).await;
    let alice = api.signed_in().await;
    let path = format!("/chatroom/{}/message", alice.post("/chatroom", json!({})).await.id());
    let first = send(&alice, &path, "k1", "hi").await;
    let second = send(&alice, &path, "k1", "hi").await;
    assert_eq!((second.status(), second.body()), (202, first.body()));
    let queued = api.queued();
    assert!(queued.iter().all(|sent| sent.once == queued[0].once), "SQS treats them as one");
}

#[tokio::test]
async fn a_key_in_quotes_is_the_same_key() {
    let stack = Stack::start().await.with("BASIC_DAILY_LIMIT", "100").with("UNFINISHED_REPLIES_BASIC", "100");
    let api = TestApi::on(stack, router);
    let alice = api.signed_in().await;
    let path = format!("/chatroom/{}/message", alice.post("/chatroom", json!({})).await.id());
    // The form of the draft, then the bare one; a text that is no string of structured fields is a bare key.
    for (one, other, is_same) in [
        ("\"k1\"", "k1", true),
        (r#""a\"b\\c""#, r#"a"b\c"#, true),
        (r#""a"b""#, r#"a"b"#, false),
        (r#""a\b""#, "ab", false),
        ("\"k2", "k2", false),
    ] {
        let first = send(&alice, &path, one, "hi").await;
        let second = send(&alice, &path, other, "hi").await;
        assert_eq!((first.status(), second.status()), (202, 202), "{one} {other}");
        assert_eq!(first.body()["reply"]["id"] == second.body()["reply"]["id"], is_same, "{one} {other}");
    }
    for key in ["\"a b\"", "\"\""] {
        assert_eq!(send(&alice, &path, key, "hi").await.code(), "idempotency_key_invalid", "{key}");
    }
}

#[tokio::test]
async fn a_key_that_was_stored_with_its_quotes_is_found_by_them() {
    let api = TestApi::start(router).await;
    let alice = api.signed_in().await;
    let path = format!("/chatroom/{}/message", alice.post("/chatroom", json!({})).await.id());
    let first = send(&alice, &path, "\"k1\"", "hi").await;
    // As the version did that knew one form.
    let sql = "update messages set idempotency_key = '\"k1\"' where idempotency_key = 'k1'";
    assert_eq!(api.stack.sql().await.execute(sql, &[]).await.unwrap(), 1);
    let again = send(&alice, &path, "\"k1\"", "hi").await;
    assert_eq!((again.status(), again.body()), (202, first.body()));
    assert_eq!(send(&alice, &path, "\"k1\"", "ho").await.code(), "idempotency_key_reused");
}

#[tokio::test]
async fn a_key_with_another_body_or_room_is_refused() {
    let api = TestApi::start(router).await;
    let alice = api.signed_in().await;
    let path = format!("/chatroom/{}/message", alice.post("/chatroom", json!({})).await.id());
    let other = format!("/chatroom/{}/message", alice.post("/chatroom", json!({})).await.id());
    send(&alice, &path, "k1", "hi").await;
    for (path, content) in [(&path, "ho"), (&other, "hi")] {
        let answer = send(&alice, path, "k1", content).await;
        assert_eq!((answer.status(), answer.code().as_str()), (422, "idempotency_key_reused"));
    }
}

#[tokio::test]
async fn a_repeated_send_is_answered_even_when_the_day_is_spent() {
    let api = TestApi::start(router).await;
    let alice = api.signed_in().await;
    let path = format!("/chatroom/{}/message", alice.post("/chatroom", json!({})).await.id());
    for key in ["1", "2", "3", "4", "5"] {
        send(&alice, &path, key, "hi").await;
    }
    assert_eq!(send(&alice, &path, "5", "hi").await.status(), 202);
    assert_eq!(send(&alice, &path, "6", "hi").await.status(), 429);
}

#[tokio::test]
async fn two_users_may_choose_the_same_key() {
    let api = TestApi::start(router).await;
    for _ in 0..2 {
        let user = api.signed_in().await;
        let path = format!("/chatroom/{}/message", user.post("/chatroom", json!({})).await.id());
        assert_eq!(send(&user, &path, "k", "hi").await.status(), 202);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_repetitions_are_one_send() {
    let api = TestApi::start(router).await;
    let alice = api.signed_in().await;
    let path = format!("/chatroom/{}/message", alice.post("/chatroom", json!({})).await.id());
    let mut sends = JoinSet::new();
    for _ in 0..50 {
        let (alice, path) = (alice.clone(), path.clone());
        sends.spawn(async move { send(&alice, &path, "k", "hi").await });
    }
    let answers = sends.join_all().await;
    let ids: std::collections::BTreeSet<_> =
        answers.iter().map(|answer| answer.body()["reply"]["id"].to_string()).collect();
    assert!(answers.iter().all(|answer| answer.status() == 202));
    assert_eq!(ids.len(), 1);
    let used: i32 = api.stack.sql().await.query_one("select used from allowances", &[]).await.unwrap().get(0);
    assert_eq!(used, 1);
}
