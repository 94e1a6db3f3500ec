//! A metric for a person is counted once, however many events are about the same matter.

use maintenance::replay::{Replay, replay};
use standins::stripe::thin;

use crate::shop::Shop;

impl Shop {
    /// The matters that people were told of.
    async fn told(&self) -> Vec<String> {
        let sql = "select split_part(id, ':', 1) from stripe_events where id like '%:%' order by id";
        self.sql.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
    }
}

#[tokio::test]
async fn a_dispute_is_told_once_by_webhook_reconciliation_thin_event_and_replay() {
    let shop = Shop::open().await;
    let (_, subscription) = shop.subscriber().await;
    shop.act("subscriptions", &subscription, "dispute").await;
    let event = shop.event("charge.dispute.created").await;
    let mut apart = thin(&event);
    apart["snapshot_event"] = serde_json::Value::Null;

    assert_eq!(shop.deliver(&event).await.status(), 200);
    assert_eq!(shop.told().await, ["Dispute"]);
    assert_eq!(shop.deliver(&apart).await.status(), 200);
    assert_eq!(shop.reconcile().await.failed, 0);
    shop.sql.execute("update stripe_events set processed_at = null where id like 'evt%'", &[]).await.unwrap();
    assert_eq!(shop.reconcile().await.failed, 0);
    let what = Replay::Event(event["id"].as_str().unwrap().into());
    assert!(replay(&shop.billing, &what).await.unwrap().found);

    assert_eq!(shop.told().await, ["Dispute"]);
}

#[tokio::test]
async fn a_failed_refund_is_told_even_if_it_names_no_charge() {
    for without_charge in [false, true] {
        let shop = Shop::open().await;
        let (_, subscription) = shop.subscriber().await;
        let action = serde_json::json!({ "action": "refund_fails", "without_charge": without_charge });
        shop.admin(&format!("subscriptions/{subscription}"), action).await;
        assert_eq!(shop.deliver(&shop.event("refund.failed").await).await.status(), 200);
        assert_eq!(shop.told().await, ["RefundFailed"], "without a charge: {without_charge}");
    }
}

#[tokio::test]
async fn a_failed_refund_of_nobody_is_told_and_one_of_a_strange_customer_is_not() {
    let shop = Shop::open().await;
    let refund = |id: &str, customer: Option<&str>| {
        serde_json::json!({
            "id": format!("evt_{id}"), "object": "event", "type": "refund.failed",
            "data": { "object": { "id": id, "object": "refund", "charge": null, "customer": customer } },
        })
    };
    shop.deliver(&refund("re_strange", Some("cus_strange"))).await;
    assert!(shop.told().await.is_empty());
    shop.deliver(&refund("re_nobody", None)).await;
    assert_eq!(shop.told().await, ["RefundFailed"]);
}
