//! The journey of a user on a Redis in cluster mode, whose one node holds every slot: so it looks like a serverless one.

#![cfg(test)]

use std::time::Duration;

use serde_json::{Value, json};
use shared::cache::{
    Asker, Challenge, Delivery, Handover, HandoverLimits, LiveEntry, LiveId, LiveKind, OpenChallenge, OtpLimits,
    Published, Purpose, Watcher,
};
use shared::domain::{ChallengeId, ChatroomId, MessageId, Mobile, SessionId, UserId};
use testkit::{RedisServer, Stack, TestApi, User, visit};

/// A user who signed up and in with a code.
async fn sign_in(api: &TestApi) -> User {
    let ada = api.anyone();
    let signup = ada.post("/auth/signup", json!({ "mobile": ada.mobile, "password": "correct horse battery" })).await;
    let signup_id = &signup.body()["signup_id"];
    let sent = ada.post("/auth/send-otp", json!({ "mobile": ada.mobile, "signup_id": signup_id })).await;
    assert_eq!(sent.status(), 202, "{}", sent.body());
    let code = sent.body();
    let wrong = if code["otp"] == "000000" { "000001" } else { "000000" };
    let tried = ada.post("/auth/verify-otp", json!({ "challenge_id": code["challenge_id"], "otp": wrong })).await;
    assert_eq!(tried.code(), "otp_invalid");
    let signed =
        ada.post("/auth/verify-otp", json!({ "challenge_id": code["challenge_id"], "otp": code["otp"] })).await;
    assert_eq!(signed.status(), 200);
    ada.with_token(signed.body()["access_token"].as_str().unwrap())
}

#[tokio::test]
async fn sign_in_list_and_send_work_in_cluster_mode() {
    let redis = RedisServer::start_cluster().await;
    let stack = Stack::start().await.with("REDIS_URL", redis.url()).with("OTP_COOLDOWN_SECONDS", "0");
    let stack = stack.with_stripe("http://127.0.0.1:1");
    let api = TestApi::on(stack, auth::router);
    let ada = sign_in(&api).await;

    let at_rooms = ada.at(api.router_of(chatroom::router));
    let room = at_rooms.post("/chatroom", json!({ "title": "Tea" })).await.id();
    for cache in ["miss", "hit"] {
        let list = at_rooms.get("/chatroom").await;
        assert_eq!((list.status(), list.header("x-cache")), (200, cache));
    }
    let sent = at_rooms.post(&format!("/chatroom/{room}/message"), json!({ "content": "Hello" })).await;
    assert_eq!(sent.status(), 202);
    let waited = at_rooms.get(&format!("{}?wait=1", sent.location())).await;
    assert_eq!(waited.body()["state"], "pending");
    let cancelled = at_rooms.post(&format!("{}/cancel", sent.location()), Value::Null).await;
    assert_eq!(cancelled.body()["state"], "cancelled");
    assert_eq!(at_rooms.delete(&format!("/chatroom/{room}")).await.status(), 204);

    let login = ada.post("/auth/login", json!({ "mobile": ada.mobile, "password": "correct horse battery" })).await;
    assert_eq!(login.status(), 200);
    let shown = json!({ "mobile": ada.mobile, "device_token": login.body()["device_token"] });
    let holders = ada.post("/auth/send-otp", shown.clone()).await;
    assert_eq!(holders.status(), 202);
    let proof = json!({ "challenge_id": holders.body()["challenge_id"], "otp": holders.body()["otp"],
        "device_token": login.body()["device_token"] });
    assert_eq!(ada.post("/auth/verify-otp", proof).await.status(), 200);
    let shown = json!({ "mobile": ada.mobile, "password": "correct horse battery",
        "device_token": login.body()["device_token"] });
    assert_eq!(ada.post("/auth/login", shown).await.status(), 200);
    let change = json!({ "current_password": "correct horse battery", "new_password": "another horse battery" });
    assert_eq!(ada.post("/auth/change-password", change).await.status(), 204);
    assert_eq!(ada.post("/auth/forgot-password", json!({ "mobile": ada.mobile })).await.status(), 202);
    let health = ada.at(api.router_of(ops::router)).get("/health").await;
    assert_eq!(health.status(), 200, "{}", health.body());
    assert_eq!(ada.at(api.router_of(user::router)).delete("/user/me").await.status(), 204);
    assert_eq!(at_rooms.get("/chatroom").await.status(), 401, "the session was revoked");
}

#[tokio::test]
async fn codes_are_delivered_and_withdrawn_in_cluster_mode() {
    let redis = RedisServer::start_cluster().await;
    let stack = Stack::start().await.with("REDIS_URL", redis.url());
    let (cache, now) = (stack.cache(), stack.clock.now());
    let limits = OtpLimits::from_env(&stack.env()).unwrap();
    let mobile = Mobile::parse("+14155550123").unwrap();
    let challenge = Challenge { mobile, purpose: Purpose::SignIn, kid: "test".into(), signup: None };
    let (asker, cap) = (Asker::stranger("192.0.2.1"), HandoverLimits::from_env(&stack.env()).unwrap());
    for _ in 0..2 {
        let id = ChallengeId::generate();
        let opened = cache.open_challenge(id, &challenge, &limits, &asker, now).await.unwrap();
        assert!(matches!(opened, OpenChallenge::Opened(_)), "the one before was withdrawn: {opened:?}");
        assert!(cache.challenge(id, now).await.unwrap().is_some());
        let handed_over = cache.hand_over(id, &challenge.mobile, false, &cap, now).await.unwrap();
        assert!(matches!(handed_over, Handover::Counted(_)));
        assert_eq!(cache.begin_sending(id).await.unwrap(), Delivery::Ours);
        assert_eq!(cache.begin_sending(id).await.unwrap(), Delivery::Elsewhere);
        cache.sent(id).await.unwrap();
        assert_eq!(cache.begin_sending(id).await.unwrap(), Delivery::Done);
        cache.withdraw_challenge(id, &challenge, &asker, now).await.unwrap();
        assert!(cache.challenge(id, now).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn a_reply_is_published_watched_and_ended_in_cluster_mode() {
    let redis = RedisServer::start_cluster().await;
    let stack = Stack::start().await.with("REDIS_URL", redis.url());
    let (cache, now) = (stack.cache(), stack.clock.now());
    // Their keys lie in different slots.
    let (reply, others) = (MessageId::generate(), [MessageId::generate(), MessageId::generate()]);
    let entry = |number, kind| LiveEntry { id: LiveId { attempt: 1, number }, kind, text: "Tea".into() };
    for (number, kind) in [(1, LiveKind::Snapshot), (2, LiveKind::Delta), (3, LiveKind::Waiting)] {
        assert_eq!(cache.publish(reply, &entry(number, kind)).await.unwrap(), Published::Written);
    }
    assert_eq!(cache.may_publish(reply, entry(3, LiveKind::Waiting).id).await.unwrap(), Published::Written);

    let user = UserId::generate();
    let (_, entries) = cache.open_stream(&visit(user, SessionId::generate(), now), reply).await.unwrap();
    assert_eq!((entries.len(), cache.live_entries(reply).await.unwrap().len()), (3, 3));
    let watcher = Watcher::new(user, 1);
    assert!(cache.keep_watching(&watcher, now).await.unwrap());
    let read = cache.follower(reply).next(LiveId::START, Duration::from_millis(100)).await.unwrap();
    assert_eq!(read, entries);
    cache.stop_watching(&watcher).await.unwrap();

    cache.reply_ended(ChatroomId::generate(), reply).await.unwrap();
    cache.replies_deleted(&others).await.unwrap();
    for reply in [reply, others[0], others[1]] {
        assert_eq!(cache.may_publish(reply, LiveId::START).await.unwrap(), Published::Ended);
    }
}
