//! From the first code to Pro.

use e2e::{Person, variable};

use crate::page::{ANSWER, ESCAPE, ask, count, person, say, sign_in};
use crate::webdriver::{Browser, with_browser};

/// Spends what is left of the day, and one message more.
async fn spend(browser: &Browser) {
    let left = person(browser).await.get("/user/me").await.body["allowance"]["remaining"].as_u64().expect("a number");
    for number in 0..left {
        ask(browser, &format!("Question {number}")).await;
    }
    browser.reads(".composer .allowance", "0 of").await;
    say(browser, "One more?").await;
}

#[tokio::test]
async fn a_stranger_asks_stops_asks_again_spends_the_day_and_becomes_pro() {
    with_browser(async |browser| {
        sign_in(&browser, &Person::new().mobile).await;
        ask(&browser, "What is tea?").await;
        browser.reads(".bar .name", "What is tea?").await;
        browser.reads("#rooms [aria-current]", "What is tea?").await;

        say(&browser, "Say more [[slow:20000]]").await;
        browser.shows("#stop:not([hidden])").await;
        browser.types("#message", &ESCAPE.to_string()).await;
        browser.reads(".turn.assistant:last-child .note", "Stopped.").await;
        browser.click(".turn.assistant:nth-of-type(2) .again").await;
        browser.reads(".turn.assistant:nth-of-type(2) .body", "You said: \"What is tea?\"").await;
        browser.shows("#send:not([hidden])").await;

        spend(&browser).await;
        browser.reads(".upgrade", "messages of today are spent").await;
        assert_eq!(browser.script("return document.getElementById('message').value").await, "One more?");
        browser.click("#upgrade").await;
        browser.reads("h1", "Subscribe to Pro").await;
        browser.click("#pay").await;

        browser.reads("#paid", "You are on Pro now.").await;
        assert!(browser.address().await.starts_with(&format!("{}#/room/", variable("PAGE_URL"))));
        assert_eq!(count(&browser, ".upgrade").await, 0);
        browser.reads("#me .tier", "Pro").await;
        browser.click("#send").await;
        browser.reads(ANSWER, "You said: \"One more?\"").await;
        assert_eq!(browser.complaints().await, Vec::<String>::new());
    })
    .await;
}

#[tokio::test]
async fn the_plan_is_cancelled_kept_and_managed_on_the_accounts_page() {
    with_browser(async |browser| {
        sign_in(&browser, &Person::new().mobile).await;
        browser.click("#me a").await;
        browser.click("#plan-upgrade").await;
        browser.click("#pay").await;
        browser.reads("#plan .tierline", "Pro renews on").await;
        browser.reads("#plan table", "paid").await;

        browser.click("#plan-cancel").await;
        browser.reads("#plan .tierline", "Pro until").await;
        browser.click("#plan-keep").await;
        browser.reads("#plan .tierline", "Pro renews on").await;
        browser.click("#plan-portal").await;
        browser.reads("main", "Renews on").await;
    })
    .await;
}

#[tokio::test]
async fn a_conversation_is_renamed_and_deleted() {
    with_browser(async |browser| {
        sign_in(&browser, &Person::new().mobile).await;
        ask(&browser, "What is tea?").await;

        browser.click(".bar .name").await;
        browser.types(".rename input", &format!("Tea{}", crate::page::ENTER)).await;
        browser.reads("#rooms [aria-current]", "Tea").await;
        browser.reads(".bar .name", "Tea").await;

        browser.click("#delete-room").await;
        browser.accept().await;
        browser.reads("#rooms", "No conversations yet.").await;
        browser.reads("h1", "What would you like to know?").await;
    })
    .await;
}
