//! The steps at Stripe before an account is deleted.

use serde_json::{Value, json};
use shared::db::users;
use shared::domain::{FreeCancels, Tier};
use shared::stripe::cancel_for_deletion;

use crate::shop::Shop;

#[tokio::test]
async fn the_subscription_ends_at_once_and_earlier_payments_are_not_refunded() {
    let shop = Shop::open().await;
    let (user, subscription) = shop.subscriber().await;
    let (id, now) = (user.id.unwrap(), shop.api.stack.clock.now());
    // A payment in the same second as the closing would be refunded.
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;

    cancel_for_deletion(&shop.billing.db, &shop.billing.stripe, id, now).await.unwrap();

    let object: Value = shop.billing.stripe.get(&["subscriptions", &subscription], &[]).await.unwrap();
    assert_eq!(object["status"], "canceled");
    assert_eq!(shop.known(&user).await.tier, Tier::Basic);
    users::delete(&shop.billing.db, id, FreeCancels(5), |_| Vec::new(), now).await.unwrap().unwrap();
    shop.deliver(&shop.event("customer.subscription.deleted").await).await;
    shop.deliver(&shop.event("invoice.paid").await).await;
    assert!(!shop.calls().await.contains(&"POST /v1/refunds".to_owned()));
}

#[tokio::test]
async fn an_open_checkout_is_closed() {
    let shop = Shop::open().await;
    let (user, session) = shop.customer().await;
    let now = shop.api.stack.clock.now();
    for _ in 0..2 {
        cancel_for_deletion(&shop.billing.db, &shop.billing.stripe, user.id.unwrap(), now).await.unwrap();
    }
    let object: Value = shop.billing.stripe.get(&["checkout", "sessions", &session], &[]).await.unwrap();
    assert_eq!(object["status"], "expired");
}

#[tokio::test]
async fn a_paid_checkout_without_an_event_is_cancelled_too() {
    let shop = Shop::open().await;
    let (user, subscription) = shop.buyer().await;
    let now = shop.api.stack.clock.now();
    cancel_for_deletion(&shop.billing.db, &shop.billing.stripe, user.id.unwrap(), now).await.unwrap();
    let object: Value = shop.billing.stripe.get(&["subscriptions", &subscription], &[]).await.unwrap();
    assert_eq!(object["status"], "canceled");
}

#[tokio::test]
async fn while_stripe_is_unavailable_it_fails_and_the_account_stays() {
    let shop = Shop::open().await;
    let (user, _) = shop.subscriber().await;
    shop.admin("fail", json!({ "status": 500, "times": 9 })).await;
    let now = shop.api.stack.clock.now();
    assert!(cancel_for_deletion(&shop.billing.db, &shop.billing.stripe, user.id.unwrap(), now).await.is_err());
    assert_eq!(shop.known(&user).await.tier, Tier::Pro);
}

#[tokio::test]
async fn a_user_who_never_subscribed_needs_no_call_to_stripe() {
    let shop = Shop::open().await;
    let user = shop.api.signed_in().await;
    let before = shop.calls().await.len();
    let now = shop.api.stack.clock.now();
    cancel_for_deletion(&shop.billing.db, &shop.billing.stripe, user.id.unwrap(), now).await.unwrap();
    assert_eq!(shop.calls().await.len(), before);
}
