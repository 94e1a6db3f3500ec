//! A conversation that is longer than a page.

use std::time::Duration;

use e2e::{Person, eventually, variable};
use serde_json::{Value, json};

use crate::page::{ANSWER, count, person, sign_in};
use crate::webdriver::{Browser, with_browser};

const SOON: Duration = Duration::from_secs(30);
/// Messages and replies are twice as many, which is more than one page of the API has.
const MESSAGES: usize = 17;

/// Makes a person Pro, who may say more than five things.
async fn subscribe(person: &Person) {
    let checkout = person.post("/subscribe/pro", Value::Null).await;
    let paid = format!("{}/admin/sessions/{}", variable("STRIPE_STANDIN_URL"), checkout.text("/session_id"));
    assert_eq!(person.post(&paid, json!({ "action": "pay" })).await.status, 200);
    eventually(SOON, async || (person.get("/user/me").await.body["tier"] == "pro").then_some(())).await;
}

/// Where the first turn that is seen is, in pixels from the top of the window, and what it says.
async fn seen(browser: &Browser) -> (f64, String) {
    let place =
        "const at = document.querySelector('.turn.user'); return [at.getBoundingClientRect().top, at.innerText]";
    let found = browser.script(place).await;
    (found[0].as_f64().expect("a number"), found[1].as_str().expect("a text").to_owned())
}

#[tokio::test]
async fn earlier_messages_come_above_and_what_is_read_stays_in_its_place() {
    with_browser(async |browser| {
        sign_in(&browser, &Person::new().mobile).await;
        let member = person(&browser).await;
        subscribe(&member).await;
        let room = member.room().await;
        for number in 0..MESSAGES {
            member.ask(&room, &format!("Question {number}"), SOON).await;
        }

        // Another answer to the first question: the newest page has it without its question.
        let first = member.get(&format!("{room}/message?limit=100")).await.body["data"][0]["id"].take();
        let first = first.as_str().expect("an id");
        let again = member.post(&format!("{room}/message/{first}/regenerate"), Value::Null).await;
        let location = format!("{room}/message/{}?wait=20", again.text("/reply/id"));
        assert_eq!(member.get(&location).await.body["state"], "completed");

        browser.visit("about:blank").await;
        browser.visit(&format!("{}#/room/{}", variable("PAGE_URL"), &room["/chatroom/".len()..])).await;
        browser.reads(".turn.assistant:last-child .body", "You said: \"Question 0\"").await;
        assert_eq!(count(&browser, ".turn").await, 30);
        let end =
            "const at = document.querySelector('.scroll'); return at.scrollHeight - at.scrollTop - at.clientHeight";
        assert!(browser.script(end).await.as_f64().expect("a number") < 2.0, "the newest is seen first");

        browser.script("document.querySelector('.scroll').scrollTop = 0").await;
        let before = seen(&browser).await;
        let mark = "document.querySelector('.turn.user').dataset.mark = 'read'";
        browser.script(mark).await;
        browser.click(".earlier").await;
        browser.reads(".turn.user:first-child", "Question 0").await;

        assert_eq!((count(&browser, ".turn").await, count(&browser, ".earlier").await), (34, 0));
        let focused = "return document.activeElement.matches('.scroll')";
        assert_eq!(browser.script(focused).await, true, "the next key goes on from here");
        assert_eq!(count(&browser, ".turn.user:first-child + .assistant .versions:not([hidden])").await, 1);
        browser.reads(".turn.user:first-child + .assistant [role=status]", "2 of 2").await;
        browser.reads(".turn.assistant:last-child .body", "You said: \"Question 16\"").await;
        let after =
            "const at = document.querySelector('[data-mark]'); return [at.getBoundingClientRect().top, at.innerText]";
        let after = browser.script(after).await;
        assert_eq!(after[1], before.1);
        assert!((after[0].as_f64().expect("a number") - before.0).abs() < 60.0, "{after} was at {before:?}");
        let order = "return [...document.querySelectorAll('.turn.user')].map((one) => one.innerText.trim()).join()";
        let expected: Vec<String> = (0..MESSAGES).map(|number| format!("Question {number}")).collect();
        assert_eq!(browser.script(order).await, expected.join(","));
    })
    .await;
}

#[tokio::test]
async fn two_answers_that_are_being_made_are_both_shown_when_their_room_is_opened() {
    with_browser(async |browser| {
        sign_in(&browser, &Person::new().mobile).await;
        let member = person(&browser).await;
        let room = member.room().await;
        for text in ["First [[slow:1500]]", "Second [[slow:1500]]"] {
            let sent = member.post(&format!("{room}/message"), json!({ "content": text })).await;
            assert_eq!(sent.status, 202, "{}", sent.body);
        }

        browser.script(&format!("location.hash = '#/room/{}'", &room["/chatroom/".len()..])).await;

        browser.shows("#stop:not([hidden])").await;
        browser.reads(ANSWER, "You said: \"Second [[slow:1500]]\"").await;
        browser.shows("#send:not([hidden])").await;
        assert_eq!(count(&browser, ".turn.assistant:not(.writing) .body").await, 2);
    })
    .await;
}

/// How many conversations are listed, and where the one with the focus leads.
const LISTED: &str =
    "return [document.querySelectorAll('#rooms a').length, document.activeElement.getAttribute('href')]";

#[tokio::test]
async fn the_list_of_conversations_keeps_its_older_ones_and_the_focus_when_it_is_read_again() {
    with_browser(async |browser| {
        sign_in(&browser, &Person::new().mobile).await;
        let member = person(&browser).await;
        let oldest = member.room().await;
        for _ in 0..30 {
            member.room().await;
        }
        let read_again = "document.dispatchEvent(new Event('visibilitychange'))";
        browser.script(read_again).await;

        browser.click("#rooms button").await;
        browser.shows("#rooms li:nth-child(31) a:focus").await;
        let oldest = format!("#/room/{}", &oldest["/chatroom/".len()..]);
        assert_eq!(browser.script(LISTED).await, json!([31, oldest]));

        member.room().await;
        browser.script(read_again).await;
        browser.shows("#rooms li:nth-child(32) a:focus").await;
        assert_eq!(browser.script(LISTED).await, json!([32, oldest]));
    })
    .await;
}
