//! Two devices of one person.

use std::time::Duration;

use e2e::{Person, eventually, variable};
use serde_json::{Value, json};

use crate::page::{ANSWER, ask, count, person, say, sign_in};
use crate::webdriver::{Browser, with_browser};

/// The tokens of a second session of the person who is signed in: by a password, since a second code takes a while.
async fn second_session(first: &Browser, mobile: &str) -> Value {
    let member = person(first).await;
    let password = format!("wandering {mobile} otter");
    let set = member.post("/auth/change-password", json!({ "new_password": password })).await;
    assert_eq!(set.status, 204, "{}", set.body);
    let login = Person::new().post("/auth/login", json!({ "mobile": mobile, "password": password })).await;
    assert_eq!(login.status, 200, "{}", login.body);
    login.body
}

/// Opens the page with the tokens of a session.
async fn open(browser: &Browser, tokens: &Value) {
    browser.visit(&variable("PAGE_URL")).await;
    browser.reads("h1", "Sign in").await;
    let kept = json!({ "access_token": tokens["access_token"], "refresh_token": tokens["refresh_token"] }).to_string();
    browser.script(&format!("localStorage.setItem('chat-backend', {})", json!(kept))).await;
    browser.visit("about:blank").await;
    browser.visit(&variable("PAGE_URL")).await;
}

#[tokio::test]
async fn two_devices_show_the_same_conversation_and_one_ends_the_others_session() {
    with_browser(async |laptop| {
        let mobile = Person::new().mobile;
        sign_in(&laptop, &mobile).await;
        ask(&laptop, "What is tea?").await;
        let tokens = second_session(&laptop, &mobile).await;
        with_browser(async move |phone| {
            open(&phone, &tokens).await;
            phone.click("#rooms a").await;
            phone.reads(ANSWER, "You said: \"What is tea?\"").await;

            say(&phone, "And coffee? [[slow:500]]").await;
            laptop.reads(ANSWER, "You said: \"And coffee?").await;
            phone.reads(ANSWER, "You said: \"And coffee?").await;
            assert_eq!((count(&laptop, ".turn").await, count(&phone, ".turn").await), (4, 4));
            laptop.reads(".composer .allowance", "3 of 5").await;

            laptop.click("#me a").await;
            laptop.click("#devices .link").await;
            phone.reads("h1", "Sign in").await;
            laptop.reads("#devices", "This device").await;
            assert_eq!(count(&laptop, "#devices li").await, 1);
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn what_another_device_sent_meanwhile_is_shown_in_its_place() {
    with_browser(async |laptop| {
        sign_in(&laptop, &Person::new().mobile).await;
        ask(&laptop, "What is tea?").await;
        let phone = person(&laptop).await;
        let room = phone.get("/chatroom").await.body["data"][0]["id"].as_str().unwrap_or_default().to_owned();
        let sent = phone.post(&format!("/chatroom/{room}/message"), json!({ "content": "And coffee?" })).await;
        assert_eq!(sent.status, 202, "{}", sent.body);
        ask(&laptop, "And cocoa?").await;
        let asked = "return [...document.querySelectorAll('[data-message]')].map((turn) => turn.innerText.trim())";
        eventually(Duration::from_secs(30), async || {
            let shown = laptop.script(asked).await;
            (shown == json!(["What is tea?", "And coffee?", "And cocoa?"])).then_some(())
        })
        .await;
        assert_eq!(count(&laptop, ".turn").await, 6);
    })
    .await;
}
