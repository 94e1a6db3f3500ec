//! What an account is set up with: products, prices, the portal's configurations, webhook endpoints.

use serde_json::{Value, json};
use standins::stripe::{API_VERSION, sign};

use crate::support::{Endpoint, PRICE, TestStripe, eventually, id};

/// A product and the fields of a monthly price of it.
async fn product(stripe: &TestStripe) -> String {
    let made = stripe.post("/v1/products", &[("name", "Chat Pro"), ("metadata[managed_by]", "chat-backend")]).await;
    assert_eq!((made.status, &made.json["name"]), (200, &json!("Chat Pro")), "{}", made.text);
    id(&made.json)
}

fn price<'a>(product: &'a str, amount: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![("product", product), ("currency", "eur"), ("unit_amount", amount), ("recurring[interval]", "month")]
}

#[tokio::test]
async fn a_product_and_its_price_are_made_changed_and_sold() {
    let stripe = TestStripe::start();
    let product = product(&stripe).await;
    let made = stripe.post("/v1/prices", &price(&product, "1299")).await.json;
    assert_eq!(
        (&made["unit_amount"], &made["currency"], &made["recurring"]["interval"]),
        (&json!(1299), &json!("eur"), &json!("month"))
    );
    let renamed = stripe.post(&format!("/v1/products/{product}"), &[("name", "Pro"), ("description", "More")]).await;
    assert_eq!((&renamed.json["name"], &renamed.json["description"]), (&json!("Pro"), &json!("More")));
    assert_eq!(renamed.json["metadata"], json!({ "managed_by": "chat-backend" }));

    let customer = stripe.customer().await;
    let params = [
        ("mode", "subscription"),
        ("customer", customer.as_str()),
        ("line_items[0][price]", made["id"].as_str().unwrap()),
        ("line_items[0][quantity]", "1"),
        ("success_url", "https://app.example/ok"),
    ];
    assert_eq!(stripe.post("/v1/checkout/sessions", &params).await.json["amount_total"], 1299);

    let retired = stripe.post(&format!("/v1/prices/{}", id(&made)), &[("active", "false")]).await.json;
    assert_eq!(retired["active"], false);
    for (path, form) in [
        ("/v1/products", vec![]),
        ("/v1/products", vec![("name", "x"), ("colour", "red")]),
        ("/v1/prices", price("prod_none", "1")),
        ("/v1/prices", price(&product, "many")),
        ("/v1/prices", vec![("product", product.as_str()), ("currency", "eur"), ("unit_amount", "1")]),
        (&format!("/v1/prices/{PRICE}"), vec![("unit_amount", "1")]),
    ] {
        assert_eq!(stripe.post(path, &form).await.status, 400, "{path} {form:?}");
    }
}

#[tokio::test]
async fn a_lookup_key_belongs_to_one_price_and_moves_only_if_that_is_said() {
    let stripe = TestStripe::start();
    let product = product(&stripe).await;
    let keyed = |amount, transfer: bool| {
        let mut form = price(&product, amount);
        form.push(("lookup_key", "pro"));
        form.extend(transfer.then_some(("transfer_lookup_key", "true")));
        form
    };
    let first = stripe.post("/v1/prices", &keyed("100", false)).await.json;
    let refused = stripe.post("/v1/prices", &keyed("200", false)).await;
    assert!(refused.status == 400 && refused.text.contains("already uses that lookup key"), "{}", refused.text);
    let second = stripe.post("/v1/prices", &keyed("200", true)).await.json;
    let found = stripe.get("/v1/prices?lookup_keys[]=pro&expand[]=data.product").await.json;
    assert_eq!((found["data"].as_array().unwrap().len(), id(&found["data"][0])), (1, id(&second)));
    assert_eq!(found["data"][0]["product"]["id"], product.as_str());
    assert_eq!(stripe.get(&format!("/v1/prices/{}", id(&first))).await.json["lookup_key"], Value::Null);
}

#[tokio::test]
async fn a_configuration_of_the_portal_is_used_by_sessions_that_name_it() {
    let stripe = TestStripe::start();
    let default = stripe.get("/v1/billing_portal/configurations?is_default=true").await.json;
    assert_eq!(default["data"].as_array().unwrap().len(), 1);
    let form = [
        ("features[subscription_cancel][enabled]", "true"),
        ("features[subscription_cancel][mode]", "at_period_end"),
        ("features[invoice_history][enabled]", "true"),
        ("features[customer_update][enabled]", "true"),
        ("features[customer_update][allowed_updates][0]", "email"),
        ("metadata[managed_by]", "chat-backend"),
    ];
    let made = stripe.post("/v1/billing_portal/configurations", &form).await.json;
    assert_eq!((&made["is_default"], &made["active"]), (&json!(false), &json!(true)), "{made}");
    assert_eq!(made["features"]["customer_update"], json!({ "allowed_updates": ["email"], "enabled": true }));
    let path = format!("/v1/billing_portal/configurations/{}", id(&made));
    let changed = stripe.post(&path, &[("features[payment_method_update][enabled]", "true")]).await.json;
    assert_eq!(changed["features"]["payment_method_update"]["enabled"], true);
    assert_eq!(stripe.get(&path).await.json, changed);

    let customer = stripe.customer().await;
    let session = async |form: &[(&str, &str)]| {
        stripe.post("/v1/billing_portal/sessions", &[&[("customer", customer.as_str())], form].concat()).await
    };
    stripe.admin("portal", json!({ "configured": false })).await;
    assert_eq!(session(&[]).await.status, 400, "there is no default any more");
    assert_eq!(session(&[("configuration", "bpc_none")]).await.status, 400);
    let named = session(&[("configuration", &id(&made))]).await.json;
    assert_eq!(named["configuration"], made["id"]);
    stripe.admin("portal", json!({ "configured": true })).await;
    let default = stripe.get("/v1/billing_portal/configurations?is_default=true").await.json;
    assert_eq!(session(&[]).await.json["configuration"], default["data"][0]["id"]);
    assert_eq!(stripe.post("/v1/billing_portal/configurations", &form[5..]).await.status, 400, "features are needed");
}

#[tokio::test]
async fn an_endpoint_gets_the_events_that_it_asked_for_signed_with_its_own_secret() {
    let (endpoint, url) = Endpoint::start().await;
    let stripe = TestStripe::start();
    let form = [
        ("url", url.as_str()),
        ("enabled_events[0]", "customer.created"),
        ("api_version", API_VERSION),
        ("metadata[stage]", "prod"),
    ];
    let made = stripe.post("/v1/webhook_endpoints", &form).await.json;
    let secret = made["secret"].as_str().unwrap().to_owned();
    assert!(secret.starts_with("whsec_"), "{made}");
    let path = format!("/v1/webhook_endpoints/{}", id(&made));
    assert_eq!(stripe.get(&path).await.json["secret"], Value::Null, "only the first answer has it");

    let customer = stripe.customer().await;
    stripe.post(&format!("/v1/customers/{customer}"), &[("name", "Ann")]).await;
    let [received] = endpoint.wait_for(1).await.try_into().ok().unwrap();
    let time = received.signature[2..12].parse().unwrap();
    assert_eq!(received.signature, sign(received.body.as_bytes(), &secret, time));

    stripe.post(&path, &[("enabled_events[0]", "customer.updated"), ("metadata[stage]", "")]).await;
    stripe.post(&format!("/v1/customers/{customer}"), &[("name", "Bea")]).await;
    let received = endpoint.wait_for(2).await;
    assert_eq!(received[1].json["type"], "customer.updated");

    assert_eq!(stripe.post(&path, &[("disabled", "true")]).await.json["status"], "disabled");
    stripe.post(&format!("/v1/customers/{customer}"), &[("name", "Cat")]).await;
    assert_eq!(stripe.delete(&path).await.json["deleted"], true);
    assert_eq!(stripe.get(&path).await.status, 404);
    assert!(stripe.get("/v1/webhook_endpoints").await.json["data"].as_array().unwrap().is_empty());
    let held = eventually(async || {
        let log = crate::support::send(stripe.http.get(stripe.url("/admin/deliveries"))).await;
        let all = log.json["deliveries"].as_array().cloned().unwrap();
        (all.len() == 4).then_some(all)
    });
    assert_eq!(held.await[3]["state"], "held", "a disabled endpoint gets nothing");
    assert_eq!(endpoint.all().len(), 2);
}

#[tokio::test]
async fn a_restricted_key_is_told_which_permission_it_lacks() {
    let stripe = TestStripe::start();
    stripe.admin("fail", json!({ "status": 403, "path_prefix": "/v1/webhook_endpoints" })).await;
    let refused = stripe.get("/v1/webhook_endpoints").await;
    assert_eq!((refused.status, &refused.json["error"]["type"]), (403, &json!("invalid_request_error")));
    assert!(refused.text.contains("'rak_webhook_endpoint_write'"), "{}", refused.text);
}
