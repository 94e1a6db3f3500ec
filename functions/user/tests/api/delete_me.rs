//! `DELETE /user/me`

use serde_json::{Value, json};
use shared::cache::{CachedRooms, Challenge, CodeLimits, Mark, Purpose};
use shared::domain::{ChallengeId, MessageId, Mobile};
use shared::stripe::Stripe as Client;
use standins::stripe::{Config, Stripe};
use testkit::{Stack, TestApi, User};
use uuid::Uuid;

use crate::{api, at};

async fn count(api: &TestApi, table: &str) -> i64 {
    api.stack.sql().await.query_one(&format!("select count(*) from {table}"), &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn an_account_goes_with_all_it_owns_and_its_token_fails() {
    let api = api().await;
    let (user, other) = (api.signed_in().await, api.signed_in().await);
    let sql = api.stack.sql().await;
    for owner in [&user, &other] {
        let (room, asked, reply) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
        sql.execute(
            "insert into chatrooms (id, user_id, title, created_at, updated_at) values ($1, $2, 'Tea', now(), now())",
            &[&room, &owner.id.unwrap().0],
        )
        .await
        .unwrap();
        sql.execute("insert into messages (id, chatroom_id, seq, user_id, role, content, state, created_at) values ($1, $2, 1, $3, 'user', 'hi', 'completed', now())", &[&asked, &room, &owner.id.unwrap().0]).await.unwrap();
        sql.execute("insert into messages (id, chatroom_id, seq, user_id, role, content, state, created_at, in_reply_to, tier) values ($1, $2, 2, $3, 'assistant', '', 'pending', now(), $4, 'basic')", &[&reply, &room, &owner.id.unwrap().0, &asked]).await.unwrap();
        sql.execute(
            "insert into allowances (user_id, day, used) values ($1, '2026-11-23', 1)",
            &[&owner.id.unwrap().0],
        )
        .await
        .unwrap();
    }
    assert_eq!(user.get("/user/me").await.status(), 200);

    let deleted = user.delete("/user/me").await;

    assert_eq!((deleted.status(), deleted.bytes.len()), (204, 0));
    assert_eq!(user.get("/user/me").await.status(), 401, "a token of a deleted account");
    assert_eq!(other.get("/user/me").await.status(), 200);
    for (table, left) in
        [("users", 1), ("sessions", 1), ("refresh_tokens", 1), ("chatrooms", 1), ("messages", 2), ("allowances", 1)]
    {
        assert_eq!(count(&api, table).await, left, "{table}");
    }
}

#[tokio::test]
async fn nothing_of_it_is_left_to_work_in_redis() {
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
    let limits = CodeLimits::from_env(&api.stack.env()).unwrap();
    cache.open_challenge(open, &challenge, &limits, "192.0.2.1", now).await.unwrap().unwrap();
    let CachedRooms::Miss(token) = cache.rooms(id, session).await.unwrap().1 else { panic!("a fresh list") };
    cache.store_rooms(id, &token, "[]").await.unwrap();
    let (room, reply) = (Uuid::now_v7(), Uuid::now_v7());
    let sql = api.stack.sql().await;
    sql.execute(
        "insert into chatrooms (id, user_id, title, created_at, updated_at) values ($1, $2, 'Tea', now(), now())",
        &[&room, &id.0],
    )
    .await
    .unwrap();
    sql.execute("insert into messages (id, chatroom_id, seq, user_id, role, content, state, created_at, in_reply_to, tier) values ($1, $2, 1, $3, 'assistant', '', 'generating', now(), $1, 'basic')", &[&reply, &room, &id.0]).await.unwrap();

    assert_eq!(user.delete("/user/me").await.status(), 204);

    assert!(cache.challenge(open, now).await.unwrap().is_none());
    assert!(cache.is_stopped(MessageId(reply)).await.unwrap());
    let (mark, rooms) = cache.rooms(id, session).await.unwrap();
    assert!(mark == Mark::Revoked && matches!(rooms, CachedRooms::Miss(_)), "{mark:?} {rooms:?}");
}

#[tokio::test]
async fn without_redis_it_is_deleted_all_the_same() {
    let stack = Stack::start().await.with("REDIS_URL", "redis://127.0.0.1:1");
    let api = at(stack, "http://127.0.0.1:1");
    let user = api.signed_in().await;
    assert_eq!(user.delete("/user/me").await.status(), 204);
    assert_eq!((count(&api, "users").await, user.get("/user/me").await.status()), (0, 401));
}

/// Somebody who pays, as Stripe and the database know them.
async fn subscriber(stripe: &Stripe) -> (TestApi, User, Client) {
    let api = at(Stack::start().await, &stripe.url());
    let user = api.signed_in().await;
    let client = Client::from_env(&api.stack.env()).unwrap();
    let customer: Value = client.post(&["customers"], &[], "customer").await.unwrap();
    let customer = customer["id"].as_str().unwrap().to_owned();
    let form = [
        ("mode", "subscription"),
        ("customer", customer.as_str()),
        ("line_items[0][price]", "price_pro"),
        ("line_items[0][quantity]", "1"),
        ("success_url", "https://app.example/paid"),
        ("cancel_url", "https://app.example/no"),
    ];
    let session: Value = client.post(&["checkout", "sessions"], &form, "session").await.unwrap();
    let path = format!("{}/admin/sessions/{}", stripe.url(), session["id"].as_str().unwrap());
    let paid = reqwest::Client::new().post(path).body(json!({ "action": "pay" }).to_string()).send().await.unwrap();
    assert!(paid.status().is_success());
    let row = "insert into customers (id, user_id, stripe_customer_id, created_at, status, pro_until)
        values (gen_random_uuid(), $1, $2, now(), 'active', 'infinity')";
    api.stack.sql().await.execute(row, &[&user.id.unwrap().0, &customer]).await.unwrap();
    (api, user, client)
}

async fn statuses(client: &Client) -> Vec<String> {
    let listed: Value = client.get(&["subscriptions"], &[("status", "all")]).await.unwrap();
    listed["data"].as_array().unwrap().iter().map(|one| one["status"].as_str().unwrap().to_owned()).collect()
}

fn stand_in() -> Stripe {
    let addr = ([127, 0, 0, 1], 0).into();
    Stripe::start(Config { addr, webhook_url: None, webhook_secrets: Vec::new(), price_id: "price_pro".into() })
        .unwrap()
}

#[tokio::test]
async fn a_subscription_is_cancelled_first() {
    let stripe = stand_in();
    let (api, user, client) = subscriber(&stripe).await;
    assert_eq!(statuses(&client).await, ["active"]);
    assert_eq!(user.delete("/user/me").await.status(), 204);
    assert_eq!(statuses(&client).await, ["canceled"]);
    let owner = "select user_id is null from customers";
    assert!(api.stack.sql().await.query_one(owner, &[]).await.unwrap().get::<_, bool>(0), "the payment's trace stays");
}

#[tokio::test]
async fn while_stripe_fails_nothing_is_deleted() {
    let stripe = stand_in();
    let (api, user, _) = subscriber(&stripe).await;
    let fail = reqwest::Client::new().post(format!("{}/admin/fail", stripe.url()));
    let fail = fail.body(json!({ "status": 500, "times": 1000 }).to_string()).send().await.unwrap();
    assert!(fail.status().is_success());

    let refused = user.delete("/user/me").await;

    assert_eq!((refused.status(), refused.code().as_str()), (503, "unavailable"));
    assert_eq!((count(&api, "users").await, user.get("/user/me").await.status()), (1, 200));
}
