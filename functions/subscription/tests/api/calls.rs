//! Calls to Stripe: retried within limits, and without secrets in errors.

use serde_json::{Value, json};
use shared::Fault;
use shared::config::Env;
use shared::stripe::Stripe;
use subscription::router;
use testkit::Shop;

#[tokio::test]
async fn a_call_is_tried_up_to_three_times_if_stripe_is_busy_or_broken() {
    let shop = Shop::open(router).await;
    for status in [409, 429, 500, 503] {
        shop.admin("fail", json!({ "status": status, "times": 2, "path_prefix": "/v1/prices" })).await;
        let before = shop.count("GET /v1/prices/price_pro").await;
        let price: Value = shop.billing.stripe.get(&["prices", "price_pro"], &[]).await.unwrap();
        assert_eq!(price["id"], "price_pro", "{status}");
        assert_eq!(shop.count("GET /v1/prices/price_pro").await - before, 3);
    }
    shop.admin("fail", json!({ "status": 500, "times": 4, "path_prefix": "/v1/prices" })).await;
    assert!(shop.billing.stripe.get::<Value>(&["prices", "price_pro"], &[]).await.is_err());
}

#[tokio::test]
async fn a_refused_call_is_not_retried() {
    let shop = Shop::open(router).await;
    let refused = shop.billing.stripe.get::<Value>(&["subscriptions", "sub_unknown"], &[]).await.unwrap_err();
    assert!(refused.is_missing());
    assert_eq!(shop.count("GET /v1/subscriptions/sub_unknown").await, 1);
}

#[tokio::test]
async fn an_id_cannot_change_the_path() {
    let shop = Shop::open(router).await;
    assert!(shop.billing.stripe.get::<Value>(&["charges", "../customers?limit=1"], &[]).await.is_err());
    assert!(!shop.calls().await.contains(&"GET /v1/customers".to_owned()));
}

#[tokio::test]
async fn an_error_names_stripes_code_and_neither_the_key_nor_the_message() {
    let shop = Shop::open(router).await;
    let base = shop.api.stack.setting("STRIPE_API_BASE").to_owned();
    let env = Env::from_fn(move |name| match name {
        "STRIPE_SECRET_KEY" => Some("pk_secret_of_somebody".into()),
        "STRIPE_API_BASE" => Some(base.clone()),
        _ => None,
    });
    let error = Stripe::from_env(&env).unwrap().get::<Value>(&["prices", "price_pro"], &[]).await.unwrap_err();
    let text = Fault::from(error).to_string();
    assert!(text.starts_with("stripe: 401 invalid_request_error (request req_"), "{text}");
    assert!(!text.contains("pk_secret"), "{text}");
}

#[tokio::test]
async fn a_call_without_a_response_fails_and_does_not_hang() {
    shared::tls::install_provider();
    let env = Env::from_fn(|name| match name {
        "STRIPE_SECRET_KEY" => Some("sk_test_x".into()),
        "STRIPE_API_BASE" => Some("http://127.0.0.1:9".into()),
        _ => None,
    });
    let began = std::time::Instant::now();
    assert!(Stripe::from_env(&env).unwrap().get::<Value>(&["prices", "price_pro"], &[]).await.is_err());
    assert!(began.elapsed().as_secs() < 10);
}
