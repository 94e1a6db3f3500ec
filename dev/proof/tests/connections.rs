//! Requests that wait leave Postgres to the others: forty environments wait, and the server has 24 connections.

#![cfg(test)]

use std::time::{Duration, Instant};

use serde_json::json;
use testkit::{Server, Stack, TestApi};
use tokio::task::JoinSet;

const MOST: &str = "max_connections=24";
/// Without passwords: here one process makes the proofs of sixty environments, which takes seconds without optimization.
const RULES: &str = "host all all 127.0.0.1/32 trust\nhost";

/// A stack on a server that takes few connections. Each environment keeps one.
async fn crowded() -> (Server, Stack) {
    let server = Server::postgres(RULES, None, &["-c", MOST]);
    let url = format!("postgres://chat:secret@{}/postgres", server.address());
    testkit::migrate(&url).await;
    let stack = Stack::start().await.with("DATABASE_URL", url).with("DATABASE_CONNECTIONS", "1");
    (server, stack.with_stripe("http://127.0.0.1:1"))
}

#[tokio::test(flavor = "multi_thread")]
async fn forty_waiting_users_leave_postgres_to_others() {
    let (_server, stack) = crowded().await;
    let api = TestApi::on(stack, chatroom::router);
    let sql = api.stack.sql().await;
    let mut users = Vec::new();
    for _ in 0..40 {
        let user = api.signed_in().await;
        let room = user.post("/chatroom", json!({})).await.id();
        let sent = user.post(&format!("/chatroom/{room}/message"), json!({ "content": "hi" })).await;
        users.push((user, sent.location()));
    }
    let (mut waiting, began) = (JoinSet::new(), Instant::now());
    for (number, (user, reply)) in users.iter().enumerate() {
        let (user, path) = (user.at(api.router_of(chatroom::router)), format!("{reply}?wait={}", 5 + number % 3));
        waiting.spawn(async move { user.get(&path).await });
    }
    let open = async || -> i64 {
        let count = "select count(*) from pg_stat_activity where application_name = 'chat-backend'";
        sql.query_one(count, &[]).await.unwrap().get(0)
    };
    // In the rush, and later, when all of them wait.
    for pause in [0, 50, 1_500] {
        tokio::time::sleep(Duration::from_millis(pause)).await;
        for (user, _) in users.iter().take(5) {
            let me = user.at(api.router_of(user::router)).get("/user/me").await;
            assert_eq!(me.status(), 200, "{}", me.body());
        }
    }
    assert!(open().await <= 8, "{}", open().await);
    let health = api.anyone().at(api.router_of(ops::router)).get("/health").await;
    assert_eq!(health.status(), 200, "{}", health.body());
    assert_eq!(waiting.len(), 40);
    for answer in waiting.join_all().await {
        assert_eq!(
            (answer.status(), &answer.body()["state"]),
            (200, &json!("pending")),
            "{} after {:?}",
            answer.body(),
            began.elapsed()
        );
    }
}

#[tokio::test]
async fn health_says_no_while_requests_are_refused_for_want_of_a_connection() {
    let (_server, stack) = crowded().await;
    let clock = stack.clock.clone();
    let api = TestApi::on(stack, ops::router);
    let user = api.signed_in().await;
    let me = user.at(api.router_of(user::router));
    assert_eq!((api.anyone().get("/health").await.status(), me.get("/user/me").await.status()), (200, 200));
    let mut taken = Vec::new();
    while let Ok((client, connection)) =
        tokio_postgres::connect(api.stack.setting("DATABASE_URL"), tokio_postgres::NoTls).await
    {
        tokio::spawn(connection);
        taken.push(client);
    }
    let newcomer = user.at(api.router_of(user::router)).get("/user/me").await;
    assert_eq!((newcomer.status(), newcomer.code().as_str()), (503, "unavailable"));
    let health = api.anyone();
    assert_eq!(health.get("/health").await.status(), 200, "for some seconds the last look counts");
    clock.advance(Duration::from_secs(5));
    for _ in 0..2 {
        let refused = health.get("/health").await;
        assert_eq!((refused.status(), &refused.body()["missing"]), (503, &json!(["postgres"])));
    }
    assert_eq!(me.get("/user/me").await.status(), 200, "whoever has a connection keeps it");
    taken.clear();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(health.get("/health").await.status(), 200, "connections are free again");
}
