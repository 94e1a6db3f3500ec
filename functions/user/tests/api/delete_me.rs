//! `DELETE /user/me`

use std::time::Duration;

use serde_json::{Value, json};
use shared::auth::DeviceTokens;
use shared::cache::{Asker, CachedRooms, Challenge, LiveId, Mark, OpenChallenge, OtpLimits, Published, Purpose};
use shared::domain::{ChallengeId, ChatroomId, MessageId, Mobile, SignupId};
use testkit::{Shop, Stack, TestApi, User, capture, visit};
use tokio::task::JoinSet;

use crate::{api, on};

async fn count(api: &TestApi, table: &str) -> i64 {
    api.stack.sql().await.query_one(&format!("select count(*) from {table}"), &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn an_account_is_deleted_with_all_its_data_and_its_token_fails() {
    let api = api().await;
    let (user, other) = (api.signed_in().await, api.signed_in().await);
    let sql = api.stack.sql().await;
    for owner in [&user, &other] {
        let (room, asked, reply) = (ChatroomId::generate(), MessageId::generate(), MessageId::generate());
        sql.execute(
            "insert into chatrooms (id, user_id, title, created_at, updated_at) values ($1, $2, 'Tea', now(), now())",
            &[&room, &owner.id.unwrap()],
        )
        .await
        .unwrap();
        sql.execute("insert into messages (id, chatroom_id, seq, user_id, role, content, state, created_at) values ($1, $2, 1, $3, 'user', 'hi', 'completed', now())", &[&asked, &room, &owner.id.unwrap()]).await.unwrap();
        sql.execute("insert into messages (id, chatroom_id, seq, user_id, role, content, state, created_at, in_reply_to, tier) values ($1, $2, 2, $3, 'assistant', '', 'pending', now(), $4, 'basic')", &[&reply, &room, &owner.id.unwrap(), &asked]).await.unwrap();
        sql.execute("insert into allowances (user_id, day, used) values ($1, '2026-11-23', 1)", &[&owner.id.unwrap()])
            .await
            .unwrap();
    }
    assert_eq!(user.get("/user/me").await.status(), 200);

    let deleted = user.delete("/user/me").await;

    assert_eq!((deleted.status(), deleted.bytes.len()), (204, 0));
    assert_eq!(user.get("/user/me").await.status(), 401, "the token of a deleted account is refused");
    assert_eq!(other.get("/user/me").await.status(), 200);
    for (table, left) in
        [("users", 1), ("sessions", 1), ("refresh_tokens", 1), ("chatrooms", 1), ("messages", 2), ("allowances", 1)]
    {
        assert_eq!(count(&api, table).await, left, "{table}");
    }
}

#[tokio::test]
async fn a_stolen_access_token_does_not_delete_the_account() {
    for settings in [None, Some(("REDIS_URL", "redis://127.0.0.1:1"))] {
        let stack = Stack::start().await;
        let api = on(settings.into_iter().fold(stack, |stack, (name, value)| stack.with(name, value)));
        let user = api.signed_in().await;
        api.stack.clock.advance(Duration::from_secs(601));
        let refused = user.delete("/user/me").await;
        assert_eq!((refused.status(), refused.code().as_str()), (403, "fresh_sign_in_required"));
        assert_eq!(user.get("/user/me").await.status(), 200, "reading never needs a fresh sign-in");
        assert_eq!(user.patch("/user/me", json!({ "name": "Ada" })).await.status(), 200);
    }
}

#[tokio::test]
async fn a_deletion_is_one_security_event_without_the_number() {
    let (logs, _guard) = capture();
    let api = api().await;
    let user = api.signed_in().await;
    logs.take();
    assert_eq!(user.delete("/user/me").await.status(), 204);
    let lines = logs.take();
    let events: Vec<Value> = lines.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let events: Vec<_> = events.iter().filter(|line| line["event"] == "security").collect();
    assert_eq!(events.len(), 1);
    assert_eq!((&events[0]["kind"], &events[0]["user"]), (&json!("account_deleted"), &json!(user.id.unwrap())));
    assert!(!lines.contains(&user.mobile[1..]));
}

#[tokio::test]
async fn nothing_usable_of_it_is_left_in_redis() {
    let api = api().await;
    let user = api.signed_in().await;
    let (cache, now) = (api.stack.cache(), api.stack.clock.now());
    let (id, session) = (user.id.unwrap(), user.session.unwrap());
    let challenge = Challenge {
        mobile: Mobile::parse(&user.mobile).unwrap(),
        purpose: Purpose::SignIn,
        kid: "test".into(),
        signup: None,
    };
    let open = ChallengeId::generate();
    let limits = OtpLimits::from_env(&api.stack.env()).unwrap();
    let opened = cache.open_challenge(open, &challenge, &limits, &Asker::stranger("192.0.2.1"), now).await.unwrap();
    assert!(matches!(opened, OpenChallenge::Opened(_)), "{opened:?}");
    let (signup, others) = (SignupId::generate(), SignupId::generate());
    let other = Mobile::parse("+4915112345678").unwrap();
    cache.keep_signup(signup, &challenge.mobile, "{}", now).await.unwrap();
    cache.keep_signup(others, &other, "{}", now).await.unwrap();
    let CachedRooms::Miss(token) = cache.rooms(&visit(id, session, now)).await.unwrap().1 else {
        panic!("a fresh list")
    };
    cache.store_rooms(id, &token, "[]").await.unwrap();
    let (room, reply) = (ChatroomId::generate(), MessageId::generate());
    let sql = api.stack.sql().await;
    sql.execute(
        "insert into chatrooms (id, user_id, title, created_at, updated_at) values ($1, $2, 'Tea', now(), now())",
        &[&room, &id],
    )
    .await
    .unwrap();
    sql.execute("insert into messages (id, chatroom_id, seq, user_id, role, content, state, created_at, in_reply_to, tier) values ($1, $2, 1, $3, 'assistant', '', 'generating', now(), $1, 'basic')", &[&reply, &room, &id]).await.unwrap();

    assert_eq!(user.delete("/user/me").await.status(), 204);

    assert!(cache.challenge(open, now).await.unwrap().is_none());
    assert_eq!(cache.signup(signup, &challenge.mobile).await.unwrap(), None);
    assert!(cache.signup(others, &other).await.unwrap().is_some());
    assert_eq!(cache.may_publish(reply, LiveId::START).await.unwrap(), Published::Ended);
    let (checked, rooms) = cache.rooms(&visit(id, session, now)).await.unwrap();
    assert!(checked.mark == Mark::Revoked && matches!(rooms, CachedRooms::Miss(_)), "{checked:?} {rooms:?}");
}

#[tokio::test]
async fn deleting_the_account_gives_its_number_no_new_codes() {
    let stack = Stack::start().await.with("OTP_PER_IP_HOUR", "0").with("OTP_PER_PREFIX_HOUR", "0");
    let api = on(stack.with("OTP_PER_MOBILE_HOUR", "2").with("OTP_COOLDOWN_SECONDS", "0"));
    let user = api.signed_in().await;
    let auth = user.at(api.router_of(auth::router));
    let ask = async || auth.post("/auth/send-otp", json!({ "mobile": user.mobile })).await.status();
    assert_eq!((ask().await, ask().await, ask().await), (202, 202, 429));

    assert_eq!(user.delete("/user/me").await.status(), 204);

    assert_eq!(ask().await, 429, "codes of the number are counted on");
}

#[tokio::test]
async fn its_device_tokens_end() {
    let api = api().await;
    let (user, other) = (api.signed_in().await, api.signed_in().await);
    let devices = DeviceTokens::from_env(&api.stack.env()).unwrap();
    let now = api.stack.clock.now();
    let askers = [&user, &other].map(|user| {
        let mobile = Mobile::parse(&user.mobile).unwrap();
        let token = devices.read_of(&mobile, Some(&devices.issue(&mobile, now)), now);
        (mobile, Asker { token, ..Asker::stranger("192.0.2.1") })
    });

    assert_eq!(user.delete("/user/me").await.status(), 204);

    let limits = OtpLimits::from_env(&api.stack.env()).unwrap();
    let mut opened = Vec::new();
    for (mobile, asker) in askers {
        let challenge = Challenge { mobile, purpose: Purpose::SignIn, kid: "test".into(), signup: None };
        let id = ChallengeId::generate();
        opened.push(api.stack.cache().open_challenge(id, &challenge, &limits, &asker, now).await.unwrap());
    }
    assert!(matches!(opened[..], [OpenChallenge::TokenEnded, OpenChallenge::Opened(_)]), "{opened:?}");
}

#[tokio::test]
async fn without_redis_it_is_still_deleted() {
    let stack = Stack::start().await.with("REDIS_URL", "redis://127.0.0.1:1");
    let api = on(stack);
    let user = api.signed_in().await;
    assert_eq!(user.delete("/user/me").await.status(), 204);
    assert_eq!((count(&api, "users").await, user.get("/user/me").await.status()), (0, 401));
}

/// A paying user, at Stripe and in the database.
async fn subscriber(shop: &Shop) -> User {
    let (user, _) = shop.subscriber().await;
    user.at(shop.api.router_of(user::router))
}

async fn statuses(shop: &Shop) -> Vec<String> {
    let listed: Value = shop.billing.stripe.get(&["subscriptions"], &[("status", "all")]).await.unwrap();
    listed["data"].as_array().unwrap().iter().map(|one| one["status"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_subscription_is_cancelled_first() {
    let shop = Shop::open(subscription::router).await;
    let user = subscriber(&shop).await;
    assert_eq!(statuses(&shop).await, ["active"]);
    assert_eq!(user.delete("/user/me").await.status(), 204);
    assert_eq!(statuses(&shop).await, ["canceled"]);
    let owner = "select user_id is null from customers";
    let is_nobodys: bool = shop.api.stack.sql().await.query_one(owner, &[]).await.unwrap().get(0);
    assert!(is_nobodys, "the payment's record stays");
}

#[tokio::test]
async fn while_stripe_fails_nothing_is_deleted() {
    let shop = Shop::open(subscription::router).await;
    let user = subscriber(&shop).await;
    shop.admin("fail", json!({ "status": 500, "times": 1000 })).await;

    let refused = user.delete("/user/me").await;

    assert_eq!((refused.status(), refused.code().as_str()), (503, "unavailable"));
    assert_eq!((count(&shop.api, "users").await, user.get("/user/me").await.status()), (1, 200));
}

/// The order of the locks: who sends a message has its room and waits for the account's allowance.
#[tokio::test]
async fn a_message_that_was_under_way_before_its_account_is_deleted_is_taken() {
    let api = api().await;
    let user = api.signed_in().await;
    let sender = user.at(api.router_of(chatroom::router));
    let path = format!("/chatroom/{}/message", sender.post("/chatroom", json!({})).await.id());
    let holder = api.stack.sql().await;
    holder.batch_execute("begin; select from chatrooms for update").await.unwrap();

    let sent = api.stack.stalled(async move { sender.post(&path, json!({ "content": "hi" })).await }).await;
    let deleted = api.stack.stalled(async move { user.delete("/user/me").await }).await;
    holder.batch_execute("commit").await.unwrap();

    assert_eq!((sent.await.unwrap().status(), deleted.await.unwrap().status()), (202, 204));
    assert_eq!(count(&api, "messages").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_that_are_sent_while_their_account_is_deleted_are_taken_or_refused_and_no_fault() {
    let api = api().await;
    let chatroom = api.router_of(chatroom::router);
    for round in 0..30 {
        let user = api.signed_in().await;
        let sender = user.at(chatroom.clone());
        let mut rooms = Vec::new();
        for _ in 0..2 {
            rooms.push(sender.post("/chatroom", json!({})).await.id());
        }
        let mut sends = JoinSet::new();
        for room in rooms {
            let sender = sender.clone();
            sends.spawn(async move {
                // Each round meets another moment of the deletion.
                tokio::time::sleep(Duration::from_millis(round % 6)).await;
                sender.post(&format!("/chatroom/{room}/message"), json!({ "content": "hi" })).await
            });
        }
        let deleted = user.delete("/user/me").await;

        assert_eq!(deleted.status(), 204, "{} in round {round}", deleted.code());
        for sent in sends.join_all().await {
            assert!([202, 401, 404].contains(&sent.status()), "{} {} in round {round}", sent.status(), sent.code());
        }
    }
    for table in ["users", "chatrooms", "messages", "allowances"] {
        assert_eq!(count(&api, table).await, 0, "{table}");
    }
}

#[tokio::test]
async fn many_messages_are_deleted_a_part_at_a_time() {
    let api = api().await;
    let (user, other) = (api.signed_in().await, api.signed_in().await);
    let sql = api.stack.sql().await;
    for owner in [&user, &other] {
        let rooms = "insert into chatrooms (id, user_id, title, created_at, updated_at)
            select gen_random_uuid(), $1, 'Tea', now(), now() from generate_series(1, 3)";
        sql.execute(rooms, &[&owner.id.unwrap()]).await.unwrap();
    }
    let messages =
        "insert into messages (id, chatroom_id, seq, user_id, role, content, state, created_at, completed_at)
        select gen_random_uuid(), id, n, user_id, 'user', 'hi', 'completed', now(), now()
        from chatrooms, generate_series(1, 2500) n";
    sql.batch_execute(messages).await.unwrap();
    let deletions = api.stack.deletions("messages").await;

    assert_eq!(user.delete("/user/me").await.status(), 204);

    assert_eq!((count(&api, "messages").await, count(&api, "chatrooms").await), (7500, 3), "the other one's");
    assert_eq!(deletions.so_far().await, (2000, 7500));
}
