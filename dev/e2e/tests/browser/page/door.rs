//! Signing in and out.

use e2e::Person;

use crate::page::{ENTER, ask, count, sign_in};
use crate::webdriver::with_browser;

#[tokio::test]
async fn what_is_wrong_at_the_door_is_said_in_the_services_words() {
    with_browser(async |browser| {
        browser.visit(&e2e::variable("PAGE_URL")).await;
        browser.types("#mobile", &format!("12345{ENTER}")).await;
        browser.reads("[role=alert]", "Must be in E.164 form and begin with +.").await;

        browser.script("document.getElementById('mobile').value = ''").await;
        browser.types("#mobile", &format!("{}{ENTER}", Person::new().mobile)).await;
        browser.reads("h1", "Enter the code").await;
        browser.reads("#resend", "Send another code in").await;
        browser.types("#otp", &format!("000000{ENTER}")).await;
        browser.reads("[role=alert]", "The code is not right.").await;
    })
    .await;
}

#[tokio::test]
async fn a_session_outlives_the_page_and_ends_with_the_account() {
    with_browser(async |browser| {
        sign_in(&browser, &Person::new().mobile).await;
        browser.visit(&format!("{}#/account", e2e::variable("PAGE_URL"))).await;
        browser.types("#name", "Ada").await;
        browser.types("#email", "ada@example.org").await;
        browser.click("#profile .primary").await;
        browser.reads("#me", "Ada").await;
        browser.reads("#devices", "This device").await;

        browser.click("#delete-account").await;
        browser.accept().await;

        browser.reads("h1", "Sign in").await;
        browser.reads("#toast", "The account is deleted.").await;
        assert_eq!(browser.complaints().await, Vec::<String>::new());
    })
    .await;
}

#[tokio::test]
async fn the_next_person_on_a_device_sees_nothing_of_the_one_before() {
    with_browser(async |browser| {
        sign_in(&browser, &Person::new().mobile).await;
        ask(&browser, "What is tea?").await;
        browser.click("#me a").await;
        browser.click("#sign-out").await;
        browser.reads("h1", "Sign in").await;
        assert_eq!(count(&browser, "#rooms a").await, 0);

        sign_in(&browser, &Person::new().mobile).await;

        browser.reads("#rooms", "No conversations yet.").await;
        let shown = browser.script("return document.body.innerHTML").await;
        assert!(!shown.as_str().expect("markup").contains("What is tea?"), "{shown}");
    })
    .await;
}

/// Answers the deletion of the account as ten minutes after the sign-in.
const STALE: &str = "
    const real = window.fetch;
    const problem = { status: 403, code: 'fresh_sign_in_required', detail: 'This needs a sign-in of the last 10 minutes.' };
    const headers = { 'content-type': 'application/problem+json' };
    window.fetch = async (request) => request.method === 'DELETE'
        ? new Response(JSON.stringify(problem), { status: 403, headers }) : real(request)";

#[tokio::test]
async fn who_signed_in_long_ago_signs_in_again_before_the_account_is_deleted() {
    with_browser(async |browser| {
        let mobile = Person::new().mobile;
        sign_in(&browser, &mobile).await;
        browser.click("#me a").await;
        browser.reads("#devices", "This device").await;
        browser.script(STALE).await;

        browser.click("#delete-account").await;
        browser.accept().await;
        browser.reads("#leave [role=alert]", "This needs a sign-in of the last 10 minutes.").await;
        browser.click("#sign-in-again").await;

        browser.reads("h1", "Sign in").await;
        assert_eq!(browser.script("return document.getElementById('mobile').value").await, mobile);
    })
    .await;
}
