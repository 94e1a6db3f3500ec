//! Wrong operator keys: limited by address, logged by their number, and never with the key.

use std::time::Duration;

use http::Method;
use testkit::{Answer, Stack, TestApi, User, capture};
use tokio::task::JoinSet;

const RIGHT: &str = "operator-key-of-the-tests";

async fn try_key(user: &User, key: &str) -> Answer {
    user.raw(Method::GET, "/debug/queue", &[("x-operator-key", key)], "").await
}

#[tokio::test]
async fn after_ten_wrong_keys_an_address_waits_even_with_the_right_one_and_other_addresses_do_not() {
    let api = TestApi::start(ops::router).await;
    let (guesser, operator) = (api.anyone().from("192.0.2.66"), api.anyone().from("192.0.2.7"));
    for number in 0..10 {
        assert_eq!(try_key(&guesser, &format!("guess {number}")).await.status(), 403);
        api.stack.clock.advance(Duration::from_secs(60));
    }
    for key in ["guess 11", RIGHT] {
        let refused = try_key(&guesser, key).await;
        assert_eq!((refused.status(), refused.code().as_str()), (429, "operator_ip_limit"));
        assert_eq!(refused.header("retry-after"), "3000", "the first try was ten minutes ago");
    }
    assert_eq!(try_key(&operator, RIGHT).await.status(), 200);

    api.stack.clock.advance(Duration::from_secs(3000));
    assert_eq!(try_key(&guesser, RIGHT).await.status(), 200);
}

#[tokio::test]
async fn a_right_key_forgets_the_wrong_ones_before_it() {
    let api = TestApi::start(ops::router).await;
    let operator = api.anyone();
    for _ in 0..3 {
        for _ in 0..9 {
            assert_eq!(try_key(&operator, "mistyped").await.status(), 403);
        }
        assert_eq!(try_key(&operator, RIGHT).await.status(), 200);
    }
}

#[tokio::test]
async fn of_a_hundred_wrong_keys_at_once_ten_are_judged() {
    let api = TestApi::start(ops::router).await;
    let mut tries = JoinSet::new();
    for number in 0..100 {
        let guesser = api.anyone();
        tries.spawn(async move { try_key(&guesser, &format!("guess {number}")).await.status() });
    }
    let statuses = tries.join_all().await;
    let count = |wanted| statuses.iter().filter(|status| **status == wanted).count();
    assert_eq!((count(403), count(429)), (10, 90));
}

#[tokio::test]
async fn a_request_without_a_key_is_no_try() {
    let api = TestApi::start(ops::router).await;
    let user = api.anyone();
    for _ in 0..20 {
        assert_eq!(user.get("/debug/queue").await.status(), 401);
    }
    assert_eq!(try_key(&user, RIGHT).await.status(), 200);
}

#[tokio::test]
async fn the_limit_is_a_setting_and_0_removes_it() {
    for (most, status) in [("2", 429), ("0", 403)] {
        let stack = Stack::start().await.with("OPERATOR_TRIES_PER_IP_HOUR", most);
        let api = TestApi::on(stack, ops::router);
        let user = api.anyone();
        try_key(&user, "wrong").await;
        try_key(&user, "wrong").await;
        assert_eq!(try_key(&user, "wrong").await.status(), status, "{most}");
    }
}

#[tokio::test]
async fn without_redis_the_right_key_is_accepted_and_wrong_ones_are_not() {
    let api = TestApi::on(Stack::start().await.with("REDIS_URL", "redis://127.0.0.1:1"), ops::router);
    let user = api.anyone();
    for _ in 0..12 {
        assert_eq!(try_key(&user, "wrong").await.status(), 403);
    }
    assert_eq!(try_key(&user, RIGHT).await.status(), 200);
}

#[tokio::test]
async fn wrong_keys_are_logged_with_their_number_and_without_the_key() {
    let api = TestApi::start(ops::router).await;
    let user = api.anyone();
    let (logs, guard) = capture();
    for _ in 0..11 {
        try_key(&user, "hunter2-hunter2").await;
    }
    drop(guard);
    let text = logs.text();
    let lines: Vec<serde_json::Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    for (message, wrong) in [
        ("a wrong operator key", 1),
        ("a wrong operator key", 10),
        ("an address is refused because of wrong operator keys", 10),
    ] {
        let told = lines.iter().filter(|line| line["message"] == message && line["wrong"] == wrong);
        assert_eq!(told.count(), 1, "{message}, {wrong} in {text}");
    }
    assert!(!text.contains("hunter2") && !text.contains(RIGHT), "{text}");
}
