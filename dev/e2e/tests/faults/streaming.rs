//! Streams while parts of the stack fail: the client sees one text, and at the end that of the row.

use std::time::Duration;

use e2e::{Person, Stream, eventually, variable};
use serde_json::Value;
use shared::config::Env;
use shared::domain::Tier;
use shared::queue::{ReplyJob, ReplyQueues};

use crate::workers::kill;
use crate::{AFTERWARDS, alone, calls, ctl, sql};

/// A stream that is silent looks at its row every five seconds.
const SILENCE: Duration = Duration::from_secs(15);

/// A question whose answer takes some seconds at the first call.
fn story(name: &str) -> String {
    format!("[[drip:300*1]] {name}. {}", "Tell me of tea and of rain. ".repeat(12))
}

/// Asks, and reads on until there is text.
async fn begun(ada: &Person, question: &str) -> (Stream, String) {
    let room = ada.room().await;
    let (mut stream, path) = ada.ask_and_follow(&room, question).await;
    stream.until_text().await;
    (stream, path)
}

async fn is_whole(ada: &Person, path: &str, done: &Value) {
    assert_eq!(done["state"], "completed", "{done}");
    assert_eq!(ada.get(path).await.body, *done);
}

#[tokio::test]
async fn a_worker_that_dies_is_followed_by_a_snapshot_of_the_next() {
    let _alone = alone().await;
    let ada = Person::signed_in().await;
    let (mut stream, path) = begun(&ada, &story("the one whose worker dies").repeat(4)).await;
    // By then the worker has hidden its record for its lease only.
    tokio::time::sleep(Duration::from_secs(4)).await;
    kill("GeminiWorker").await;
    let mut attempts = Vec::new();
    let done = loop {
        match stream.next().await {
            Some(event) if event.name == "done" => break event.data,
            Some(event) => attempts.extend(event.data["attempt"].as_u64()),
            None => {
                let (text, last) = (stream.text.clone(), stream.last.clone());
                stream = ada.follow(&path, &last).await.with(text);
            }
        }
    };
    assert!(attempts.iter().any(|attempt| *attempt > 1), "{attempts:?}");
    assert_eq!(done["content"].as_str(), Some(stream.text.as_str()));
    is_whole(&ada, &path, &done).await;
    assert_eq!(calls("the one whose worker dies").await.len(), 2);
}

#[tokio::test]
async fn a_streaming_function_that_dies_is_resumed() {
    let _alone = alone().await;
    let ada = Person::signed_in().await;
    let (mut stream, path) = begun(&ada, &story("the one whose streamer dies")).await;
    let text = stream.text.clone();
    kill("ReplyStream").await;
    while stream.next().await.is_some() {}
    assert!(stream.is_cut, "the answer is incomplete");
    assert!(stream.text.starts_with(&text));
    let (text, last) = (stream.text.clone(), stream.last.clone());
    let mut resumed = ada.follow(&path, &last).await.with(text);
    let done = loop {
        let event = resumed.next().await.expect("an event");
        match event.name.as_str() {
            "delta" => {}
            "done" => break event.data,
            other => panic!("{other}: nothing is sent twice"),
        }
    };
    is_whole(&ada, &path, &done).await;
    assert_eq!(calls("the one whose streamer dies").await.len(), 1);
}

#[tokio::test]
async fn without_redis_the_whole_text_comes_at_its_end() {
    let _alone = alone().await;
    let ada = Person::signed_in().await;
    let room = ada.room().await;
    ctl("stop", "redis").await;
    let (stream, path) = ada.ask_and_follow(&room, "What is tea?").await;
    let done = ada.follow_to_the_end(stream, &path, AFTERWARDS).await;
    ctl("start", "redis").await;
    is_whole(&ada, &path, &done).await;
}

#[tokio::test]
async fn redis_that_stops_midway_takes_nothing_from_the_text() {
    let _alone = alone().await;
    let ada = Person::signed_in().await;
    let (stream, path) = begun(&ada, &story("the one whose Redis stops")).await;
    ctl("stop", "redis").await;
    let done = ada.follow_to_the_end(stream, &path, AFTERWARDS).await;
    ctl("start", "redis").await;
    is_whole(&ada, &path, &done).await;
    assert_eq!(calls("the one whose Redis stops").await.len(), 1);
}

#[tokio::test]
async fn redis_that_comes_back_midway_is_used_again() {
    let _alone = alone().await;
    let ada = Person::signed_in().await;
    let (stream, path) = begun(&ada, &story("the one whose Redis is away for a while")).await;
    ctl("stop", "redis").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    ctl("start", "redis").await;
    let done = ada.follow_to_the_end(stream, &path, AFTERWARDS).await;
    is_whole(&ada, &path, &done).await;
}

#[tokio::test]
async fn an_end_that_nobody_tells_is_noticed() {
    let _alone = alone().await;
    let ada = Person::signed_in().await;
    let room = ada.room().await;
    let (mut stream, path) = ada.ask_and_follow(&room, "[[hang]] the one that nobody tells").await;
    eventually(Duration::from_secs(20), async || (!calls("that nobody tells").await.is_empty()).then_some(())).await;
    let id: uuid::Uuid = path.rsplit('/').next().and_then(|id| id.parse().ok()).expect("an id");
    let ended = "update messages set state = 'completed', content = 'It was told to nobody.', completed_at = now()
        where id = $1";
    sql().await.execute(ended, &[&id]).await.expect("Postgres");
    let done = tokio::time::timeout(SILENCE, stream.until("done")).await.expect("after a silence");
    assert_eq!(done.data["content"], "It was told to nobody.");
}

#[tokio::test]
async fn a_dead_letter_ends_the_stream_of_its_reply() {
    let _alone = alone().await;
    let ada = Person::signed_in().await;
    let room = ada.room().await;
    // No worker hears of the reply: one that holds it is not disturbed.
    ctl("stop", "sqs").await;
    let (stream, path) = ada.ask_and_follow(&room, "What is given up?").await;
    ctl("start", "sqs").await;
    let id = |part: Option<&str>| part.expect("a part").to_owned();
    let (room_id, reply_id) = (id(room.rsplit('/').next()), id(path.rsplit('/').next()));
    // As SQS does after too many receives.
    let env = Env::from_fn(|name| match name {
        "PRO_QUEUE_URL" | "BASIC_QUEUE_URL" => Some(variable("BASIC_DEAD_LETTERS_URL")),
        "AWS_SESSION_TOKEN" => None,
        name => name.starts_with("AWS_").then(|| variable(name)),
    });
    let job = ReplyJob { chatroom_id: room_id.parse().expect("an id"), reply_id: reply_id.parse().expect("an id") };
    ReplyQueues::from_env(&env).expect("queues").send(Tier::Basic, job).await.expect("SQS");
    // The sweep runs once a minute.
    let done = ada.follow_to_the_end(stream, &path, AFTERWARDS).await;
    assert_eq!((&done["state"], &done["error"]["code"]), (&"failed".into(), &"dead_lettered".into()), "{done}");
}
