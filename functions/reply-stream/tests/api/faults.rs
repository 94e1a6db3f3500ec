//! What a stream does when an end is not told, when Redis is away, and when a stream is lost.

use std::time::{Duration, Instant};

use serde_json::json;
use shared::cache::LiveKind::{Delta, Snapshot};
use shared::cache::Published;
use testkit::{RedisServer, Relay};

use crate::kit::Kit;

#[tokio::test]
async fn an_end_that_nobody_told_is_found_in_the_row() {
    let kit = Kit::start().await;
    let mut client = kit.follow().await;
    client.expect("snapshot").await;
    let attempt = kit.claim().await;
    kit.store_end(attempt, "Tea.").await;
    let began = Instant::now();
    assert_eq!(client.expect("done").await.1["content"], "Tea.");
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_silent_stream_says_that_it_is_alive() {
    let kit = Kit::with(&[("STREAM_SECONDS", "6")]).await;
    let mut client = kit.follow().await;
    client.expect("snapshot").await;
    assert_eq!(client.expect("closing").await.1["reason"], "time");
    assert_eq!(client.comments, 1);
}

#[tokio::test]
async fn without_redis_the_row_tells_the_end() {
    let kit = Kit::with(&[("REDIS_URL", "redis://127.0.0.1:1")]).await;
    let mut client = kit.follow().await;
    let nothing = json!({ "attempt": 0, "state": "pending", "content": "" });
    assert_eq!(client.expect("snapshot").await.1, nothing);
    let attempt = kit.claim().await;
    let mut resumed = kit.resume(&kit.user, Some("1-7")).await;
    let mut ahead = kit.resume(&kit.user, Some("2-7")).await;
    assert_eq!(ahead.expect("snapshot").await.0, "0-0", "no such attempt has begun");
    kit.store_end(attempt, "Tea.").await;
    assert_eq!(client.expect("done").await.1["content"], "Tea.");
    // Who resumes keeps the text until then.
    assert_eq!(resumed.expect("done").await.1["content"], "Tea.");
}

#[tokio::test]
async fn a_redis_that_comes_back_tells_the_text_again() {
    let redis = RedisServer::start(&[]);
    let relay = Relay::to(&redis.address()).await;
    let kit = Kit::with(&[("REDIS_URL", &format!("redis://{}", relay.address()))]).await;
    let mut client = kit.follow().await;
    client.expect("snapshot").await;
    let attempt = kit.claim().await;
    kit.write((1, 1), Snapshot, "").await;
    client.expect("snapshot").await;
    kit.write((1, 2), Delta, "Tea ").await;
    client.expect("delta").await;
    // A failover: open connections break, new ones lead to a server that has nothing, and later to one that has.
    let other = RedisServer::start(&[]);
    relay.lead_to(&other.address());
    redis.command("CLIENT KILL TYPE normal").await;
    assert_eq!(kit.write((1, 3), Delta, "is ").await, Published::Lost);
    kit.write((1, 4), Snapshot, "Tea is ").await;
    let (id, snapshot) = client.expect("snapshot").await;
    assert_eq!((id.as_str(), &snapshot["content"]), ("1-4", &json!("Tea is ")));
    kit.finish(attempt, "Tea is good.").await;
    assert_eq!(client.expect("done").await.1["content"], "Tea is good.");
}

#[tokio::test]
async fn a_redis_that_goes_silent_costs_seconds_and_no_answer() {
    let redis = RedisServer::start(&[]);
    let relay = Relay::to(&redis.address()).await;
    let kit = Kit::with(&[("REDIS_URL", &format!("redis://{}", relay.address()))]).await;
    let mut client = kit.follow().await;
    client.expect("snapshot").await;
    let attempt = kit.claim().await;
    relay.go_silent();
    kit.store_end(attempt, "Tea.").await;
    assert_eq!(client.expect("done").await.1["content"], "Tea.");
}

#[tokio::test]
async fn a_stream_that_was_lost_is_written_again() {
    let kit = Kit::start().await;
    let mut client = kit.follow().await;
    client.expect("snapshot").await;
    kit.claim().await;
    kit.write((1, 1), Snapshot, "").await;
    client.expect("snapshot").await;
    kit.write((1, 2), Delta, "Tea ").await;
    client.expect("delta").await;
    kit.api.stack.forget("live", &kit.reply.to_string()).await;
    assert_eq!(kit.write((1, 3), Delta, "is").await, Published::Lost);
    kit.write((1, 4), Snapshot, "Tea is").await;
    assert_eq!(client.expect("snapshot").await.1["content"], "Tea is");
    let mut resumed = kit.resume(&kit.user, Some("1-2")).await;
    assert_eq!(resumed.expect("snapshot").await.1["content"], "Tea is");
}

#[tokio::test]
async fn without_redis_a_stream_looks_at_the_row_every_three_to_four_seconds() {
    let kit = Kit::with(&[("REDIS_URL", "redis://127.0.0.1:1"), ("STREAM_SECONDS", "11")]).await;
    let mut client = kit.follow().await;
    client.expect("snapshot").await;
    // Each look says that the stream is alive, since nothing else came.
    assert_eq!(client.expect("closing").await.1["reason"], "time");
    assert!((2..=3).contains(&client.comments), "{} looks in 11 s", client.comments);
}

#[tokio::test]
async fn an_end_that_was_told_and_could_not_be_read_is_read_a_second_later() {
    let kit = Kit::start().await;
    let sql = kit.api.stack.sql().await;
    let mut client = kit.follow().await;
    client.expect("snapshot").await;
    let attempt = kit.claim().await;
    kit.store_end(attempt, "Tea.").await;
    sql.batch_execute("alter table messages rename to away").await.unwrap();
    kit.cache.reply_ended(kit.room, kit.reply).await.unwrap();
    let told = Instant::now();
    let back = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        sql.batch_execute("alter table away rename to messages").await.unwrap();
    };
    let (done, ()) = tokio::join!(client.expect("done"), back);
    assert_eq!(done.1["content"], "Tea.");
    assert!(told.elapsed() < Duration::from_secs(3), "{:?}", told.elapsed());
}

/// How many connections to the stack's database are open.
async fn connections(kit: &Kit) -> i64 {
    let count = "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()";
    kit.api.stack.sql().await.query_one(count, &[]).await.unwrap().get(0)
}

/// Waits until no more connections are open than before.
async fn closed(kit: &Kit, before: i64, what: &str) {
    let began = Instant::now();
    while connections(kit).await > before {
        assert!(began.elapsed() < Duration::from_secs(5), "{what}: {} connections", connections(kit).await);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_stream_holds_no_connection_to_postgres() {
    let kit = Kit::start().await;
    let before = connections(&kit).await;
    let mut clients = Vec::new();
    for _ in 0..5 {
        let mut client = kit.follow().await;
        client.expect("snapshot").await;
        clients.push(client);
    }
    closed(&kit, before, "five streams").await;
}

#[tokio::test]
async fn what_opens_no_stream_holds_no_connection_either() {
    let kit = Kit::with(&[("BASIC_DAILY_LIMIT", "2"), ("UNFINISHED_REPLIES_BASIC", "9")]).await;
    let before = connections(&kit).await;
    let send = format!("/chatroom/{}/message", kit.room);
    let nobodys = format!("{send}/01a207af-efbc-781e-ba38-5d940ed90475/events");
    // The router stays, as an environment does.
    for (what, status) in [("sent", 202), ("refused", 429), ("not found", 404), ("not signed in", 401)] {
        let answer = match what {
            "not found" => kit.user.get(&nobodys).await,
            "not signed in" => {
                let stranger = kit.api.signed_in().await;
                kit.api.stack.sql().await.batch_execute("update sessions set revoked_at = now()").await.unwrap();
                stranger.get(&nobodys).await
            }
            _ => kit.user.post(&send, json!({ "content": what })).await,
        };
        assert_eq!(answer.status(), status, "{what}");
        closed(&kit, before, what).await;
    }
}
