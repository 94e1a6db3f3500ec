//! Cancelling through the whole stack: the reply ends at once, and Gemini's stream is not read any further.

use std::time::{Duration, Instant};

use e2e::{Person, eventually};
use serde_json::{Value, json};

use crate::{alone, calls};

#[tokio::test]
async fn a_cancelled_reply_ends_at_once_and_is_not_read_any_further() {
    let _alone = alone().await;
    let ada = Person::signed_in().await;
    let room = ada.room().await;
    let question = format!("[[drip:300]] the cancelled one, {}", "a long story ".repeat(60));
    let sent = ada.post(&format!("{room}/message"), json!({ "content": question })).await;
    let path = format!("{room}/message/{}", sent.text("/reply/id"));
    eventually(Duration::from_secs(20), async || (!calls("the cancelled one").await.is_empty()).then_some(())).await;
    tokio::time::sleep(Duration::from_secs(1)).await;

    let began = Instant::now();
    let cancelled = ada.post(&format!("{path}/cancel"), Value::Null).await;
    assert_eq!((cancelled.status, &cancelled.body["state"]), (200, &json!("cancelled")), "{}", cancelled.body);
    let ended = || async { calls("the cancelled one").await[0]["ended"].as_str().map(str::to_owned) };
    let ended = eventually(Duration::from_secs(5), async || ended().await).await;
    assert!(began.elapsed() < Duration::from_secs(4), "still read after {:?}", began.elapsed());
    assert_eq!(ended, "client_gone");

    let kept = eventually(Duration::from_secs(5), async || {
        let reply = ada.get(&path).await.body;
        (reply["content"] != "").then_some(reply)
    })
    .await;
    assert_eq!(kept["state"], "cancelled", "the text so far is kept: {kept}");
}
