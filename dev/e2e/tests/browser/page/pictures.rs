//! Pictures of the page for the documents: `PICTURES=docs/images dev/up cargo test -p e2e --test browser -- pictures`.

use std::path::PathBuf;

use e2e::Person;
use serde_json::{Value, json};

use crate::page::{ANSWER, ENTER, ask, person, resize, say, sign_in};
use crate::webdriver::{Browser, with_browser};

const DESKTOP: (u32, u32) = (1280, 800);
const PHONE: (u32, u32) = (390, 780);
const SMALL: (u32, u32) = (320, 640);
/// A new line in the message, without sending it.
const NEW_LINE: &str = "\u{e008}\u{e007}\u{e008}";

/// Where pictures are kept, if they are.
#[expect(clippy::disallowed_methods, reason = "the environment says where pictures are kept")]
fn folder() -> Option<PathBuf> {
    let named = std::env::var("PICTURES").ok().filter(|folder| !folder.is_empty());
    named.map(|folder| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder))
}

/// Makes the window as large as this. Nothing may be wider than it.
async fn fits(browser: &Browser, (width, height): (u32, u32)) {
    resize(browser, width, height).await;
    browser.script("document.activeElement.blur(); document.getElementById('toast').replaceChildren()").await;
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let wider = "return [...document.querySelectorAll('html, .scroll, #side, #panel-content')]
        .filter((one) => one.scrollWidth > one.clientWidth)
        .concat([...document.querySelectorAll('.sheet > section')].filter(
            (one) => one.offsetWidth > one.parentElement.clientWidth - 2 * (one.offsetLeft - one.parentElement.offsetLeft)))
        .map((one) => one.innerText)";
    assert_eq!(browser.script(wider).await, json!([]), "at a width of {width} the page scrolls to the side");
}

/// Takes a picture of that size.
async fn take(browser: &Browser, name: &str, size: (u32, u32)) {
    fits(browser, size).await;
    let picture = browser.picture().await;
    assert!(picture.len() > 5_000, "{name} is empty");
    if let Some(folder) = folder() {
        tokio::fs::create_dir_all(&folder).await.expect("a folder");
        tokio::fs::write(folder.join(format!("{name}.png")), picture).await.expect("a file");
    }
}

async fn color(browser: &Browser, scheme: &str) -> Value {
    let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
    browser.devtools("Emulation.setEmulatedMedia", features).await;
    browser.script("return getComputedStyle(document.body).backgroundColor").await
}

/// Every text that is seen must be readable, in the light and in the dark.
async fn is_readable(browser: &Browser) {
    for scheme in ["light", "dark"] {
        color(browser, scheme).await;
        // Colours change by steps.
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        let found = browser.script(include_str!("contrast.js")).await;
        assert!(found[0].as_u64().expect("a number") > 3, "the texts are seen");
        assert_eq!(found[1], json!([]), "{scheme}");
    }
}

/// Gives the account a name and earlier conversations, and shows them.
async fn furnish(browser: &Browser) {
    let ada = person(browser).await;
    let named = ada.patch("/user/me", json!({ "name": "Ada Lovelace" })).await;
    assert_eq!(named.status, 200, "{}", named.body);
    for title in ["A speech for Charles", "Which tea for the afternoon?", "Sums of powers, explained"] {
        assert_eq!(ada.post("/chatroom", json!({ "title": title })).await.status, 201);
    }
    browser.visit("about:blank").await;
    browser.visit(&e2e::variable("PAGE_URL")).await;
    browser.reads("#rooms", "A speech for Charles").await;
}

#[tokio::test]
async fn the_page_fits_a_desktop_and_a_phone_in_light_and_dark() {
    with_browser(async |browser| {
        resize(&browser, DESKTOP.0, DESKTOP.1).await;
        browser.visit(&e2e::variable("PAGE_URL")).await;
        let mobile = Person::new().mobile;
        browser.types("#mobile", &format!("{mobile}{ENTER}")).await;
        browser.reads(".sms", "is your").await;
        take(&browser, "page-sign-in", DESKTOP).await;
        browser.click(".sms").await;
        browser.types("#otp", &ENTER.to_string()).await;
        browser.reads("h1", "What would you like to know?").await;
        furnish(&browser).await;

        let asked = [
            "Plan two days in Lisbon. We like:",
            "",
            "- **small** restaurants,",
            "- old trams,",
            "- the sea.",
            "",
            "What should we not miss?",
        ];
        browser.types("#message", &format!("{}{ENTER}", asked.join(NEW_LINE))).await;
        browser.reads(ANSWER, "turn 1").await;
        browser.reads("#me .name", "Ada Lovelace").await;
        let light = color(&browser, "light").await;
        take(&browser, "page", DESKTOP).await;
        take(&browser, "page-phone", PHONE).await;

        browser.shows("#send:not([hidden])").await;
        browser.click(".again").await;
        browser.click("[aria-label='Earlier answer']").await;
        browser.reads(".turn.past .note", "An earlier answer.").await;
        take(&browser, "page-earlier-answer", PHONE).await;
        resize(&browser, DESKTOP.0, DESKTOP.1).await;
        browser.click("#me a").await;
        browser.click("#change-number").await;
        browser.types("#number #mobile", &format!("{}{ENTER}", Person::new().mobile)).await;
        browser.shows("#number .sms").await;
        take(&browser, "page-account", DESKTOP).await;
        browser.click("#rooms a").await;
        browser.reads(ANSWER, "turn 1").await;
        resize(&browser, PHONE.0, PHONE.1).await;

        assert_ne!(color(&browser, "dark").await, light);
        browser.click(".back").await;
        take(&browser, "page-phone-rooms", PHONE).await;
        browser.click("#rooms a").await;
        browser.reads(ANSWER, "turn 1").await;
        resize(&browser, DESKTOP.0, DESKTOP.1).await;
        browser.click("#developer").await;
        browser.click("#tab-Stand-ins").await;
        browser.reads("#panel-content", "Be overloaded twice").await;
        take(&browser, "page-dark", DESKTOP).await;
    })
    .await;
}

#[tokio::test]
async fn every_text_is_readable_in_light_and_dark() {
    with_browser(async |browser| {
        browser.visit(&e2e::variable("PAGE_URL")).await;
        browser.types("#mobile", &format!("12345{ENTER}")).await;
        browser.reads("[role=alert]", "E.164").await;
        is_readable(&browser).await;
        sign_in(&browser, &Person::new().mobile).await;
        is_readable(&browser).await;
        say(&browser, "What is `tea`?").await;
        browser.reads(ANSWER, "You said: \"What is tea?\"").await;
        browser.click(".again").await;
        browser.click("[aria-label='Earlier answer']").await;
        browser.reads(".turn.past .note", "An earlier answer.").await;
        is_readable(&browser).await;
        browser.click("#me a").await;
        browser.reads("#devices", "This device").await;
        is_readable(&browser).await;
        browser.click("#developer").await;
        for tab in ["Requests", "Queues", "Stand-ins", "Logs"] {
            browser.click(&format!("#tab-{tab}")).await;
            is_readable(&browser).await;
        }
    })
    .await;
}

#[tokio::test]
async fn no_view_is_wider_than_a_small_phone() {
    with_browser(async |browser| {
        resize(&browser, SMALL.0, SMALL.1).await;
        sign_in(&browser, &Person::new().mobile).await;
        ask(&browser, "a-word-that-is-longer-than-any-line-of-a-phone-can-be-and-cannot-be-broken").await;
        fits(&browser, SMALL).await;
        browser.click(".back").await;
        browser.click("#me a").await;
        browser.reads("#devices", "This device").await;
        fits(&browser, SMALL).await;
        browser.click("#change-number").await;
        browser.types("#number #mobile", &format!("{}{ENTER}", Person::new().mobile)).await;
        browser.shows("#number .sms").await;
        fits(&browser, SMALL).await;
        browser.click("#plan-upgrade").await;
        browser.click("#pay").await;
        browser.reads("#plan table", "paid").await;
        fits(&browser, SMALL).await;
        browser.click("#developer").await;
        fits(&browser, SMALL).await;
    })
    .await;
}
