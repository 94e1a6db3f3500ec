//! An account that outlives its stand-in.

use std::env;
use std::fs;
use std::time::Duration;

use serde_json::json;
use standins::Stripe;
use standins::stripe::{API_VERSION, Config, sign};

use crate::support::{Endpoint, PRICE, client, eventually, send};

fn config() -> Config {
    let addr = "127.0.0.1:0".parse().unwrap();
    Config { addr, webhook_url: None, webhook_secrets: Vec::new(), price_id: PRICE.to_owned() }
}

async fn call(stripe: &Stripe, path: &str, form: Option<&[(&str, &str)]>) -> serde_json::Value {
    let url = format!("{}{path}", stripe.url());
    let request = match form {
        Some(form) => client().post(url).form(form),
        None => client().get(url),
    };
    let request = request.bearer_auth("sk_test_1").header("stripe-version", API_VERSION);
    send(request).await.json
}

#[tokio::test]
async fn a_stand_in_that_is_started_again_knows_its_customers_and_their_open_checkout() {
    let file = env::temp_dir().join(format!("stripe-standin-{}.json", std::process::id()));
    let first = Stripe::start_kept(config(), file.clone()).unwrap();
    let customer = call(&first, "/v1/customers", Some(&[("name", "Ada")])).await;
    let customer = customer["id"].as_str().unwrap().to_owned();
    let form = [
        ("mode", "subscription"),
        ("customer", customer.as_str()),
        ("line_items[0][price]", PRICE),
        ("line_items[0][quantity]", "1"),
        ("success_url", "https://app.example/ok"),
        ("cancel_url", "https://app.example/back"),
    ];
    let session = call(&first, "/v1/checkout/sessions", Some(&form)).await;
    let session = session["id"].as_str().unwrap().to_owned();
    eventually(async || fs::read_to_string(&file).ok().filter(|text| text.contains(&session))).await;
    drop(first);

    let second = Stripe::start_kept(config(), file.clone()).unwrap();
    assert_eq!(call(&second, &format!("/v1/customers/{customer}"), None).await["name"], "Ada");
    let known = call(&second, &format!("/v1/checkout/sessions/{session}"), None).await;
    assert_eq!(known["url"], format!("{}/pay/{session}", second.url()), "its page is where the stand-in is now");
    let pay = client().post(format!("{}/admin/sessions/{session}", second.url())).json(&json!({ "action": "pay" }));
    assert_eq!(send(pay).await.status, 200);
    let subscriptions = call(&second, &format!("/v1/subscriptions?customer={customer}"), None).await;
    assert_eq!(subscriptions["data"][0]["status"], "active");

    drop(second);
    tokio::time::sleep(Duration::from_millis(10)).await;
    fs::remove_file(file).unwrap();
}

#[tokio::test]
async fn a_webhook_endpoint_and_its_secret_outlive_the_stand_in() {
    let (endpoint, url) = Endpoint::start().await;
    let file = env::temp_dir().join(format!("stripe-standin-hook-{}.json", std::process::id()));
    let first = Stripe::start_kept(config(), file.clone()).unwrap();
    let form = [("url", url.as_str()), ("enabled_events[0]", "*")];
    let made = call(&first, "/v1/webhook_endpoints", Some(&form)).await;
    let (id, secret) = (made["id"].as_str().unwrap(), made["secret"].as_str().unwrap());
    eventually(async || fs::read_to_string(&file).ok().filter(|text| text.contains(id))).await;
    drop(first);

    let second = Stripe::start_kept(config(), file.clone()).unwrap();
    call(&second, "/v1/customers", Some(&[("name", "Ada")])).await;
    let received = endpoint.wait_for(1).await;
    let time = received[0].signature[2..12].parse().unwrap();
    assert_eq!(received[0].signature, sign(received[0].body.as_bytes(), secret, time));
    drop(second);
    tokio::time::sleep(Duration::from_millis(10)).await;
    fs::remove_file(file).unwrap();
}
