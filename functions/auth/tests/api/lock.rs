//! A hundred failures in a row lock an account's sign-in with a code; only the holder of a right code learns it.

use std::time::Duration;

use serde_json::json;
use testkit::{TestApi, User};

use crate::support::{code, text, verify, with, wrong};

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
async fn after_a_hundred_failures_a_right_code_is_told_until_when_and_a_wrong_one_nothing() {
    let api = api().await;
    let (user, other) = (api.anyone(), api.anyone());
    fail(&user, 100).await;

    let (challenge, otp) = code(&user, "/auth/send-otp", json!({ "mobile": user.mobile })).await;
    assert_eq!(verify(&user, &challenge, &wrong(&otp)).await.code(), "otp_invalid");
    let refused = verify(&user, &challenge, &otp).await;
    assert_eq!((refused.status(), refused.code().as_str()), (403, "account_locked"));
    assert_eq!(refused.header("retry-after"), "86400");
    assert!(text(&refused, "detail").ends_with("until 2026-11-24T12:00:00.000Z."), "{}", refused.body());
    let again = verify(&user, &challenge, &otp).await;
    assert_eq!(again.code(), "challenge_expired", "a right code is used up");

    let (challenge, otp) = code(&user, "/auth/forgot-password", json!({ "mobile": user.mobile })).await;
    assert_ne!(verify(&user, &challenge, &otp).await.code(), "account_locked", "each purpose has a count of its own");
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

#[tokio::test]
async fn the_lock_ends_a_day_after_the_first_failure_and_not_at_midnight() {
    let api = api().await;
    let user = api.anyone();
    let hours = Duration::from_hours;
    fail(&user, 60).await;
    // The test's clock began at noon: this is the next day.
    api.stack.clock.advance(hours(13));
    fail(&user, 40).await;
    let tried = async || {
        let (challenge, otp) = code(&user, "/auth/send-otp", json!({ "mobile": user.mobile })).await;
        verify(&user, &challenge, &otp).await.status()
    };
    assert_eq!(tried().await, 403);
    api.stack.clock.advance(Duration::from_millis(11 * 3_600_000 - 1));
    assert_eq!(tried().await, 403);
    api.stack.clock.advance(Duration::from_millis(1));
    assert_eq!(tried().await, 200);
}

#[tokio::test]
async fn strangers_get_too_few_codes_to_lock_anybody_out() {
    let api = with(&[("OTP_COOLDOWN_SECONDS", "0")]).await;
    let user = api.anyone();
    for _ in 0..7 {
        // Ten addresses ask for all codes of the day, and try five wrong ones each.
        for number in 0..10 {
            let stranger = user.from(&format!("192.0.2.{number}"));
            let asked = stranger.post("/auth/send-otp", json!({ "mobile": user.mobile })).await;
            if asked.status() == 202 {
                for _ in 0..5 {
                    verify(&user, &text(&asked, "challenge_id"), &wrong(&text(&asked, "otp"))).await;
                }
            }
            api.stack.clock.advance(Duration::from_mins(144));
        }
    }
    api.stack.clock.advance(Duration::from_hours(24));
    let (challenge, otp) = code(&user, "/auth/send-otp", json!({ "mobile": user.mobile })).await;
    assert_eq!(verify(&user, &challenge, &otp).await.status(), 200);
}

#[tokio::test]
async fn a_code_is_the_open_one_for_its_whole_life() {
    let api = api().await;
    let user = api.anyone();
    for minutes in [0, 1, 2, 3, 4] {
        // Whenever it was opened, it lives for five minutes, and a later code replaces it.
        api.stack.clock.advance(Duration::from_mins(1));
        let (replaced, otp) = code(&user, "/auth/send-otp", json!({ "mobile": user.mobile })).await;
        api.stack.clock.advance(Duration::from_mins(minutes));
        let (open, right) = code(&user, "/auth/send-otp", json!({ "mobile": user.mobile })).await;
        assert_eq!(verify(&user, &replaced, &otp).await.code(), "challenge_expired", "{minutes}");
        api.stack.clock.advance(Duration::from_secs(299));
        assert_eq!(verify(&user, &open, &right).await.status(), 200, "{minutes}");
    }
}
