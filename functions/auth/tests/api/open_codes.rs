//! Open codes: each asker has one, and nobody ends another's.

use std::time::Duration;

use serde_json::json;
use testkit::User;

use crate::support::{api, ask, ask_as_holder, code, hundred, outcomes, sign_in, stranger, text, verify, with};

async fn open(user: &User) -> (String, String) {
    code(user, "/auth/send-otp", json!({ "mobile": user.mobile })).await
}

#[tokio::test]
async fn a_strangers_request_does_not_end_the_owners_code() {
    let api = api().await;
    for path in ["/auth/send-otp", "/auth/forgot-password"] {
        let (owner, _) = sign_in(&api.anyone()).await;
        api.stack.clock.advance(Duration::from_mins(5));
        let (challenge, otp) = code(&owner, path, json!({ "mobile": owner.mobile })).await;
        stranger(&owner, 1).post(path, json!({ "mobile": owner.mobile })).await;
        assert_eq!(verify(&owner, &challenge, &otp).await.status(), 200, "{path}");
    }
}

#[tokio::test]
async fn three_askers_have_an_open_code_each_and_a_fourth_waits_until_one_expires() {
    let api = api().await;
    let owner = api.anyone();
    let mut codes = Vec::new();
    for number in 0..3 {
        codes.push(open(&stranger(&owner, number)).await);
        api.stack.clock.advance(Duration::from_secs(40));
    }
    let fourth = ask(&stranger(&owner, 3)).await;
    assert_eq!((fourth.status(), fourth.code().as_str()), (429, "otp_open_limit"));
    assert_eq!(fourth.header("retry-after"), "180", "the first expires after five minutes");
    // An asker who has one may replace it.
    codes[1] = open(&stranger(&owner, 1)).await;
    for (challenge, otp) in &codes {
        assert_eq!(verify(&owner, challenge, otp).await.status(), 200);
    }
    assert_eq!(ask(&stranger(&owner, 4)).await.status(), 202, "a code that was used is not open");
}

#[tokio::test]
async fn a_holder_of_a_device_token_needs_no_free_place() {
    let api = api().await;
    let (owner, signed_in) = sign_in(&api.anyone()).await;
    let token = text(&signed_in, "device_token");
    api.stack.clock.advance(Duration::from_mins(5));
    for number in 0..3 {
        open(&stranger(&owner, number)).await;
    }
    assert_eq!(ask(&owner).await.code(), "otp_open_limit");
    let first = ask_as_holder(&owner, "/auth/send-otp", &token).await;
    api.stack.clock.advance(Duration::from_secs(30));
    let second = ask_as_holder(&owner, "/auth/send-otp", &token).await;
    let tried =
        async |sent: &testkit::Answer| verify(&owner, &text(sent, "challenge_id"), &text(sent, "otp")).await.status();
    assert_eq!((tried(&first).await, tried(&second).await), (401, 200), "a holder's own newer code replaces the older");
}

#[tokio::test(flavor = "multi_thread")]
async fn three_of_a_hundred_addresses_that_ask_at_once_get_a_code() {
    let api = with(&[("OTP_PER_MOBILE_HOUR", "1000"), ("OTP_PER_MOBILE_DAY", "1000")]).await;
    let owner = api.anyone();
    let seen = hundred(|number| {
        let asker = stranger(&owner, number);
        async move { ask(&asker).await }
    });
    assert_eq!(seen.await, outcomes(&[(202, "", 3), (429, "otp_open_limit", 97)]));
}

#[tokio::test]
async fn a_code_that_could_not_be_queued_takes_no_place() {
    let api = with(&[("OTP_DELIVERY", "sns")]).await;
    let owner = api.anyone();
    assert_eq!(ask(&stranger(&owner, 0)).await.status(), 202);
    api.stack.sqs.break_down(true);
    for number in 1..8 {
        assert_eq!(ask(&stranger(&owner, number)).await.status(), 503);
    }
    api.stack.sqs.break_down(false);
    for (number, status) in [(8, 202), (9, 202), (10, 429)] {
        assert_eq!(ask(&stranger(&owner, number)).await.status(), status);
    }
}

#[tokio::test]
async fn a_code_that_is_replaced_across_two_periods_stays_replaced() {
    let api = with(&[("OTP_COOLDOWN_SECONDS", "0")]).await;
    let owner = api.anyone();
    // The keys of open codes change every five minutes; the test's clock begins at such a change.
    api.stack.clock.advance(Duration::from_mins(4));
    let (mine, others) = (open(&owner).await, open(&stranger(&owner, 1)).await);
    api.stack.clock.advance(Duration::from_mins(2));
    let newer = open(&owner).await;
    let status = async |(challenge, otp): &(String, String)| verify(&owner, challenge, otp).await.status();
    assert_eq!((status(&mine).await, status(&others).await, status(&newer).await), (401, 200, 200));
}

#[tokio::test]
async fn without_redis_no_code_is_opened_and_none_is_queued() {
    let api = with(&[("OTP_DELIVERY", "sns"), ("REDIS_URL", "redis://127.0.0.1:1")]).await;
    let owner = api.anyone();
    for number in 0..4 {
        assert_eq!(ask(&stranger(&owner, number)).await.status(), 503);
    }
    assert!(api.queued().is_empty());
}
