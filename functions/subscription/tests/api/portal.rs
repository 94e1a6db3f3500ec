//! `POST /subscription/portal`

use serde_json::json;
use subscription::router;
use testkit::Shop;

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
