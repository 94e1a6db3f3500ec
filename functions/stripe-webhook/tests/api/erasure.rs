//! The customer of a deleted account is deleted at Stripe as soon as nothing is owed, wherever a step fails.

use std::time::Duration;

use maintenance::reconcile::Reconciled;
use serde_json::{Value, json};
use shared::db::{customers, users};
use shared::domain::FreeCancels;
use shared::stripe::cancel_for_deletion;
use testkit::User;

use crate::shop::Shop;

const HOUR: Duration = Duration::from_secs(3600);

impl Shop {
    /// What `DELETE /user/me` does at Stripe and in Postgres.
    async fn leave(&self, user: &User) {
        let (id, now) = (user.id.unwrap(), self.api.stack.clock.now());
        cancel_for_deletion(&self.billing.db, &self.billing.stripe, id, now).await.unwrap();
        users::delete(&self.billing.db, id, FreeCancels(5), |_| Vec::new(), now).await.unwrap().unwrap();
    }

    /// The customer at Stripe, whose id the only row has.
    async fn customer_at_stripe(&self) -> Value {
        let id: String = self.sql.query_one("select stripe_customer_id from customers", &[]).await.unwrap().get(0);
        self.billing.stripe.get(&["customers", &id], &[]).await.unwrap()
    }

    async fn is_erased(&self) -> bool {
        let row = self.sql.query_one("select coalesce(checked_at = 'infinity', false) from customers", &[]).await;
        let at_stripe = self.customer_at_stripe().await["deleted"] == true;
        let known: bool = row.unwrap().get(0);
        assert!(at_stripe || !known, "the row says what Stripe does not");
        known
    }

    /// A run of the reconciliation an hour later.
    async fn an_hour_later(&self) -> Reconciled {
        self.api.stack.clock.advance(HOUR);
        self.reconcile().await
    }

    /// The calls that delete customers.
    async fn deletions(&self) -> usize {
        self.calls().await.iter().filter(|call| call.starts_with("DELETE /v1/customers/")).count()
    }
}

#[tokio::test]
async fn whoever_owes_nothing_is_deleted_by_the_event_of_the_cancellation() {
    let shop = Shop::open().await;
    let (user, _) = shop.subscriber().await;
    // A payment in the same second as the closing would be refunded.
    tokio::time::sleep(Duration::from_millis(1100)).await;
    shop.leave(&user).await;
    assert!(!shop.is_erased().await);

    let taken = shop.deliver(&shop.event("customer.subscription.deleted").await).await;

    assert_eq!(taken.status(), 200);
    assert!(shop.is_erased().await);
    assert_eq!(shop.count("POST /v1/refunds").await, 0, "what was paid before stays paid");
}

#[tokio::test]
async fn whoever_never_paid_is_deleted_by_the_next_reconciliation_although_no_event_comes() {
    let shop = Shop::open().await;
    let (user, _) = shop.customer().await;
    shop.reconcile().await;
    shop.leave(&user).await;

    assert_eq!(shop.an_hour_later().await.failed, 0);

    assert!(shop.is_erased().await);
    assert_eq!((shop.an_hour_later().await.customers, shop.deletions().await), (0, 1), "it is not checked again");
}

#[tokio::test]
async fn a_deleted_account_is_the_first_in_line() {
    let shop = Shop::open().await;
    let (user, _) = shop.customer().await;
    shop.reconcile().await;
    let older = "insert into customers (id, stripe_customer_id, created_at, checked_at)
        values (gen_random_uuid(), 'cus_unchecked_for_a_year', now(), now() - interval '1 year')";
    shop.sql.execute(older, &[]).await.unwrap();
    shop.leave(&user).await;
    let now = shop.api.stack.clock.now();
    let id: shared::domain::CustomerId =
        shop.sql.query_one("select id from customers where closed_at is not null", &[]).await.unwrap().get(0);
    assert_eq!(customers::take_unchecked(&shop.billing.db, now, 1, now).await.unwrap(), [id]);
}

#[tokio::test]
async fn an_open_invoice_keeps_the_customer_until_it_is_voided() {
    let shop = Shop::open().await;
    let (user, subscription) = shop.subscriber().await;
    shop.act("subscriptions", &subscription, "payment_fails").await;
    shop.leave(&user).await;
    assert_eq!(shop.an_hour_later().await.failed, 0);
    assert!(!shop.is_erased().await);

    shop.act("subscriptions", &subscription, "void_invoice").await;
    assert_eq!(shop.deliver(&shop.event("invoice.voided").await).await.status(), 200);

    assert!(shop.is_erased().await);
}

#[tokio::test]
async fn an_open_dispute_keeps_the_customer_until_it_is_decided() {
    for outcome in ["dispute_won", "dispute_lost"] {
        let shop = Shop::open().await;
        let (user, subscription) = shop.subscriber().await;
        shop.act("subscriptions", &subscription, "dispute").await;
        shop.leave(&user).await;
        assert_eq!(shop.an_hour_later().await.failed, 0);
        assert!(!shop.is_erased().await, "{outcome}");

        shop.act("subscriptions", &subscription, outcome).await;
        assert_eq!(shop.an_hour_later().await.failed, 0);

        assert!(shop.is_erased().await, "{outcome}");
    }
}

#[tokio::test]
async fn a_refund_under_way_keeps_the_customer_until_it_arrives() {
    let shop = Shop::open().await;
    let (user, subscription) = shop.subscriber().await;
    shop.act("subscriptions", &subscription, "refund_slowly").await;
    shop.leave(&user).await;
    assert_eq!(shop.an_hour_later().await.failed, 0);
    assert!(!shop.is_erased().await);

    shop.act("subscriptions", &subscription, "refund_arrives").await;
    assert_eq!(shop.an_hour_later().await.failed, 0);

    assert!(shop.is_erased().await);
}

#[tokio::test]
async fn a_slow_payment_keeps_the_customer_until_it_is_given_back() {
    let shop = Shop::open().await;
    let (user, session) = shop.customer().await;
    shop.act("sessions", &session, "pay_later").await;
    shop.leave(&user).await;
    assert_eq!(shop.an_hour_later().await.failed, 0);
    assert!(!shop.is_erased().await);

    shop.act("sessions", &session, "async_succeeds").await;
    assert_eq!(shop.an_hour_later().await.failed, 0);

    assert_eq!(shop.count("POST /v1/refunds").await, 1);
    assert!(shop.is_erased().await);
}

#[tokio::test]
async fn whichever_call_fails_or_loses_its_answer_a_later_run_finishes() {
    for (method, path, after) in [
        ("GET", "/v1/subscriptions", false),
        ("GET", "/v1/invoices", false),
        ("GET", "/v1/charges", false),
        ("GET", "/v1/disputes", false),
        ("DELETE", "/v1/customers/", false),
        ("DELETE", "/v1/customers/", true),
    ] {
        let shop = Shop::open().await;
        let (user, subscription) = shop.subscriber().await;
        for action in ["dispute", "dispute_lost", "cancel_now"] {
            shop.act("subscriptions", &subscription, action).await;
        }
        // From here on no event is left that would try again.
        shop.reconcile().await;
        let now = shop.api.stack.clock.now();
        users::delete(&shop.billing.db, user.id.unwrap(), FreeCancels(5), |_| Vec::new(), now).await.unwrap().unwrap();
        let failure = json!({ "status": 500, "times": 3, "path_prefix": path, "method": method, "after": after });
        shop.admin("fail", failure).await;
        let expected = usize::from(!after);
        assert_eq!(shop.an_hour_later().await.failed, expected, "{method} {path}");
        assert_eq!(shop.is_erased().await, after, "{method} {path}");

        assert_eq!(shop.an_hour_later().await.failed, 0, "{method} {path}");

        assert!(shop.is_erased().await, "{method} {path}");
    }
}

#[tokio::test]
async fn a_process_that_dies_after_the_deletion_at_stripe_is_made_up_for() {
    let shop = Shop::open().await;
    let (user, _) = shop.customer().await;
    shop.leave(&user).await;
    let id = shop.customer_at_stripe().await["id"].as_str().unwrap().to_owned();
    let _: Value = shop.billing.stripe.delete(&["customers", &id]).await.unwrap();
    assert!(!shop.is_erased().await);

    assert_eq!(shop.an_hour_later().await.failed, 0);

    assert!(shop.is_erased().await);
    assert_eq!(shop.deletions().await, 1);
}

#[tokio::test]
async fn a_dispute_after_the_deletion_is_still_told() {
    let shop = Shop::open().await;
    let (user, subscription) = shop.subscriber().await;
    shop.leave(&user).await;
    shop.an_hour_later().await;
    assert!(shop.is_erased().await);

    shop.act("subscriptions", &subscription, "dispute").await;
    assert_eq!(shop.deliver(&shop.event("charge.dispute.created").await).await.status(), 200);

    let told = "select count(*) from stripe_events where id like 'Dispute:%'";
    assert_eq!(shop.sql.query_one(told, &[]).await.unwrap().get::<_, i64>(0), 1);
    assert!(shop.is_erased().await);
}

#[tokio::test]
async fn a_customer_with_an_account_is_never_deleted() {
    let shop = Shop::open().await;
    let (user, subscription) = shop.subscriber().await;
    shop.act("subscriptions", &subscription, "cancel_now").await;
    for _ in 0..2 {
        assert_eq!(shop.an_hour_later().await.failed, 0);
    }
    let now = shop.api.stack.clock.now();
    // The deletion began and was given up.
    cancel_for_deletion(&shop.billing.db, &shop.billing.stripe, user.id.unwrap(), now).await.unwrap();
    assert_eq!(shop.an_hour_later().await.failed, 0);
    assert_eq!((shop.is_erased().await, shop.deletions().await), (false, 0));
}
