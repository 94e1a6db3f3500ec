//! The daily allowance: exact under concurrent requests, and reported in headers.

use std::time::Duration;

use chatroom::router;
use serde_json::json;
use testkit::{Stack, TestApi};
use tokio::task::JoinSet;

/// Ends every reply, so that none is unfinished.
async fn answer_all(api: &TestApi) {
    let sql = "update messages set state = 'completed', content = 'ho', completed_at = now() where role = 'assistant'";
    api.stack.sql().await.batch_execute(sql).await.unwrap();
}

#[tokio::test]
async fn the_sixth_message_of_a_day_is_refused_with_a_hint() {
    let api = TestApi::start(router).await;
    let alice = api.signed_in().await;
    let path = format!("/chatroom/{}/message", alice.post("/chatroom", json!({})).await.id());
    for used in 1..=5 {
        let sent = alice.post(&path, json!({ "content": "hi" })).await;
        assert_eq!(sent.body()["allowance"]["used"], used);
        assert_eq!(sent.header("ratelimit-policy"), "\"daily\";q=5;w=86400");
        assert_eq!(sent.header("ratelimit"), format!("\"daily\";r={};t=43200", 5 - used));
    }
    let refused = alice.post(&path, json!({ "content": "hi" })).await;
    let body = refused.body();
    assert_eq!((refused.status(), body["code"].as_str()), (429, Some("allowance_spent")));
    assert_eq!(
        (&body["allowance"]["limit"], &body["allowance"]["used"], &body["allowance"]["remaining"]),
        (&json!(5), &json!(5), &json!(0))
    );
    assert_eq!(body["allowance"]["resets_at"], "2026-11-24T00:00:00.000Z");
    assert_eq!(body["upgrade"]["path"], "/subscribe/pro");
    assert_eq!((refused.header("retry-after"), refused.header("ratelimit")), ("43200", "\"daily\";r=0;t=43200"));
    assert_eq!(api.queued().len(), 5);
    api.make_pro(&alice).await;
    assert_eq!(alice.post(&path, json!({ "content": "hi" })).await.body()["allowance"]["remaining"], 994);
}

#[tokio::test]
async fn a_new_utc_day_brings_a_whole_allowance() {
    let api = TestApi::start(router).await;
    let alice = api.signed_in().await;
    let path = format!("/chatroom/{}/message", alice.post("/chatroom", json!({})).await.id());
    for _ in 0..6 {
        alice.post(&path, json!({ "content": "hi" })).await;
    }
    api.stack.clock.advance(Duration::from_secs(12 * 3600 - 1));
    assert_eq!(alice.post(&path, json!({ "content": "hi" })).await.header("retry-after"), "1");
    api.stack.clock.advance(Duration::from_secs(1));
    answer_all(&api).await;
    assert_eq!(alice.post(&path, json!({ "content": "hi" })).await.body()["allowance"]["used"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn exactly_5_of_200_parallel_sends_are_accepted_on_each_side_of_midnight() {
    let api = TestApi::start(router).await;
    let alice = api.signed_in().await;
    let mut paths = Vec::new();
    for _ in 0..4 {
        paths.push(format!("/chatroom/{}/message", alice.post("/chatroom", json!({})).await.id()));
    }
    for _day in 0..2 {
        let mut sends = JoinSet::new();
        for number in 0..200 {
            let (alice, path) = (alice.clone(), paths[number % 4].clone());
            sends.spawn(async move { alice.post(&path, json!({ "content": "hi" })).await.status() });
        }
        let statuses = sends.join_all().await;
        assert_eq!(statuses.iter().filter(|status| **status == 202).count(), 5);
        assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 195);
        api.stack.clock.advance(Duration::from_secs(12 * 3600));
        answer_all(&api).await;
    }
    let counts =
        "select count(*) filter (where role = 'user'), count(*) filter (where role = 'assistant') from messages";
    let row = api.stack.sql().await.query_one(counts, &[]).await.unwrap();
    assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (10, 10));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rooms_turns_have_one_order_however_they_race() {
    let api = TestApi::on(Stack::start().await.with("UNFINISHED_REPLIES", "30"), router);
    let alice = api.signed_in().await;
    api.make_pro(&alice).await;
    let path = format!("/chatroom/{}/message", alice.post("/chatroom", json!({})).await.id());
    let mut sends = JoinSet::new();
    for _ in 0..30 {
        let (alice, path) = (alice.clone(), path.clone());
        sends.spawn(async move { alice.post(&path, json!({ "content": "hi" })).await.status() });
    }
    assert!(sends.join_all().await.iter().all(|status| *status == 202));
    let rows = api.stack.sql().await.query("select seq, role from messages order by seq", &[]).await.unwrap();
    let turns: Vec<(i64, String)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let expected = (1..=60).map(|seq| (seq, if seq % 2 == 1 { "user" } else { "assistant" }.to_owned()));
    assert_eq!(turns, expected.collect::<Vec<_>>());
}
