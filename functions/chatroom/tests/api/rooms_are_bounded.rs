//! A user has a bounded number of rooms.

use std::sync::Arc;

use serde_json::json;
use tokio::task::JoinSet;

use crate::desk::Desk;

const TEN: (&str, &str) = ("ROOMS_PER_USER", "10");

#[tokio::test(flavor = "multi_thread")]
async fn exactly_10_of_100_rooms_that_are_made_at_once_are_made() {
    let desk = Arc::new(Desk::with(&[TEN]).await);
    let mut creations = JoinSet::new();
    for _ in 0..100 {
        let desk = desk.clone();
        creations.spawn(async move { desk.user.post("/chatroom", json!({})).await });
    }
    let answers = creations.join_all().await;
    let made: Vec<_> = answers.iter().filter(|answer| answer.status() == 201).collect();
    assert_eq!(made.len(), 10);
    let refused = answers.iter().filter(|answer| answer.status() != 201);
    assert!(refused.clone().all(|answer| answer.code() == "too_many_rooms" && answer.header("retry-after") == "60"));
    assert_eq!(refused.count(), 90);

    desk.user.delete(&made[0].location()).await;
    assert_eq!(desk.user.post("/chatroom", json!({})).await.status(), 201);
    assert_eq!(desk.user.post("/chatroom", json!({})).await.code(), "too_many_rooms");
    let other = desk.api.signed_in().await;
    assert_eq!(other.post("/chatroom", json!({})).await.status(), 201, "others are not concerned");
}

#[tokio::test]
async fn without_redis_the_limit_is_the_same() {
    let desk = Desk::with(&[TEN, ("REDIS_URL", "redis://127.0.0.1:1")]).await;
    desk.rooms(10).await;
    assert_eq!(desk.user.post("/chatroom", json!({})).await.code(), "too_many_rooms");
}
