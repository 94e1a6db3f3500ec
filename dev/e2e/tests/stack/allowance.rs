//! The allowance under concurrent sends, through the gateway.

use e2e::Person;
use serde_json::json;
use tokio::task::JoinSet;

#[tokio::test]
async fn exactly_5_of_50_parallel_sends_are_accepted() {
    let ada = Person::signed_in().await;
    let room = ada.room().await;
    let mut sends = JoinSet::new();
    for _ in 0..50 {
        let (ada, path) = (ada.clone(), format!("{room}/message"));
        sends.spawn(async move { ada.post(&path, json!({ "content": "hi" })).await.status });
    }
    let statuses = sends.join_all().await;
    assert_eq!(statuses.iter().filter(|status| **status == 202).count(), 5, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 45, "{statuses:?}");
    assert_eq!(ada.get("/user/me").await.body["allowance"]["used"], 5);
}
