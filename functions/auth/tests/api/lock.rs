//! A hundred failures in a row pause an account's sign-in with a code; the response does not reveal it.

use serde_json::json;
use testkit::{TestApi, User};

use crate::support::{code, verify, with, wrong};

async fn api() -> TestApi {
    with(&[("OTP_COOLDOWN_SECONDS", "0"), ("OTP_PER_MOBILE_HOUR", "1000"), ("OTP_PER_MOBILE_DAY", "1000")]).await
}

async fn fail(user: &User, times: usize) {
    let mut left = times;
    while left > 0 {
        let (challenge, otp) = code(user, "/auth/send-otp", json!({ "mobile": user.mobile })).await;
        for _ in 0..left.min(5) {
            assert_eq!(verify(user, &challenge, &wrong(&otp)).await.code(), "otp_invalid");
            left -= 1;
        }
    }
}

#[tokio::test]
async fn after_a_hundred_failures_every_code_is_refused() {
    let api = api().await;
    let (user, other) = (api.anyone(), api.anyone());
    fail(&user, 100).await;

    for path in ["/auth/send-otp", "/auth/forgot-password"] {
        let (challenge, otp) = code(&user, path, json!({ "mobile": user.mobile })).await;
        let refused = verify(&user, &challenge, &otp).await;
        let mut like_any = verify(&user, &challenge, &wrong(&otp)).await.body();
        like_any["request_id"] = refused.body()["request_id"].clone();
        assert_eq!((refused.status(), refused.body()), (401, like_any), "{path}");
    }
    let (challenge, otp) = code(&other, "/auth/send-otp", json!({ "mobile": other.mobile })).await;
    assert_eq!(verify(&other, &challenge, &otp).await.status(), 200, "no other account is paused");
}

#[tokio::test]
async fn a_right_code_resets_the_count() {
    let api = api().await;
    let user = api.anyone();
    for _ in 0..2 {
        fail(&user, 99).await;
        let (challenge, otp) = code(&user, "/auth/send-otp", json!({ "mobile": user.mobile })).await;
        assert_eq!(verify(&user, &challenge, &otp).await.status(), 200);
    }
}
