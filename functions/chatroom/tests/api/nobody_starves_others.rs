//! A user or an address that asks too often is refused, and nobody else notices.

use std::time::Duration;

use axum::Router;
use serde_json::json;
use testkit::{Answer, RedisServer, Stack, TestApi, User};
use tokio::task::JoinSet;

/// A stack with limits of requests.
async fn limited(user: u32, address: u32) -> Stack {
    let stack = Stack::start().await.with("REQUESTS_PER_USER_MINUTE", user.to_string());
    stack.with("REQUESTS_PER_ADDRESS_MINUTE", address.to_string())
}

/// How often `user` is let in, of `tries`.
async fn admitted(user: &User, tries: u32) -> u32 {
    let mut admitted = 0;
    for _ in 0..tries {
        admitted += u32::from(user.get("/chatroom?limit=1").await.status() == 200);
    }
    admitted
}

fn is_refused(answer: &Answer, seconds: &str) {
    assert_eq!((answer.status(), answer.code().as_str()), (429, "too_many_requests"));
    assert_eq!(answer.header("retry-after"), seconds);
}

#[tokio::test]
async fn a_user_who_asks_too_often_is_refused_and_takes_nothing_from_a_neighbour_at_the_same_address() {
    let api = TestApi::on(limited(30, 70).await, chatroom::router);
    let (hostile, bob) = (api.signed_in().await, api.signed_in().await);
    assert_eq!(admitted(&hostile, 100).await, 30);
    is_refused(&hostile.get("/chatroom").await, "2");
    assert_eq!(admitted(&bob, 30).await, 30, "whoever is refused uses up nothing of the address");

    // The address has ten left.
    let carol = api.signed_in().await;
    assert_eq!(admitted(&carol, 30).await, 10);
    is_refused(&carol.get("/chatroom").await, "1");
    assert_eq!(admitted(&carol.from("192.0.2.200"), 30).await, 20, "elsewhere she has the rest of her own");
}

#[tokio::test]
async fn a_bucket_fills_again_evenly() {
    let stack = limited(7, 0).await;
    let clock = stack.clock.clone();
    let api = TestApi::on(stack, chatroom::router);
    let alice = api.signed_in().await;
    assert_eq!(admitted(&alice, 20).await, 7);
    is_refused(&alice.get("/chatroom").await, "9");
    clock.advance(Duration::from_millis(8_570));
    assert_eq!(admitted(&alice, 20).await, 0);
    clock.advance(Duration::from_millis(1));
    assert_eq!(admitted(&alice, 20).await, 1);
    clock.advance(Duration::from_hours(3));
    assert_eq!(admitted(&alice, 20).await, 7, "never more than a minute's");
}

#[tokio::test]
async fn every_operation_counts_and_a_neighbour_in_a_64_is_the_same_client() {
    let api = TestApi::on(limited(0, 7).await, chatroom::router);
    let alice = api.signed_in().await.from("2001:db8:1:2::9");
    let room = alice.post("/chatroom", json!({})).await.id();
    let room = format!("/chatroom/{room}");
    let sent = alice.post(&format!("{room}/message"), json!({ "content": "hi" })).await;
    for path in ["/chatroom", "/chatroom?limit=1", &room, &sent.location(), &format!("{room}/message")] {
        assert_eq!(alice.get(path).await.status(), 200, "{path}");
    }
    let neighbour = api.signed_in().await.from("2001:db8:1:2:3:4:5:6");
    for path in ["/chatroom", "/chatroom?limit=1", &room] {
        is_refused(&neighbour.get(path).await, "9");
    }
    is_refused(&alice.post("/chatroom", json!({})).await, "9");
    is_refused(&alice.post(&format!("{room}/message"), json!({ "content": "hi" })).await, "9");
    assert_eq!(api.queued().len(), 1, "nothing of a refused send is queued");
}

#[tokio::test]
async fn of_a_hundred_requests_at_once_exactly_the_allowed_ones_are_answered() {
    let api = TestApi::on(limited(40, 0).await, chatroom::router);
    let alice = api.signed_in().await;
    let elsewhere = alice.at(api.router_of(chatroom::router));
    let mut requests = JoinSet::new();
    for number in 0..100 {
        let user = if number % 2 == 0 { alice.clone() } else { elsewhere.clone() };
        requests.spawn(async move { user.get("/chatroom").await.status() });
    }
    let statuses = requests.join_all().await;
    let count = |status| statuses.iter().filter(|other| **other == status).count();
    assert_eq!((count(200), count(429)), (40, 60));
}

#[tokio::test]
async fn whoever_holds_the_token_of_an_ended_session_spends_nothing_of_its_user() {
    let api = TestApi::on(limited(10, 0).await, chatroom::router);
    let alice = api.signed_in().await;
    api.stack.cache().mark_revoked(&[alice.session.unwrap()]).await.unwrap();
    for _ in 0..30 {
        assert_eq!(alice.get("/chatroom").await.status(), 401);
    }
    api.stack.forget("session", &format!("{{door}}:{}", alice.session.unwrap())).await;
    assert_eq!(admitted(&alice, 30).await, 10);
}

#[tokio::test]
async fn without_redis_nothing_is_limited_and_nothing_fails() {
    let redis = RedisServer::start(&[]);
    let api = TestApi::on(limited(5, 5).await.with("REDIS_URL", redis.url()), chatroom::router);
    let alice = api.signed_in().await;
    assert_eq!(admitted(&alice, 10).await, 5);
    drop(redis);
    assert_eq!(admitted(&alice, 10).await, 10);
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_client_has_a_limit_of_its_own() {
    let api = TestApi::on(limited(0, 3).await.with("TRUSTED_PROXIES", "198.51.100.0/24"), chatroom::router);
    let alice = api.signed_in().await;
    let (proxy, direct) = (alice.from("198.51.100.9"), alice.from("192.0.2.9"));
    let get = async |user: &User, list: &str| {
        user.json(http::Method::GET, "/chatroom", &[("x-forwarded-for", list)], json!(null)).await.status()
    };
    for number in 0..6 {
        let forged = format!("10.0.0.{number}, ");
        let expected = if number < 3 { 200 } else { 429 };
        assert_eq!(get(&proxy, &format!("{forged}192.0.2.1, 198.51.100.9")).await, expected, "a client of the proxy");
        assert_eq!(get(&direct, &format!("{forged}192.0.2.{number}, 198.51.100.9")).await, expected, "a direct caller");
    }
    assert_eq!(get(&proxy, "192.0.2.2").await, 200, "another client of the proxy");
}

#[tokio::test]
async fn other_functions_share_the_buckets() {
    let api = TestApi::on(limited(4, 0).await, chatroom::router);
    let alice = api.signed_in().await;
    let another: Router = api.router_of(chatroom::router);
    assert_eq!(admitted(&alice, 3).await + admitted(&alice.at(another), 3).await, 4);
}
