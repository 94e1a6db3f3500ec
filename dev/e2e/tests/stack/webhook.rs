//! Stripe's two entry points: the function URL and the gateway.

use std::time::SystemTime;

use e2e::{Answer, Person, variable};
use reqwest::Method;
use serde_json::json;

#[expect(clippy::disallowed_methods, reason = "a signature contains the current time")]
fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_secs()).unwrap()
}

async fn deliver(url: &str, payload: &str, signature: &str) -> Answer {
    let stripe = Person::new();
    let request = stripe.request(Method::POST, url).header("stripe-signature", signature);
    stripe.send(request.header("content-type", "application/json").body(payload.to_owned())).await
}

#[tokio::test]
async fn both_entry_points_accept_a_signed_event_and_refuse_an_unsigned_one() {
    let event = json!({
        "id": format!("evt_{}", uuid::Uuid::new_v4().simple()), "object": "event", "type": "customer.created",
        "created": now(), "data": { "object": { "id": "cus_of_nobody", "object": "customer" } },
    })
    .to_string();
    let signature = standins::stripe::sign(event.as_bytes(), &variable("WEBHOOK_SECRET"), now());
    let gateway = format!("{}/webhook/stripe", variable("API_URL"));
    for url in [variable("WEBHOOK_URL"), gateway] {
        let taken = deliver(&url, &event, &signature).await;
        assert_eq!((taken.status, &taken.body), (200, &json!({ "received": true })), "{url}");
        let forged = deliver(&url, &event, &standins::stripe::sign(event.as_bytes(), "whsec_wrong", now())).await;
        assert_eq!(forged.status, 400, "{url} {}", forged.body);
    }
}
