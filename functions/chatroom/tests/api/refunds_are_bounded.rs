//! Refunds of replies that reached Gemini are at most the day's limit a day; calling off is free five times a day.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use shared::db::replies::{self, Outcome};
use shared::domain::ReplyError;
use tokio::task::JoinSet;

use crate::desk::{Desk, id};

#[tokio::test]
async fn blocked_replies_are_refunded_as_often_as_a_day_has_messages() {
    let desk = Desk::start().await;
    let room = desk.room().await;
    let mut accepted = 0;
    while desk.send(&room).await.status() == 202 {
        accepted += 1;
        desk.finish(&room, &Outcome::failed(ReplyError::ContentBlocked)).await;
        assert_eq!(desk.used().await, (accepted - 5).max(0));
    }
    assert_eq!(accepted, 10);
    desk.api.stack.clock.advance(Duration::from_hours(24));
    desk.send(&room).await;
    desk.finish(&room, &Outcome::failed(ReplyError::ContentBlocked)).await;
    assert_eq!(desk.used().await, 0, "a new day has refunds of its own");
}

#[tokio::test]
async fn an_outage_of_gemini_costs_nobody_anything() {
    let desk = Desk::start().await;
    let room = desk.room().await;
    for _ in 0..12 {
        assert_eq!(desk.send(&room).await.status(), 202);
        desk.finish(&room, &Outcome::failed(ReplyError::ModelUnavailable)).await;
        assert_eq!(desk.used().await, 0);
    }
}

#[tokio::test]
async fn the_sixth_reply_that_is_called_off_in_a_day_is_charged() {
    let desk = Desk::start().await;
    let room = desk.room().await;
    for number in 1..=4 {
        assert_eq!((desk.send_and_cancel(&room).await, desk.used().await), (202, 0), "{number}");
    }
    // A deleted room calls its replies off as well.
    for used in [0, 1] {
        let other = desk.room().await;
        desk.send(&other).await;
        assert_eq!((desk.user.delete(&other).await.status(), desk.used().await), (204, used));
    }
    let mut accepted = 0;
    while desk.send_and_cancel(&room).await == 202 {
        accepted += 1;
    }
    assert_eq!((accepted, desk.used().await), (4, 5), "behind a slow reply nobody sends and cancels without end");
    desk.api.stack.clock.advance(Duration::from_hours(12));
    assert_eq!((desk.send_and_cancel(&room).await, desk.used().await), (202, 0), "a new day");
}

#[tokio::test]
async fn a_room_with_several_replies_is_deleted_for_as_many_as_are_free() {
    let desk = Desk::with(&[("BASIC_DAILY_LIMIT", "50"), ("UNFINISHED_REPLIES_BASIC", "50")]).await;
    let room = desk.room().await;
    desk.send_and_cancel(&room).await;
    for _ in 0..7 {
        assert_eq!(desk.send(&room).await.status(), 202);
    }
    assert_eq!((desk.user.delete(&room).await.status(), desk.used().await), (204, 3));
}

const MANY: [(&str, &str); 2] = [("BASIC_DAILY_LIMIT", "100"), ("UNFINISHED_REPLIES_BASIC", "100")];

#[tokio::test(flavor = "multi_thread")]
async fn exactly_5_of_100_replies_cancelled_at_once_are_free() {
    let desk = Arc::new(Desk::with(&MANY).await);
    let rooms = desk.rooms(10).await;
    let mut cancels = JoinSet::new();
    for number in 0..100 {
        let sent = desk.send(&rooms[number % 10]).await;
        let (desk, path) = (desk.clone(), format!("{}/cancel", sent.location()));
        cancels.spawn(async move { desk.user.post(&path, json!(null)).await.status() });
    }
    assert!(cancels.join_all().await.iter().all(|status| *status == 200));
    assert_eq!(desk.used().await, 95);
    let sql = "select count(*) from messages where role = 'assistant' and charged_on is null";
    assert_eq!(desk.api.stack.sql().await.query_one(sql, &[]).await.unwrap().get::<_, i64>(0), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn refunds_stay_within_their_bound_when_100_replies_fail_at_once() {
    let desk = Desk::with(&[MANY[0], MANY[1], ("ROOMS_PER_USER", "100")]).await;
    let mut attempts = Vec::new();
    for room in desk.rooms(100).await {
        assert_eq!(desk.send(&room).await.status(), 202);
        attempts.push((id(&room), desk.claim(&room).await));
    }
    desk.api.stack.sql().await.batch_execute("update allowances set refunded = 93").await.unwrap();
    let (db, now) = (desk.api.stack.db(), desk.api.stack.clock.now());
    let mut ends = JoinSet::new();
    for (_, attempt) in attempts {
        let db = db.clone();
        ends.spawn(async move {
            let end = Outcome::failed(ReplyError::ContentBlocked);
            replies::finish(&db, attempt.reply, attempt.number, &end, now).await.unwrap()
        });
    }
    assert!(ends.join_all().await.into_iter().all(|ended| ended));
    assert_eq!(desk.used().await, 93);
}

#[tokio::test]
async fn without_redis_the_bounds_are_the_same() {
    let desk = Desk::with(&[("REDIS_URL", "redis://127.0.0.1:1")]).await;
    let room = desk.room().await;
    let mut accepted = 0;
    while desk.send_and_cancel(&room).await == 202 {
        accepted += 1;
    }
    assert_eq!(accepted, 10);
}
