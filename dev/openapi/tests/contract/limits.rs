//! The documented limits are the ones that apply.

use std::fs;
use std::time::Duration;

use serde_json::{Value, json};
use testkit::User;

use crate::service::{Service, operations};

/// A limit, as an operation documents it.
struct Limit {
    most: u64,
    window: u64,
}

fn limit(document: &Value, path: &str, code: &str) -> Limit {
    let of = &document["paths"][path]["post"];
    let limits = of["x-rate-limits"].as_array().unwrap_or_else(|| panic!("{path} documents no limits"));
    let found = limits.iter().find(|limit| limit["code"] == code).unwrap_or_else(|| panic!("{path}: {code}"));
    let number = |name: &str| found[name].as_u64().unwrap();
    assert!(of["description"].as_str().unwrap().contains(&format!("`{code}`")), "{path}: {code} in words");
    Limit { most: number("limit"), window: number("window_seconds") }
}

/// Sends bodies until one is refused with `code`. Returns how many were accepted before, and the pause of the refusal.
async fn until_refused(user: &User, path: &str, code: &str, body: impl Fn(u64) -> Value) -> (u64, u64) {
    for sent in 0..200 {
        let answer = user.post(path, body(sent)).await;
        if answer.code() == code {
            return (sent, answer.header("retry-after").parse().unwrap_or_default());
        }
    }
    panic!("{path} never returns {code}");
}

#[tokio::test]
async fn limits_by_address_and_number_are_as_documented() {
    let service = Service::with("PASSWORD_HASHES_PER_ADDRESS_MINUTE", "0").await;
    let document = openapi::document();
    let told = |path, code| limit(&document, path, code);

    let one = service.0.anyone().from("192.0.2.10");
    let signups = told("/auth/signup", "signup_ip_limit");
    let signup = |_| json!({ "mobile": one.mobile });
    let refused = until_refused(&one, "/auth/signup", "signup_ip_limit", signup).await;
    assert_eq!(refused, (signups.most, signups.window));

    let two = service.0.anyone().from("192.0.2.11");
    let passwords = told("/auth/login", "login_mobile_limit");
    let guess = |_| json!({ "mobile": two.mobile, "password": "not the one" });
    let refused = until_refused(&two, "/auth/login", "login_mobile_limit", guess).await;
    assert_eq!(refused, (passwords.most, passwords.window));

    let three = service.0.anyone().from("192.0.2.12");
    let passwords = told("/auth/login", "login_ip_limit");
    let guess = |sent| json!({ "mobile": format!("+1415555{sent:04}"), "password": "not the one" });
    let refused = until_refused(&three, "/auth/login", "login_ip_limit", guess).await;
    assert_eq!(refused, (passwords.most, passwords.window));

    let four = service.0.anyone().from("192.0.2.13");
    let codes = told("/auth/send-otp", "otp_ip_limit");
    let ask = |sent| json!({ "mobile": format!("+49151{sent:04}0000") });
    let refused = until_refused(&four, "/auth/send-otp", "otp_ip_limit", ask).await;
    assert_eq!(refused, (codes.most, codes.window));

    let pause = told("/auth/forgot-password", "otp_cooldown");
    let ask = |_| json!({ "mobile": "+447700900123" });
    let five = service.0.anyone().from("192.0.2.14");
    let refused = until_refused(&five, "/auth/forgot-password", "otp_cooldown", ask).await;
    assert_eq!(refused, (pause.most, pause.window));
}

#[tokio::test]
async fn so_many_passwords_of_an_address_are_hashed_in_a_minute_as_documented() {
    let (service, document) = (Service::start().await, openapi::document());
    let told = limit(&document, "/auth/login", "password_hash_limit");
    let user = service.0.anyone();
    let guess = |sent| json!({ "mobile": format!("+1415555{sent:04}"), "password": "not the one" });
    let refused = until_refused(&user, "/auth/login", "password_hash_limit", guess).await;
    assert_eq!(refused, (told.most, told.window));
}

#[tokio::test]
async fn a_number_gets_as_many_codes_in_an_hour_as_documented() {
    let (service, document) = (Service::start().await, openapi::document());
    let told = limit(&document, "/auth/send-otp", "otp_mobile_limit");
    let user = service.0.anyone();
    for sent in 0..=told.most {
        let asker = user.from(&format!("198.51.100.{sent}"));
        let answer = asker.post("/auth/send-otp", json!({ "mobile": user.mobile })).await;
        let expected = if sent < told.most { 202 } else { 429 };
        assert_eq!(answer.status(), expected, "{sent}: {}", answer.body());
        service.0.stack.clock.advance(Duration::from_mins(3));
    }
}

#[tokio::test]
async fn a_code_allows_as_many_wrong_tries_as_documented() {
    let (service, document) = (Service::start().await, openapi::document());
    let told = limit(&document, "/auth/verify-otp", "challenge_expired");
    let user = service.0.anyone();
    let sent = user.post("/auth/send-otp", json!({ "mobile": user.mobile })).await.body();
    let right = sent["otp"].as_str().unwrap();
    let wrong = if right == "000000" { "000001" } else { "000000" };
    let body = |otp: &str| json!({ "challenge_id": sent["challenge_id"], "otp": otp });
    let refused = until_refused(&user, "/auth/verify-otp", "challenge_expired", |_| body(wrong)).await;
    assert_eq!(refused.0, told.most);
    assert_eq!(user.post("/auth/verify-otp", body(right)).await.code(), "challenge_expired", "even the right one");
}

#[tokio::test]
async fn a_user_sends_as_many_messages_as_documented() {
    let (service, document) = (Service::start().await, openapi::document());
    let told = limit(&document, "/chatroom/{chatroom}/message", "allowance_spent");
    let user = service.at(&service.0.signed_in().await, "/chatroom");
    let room = user.post("/chatroom", json!({})).await.id();
    let path = format!("/chatroom/{room}/message");
    let refused = until_refused(&user, &path, "allowance_spent", |_| json!({ "content": "More" })).await;
    assert_eq!(refused, (told.most, told.window / 2), "the tests' clock stands at noon");
}

#[test]
fn every_429_has_a_documented_limit_and_every_limit_has_a_response() {
    for (path, method, operation) in operations(&openapi::document()) {
        let told: Vec<_> = operation["x-rate-limits"].as_array().into_iter().flatten().collect();
        let told = |code: &str| told.iter().any(|limit| limit["code"] == code);
        let refused = operation["responses"]["429"]["$ref"].as_str();
        for code in refused.into_iter().flat_map(|name| name.rsplit('/').next().unwrap().split("-or-")) {
            assert!(told(code), "{method} {path}: the limit behind {code}");
        }
        let description = operation["description"].as_str().unwrap();
        assert_eq!(description.contains("Limits, "), operation["x-rate-limits"].is_array(), "{method} {path}");
    }
}

/// A parameter's default.
fn default_of(template: &str, parameter: &str) -> u64 {
    let (_, declared) = template.split_once(&format!("\n  {parameter}:\n")).unwrap_or_else(|| panic!("{parameter}"));
    let (_, default) = declared.split_once("Default: ").expect("a default");
    default.lines().next().unwrap().parse().unwrap_or_else(|_| panic!("{parameter}: {default:.20}"))
}

#[test]
fn the_documented_limits_are_the_defaults_of_a_deployment() {
    let template = fs::read_to_string(openapi::root().join("template.yaml")).unwrap();
    let document = openapi::document();
    let mut compared = 0;
    for (path, method, operation) in operations(&document) {
        for limit in operation["x-rate-limits"].as_array().into_iter().flatten() {
            let Some(parameter) = limit["parameter"].as_str() else { continue };
            let number = if parameter.ends_with("Seconds") { "window_seconds" } else { "limit" };
            let told = limit[number].as_u64().unwrap();
            assert_eq!(told, default_of(&template, parameter), "{parameter} at {method} {path}");
            compared += 1;
        }
    }
    assert!(compared >= 15, "{compared}");
    let (rate, burst) = (default_of(&template, "ThrottleRate"), default_of(&template, "ThrottleBurst"));
    let told = format!("{rate} requests a second for each function, {burst} at once");
    assert!(document["info"]["description"].as_str().unwrap().contains(&told), "{told}");
}
