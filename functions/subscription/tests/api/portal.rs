//! `POST /subscription/portal`

use serde_json::{Value, json};
use subscription::router;
use testkit::{Shop, Stack, TestApi};

#[tokio::test]
async fn a_customer_gets_a_new_link_to_the_portal_each_time() {
    let shop = Shop::open(router).await;
    let (user, _) = shop.subscriber().await;
    let first = user.post("/subscription/portal", json!(null)).await;
    let second = user.post("/subscription/portal", json!(null)).await;
    assert_eq!((first.status(), second.status()), (200, 200));
    assert!(first.body()["portal_url"].as_str().unwrap().starts_with("http"));
    assert_ne!(first.body()["portal_url"], second.body()["portal_url"]);
}

#[tokio::test]
async fn the_link_leads_to_the_portal_that_the_deployment_names() {
    let mut shop = Shop::open(router).await;
    let form = [("features[invoice_history][enabled]", "true")];
    let made: Value = shop.billing.stripe.post(&["billing_portal", "configurations"], &form, "portal").await.unwrap();
    shop.admin("portal", json!({ "configured": false })).await;
    let stack = shop.api.stack.with("STRIPE_PORTAL_CONFIGURATION", made["id"].as_str().unwrap());
    shop.api = TestApi::on(stack, router);
    let (user, _) = shop.subscriber().await;
    let opened = user.post("/subscription/portal", json!(null)).await;
    assert_eq!(opened.status(), 200, "without a name Stripe would refuse: {:?}", opened.body());
}

#[tokio::test]
async fn settings_of_another_account_are_a_fault_and_the_customer_stays() {
    let stack = Stack::start().await.with("STRIPE_PORTAL_CONFIGURATION", "bpc_of_another_account");
    let shop = Shop::on(stack, router).await;
    let (user, _) = shop.subscriber().await;
    let refused = user.post("/subscription/portal", json!(null)).await;
    assert_eq!((refused.status(), refused.code().as_str()), (500, "portal_not_configured"));
    assert_eq!(user.get("/subscription/status").await.body()["tier"], "pro");
}

#[tokio::test]
async fn a_user_who_never_subscribed_has_no_portal() {
    let shop = Shop::open(router).await;
    let refused = shop.api.signed_in().await.post("/subscription/portal", json!(null)).await;
    assert_eq!((refused.status(), refused.code().as_str()), (409, "no_subscription"));
}

#[tokio::test]
async fn a_customer_deleted_at_stripe_has_no_portal() {
    let shop = Shop::open(router).await;
    let (user, subscription) = shop.subscriber().await;
    shop.act("subscriptions", &subscription, "delete_customer").await;
    let refused = user.post("/subscription/portal", json!(null)).await;
    assert_eq!((refused.status(), refused.code().as_str()), (409, "no_subscription"));
    assert_eq!(user.get("/subscription/status").await.body()["tier"], "basic", "the deletion is stored");
}
