//! The page of the local stack, as people use it.

mod connection;
mod developers;
mod devices;
mod door;
mod drafts;
mod history;
mod journey;
mod keyboard;
mod markdown;
mod number;
mod pictures;
mod server;
mod versions;
mod writing;

use e2e::{Person, variable};
use serde_json::json;

use crate::webdriver::Browser;

/// Keys, by their code points in the protocol.
pub(crate) const ENTER: char = '\u{e007}';
pub(crate) const ESCAPE: char = '\u{e00c}';
pub(crate) const TAB: char = '\u{e004}';
/// The answer that was written last.
pub(crate) const ANSWER: &str = ".turn.assistant:last-child .body";

/// Opens the page and signs in with the code that its inbox shows.
pub(crate) async fn sign_in(browser: &Browser, mobile: &str) {
    browser.visit(&variable("PAGE_URL")).await;
    enter(browser, mobile).await;
    browser.reads("h1", "What would you like to know?").await;
}

/// Signs in at the door that is shown.
pub(crate) async fn enter(browser: &Browser, mobile: &str) {
    browser.types("#mobile", &format!("{mobile}{ENTER}")).await;
    browser.reads("h1", "Enter the code").await;
    browser.click(".sms").await;
    browser.types("#otp", &ENTER.to_string()).await;
}

/// Writes a message and sends it with Enter.
pub(crate) async fn say(browser: &Browser, text: &str) {
    browser.types("#message", &format!("{text}{ENTER}")).await;
}

/// Says something, and waits for the answer.
pub(crate) async fn ask(browser: &Browser, text: &str) {
    say(browser, text).await;
    browser.reads(ANSWER, &format!("You said: \"{text}\"")).await;
    browser.shows("#send:not([hidden])").await;
}

/// The person who is signed in on the page, as a client of the API.
pub(crate) async fn person(browser: &Browser) -> Person {
    let token = browser.script("return JSON.parse(localStorage.getItem('chat-backend')).access_token").await;
    Person::new().with_token(token.as_str().expect("a token"))
}

/// Makes the window as large as a device's.
pub(crate) async fn resize(browser: &Browser, width: u32, height: u32) {
    let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 700 });
    browser.devtools("Emulation.setDeviceMetricsOverride", size).await;
}

/// How many elements a CSS selector has.
pub(crate) async fn count(browser: &Browser, selector: &str) -> u64 {
    let counted = browser.script(&format!("return document.querySelectorAll({}).length", json!(selector))).await;
    counted.as_u64().expect("a number")
}
