//! A send at the streaming door.

use axum::body::Body;
use http::{Method, Request};
use serde_json::json;
use shared::cache::LiveKind::{Delta, Snapshot};
use testkit::User;

use crate::kit::{Client, Kit};

async fn send(kit: &Kit, user: &User, headers: &[(&str, &str)], content: &str) -> Client {
    let mut request = Request::post(format!("/chatroom/{}/message", kit.room))
        .header("authorization", format!("Bearer {}", user.token()))
        .header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = Body::from(json!({ "content": content }).to_string());
    Client::open(kit.api.router_of(reply_stream::router), request.body(body).unwrap()).await
}

const EVENTS: (&str, &str) = ("accept", "text/event-stream");

#[tokio::test]
async fn a_send_is_accepted_and_followed_in_one_response() {
    let mut kit = Kit::start().await;
    let before = kit.claim().await;
    kit.finish(before, "Hello.").await;
    kit.api.queued();
    let mut client = send(&kit, &kit.user, &[EVENTS], "and?").await;
    assert_eq!(client.status, 200);
    let (id, accepted) = client.expect("accepted").await;
    assert_eq!((id.as_str(), &accepted["message"]["content"]), ("", &json!("and?")));
    assert_eq!(accepted["allowance"]["used"], 2);
    assert!(accepted["events_url"].as_str().unwrap().starts_with("https://stream.example.com/chatroom/"));
    assert_eq!(kit.api.queued().len(), 1);
    client.expect("snapshot").await;

    kit.reply = accepted["reply"]["id"].as_str().unwrap().parse().unwrap();
    let attempt = kit.claim().await;
    kit.write((1, 1), Snapshot, "").await;
    kit.write((1, 2), Delta, "Tea").await;
    let mut text = String::new();
    while text != "Tea" {
        text += client.next().await.unwrap().data["content"].as_str().unwrap();
    }
    drop(client);
    let mut resumed = kit.open(accepted["events_url"].as_str().unwrap()).await;
    assert_eq!(resumed.expect("snapshot").await.1["content"], "Tea");
    kit.finish(attempt, "Tea.").await;
    assert_eq!(resumed.expect("done").await.1["content"], "Tea.");
}

#[tokio::test]
async fn without_the_wish_for_events_a_send_is_answered_as_at_the_other_door() {
    let kit = Kit::with(&[("BASIC_DAILY_LIMIT", "50"), ("UNFINISHED_REPLIES_BASIC", "50")]).await;
    let refusing =
        ["application/json", "*/*", "text/event-stream;q=0", "text/event-stream; charset=utf-8; Q=0.000, */*"];
    let refusing = refusing.map(|accept| [("accept", accept)]);
    for headers in refusing.iter().map(|header| &header[..]).chain([&[][..]]) {
        let answer = send(&kit, &kit.user, headers, "and?").await.refusal().await;
        assert_eq!(answer.status(), 202);
        assert_eq!(
            answer.location(),
            format!("/chatroom/{}/message/{}", kit.room, answer.body()["reply"]["id"].as_str().unwrap())
        );
        assert!(answer.header("ratelimit").contains("daily"));
    }
    for accept in ["application/json;q=0, text/event-stream", "text/event-stream;q=0.001", "Text/Event-Stream"] {
        let client = send(&kit, &kit.user, &[("accept", accept)], "and?").await;
        assert_eq!(
            (client.status.as_u16(), &client.headers["content-type"]),
            (200, &"text/event-stream".parse().unwrap()),
            "{accept}"
        );
    }
}

#[tokio::test]
async fn a_send_of_a_user_who_opens_too_many_streams_is_accepted_without_one() {
    let kit = Kit::with(&[("STREAMS_PER_USER_MINUTE", "1")]).await;
    kit.follow().await.expect("snapshot").await;
    let answer = send(&kit, &kit.user, &[EVENTS], "and?").await.refusal().await;
    assert_eq!((answer.status(), &answer.body()["message"]["content"]), (202, &json!("and?")));
}

#[tokio::test]
async fn a_repeated_send_is_followed_again_and_stored_once() {
    let mut kit = Kit::start().await;
    let before = kit.claim().await;
    kit.finish(before, "Hello.").await;
    let headers = [EVENTS, ("idempotency-key", "k1")];
    let (_, first) = send(&kit, &kit.user, &headers, "and?").await.expect("accepted").await;
    let (_, again) = send(&kit, &kit.user, &headers, "and?").await.expect("accepted").await;
    assert_eq!(first["reply"], again["reply"]);
    assert_eq!(again["allowance"]["used"], 2);

    kit.reply = first["reply"]["id"].as_str().unwrap().parse().unwrap();
    let attempt = kit.claim().await;
    kit.finish(attempt, "Tea.").await;
    let mut late = send(&kit, &kit.user, &headers, "and?").await;
    assert_eq!(late.expect("accepted").await.1["reply"]["state"], "completed");
    assert_eq!(late.expect("done").await.1, kit.message().await);
    late.has_ended().await;

    let other = send(&kit, &kit.user, &headers, "something else").await.refusal().await;
    assert_eq!(other.code(), "idempotency_key_reused");
}

#[tokio::test]
async fn what_is_refused_is_refused_before_any_event() {
    let kit = Kit::with(&[("BASIC_DAILY_LIMIT", "1")]).await;
    let bob = kit.api.signed_in().await;
    for (user, content, code) in
        [(&kit.user, "and?", "allowance_spent"), (&kit.user, " ", "validation_failed"), (&bob, "hi", "not_found")]
    {
        assert_eq!(send(&kit, user, &[EVENTS], content).await.refusal().await.code(), code);
    }
    let path = format!("/chatroom/{}/message", kit.room);
    let broken = [("content-type", "application/json"), EVENTS];
    assert_eq!(kit.user.raw(Method::POST, &path, &broken, "{").await.code(), "malformed_request");
}
