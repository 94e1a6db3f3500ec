//! Each change at Stripe, delivered by its own event alone.

use std::time::Duration;

use serde_json::{Value, json};
use shared::db::users;
use shared::domain::{SubscriptionState, Tier};

use crate::shop::Shop;

/// After `action`, its event `kind` alone must set the row to `state`, and the user to `tier`.
async fn after(action: Value, kind: &str, state: SubscriptionState, tier: Tier) -> Shop {
    let shop = Shop::open().await;
    let (user, subscription) = shop.subscriber().await;
    shop.admin(&format!("subscriptions/{subscription}"), action).await;

    let taken = shop.deliver(&shop.event(kind).await).await;

    assert_eq!(taken.status(), 200, "{kind}");
    let known = shop.known(&user).await;
    assert_eq!((known.subscription.state, known.tier), (state, tier), "{kind}");
    let account = users::find(&shop.billing.db, user.id.unwrap(), shop.api.stack.clock.now()).await.unwrap().unwrap();
    assert_eq!(account.tier, tier, "the tier that counts for the next message");
    shop
}

#[tokio::test]
async fn updated() {
    after(
        json!({ "action": "set_status", "status": "unpaid" }),
        "customer.subscription.updated",
        SubscriptionState::Unpaid,
        Tier::Basic,
    )
    .await;
}

#[tokio::test]
async fn deleted() {
    after(json!({ "action": "cancel_now" }), "customer.subscription.deleted", SubscriptionState::Canceled, Tier::Basic)
        .await;
}

#[tokio::test]
async fn paused_and_resumed() {
    let shop =
        after(json!({ "action": "pause" }), "customer.subscription.paused", SubscriptionState::Paused, Tier::Basic)
            .await;
    let sql = "select subscription_id from customers";
    let subscription: String = shop.sql.query_one(sql, &[]).await.unwrap().get(0);
    shop.act("subscriptions", &subscription, "resume").await;
    shop.deliver(&shop.event("customer.subscription.resumed").await).await;
    let pro: bool = shop.sql.query_one("select pro_until = 'infinity' from customers", &[]).await.unwrap().get(0);
    assert!(pro);
}

#[tokio::test]
async fn a_renewal_that_was_paid() {
    after(json!({ "action": "renew" }), "invoice.paid", SubscriptionState::Active, Tier::Pro).await;
}

#[tokio::test]
async fn a_renewal_that_failed() {
    after(json!({ "action": "payment_fails" }), "invoice.payment_failed", SubscriptionState::PastDue, Tier::Pro).await;
}

#[tokio::test]
async fn a_renewal_that_the_bank_wants_confirmed() {
    after(
        json!({ "action": "action_required" }),
        "invoice.payment_action_required",
        SubscriptionState::PastDue,
        Tier::Pro,
    )
    .await;
}

#[tokio::test]
async fn a_refund_leaves_the_subscription_unchanged() {
    after(json!({ "action": "refund" }), "charge.refunded", SubscriptionState::Active, Tier::Pro).await;
}

#[tokio::test]
async fn a_dispute_names_only_the_charge_and_still_finds_its_customer() {
    let shop = Shop::open().await;
    let (user, subscription) = shop.buyer().await;
    shop.act("subscriptions", &subscription, "dispute").await;
    let event = shop.event("charge.dispute.created").await;
    assert!(event["data"]["object"]["customer"].is_null(), "the event names no customer");
    assert_eq!(shop.deliver(&event).await.status(), 200);
    assert_eq!(shop.known(&user).await.tier, Tier::Pro, "the row has Stripe's state");
}

#[tokio::test]
async fn a_deleted_customer_has_no_plan_and_may_subscribe_again() {
    let shop = Shop::open().await;
    let (user, subscription) = shop.subscriber().await;
    shop.act("subscriptions", &subscription, "delete_customer").await;
    shop.deliver(&shop.event("customer.deleted").await).await;
    let known = shop.known(&user).await;
    assert_eq!((known.subscription.state, known.tier, known.stripe_id), (SubscriptionState::None, Tier::Basic, None));
    assert_eq!(user.post("/subscribe/pro", json!(null)).await.status(), 201);
}

#[tokio::test]
async fn a_payment_that_takes_days_becomes_pro_when_it_arrives() {
    let shop = Shop::open().await;
    let (user, session) = shop.customer().await;
    shop.act("sessions", &session, "pay_later").await;
    shop.deliver(&shop.event("checkout.session.completed").await).await;
    assert_eq!(shop.known(&user).await.subscription.state, SubscriptionState::Incomplete);
    shop.act("sessions", &session, "async_succeeds").await;
    shop.deliver(&shop.event("checkout.session.async_payment_succeeded").await).await;
    assert_eq!(shop.known(&user).await.tier, Tier::Pro);
}

#[tokio::test]
async fn a_payment_that_takes_days_and_fails_ends_the_attempt() {
    let shop = Shop::open().await;
    let (user, session) = shop.customer().await;
    shop.act("sessions", &session, "pay_later").await;
    shop.act("sessions", &session, "async_fails").await;
    shop.deliver(&shop.event("checkout.session.async_payment_failed").await).await;
    let known = shop.known(&user).await;
    assert_eq!((known.subscription.state, known.tier), (SubscriptionState::IncompleteExpired, Tier::Basic));
}

#[tokio::test]
async fn a_cancellation_in_the_portal_is_stored_with_its_time() {
    let shop = Shop::open().await;
    let (user, subscription) = shop.subscriber().await;
    shop.act("subscriptions", &subscription, "portal_cancel").await;
    shop.deliver(&shop.event("customer.subscription.updated").await).await;
    let known = shop.known(&user).await;
    assert!(known.tier == Tier::Pro && known.subscription.cancel_at.is_some());
    assert_eq!(known.subscription.cancel_at, known.subscription.period_end);
}

#[tokio::test]
async fn the_grace_period_is_counted_from_the_missed_payment_not_from_the_event() {
    let shop = Shop::open().await;
    let (user, subscription) = shop.subscriber().await;
    shop.act("subscriptions", &subscription, "payment_fails").await;
    let event = shop.event("invoice.payment_failed").await;
    let owed_since =
        shop.event("invoice.finalized").await["data"]["object"]["status_transitions"]["finalized_at"].clone();
    shop.api.stack.clock.advance(Duration::from_secs(2 * 86_400));
    shop.deliver(&event).await;
    let known = shop.known(&user).await;
    assert_eq!(known.tier, Tier::Pro);
    assert_eq!(known.grace_until.unwrap().unix(), owed_since.as_i64().unwrap() + 3 * 86_400);
    shop.api.stack.clock.advance(Duration::from_secs(86_400 + 60));
    assert_eq!(shop.known(&user).await.tier, Tier::Basic, "without any event");
}
