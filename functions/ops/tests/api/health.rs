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

#[tokio::test]
async fn a_model_that_only_fails_is_a_degraded_health_until_it_answers_or_nobody_asks() {
    let api = TestApi::start(ops::router).await;
    let sql = api.stack.sql().await;
    let note = "insert into attempts (reply_id, number, started_at, ended_at, outcome)
        values (gen_random_uuid(), 1, $1, $1, $2)";
    let status = async || api.anyone().get("/health").await.body()["status"].clone();

    let now = api.stack.clock.now();
    for harmless in ["content_blocked", "cancelled", "empty_answer"] {
        sql.execute(note, &[&now, &harmless]).await.unwrap();
        assert_eq!(status().await, "ok", "{harmless}");
    }
    sql.execute(note, &[&now, &"model_unavailable"]).await.unwrap();
    assert_eq!(status().await, "ok", "an answer that was blocked is an answer");
    api.stack.clock.advance(std::time::Duration::from_secs(301));
    for failure in ["model_unauthorized", "model_not_found", "quota_exhausted", "model_unavailable", "request_refused"]
    {
        let now = api.stack.clock.now();
        sql.execute(note, &[&now, &failure]).await.unwrap();
        assert_eq!(status().await, "degraded", "{failure}");
        sql.execute(note, &[&now, &"completed"]).await.unwrap();
        assert_eq!(status().await, "ok", "{failure}, then an answer");
        api.stack.clock.advance(std::time::Duration::from_secs(301));
    }
    sql.execute(note, &[&api.stack.clock.now(), &"model_unavailable"]).await.unwrap();
    api.stack.clock.advance(std::time::Duration::from_secs(301));
    assert_eq!(status().await, "ok", "nobody asked lately");
}
