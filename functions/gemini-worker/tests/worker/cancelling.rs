//! Cancelling: reading stops, the text so far is kept, nothing else changes.

use std::time::{Duration, Instant};

use shared::db::replies::{self, Cancel};
use shared::domain::{FreeCancels, ReplyState};

use crate::kit::Kit;

#[tokio::test]
async fn a_cancelled_reply_stops_reading_and_keeps_its_text_so_far() {
    let kit = Kit::start().await;
    let room = kit.room().await;
    let question = format!("[[drip:300]] {}", "tell me a long story about a cat and a dog; ".repeat(20));
    let reply = kit.send(room, &question).await;
    let cancel = async {
        tokio::time::sleep(Duration::from_millis(1000)).await;
        let cancelled =
            replies::cancel(&kit.db, kit.user, room, reply, "", FreeCancels(5), kit.stack.clock.now()).await.unwrap();
        assert!(matches!(cancelled, Cancel::Cancelled(..)));
        kit.stack.cache().replies_deleted(&[reply]).await.unwrap();
        Instant::now()
    };
    let jobs = [(room, reply)];
    let (again, cancelled_at) = tokio::join!(kit.work(&jobs), cancel);
    assert!(again.is_empty());
    assert!(cancelled_at.elapsed() < Duration::from_secs(1), "the worker continued to read");
    let stored = kit.reply(room, reply).await;
    assert_eq!(stored.state, ReplyState::Cancelled);
    assert!(!stored.content.is_empty());
    assert_eq!(kit.used().await, 1, "an attempt was in progress");
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(kit.calls().await[0]["ended"], "client_gone");
}

#[tokio::test]
async fn a_reply_cancelled_while_redis_is_unavailable_stays_cancelled() {
    let kit = Kit::with(&[("REDIS_URL", "redis://127.0.0.1:1")]).await;
    let room = kit.room().await;
    let reply = kit.send(room, "[[slow:800]] hi").await;
    let cancel = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        replies::cancel(&kit.db, kit.user, room, reply, "", FreeCancels(5), kit.stack.clock.now()).await.unwrap();
    };
    let jobs = [(room, reply)];
    tokio::join!(kit.work(&jobs), cancel);
    assert_eq!(kit.reply(room, reply).await.state, ReplyState::Cancelled);
}
