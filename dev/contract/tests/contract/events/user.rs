//! `user`

use standins::stripe::{Config, Stripe};
use testkit::{Stack, TestApi};

use super::{Replay, text};

#[tokio::test]
async fn the_events_of_user_are_answered() {
    let stripe = Stripe::start(Config {
        addr: ([127, 0, 0, 1], 0).into(),
        webhook_url: None,
        webhook_secrets: Vec::new(),
        price_id: "price_pro".into(),
    });
    let stack =
        Stack::start().await.with("STRIPE_SECRET_KEY", "sk_test_tests").with("STRIPE_API_BASE", stripe.unwrap().url());
    let api = TestApi::on(stack, user::router);
    let user = api.signed_in().await;
    let token = [("ACCESS_TOKEN", user.token())];
    let mut replay = Replay::of("user", api.router_of(user::router));

    replay.send("user-get-me", &token, 200).await;
    let updated = replay.send("user-update-me", &token, 200).await;
    assert_eq!(text(&updated, "name"), "Ada Lovelace");
    replay.send("user-delete-me", &token, 204).await;
    replay.send("user-get-me", &token, 401).await;
    replay.done().await;
}
