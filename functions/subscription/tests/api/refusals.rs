//! A refusal of Stripe's is not an outage: the answer to the user, or the log, says what must change.

use serde_json::{Value, json};
use subscription::router;
use testkit::Shop;

#[tokio::test]
async fn a_customer_of_another_currency_is_replaced_by_a_new_one() {
    let shop = Shop::open(router).await;
    let (user, subscription) = shop.subscriber().await;
    let before = shop.known(&user).await.stripe_id.unwrap();
    shop.act("subscriptions", &subscription, "cancel_now").await;
    shop.admin("prices", json!({ "id": "price_pro", "currency": "eur" })).await;

    let opened = user.post("/subscribe/pro", json!(null)).await;

    assert_eq!(opened.status(), 201);
    let after = shop.known(&user).await.stripe_id.unwrap();
    assert_ne!(after, before);
    let path = ["checkout", "sessions", opened.body()["session_id"].as_str().unwrap()].map(str::to_owned);
    let session: Value = shop.billing.stripe.get(&path.each_ref().map(String::as_str), &[]).await.unwrap();
    assert_eq!((&session["customer"], &session["currency"]), (&json!(after), &json!("eur")));
    assert_eq!(user.post("/subscribe/pro", json!(null)).await.body(), opened.body(), "and it stays");
}

#[tokio::test]
async fn a_subscription_that_a_schedule_manages_cannot_be_cancelled_here() {
    let shop = Shop::open(router).await;
    let (user, subscription) = shop.subscriber().await;
    shop.act("subscriptions", &subscription, "schedule").await;
    let refused = user.post("/subscription/cancel", json!(null)).await;
    assert_eq!((refused.status(), refused.code().as_str()), (409, "subscription_scheduled"));

    shop.act("subscriptions", &subscription, "portal_cancel").await;
    let refused = user.post("/subscription/reactivate", json!(null)).await;
    assert_eq!((refused.status(), refused.code().as_str()), (409, "subscription_scheduled"));
    assert_eq!(user.get("/subscription/status").await.body()["tier"], "pro");
}

#[tokio::test]
async fn a_portal_that_was_never_set_up_is_a_fault_with_a_code_of_its_own() {
    let shop = Shop::open(router).await;
    let (user, _) = shop.subscriber().await;
    shop.admin("portal", json!({ "configured": false })).await;
    let refused = user.post("/subscription/portal", json!(null)).await;
    assert_eq!((refused.status(), refused.code().as_str()), (500, "portal_not_configured"));
}

#[tokio::test]
async fn a_key_that_stripe_does_not_accept_is_a_fault_and_not_an_outage() {
    let shop = Shop::open(router).await;
    for status in [401, 403] {
        shop.admin("fail", json!({ "status": status, "times": 1 })).await;
        let user = shop.api.signed_in().await;
        let refused = user.post("/subscribe/pro", json!(null)).await;
        assert_eq!((refused.status(), refused.code().as_str()), (500, "internal"), "{status}");
    }
}

#[tokio::test]
async fn a_price_that_stripe_does_not_know_is_a_fault_and_not_an_outage() {
    let shop = Shop::open(router).await;
    let env = shop.api.stack.env();
    let env = shared::config::Env::from_fn(move |name| match name {
        "STRIPE_PRICE_ID" => Some("price_of_another_account".into()),
        _ => env.optional(name),
    });
    let (user, clock) = (shop.api.signed_in().await, shop.api.stack.clock.clock());
    let refused = user.at(subscription::router(&env, clock).unwrap()).post("/subscribe/pro", json!(null)).await;
    assert_eq!((refused.status(), refused.code().as_str()), (500, "internal"));
}
