//! `POST /webhook/stripe`

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lambda_http::request::LambdaRequest;
use serde_json::json;
use shared::domain::Tier;
use standins::stripe::{sign, sign_all};
use testkit::WEBHOOK_SECRET as SECRET;
use tower::ServiceExt;

use crate::shop::Shop;

impl Shop {
    fn time(&self) -> i64 {
        self.api.stack.clock.now().unix()
    }

    async fn rows(&self) -> i64 {
        self.sql.query_one("select count(*) from stripe_events", &[]).await.unwrap().get(0)
    }
}

#[tokio::test]
async fn a_payment_makes_the_user_pro_as_soon_as_its_event_arrives() {
    let shop = Shop::open().await;
    let (user, _) = shop.buyer().await;
    assert_eq!(shop.known(&user).await.tier, Tier::Basic);
    let event = shop.event("checkout.session.completed").await;

    let taken = shop.deliver(&event).await;

    assert_eq!((taken.status(), taken.body()), (200, json!({ "received": true })));
    assert_eq!(shop.known(&user).await.tier, Tier::Pro);
    assert_eq!(shop.recorded(&event).await, Some(true));
}

#[tokio::test]
async fn the_root_of_the_function_url_accepts_events_too() {
    let shop = Shop::open().await;
    let body = json!({ "id": "evt_1", "type": "product.created" }).to_string();
    let header = sign(body.as_bytes(), SECRET, shop.time());
    assert_eq!(shop.send("/", &header, body).await.status(), 200);
}

#[tokio::test]
async fn a_body_that_stripe_did_not_sign_is_refused_and_nothing_is_written() {
    let shop = Shop::open().await;
    let (user, _) = shop.buyer().await;
    let body = shop.event("checkout.session.completed").await.to_string();
    let now = shop.time();
    let altered = sign(format!("{body} ").as_bytes(), SECRET, now);
    let headers = [
        String::new(),
        "t=1".into(),
        "t=1,v1=00".into(),
        altered,
        sign(body.as_bytes(), "whsec_of_somebody_else", now),
        sign(body.as_bytes(), SECRET, now - 301),
        sign(body.as_bytes(), SECRET, now + 301),
    ];
    let mut reasons = BTreeSet::new();
    for header in headers {
        let refused = shop.send("/webhook/stripe", &header, body.clone()).await;
        assert_eq!((refused.status(), refused.code().as_str()), (400, "signature_invalid"), "{header}");
        reasons.insert(refused.body()["detail"].to_string());
    }
    assert_eq!(reasons.len(), 5, "missing, malformed, unsigned, too old, too early: {reasons:?}");
    assert_eq!(shop.rows().await, 0);
    assert_eq!(shop.known(&user).await.tier, Tier::Basic);
}

#[tokio::test]
async fn during_a_rotation_either_secret_and_either_signature_is_accepted() {
    let shop = Shop::open().await;
    let body = json!({ "id": "evt_1", "type": "product.created" }).to_string();
    let now = shop.time();
    for header in [
        sign(body.as_bytes(), "whsec_older", now),
        sign_all(body.as_bytes(), &["whsec_older", SECRET], now),
        sign_all(body.as_bytes(), &["whsec_strange", SECRET], now),
        sign_all(body.as_bytes(), &[SECRET, "whsec_strange"], now),
    ] {
        assert_eq!(shop.send("/webhook/stripe", &header, body.clone()).await.status(), 200, "{header}");
    }
}

#[tokio::test]
async fn a_body_of_a_mebibyte_is_accepted_and_a_larger_one_refused() {
    let shop = Shop::open().await;
    let body = |size: usize| {
        let event = json!({ "id": "evt_1", "type": "product.created", "text": "" }).to_string();
        event.replace("\"\"", &format!("\"{}\"", "x".repeat(size - event.len())))
    };
    let largest = body(1024 * 1024);
    let header = sign(largest.as_bytes(), SECRET, shop.time());
    assert_eq!(shop.send("/webhook/stripe", &header, largest).await.status(), 200);
    let larger = body(1024 * 1024 + 1);
    let header = sign(larger.as_bytes(), SECRET, shop.time());
    let refused = shop.send("/webhook/stripe", &header, larger).await;
    assert_eq!((refused.status(), refused.code().as_str()), (413, "payload_too_large"));
}

#[tokio::test]
async fn a_body_is_refused_by_its_length_then_by_its_signature_and_only_then_read() {
    let shop = Shop::open().await;
    let refusal = async |header: &str, body: &str| {
        let refused = shop.send("/webhook/stripe", header, body.to_owned()).await;
        (refused.status(), refused.code())
    };
    let (large, now) = ("[".repeat(1024 * 1024 + 1), shop.time());
    for header in ["", "t=1,v1=0", &sign(large.as_bytes(), SECRET, now)] {
        assert_eq!(refusal(header, &large).await, (413, "payload_too_large".into()), "{header}");
    }
    let old = sign(b"no JSON", SECRET, now - 301);
    for header in ["", "t=1", &format!("t={now},v1={}", "0".repeat(64)), &format!("t={now},v1=0"), &old] {
        assert_eq!(refusal(header, "no JSON").await, (400, "signature_invalid".into()), "{header}");
    }
    assert_eq!(refusal(&sign(b"no JSON", SECRET, now), "no JSON").await, (400, "malformed_request".into()));
}

#[tokio::test]
async fn a_signed_body_that_is_not_an_event_is_malformed() {
    let shop = Shop::open().await;
    for body in ["", "[]", "{\"id\": 1}", "{\"id\":\"evt_1\"", "\u{0}"] {
        let header = sign(body.as_bytes(), SECRET, shop.time());
        let refused = shop.send("/webhook/stripe", &header, body).await;
        assert_eq!((refused.status(), refused.code().as_str()), (400, "malformed_request"), "{body}");
    }
    assert_eq!(shop.rows().await, 0);
}

#[tokio::test]
async fn nul_in_a_field_that_is_stored_makes_it_unusable_and_nothing_else() {
    const NUL: &str = "x\u{0}";
    let shop = Shop::open().await;
    let event = json!({ "id": "evt_1", "type": "invoice.paid", "data": { "object": { "customer": "cus_1" } } });
    for field in ["id", "type"] {
        let mut event = event.clone();
        event[field] = json!(NUL);
        let refused = shop.deliver(&event).await;
        assert_eq!((refused.status(), refused.code().as_str()), (400, "malformed_request"), "{field}");
    }
    let object = |field: &str| json!({ "id": format!("evt_{field}"), "type": "refund.failed", "data": { "object": { field: NUL } } });
    let related = |field: &str| {
        let mut related = json!({ "id": "in_1", "type": "invoice", "url": "/v1/invoices/in_1" });
        related[field] = json!(NUL);
        json!({ "id": format!("evt_of_{field}"), "object": "v2.core.event", "type": "v1.invoice.paid", "related_object": related })
    };
    let objects = ["id", "customer", "charge", "payment_intent"].map(object);
    for event in objects.into_iter().chain(["id", "type", "url"].map(related)) {
        assert_eq!(shop.deliver(&event).await.status(), 200, "{event}");
        assert_eq!(shop.recorded(&event).await, Some(true), "{event}");
    }
}

#[tokio::test]
async fn the_bytes_are_the_same_when_the_gateway_sends_them_in_base64() {
    let shop = Shop::open().await;
    let body = json!({ "id": "evt_base64", "type": "product.created", "name": "Zoë" }).to_string();
    let header = sign(body.as_bytes(), SECRET, shop.time());
    let event = json!({
        "version": "2.0", "routeKey": "$default", "rawPath": "/", "rawQueryString": "",
        "headers": { "stripe-signature": header, "content-type": "application/json" },
        "requestContext": {
            "accountId": "anonymous", "apiId": "x", "domainName": "x.lambda-url.eu-west-1.on.aws", "domainPrefix": "x",
            "http": { "method": "POST", "path": "/", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "Stripe/1.0" },
            "requestId": "r", "routeKey": "$default", "stage": "$default", "time": "x", "timeEpoch": 0
        },
        "body": STANDARD.encode(&body), "isBase64Encoded": true
    });
    let request: LambdaRequest = serde_json::from_value(event).unwrap();
    let request: lambda_http::Request = request.into();
    let request = request.map(|body| axum::body::Body::from(body.to_vec()));

    let taken = shop.api.router_of(stripe_webhook::router).oneshot(request).await.unwrap();

    assert_eq!(taken.status(), 200);
    assert_eq!(shop.recorded(&json!({ "id": "evt_base64" })).await, Some(true));
}

#[tokio::test]
async fn an_unknown_type_is_recorded_and_ignored() {
    let shop = Shop::open().await;
    let (_, _) = shop.buyer().await;
    let before = shop.calls().await.len();
    let event = json!({ "id": "evt_1", "type": "customer.hibernated", "data": { "object": { "customer": "cus_1" } } });
    assert_eq!(shop.deliver(&event).await.status(), 200);
    assert_eq!(shop.recorded(&event).await, Some(true));
    assert_eq!(shop.calls().await.len(), before, "Stripe is not asked");
}

#[tokio::test]
async fn an_event_of_an_unknown_customer_is_recorded_and_ignored() {
    let shop = Shop::open().await;
    let event = json!({ "id": "evt_1", "type": "invoice.paid", "data": { "object": { "customer": "cus_strange" } } });
    assert_eq!(shop.deliver(&event).await.status(), 200);
    assert_eq!(shop.recorded(&event).await, Some(true));
}

#[tokio::test]
async fn a_repeated_event_does_nothing() {
    let shop = Shop::open().await;
    let (user, _) = shop.buyer().await;
    let event = shop.event("checkout.session.completed").await;
    shop.deliver(&event).await;
    let before = shop.calls().await.len();

    assert_eq!(shop.deliver(&event).await.status(), 200);

    assert_eq!(shop.calls().await.len(), before, "Stripe is not asked");
    assert_eq!(shop.known(&user).await.tier, Tier::Pro);
}

#[tokio::test]
async fn an_event_that_failed_is_not_marked_as_processed_and_is_processed_when_it_is_repeated() {
    let shop = Shop::open().await;
    let (user, _) = shop.buyer().await;
    let event = shop.event("checkout.session.completed").await;
    shop.admin("fail", json!({ "status": 500, "times": 3, "path_prefix": "/v1/subscriptions" })).await;

    let failed = shop.deliver(&event).await;

    assert_eq!((failed.status(), failed.code().as_str()), (503, "unavailable"));
    assert_eq!(shop.recorded(&event).await, Some(false));
    assert_eq!(shop.known(&user).await.tier, Tier::Basic);
    assert_eq!(shop.deliver(&event).await.status(), 200);
    assert_eq!(shop.recorded(&event).await, Some(true));
    assert_eq!(shop.known(&user).await.tier, Tier::Pro);
}

#[tokio::test]
async fn without_postgres_stripe_is_told_to_retry() {
    let shop = Shop::open().await;
    let event = json!({ "id": "evt_1", "type": "invoice.paid", "data": { "object": { "customer": "cus_1" } } });
    shop.sql.batch_execute("alter table stripe_events rename to elsewhere").await.unwrap();
    assert!(shop.deliver(&event).await.status() >= 500);
    shop.sql.batch_execute("alter table elsewhere rename to stripe_events").await.unwrap();
    assert_eq!(shop.deliver(&event).await.status(), 200);
}

#[tokio::test]
async fn concurrent_deliveries_of_one_event_leave_one_record_and_the_right_state() {
    let shop = Shop::open().await;
    let (user, _) = shop.buyer().await;
    let event = shop.event("checkout.session.completed").await;
    let before = shop.count("GET /v1/subscriptions").await;
    let deliveries = (0..12).map(|_| shop.deliver(&event));
    let answers: Vec<_> = futures_util::future::join_all(deliveries).await;
    assert!(answers.iter().all(|answer| answer.status() == 200));
    assert_eq!(shop.rows().await, 1);
    assert_eq!(shop.known(&user).await.tier, Tier::Pro);
    assert_eq!(shop.count("GET /v1/subscriptions").await, before + 1, "Stripe is asked once");
}
