//! A connection that is lost and comes back.

use e2e::Person;
use serde_json::json;

use crate::page::{ANSWER, count, person, say, sign_in};
use crate::webdriver::{Browser, with_browser};

async fn connect(browser: &Browser, is: bool) {
    let rate = if is { -1 } else { 0 };
    let network = json!({ "offline": !is, "latency": 0, "downloadThroughput": rate, "uploadThroughput": rate });
    browser.devtools("Network.emulateNetworkConditions", network).await;
}

/// Delays each request by so many milliseconds.
async fn slow(browser: &Browser, latency: u32) {
    let network = json!({ "offline": false, "latency": latency, "downloadThroughput": -1, "uploadThroughput": -1 });
    browser.devtools("Network.emulateNetworkConditions", network).await;
}

#[tokio::test]
async fn an_answer_that_was_made_without_a_connection_is_there_afterwards() {
    with_browser(async |browser| {
        sign_in(&browser, &Person::new().mobile).await;
        browser.devtools("Network.enable", json!({})).await;
        say(&browser, "What is tea? [[slow:3000]]").await;
        browser.shows(".turn.assistant.waiting").await;

        connect(&browser, false).await;
        browser.reads(".offline", "No connection.").await;
        tokio::time::sleep(std::time::Duration::from_secs(4)).await;
        connect(&browser, true).await;

        browser.reads(ANSWER, "You said: \"What is tea?").await;
        assert_eq!(count(&browser, ".offline[hidden]").await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_message_that_is_not_sent_says_so_and_is_sent_once_when_it_is_tried_again() {
    with_browser(async |browser| {
        sign_in(&browser, &Person::new().mobile).await;
        browser.devtools("Network.enable", json!({})).await;
        crate::page::ask(&browser, "What is tea?").await;

        connect(&browser, false).await;
        say(&browser, "And coffee?").await;
        browser.reads(".lost .note", "Not sent. No connection to the service.").await;
        connect(&browser, true).await;
        browser.click(".lost .note button").await;

        browser.reads(ANSWER, "You said: \"And coffee?\"").await;
        assert_eq!(count(&browser, ".lost").await, 0);
        assert_eq!(count(&browser, ".turn.user").await, 2);
        let allowance = person(&browser).await.get("/user/me").await.body["allowance"].take();
        assert_eq!(allowance["used"], 2, "{allowance}");
    })
    .await;
}

#[tokio::test]
async fn a_first_message_is_sent_although_its_conversation_is_left_while_it_is_made() {
    with_browser(async |browser| {
        sign_in(&browser, &Person::new().mobile).await;
        browser.devtools("Network.enable", json!({})).await;

        slow(&browser, 2000).await;
        say(&browser, "What is tea?").await;
        browser.script("location.hash = '#/account'").await;
        browser.click("#rooms a").await;

        browser.reads(ANSWER, "You said: \"What is tea?\"").await;
        assert_eq!(count(&browser, ".turn.user").await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_text_that_could_not_be_sent_is_in_its_conversation_again_after_a_look_elsewhere() {
    with_browser(async |browser| {
        sign_in(&browser, &Person::new().mobile).await;
        browser.devtools("Network.enable", json!({})).await;
        crate::page::ask(&browser, "What is tea?").await;

        connect(&browser, false).await;
        say(&browser, "And coffee?").await;
        browser.script("location.hash = '#/account'").await;
        browser.reads("#toast", "Your message was not sent.").await;
        connect(&browser, true).await;
        browser.click("#rooms a").await;

        browser.shows("#message").await;
        let typed = "return document.getElementById('message').value";
        assert_eq!(browser.script(typed).await, "And coffee?");
        // One that was refused before the conversation is left is kept, too.
        connect(&browser, false).await;
        browser.types("#message", &crate::page::ENTER.to_string()).await;
        browser.shows(".lost .note button").await;
        connect(&browser, true).await;
        browser.script("location.hash = '#/account'").await;
        browser.click("#rooms a").await;
        browser.shows("#message").await;
        assert_eq!(browser.script(typed).await, "And coffee?");
    })
    .await;
}

#[tokio::test]
async fn what_one_person_could_not_send_is_not_the_next_ones() {
    with_browser(async |browser| {
        sign_in(&browser, &Person::new().mobile).await;
        browser.devtools("Network.enable", json!({})).await;
        crate::page::ask(&browser, "What is tea?").await;

        connect(&browser, false).await;
        say(&browser, "A secret").await;
        browser.script("location.hash = '#/account'").await;
        let sign_out = "localStorage.setItem('chat-backend', '{}');
            dispatchEvent(new StorageEvent('storage', { key: 'chat-backend' }))";
        browser.script(sign_out).await;
        connect(&browser, true).await;
        crate::page::enter(&browser, &Person::new().mobile).await;
        browser.script("location.hash = '#/'").await;
        browser.shows("#message").await;
        // Longer than all tries of a send.
        tokio::time::sleep(std::time::Duration::from_secs(10)).await;

        assert_eq!(browser.script("return document.getElementById('message').value").await, "");
        assert_eq!(browser.script("return Object.keys(sessionStorage).join()").await, "");
        assert_eq!(count(&browser, "#toast p").await, 0);
    })
    .await;
}
