//! Pro before Basic, and rooms in parallel.

use std::time::{Duration, Instant};

use e2e::{Person, eventually};
use serde_json::json;

use crate::crowd::{id, make_pro};
use crate::{AFTERWARDS, alone, sql};

/// The time that one Basic reply takes.
const ONE_REPLY: Duration = Duration::from_secs(2);

#[tokio::test]
async fn a_pro_reply_starts_within_the_time_of_one_basic_reply_however_many_basic_replies_wait() {
    let _alone = alone().await;
    let ada = Person::signed_in().await;
    make_pro(&ada).await;
    let her_room = ada.room().await;
    let (mut people, mut replies) = (Vec::new(), Vec::new());
    for _ in 0..8 {
        let bob = Person::signed_in().await;
        people.push(id(&bob).await);
        for _ in 0..5 {
            let room = bob.room().await;
            let sent = bob.post(&format!("{room}/message"), json!({ "content": "[[slow:2000]] hi" })).await;
            assert_eq!(sent.status, 202, "{}", sent.body);
            replies.push((bob.clone(), format!("{room}/message/{}", sent.text("/reply/id"))));
        }
    }

    let began = Instant::now();
    let sent = ada.post(&format!("{her_room}/message"), json!({ "content": "[[slow:1000]] hi" })).await;
    let path = format!("{her_room}/message/{}", sent.text("/reply/id"));
    eventually(AFTERWARDS, async || (ada.get(&path).await.body["state"] != "pending").then_some(())).await;
    let started = began.elapsed();
    let waiting = "select count(*) from messages where user_id = any($1) and state = 'pending'";
    let waiting: i64 = sql().await.query_one(waiting, &[&people]).await.expect("Postgres").get(0);
    assert!(started < ONE_REPLY, "started after {started:?} with {waiting} waiting");
    assert!(waiting >= 5, "too few wait to show anything: {waiting}");
    for (bob, path) in replies {
        assert_eq!(bob.reply(&path, AFTERWARDS).await["state"], "completed");
    }
    let all = began.elapsed();
    let one_by_one = ONE_REPLY * u32::try_from(waiting).expect("a small number");
    assert!(all < one_by_one / 2, "rooms are answered in parallel: {waiting} of them in {all:?}");
}
