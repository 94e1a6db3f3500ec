//! Replies are followed while they are written, through the deployed door.

use std::time::{Duration, Instant};

use e2e::{Person, Stream, eventually, variable};
use reqwest::Method;
use serde_json::{Value, json};
use shared::auth::{StreamTicket, StreamTickets};
use shared::config::Env;
use shared::domain::{Clock, SessionId, UserId};

const SOON: Duration = Duration::from_secs(30);

/// A question whose answer takes some seconds.
fn story() -> String {
    format!("[[drip:150]] {}", "Tell me of tea and of rain. ".repeat(12))
}

#[tokio::test]
async fn the_text_comes_while_the_model_still_writes() {
    let ada = Person::signed_in().await;
    let room = ada.room().await;
    let (mut stream, path) = ada.ask_and_follow(&room, &story()).await;
    stream.until_text().await;
    let (first, began) = (stream.text.clone(), Instant::now());
    assert_eq!(ada.get(&path).await.body["state"], "generating");
    let mut deltas = 0;
    let done = loop {
        let event = stream.next().await.expect("an end");
        match event.name.as_str() {
            "delta" => deltas += 1,
            "done" => break event.data,
            other => panic!("{other}: {event:?}"),
        }
    };
    assert!(began.elapsed() > Duration::from_secs(1) && deltas > 5, "{deltas} in {:?}", began.elapsed());
    assert_eq!(done["state"], "completed", "{done}");
    assert!(stream.text.starts_with(&first) && stream.text.len() > 2 * first.len(), "{first}");
    assert_eq!(ada.get(&path).await.body, done);
    assert!(stream.next().await.is_none() && !stream.is_cut, "the stream ends with done");
}

#[tokio::test]
async fn five_watchers_see_one_text_and_a_cancel_at_the_same_moment() {
    let ada = Person::signed_in().await;
    let room = ada.room().await;
    let sent = ada.post(&format!("{room}/message"), json!({ "content": story() })).await;
    let path = format!("{room}/message/{}", sent.text("/reply/id"));
    let mut watchers = Vec::new();
    for number in 0..5 {
        watchers.push(match number % 2 {
            0 => ada.follow(&path, "").await,
            _ => Stream::open(Person::new().request(Method::GET, &sent.text("/events_url"))).await,
        });
    }
    for watcher in &mut watchers {
        watcher.until_text().await;
    }
    let cancelled = ada.post(&format!("{path}/cancel"), Value::Null).await;
    assert_eq!(cancelled.status, 200, "{}", cancelled.body);
    let began = Instant::now();
    for watcher in &mut watchers {
        let done = watcher.until("done").await.data;
        assert_eq!(done["state"], "cancelled", "{done}");
    }
    assert!(began.elapsed() < Duration::from_secs(2), "after {:?}", began.elapsed());
    let text = watchers[0].text.clone();
    assert!(!text.is_empty() && watchers.iter().all(|watcher| watcher.text == text), "{text}");
}

#[tokio::test]
async fn both_doors_accept_the_same_message() {
    let ada = Person::signed_in().await;
    let room = ada.room().await;
    let send = |request: reqwest::RequestBuilder| {
        ada.send(request.header("idempotency-key", "the-one").json(&json!({ "content": "What is tea?" })))
    };
    let path = format!("{room}/message");
    let at_api = send(ada.request(Method::POST, &path)).await;
    let at_door = send(ada.at_door(Method::POST, &path)).await;
    assert_eq!((at_api.status, at_door.status), (202, 202), "{}", at_door.body);
    assert_eq!(at_api.body["reply"]["id"], at_door.body["reply"]["id"]);
    let reply = at_api.text("/reply/id");
    let events = format!("{}{path}/{reply}/events?ticket=", variable("STREAM_URL"));
    let events = events.replace("//chatroom", "/chatroom");
    for answer in [at_api, at_door] {
        let url = answer.text("/events_url");
        assert!(url.starts_with(&events), "{url} is not {events}");
        let done = Stream::open(Person::new().request(Method::GET, &url)).await.until("done").await.data;
        assert_eq!(done["state"], "completed");
    }
}

#[tokio::test]
async fn a_lost_stream_is_resumed_where_it_was() {
    let ada = Person::signed_in().await;
    let room = ada.room().await;
    let (mut stream, path) = ada.ask_and_follow(&room, &story()).await;
    stream.until_text().await;
    let (text, last) = (stream.text.clone(), stream.last.clone());
    drop(stream);
    tokio::time::sleep(Duration::from_millis(500)).await;

    let mut resumed = ada.follow(&path, &last).await.with(text);
    let next = resumed.next().await.expect("an event");
    assert_eq!(next.name, "delta", "nothing is sent twice: {next:?}");
    for unknown in ["7-7", "garbage", "4294967295-1", "0-0"] {
        let mut stream = ada.follow(&path, unknown).await;
        let next = stream.next().await.expect("an event");
        assert_eq!(next.name, "snapshot", "{unknown}: {next:?}");
    }
    let done = resumed.until("done").await;
    let whole = ada.get(&path).await.body;
    assert_eq!(done.data, whole);
    for last in ["", "1-1", &done.id] {
        assert_eq!(ada.follow(&path, last).await.next().await.expect("an event").data, whole, "{last}");
    }
}

#[tokio::test]
async fn nobody_else_follows_a_reply() {
    let (ada, bob) = (Person::signed_in().await, Person::signed_in().await);
    let room = ada.room().await;
    let sent = ada.post(&format!("{room}/message"), json!({ "content": "Hello" })).await;
    let events = format!("{room}/message/{}/events", sent.text("/reply/id"));
    let is_problem = |answer: &e2e::Answer| answer.headers["content-type"] == "application/problem+json";

    let stranger = bob.refused_at_door(&events).await;
    assert!(stranger.status == 404 && stranger.code() == "not_found" && is_problem(&stranger), "{}", stranger.body);
    let question = format!("{room}/message/{}/events", sent.text("/message/id"));
    assert_eq!(ada.refused_at_door(&question).await.status, 404, "a question is no reply");
    let url = sent.text("/events_url");
    let ticket = url.split_once("ticket=").expect("a ticket").1;
    let old = expired(&sent.text("/reply/id"));
    for bad in ["", "garbage", "a.b.c", &ticket[..ticket.len() - 2], &old] {
        let refused = Person::new().refused_at_door(&format!("{events}?ticket={bad}")).await;
        assert!(refused.status == 401 && is_problem(&refused), "{bad}: {} {}", refused.status, refused.body);
    }
    assert_eq!(Person::new().refused_at_door(&events).await.status, 401, "neither token nor ticket");
    let other = events.replace(&sent.text("/reply/id"), &sent.text("/message/id"));
    let moved = Person::new().refused_at_door(&format!("{other}?ticket={ticket}")).await;
    assert_eq!(moved.status, 401, "a ticket is for one reply: {}", moved.body);
}

/// A ticket for a reply that was made with the stack's key and has expired.
fn expired(reply: &str) -> String {
    let keys = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.dev/keys.json");
    let keys: Value = serde_json::from_str(&std::fs::read_to_string(keys).expect("the stack's keys")).expect("JSON");
    let keys = keys["JwtKeys"].as_str().expect("keys").to_owned();
    let env = Env::from_fn(move |name| (name == "JWT_KEYS").then(|| keys.clone()));
    let ticket =
        StreamTicket { user: UserId::generate(), session: SessionId::generate(), reply: reply.parse().expect("an id") };
    let long_ago = Clock::system().now() - Duration::from_mins(11);
    StreamTickets::from_env(&env).expect("keys").issue(ticket, long_ago).0
}

#[tokio::test]
async fn the_newest_streams_of_a_user_are_kept() {
    let ada = Person::signed_in().await;
    let room = ada.room().await;
    let (mut oldest, path) = ada.ask_and_follow(&room, "[[hang*1]] the one that waits").await;
    let mut others = Vec::new();
    for _ in 0..5 {
        others.push(ada.follow(&path, "").await);
    }
    let closing = tokio::time::timeout(SOON, oldest.until("closing")).await.expect("soon");
    assert_eq!(closing.data["reason"], "replaced");
    assert!(oldest.next().await.is_none());
    let cancelled = ada.post(&format!("{path}/cancel"), Value::Null).await;
    assert_eq!(cancelled.status, 200, "{}", cancelled.body);
    for mut other in others {
        assert_eq!(other.until("done").await.data["state"], "cancelled");
    }
}

#[tokio::test]
async fn a_reply_that_is_postponed_is_pending_until_its_next_attempt() {
    let ada = Person::signed_in().await;
    let room = ada.room().await;
    let (mut stream, path) = ada.ask_and_follow(&room, "[[429:3*1]] What is tea?").await;
    let mut states = Vec::new();
    let done = loop {
        let event = stream.next().await.expect("an end");
        match event.name.as_str() {
            "snapshot" => states.push(event.data["state"].as_str().unwrap_or_default().to_owned()),
            "done" => break event.data,
            _ => {}
        }
    };
    assert!(states.contains(&"pending".to_owned()), "{states:?}");
    assert_eq!((&done["state"], done["content"].as_str()), (&json!("completed"), Some(stream.text.as_str())));
    assert_eq!(ada.get(&path).await.body, done);
}

#[tokio::test]
async fn a_room_that_is_deleted_ends_its_streams() {
    let ada = Person::signed_in().await;
    let room = ada.room().await;
    let (mut stream, _) = ada.ask_and_follow(&room, &story()).await;
    stream.until_text().await;
    assert_eq!(ada.delete(&room).await.status, 204);
    let closing = tokio::time::timeout(SOON, stream.until("closing")).await.expect("soon");
    assert_eq!(closing.data["reason"], "gone");
}

#[tokio::test]
async fn who_reads_slowly_gets_all_of_it_and_costs_no_memory() {
    let ada = Person::signed_in().await;
    let room = ada.room().await;
    let question = format!("[[drip:10]] {}", "Tell me of tea and of rain. ".repeat(250));
    let (mut stream, path) = ada.ask_and_follow(&room, &question).await;
    stream.until_text().await;
    let mut most = 0;
    let done = loop {
        most = most.max(memory().await);
        let event = stream.next().await.expect("an end");
        if event.name == "done" {
            break event.data;
        }
        // About a kilobyte a second.
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    assert_eq!(done["content"].as_str(), Some(stream.text.as_str()));
    assert_eq!(ada.get(&path).await.body, done);
    assert!(most < 32 * 1024, "{most} KiB");
}

/// The memory of the streaming function's largest process, in KiB.
async fn memory() -> u64 {
    let mut most = 0;
    let mut processes = tokio::fs::read_dir("/proc").await.expect("/proc");
    while let Ok(Some(process)) = processes.next_entry().await {
        let environment = tokio::fs::read(process.path().join("environ")).await.unwrap_or_default();
        let is_its = environment.split(|byte| *byte == 0).any(|one| {
            let one = String::from_utf8_lossy(one);
            one.starts_with("AWS_LAMBDA_FUNCTION_NAME=") && one.contains("ReplyStream")
        });
        if is_its {
            let status = tokio::fs::read_to_string(process.path().join("status")).await.unwrap_or_default();
            let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
            most = most.max(line.trim().trim_end_matches(" kB").parse().unwrap_or_default());
        }
    }
    most
}

#[tokio::test]
async fn a_client_that_has_left_does_not_stop_a_reply() {
    let ada = Person::signed_in().await;
    let room = ada.room().await;
    let (mut stream, path) = ada.ask_and_follow(&room, &story()).await;
    stream.until_text().await;
    drop(stream);
    let reply = eventually(SOON, async || {
        let reply = ada.get(&path).await.body;
        (reply["state"] == "completed").then_some(reply)
    });
    assert!(reply.await["content"].as_str().is_some_and(|text| !text.is_empty()));
}
