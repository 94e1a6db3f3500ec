//! The panel for developers.

use e2e::Person;

use crate::page::{ANSWER, ESCAPE, ask, count, say, sign_in};
use crate::webdriver::with_browser;

#[tokio::test]
async fn developers_see_each_request_with_its_answer_its_curl_and_its_logs() {
    with_browser(async |browser| {
        sign_in(&browser, &Person::new().mobile).await;
        browser.click("#developer").await;
        ask(&browser, "What is tea?").await;
        let sent = "[...document.querySelectorAll('.requests details')].find((one) => one.querySelector('.path').innerText.endsWith('/message'))";
        browser.script(&format!("const sent = {sent}; sent.id = 'sent'; sent.open = true")).await;

        browser.reads("#sent summary", "202").await;
        browser.reads("#sent pre", "curl -i -X POST 'http://127.0.0.1:").await;
        browser.reads("#sent pre", r#"-d '{"content":"What is tea?"}'"#).await;
        browser.reads("#sent pre:last-child", "\"state\": \"pending\"").await;
        browser.click("#sent .caption .link:last-child").await;
        browser.reads(".lines", "answered").await;
        browser.reads(".lines", "route: /chatroom/{chatroom}/message").await;

        browser.click("#tab-Queues").await;
        browser.reads("#panel-content", "in flight").await;
        browser.reads("#panel-content", "completed").await;
    })
    .await;
}

#[tokio::test]
async fn developers_make_gemini_fail_by_a_button() {
    with_browser(async |browser| {
        sign_in(&browser, &Person::new().mobile).await;
        browser.click("#developer").await;
        browser.click("#tab-Stand-ins").await;
        browser.reads("#panel-content", "Be overloaded twice").await;
        let buttons = count(&browser, "[data-fault]").await;
        assert!(buttons > 10, "{buttons}");
        // Other tests ask meanwhile: the fault is for this question alone.
        let asked = format!("What is tea to {}?", Person::new().mobile);
        browser.types("#only", &asked).await;
        browser.click("[data-fault='blocked']").await;
        browser.reads("#toast", "Gemini: block the next question.").await;
        say(&browser, &asked).await;
        browser.shows(".turn.assistant .note.error").await;
        browser.reads(".turn.assistant .tools", "Answer again").await;
        browser.click(".again").await;
        browser.reads(ANSWER, &format!("You said: \"{asked}\"")).await;

        browser.types("#tab-Stand-ins", &ESCAPE.to_string()).await;
        assert_eq!(count(&browser, "#panel[hidden]").await, 1);
    })
    .await;
}
