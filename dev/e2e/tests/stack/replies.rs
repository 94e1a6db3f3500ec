//! Replies through the real queues: retried, cancelled, in order.

use std::time::{Duration, Instant};

use e2e::Person;
use serde_json::json;

const LATER: Duration = Duration::from_secs(90);

#[tokio::test]
async fn googles_retry_delay_is_respected_and_then_the_reply_is_made() {
    let ada = Person::signed_in().await;
    let room = ada.room().await;
    let started = Instant::now();
    let reply = ada.ask(&room, "[[429:3*1]] What is tea?", LATER).await;
    assert_eq!(reply["state"], "completed", "{reply}");
    assert!(started.elapsed() >= Duration::from_secs(3), "after {:?}", started.elapsed());
}

#[tokio::test]
async fn a_failed_message_is_reported_and_refunded() {
    let ada = Person::signed_in().await;
    let room = ada.room().await;
    let reply = ada.ask(&room, "[[blocked]]", LATER).await;
    assert_eq!((&reply["state"], &reply["error"]["code"]), (&json!("blocked"), &json!("content_blocked")));
    assert_eq!(ada.get("/user/me").await.body["allowance"]["used"], 0);
}

#[tokio::test]
async fn messages_sent_at_once_are_answered_in_order() {
    let ada = Person::signed_in().await;
    let room = ada.room().await;
    let path = format!("{room}/message");
    let (one, two, three) = tokio::join!(
        ada.post(&path, json!({ "content": "one" })),
        ada.post(&path, json!({ "content": "two" })),
        ada.post(&path, json!({ "content": "three" })),
    );
    for sent in [&one, &two, &three] {
        ada.reply(&format!("{path}/{}", sent.text("/reply/id")), LATER).await;
    }
    let turns = ada.get(&path).await.body;
    let ended: Vec<_> =
        turns["data"].as_array().into_iter().flatten().filter(|turn| turn["role"] == "assistant").collect();
    assert!(ended.iter().all(|turn| turn["state"] == "completed"), "{turns}");
    assert!(ended.is_sorted_by_key(|turn| turn["completed_at"].as_str()), "{turns}");
}

#[tokio::test]
async fn nobody_waits_for_another_persons_reply() {
    let (ada, bob) = (Person::signed_in().await, Person::signed_in().await);
    let (slow, quick) = (ada.room().await, bob.room().await);
    let sent = ada.post(&format!("{slow}/message"), json!({ "content": "[[slow:10000]] hi" })).await;
    let waiting = format!("{slow}/message/{}", sent.text("/reply/id"));
    while ada.get(&waiting).await.body["state"] == "pending" {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    for question in ["one", "two", "three"] {
        assert_eq!(bob.ask(&quick, question, LATER).await["state"], "completed");
    }
    assert_eq!(ada.get(&waiting).await.body["state"], "generating");
}

#[tokio::test]
async fn a_reply_is_cancelled_and_regenerated() {
    let ada = Person::signed_in().await;
    let room = ada.room().await;
    let sent = ada.post(&format!("{room}/message"), json!({ "content": "[[drip:2000]] Tell me a long story" })).await;
    let reply = format!("{room}/message/{}", sent.text("/reply/id"));
    tokio::time::sleep(Duration::from_secs(2)).await;
    let cancelled = ada.post(&format!("{reply}/cancel"), json!(null)).await;
    assert_eq!((cancelled.status, &cancelled.body["state"]), (200, &json!("cancelled")));
    let again = ada.post(&format!("{reply}/regenerate"), json!(null)).await;
    assert_eq!(again.status, 202, "{}", again.body);
    let made = ada.reply(&format!("{room}/message/{}", again.text("/reply/id")), LATER).await;
    assert_eq!(made["state"], "completed");
    assert_eq!(ada.get(&reply).await.body["state"], "cancelled");
}

#[tokio::test]
async fn the_list_is_cached_and_never_stale() {
    let ada = Person::signed_in().await;
    let room = ada.room().await;
    let cache = async || ada.get("/chatroom").await.headers["x-cache"].to_str().unwrap_or_default().to_owned();
    assert_eq!((cache().await.as_str(), cache().await.as_str()), ("miss", "hit"));
    ada.patch(&room, json!({ "title": "Coffee" })).await;
    assert_eq!(ada.get("/chatroom").await.body["data"][0]["title"], "Coffee");
    assert_eq!(ada.delete(&room).await.status, 204);
    assert_eq!(ada.get("/chatroom").await.body["data"], json!([]));
}
