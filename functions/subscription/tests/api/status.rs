//! `GET /subscription/status`

use std::time::Duration;

use serde_json::{Value, json};
use shared::domain::{SubscriptionState, Tier};
use subscription::router;
use testkit::Shop;

const DAY: Duration = Duration::from_secs(86_400);

#[tokio::test]
async fn without_a_subscription_the_status_is_none() {
    let shop = Shop::open(router).await;
    let user = shop.api.signed_in().await;
    let none = json!({
        "tier": "basic", "status": "none", "current_period_start": null, "current_period_end": null,
        "cancel_at": null, "grace_until": null, "payment_problem": null, "notice": null, "portal": null,
    });
    assert_eq!(user.get("/subscription/status").await.body(), none);
}

#[tokio::test]
async fn a_paid_subscription_makes_the_user_pro_and_shows_its_period() {
    let shop = Shop::open(router).await;
    let (user, subscription) = shop.subscriber().await;

    let status = user.get("/subscription/status").await.body();

    let stripes: Value = shop.billing.stripe.get(&["subscriptions", &subscription], &[]).await.unwrap();
    let item = &stripes["items"]["data"][0];
    let time = |seconds: &Value| json!(shared::domain::Timestamp::from_unix(seconds.as_i64().unwrap()).unwrap());
    assert_eq!((&status["tier"], &status["status"]), (&json!("pro"), &json!("active")));
    assert_eq!(status["current_period_start"], time(&item["current_period_start"]));
    assert_eq!(status["current_period_end"], time(&item["current_period_end"]));
    assert_eq!((&status["cancel_at"], &status["payment_problem"]), (&Value::Null, &Value::Null));
    assert_eq!(status["portal"], json!({ "method": "POST", "path": "/subscription/portal" }));
}

#[tokio::test]
async fn a_failed_payment_leaves_pro_for_the_grace_period_and_says_what_to_do() {
    let shop = Shop::open(router).await;
    let (user, subscription) = shop.subscriber().await;
    shop.act("subscriptions", &subscription, "payment_fails").await;
    shop.follow(&user).await;

    let status = user.get("/subscription/status").await.body();

    assert_eq!((&status["tier"], &status["status"]), (&json!("pro"), &json!("past_due")));
    let problem = &status["payment_problem"];
    assert_eq!(problem["code"], "payment_failed");
    assert!(problem["invoice_url"].as_str().unwrap().contains("invoice"));
    assert!(status["grace_until"].is_string());

    shop.api.stack.clock.advance(DAY * 3 + Duration::from_secs(60));
    let later = shop.known(&user).await;
    assert_eq!((later.tier, later.subscription.state), (Tier::Basic, SubscriptionState::PastDue));

    shop.act("subscriptions", &subscription, "recover").await;
    shop.follow(&user).await;
    let paid = shop.known(&user).await;
    assert_eq!((paid.tier, paid.grace_until, paid.subscription.payment_problem), (Tier::Pro, None, None));
}

#[tokio::test]
async fn a_second_missed_payment_does_not_restart_the_grace_period() {
    let shop = Shop::open(router).await;
    let (user, subscription) = shop.subscriber().await;
    shop.act("subscriptions", &subscription, "payment_fails").await;
    shop.follow(&user).await;
    let first = user.get("/subscription/status").await.body()["grace_until"].clone();
    shop.act("subscriptions", &subscription, "payment_fails").await;
    shop.api.stack.clock.advance(DAY);
    shop.follow(&user).await;
    assert_eq!(user.get("/subscription/status").await.body()["grace_until"], first);
}

#[tokio::test]
async fn an_old_open_invoice_does_not_end_the_grace_period_of_a_fresh_failure() {
    let shop = Shop::open(router).await;
    let (user, subscription) = shop.subscriber().await;
    shop.act("subscriptions", &subscription, "payment_fails").await;
    shop.admin(&format!("subscriptions/{subscription}"), json!({ "action": "age", "days": 400 })).await;
    shop.act("subscriptions", &subscription, "renew").await;
    shop.act("subscriptions", &subscription, "payment_fails").await;
    shop.follow(&user).await;

    let known = shop.known(&user).await;

    assert_eq!((known.tier, known.subscription.state), (Tier::Pro, SubscriptionState::PastDue));
    assert!(known.grace_until.unwrap() > shop.api.stack.clock.now() + DAY * 2, "three days from the failure");
}

#[tokio::test]
async fn a_payment_that_the_bank_wants_confirmed_is_reported_as_such() {
    let shop = Shop::open(router).await;
    let (user, subscription) = shop.subscriber().await;
    shop.act("subscriptions", &subscription, "action_required").await;
    shop.follow(&user).await;
    let problem = user.get("/subscription/status").await.body()["payment_problem"].clone();
    assert_eq!(problem["code"], "action_required");
}

#[tokio::test]
async fn a_payment_that_takes_days_is_not_pro_yet_and_is_reported_as_processing() {
    let shop = Shop::open(router).await;
    let (user, session) = shop.customer().await;
    shop.act("sessions", &session, "pay_later").await;
    shop.follow(&user).await;
    let status = user.get("/subscription/status").await.body();
    assert_eq!((&status["tier"], &status["status"]), (&json!("basic"), &json!("incomplete")));
    assert_eq!(status["payment_problem"]["code"], "payment_processing");

    shop.act("sessions", &session, "async_succeeds").await;
    shop.follow(&user).await;
    assert_eq!(user.get("/subscription/status").await.body()["tier"], "pro");
}

#[tokio::test]
async fn the_end_of_a_subscription_is_the_end_of_pro() {
    let shop = Shop::open(router).await;
    let (user, subscription) = shop.subscriber().await;
    shop.act("subscriptions", &subscription, "cancel_now").await;
    shop.follow(&user).await;
    let status = user.get("/subscription/status").await.body();
    assert_eq!((&status["tier"], &status["status"]), (&json!("basic"), &json!("canceled")));
}

#[tokio::test]
async fn paused_payments_leave_pro_and_are_shown_until_they_go_on() {
    let shop = Shop::open(router).await;
    let (user, subscription) = shop.subscriber().await;
    let resumes_at = shop.api.stack.clock.now() + DAY * 30;
    for behavior in ["keep_as_draft", "mark_uncollectible", "void"] {
        let pause = json!({ "action": "pause_collection", "behavior": behavior, "resumes_at": resumes_at.unix() });
        shop.admin(&format!("subscriptions/{subscription}"), pause).await;
        shop.follow(&user).await;
        let status = user.get("/subscription/status").await.body();
        assert_eq!((&status["tier"], &status["status"]), (&json!("pro"), &json!("active")), "{behavior}");
        let notice = &status["notice"];
        let until = shared::domain::Timestamp::from_unix(resumes_at.unix());
        assert_eq!(
            (&notice["code"], &notice["resumes_at"]),
            (&json!("collection_paused"), &json!(until)),
            "{behavior}"
        );
    }
    shop.act("subscriptions", &subscription, "resume_collection").await;
    shop.follow(&user).await;
    assert_eq!(user.get("/subscription/status").await.body()["notice"], Value::Null);
}
