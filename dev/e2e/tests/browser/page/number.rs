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
