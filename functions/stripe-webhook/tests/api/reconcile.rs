//! The reconciliation: events that never arrived or were interrupted, and rows that differ from Stripe.

use std::time::Duration;

use maintenance::reconcile::reconcile;
use maintenance::replay::{Replay, replay};
use serde_json::json;
use shared::db::stripe_events;
use shared::domain::{SubscriptionState, Tier};
use standins::stripe::thin;
use testkit::capture;
use tokio::time::Instant;

use crate::shop::{Shop, read};

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn a_lost_event_is_handled_in_one_run() {
    let shop = Shop::open().await;
    let (user, subscription) = shop.buyer().await;
    let report = shop.reconcile().await;
    assert!(report.events > 0 && report.failed == 0, "{report:?}");
    assert_eq!(shop.known(&user).await.tier, Tier::Pro);

    shop.act("subscriptions", &subscription, "cancel_now").await;
    let report = shop.reconcile().await;
    assert_eq!((report.events, report.failed), (1, 0));
    assert_eq!(shop.known(&user).await.tier, Tier::Basic);
    assert_eq!(shop.reconcile().await.events, 0, "nothing is left");
}

#[tokio::test]
async fn a_lost_event_is_found_among_more_events_than_a_page_holds() {
    let shop = Shop::open().await;
    let (user, subscription) = shop.buyer().await;
    for at in 0..130 {
        let action = if at % 2 == 0 { "portal_cancel" } else { "portal_reactivate" };
        shop.act("subscriptions", &subscription, action).await;
    }
    let report = shop.reconcile().await;
    assert!(report.events > 130 && report.failed == 0, "{report:?}");
    assert_eq!(shop.known(&user).await.tier, Tier::Pro);
}

#[tokio::test]
async fn an_interrupted_event_is_finished() {
    let shop = Shop::open().await;
    let (user, _) = shop.buyer().await;
    let event = shop.event("customer.subscription.created").await;
    shop.admin("fail", json!({ "status": 500, "times": 3, "path_prefix": "/v1/subscriptions" })).await;
    assert_eq!(shop.deliver(&event).await.status(), 503);
    // As if a reconciliation had read Stripe's list since then.
    shop.api.stack.clock.advance(HOUR);
    stripe_events::set_listed_until(&shop.billing.db, shop.api.stack.clock.now()).await.unwrap();

    let report = shop.reconcile().await;

    assert_eq!((report.events, report.failed), (1, 0));
    assert_eq!(shop.recorded(&event).await, Some(true));
    assert_eq!(shop.known(&user).await.tier, Tier::Pro);
}

#[tokio::test]
async fn an_interrupted_thin_event_is_finished_by_the_object_that_it_names() {
    let shop = Shop::open().await;
    let (user, _) = shop.buyer().await;
    let mut event = thin(&shop.event("invoice.paid").await);
    event["snapshot_event"] = json!(null);
    shop.admin("fail", json!({ "status": 500, "times": 3, "path_prefix": "/v1/invoices" })).await;
    assert_eq!(shop.deliver(&event).await.status(), 503);
    // As if a reconciliation had read Stripe's list, which has no thin events, since then.
    shop.api.stack.clock.advance(HOUR);
    stripe_events::set_listed_until(&shop.billing.db, shop.api.stack.clock.now()).await.unwrap();
    let untouched = "update customers set checked_at = now() + interval '10 years'";
    shop.sql.batch_execute(untouched).await.unwrap();

    let report = shop.reconcile().await;

    assert_eq!((report.events, report.customers, report.failed), (1, 0, 0));
    assert_eq!(shop.recorded(&event).await, Some(true));
    assert_eq!(shop.known(&user).await.tier, Tier::Pro);
}

#[tokio::test]
async fn a_row_that_differs_from_stripe_is_corrected_without_any_event() {
    let shop = Shop::open().await;
    let (user, _) = shop.subscriber().await;
    shop.reconcile().await;
    shop.sql.execute("update customers set status = 'canceled', pro_until = null", &[]).await.unwrap();
    shop.api.stack.clock.advance(HOUR);
    let report = shop.reconcile().await;
    assert_eq!((report.events, report.customers), (0, 1));
    assert_eq!(shop.known(&user).await.tier, Tier::Pro);
}

#[tokio::test]
async fn one_failing_customer_does_not_block_the_others() {
    let shop = Shop::open().await;
    let (user, _) = shop.subscriber().await;
    shop.reconcile().await;
    shop.sql
        .batch_execute(
            "update customers set status = 'canceled', pro_until = null;
            insert into customers (id, stripe_customer_id, created_at) values (gen_random_uuid(), 'cus_of_no_one', now())",
        )
        .await
        .unwrap();
    shop.api.stack.clock.advance(HOUR);
    let report = shop.reconcile().await;
    assert_eq!((report.customers, report.failed), (1, 1));
    assert_eq!(shop.known(&user).await.tier, Tier::Pro);
    let missing: SubscriptionState =
        shop.sql.query_one("select status from customers where user_id is null", &[]).await.unwrap().get(0);
    assert_eq!(missing, SubscriptionState::None);
}

#[tokio::test]
async fn without_time_nothing_is_started_and_the_position_is_kept() {
    let shop = Shop::open().await;
    let (user, _) = shop.buyer().await;
    let report = reconcile(&shop.billing, Instant::now()).await.unwrap();
    assert_eq!((report.events, report.customers), (0, 0));
    assert_eq!(stripe_events::listed_until(&shop.billing.db).await.unwrap(), None);
    shop.reconcile().await;
    assert_eq!(shop.known(&user).await.tier, Tier::Pro);
}

#[tokio::test]
async fn while_stripe_is_unavailable_the_run_fails_and_the_next_one_repairs() {
    let shop = Shop::open().await;
    let (user, _) = shop.buyer().await;
    shop.admin("fail", json!({ "status": 503, "times": 3 })).await;
    assert!(reconcile(&shop.billing, Instant::now() + Duration::from_secs(30)).await.is_err());
    shop.reconcile().await;
    assert_eq!(shop.known(&user).await.tier, Tier::Pro);
}

#[tokio::test]
async fn an_operator_replays_a_customer_or_an_event() {
    let shop = Shop::open().await;
    let (user, subscription) = shop.subscriber().await;
    let event = shop.event("customer.subscription.created").await;
    shop.deliver(&event).await;
    let customer = read(&event).customer().unwrap().to_owned();
    for what in [Replay::Event(event["id"].as_str().unwrap().into()), Replay::Customer(customer)] {
        shop.sql.execute("update customers set status = 'none', pro_until = null", &[]).await.unwrap();
        assert!(replay(&shop.billing, &what).await.unwrap().found, "{what:?}");
        assert_eq!(shop.known(&user).await.tier, Tier::Pro, "{what:?}");
    }
    for what in [Replay::Event("evt_unknown".into()), Replay::Customer(subscription)] {
        assert!(!replay(&shop.billing, &what).await.unwrap().found, "{what:?}");
    }
}

#[tokio::test]
async fn a_customer_that_cannot_be_compared_is_counted() {
    let (logs, _guard) = capture();
    let shop = Shop::open().await;
    shop.reconcile().await;
    let nobody =
        "insert into customers (id, stripe_customer_id, created_at) values (gen_random_uuid(), 'cus_of_no_one', now())";
    shop.sql.batch_execute(nobody).await.unwrap();
    shop.api.stack.clock.advance(HOUR);
    shop.reconcile().await;
    assert_eq!(logs.values("ReconcileFailed"), [0, 1]);
}
