//! A page is bounded by its bytes: each costs, and Lambda returns no more than 6,291,556 of them.

use serde_json::{Value, json};
use testkit::{TestApi, User};

/// The largest response of a Lambda, in bytes.
const LAMBDA: usize = 6_291_556;

/// A room of `user` with turns whose texts are `repeat(text, times)`.
async fn room(api: &TestApi, user: &User, turns: i64, text: &str, times: i32) -> String {
    let room = user.post("/chatroom", json!({})).await.id();
    let sql = "insert into messages (id, chatroom_id, seq, user_id, role, content, state, created_at, completed_at)
        select gen_random_uuid(), $1::text::uuid, n, $2, 'user', repeat($4, $5), 'completed', now(), now()
        from generate_series(1, $3::bigint) n";
    let filled = api.stack.sql().await.execute(sql, &[&room, &user.id.unwrap(), &turns, &text, &times]).await;
    filled.unwrap();
    room
}

/// The bytes of an answer as the function hands it to Lambda: its body is a text in JSON.
fn handed_over(answer: &testkit::Answer) -> usize {
    serde_json::to_string(&Value::String(String::from_utf8(answer.bytes.clone()).unwrap())).unwrap().len()
}

/// Follows the pages of a path; returns the number of turns of each page.
async fn walk(user: &User, path: &str, begin: &str) -> Vec<usize> {
    let (mut pages, mut query) = (Vec::new(), begin.to_owned());
    loop {
        let answer = user.get(&format!("{path}?limit=50{query}")).await;
        assert_eq!(answer.status(), 200);
        assert!(handed_over(&answer) < LAMBDA, "{}", handed_over(&answer));
        let page = answer.body();
        pages.push(page["data"].as_array().unwrap().len());
        match page["next_cursor"].as_str() {
            Some(next) => query = format!("&cursor={next}"),
            None => return pages,
        }
    }
}

#[tokio::test]
async fn long_replies_are_split_into_pages_that_lambda_can_return() {
    let api = TestApi::start(chatroom::router).await;
    let user = api.signed_in().await;
    let room = format!("/chatroom/{}", room(&api, &user, 26, "x", 80_000).await);

    let path = format!("{room}/message");
    let from_newest = walk(&user, &path, "").await;
    assert_eq!(from_newest, [vec![3; 8], vec![2]].concat());

    let newest = user.get(&path).await.body();
    let in_order: Vec<_> = newest["data"].as_array().unwrap().iter().map(|turn| turn["id"].clone()).collect();
    let read = user.get(&room).await;
    let shown: Vec<_> =
        read.body()["messages"]["data"].as_array().unwrap().iter().map(|turn| turn["id"].clone()).collect();
    assert_eq!(shown, in_order);
    assert!(read.body()["messages"]["next_cursor"].is_string() && handed_over(&read) < LAMBDA);

    let sql = "select id::text from messages where chatroom_id = $1::text::uuid and seq = 1";
    let id = room.rsplit('/').next().unwrap();
    let oldest: String = api.stack.sql().await.query_one(sql, &[&id]).await.unwrap().get(0);
    assert_eq!(walk(&user, &path, &format!("&after={oldest}")).await, [vec![3; 8], vec![1]].concat());
}

#[tokio::test]
async fn the_characters_that_json_makes_longest_fit_too() {
    let api = TestApi::start(chatroom::router).await;
    let user = api.signed_in().await;
    let room = room(&api, &user, 100, "\u{1}", 8_000).await;
    let answer = user.get(&format!("/chatroom/{room}/message?limit=100")).await;
    assert_eq!(answer.body()["data"].as_array().unwrap().len(), 32);
    assert!(handed_over(&answer) < LAMBDA, "{}", handed_over(&answer));
}

#[tokio::test]
async fn a_turn_that_is_longer_than_a_page_is_a_page_of_its_own() {
    let api = TestApi::start(chatroom::router).await;
    let user = api.signed_in().await;
    let room = room(&api, &user, 3, "x", 900_000).await;
    assert_eq!(walk(&user, &format!("/chatroom/{room}/message"), "").await, [1, 1, 1]);
}

#[tokio::test]
async fn a_room_without_turns_has_one_empty_page() {
    let api = TestApi::start(chatroom::router).await;
    let user = api.signed_in().await;
    let room = room(&api, &user, 0, "x", 1).await;
    assert_eq!(walk(&user, &format!("/chatroom/{room}/message"), "").await, [0]);
}
