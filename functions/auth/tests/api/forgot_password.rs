//! `POST /auth/forgot-password` and the use of its code.

use std::time::Duration;

use serde_json::json;

use crate::support::{api, code, is_in, sign_in, text, verify, with, with_password};

#[tokio::test]
async fn a_reset_code_gives_a_token_that_sets_a_password_once() {
    let api = with(&[("OTP_COOLDOWN_SECONDS", "0")]).await;
    let user = with_password(&api.anyone(), "the old password").await;
    let (challenge, otp) = code(&user, "/auth/forgot-password", json!({ "mobile": user.mobile })).await;
    let verified = verify(&user, &challenge, &otp).await;
    let body = verified.body();
    assert_eq!(
        (&body["scope"], &body["expires_in"], &body["token_type"]),
        (&json!("password_reset"), &json!(600), &json!("Bearer"))
    );
    let left_out = ["refresh_token", "device_token", "user"].map(|field| body.get(field).is_none());
    assert_eq!(left_out, [true; 3], "they are absent, and not null");

    let holder = user.with_token(&text(&verified, "access_token"));
    assert_eq!(holder.post("/auth/change-password", json!({ "new_password": "the new password" })).await.status(), 204);
    let again = holder.post("/auth/change-password", json!({ "new_password": "another password" })).await;
    assert_eq!((again.status(), again.code().as_str()), (401, "unauthenticated"));

    assert!(!is_in(&user).await, "a reset ends every session");
    let login = |password| user.post("/auth/login", json!({ "mobile": user.mobile, "password": password }));
    assert_eq!(login("the old password").await.code(), "credentials_invalid");
    assert_eq!(login("the new password").await.status(), 200);
}

#[tokio::test]
async fn a_reset_of_a_number_without_an_account_changes_nothing() {
    let api = api().await;
    let user = api.anyone();
    let (challenge, otp) = code(&user, "/auth/forgot-password", json!({ "mobile": user.mobile })).await;
    assert_eq!(verify(&user, &challenge, &otp).await.code(), "otp_invalid");
    let accounts = api.stack.sql().await.query_one("select count(*) from users", &[]).await.unwrap();
    assert_eq!(accounts.get::<_, i64>(0), 0);
}

#[tokio::test]
async fn a_reset_token_can_do_nothing_else() {
    let api = with(&[("OTP_COOLDOWN_SECONDS", "0")]).await;
    let (user, _) = sign_in(&api.anyone()).await;
    let (challenge, otp) = code(&user, "/auth/forgot-password", json!({ "mobile": user.mobile })).await;
    let holder = user.with_token(&text(&verify(&user, &challenge, &otp).await, "access_token"));
    assert_eq!(holder.get("/auth/sessions").await.code(), "forbidden");
    assert_eq!(holder.post("/auth/logout", json!(null)).await.code(), "forbidden");
    assert_eq!(holder.delete("/auth/sessions/5b3b2f0e-7d52-4f0e-9d5c-0d9b2f7c6a11").await.code(), "forbidden");
}

#[tokio::test]
async fn a_reset_token_lasts_ten_minutes_and_not_past_a_change() {
    let api = with(&[("OTP_COOLDOWN_SECONDS", "0")]).await;
    let user = with_password(&api.anyone(), "the old password").await;
    let reset = async || {
        let (challenge, otp) = code(&user, "/auth/forgot-password", json!({ "mobile": user.mobile })).await;
        user.with_token(&text(&verify(&user, &challenge, &otp).await, "access_token"))
    };
    let late = reset().await;
    api.stack.clock.advance(Duration::from_secs(606));
    assert_eq!(
        late.post("/auth/change-password", json!({ "new_password": "too late a password" })).await.status(),
        401
    );

    let overtaken = reset().await;
    let change = json!({ "current_password": "the old password", "new_password": "changed meanwhile" });
    assert_eq!(user.post("/auth/change-password", change).await.status(), 204);
    let refused = overtaken.post("/auth/change-password", json!({ "new_password": "from before the change" })).await;
    assert_eq!(refused.status(), 401);
}
