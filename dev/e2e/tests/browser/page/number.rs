//! The change of the number, on the account's page.

use e2e::Person;
use serde_json::json;

use crate::page::{ENTER, person, sign_in};
use crate::webdriver::{Browser, with_browser};

const ALERT: &str = "#number [role=alert]";

/// Asks for a code for that number, on the account's page.
async fn ask_code(browser: &Browser, mobile: &str) {
    browser.script("document.getElementById('mobile').value = ''").await;
    browser.types("#number #mobile", &format!("{mobile}{ENTER}")).await;
}

/// Types a code and submits it.
async fn submit(browser: &Browser, code: &str) {
    browser.shows("#number #otp").await;
    browser.script("document.getElementById('otp').value = ''").await;
    browser.types("#number #otp", &format!("{code}{ENTER}")).await;
}

#[tokio::test]
async fn a_number_is_changed_by_the_code_that_it_receives() {
    with_browser(async |browser| {
        let before = Person::new();
        let next = Person::new().mobile;
        sign_in(&browser, &before.mobile).await;
        browser.click("#me a").await;
        browser.reads("#number", &before.mobile).await;
        browser.click("#change-number").await;

        ask_code(&browser, &next).await;
        browser.reads("#number .inbox", "is your code").await;
        browser.reads("#otp-help", &next).await;
        submit(&browser, "000000").await;
        browser.reads(ALERT, "The code is not right.").await;
        browser.click("#number .sms").await;
        browser.types("#number #otp", &ENTER.to_string()).await;

        browser.reads("#number strong", &next).await;
        browser.reads("#toast", "The number is changed.").await;
        browser.reads("#me .name", &next).await;
        assert_eq!(browser.script("return document.activeElement.id").await, "change-number");
        assert_eq!(person(&browser).await.get("/user/me").await.body["mobile"], json!(next));
        assert_eq!(browser.complaints().await, Vec::<String>::new());
    })
    .await;
}

#[tokio::test]
async fn what_is_wrong_with_a_new_number_is_said_in_the_services_words() {
    with_browser(async |browser| {
        let ada = Person::new();
        let taken = Person::signed_in().await.mobile;
        sign_in(&browser, &ada.mobile).await;
        browser.click("#me a").await;
        browser.click("#change-number").await;
        browser.reads("#number .help", "A number that has an account already gets none.").await;

        ask_code(&browser, "12345").await;
        browser.reads(ALERT, "Must be in E.164 form and begin with +.").await;
        // Whose number it is stays a secret; its code is right for nobody.
        ask_code(&browser, &taken).await;
        for _ in 0..5 {
            submit(&browser, "000000").await;
            browser.reads(ALERT, "The code is not right.").await;
        }
        submit(&browser, "000000").await;
        browser.reads(ALERT, "This code cannot be used any more.").await;

        browser.click("#number .links button:last-child").await;
        browser.click("#number .primary").await;
        browser.reads(ALERT, "a moment ago").await;
        browser.click("#number .links button").await;
        browser.reads("#number strong", &ada.mobile).await;
    })
    .await;
}

/// Answers the request of a change as ten minutes after the sign-in.
const STALE: &str = "
    const real = window.fetch;
    const problem = { status: 403, code: 'fresh_sign_in_required', detail: 'This needs a sign-in of the last 10 minutes.' };
    const headers = { 'content-type': 'application/problem+json' };
    window.fetch = async (request) => request.url.endsWith('/user/me/mobile')
        ? new Response(JSON.stringify(problem), { status: 403, headers }) : real(request)";

#[tokio::test]
async fn who_signed_in_long_ago_signs_in_again_before_the_number_is_changed() {
    with_browser(async |browser| {
        let mobile = Person::new().mobile;
        sign_in(&browser, &mobile).await;
        browser.click("#me a").await;
        browser.click("#change-number").await;
        browser.script(STALE).await;

        ask_code(&browser, &Person::new().mobile).await;
        browser.reads(ALERT, "This needs a sign-in of the last 10 minutes.").await;
        browser.click("#number #sign-in-again").await;

        browser.reads("h1", "Sign in").await;
        assert_eq!(browser.script("return document.getElementById('mobile').value").await, mobile);
    })
    .await;
}
