//! Device tokens: where they come from, what they do not prove, and when they end.

use std::time::Duration;

use serde_json::json;
use shared::config::Env;
use testkit::{TestApi, User};

use crate::support::{
    api, ask, ask_as_holder, code, holder, is_in, log_in, sign_in, stranger, text, verify, with, with_password,
};

const PASSWORD: &str = "correct horse battery";

/// A stack on which strangers get one code for a number.
async fn strict() -> TestApi {
    with(&[("OTP_PER_MOBILE_HOUR", "1"), ("OTP_COOLDOWN_SECONDS", "0")]).await
}

/// Whether the token draws on the budget of holders; strangers have spent theirs.
async fn is_valid(user: &User, token: &str) -> bool {
    ask(&stranger(user, 9)).await;
    match ask_as_holder(user, "/auth/send-otp", token).await {
        sent if sent.status() == 202 => true,
        refused => {
            assert_eq!(refused.code(), "otp_mobile_limit");
            false
        }
    }
}

#[tokio::test]
async fn every_sign_in_and_every_refresh_returns_one() {
    let api = strict().await;
    let (user, signed_in) = sign_in(&api.anyone()).await;
    let set = user.post("/auth/change-password", json!({ "new_password": PASSWORD })).await;
    assert_eq!(set.status(), 204);
    let logged_in = log_in(&user, PASSWORD, None).await;
    let shown = json!({ "refresh_token": logged_in.body()["refresh_token"], "device_token": "anything" });
    let refreshed = user.post("/auth/refresh", shown).await;
    for answer in [signed_in, logged_in, refreshed] {
        let token = text(&answer, "device_token");
        assert!(!token.contains(&user.mobile[1..]));
        api.stack.clock.advance(Duration::from_hours(1));
        assert!(is_valid(&user, &token).await);
    }
}

#[tokio::test]
async fn it_proves_nothing_else() {
    let api = api().await;
    let (user, token) = holder(&api, PASSWORD).await;
    assert!(!is_in(&user.with_token(&token)).await);
    assert_eq!(user.post("/auth/refresh", json!({ "refresh_token": token })).await.code(), "refresh_invalid");
    assert_eq!(log_in(&user, "a wrong guess", Some(&token)).await.code(), "credentials_invalid");
    assert_eq!(log_in(&user, &token, Some(&token)).await.code(), "credentials_invalid");
}

#[tokio::test]
async fn an_invalid_or_foreign_one_is_as_if_there_were_none() {
    let api = strict().await;
    let (user, _) = sign_in(&api.anyone()).await;
    let (_, foreign) = sign_in(&api.anyone()).await;
    let foreign = text(&foreign, "device_token");
    for token in ["", "x", "a.b.c.d", &foreign, user.token(), &"x".repeat(5000)] {
        assert!(!is_valid(&user, token).await, "{token:.20}");
        assert_eq!(log_in(&user, "a wrong guess", Some(token)).await.code(), "credentials_invalid");
        let proof = json!({ "challenge_id": "5b3b2f0e-7d52-4f0e-9d5c-0d9b2f7c6a11", "otp": "123456",
            "device_token": token });
        assert_eq!(user.post("/auth/verify-otp", proof).await.code(), "challenge_expired");
    }
}

#[tokio::test]
async fn it_outlives_its_session_and_ends_with_all_sessions() {
    let api = strict().await;
    let (user, signed_in) = sign_in(&api.anyone()).await;
    let token = text(&signed_in, "device_token");
    assert_eq!(user.post("/auth/logout", json!(null)).await.status(), 204);
    assert!(is_valid(&user, &token).await);

    api.stack.clock.advance(Duration::from_hours(2));
    let (user, later) = sign_in(&user).await;
    assert_eq!(user.post("/auth/logout?everywhere=true", json!(null)).await.status(), 204);
    for ended in [token, text(&later, "device_token")] {
        assert!(!is_valid(&user, &ended).await);
    }
    api.stack.clock.advance(Duration::from_hours(2));
    let (_, anew) = sign_in(&user).await;
    assert!(is_valid(&user, &text(&anew, "device_token")).await);
}

#[tokio::test]
async fn it_ends_after_180_days_and_a_sign_in_renews_it() {
    let api = strict().await;
    let (user, signed_in) = sign_in(&api.anyone()).await;
    let days = |days: u64| Duration::from_hours(24 * days);
    api.stack.clock.advance(days(179));
    let (_, renewed) = sign_in(&user).await;
    api.stack.clock.advance(days(1));
    assert!(!is_valid(&user, &text(&signed_in, "device_token")).await);
    assert!(is_valid(&user, &text(&renewed, "device_token")).await);
}

#[tokio::test]
async fn an_ended_one_has_the_tries_of_a_stranger() {
    let api = with(&[("LOGIN_TRIES", "1"), ("OTP_COOLDOWN_SECONDS", "0")]).await;
    let user = with_password(&api.anyone(), PASSWORD).await;
    let token = text(&log_in(&user, PASSWORD, None).await, "device_token");
    assert_eq!(user.post("/auth/logout?everywhere=true", json!(null)).await.status(), 204);
    assert_eq!(log_in(&user, "a wrong guess", Some(&token)).await.code(), "credentials_invalid");
    assert_eq!(log_in(&user, PASSWORD, None).await.code(), "login_mobile_limit");
}

#[tokio::test]
async fn when_redis_is_away_a_sign_out_everywhere_still_ends_the_sessions() {
    let api = api().await;
    let (user, _) = sign_in(&api.anyone()).await;
    let settings = api.stack.env();
    let env = Env::from_fn(move |name| match name {
        "REDIS_URL" => Some("redis://127.0.0.1:1".into()),
        name => settings.optional(name),
    });
    let away = user.at(auth::router(&env, api.stack.clock.clock()).unwrap());
    assert_eq!(away.post("/auth/logout?everywhere=true", json!(null)).await.status(), 204);
    assert!(!is_in(&away).await);
}

#[tokio::test]
async fn a_wrong_code_is_no_more_often_tried_with_a_token() {
    let api = api().await;
    let (user, token) = holder(&api, PASSWORD).await;
    api.stack.clock.advance(Duration::from_mins(1));
    let (challenge, otp) = code(&user, "/auth/send-otp", json!({ "mobile": user.mobile })).await;
    let wrong = crate::support::wrong(&otp);
    for _ in 0..5 {
        let proof = json!({ "challenge_id": challenge, "otp": wrong, "device_token": token });
        assert_eq!(user.post("/auth/verify-otp", proof).await.code(), "otp_invalid");
    }
    assert_eq!(verify(&user, &challenge, &otp).await.code(), "challenge_expired");
}
