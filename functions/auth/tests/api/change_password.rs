//! `POST /auth/change-password`

use std::time::Duration;

use serde_json::json;

use crate::support::{api, code, hundred, is_in, outcomes, sign_in, text, verify, with, with_password};

#[tokio::test]
async fn the_first_password_needs_no_current_one() {
    let api = api().await;
    let (user, _) = sign_in(&api.anyone()).await;
    let set = user.post("/auth/change-password", json!({ "new_password": "the first password" })).await;
    assert_eq!((set.status(), set.bytes.len()), (204, 0));
    assert!(is_in(&user).await, "the session that changed it stays valid");
}

#[tokio::test]
async fn a_change_needs_the_current_password() {
    let api = api().await;
    let user = with_password(&api.anyone(), "the old password").await;
    let missing = user.post("/auth/change-password", json!({ "new_password": "the new password" })).await;
    let error = &missing.body()["errors"][0];
    assert_eq!(
        (missing.status(), &error["pointer"], &error["code"]),
        (422, &json!("/current_password"), &json!("missing"))
    );

    let body = json!({ "new_password": "the new password", "current_password": "not the old one" });
    let refused = user.post("/auth/change-password", body).await;
    assert_eq!((refused.status(), refused.code().as_str()), (401, "credentials_invalid"));

    let body = json!({ "new_password": "the new password", "current_password": "the old password" });
    assert_eq!(user.post("/auth/change-password", body).await.status(), 204);
    let login = user.post("/auth/login", json!({ "mobile": user.mobile, "password": "the new password" })).await;
    assert_eq!(login.status(), 200);
}

#[tokio::test]
async fn a_change_ends_the_other_sessions_and_every_open_code() {
    let api = with(&[("OTP_COOLDOWN_SECONDS", "0")]).await;
    let (here, _) = sign_in(&api.anyone()).await;
    let (there, _) = sign_in(&here).await;
    assert!(is_in(&here).await && is_in(&there).await);
    let (sign_in, code_in) = code(&here, "/auth/send-otp", json!({ "mobile": here.mobile })).await;
    let (reset, code_reset) = code(&here, "/auth/forgot-password", json!({ "mobile": here.mobile })).await;

    assert_eq!(here.post("/auth/change-password", json!({ "new_password": "a new password" })).await.status(), 204);

    assert!(is_in(&here).await && !is_in(&there).await);
    assert_eq!(verify(&here, &sign_in, &code_in).await.code(), "challenge_expired");
    assert_eq!(verify(&here, &reset, &code_reset).await.code(), "challenge_expired");
}

#[tokio::test]
async fn guesses_of_the_current_password_are_limited_by_user() {
    let api = api().await;
    let user = with_password(&api.anyone(), "the old password").await;
    for _ in 0..10 {
        let body = json!({ "new_password": "the new password", "current_password": "a wrong guess" });
        assert_eq!(user.post("/auth/change-password", body).await.code(), "credentials_invalid");
    }
    let right = json!({ "new_password": "the new password", "current_password": "the old password" });
    let paused = user.from("198.51.100.7").post("/auth/change-password", right.clone()).await;
    assert_eq!(
        (paused.status(), paused.code().as_str(), paused.header("retry-after")),
        (429, "password_user_limit", "900")
    );
    api.stack.clock.advance(Duration::from_mins(15));
    assert_eq!(user.post("/auth/change-password", right).await.status(), 204);
}

#[tokio::test]
async fn a_new_password_must_be_long_enough_and_not_common() {
    let api = api().await;
    let (user, _) = sign_in(&api.anyone()).await;
    for (password, code) in [
        ("seven77", "invalid"),
        ("12345678", "password_common"),
        ("QwertyUIOP", "password_common"),
        ("P@ssw0rd2024", "password_common"),
        ("Summer2025!", "password_common"),
        (&user.mobile[2..], "password_common"),
        ("Chat-Backend", "password_common"),
    ] {
        let refused = user.post("/auth/change-password", json!({ "new_password": password })).await;
        let error = &refused.body()["errors"][0];
        assert_eq!((refused.status(), &error["pointer"], &error["code"]), (422, &json!("/new_password"), &json!(code)));
    }
    let eight = user.post("/auth/change-password", json!({ "new_password": "пароль-8" })).await;
    assert_eq!(eight.status(), 204, "a password may use any script");
}

#[tokio::test]
async fn without_a_token_nothing_is_changed() {
    let api = api().await;
    let refused = api.anyone().post("/auth/change-password", json!({ "new_password": "a new password" })).await;
    assert_eq!((refused.status(), refused.header("www-authenticate")), (401, "Bearer"));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_a_hundred_concurrent_uses_of_a_reset_token_succeeds() {
    let api = with(&[("OTP_COOLDOWN_SECONDS", "0")]).await;
    let (user, _) = sign_in(&api.anyone()).await;
    let (challenge, otp) = code(&user, "/auth/forgot-password", json!({ "mobile": user.mobile })).await;
    let holder = user.with_token(&text(&verify(&user, &challenge, &otp).await, "access_token"));
    let seen = hundred(|number| {
        let holder = holder.clone();
        async move {
            holder.post("/auth/change-password", json!({ "new_password": format!("the password {number}") })).await
        }
    });
    assert_eq!(seen.await, outcomes(&[(204, "", 1), (401, "unauthenticated", 99)]));
}
