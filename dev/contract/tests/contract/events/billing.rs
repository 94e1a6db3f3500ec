//! `subscription` and `stripe-webhook`

use standins::stripe::{Config, Stripe};
use testkit::{Stack, TestApi};

use super::{Replay, text};

/// A stack, with a stand-in for Stripe that runs until it is dropped.
pub(super) async fn with_stripe() -> (Stack, Stripe) {
    let stripe = Stripe::start(Config {
        addr: ([127, 0, 0, 1], 0).into(),
        webhook_url: None,
        webhook_secrets: Vec::new(),
        price_id: "price_pro".into(),
    })
    .unwrap();
    let stack = Stack::start()
        .await
        .with("STRIPE_SECRET_KEY", "sk_test_tests")
        .with("STRIPE_API_BASE", stripe.url())
        .with("STRIPE_PRICE_ID", "price_pro")
        .with("STRIPE_WEBHOOK_SECRET", "whsec_events")
        .with("CHECKOUT_SUCCESS_URL", "https://app.example/paid")
        .with("CHECKOUT_CANCEL_URL", "https://app.example/plans")
        .with("PORTAL_RETURN_URL", "https://app.example/account");
    (stack, stripe)
}

#[tokio::test]
async fn the_events_of_subscription_are_answered() {
    let (stack, _stripe) = with_stripe().await;
    let api = TestApi::on(stack, subscription::router);
    let user = api.signed_in().await;
    let token = [("ACCESS_TOKEN", user.token())];
    let mut replay = Replay::of("subscription", api.router_of(subscription::router));

    let checkout = replay.send("subscription-subscribe", &token, 201).await;
    assert!(text(&checkout, "checkout_url").starts_with("http"));
    assert_eq!(replay.send("subscription-status", &token, 200).await["status"], "none");
    assert!(text(&replay.send("subscription-portal", &token, 200).await, "portal_url").starts_with("http"));
    replay.send("subscription-cancel", &token, 409).await;
    replay.send("subscription-reactivate", &token, 409).await;
    replay.send("subscription-resume", &token, 409).await;
    let history = replay.send("subscription-history", &token, 200).await;
    assert!(history["data"].as_array().unwrap().is_empty());
    replay.done().await;
}

#[tokio::test]
async fn the_events_of_stripe_webhook_are_answered() {
    let (stack, _stripe) = with_stripe().await;
    let mut replay = Replay::of("stripe-webhook", stripe_webhook::router(&stack.env(), stack.clock.clock()).unwrap());
    for name in ["stripe-webhook", "stripe-webhook-url", "stripe-webhook-url-path"] {
        assert_eq!(replay.send(name, &[], 200).await["received"], true);
    }
    replay.send("stripe-webhook", &[("subscription.updated", "subscription.deleted")], 400).await;
    replay.done().await;
}
