//! Security events: one line each, kept apart by a field, with the user's id and never the number.

use std::time::Duration;

use serde_json::{Value, json};
use shared::telemetry::SecurityEvent;
use testkit::{Answer, User, capture};

use crate::redis_away::without_redis;
use crate::support::{code, sign_in, text, verify, with, with_password, wrong};

/// The security events of the captured lines: their kind and the user.
fn events(lines: &str) -> Vec<(String, Option<String>)> {
    let lines = lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let security = lines.filter(|line| line["event"] == "security");
    security
        .map(|line| {
            assert_eq!((&line["level"], &line["message"]), (&json!("INFO"), &json!("security event")), "{line}");
            (line["kind"].as_str().unwrap().to_owned(), line["user"].as_str().map(str::to_owned))
        })
        .collect()
}

fn id(signed_in: &Answer) -> String {
    signed_in.body()["user"]["id"].as_str().unwrap().to_owned()
}

fn seen(event: SecurityEvent, user: Option<&str>) -> (String, Option<String>) {
    (event.as_str().to_owned(), user.map(str::to_owned))
}

async fn log_in(user: &User, password: &str) -> Answer {
    user.post("/auth/login", json!({ "mobile": user.mobile, "password": password })).await
}

#[tokio::test]
async fn a_sign_in_and_a_failed_one() {
    let (logs, _guard) = capture();
    let api = with(&[("OTP_COOLDOWN_SECONDS", "0")]).await;
    let (user, signed_in) = sign_in(&api.anyone()).await;
    let id = id(&signed_in);
    assert_eq!(events(&logs.take()), [seen(SecurityEvent::SignIn, Some(&id))]);

    let (challenge, otp) = code(&user, "/auth/send-otp", json!({ "mobile": user.mobile })).await;
    verify(&user, &challenge, &wrong(&otp)).await;
    assert_eq!(events(&logs.take()), [seen(SecurityEvent::SignInFailed, Some(&id))]);

    user.post("/auth/change-password", json!({ "new_password": "the right password" })).await;
    assert_eq!(events(&logs.take()), [seen(SecurityEvent::PasswordChanged, Some(&id))]);
    log_in(&user, "the right password").await;
    log_in(&user, "a wrong password").await;
    log_in(&api.anyone(), "of nobody at all").await;
    let expected = [
        seen(SecurityEvent::SignIn, Some(&id)),
        seen(SecurityEvent::SignInFailed, Some(&id)),
        seen(SecurityEvent::SignInFailed, None),
    ];
    assert_eq!(events(&logs.take()), expected);
}

#[tokio::test]
async fn a_locked_account() {
    let (logs, _guard) = capture();
    let api = with(&[("PASSWORD_HASHES_PER_ADDRESS_MINUTE", "0")]).await;
    let user = with_password(&api.anyone(), "the right password").await;
    let id: shared::domain::UserId = api.stack.sql().await.query_one("select id from users", &[]).await.unwrap().get(0);
    for _ in 0..10 {
        log_in(&user, "a wrong password").await;
    }
    let change = |current: &str| json!({ "new_password": "the next password", "current_password": current });
    for _ in 0..10 {
        assert_eq!(user.post("/auth/change-password", change("a wrong password")).await.status(), 401);
    }
    logs.take();
    assert_eq!(log_in(&user, "the right password").await.status(), 429);
    assert_eq!(user.post("/auth/change-password", change("the right password")).await.status(), 429);
    let locked = seen(SecurityEvent::Locked, Some(&id.to_string()));
    assert_eq!(events(&logs.take()), [locked.clone(), locked]);
}

#[tokio::test]
async fn the_end_of_sessions_and_the_reuse_of_a_refresh_token() {
    let (logs, _guard) = capture();
    let api = with(&[("OTP_COOLDOWN_SECONDS", "0")]).await;
    let (user, signed_in) = sign_in(&api.anyone()).await;
    let (first, id) = (text(&signed_in, "refresh_token"), id(&signed_in));
    let refresh = async |token: &str| user.post("/auth/refresh", json!({ "refresh_token": token })).await;
    let second = text(&refresh(&first).await, "refresh_token");
    refresh(&second).await;
    logs.take();
    // Without Redis as with it.
    let away = user.at(without_redis(&api));
    assert_eq!(away.post("/auth/refresh", json!({ "refresh_token": first })).await.status(), 401);
    assert_eq!(events(&logs.take()), [seen(SecurityEvent::RefreshReused, Some(&id))]);

    let (user, _) = sign_in(&user).await;
    api.stack.clock.advance(Duration::from_mins(1));
    let (other, _) = sign_in(&user).await;
    logs.take();
    let listed = other.get("/auth/sessions").await.body();
    other.delete(&format!("/auth/sessions/{}", listed["data"][1]["id"].as_str().unwrap())).await;
    other.post("/auth/logout?everywhere=true", json!(null)).await;
    let ended = seen(SecurityEvent::SessionsEnded, Some(&id));
    assert_eq!(events(&logs.take()), [ended.clone(), ended]);
}

#[tokio::test]
async fn no_line_holds_a_number() {
    let (logs, _guard) = capture();
    let api = with(&[("OTP_COOLDOWN_SECONDS", "0")]).await;
    let user = with_password(&api.anyone(), "the right password").await;
    for _ in 0..11 {
        log_in(&user, "a wrong password").await;
    }
    user.post("/auth/logout?everywhere=true", json!(null)).await;
    let lines = logs.take();
    assert_eq!(events(&lines).len(), 14);
    assert!(!lines.contains(&user.mobile[1..]), "{lines}");
}
