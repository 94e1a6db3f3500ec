//! `POST /subscription/resume`

use serde_json::{Value, json};
use subscription::router;
use testkit::{Shop, User};

/// A user whose subscription Stripe has paused for `reason`.
async fn paused(reason: &str) -> (Shop, User, String) {
    let shop = Shop::open(router).await;
    let (user, subscription) = shop.subscriber().await;
    if reason.ends_with("payment_failure") {
        shop.act("subscriptions", &subscription, "payment_fails").await;
    }
    shop.admin(&format!("subscriptions/{subscription}"), json!({ "action": "pause", "reason": reason })).await;
    shop.follow(&user).await;
    (shop, user, subscription)
}

async fn status(user: &User) -> Value {
    user.get("/subscription/status").await.body()
}

#[tokio::test]
async fn a_paused_subscription_is_basic_says_what_to_do_and_is_resumed() {
    let (_shop, user, _) = paused("pause_requested").await;
    let before = status(&user).await;
    assert_eq!((&before["tier"], &before["status"]), (&json!("basic"), &json!("paused")));
    assert_eq!(before["payment_problem"]["code"], "paused");

    let resumed = user.post("/subscription/resume", json!({})).await;

    assert_eq!(resumed.status(), 200);
    let body = resumed.body();
    assert_eq!(
        (&body["tier"], &body["status"], &body["payment_problem"]),
        (&json!("pro"), &json!("active"), &Value::Null)
    );
    let again = user.post("/subscription/resume", json!(null)).await;
    assert_eq!((again.status(), again.code().as_str()), (409, "not_paused"));
}

#[tokio::test]
async fn a_subscription_paused_for_a_failed_payment_shows_the_invoice_and_stays_paused_until_it_is_paid() {
    let (shop, user, subscription) = paused("final_payment_failure").await;
    shop.admin(&format!("subscriptions/{subscription}"), json!({ "action": "set_card", "declined": true })).await;
    let problem = status(&user).await["payment_problem"].clone();
    assert_eq!(problem["code"], "payment_failed");
    assert!(problem["detail"].as_str().unwrap().contains("resume"), "{problem}");
    assert!(problem["invoice_url"].is_string(), "{problem}");

    let unpaid = user.post("/subscription/resume", json!(null)).await;
    assert_eq!(
        (unpaid.status(), &unpaid.body()["status"], &unpaid.body()["tier"]),
        (200, &json!("paused"), &json!("basic"))
    );

    shop.act("subscriptions", &subscription, "set_card").await;
    let paid = user.post("/subscription/resume", json!(null)).await.body();
    assert_eq!((&paid["status"], &paid["tier"]), (&json!("active"), &json!("pro")));
}

#[tokio::test]
async fn without_a_means_of_payment_a_trial_that_ended_cannot_be_resumed() {
    let (shop, user, subscription) = paused("trial_end_without_payment_method").await;
    let refused = user.post("/subscription/resume", json!(null)).await;
    assert_eq!((refused.status(), refused.code().as_str()), (409, "payment_method_missing"));
    shop.act("subscriptions", &subscription, "set_card").await;
    assert_eq!(user.post("/subscription/resume", json!(null)).await.body()["tier"], "pro");
}

#[tokio::test]
async fn without_a_subscription_there_is_nothing_to_resume() {
    let shop = Shop::open(router).await;
    let never = shop.api.signed_in().await.post("/subscription/resume", json!(null)).await;
    assert_eq!((never.status(), never.code().as_str()), (409, "no_subscription"));
    let (user, subscription) = shop.subscriber().await;
    shop.act("subscriptions", &subscription, "cancel_now").await;
    let over = user.post("/subscription/resume", json!(null)).await;
    assert_eq!((over.status(), over.code().as_str()), (409, "no_subscription"));
}
