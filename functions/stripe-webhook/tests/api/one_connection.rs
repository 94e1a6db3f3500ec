//! One connection to Postgres is enough for every operation, also for those that hold a customer while they call Stripe.

use serde_json::json;
use shared::domain::Tier;
use shared::stripe::cancel_for_deletion;
use testkit::Stack;

use crate::shop::Shop;

#[tokio::test]
async fn a_subscription_lives_and_ends_with_one_connection() {
    let shop = Shop::on(Stack::start().await.with("DATABASE_CONNECTIONS", "1")).await;
    let (user, subscription) = shop.buyer().await;
    assert_eq!(shop.deliver(&shop.event("customer.subscription.created").await).await.status(), 200);
    assert_eq!(shop.known(&user).await.tier, Tier::Pro);
    assert_eq!(user.post("/subscribe/pro", json!(null)).await.code(), "already_subscribed");
    for path in ["cancel", "reactivate", "portal"] {
        let answer = user.post(&format!("/subscription/{path}"), json!(null)).await;
        assert!(answer.status.is_success(), "{path}: {}", answer.body());
    }
    for path in ["status", "history"] {
        assert_eq!(user.get(&format!("/subscription/{path}")).await.status(), 200, "{path}");
    }
    shop.act("subscriptions", &subscription, "dispute").await;
    assert_eq!(shop.deliver(&shop.event("charge.dispute.created").await).await.status(), 200);
    let now = shop.api.stack.clock.now();
    cancel_for_deletion(&shop.api.stack.db(), &shop.billing.stripe, user.id.unwrap(), now).await.unwrap();
}

#[tokio::test]
async fn a_reconciliation_needs_no_more_than_the_template_gives_it() {
    let shop = Shop::on(Stack::start().await.with("DATABASE_CONNECTIONS", "4")).await;
    let mut users = Vec::new();
    for _ in 0..6 {
        users.push(shop.buyer().await.0);
    }
    let report = shop.reconcile().await;
    assert!(report.events >= 6 && report.failed == 0, "{report:?}");
    for user in &users {
        assert_eq!(shop.known(user).await.tier, Tier::Pro);
    }
}
