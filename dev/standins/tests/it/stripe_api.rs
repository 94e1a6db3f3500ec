//! The Stripe stand-in's API: shapes, strictness, idempotency, lists, failures.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{PRICE, TestStripe, id, send};

#[tokio::test]
async fn a_key_and_the_pinned_version_are_required() {
    let stripe = TestStripe::start();
    let url = stripe.url(&format!("/v1/prices/{PRICE}"));
    let version = standins::stripe::API_VERSION;

    let none = send(stripe.http.get(&url).header("stripe-version", version)).await;
    let bad = send(stripe.http.get(&url).bearer_auth("nonsense").header("stripe-version", version)).await;
    let unpinned = send(stripe.http.get(&url).bearer_auth("sk_test_1")).await;
    let old = send(stripe.http.get(&url).bearer_auth("sk_test_1").header("stripe-version", "2024-06-20")).await;
    let good = stripe.get(&format!("/v1/prices/{PRICE}")).await;

    assert_eq!([none.status, bad.status, unpinned.status, old.status, good.status], [401, 401, 400, 400, 200]);
    assert_eq!(none.json["error"]["type"], "invalid_request_error");
    assert_eq!((&good.json["object"], &good.json["recurring"]["interval"]), (&json!("price"), &json!("month")));
}

#[tokio::test]
async fn unknown_empty_malformed_and_missing_parameters_are_named() {
    let stripe = TestStripe::start();
    let error = async |params: &[(&str, &str)]| {
        let reply = stripe.post("/v1/checkout/sessions", params).await;
        assert_eq!(reply.status, 400, "{}", reply.text);
        (reply.json["error"]["code"].clone(), reply.json["error"]["param"].clone())
    };

    assert_eq!(error(&[("colour", "red")]).await, (json!("parameter_unknown"), json!("colour")));
    let nested = error(&[("line_items[0][colour]", "red")]).await;
    assert_eq!(nested, (json!("parameter_unknown"), json!("line_items[0][colour]")));
    assert_eq!(error(&[("customer", "")]).await, (json!("parameter_invalid_empty"), json!("customer")));
    assert_eq!(error(&[]).await, (json!("parameter_missing"), json!("mode")));
    let session = [("mode", "subscription"), ("success_url", "nowhere")];
    assert_eq!(error(&session).await, (json!("url_invalid"), json!("success_url")));
    let price = [
        ("mode", "subscription"),
        ("success_url", "https://a.example"),
        ("line_items[0][price]", "price_x"),
        ("line_items[0][quantity]", "1"),
    ];
    assert_eq!(error(&price).await, (json!("resource_missing"), json!("line_items[0][price]")));

    let json_body = send(stripe.request("POST", "/v1/customers").json(&json!({ "email": "a@b.c" }))).await;
    assert_eq!(json_body.status, 400);
    let utf8 = send(
        stripe
            .request("POST", "/v1/customers")
            .header("content-type", "application/x-www-form-urlencoded")
            .body("name=%FF"),
    )
    .await;
    assert_eq!(utf8.status, 400);
}

#[tokio::test]
async fn a_customer_is_made_changed_and_deleted() {
    let stripe = TestStripe::start();
    let customer = stripe.customer().await;
    assert!(customer.starts_with("cus_"));

    let changed = stripe
        .post(&format!("/v1/customers/{customer}"), &[("name", "Ann"), ("email", ""), ("metadata[user_id]", "")])
        .await;
    assert_eq!((&changed.json["name"], &changed.json["email"]), (&json!("Ann"), &Value::Null));
    assert_eq!(changed.json["metadata"], json!({}));

    let deleted = stripe.delete(&format!("/v1/customers/{customer}")).await;
    assert_eq!(deleted.json, json!({ "id": customer, "object": "customer", "deleted": true }));
    assert_eq!(stripe.get(&format!("/v1/customers/{customer}")).await.json["deleted"], true);
    assert_eq!(stripe.delete(&format!("/v1/customers/{customer}")).await.status, 404);
    assert_eq!(stripe.event_types().await, ["customer.created", "customer.updated", "customer.deleted"]);
    let portal = stripe.post("/v1/billing_portal/sessions", &[("customer", &customer)]).await;
    assert_eq!((portal.status, &portal.json["error"]["code"]), (400, &json!("resource_missing")));
}

#[tokio::test]
async fn a_repeated_idempotency_key_returns_the_first_answer() {
    let stripe = TestStripe::start();
    let post = async |email: &str| {
        let request = stripe.request("POST", "/v1/customers").header("idempotency-key", "k1");
        send(request.form(&[("email", email)])).await
    };

    let (first, again, other) = (post("a@x.example").await, post("a@x.example").await, post("b@x.example").await);

    assert_eq!(first.json, again.json);
    assert!(first.headers.get("idempotent-replayed").is_none());
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(again.headers["original-request"], first.headers["request-id"]);
    assert_eq!((other.status, &other.json["error"]["type"]), (400, &json!("idempotency_error")));
    assert_eq!(stripe.event_types().await, ["customer.created"]);
    let event = stripe.get("/v1/events").await.json["data"][0].clone();
    assert_eq!(event["request"]["idempotency_key"], "k1");
}

#[tokio::test]
async fn a_key_in_use_is_a_conflict_and_an_abandoned_call_is_still_finished() {
    let stripe = TestStripe::start();
    stripe.admin("fail", json!({ "delay_ms": 400 })).await;
    let request = || stripe.request("POST", "/v1/customers").header("idempotency-key", "k1").form(&[("name", "Ann")]);

    let hung_up = request().timeout(Duration::from_millis(100)).send().await;
    let conflict = send(request()).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let replayed = send(request()).await;

    assert!(hung_up.is_err());
    assert_eq!((conflict.status, &conflict.json["error"]["code"]), (409, &json!("idempotency_key_in_use")));
    assert_eq!((replayed.status, &replayed.json["name"]), (200, &json!("Ann")));
    assert_eq!(replayed.headers["idempotent-replayed"], "true");
}

#[tokio::test]
async fn injected_failures_happen_before_or_after_a_call_takes_effect() {
    let stripe = TestStripe::start();
    stripe.admin("fail", json!({ "status": 500, "times": 1, "path_prefix": "/v1/customers" })).await;
    let untouched = stripe.get(&format!("/v1/prices/{PRICE}")).await;
    let before = stripe.post("/v1/customers", &[("name", "Ann")]).await;
    assert_eq!((untouched.status, before.status), (200, 500));
    assert_eq!(before.json["error"]["type"], "api_error");
    assert!(stripe.event_types().await.is_empty());

    stripe.admin("fail", json!({ "status": 503, "after": true, "method": "POST" })).await;
    let request = || stripe.request("POST", "/v1/customers").header("idempotency-key", "k2").form(&[("name", "Ann")]);
    let lost = send(request()).await;
    let retried = send(request()).await;
    assert_eq!((lost.status, retried.status), (503, 200));
    assert_eq!(stripe.event_types().await, ["customer.created"]);

    stripe.admin("fail", json!({ "delay_ms": 150 })).await;
    let began = Instant::now();
    assert_eq!(stripe.get("/v1/events").await.status, 200);
    assert!(began.elapsed() >= Duration::from_millis(150));
    assert_eq!(stripe.admin("fail", json!({ "status": 200 })).await.status, 400);
}

#[tokio::test]
async fn lists_come_in_pages_newest_first() {
    let stripe = TestStripe::start();
    let mut made = Vec::new();
    for _ in 0..5 {
        made.push(stripe.customer().await);
    }
    made.reverse();

    let first = stripe.get("/v1/customers?limit=2").await.json;
    let after = made[1].clone();
    let rest = stripe.get(&format!("/v1/customers?limit=3&starting_after={after}")).await.json;

    let ids = |list: &Value| list["data"].as_array().unwrap().iter().map(id).collect::<Vec<_>>();
    assert_eq!((ids(&first), &first["has_more"]), (made[..2].to_vec(), &json!(true)));
    assert_eq!((ids(&rest), &rest["has_more"]), (made[2..].to_vec(), &json!(false)));
    assert_eq!((&first["object"], &first["url"]), (&json!("list"), &json!("/v1/customers")));
    for bad in ["limit=0", "limit=101", "limit=x", "starting_after=cus_none", "ending_before=cus_none", "page=2"] {
        assert_eq!(stripe.get(&format!("/v1/customers?{bad}")).await.status, 400, "{bad}");
    }
}

#[tokio::test]
async fn events_are_filtered_by_type_and_time() {
    let stripe = TestStripe::start();
    stripe.subscription().await;
    let types = async |query: &str| {
        let listed = stripe.get(&format!("/v1/events?limit=100&{query}")).await;
        assert_eq!(listed.status, 200, "{}", listed.text);
        let data = listed.json["data"].as_array().cloned().unwrap();
        data.iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };

    assert_eq!(
        types("types[]=invoice.paid&types[]=checkout.session.completed").await,
        ["checkout.session.completed", "invoice.paid"]
    );
    assert_eq!(types("type=customer.subscription.*").await, ["customer.subscription.created"]);
    assert!(types("created[gte]=4102444800").await.is_empty());
    assert!(types("created[gte]=1").await.len() > 5);
    let newest = stripe.get("/v1/events?limit=1").await.json["data"][0].clone();
    assert_eq!(stripe.get(&format!("/v1/events/{}", id(&newest))).await.json, newest);
}

#[tokio::test]
async fn calls_are_logged_with_parameters_and_key() {
    let stripe = TestStripe::start();
    let request = stripe.request("POST", "/v1/customers").header("idempotency-key", "k9");
    send(request.form(&[("metadata[user_id]", "u1")])).await;

    let calls = send(stripe.http.get(stripe.url("/admin/calls"))).await.json["calls"].clone();

    assert_eq!(calls[0]["method"], "POST");
    assert_eq!(calls[0]["path"], "/v1/customers");
    assert_eq!(calls[0]["params"], json!({ "metadata[user_id]": "u1" }));
    assert_eq!(calls[0]["idempotency_key"], "k9");
    assert_eq!(stripe.admin("reset", json!({})).await.status, 204);
    assert!(stripe.event_types().await.is_empty());
}

#[tokio::test]
async fn an_unknown_path_returns_stripes_404() {
    let stripe = TestStripe::start();
    for (method, path) in [("GET", "/v1/nothing"), ("DELETE", "/v1/events"), ("PUT", "/v1/customers")] {
        let reply = send(stripe.request(method, path)).await;
        assert_eq!((reply.status, &reply.json["error"]["type"]), (404, &json!("invalid_request_error")), "{path}");
    }
}
