//! `GET /health`

use serde_json::json;
use testkit::{RedisServer, Stack, TestApi};

/// A port that no process listens on.
const NOBODY: &str = "127.0.0.1:1";

#[tokio::test]
async fn a_stack_whose_stores_respond_is_healthy() {
    let api = TestApi::start(ops::router).await;
    let health = api.anyone().get("/health").await;
    assert_eq!((health.status(), health.body()), (200, json!({ "status": "ok" })));
}

#[tokio::test]
async fn a_store_that_does_not_respond_is_named() {
    let stack = Stack::start().await.with("REDIS_URL", format!("redis://{NOBODY}"));
    let health = TestApi::on(stack, ops::router).anyone().get("/health").await;
    assert_eq!((health.status(), health.code().as_str()), (503, "unavailable"));
    assert_eq!(health.body()["missing"], json!(["redis"]));

    let stack = Stack::start().await.with("DATABASE_URL", format!("postgres://postgres:secret@{NOBODY}/chat"));
    let health = TestApi::on(stack, ops::router).anyone().get("/health").await;
    assert_eq!((health.status(), &health.body()["missing"]), (503, &json!(["postgres"])));
    assert!(!health.body().to_string().contains("secret"));
}

#[tokio::test]
async fn a_silent_store_is_reported_missing_after_a_second() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = silent.local_addr().unwrap();
    let stack = Stack::start().await;
    let stack = stack.with("DATABASE_URL", format!("postgres://postgres@{address}/chat"));
    let stack = stack.with("REDIS_URL", format!("redis://{address}"));
    let user = TestApi::on(stack, ops::router).anyone();

    let started = std::time::Instant::now();
    let health = user.get("/health").await;

    assert_eq!((health.status(), &health.body()["missing"]), (503, &json!(["postgres", "redis"])));
    assert!(started.elapsed().as_millis() < 1_500, "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_store_that_answers_but_does_not_work_is_reported_missing() {
    let (redis, other) = (RedisServer::start(&[]), RedisServer::start(&[]));
    let stack = Stack::start().await.with("REDIS_URL", redis.url());
    let user = TestApi::on(stack, ops::router).anyone();
    assert_eq!(user.get("/health").await.status(), 200);
    // Scripts are refused.
    redis.command("ACL SETUSER default -@scripting").await;
    assert_eq!(user.get("/health").await.body()["missing"], json!(["redis"]));
    redis.command("ACL SETUSER default +@all").await;
    assert_eq!(user.get("/health").await.status(), 200);
    // Writes are refused; `PING` is not.
    redis.follow(&other).await;
    assert_eq!(user.get("/health").await.body()["missing"], json!(["redis"]));
}
