//! Thin events: they name an object, which is fetched.

use std::time::Duration;

use serde_json::json;
use shared::domain::{SubscriptionState, Tier, Timestamp};
use standins::stripe::{sign, thin};
use testkit::{WEBHOOK_SECRET, capture};

use crate::shop::Shop;

#[tokio::test]
async fn a_thin_event_is_signed_like_any_other_and_its_object_is_fetched() {
    let shop = Shop::open().await;
    let (user, _) = shop.buyer().await;
    let event = shop.event("customer.subscription.created").await;

    let taken = shop.deliver(&thin(&event)).await;

    assert_eq!(taken.status(), 200);
    assert_eq!(shop.known(&user).await.tier, Tier::Pro);
    assert_eq!(shop.recorded(&event).await, Some(true), "under the id of the snapshot, so that it is processed once");
    let before = shop.calls().await.len();
    assert_eq!(shop.deliver(&event).await.status(), 200);
    assert_eq!(shop.calls().await.len(), before, "the snapshot of the same change says nothing new");

    let body = thin(&event).to_string();
    let forged = sign(body.as_bytes(), "whsec_of_somebody_else", shop.api.stack.clock.now().unix());
    assert_eq!(shop.send("/webhook/stripe", &forged, body.clone()).await.code(), "signature_invalid");
    let signed = sign(body.as_bytes(), WEBHOOK_SECRET, shop.api.stack.clock.now().unix());
    assert_eq!(shop.send("/webhook/stripe", &signed, body).await.status(), 200);
}

#[tokio::test]
async fn every_kind_of_object_leads_to_its_customer() {
    let shop = Shop::open().await;
    let (user, subscription) = shop.subscriber().await;
    shop.act("subscriptions", &subscription, "dispute").await;
    shop.act("subscriptions", &subscription, "refund_fails").await;
    shop.act("subscriptions", &subscription, "renew").await;
    for kind in [
        "checkout.session.completed",
        "customer.subscription.created",
        "invoice.paid",
        "charge.refunded",
        "charge.dispute.created",
        "refund.failed",
    ] {
        shop.sql.execute("update customers set status = 'none', pro_until = null", &[]).await.unwrap();
        assert_eq!(shop.deliver(&thin(&shop.event(kind).await)).await.status(), 200, "{kind}");
        assert_eq!(shop.known(&user).await.tier, Tier::Pro, "{kind}");
    }
}

#[tokio::test]
async fn a_thin_event_of_a_deleted_customer_or_of_an_object_that_is_gone_is_understood() {
    let shop = Shop::open().await;
    let (user, subscription) = shop.subscriber().await;
    let gone = json!({
        "id": "evt_gone", "object": "v2.core.event", "type": "v1.invoice.paid",
        "related_object": { "id": "in_gone", "type": "invoice", "url": "/v1/invoices/in_gone" },
    });
    assert_eq!(shop.deliver(&gone).await.status(), 200);

    shop.act("subscriptions", &subscription, "delete_customer").await;
    shop.deliver(&thin(&shop.event("customer.deleted").await)).await;
    let known = shop.known(&user).await;
    assert_eq!((known.subscription.state, known.tier), (SubscriptionState::None, Tier::Basic));
}

#[tokio::test]
async fn how_late_an_event_comes_is_measured_in_both_forms() {
    let (logs, _guard) = capture();
    let shop = Shop::open().await;
    shop.buyer().await;
    let event = shop.event("customer.subscription.created").await;
    let created = Timestamp::from_unix(event["created"].as_i64().unwrap()).unwrap();
    shop.api.stack.clock.set(created + Duration::from_secs(90));
    for event in [event.clone(), thin(&event)] {
        assert_eq!(shop.deliver(&event).await.status(), 200);
    }
    assert_eq!(logs.values("StripeLagSeconds"), [90, 90]);
    let measured = logs.metric("StripeLagSeconds");
    assert_eq!(measured[0]["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["Unit"], "Seconds");
}
