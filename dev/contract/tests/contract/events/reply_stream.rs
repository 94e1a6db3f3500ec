//! `reply-stream`, behind a function URL and behind a REST API

use serde_json::Value;
use testkit::{Stack, TestApi, User};

use super::Replay;

const ROOM: &str = "019aaf6c-5c00-7a3e-9d51-3f0d8a1b2c01";
const REPLY: &str = "019aaf6c-5c00-7a3e-9d51-3f0d8a1b2c03";
/// The doors, as the events' names end, and their addresses.
const DOORS: [(&str, &str); 2] = [
    ("url", "https://z4x5c6v7b8n9m0a1s2d3f4g5h6j7k8l9.lambda-url.eu-west-1.on.aws"),
    ("rest", "https://h7j8k9l0m1.execute-api.eu-west-1.amazonaws.com/live"),
];

/// A chat whose streams end after a second, and which knows the address of its door from requests alone.
async fn api() -> TestApi {
    let stack = Stack::start().await.with("STREAM_SECONDS", "1").with("CORS_ORIGINS", "https://app.example.com");
    TestApi::on(stack, chatroom::router)
}

/// The router of the streaming door, without an address that is set.
fn door(api: &TestApi) -> axum::Router {
    let (known, clock) = (api.stack.env(), api.stack.clock.clock());
    let env = shared::config::Env::from_fn(move |name| known.optional(name).filter(|_| name != "STREAM_URL"));
    reply_stream::router(&env, clock).unwrap()
}

/// The data of the first event of a kind.
fn data(stream: &str, kind: &str) -> Value {
    let events = stream.split("\n\n").filter(|event| event.contains(&format!("event: {kind}\n")));
    let data = events.flat_map(str::lines).find_map(|line| line.strip_prefix("data: "));
    serde_json::from_str(data.unwrap_or_else(|| panic!("no {kind} in {stream}"))).unwrap()
}

/// A room, and an `events_url` that another door gave for a reply there that has ended.
async fn ended(user: &User) -> (String, String, String) {
    let room = user.post("/chatroom", serde_json::json!({})).await.id();
    let sent = user.post(&format!("/chatroom/{room}/message"), serde_json::json!({ "content": "hi" })).await.body();
    let reply = sent["reply"]["id"].as_str().unwrap().to_owned();
    let ticket = sent["events_url"].as_str().unwrap().split_once("ticket=").unwrap().1.to_owned();
    user.post(&format!("/chatroom/{room}/message/{reply}/cancel"), Value::Null).await;
    (room, reply, ticket)
}

#[tokio::test]
async fn the_events_of_reply_stream_are_answered() {
    let api = api().await;
    let user = api.signed_in().await;
    let mut replay = Replay::of("reply-stream", door(&api));
    let (room, reply, ticket) = ended(&user).await;
    let (token, room, reply) = (("ACCESS_TOKEN", user.token()), (ROOM, room.as_str()), (REPLY, reply.as_str()));
    for (door, address) in DOORS {
        let resumed = replay.text(&format!("reply-stream-resume-{door}"), &[token, room, reply], 200).await;
        assert_eq!(data(&resumed, "done")["state"], "cancelled", "{resumed}");
        let ticket = ("TICKET", ticket.as_str());
        let followed = replay.text(&format!("reply-stream-ticket-{door}"), &[ticket, room, reply], 200).await;
        assert_eq!(data(&followed, "done")["state"], "cancelled", "{followed}");
        replay.text(&format!("reply-stream-preflight-{door}"), &[room], 200).await;

        let key = ("3f6c1c1e-5f0a-4c39-9b59-0d6a1a2b3c4d", address);
        let sent = replay.text(&format!("reply-stream-send-{door}"), &[token, room, key], 200).await;
        let accepted = data(&sent, "accepted");
        let reply = accepted["reply"]["id"].as_str().unwrap();
        let events = format!("{address}/chatroom/{}/message/{reply}/events?ticket=", room.1);
        let url = accepted["events_url"].as_str().unwrap();
        assert!(url.starts_with(&events), "{url}");
        assert_eq!(data(&sent, "closing")["reason"], "time", "{sent}");
    }
    assert_eq!(api.queued().len(), 3);
    replay.done().await;
}

#[tokio::test]
async fn the_address_that_is_set_goes_before_that_of_a_request() {
    let api = api().await;
    let user = api.signed_in().await;
    let mut replay = Replay::of("reply-stream", api.router_of(reply_stream::router));
    let room = user.post("/chatroom", serde_json::json!({})).await.id();
    for (door, _) in DOORS {
        let changes = [("ACCESS_TOKEN", user.token()), (ROOM, &room)];
        let sent = replay.text(&format!("reply-stream-send-{door}"), &changes, 200).await;
        let url = data(&sent, "accepted")["events_url"].as_str().unwrap().to_owned();
        assert!(url.starts_with("https://stream.example.com/chatroom/"), "{url}");
    }
}
