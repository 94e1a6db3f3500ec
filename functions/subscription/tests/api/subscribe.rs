//! `POST /subscribe/pro`

use std::collections::HashSet;
use std::time::Duration;

use serde_json::json;
use subscription::router;
use testkit::{Shop, Stack};
use tokio::task::JoinSet;

#[tokio::test]
async fn a_checkout_is_opened_for_a_user() {
    let shop = Shop::open(router).await;
    let user = shop.api.signed_in().await;

    let opened = user.post("/subscribe/pro", json!({})).await;

    assert_eq!(opened.status(), 201);
    let body = opened.body();
    assert!(body["checkout_url"].as_str().unwrap().ends_with(body["session_id"].as_str().unwrap()));
    assert!(body["expires_at"].as_str().unwrap().ends_with('Z'));
    let session: serde_json::Value =
        shop.billing.stripe.get(&["checkout", "sessions", body["session_id"].as_str().unwrap()], &[]).await.unwrap();
    assert_eq!(session["mode"], "subscription");
    assert_eq!(session["success_url"], "https://app.example/paid?session={CHECKOUT_SESSION_ID}");
    assert_eq!(session["cancel_url"], "https://app.example/plans");
}

#[tokio::test]
async fn an_open_checkout_is_returned_again_and_an_expired_one_is_replaced() {
    let shop = Shop::open(router).await;
    let user = shop.api.signed_in().await;
    let first = user.post("/subscribe/pro", json!(null)).await.body();

    assert_eq!(user.post("/subscribe/pro", json!(null)).await.body(), first);
    shop.act("sessions", first["session_id"].as_str().unwrap(), "expire").await;
    let second = user.post("/subscribe/pro", json!(null)).await.body();

    assert_ne!(second["session_id"], first["session_id"]);
    assert_eq!(shop.count("POST /v1/checkout/sessions").await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_calls_at_once_make_one_customer_and_one_session() {
    let shop = Shop::on(Stack::start().await.with("BILLING_PER_USER_MINUTE", "0"), router).await;
    let user = shop.api.signed_in().await;
    let before = shop.count("POST /v1/customers").await;
    let mut calls = JoinSet::new();
    for _ in 0..50 {
        let user = user.clone();
        calls.spawn(async move { user.post("/subscribe/pro", json!(null)).await });
    }

    let answers = calls.join_all().await;

    assert!(answers.iter().all(|answer| answer.status() == 201));
    let sessions: HashSet<String> = answers.iter().map(|answer| answer.body()["session_id"].to_string()).collect();
    assert_eq!(sessions.len(), 1);
    assert_eq!(shop.count("POST /v1/customers").await - before, 1);
    assert_eq!(shop.count("POST /v1/checkout/sessions").await, 1);
}

#[tokio::test]
async fn a_lost_response_of_stripe_creates_no_second_customer() {
    let shop = Shop::open(router).await;
    let user = shop.api.signed_in().await;
    let lost = json!({ "status": 502, "path_prefix": "/v1/customers", "method": "POST", "after": true });
    shop.admin("fail", lost).await;
    shop.admin("fail", json!({ "status": 500, "times": 3, "path_prefix": "/v1/checkout" })).await;

    assert_eq!(user.post("/subscribe/pro", json!(null)).await.code(), "unavailable");
    let opened = user.post("/subscribe/pro", json!(null)).await;

    assert_eq!(opened.status(), 201);
    let customers: serde_json::Value = shop.billing.stripe.get(&["customers"], &[]).await.unwrap();
    assert_eq!(customers["data"].as_array().unwrap().len(), 2, "one customer to read the clock, one for the user");
    let sessions: serde_json::Value = shop.billing.stripe.get(&["checkout", "sessions"], &[]).await.unwrap();
    assert_eq!(sessions["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_pro_user_cannot_subscribe_again_even_before_the_event_has_arrived() {
    let shop = Shop::open(router).await;
    let (user, _) = shop.buyer().await;

    let again = user.post("/subscribe/pro", json!(null)).await;

    assert_eq!((again.status(), again.code().as_str()), (409, "already_subscribed"));
    assert_eq!(user.get("/subscription/status").await.body()["tier"], "pro");
}

#[tokio::test]
async fn no_second_subscription_begins_while_one_is_unpaid_pending_or_paused() {
    let shop = Shop::open(router).await;
    let (user, subscription) = shop.subscriber().await;
    for (status, code) in [
        ("past_due", "payment_due"),
        ("unpaid", "payment_due"),
        ("incomplete", "payment_pending"),
        ("paused", "subscription_paused"),
        ("trialing", "already_subscribed"),
    ] {
        shop.admin(&format!("subscriptions/{subscription}"), json!({ "action": "set_status", "status": status })).await;
        let refused = user.post("/subscribe/pro", json!(null)).await;
        assert_eq!((refused.status(), refused.code().as_str()), (409, code), "{status}");
    }
    shop.act("subscriptions", &subscription, "cancel_now").await;
    assert_eq!(user.post("/subscribe/pro", json!(null)).await.status(), 201, "after the subscription has ended");
}

#[tokio::test]
async fn a_customer_deleted_at_stripe_is_created_again() {
    let shop = Shop::open(router).await;
    let (user, subscription) = shop.subscriber().await;
    shop.act("subscriptions", &subscription, "delete_customer").await;

    assert_eq!(user.post("/subscribe/pro", json!(null)).await.status(), 201);
    assert_eq!(user.get("/subscription/status").await.body()["status"], "none");
}

#[tokio::test]
async fn while_stripe_is_unavailable_no_checkout_is_opened_and_the_user_is_told() {
    let shop = Shop::open(router).await;
    let user = shop.api.signed_in().await;
    shop.admin("fail", json!({ "status": 503, "times": 3 })).await;

    let refused = user.post("/subscribe/pro", json!(null)).await;

    assert_eq!((refused.status(), refused.code().as_str()), (503, "unavailable"));
    assert_eq!(user.post("/subscribe/pro", json!(null)).await.status(), 201, "after Stripe is available again");
}

#[tokio::test]
async fn every_endpoint_needs_a_signed_in_user() {
    let shop = Shop::open(router).await;
    let anyone = shop.api.anyone();
    for path in [
        "/subscribe/pro",
        "/subscription/cancel",
        "/subscription/reactivate",
        "/subscription/resume",
        "/subscription/portal",
    ] {
        assert_eq!(anyone.post(path, json!(null)).await.status(), 401, "{path}");
    }
    for path in ["/subscription/status", "/subscription/history"] {
        assert_eq!(anyone.get(path).await.status(), 401, "{path}");
    }
}

#[tokio::test]
async fn a_failure_that_stripe_may_have_saved_is_not_replayed() {
    let shop = Shop::open(router).await;
    let user = shop.api.signed_in().await;
    for path in ["/v1/customers", "/v1/checkout"] {
        shop.admin("fail", json!({ "status": 500, "times": 3, "path_prefix": path, "method": "POST" })).await;
        assert_eq!(user.post("/subscribe/pro", json!(null)).await.status(), 503);
    }
    assert_eq!(user.post("/subscribe/pro", json!(null)).await.status(), 201);
    for path in ["/v1/customers", "/v1/checkout/sessions"] {
        let keys = shop.keys(path).await;
        let of_this: Vec<&String> = keys.iter().filter(|key| !key.starts_with("clock")).collect();
        assert_eq!(of_this.len(), 4, "three failed attempts and a successful one: {keys:?}");
        assert!(of_this[..3].iter().all(|key| **key == *of_this[0]), "retries of one operation: {keys:?}");
        assert_ne!(of_this[3], of_this[0], "a new operation");
    }
}

#[tokio::test]
async fn a_checkout_that_is_paid_while_it_is_looked_up_is_not_followed_by_another() {
    let shop = Shop::open(router).await;
    let (user, session) = shop.customer().await;
    // Stripe has said that there is no subscription; about the session it is asked three times.
    shop.admin(
        "fail",
        json!({ "status": 500, "times": 2, "path_prefix": "/v1/checkout", "method": "GET", "delay_ms": 500 }),
    )
    .await;
    let asks = tokio::spawn(async move { user.post("/subscribe/pro", json!(null)).await });
    let looked_up = format!("GET /v1/checkout/sessions/{session}");
    while shop.count(&looked_up).await == 0 {
        tokio::task::yield_now().await;
    }
    shop.act("sessions", &session, "pay").await;

    let refused = asks.await.unwrap();

    assert_eq!((refused.status(), refused.code().as_str()), (409, "already_subscribed"));
}

#[tokio::test]
async fn a_user_asks_stripe_ten_times_a_minute_and_reads_the_status_meanwhile() {
    let shop = Shop::open(router).await;
    let (user, _) = shop.subscriber().await;
    for number in 2..=10 {
        let path = ["/subscription/cancel", "/subscription/reactivate"][number % 2];
        assert_eq!(user.post(path, json!(null)).await.status(), 200, "{number}");
    }
    for path in ["/subscribe/pro", "/subscription/cancel", "/subscription/resume", "/subscription/portal"] {
        let calls = shop.calls().await.len();
        let refused = user.post(path, json!(null)).await;
        assert_eq!((refused.status(), refused.code().as_str()), (429, "billing_user_limit"), "{path}");
        assert_eq!(shop.calls().await.len(), calls, "Stripe is not asked");
        assert_eq!(refused.header("retry-after"), "60");
    }
    assert_eq!(user.get("/subscription/status").await.status(), 200);
    let (other, _) = shop.customer().await;
    assert_eq!(other.post("/subscribe/pro", json!(null)).await.status(), 201, "others are not refused");
    shop.api.stack.clock.advance(Duration::from_mins(1));
    assert_eq!(user.post("/subscription/reactivate", json!(null)).await.status(), 200);
}
