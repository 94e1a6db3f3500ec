//! Without a mouse and without eyes.

use e2e::Person;
use serde_json::{Value, json};

use crate::page::{ANSWER, ENTER, ESCAPE, TAB, ask, sign_in};
use crate::webdriver::{Browser, with_browser};

/// What has the focus: the name of a control, or its text.
async fn focused(browser: &Browser) -> String {
    let name = "const at = document.activeElement; return (at.getAttribute('aria-label') || (at.id !== 'main' && at.innerText) || at.id).trim()";
    browser.script(name).await.as_str().expect("a text").to_owned()
}

/// The kinds of controls that people must be able to tell apart.
const CONTROLS: [&str; 6] = ["button", "link", "textbox", "tab", "meter", "DisclosureTriangle"];

/// The controls that have no name for a screen reader.
async fn nameless(browser: &Browser) -> Vec<Value> {
    browser.devtools("Accessibility.enable", json!({})).await;
    let mut tree = browser.devtools("Accessibility.getFullAXTree", json!({})).await;
    let nodes = tree["nodes"].as_array_mut().expect("a list");
    let controls = nodes.iter().filter(|node| CONTROLS.iter().any(|role| node["role"]["value"] == *role));
    assert!(controls.clone().count() >= 4, "the tree has the page's controls");
    controls.filter(|node| node["name"]["value"].as_str().unwrap_or_default().is_empty()).cloned().collect()
}

#[tokio::test]
async fn tab_leads_through_the_page_in_the_order_that_is_seen() {
    with_browser(async |browser| {
        sign_in(&browser, &Person::new().mobile).await;
        ask(&browser, "What is tea?").await;
        browser.script("document.querySelector('.skip').focus()").await;

        let mut order = vec![focused(&browser).await];
        for _ in 0..8 {
            browser.press(TAB).await;
            order.push(focused(&browser).await);
        }

        let expected =
            ["Skip to the conversation", "New", "What is tea?", "+", "What is tea?", "Delete the conversation"];
        let seen: Vec<_> = expected.iter().zip(&order).filter(|(name, at)| at.starts_with(**name)).collect();
        assert_eq!(seen.len(), expected.len(), "{order:?}");
        assert_eq!(order[6..], ["Copy", "Answer again", "Message"], "{order:?}");
    })
    .await;
}

#[tokio::test]
async fn who_skips_to_the_conversation_is_in_it_and_stays_in_it() {
    with_browser(async |browser| {
        sign_in(&browser, &Person::new().mobile).await;
        ask(&browser, "What is tea?").await;
        let address = browser.address().await;
        browser.script("document.querySelector('.skip').focus()").await;

        browser.press(ENTER).await;
        browser.reads(ANSWER, "You said: \"What is tea?\"").await;
        assert_eq!((focused(&browser).await, browser.address().await), ("main".to_owned(), address));
        browser.press(TAB).await;
        assert_eq!(focused(&browser).await, "What is tea?", "the title");
    })
    .await;
}

#[tokio::test]
async fn enter_sends_and_escape_stops_and_the_focus_stays_in_the_message() {
    with_browser(async |browser| {
        sign_in(&browser, &Person::new().mobile).await;
        assert_eq!(focused(&browser).await, "Message");
        for key in "Tea? [[slow:20000]]".chars().chain([ENTER]) {
            browser.press(key).await;
        }
        // Escape comes before the message is accepted, most often.
        browser.press(ESCAPE).await;
        browser.reads(".turn.assistant .note", "Stopped.").await;
        assert_eq!(focused(&browser).await, "Message");
    })
    .await;
}

#[tokio::test]
async fn every_control_has_a_name() {
    with_browser(async |browser| {
        browser.visit(&e2e::variable("PAGE_URL")).await;
        browser.reads("h1", "Sign in").await;
        sign_in(&browser, &Person::new().mobile).await;
        assert_eq!(nameless(&browser).await, Vec::<Value>::new());
        ask(&browser, "What is tea?").await;
        browser.reads(ANSWER, "You said").await;
        assert_eq!(nameless(&browser).await, Vec::<Value>::new());
        browser.click("#me a").await;
        browser.reads("#devices", "This device").await;
        assert_eq!(nameless(&browser).await, Vec::<Value>::new());
        browser.click("#developer").await;
        for tab in ["Requests", "Queues", "Stand-ins", "Logs"] {
            browser.click(&format!("#tab-{tab}")).await;
            assert_eq!(nameless(&browser).await, Vec::<Value>::new(), "{tab}");
        }
    })
    .await;
}
