//! What was typed and not sent.

use e2e::{Person, variable};
use reqwest::Method;
use serde_json::json;

use crate::page::{ANSWER, ENTER, ask, count, person, say, sign_in};
use crate::webdriver::{Browser, with_browser};

/// Goes to a place of the page, and returns what is in its composer.
async fn typed_in(browser: &Browser, place: &str) -> String {
    browser.script(&format!("location.hash = {}", json!(place))).await;
    let composer = if place.contains("room") { "[data-place=room] #message" } else { "[data-place=new] #message" };
    browser.shows(composer).await;
    typed(browser).await
}

async fn typed(browser: &Browser) -> String {
    let text = browser.script("return document.getElementById('message').value").await;
    text.as_str().expect("a text").to_owned()
}

/// Reads the page again, which shows a conversation.
async fn reload(browser: &Browser) {
    reload_anywhere(browser).await;
    browser.shows("#message").await;
}

async fn reload_anywhere(browser: &Browser) {
    browser.script("document.body.dataset.is = 'the page before'; location.reload()").await;
    browser.shows("body:not([data-is]) #me .who").await;
}

#[tokio::test]
async fn a_draft_stays_with_its_conversation_until_it_is_sent_or_its_person_leaves() {
    with_browser(async |browser| {
        let mobile = Person::new().mobile;
        sign_in(&browser, &mobile).await;
        ask(&browser, "What is tea?").await;
        let room = browser.script("return location.hash").await.as_str().expect("an address").to_owned();
        browser.types("#message", "Half a thought").await;

        assert_eq!(typed_in(&browser, "#/").await, "");
        browser.types("#message", "Another one").await;
        assert_eq!(typed_in(&browser, &room).await, "Half a thought");
        reload(&browser).await;
        assert_eq!(typed(&browser).await, "Half a thought");
        assert_eq!(typed_in(&browser, "#/").await, "Another one");

        browser.types("#message", &ENTER.to_string()).await;
        browser.reads(ANSWER, "You said: \"Another one\"").await;
        assert_eq!(typed_in(&browser, "#/").await, "", "it was sent");
        assert_eq!(typed_in(&browser, &room).await, "Half a thought");

        browser.click("#me a").await;
        browser.click("#sign-out").await;
        browser.reads("h1", "Sign in").await;
        let kept = browser.script("return Object.keys(sessionStorage).filter((key) => key.startsWith('draft'))").await;
        assert_eq!(kept, json!([]));
    })
    .await;
}

#[tokio::test]
async fn a_draft_is_not_the_next_persons_who_signed_in_while_the_page_was_away() {
    with_browser(async |browser| {
        sign_in(&browser, &Person::new().mobile).await;
        browser.types("#message", "A secret").await;
        reload(&browser).await;
        assert_eq!(typed(&browser).await, "A secret");

        browser.visit("about:blank").await;
        with_tokens_of_another(&browser).await;

        browser.visit(&variable("PAGE_URL")).await;
        browser.shows("#message").await;
        assert_eq!(typed(&browser).await, "");
    })
    .await;
}

/// Another person signs in on the device, in a page that is not this one.
async fn with_tokens_of_another(browser: &Browser) {
    browser.visit(&format!("{}icon.svg", variable("PAGE_URL"))).await;
    let bob = Person::signed_in().await;
    let tokens =
        json!({ "access_token": bob.token(), "refresh_token": "r", "user_id": bob.get("/user/me").await.body["id"] });
    let keep = format!("localStorage.setItem('chat-backend', {})", json!(tokens.to_string()));
    browser.script(&keep).await;
}

/// From here on no message reaches the service, or each does.
async fn block_sends(browser: &Browser, are: bool) {
    browser.devtools("Network.enable", json!({})).await;
    let urls = if are { json!(["*/message"]) } else { json!([]) };
    browser.devtools("Network.setBlockedURLs", json!({ "urls": urls })).await;
}

#[tokio::test]
async fn a_message_that_was_being_sent_when_the_page_went_away_is_sent_once_by_the_next_page() {
    with_browser(async |browser| {
        sign_in(&browser, &Person::new().mobile).await;
        ask(&browser, "What is tea?").await;
        block_sends(&browser, true).await;
        say(&browser, "And coffee?").await;
        browser.shows(".turn.user.sending").await;
        browser.script("location.hash = '#/account'").await;
        browser.reads("h2", "Account").await;

        reload_anywhere(&browser).await;
        block_sends(&browser, false).await;
        browser.click("#rooms a").await;

        browser.reads(ANSWER, "You said: \"And coffee?\"").await;
        assert_eq!((count(&browser, ".turn.user").await, typed(&browser).await), (2, String::new()));
        assert_eq!(person(&browser).await.get("/user/me").await.body["allowance"]["used"], 2);
    })
    .await;
}

#[tokio::test]
async fn a_message_that_arrived_although_the_page_went_away_is_not_shown_twice() {
    // As the page stores what is being sent.
    const SENDING: &str = "
        const { user_id } = JSON.parse(localStorage.getItem('chat-backend'));
        const kept = JSON.stringify([{ text: 'And coffee?', key: 'a-key' }]);
        sessionStorage.setItem(`draft ${user_id} ${location.hash.slice('#/room/'.length)} sending`, kept);
        return location.hash.slice('#/room/'.length)";
    with_browser(async |browser| {
        sign_in(&browser, &Person::new().mobile).await;
        ask(&browser, "What is tea?").await;
        let (room, member) = (browser.script(SENDING).await, person(&browser).await);
        let path = format!("/chatroom/{}/message", room.as_str().expect("an id"));
        let send = member.request(Method::POST, &path).header("idempotency-key", "a-key");
        assert_eq!(member.send(send.json(&json!({ "content": "And coffee?" }))).await.status, 202);

        reload(&browser).await;

        browser.reads(ANSWER, "You said: \"And coffee?\"").await;
        browser.shows("#send:not([hidden])").await;
        assert_eq!((count(&browser, ".turn.user").await, count(&browser, ".turn.assistant").await), (2, 2));
        assert_eq!(person(&browser).await.get("/user/me").await.body["allowance"]["used"], 2);
    })
    .await;
}

#[tokio::test]
async fn what_could_not_be_sent_is_kept_while_the_page_may_not_come_back() {
    const GOES: &str = "dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))";
    const COMES: &str = "dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))";
    const KEPT: &str = "return Object.keys(sessionStorage).filter((key) => key.startsWith('draft')).sort()
        .map((key) => key.endsWith(' sending') ? JSON.parse(sessionStorage[key]).map(({ text }) => text) : sessionStorage[key])";
    with_browser(async |browser| {
        sign_in(&browser, &Person::new().mobile).await;
        ask(&browser, "What is tea?").await;
        block_sends(&browser, true).await;
        say(&browser, "And coffee?").await;
        browser.shows(".lost .note button").await;
        say(&browser, "And milk?").await;
        browser.types("#message", "Half a thought").await;

        browser.script(GOES).await;
        assert_eq!(browser.script(KEPT).await, json!(["And coffee?\nHalf a thought", ["And milk?"]]));

        browser.script(COMES).await;
        assert_eq!(browser.script(KEPT).await, json!(["Half a thought"]));
    })
    .await;
}
