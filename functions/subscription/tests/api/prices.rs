//! The price of a subscription decides what it is to.

use serde_json::json;
use shared::domain::{SubscriptionState, Tier};
use subscription::router;
use testkit::Shop;

#[tokio::test]
async fn an_active_subscription_to_something_else_is_basic_and_says_so() {
    let shop = Shop::open(router).await;
    let (user, subscription) = shop.subscriber().await;
    shop.admin("prices", json!({ "id": "price_newsletter" })).await;
    let price = json!({ "action": "set_price", "price": "price_newsletter" });
    shop.admin(&format!("subscriptions/{subscription}"), price).await;
    shop.follow(&user).await;

    let status = user.get("/subscription/status").await.body();

    assert_eq!((&status["tier"], &status["status"]), (&json!("basic"), &json!("active")));
    assert_eq!(status["notice"]["code"], "other_price");
    let refused = user.post("/subscribe/pro", json!(null)).await;
    assert_eq!((refused.status(), refused.code().as_str()), (409, "other_subscription"));
    assert_eq!(user.post("/subscription/cancel", json!(null)).await.status(), 200, "the way out");
}

#[tokio::test]
async fn an_older_price_of_pro_stays_pro_and_the_first_one_is_sold() {
    let shop = Shop::open(router).await;
    let (user, subscription) = shop.subscriber().await;
    shop.admin("prices", json!({ "id": "price_older" })).await;
    let price = json!({ "action": "set_price", "price": "price_older" });
    shop.admin(&format!("subscriptions/{subscription}"), price).await;
    shop.follow(&user).await;

    let known = shop.known(&user).await;

    assert_eq!((known.tier, known.subscription.state), (Tier::Pro, SubscriptionState::Active));
    assert_eq!(user.get("/subscription/status").await.body()["notice"], json!(null));
    assert_eq!(shop.billing.prices.sold(), "price_pro");
}
