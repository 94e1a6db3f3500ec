//! The pages that a person sees, used like a browser without scripts.

use serde_json::{Value, json};

use crate::support::{Reply, TestStripe, id, send};

async fn open(stripe: &TestStripe, url: &Value) -> Reply {
    send(stripe.http.get(url.as_str().unwrap())).await
}

async fn press(stripe: &TestStripe, url: &Value, fields: &[(&str, &str)]) -> Reply {
    send(stripe.http.post(url.as_str().unwrap()).form(fields)).await
}

#[tokio::test]
async fn pay_completes_the_session_and_returns_to_the_app() {
    let stripe = TestStripe::start();
    let session = stripe.session().await;

    let page = open(&stripe, &session["url"]).await;
    let paid = press(&stripe, &session["url"], &[("action", "pay")]).await;

    assert!(page.text.contains("$9.99") && page.text.contains("name=\"viewport\"") && !page.text.contains("<script"));
    assert_eq!(paid.status, 303);
    let target = format!("https://app.example/ok?session={}", id(&session));
    assert_eq!(paid.headers["location"].to_str().unwrap(), target);
    let now = stripe.get(&format!("/v1/checkout/sessions/{}", id(&session))).await.json;
    assert_eq!((&now["status"], now["subscription"].is_string()), (&json!("complete"), true));
    assert!(open(&stripe, &session["url"]).await.text.contains("all done here"));
}

#[tokio::test]
async fn a_declined_payment_shows_an_error_and_leaves_the_session_open() {
    let stripe = TestStripe::start();
    let session = stripe.session().await;

    let declined = press(&stripe, &session["url"], &[("action", "decline")]).await;

    assert_eq!(declined.status, 200);
    assert!(declined.text.contains("Your card was declined."));
    assert!(declined.text.contains("href=\"https://app.example/back\""));
    let now = stripe.get(&format!("/v1/checkout/sessions/{}", id(&session))).await.json;
    assert_eq!((&now["status"], &now["subscription"]), (&json!("open"), &Value::Null));
    assert_eq!(press(&stripe, &session["url"], &[("action", "pay")]).await.status, 303);
}

#[tokio::test]
async fn an_expired_or_unknown_session_cannot_be_paid() {
    let stripe = TestStripe::start();
    let session = stripe.session().await;
    stripe.post(&format!("/v1/checkout/sessions/{}/expire", id(&session)), &[]).await;

    let expired = press(&stripe, &session["url"], &[("action", "pay")]).await;
    let unknown = send(stripe.http.get(stripe.url("/pay/cs_test_none"))).await;
    let no_button = press(&stripe, &session["url"], &[("action", "steal")]).await;

    assert_eq!((expired.status, unknown.status, no_button.status), (410, 404, 400));
    assert!(!stripe.event_types().await.contains(&"invoice.paid".to_owned()));
}

#[tokio::test]
async fn the_portal_cancels_and_reactivates_the_customers_own_subscription() {
    let stripe = TestStripe::start();
    let (own, foreign) = (stripe.subscription().await, stripe.subscription().await);
    let path = format!("/v1/subscriptions/{own}");
    let customer = stripe.get(&path).await.json["customer"].clone();
    let params = [("customer", customer.as_str().unwrap()), ("return_url", "https://app.example/?a=1&b=2")];
    let portal = stripe.post("/v1/billing_portal/sessions", &params).await.json;
    assert!(id(&portal).starts_with("bps_"));

    let page = open(&stripe, &portal["url"]).await;
    assert!(page.text.contains("Cancel subscription") && !page.text.contains(&foreign));
    assert!(page.text.contains("href=\"https://app.example/?a=1&amp;b=2\""));
    let pressed = press(&stripe, &portal["url"], &[("action", "cancel"), ("subscription", &own)]).await;
    assert_eq!(pressed.status, 303);
    let cancelled = stripe.get(&path).await.json;
    assert_eq!((cancelled["cancel_at"].is_i64(), &cancelled["cancel_at_period_end"]), (true, &json!(false)));
    press(&stripe, &portal["url"], &[("action", "reactivate"), ("subscription", &own)]).await;
    assert_eq!(stripe.get(&path).await.json["cancel_at"], Value::Null);
    let stolen = press(&stripe, &portal["url"], &[("action", "cancel"), ("subscription", &foreign)]).await;
    assert_eq!(stolen.status, 404);
}

#[tokio::test]
async fn the_return_page_says_how_it_ended() {
    let stripe = TestStripe::start();
    for (query, text) in [("?status=success", "Welcome to Pro"), ("?status=cancel", "Nothing was paid"), ("", "Done")] {
        let page = send(stripe.http.get(stripe.url(&format!("/done{query}")))).await;
        assert!(page.text.contains(text), "{query}");
    }
}

#[tokio::test]
async fn customer_input_is_escaped() {
    let stripe = TestStripe::start();
    let made = stripe.post("/v1/customers", &[("email", "<script>@example.com")]).await.json;
    let session = stripe.session_of(&id(&made)).await;
    let page = open(&stripe, &session["url"]).await;
    assert!(page.text.contains("&lt;script&gt;@example.com") && !page.text.contains("<script>"));
}
