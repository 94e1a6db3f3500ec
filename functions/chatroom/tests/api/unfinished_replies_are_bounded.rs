//! A user has a bounded number of unfinished replies, exact over many rooms at once, and cheap to count.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use shared::domain::ReplyState;
use tokio::task::JoinSet;
use tokio_postgres::Client;

use crate::desk::{Desk, ended};

/// As many messages as the tests need.
const DAY: (&str, &str) = ("BASIC_DAILY_LIMIT", "1000");

#[tokio::test]
async fn the_sixth_unfinished_reply_of_a_basic_user_is_refused_until_one_has_ended() {
    let desk = Desk::with(&[DAY]).await;
    let rooms = desk.rooms(2).await;
    for number in 0..5 {
        assert_eq!(desk.send(&rooms[number % 2]).await.status(), 202);
    }
    let refused = desk.send(&rooms[0]).await;
    assert_eq!((refused.status(), refused.code().as_str()), (429, "too_many_unfinished"));
    assert_eq!(refused.header("retry-after"), "5");
    assert_eq!(desk.used().await, 5, "what is refused is not charged");

    desk.finish(&rooms[1], &ended(ReplyState::Completed, "tea")).await;
    assert_eq!(desk.send(&rooms[0]).await.status(), 202);
    assert_eq!(desk.send(&rooms[0]).await.code(), "too_many_unfinished");
    desk.user.delete(&rooms[1]).await;
    assert_eq!(desk.send(&rooms[0]).await.status(), 202, "the replies of a deleted room do not count");
}

#[tokio::test]
async fn the_spent_day_is_told_before_the_unfinished_replies() {
    let desk = Desk::start().await;
    let room = desk.room().await;
    for _ in 0..5 {
        desk.send(&room).await;
    }
    assert_eq!(desk.send(&room).await.code(), "allowance_spent");
}

#[tokio::test(flavor = "multi_thread")]
async fn exactly_20_of_100_replies_that_a_pro_user_requests_at_once_are_accepted() {
    let desk = Arc::new(Desk::start().await);
    desk.api.make_pro(&desk.user).await;
    let rooms = desk.rooms(10).await;
    // One message of each room has an answer, of which half of the requests want another one.
    let mut answered = Vec::new();
    for room in &rooms {
        let sent = desk.send(room).await;
        desk.finish(room, &ended(ReplyState::Completed, "tea")).await;
        answered.push(format!("{}/regenerate", sent.location()));
    }
    let mut requests = JoinSet::new();
    for number in 0..100 {
        let (desk, room) = (desk.clone(), rooms[number % 10].clone());
        let again = (number < 10).then(|| answered[number].clone());
        requests.spawn(async move {
            match again {
                Some(path) => desk.user.post(&path, json!(null)).await,
                None => desk.send(&room).await,
            }
        });
    }
    let answers = requests.join_all().await;
    assert_eq!(answers.iter().filter(|answer| answer.status() == 202).count(), 20);
    assert_eq!(answers.iter().filter(|answer| answer.code() == "too_many_unfinished").count(), 80);
    assert_eq!(desk.used().await, 30);
}

#[tokio::test]
async fn a_regeneration_counts_as_well() {
    let desk = Desk::with(&[DAY]).await;
    let (one, other) = (desk.room().await, desk.room().await);
    let sent = desk.send(&one).await;
    desk.finish(&one, &ended(ReplyState::Completed, "tea")).await;
    for _ in 0..5 {
        desk.send(&other).await;
    }
    let refused = desk.user.post(&format!("{}/regenerate", sent.location()), json!(null)).await;
    assert_eq!((refused.code().as_str(), refused.header("retry-after")), ("too_many_unfinished", "5"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_send_is_never_refused_by_a_limit() {
    let desk = Arc::new(Desk::with(&[DAY, ("UNFINISHED_REPLIES_BASIC", "1")]).await);
    let room = desk.room().await;
    let mut sends = JoinSet::new();
    for _ in 0..50 {
        let (desk, room) = (desk.clone(), room.clone());
        sends.spawn(async move { desk.send_once(&room, "once").await });
    }
    let answers = sends.join_all().await;
    let first = answers[0].body();
    assert!(answers.iter().all(|answer| answer.status() == 202 && answer.body() == first));
    assert_eq!(desk.send_once(&room, "twice").await.code(), "too_many_unfinished");
    assert_eq!((desk.send_once(&room, "once").await.status(), desk.used().await), (202, 1));
}

#[tokio::test]
async fn without_redis_the_limit_is_the_same() {
    let desk = Desk::with(&[DAY, ("REDIS_URL", "redis://127.0.0.1:1")]).await;
    let room = desk.room().await;
    for _ in 0..5 {
        assert_eq!(desk.send(&room).await.status(), 202);
    }
    assert_eq!(desk.send(&room).await.code(), "too_many_unfinished");
}

#[tokio::test]
async fn among_100_000_messages_a_send_reads_only_the_unfinished_ones() {
    let desk = Desk::with(&[DAY]).await;
    let (sql, owner) = (desk.api.stack.sql().await, desk.user.id.unwrap());
    let rooms = "insert into chatrooms (id, user_id, title, created_at, updated_at, last_seq)
        select gen_random_uuid(), $1, 'Tea', now(), now(), 1000 from generate_series(1, 100)";
    sql.execute(rooms, &[&owner]).await.unwrap();
    let messages =
        "insert into messages (id, chatroom_id, seq, user_id, role, content, state, created_at, completed_at)
        select gen_random_uuid(), r.id, n, r.user_id, 'user', 'hi', 'completed', now(), now()
        from chatrooms r, generate_series(1, 1000) n";
    assert_eq!(sql.execute(messages, &[]).await.unwrap(), 100_000);
    sql.batch_execute("analyze chatrooms; analyze messages").await.unwrap();
    let sends = 8;
    let before = reads(&sql).await;
    // A router of its own, because connections report their reads when they are closed.
    let sender = desk.user.at(desk.api.router_of(chatroom::router));
    let room = desk.room().await;
    for _ in 0..sends {
        let sent = sender.post(&format!("{room}/message"), json!({ "content": "hi" })).await;
        sender.post(&format!("{}/cancel", sent.location()), json!(null)).await;
        let again = sender.post(&format!("{}/regenerate", sent.location()), json!(null)).await;
        assert_eq!(again.status(), 202);
        sender.post(&format!("{}/cancel", sent.location()), json!(null)).await;
        desk.finish(&room, &ended(ReplyState::Completed, "tea")).await;
    }
    drop(sender);
    let mut after = reads(&sql).await;
    for _ in 0..100 {
        if after.counts >= before.counts + 2 * sends {
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        after = reads(&sql).await;
    }
    assert!(after.counts >= before.counts + 2 * sends, "the index of unfinished replies was not used: {after:?}");
    assert_eq!(after.whole, before.whole, "a statement read the whole table");
    assert!(after.rows - before.rows < 100 * sends, "{before:?} {after:?}");
}

/// What was read of `messages`: scans of the whole table, scans of the index of unfinished replies, rows by any index.
#[derive(Debug)]
struct Reads {
    whole: i64,
    counts: i64,
    rows: i64,
}

async fn reads(sql: &Client) -> Reads {
    let read = "select t.seq_scan, i.idx_scan, t.idx_tup_fetch from pg_stat_user_tables t
        join pg_stat_user_indexes i using (relname)
        where relname = 'messages' and i.indexrelname = 'messages_unended'";
    let row = sql.query_one(read, &[]).await.unwrap();
    Reads { whole: row.get(0), counts: row.get(1), rows: row.get(2) }
}
