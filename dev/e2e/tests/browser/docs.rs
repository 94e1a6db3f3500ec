//! The page with the API's contract: a reader tries operations and sees the responses of the deployed stack.

use e2e::variable;

use crate::webdriver::{Browser, with_browser};

/// Opens an operation on the page and sends its prefilled request. Returns the selector of the operation's section.
async fn try_out(browser: &Browser, tag: &str, operation: &str) -> String {
    browser.visit("about:blank").await;
    browser.visit(&format!("{}/docs#/{tag}/{operation}", variable("API_URL"))).await;
    let part = format!("#operations-{tag}-{operation}");
    browser.click(&format!("{part} .try-out__btn")).await;
    browser.click(&format!("{part} .execute")).await;
    part
}

#[tokio::test]
async fn a_reader_tries_operations_and_sees_their_responses() {
    with_browser(async |browser| {
        let health = try_out(&browser, "Operations", "get_health").await;
        let answer = format!("{health} .live-responses-table .response");
        browser.reads(&format!("{answer} .response-col_status"), "200").await;
        browser.reads(&format!("{answer} .response-col_description"), "\"status\": \"ok\"").await;
        browser.reads(&format!("{answer} .response-col_description"), "x-request-id").await;

        // The request is the example of the contract.
        let signup = try_out(&browser, "Authentication", "sign_up").await;
        let answer = format!("{signup} .live-responses-table .response");
        browser.reads(&format!("{answer} .response-col_status"), "201").await;
        browser.reads(&format!("{answer} .response-col_description"), "\"mobile\": \"+14155550123\"").await;

        let account = try_out(&browser, "Account", "get_me").await;
        let answer = format!("{account} .live-responses-table .response");
        browser.reads(&format!("{answer} .response-col_status"), "401").await;
        browser.reads(&format!("{answer} .response-col_description"), "\"code\": \"unauthenticated\"").await;
    })
    .await;
}
