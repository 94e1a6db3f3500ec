//! `GET /subscription/history`

use serde_json::{Value, json};
use subscription::router;
use testkit::Shop;

#[tokio::test]
async fn invoices_come_newest_first_in_pages() {
    let shop = Shop::open(router).await;
    let (user, subscription) = shop.subscriber().await;
    for _ in 0..4 {
        shop.act("subscriptions", &subscription, "renew").await;
    }
    let stripes: Value = shop.billing.stripe.get(&["invoices"], &[]).await.unwrap();
    let expected: Vec<&Value> = stripes["data"].as_array().unwrap().iter().map(|invoice| &invoice["id"]).collect();
    assert_eq!(expected.len(), 5);

    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = user.get(&format!("/subscription/history?limit=2{cursor}")).await;
        assert_eq!(page.status(), 200);
        seen.extend(page.body()["data"].as_array().unwrap().clone());
        match page.body()["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }

    assert_eq!(seen.iter().map(|entry| &entry["id"]).collect::<Vec<_>>(), expected);
    let entry = &seen[0];
    assert_eq!((&entry["amount"], &entry["currency"], &entry["status"]), (&json!(999), &json!("usd"), &json!("paid")));
    assert!(entry["invoice_url"].is_string() && entry["created_at"].is_string());
}

#[tokio::test]
async fn without_a_customer_the_history_is_empty() {
    let shop = Shop::open(router).await;
    let history = shop.api.signed_in().await.get("/subscription/history").await;
    assert_eq!(history.body(), json!({ "data": [], "next_cursor": null }));
}

#[tokio::test]
async fn a_cursor_of_another_customer_is_refused() {
    let shop = Shop::open(router).await;
    let (alice, subscription) = shop.subscriber().await;
    shop.act("subscriptions", &subscription, "renew").await;
    let (bob, _) = shop.subscriber().await;
    let page = alice.get("/subscription/history?limit=1").await.body();
    let refused = bob.get(&format!("/subscription/history?cursor={}", page["next_cursor"].as_str().unwrap())).await;
    assert_eq!((refused.status(), refused.code().as_str()), (400, "cursor_invalid"));
}
