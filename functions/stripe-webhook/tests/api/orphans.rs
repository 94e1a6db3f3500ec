//! Payments for an account that was deleted meanwhile.

use serde_json::{Value, json};
use shared::db::users;
use shared::domain::{FreeCancels, SubscriptionState};
use testkit::User;

use crate::shop::Shop;

impl Shop {
    async fn delete_account(&self, user: &User) {
        let (id, now) = (user.id.unwrap(), self.api.stack.clock.now());
        users::delete(&self.billing.db, id, FreeCancels(5), |_| Vec::new(), now).await.unwrap().unwrap();
    }

    async fn given_back(&self) -> usize {
        self.count("POST /v1/refunds").await
    }

    async fn status_at_stripe(&self, subscription: &str) -> String {
        let object: Value = self.billing.stripe.get(&["subscriptions", subscription], &[]).await.unwrap();
        object["status"].as_str().unwrap().to_owned()
    }

    async fn amount_refunded(&self) -> i64 {
        let charge = self.event("charge.succeeded").await["data"]["object"]["id"].as_str().unwrap().to_owned();
        let charge: Value = self.billing.stripe.get(&["charges", &charge], &[]).await.unwrap();
        charge["amount_refunded"].as_i64().unwrap()
    }
}

#[tokio::test]
async fn a_checkout_paid_after_the_account_was_deleted_is_cancelled_and_refunded() {
    let shop = Shop::open().await;
    let (user, session) = shop.customer().await;
    shop.delete_account(&user).await;
    let paid = shop.act("sessions", &session, "pay").await;
    let subscription = paid["subscription"].as_str().unwrap();

    let taken = shop.deliver(&shop.event("checkout.session.completed").await).await;

    assert_eq!(taken.status(), 200);
    assert_eq!(shop.status_at_stripe(subscription).await, "canceled");
    assert_eq!(shop.amount_refunded().await, 999);
    let state: SubscriptionState = shop.sql.query_one("select status from customers", &[]).await.unwrap().get(0);
    assert_eq!(state, SubscriptionState::None, "the money is back, so the customer is deleted as well");
}

#[tokio::test]
async fn the_payment_is_refunded_once_however_many_events_arrive() {
    let shop = Shop::open().await;
    let (user, session) = shop.customer().await;
    shop.delete_account(&user).await;
    shop.act("sessions", &session, "pay").await;
    for event in shop.events().await {
        assert_eq!(shop.deliver(&event).await.status(), 200);
    }
    shop.reconcile().await;
    assert_eq!(shop.given_back().await, 1);
}

#[tokio::test]
async fn a_failure_between_the_refund_and_the_cancellation_is_repaired_by_the_retry() {
    let shop = Shop::open().await;
    let (user, session) = shop.customer().await;
    shop.delete_account(&user).await;
    let paid = shop.act("sessions", &session, "pay").await;
    let subscription = paid["subscription"].as_str().unwrap();
    let event = shop.event("checkout.session.completed").await;
    shop.admin("fail", json!({ "status": 500, "times": 3, "path_prefix": "/v1/subscriptions/", "method": "DELETE" }))
        .await;

    assert_eq!(shop.deliver(&event).await.status(), 503);
    assert_eq!(shop.status_at_stripe(subscription).await, "active");
    assert_eq!(shop.deliver(&event).await.status(), 200);

    assert_eq!(shop.status_at_stripe(subscription).await, "canceled");
    assert_eq!(shop.amount_refunded().await, 999);
}

#[tokio::test]
async fn a_refused_refund_does_not_keep_the_subscription_alive() {
    let shop = Shop::open().await;
    let (user, session) = shop.customer().await;
    shop.delete_account(&user).await;
    let paid = shop.act("sessions", &session, "pay").await;
    shop.admin("fail", json!({ "status": 400, "times": 1, "path_prefix": "/v1/refunds" })).await;
    assert_eq!(shop.deliver(&shop.event("invoice.paid").await).await.status(), 200);
    assert_eq!(shop.status_at_stripe(paid["subscription"].as_str().unwrap()).await, "canceled");
}

#[tokio::test]
async fn a_slow_payment_that_arrives_for_a_deleted_account_is_refunded() {
    let shop = Shop::open().await;
    let (user, session) = shop.customer().await;
    shop.act("sessions", &session, "pay_later").await;
    shop.delete_account(&user).await;
    shop.deliver(&shop.event("checkout.session.completed").await).await;
    let subscription: String = shop.sql.query_one("select subscription_id from customers", &[]).await.unwrap().get(0);
    assert_eq!(shop.status_at_stripe(&subscription).await, "canceled");
    assert_eq!(shop.given_back().await, 0, "nothing was paid yet");

    shop.act("sessions", &session, "async_succeeds").await;
    shop.deliver(&shop.event("invoice.paid").await).await;

    assert_eq!(shop.amount_refunded().await, 999);
}
