//! The user's steps in a real browser: `dev/up cargo test -p e2e --test browser`. Needs Chromium and its driver
//! (Debian: chromium, chromium-driver).

#![cfg(test)]

mod docs;
mod page;
mod streaming;
mod webdriver;

use std::time::Duration;

use e2e::{Person, eventually, variable};
use serde_json::{Value, json};

use webdriver::{Browser, with_browser};

const SOON: Duration = Duration::from_secs(30);

/// Creates a checkout and opens its page.
async fn check_out(person: &Person, browser: &Browser) {
    let checkout = person.post("/subscribe/pro", Value::Null).await;
    assert_eq!(checkout.status, 201, "{}", checkout.body);
    browser.visit(&checkout.text("/checkout_url")).await;
    browser.reads("h1", "Subscribe to Pro").await;
}

/// Clicks on Pay and returns to the stack's page.
async fn pay(browser: &Browser) {
    browser.click("#pay").await;
    let page = variable("PAGE_URL");
    eventually(SOON, async || browser.address().await.starts_with(&page).then_some(())).await;
}

async fn becomes_pro(person: &Person) {
    eventually(SOON, async || (person.get("/user/me").await.body["tier"] == "pro").then_some(())).await;
}

/// Waits until the subscription's cancellation is scheduled, or is revoked.
async fn is_cancelled(person: &Person, cancelled: bool) {
    eventually(SOON, async || {
        let status = person.get("/subscription/status").await.body;
        (status["tier"] == "pro" && status["cancel_at"].is_string() == cancelled).then_some(())
    })
    .await;
}

async fn open_portal(person: &Person, browser: &Browser) {
    let portal = person.post("/subscription/portal", Value::Null).await;
    assert_eq!(portal.status, 200, "{}", portal.body);
    browser.visit(&portal.text("/portal_url")).await;
}

#[tokio::test]
async fn a_user_pays_becomes_pro_cancels_and_reactivates() {
    with_browser(async |browser| {
        let ada = Person::signed_in().await;
        check_out(&ada, &browser).await;
        pay(&browser).await;
        becomes_pro(&ada).await;
        let status = ada.get("/subscription/status").await.body;
        assert_eq!((&status["tier"], &status["status"]), (&json!("pro"), &json!("active")));

        let cancelled = ada.post("/subscription/cancel", Value::Null).await;
        assert!(cancelled.status == 200 && cancelled.body["cancel_at"].is_string(), "{}", cancelled.body);
        open_portal(&ada, &browser).await;
        browser.reads("main", "Cancels on").await;
        let kept = ada.post("/subscription/reactivate", Value::Null).await;
        assert_eq!((kept.status, &kept.body["cancel_at"]), (200, &Value::Null), "{}", kept.body);

        open_portal(&ada, &browser).await;
        browser.reads("main", "Renews on").await;
        browser.click("#cancel").await;
        browser.reads("main", "Cancels on").await;
        is_cancelled(&ada, true).await;
        browser.click("#reactivate").await;
        browser.reads("main", "Renews on").await;
        is_cancelled(&ada, false).await;
    })
    .await;
}

#[tokio::test]
async fn a_declined_card_leaves_the_free_plan_until_another_one_pays() {
    with_browser(async |browser| {
        let bob = Person::signed_in().await;
        check_out(&bob, &browser).await;

        browser.click("#decline").await;
        browser.reads("[role=alert]", "Your card was declined").await;
        assert_eq!(bob.get("/user/me").await.body["tier"], "basic");
        let status = bob.get("/subscription/status").await.body;
        assert_eq!((&status["tier"], &status["status"]), (&json!("basic"), &json!("none")));

        pay(&browser).await;
        becomes_pro(&bob).await;
    })
    .await;
}
