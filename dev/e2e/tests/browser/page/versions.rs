//! The answers to one message.

use e2e::{Person, variable};
use serde_json::json;

use crate::page::{ENTER, ESCAPE, TAB, ask, count, say, sign_in};
use crate::webdriver::{Browser, with_browser};

/// The latest answer to the only message.
const BODY: &str = ".turn.assistant .body";
const NOTE: &str = ".turn.assistant .note";
const PLACE: &str = ".versions [role=status]";

/// What has the focus, by its name for screen readers.
async fn focused(browser: &Browser) -> String {
    let name = "return document.activeElement.getAttribute('aria-label') ?? document.activeElement.id";
    browser.script(name).await.as_str().expect("a text").to_owned()
}

/// Asks a question whose first answer is cut at its greatest length. Returns the question.
async fn ask_and_be_cut(browser: &Browser) -> String {
    let asked = format!("What is tea to {}?", Person::new().mobile);
    let next = format!("{}/admin/next", variable("GEMINI_STANDIN_URL"));
    let told = Person::new().post(&next, json!({ "fault": "max", "containing": asked })).await;
    assert_eq!(told.status, 204, "{}", told.body);
    say(browser, &asked).await;
    browser.reads(NOTE, "The answer was cut").await;
    asked
}

#[tokio::test]
async fn an_earlier_answer_is_read_on_request_and_the_latest_one_is_shown_by_itself() {
    with_browser(async |browser| {
        sign_in(&browser, &Person::new().mobile).await;
        let asked = ask_and_be_cut(&browser).await;
        assert_eq!(count(&browser, ".versions:not([hidden])").await, 0);
        browser.click(".again").await;
        browser.reads(PLACE, "2 of 2").await;
        browser.reads(BODY, &format!("You said: \"{asked}\"")).await;
        let latest = browser.script("return document.querySelector('.turn.assistant .body').innerText").await;

        browser.click("[aria-label='Earlier answer']").await;
        browser.reads(PLACE, "1 of 2").await;
        browser.reads(NOTE, "An earlier answer. The answer was cut").await;
        assert_eq!(count(&browser, ".turn.assistant.past").await, 1);
        assert_eq!(count(&browser, ".again:not([hidden])").await, 0, "an earlier answer is not made again");
        let shown = browser.script("return document.querySelector('.turn.assistant .body').innerText").await;
        assert_ne!(shown, latest);
        // A look at what other devices did finds the latest answer once more, and the reader stays where they are.
        tokio::time::sleep(std::time::Duration::from_secs(6)).await;
        browser.reads(PLACE, "1 of 2").await;

        // Another device has it made again: the newest is shown, and none is lost.
        let room = browser.address().await.rsplit('/').next().expect("a room").to_owned();
        let phone = crate::page::person(&browser).await;
        let messages = phone.get(&format!("/chatroom/{room}/message")).await.body["data"].take();
        let question = messages[0]["id"].as_str().expect("an id");
        let again = phone.post(&format!("/chatroom/{room}/message/{question}/regenerate"), json!(null)).await;
        assert_eq!(again.status, 202, "{}", again.body);
        browser.reads(PLACE, "3 of 3").await;
        assert_eq!(count(&browser, ".turn.assistant.past").await, 0);

        browser.visit("about:blank").await;
        browser.visit(&format!("{}#/room/{room}", variable("PAGE_URL"))).await;
        browser.reads(PLACE, "3 of 3").await;
        assert_eq!(count(&browser, ".turn").await, 2);
        assert_eq!(browser.complaints().await, Vec::<String>::new());
    })
    .await;
}

#[tokio::test]
async fn answers_are_turned_by_keyboard_and_the_focus_stays() {
    with_browser(async |browser| {
        sign_in(&browser, &Person::new().mobile).await;
        ask(&browser, "What is tea? [[slow:2000]]").await;
        browser.script("document.querySelector('.again').focus()").await;
        browser.press(ENTER).await;
        browser.shows(".turn.assistant.waiting").await;
        assert_eq!(focused(&browser).await, "Message", "from where Escape stops the answer");
        browser.press(ESCAPE).await;
        browser.reads(NOTE, "Stopped.").await;
        browser.reads(PLACE, "2 of 2").await;

        browser.script("document.getElementById('delete-room').focus()").await;
        browser.press(TAB).await;
        assert_eq!(focused(&browser).await, "Earlier answer");
        browser.press(ENTER).await;
        browser.reads(BODY, "You said: \"What is tea?").await;
        assert_eq!(focused(&browser).await, "Earlier answer");
        // There is none before it.
        browser.press(ENTER).await;
        browser.reads(PLACE, "1 of 2").await;
        browser.press(TAB).await;
        assert_eq!(focused(&browser).await, "Later answer");
        browser.press(ENTER).await;
        browser.reads(NOTE, "Stopped.").await;
        assert_eq!(count(&browser, "[aria-label='Later answer'][aria-disabled=true]").await, 1);
        assert_eq!(focused(&browser).await, "Later answer");
    })
    .await;
}
