//! `chatroom`

use testkit::TestApi;

use super::{Replay, text};

const ROOM: &str = "019aaf6c-5c00-7a3e-9d51-3f0d8a1b2c01";
const REPLY: &str = "019aaf6c-5c00-7a3e-9d51-3f0d8a1b2c03";

#[tokio::test]
async fn the_events_of_chatroom_are_answered() {
    let api = TestApi::start(chatroom::router).await;
    let user = api.signed_in().await;
    let token = ("ACCESS_TOKEN", user.token());
    let mut replay = Replay::of("chatroom", api.router_of(chatroom::router));

    let room = replay.send("chatroom-create", &[token], 201).await;
    let room = [token, (ROOM, text(&room, "id"))];
    let list = replay.send("chatroom-list", &[token], 200).await;
    assert_eq!(list["data"][0]["title"], "Tea");
    replay.send("chatroom-update", &room, 200).await;
    let sent = replay.send("chatroom-send", &room, 202).await;
    assert_eq!(api.queued().len(), 1);
    let answer = [room[0], room[1], (REPLY, text(&sent["reply"], "id"))];
    assert_eq!(replay.send("chatroom-message", &answer, 200).await["state"], "pending");
    let ticket = replay.send("chatroom-events-ticket", &answer, 201).await;
    assert!(text(&ticket, "events_url").contains("/events?ticket="), "{ticket}");
    assert_eq!(replay.send("chatroom-cancel", &answer, 200).await["state"], "cancelled");
    replay.send("chatroom-regenerate", &answer, 202).await;
    let messages = replay.send("chatroom-messages", &room, 200).await;
    assert_eq!(messages["data"].as_array().unwrap().len(), 3);
    assert_eq!(replay.send("chatroom-get", &room, 200).await["title"], "Green tea");
    replay.send("chatroom-delete", &room, 204).await;
    replay.send("chatroom-get", &room, 404).await;
    replay.done().await;
}
