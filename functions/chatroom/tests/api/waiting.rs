//! `wait`: the response comes when there is something new.

use std::time::{Duration, Instant};

use chatroom::router;
use serde_json::{Value, json};
use shared::cache::{WaitingRequest, Woken};
use shared::db::replies::{self, Claim, Outcome};
use shared::domain::{ChatroomId, MessageId, ReplyError, ReplyState, UserId};
use testkit::{Answer, RedisServer, Stack, TestApi, User};
use tokio::task::JoinSet;

/// A room with a message whose reply is pending, and the reply's path.
async fn pending(user: &User) -> (String, String) {
    let room = user.post("/chatroom", json!({})).await.id();
    let sent = user.post(&format!("/chatroom/{room}/message"), json!({ "content": "hi" })).await;
    (room, sent.location())
}

/// Starts a request that waits for a reply, and gives it time to take its place.
async fn waits(waiting: &mut JoinSet<(usize, Answer)>, user: &User, number: usize, reply: &str) {
    let (user, path) = (user.clone(), format!("{reply}?wait=20"));
    waiting.spawn(async move { (number, user.get(&path).await) });
    tokio::time::sleep(Duration::from_millis(250)).await;
}

#[tokio::test]
async fn a_waiting_client_gets_the_reply_as_soon_as_it_is_stored() {
    let api = TestApi::start(router).await;
    let alice = api.signed_in().await;
    let room = alice.post("/chatroom", json!({})).await.id();
    let sent = alice.post(&format!("/chatroom/{room}/message"), json!({ "content": "hi" })).await;
    let message = sent.body()["message"]["id"].as_str().unwrap().to_owned();

    let (db, cache, now) = (api.stack.db(), api.stack.cache(), api.stack.clock.now());
    let room: ChatroomId = room.parse().unwrap();
    let answering = async {
        tokio::time::sleep(Duration::from_millis(400)).await;
        let Claim::Claimed(attempt) = replies::claim(&db, room, Duration::from_secs(45), now).await.unwrap() else {
            panic!("nothing to claim")
        };
        let outcome = Outcome {
            state: ReplyState::Completed,
            content: "ho".into(),
            error: None,
            ..Outcome::failed(ReplyError::EmptyAnswer)
        };
        assert!(replies::finish(&db, attempt.reply, attempt.number, &outcome, now).await.unwrap());
        cache.reply_ended(room, MessageId::generate()).await.unwrap();
    };
    let started = Instant::now();
    let list = format!("/chatroom/{room}/message?after={message}&wait=20");
    let one = format!("{}?wait=20", sent.location());
    let (list, one, ()) = tokio::join!(alice.get(&list), alice.get(&one), answering);
    assert_eq!(list.body()["data"][0]["content"], "ho");
    assert_eq!(one.body()["state"], "completed");
    assert!(started.elapsed() < Duration::from_secs(10), "both waited to the end");
}

#[tokio::test]
async fn a_wait_without_news_returns_the_current_state() {
    let api = TestApi::start(router).await;
    let alice = api.signed_in().await;
    let room = alice.post("/chatroom", json!({})).await.id();
    let sent = alice.post(&format!("/chatroom/{room}/message"), json!({ "content": "hi" })).await;
    let answer = alice.get(&format!("{}?wait=1", sent.location())).await;
    assert_eq!((answer.status(), &answer.body()["state"]), (200, &json!("pending")));
}

#[tokio::test]
async fn waits_over_20_seconds_or_for_nothing_are_refused() {
    let api = TestApi::start(router).await;
    let alice = api.signed_in().await;
    let room = alice.post("/chatroom", json!({})).await.id();
    let id = shared::domain::MessageId::generate();
    for query in [
        format!("after={id}&wait=21"),
        "wait=5".into(),
        format!("after={id}&cursor=x"),
        "after=x".into(),
        "limit=0".into(),
    ] {
        let answer = alice.get(&format!("/chatroom/{room}/message?{query}")).await;
        assert_eq!((answer.status(), answer.code().as_str()), (422, "validation_failed"), "{query}");
    }
    assert_eq!(alice.get(&format!("/chatroom/{room}/message?after={id}&wait=5")).await.status(), 404);
}

#[tokio::test]
async fn thirty_waits_for_nothing_are_answered_at_once() {
    let api = TestApi::start(router).await;
    let alice = api.signed_in().await;
    let (room, reply) = pending(&alice).await;
    assert_eq!(alice.post(&format!("{reply}/cancel"), Value::Null).await.body()["state"], "cancelled");
    let last = reply.rsplit('/').next().unwrap();
    let started = Instant::now();
    let mut waiting = JoinSet::new();
    for number in 0..30 {
        let paths = [format!("/chatroom/{room}/message?after={last}&wait=20"), format!("{reply}?wait=20")];
        let (user, path) = (alice.clone(), paths[number % 2].clone());
        waiting.spawn(async move { user.get(&path).await.status() });
    }
    assert!(waiting.join_all().await.iter().all(|status| *status == 200));
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_fourth_wait_ends_the_oldest_at_once_whatever_the_process_and_the_room() {
    let api = TestApi::start(router).await;
    let (alice, bob) = (api.signed_in().await, api.signed_in().await);
    let (elsewhere, bobs) = (alice.at(api.router_of(router)), pending(&bob).await.1);
    let (first, other) = (pending(&alice).await.1, pending(&alice).await.1);
    let mut waiting = JoinSet::new();
    waits(&mut waiting, &bob, 9, &bobs).await;
    for (number, (user, reply)) in [(&alice, &first), (&elsewhere, &other), (&alice, &other)].into_iter().enumerate() {
        waits(&mut waiting, user, number, reply).await;
    }
    assert!(waiting.try_join_next().is_none(), "three may wait");
    let started = Instant::now();
    waits(&mut waiting, &elsewhere, 3, &first).await;
    let (number, answer) = waiting.join_next().await.unwrap().unwrap();
    assert_eq!((number, answer.status(), &answer.body()["state"]), (0, 200, &json!("pending")));
    assert!(started.elapsed() < Duration::from_millis(900), "{:?}", started.elapsed());
    // The others wait on, until there is something to tell them.
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(waiting.try_join_next().is_none());
    for (user, reply) in [(&alice, &first), (&alice, &other), (&bob, &bobs)] {
        user.post(&format!("{reply}/cancel"), Value::Null).await;
    }
    let states = waiting.join_all().await;
    assert!(states.len() == 4 && states.iter().all(|(_, answer)| answer.body()["state"] == "cancelled"), "{states:?}");
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn of_a_hundred_waits_at_once_three_go_on() {
    let stack = Stack::start().await;
    let (user, room, clock) = (UserId::generate(), ChatroomId::generate(), stack.clock.clock());
    let caches = [stack.cache(), stack.cache(), stack.cache()];
    let mut waiting = JoinSet::new();
    for number in 0..100 {
        let (cache, clock) = (caches[number % 3].clone(), clock.clone());
        waiting.spawn(async move {
            let request = WaitingRequest::new(user, room, 3);
            cache.wait_for_change(&request, Some(0), Duration::from_secs(20), &clock).await
        });
    }
    let started = Instant::now();
    for _ in 0..97 {
        assert_eq!(waiting.join_next().await.unwrap().unwrap(), Woken::Displaced);
    }
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(waiting.try_join_next().is_none(), "three wait on");
    caches[0].reply_ended(room, MessageId::generate()).await.unwrap();
    assert_eq!(waiting.join_all().await, [Woken::LookAgain; 3]);
}

#[tokio::test]
async fn a_wait_that_died_frees_its_place_by_time_and_one_that_ended_at_once() {
    let api = TestApi::start(router).await;
    let (cache, clock) = (api.stack.cache(), api.stack.clock.clone());
    let (user, room) = (UserId::generate(), ChatroomId::generate());
    let new = || WaitingRequest::new(user, room, 2);
    let has_place = async |request: &WaitingRequest| cache.keep_place(request, clock.now()).await.unwrap().0;
    let (old, dead) = (new(), new());
    assert!(has_place(&old).await && has_place(&dead).await);
    clock.advance(Duration::from_millis(1_500));
    assert!(has_place(&old).await);
    clock.advance(Duration::from_millis(1_500));
    let third = new();
    assert!(has_place(&third).await && has_place(&old).await, "the dead one's place is free");
    let fourth = new();
    assert!(has_place(&fourth).await && !has_place(&old).await && has_place(&third).await, "the oldest is displaced");

    // One that ends by itself leaves its place to the next.
    cache.wait_for_change(&fourth, Some(0), Duration::ZERO, &clock.clock()).await;
    let fifth = new();
    assert!(has_place(&fifth).await && has_place(&third).await);
}

#[tokio::test]
async fn without_redis_waits_are_bounded_by_their_time_alone() {
    let redis = RedisServer::start(&[]);
    let api = TestApi::on(Stack::start().await.with("REDIS_URL", redis.url()), router);
    let alice = api.signed_in().await;
    let (_, reply) = pending(&alice).await;
    drop(redis);
    let mut waiting = JoinSet::new();
    for _ in 0..5 {
        let (user, path) = (alice.clone(), format!("{reply}?wait=2"));
        waiting.spawn(async move { user.get(&path).await });
    }
    let started = Instant::now();
    assert!(waiting.join_all().await.iter().all(|answer| answer.body()["state"] == "pending"));
    assert!(started.elapsed() >= Duration::from_secs(2));
}
