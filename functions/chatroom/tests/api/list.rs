//! The list of rooms: ordered, paged, cached, and never stale.

use std::time::Duration;

use serde_json::{Value, json};
use shared::cache::CachedRooms;
use shared::domain::ChatroomId;
use shared::http::Cursor;
use testkit::{Stack, TestApi, visit};

fn titles(body: &Value) -> Vec<String> {
    body["data"].as_array().unwrap().iter().map(|room| room["title"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_latest_activity_comes_first() {
    let api = TestApi::start(chatroom::router).await;
    let alice = api.signed_in().await;
    let mut rooms = Vec::new();
    for title in ["a", "b", "c"] {
        rooms.push(alice.post("/chatroom", json!({ "title": title })).await.id());
        api.stack.clock.advance(Duration::from_secs(1));
    }
    assert_eq!(titles(&alice.get("/chatroom").await.body()), ["c", "b", "a"]);
    alice.post(&format!("/chatroom/{}/message", rooms[0]), json!({ "content": "hi" })).await;
    assert_eq!(titles(&alice.get("/chatroom").await.body()), ["a", "c", "b"]);
}

#[tokio::test]
async fn pages_follow_one_another_without_gap_or_repetition() {
    let api = TestApi::start(chatroom::router).await;
    let alice = api.signed_in().await;
    for title in 0..7 {
        alice.post("/chatroom", json!({ "title": title.to_string() })).await;
    }
    let (mut seen, mut path) = (Vec::new(), "/chatroom?limit=3".to_owned());
    loop {
        let page = alice.get(&path).await.body();
        seen.extend(titles(&page));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/chatroom?limit=3&cursor={cursor}");
    }
    assert_eq!(seen, ["6", "5", "4", "3", "2", "1", "0"]);
}

#[tokio::test]
async fn a_foreign_or_altered_cursor_is_refused() {
    let api = TestApi::start(chatroom::router).await;
    let (alice, bob) = (api.signed_in().await, api.signed_in().await);
    for _ in 0..2 {
        alice.post("/chatroom", json!({})).await;
    }
    let cursor = alice.get("/chatroom?limit=1").await.body()["next_cursor"].as_str().unwrap().to_owned();
    for (user, cursor) in [(&bob, cursor.as_str()), (&alice, &cursor[1..]), (&alice, "x")] {
        let answer = user.get(&format!("/chatroom?limit=1&cursor={cursor}")).await;
        assert_eq!((answer.status(), answer.code().as_str()), (400, "cursor_invalid"));
    }
}

#[tokio::test]
async fn the_second_look_is_a_hit_and_every_write_makes_a_miss() {
    let api = TestApi::start(chatroom::router).await;
    let alice = api.signed_in().await;
    let room = alice.post("/chatroom", json!({ "title": "Tea" })).await.id();
    let room = format!("/chatroom/{room}");
    let look = async || {
        let answer = alice.get("/chatroom").await;
        (answer.header("x-cache").to_owned(), titles(&answer.body()))
    };
    let told =
        |cache: &str, titles: &[&str]| (cache.to_owned(), titles.iter().map(ToString::to_string).collect::<Vec<_>>());
    assert_eq!(look().await, told("miss", &["Tea"]));
    assert_eq!(look().await, told("hit", &["Tea"]));
    alice.patch(&room, json!({ "title": "Coffee" })).await;
    assert_eq!(look().await, told("miss", &["Coffee"]));
    assert_eq!(look().await, told("hit", &["Coffee"]));
    alice.post("/chatroom", json!({ "title": "Soup" })).await;
    assert_eq!(look().await, told("miss", &["Soup", "Coffee"]));
    assert_eq!(look().await.0, "hit");
    alice.delete(&room).await;
    assert_eq!(look().await, told("miss", &["Soup"]));
}

#[tokio::test]
async fn after_a_send_the_list_is_not_cached_until_the_send_must_have_committed() {
    let api = TestApi::start(chatroom::router).await;
    let alice = api.signed_in().await;
    let tea = alice.post("/chatroom", json!({ "title": "Tea" })).await.id();
    alice.post("/chatroom", json!({ "title": "Soup" })).await;
    assert_eq!(titles(&alice.get("/chatroom").await.body()), ["Soup", "Tea"]);
    assert_eq!(alice.get("/chatroom").await.header("x-cache"), "hit");

    api.stack.clock.advance(Duration::from_secs(1));
    alice.post(&format!("/chatroom/{tea}/message"), json!({ "content": "hi" })).await;
    for _ in 0..2 {
        let list = alice.get("/chatroom").await;
        assert_eq!((list.header("x-cache"), titles(&list.body())), ("miss", vec!["Tea".into(), "Soup".into()]));
    }

    api.stack.forget("rooms-sending", &alice.id.unwrap().to_string()).await;
    assert_eq!(alice.get("/chatroom").await.header("x-cache"), "miss");
    let list = alice.get("/chatroom").await;
    assert_eq!((list.header("x-cache"), titles(&list.body())), ("hit", vec!["Tea".into(), "Soup".into()]));
}

#[tokio::test]
async fn a_concurrent_reader_or_writer_during_a_send_does_not_make_the_list_stale() {
    let api = TestApi::start(chatroom::router).await;
    let alice = api.signed_in().await;
    let (user, session, cache) = (alice.id.unwrap(), alice.session.unwrap(), api.stack.cache());
    let now = api.stack.clock.now();
    let (_, missed) = cache.rooms(&visit(user, session, now)).await.unwrap();
    let CachedRooms::Miss(token) = missed else { panic!("{missed:?}") };

    cache.sending(&visit(user, session, now)).await.unwrap();
    cache.store_rooms(user, &token, "stale").await.unwrap();
    assert_eq!(cache.rooms(&visit(user, session, now)).await.unwrap().1, CachedRooms::Bypass);
    cache.writing_rooms(&visit(user, session, now)).await.unwrap();
    cache.rooms_written(user).await.unwrap();
    assert_eq!(
        cache.rooms(&visit(user, session, now)).await.unwrap().1,
        CachedRooms::Bypass,
        "the send may still be in progress"
    );

    api.stack.forget("rooms-sending", &user.to_string()).await;
    assert!(matches!(cache.rooms(&visit(user, session, now)).await.unwrap().1, CachedRooms::Miss(_)));
}

#[tokio::test]
async fn a_reader_that_is_slower_than_a_write_does_not_cache_old_rows() {
    let api = TestApi::start(chatroom::router).await;
    let alice = api.signed_in().await;
    let (user, session, cache) = (alice.id.unwrap(), alice.session.unwrap(), api.stack.cache());
    let now = api.stack.clock.now();
    let (_, missed) = cache.rooms(&visit(user, session, now)).await.unwrap();
    let CachedRooms::Miss(token) = missed else { panic!("{missed:?}") };

    cache.writing_rooms(&visit(user, session, now)).await.unwrap();
    assert_eq!(cache.rooms(&visit(user, session, now)).await.unwrap().1, CachedRooms::Bypass);
    cache.store_rooms(user, &token, "stale").await.unwrap();
    cache.rooms_written(user).await.unwrap();
    cache.store_rooms(user, &token, "stale").await.unwrap();

    assert!(matches!(cache.rooms(&visit(user, session, now)).await.unwrap().1, CachedRooms::Miss(_)));
}

#[tokio::test]
async fn without_redis_everything_works_and_nothing_is_cached() {
    let stack = Stack::start().await.with("REDIS_URL", "redis://127.0.0.1:1");
    let api = TestApi::on(stack, chatroom::router);
    let alice = api.signed_in().await;
    let room = alice.post("/chatroom", json!({ "title": "Tea" })).await;
    assert_eq!(room.status(), 201);
    for _ in 0..2 {
        let list = alice.get("/chatroom").await;
        assert_eq!((list.header("x-cache"), titles(&list.body())), ("miss", vec!["Tea".to_owned()]));
    }
    let sent = alice.post(&format!("/chatroom/{}/message", room.id()), json!({ "content": "hi" })).await;
    assert_eq!((sent.status(), api.queued().len()), (202, 1));
}

#[tokio::test]
async fn a_cursor_that_its_user_made_up_fails_as_a_cursor() {
    let api = TestApi::start(chatroom::router).await;
    let alice = api.signed_in().await;
    let cursors = Cursor::of(&[&"rooms", &alice.id.unwrap()]);
    let id = ChatroomId::generate();
    // In UTC the first is in the year 10000.
    for moment in ["9999-12-31T23:59:59-23:59", "0000-01-01T00:00:00+23:59", "now"] {
        let answer = alice.get(&format!("/chatroom?cursor={}", cursors.write(&(moment, id)))).await;
        assert!([200, 400].contains(&answer.status()), "{moment}: {}", answer.body());
        assert_eq!(answer.status() == 400, answer.code() == "cursor_invalid", "{moment}");
    }
}
