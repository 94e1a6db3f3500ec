//! The lock on a customer's row: an older response of Stripe never replaces a newer one.

use std::time::Duration;

use serde_json::json;
use shared::db::customers::{self, By};
use shared::domain::{SubscriptionState, Tier};

use crate::shop::Shop;

#[tokio::test]
async fn while_one_process_holds_the_row_another_waits_and_then_sees_what_was_stored() {
    let shop = Shop::open().await;
    let (user, subscription) = shop.subscriber().await;
    let by = By::User(user.id.unwrap());
    let mut first = customers::hold(&shop.billing.db, by).await.unwrap().unwrap();
    shop.billing.sync_held(&mut first).await.unwrap();
    shop.act("subscriptions", &subscription, "cancel_now").await;

    let second = async { shop.billing.sync_customer(by).await.unwrap().unwrap() };
    let release = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        first.release().await.unwrap()
    };
    let (second, first) = tokio::join!(second, release);

    assert_eq!(
        (first.subscription.state, second.subscription.state),
        (SubscriptionState::Active, SubscriptionState::Canceled)
    );
    assert_eq!(second.version, first.version + 1);
    assert_eq!(shop.known(&user).await.tier, Tier::Basic);
}

#[tokio::test]
async fn a_process_that_lost_the_lock_stores_nothing() {
    let shop = Shop::open().await;
    let (user, subscription) = shop.subscriber().await;
    let mut frozen = customers::hold(&shop.billing.db, By::User(user.id.unwrap())).await.unwrap().unwrap();
    shop.billing.sync_held(&mut frozen).await.unwrap();
    let sql = "select pg_terminate_backend(pid) from pg_stat_activity
        where state = 'idle in transaction' and datname = current_database()";
    assert_eq!(shop.sql.query(sql, &[]).await.unwrap().len(), 1);
    shop.act("subscriptions", &subscription, "cancel_now").await;
    shop.deliver(&shop.event("customer.subscription.deleted").await).await;

    assert!(frozen.release().await.is_err());

    assert_eq!(shop.known(&user).await.tier, Tier::Basic);
}

#[tokio::test]
async fn a_dropped_lock_stores_nothing_and_frees_the_row() {
    let shop = Shop::open().await;
    let (user, subscription) = shop.subscriber().await;
    let by = By::User(user.id.unwrap());
    shop.act("subscriptions", &subscription, "cancel_now").await;
    let mut held = customers::hold(&shop.billing.db, by).await.unwrap().unwrap();
    shop.billing.sync_held(&mut held).await.unwrap();
    drop(held);
    assert_eq!(shop.known(&user).await.tier, Tier::Pro);
    shop.billing.sync_customer(by).await.unwrap().unwrap();
    assert_eq!(shop.known(&user).await.tier, Tier::Basic);
}

#[tokio::test]
async fn a_slow_response_of_stripe_does_not_overwrite_a_later_one() {
    let shop = Shop::open().await;
    let (user, subscription) = shop.buyer().await;
    let created = shop.event("customer.subscription.created").await;
    shop.act("subscriptions", &subscription, "cancel_now").await;
    let deleted = shop.event("customer.subscription.deleted").await;
    shop.admin("fail", json!({ "delay_ms": 200, "times": 1, "path_prefix": "/v1/subscriptions" })).await;

    let (first, second) = tokio::join!(shop.deliver(&created), shop.deliver(&deleted));

    assert_eq!((first.status(), second.status()), (200, 200));
    assert_eq!(shop.row(user.id.unwrap()).await, shop.truth(&subscription).await);
}
