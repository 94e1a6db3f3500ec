//! What a checkout offers: a trial, promotion codes, tax.

use axum::Router;
use serde_json::{Value, json};
use shared::config::Env;
use shared::domain::Tier;
use subscription::router;
use testkit::{Shop, User};

/// The function, with some settings changed.
fn offering(shop: &Shop, settings: &'static [(&'static str, &'static str)]) -> Router {
    let env = shop.api.stack.env();
    let env = Env::from_fn(move |name| {
        let set = settings.iter().find(|(setting, _)| *setting == name);
        set.map(|(_, value)| (*value).to_owned()).or_else(|| env.optional(name))
    });
    router(&env, shop.api.stack.clock.clock()).unwrap()
}

async fn session(shop: &Shop, user: &User) -> Value {
    let opened = user.post("/subscribe/pro", json!(null)).await;
    assert_eq!(opened.status(), 201);
    let id = opened.body()["session_id"].as_str().unwrap().to_owned();
    shop.billing.stripe.get(&["checkout", "sessions", &id], &[]).await.unwrap()
}

#[tokio::test]
async fn by_default_a_checkout_offers_nothing_more() {
    let shop = Shop::open(router).await;
    let plain = session(&shop, &shop.api.signed_in().await).await;
    assert_eq!((&plain["allow_promotion_codes"], &plain["automatic_tax"]["enabled"]), (&Value::Null, &json!(false)));
    assert_ne!(plain["amount_total"], 0, "no trial");
}

#[tokio::test]
async fn promotion_codes_and_tax_are_offered_by_setting() {
    let shop = Shop::open(router).await;
    let settings = &[("CHECKOUT_PROMOTION_CODES", "true"), ("CHECKOUT_AUTOMATIC_TAX", "true")];
    let user = shop.api.signed_in().await.at(offering(&shop, settings));
    let offered = session(&shop, &user).await;
    assert_eq!((&offered["allow_promotion_codes"], &offered["automatic_tax"]["enabled"]), (&json!(true), &json!(true)));
}

#[tokio::test]
async fn a_trial_is_offered_once_and_is_pro() {
    let shop = Shop::open(router).await;
    let user = shop.api.signed_in().await.at(offering(&shop, &[("CHECKOUT_TRIAL_DAYS", "14")]));
    let first = session(&shop, &user).await;
    assert_eq!(first["amount_total"], 0);
    let paid = shop.act("sessions", first["id"].as_str().unwrap(), "pay").await;
    shop.follow(&user).await;
    let known = shop.known(&user).await;
    assert_eq!((known.tier, known.subscription.state.as_str()), (Tier::Pro, "trialing"));

    shop.act("subscriptions", paid["subscription"].as_str().unwrap(), "cancel_now").await;
    assert_ne!(session(&shop, &user).await["amount_total"], 0, "whoever subscribed before pays");
}

#[tokio::test]
async fn a_trial_longer_than_stripe_allows_is_refused_at_the_start() {
    let shop = Shop::open(router).await;
    let env = shop.api.stack.env();
    let env =
        Env::from_fn(move |name| if name == "CHECKOUT_TRIAL_DAYS" { Some("731".into()) } else { env.optional(name) });
    let refused = router(&env, shop.api.stack.clock.clock()).unwrap_err();
    assert_eq!(refused.to_string(), "CHECKOUT_TRIAL_DAYS: is more than 730");
}

#[tokio::test]
async fn a_failure_of_stripe_takes_nobodys_trial() {
    let shop = Shop::open(router).await;
    let user = shop.api.signed_in().await.at(offering(&shop, &[("CHECKOUT_TRIAL_DAYS", "14")]));
    for path in ["/v1/customers", "/v1/checkout"] {
        shop.admin("fail", json!({ "status": 500, "times": 3, "path_prefix": path, "method": "POST" })).await;
        assert_eq!(user.post("/subscribe/pro", json!(null)).await.status(), 503);
    }
    assert_eq!(session(&shop, &user).await["amount_total"], 0);
}
