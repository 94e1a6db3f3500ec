//! The Stripe stand-in's webhooks.

use std::collections::HashSet;

use serde_json::{Value, json};
use standins::stripe::{sign, sign_all};

use crate::support::{Endpoint, Received, SECRET, TestStripe, eventually, send};

fn timestamp(signature: &str) -> i64 {
    signature.strip_prefix("t=").and_then(|rest| rest.split(',').next()).unwrap().parse().unwrap()
}

fn types(received: &[Received]) -> Vec<String> {
    received.iter().map(|each| each.json["type"].as_str().unwrap().to_owned()).collect()
}

async fn deliveries(stripe: &TestStripe) -> Vec<Value> {
    let listed = send(stripe.http.get(stripe.url("/admin/deliveries"))).await;
    listed.json["deliveries"].as_array().cloned().unwrap()
}

/// The vector was made with version 16.1.0 of the `stripe` package for Python (`WebhookSignature._compute_signature`).
#[test]
fn a_signature_equals_that_of_stripes_own_library() {
    let header = sign(br#"{"id":"evt_1","object":"event"}"#, "whsec_vector", 1_700_000_000);
    assert_eq!(header, "t=1700000000,v1=054fb216ec215036ac666fdcd7b515d9e87d75ea9803c1d5e36b049f004192ec");
}

#[tokio::test]
async fn events_arrive_in_order_with_signatures_over_the_raw_body() {
    let (endpoint, url) = Endpoint::start().await;
    let stripe = TestStripe::with_webhook(Some(url), &[SECRET, "whsec_new"]);
    stripe.subscription().await;
    let emitted = stripe.event_types().await;

    let received = endpoint.wait_for(emitted.len()).await;

    assert_eq!(types(&received), emitted);
    for each in &received {
        let expected = sign_all(each.body.as_bytes(), &[SECRET, "whsec_new"], timestamp(&each.signature));
        assert_eq!(each.signature, expected);
        assert_eq!(each.json["api_version"], standins::stripe::API_VERSION);
    }
}

#[tokio::test]
async fn a_refused_delivery_is_retried_until_it_is_accepted() {
    let (endpoint, url) = Endpoint::start().await;
    endpoint.statuses.lock().unwrap().extend([500]);
    let stripe = TestStripe::with_webhook(Some(url), &[SECRET]);
    stripe.customer().await;

    let received = endpoint.wait_for(2).await;

    assert_eq!(received[0].body, received[1].body);
    let log = eventually(async || {
        let log = deliveries(&stripe).await;
        (log[0]["state"] == "delivered").then_some(log)
    })
    .await;
    let statuses: Vec<&Value> = log[0]["attempts"].as_array().unwrap().iter().map(|each| &each["status"]).collect();
    assert_eq!(statuses, [&json!(500), &json!(200)]);
}

#[tokio::test]
async fn held_events_are_sent_on_request_in_the_requested_order() {
    let (endpoint, url) = Endpoint::start().await;
    let stripe = TestStripe::with_webhook(Some(url), &[SECRET]);
    stripe.admin("webhooks", json!({ "mode": "hold" })).await;
    stripe.customer().await;
    stripe.customer().await;
    let held = eventually(async || Some(deliveries(&stripe).await).filter(|held| held.len() == 2)).await;
    assert!(endpoint.all().is_empty());
    assert!(held.iter().all(|delivery| delivery["state"] == "held"));
    let ids: Vec<String> = held.iter().rev().map(|each| each["event_id"].as_str().unwrap().to_owned()).collect();

    let sent = stripe.admin("deliver", json!({ "event_ids": ids })).await.json;

    assert_eq!(sent["deliveries"][0]["attempts"][0]["status"], 200);
    let received: Vec<Value> = endpoint.all().iter().map(|each| each.json["id"].clone()).collect();
    assert_eq!(received, ids);
    stripe.admin("deliver", json!({ "event_id": ids[0] })).await;
    assert_eq!(endpoint.all().len(), 3);
    assert_eq!(stripe.admin("deliver", json!({ "event_id": "evt_none" })).await.status, 400);
}

#[tokio::test]
async fn events_are_dropped_duplicated_and_shuffled() {
    let (endpoint, url) = Endpoint::start().await;
    let stripe = TestStripe::with_webhook(Some(url), &[SECRET]);
    stripe.admin("webhooks", json!({ "mode": "drop" })).await;
    stripe.customer().await;
    eventually(async || (deliveries(&stripe).await.len() == 1).then_some(())).await;

    stripe.admin("webhooks", json!({ "mode": "duplicate", "shuffle": true })).await;
    stripe.subscription().await;
    let emitted = stripe.event_types().await.len() - 1;
    let received = endpoint.wait_for(2 * emitted).await;

    assert_eq!(deliveries(&stripe).await[0]["state"], "dropped");
    assert_eq!(received.len(), 2 * emitted);
    let distinct: HashSet<String> = received.iter().map(|each| each.json["id"].to_string()).collect();
    assert_eq!(distinct.len(), emitted);
}

#[tokio::test]
async fn without_a_url_events_are_held_until_one_is_set() {
    let stripe = TestStripe::start();
    stripe.customer().await;
    eventually(async || (deliveries(&stripe).await.len() == 1).then_some(())).await;
    assert_eq!(stripe.admin("deliver", json!({})).await.status, 400);

    let (endpoint, url) = Endpoint::start().await;
    stripe.admin("webhooks", json!({ "url": url })).await;
    stripe.admin("deliver", json!({})).await;

    assert_eq!(types(&endpoint.all()), ["customer.created"]);
}
