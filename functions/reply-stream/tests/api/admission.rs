//! Who may follow a reply, how many streams a user has, and how long one lasts.

use std::time::Duration;

use axum::body::Body;
use http::{Method, Request};
use serde_json::json;

use crate::kit::{Client, Kit};

#[tokio::test]
async fn what_is_not_the_users_reply_is_not_found_before_any_event() {
    let kit = Kit::start().await;
    let bob = kit.api.signed_in().await;
    let foreign = kit.resume(&bob, None).await.refusal().await;
    assert_eq!((foreign.status(), foreign.code().as_str()), (404, "not_found"));
    let question = kit.message().await["in_reply_to"].as_str().unwrap().to_owned();
    let room = kit.room;
    for path in [
        format!("/chatroom/{room}/message/{question}/events"),
        format!("/chatroom/{room}/message/01a207af-efbc-781e-ba38-5d940ed90475/events"),
        format!("/chatroom/01a207af-efbc-781e-ba38-5d940ed90475/message/{}/events", kit.reply),
        format!("/chatroom/{room}/message/x/events"),
    ] {
        assert_eq!(kit.user.get(&path).await.status(), 404, "{path}");
    }
}

#[tokio::test]
async fn a_ticket_opens_one_reply_for_ten_minutes() {
    let kit = Kit::start().await;
    let issued = kit.rooms().post(&kit.events().replace("/events", "/events-ticket"), json!(null)).await;
    assert_eq!(issued.status(), 201);
    let address = issued.body()["events_url"].as_str().unwrap().to_owned();
    assert!(address.starts_with(&format!("https://stream.example.com{}?ticket=", kit.events())), "{address}");
    let mut client = kit.open(&address).await;
    client.expect("snapshot").await;

    let sent = kit.rooms().post(&format!("/chatroom/{}/message", kit.room), json!({ "content": "and?" })).await;
    let of_another = sent.body()["events_url"].as_str().unwrap().to_owned();
    kit.open(&of_another).await.expect("snapshot").await;
    let (_, ticket) = of_another.split_once("?ticket=").unwrap();
    let crossed = format!("{}?ticket={ticket}", kit.events());
    for bad in [crossed, format!("{}?ticket=", kit.events()), format!("{}?ticket=a.b.c", kit.events())] {
        let refused = kit.open(&bad).await.refusal().await;
        assert_eq!((refused.status(), refused.code().as_str()), (401, "unauthenticated"), "{bad}");
    }
    kit.api.stack.clock.advance(Duration::from_mins(10));
    assert_eq!(kit.open(&address).await.refusal().await.status(), 401);
}

#[tokio::test]
async fn a_ticket_ends_with_its_session() {
    let kit = Kit::start().await;
    let issued = kit.rooms().post(&kit.events().replace("/events", "/events-ticket"), json!(null)).await;
    let auth = kit.user.at(kit.api.router_of(auth::router));
    assert_eq!(auth.post("/auth/logout", json!(null)).await.status(), 204);
    let address = issued.body()["events_url"].as_str().unwrap().to_owned();
    assert_eq!(kit.open(&address).await.refusal().await.status(), 401);
    assert_eq!(kit.follow().await.refusal().await.status(), 401);
}

#[tokio::test]
async fn a_ticket_is_for_replies_of_its_user_alone() {
    let kit = Kit::start().await;
    let question = kit.message().await["in_reply_to"].as_str().unwrap().to_owned();
    let room = kit.room;
    let bob = kit.api.signed_in().await.at(kit.api.router_of(chatroom::router));
    for (user, message) in [(&bob, kit.reply.to_string()), (&kit.rooms(), question)] {
        let path = format!("/chatroom/{room}/message/{message}/events-ticket");
        assert_eq!(user.post(&path, json!(null)).await.status(), 404, "{path}");
    }
}

#[tokio::test]
async fn one_stream_too_many_ends_the_oldest() {
    let kit = Kit::with(&[("STREAMS_PER_USER", "2")]).await;
    let mut clients = Vec::new();
    for _ in 0..3 {
        let mut client = kit.follow().await;
        client.expect("snapshot").await;
        clients.push(client);
    }
    let mut oldest = clients.remove(0);
    let closing = oldest.next().await.unwrap();
    assert_eq!((closing.name.as_str(), &closing.data), ("closing", &json!({ "reason": "replaced" })));
    assert_eq!(closing.retry, "60000", "pages that do not listen must not displace one another each second");
    oldest.has_ended().await;
    let attempt = kit.claim().await;
    kit.finish(attempt, "Tea.").await;
    for mut client in clients {
        client.expect("done").await;
    }
}

#[tokio::test]
async fn what_opens_no_stream_takes_nobodys_place() {
    let mut kit = Kit::with(&[("STREAMS_PER_USER", "1"), ("STREAMS_PER_USER_MINUTE", "2")]).await;
    let ended = kit.claim().await;
    kit.finish(ended, "Hello.").await;
    let final_reply = kit.events();
    let sent = kit.rooms().post(&format!("/chatroom/{}/message", kit.room), json!({ "content": "and?" })).await;
    kit.reply = sent.body()["reply"]["id"].as_str().unwrap().parse().unwrap();
    let mut client = kit.follow().await;
    client.expect("snapshot").await;
    let nobodys = format!("/chatroom/{}/message/01a207af-efbc-781e-ba38-5d940ed90475/events", kit.room);
    for _ in 0..3 {
        assert_eq!(kit.user.get(&nobodys).await.status(), 404);
        assert_eq!(kit.user.get(&final_reply).await.status(), 200);
        let head = Request::head(kit.events()).header("authorization", format!("Bearer {}", kit.user.token()));
        let head = Client::open(kit.api.router_of(reply_stream::router), head.body(Body::empty()).unwrap()).await;
        assert_eq!((head.status.as_u16(), &head.headers["allow"]), (405, &"GET".parse().unwrap()));
    }
    let attempt = kit.claim().await;
    // Longer than until the stream looks at its place.
    tokio::time::sleep(Duration::from_secs(6)).await;
    kit.finish(attempt, "Tea.").await;
    client.expect("done").await;
}

#[tokio::test]
async fn a_user_opens_twenty_streams_a_minute() {
    let kit = Kit::start().await;
    for _ in 0..20 {
        kit.follow().await.expect("snapshot").await;
    }
    let refused = kit.follow().await.refusal().await;
    assert_eq!((refused.status(), refused.code().as_str()), (429, "too_many_requests"));
    assert_eq!(refused.header("retry-after"), "3");
    kit.api.stack.clock.advance(Duration::from_secs(3));
    kit.follow().await.expect("snapshot").await;
    assert_eq!(kit.follow().await.refusal().await.status(), 429);
}

#[tokio::test]
async fn a_stream_that_ended_gives_its_place_back() {
    let kit = Kit::with(&[("STREAMS_PER_USER", "1"), ("STREAM_SECONDS", "1")]).await;
    let mut first = kit.follow().await;
    first.expect("snapshot").await;
    assert_eq!(first.expect("closing").await.1, json!({ "reason": "time" }));
    first.has_ended().await;
    let mut second = kit.follow().await;
    second.expect("snapshot").await;
    assert_eq!(second.expect("closing").await.1, json!({ "reason": "time" }));
}

#[tokio::test]
async fn streams_count_as_requests() {
    let kit = Kit::with(&[("REQUESTS_PER_USER_MINUTE", "5")]).await;
    // The room and its message were two.
    for _ in 0..3 {
        kit.follow().await.expect("snapshot").await;
    }
    let refused = kit.follow().await.refusal().await;
    assert_eq!((refused.status(), refused.code().as_str()), (429, "too_many_requests"));
}

#[tokio::test]
async fn a_revoked_session_takes_nobodys_place() {
    let kit = Kit::with(&[("STREAMS_PER_USER", "1")]).await;
    let mut client = kit.follow().await;
    client.expect("snapshot").await;
    let thief = kit.user.clone();
    kit.cache.mark_revoked(&[kit.user.session.unwrap()]).await.unwrap();
    for _ in 0..3 {
        assert_eq!(kit.resume(&thief, None).await.refusal().await.status(), 401);
    }
    let attempt = kit.claim().await;
    tokio::time::sleep(Duration::from_secs(6)).await;
    kit.finish(attempt, "Tea.").await;
    client.expect("done").await;
}

#[tokio::test]
async fn a_deleted_room_ends_the_stream() {
    let kit = Kit::start().await;
    let mut client = kit.follow().await;
    client.expect("snapshot").await;
    assert_eq!(kit.rooms().delete(&format!("/chatroom/{}", kit.room)).await.status(), 204);
    assert_eq!(client.expect("closing").await.1, json!({ "reason": "gone" }));
    client.has_ended().await;
}

#[tokio::test]
async fn other_methods_are_refused() {
    let kit = Kit::start().await;
    let refused = kit.user.raw(Method::PUT, &kit.events(), &[], "").await;
    assert_eq!((refused.status(), refused.code().as_str()), (405, "method_not_allowed"));
}
