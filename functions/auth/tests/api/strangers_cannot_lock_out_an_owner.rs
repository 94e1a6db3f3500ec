//! Whatever strangers do to a number, its owner signs in: with a device token, and in the session that is open.

use std::time::Duration;

use serde_json::json;
use shared::config::Env;
use testkit::{TestApi, User};

use crate::support::{
    api, ask, ask_as_holder, code, holder, hundred, is_in, log_in, outcomes, stranger, text, verify, with, wrong,
};

const PASSWORD: &str = "correct horse battery";
const PATHS: [&str; 2] = ["/auth/send-otp", "/auth/forgot-password"];

/// Thirty wrong passwords from three addresses: all that strangers have at a number.
async fn spend_passwords(victim: &User) {
    for address in 1..=3 {
        for _ in 0..10 {
            assert_eq!(log_in(&stranger(victim, address), "a wrong guess", None).await.code(), "credentials_invalid");
        }
    }
    assert_eq!(log_in(&stranger(victim, 4), PASSWORD, None).await.code(), "login_mobile_limit");
}

/// A hundred wrong codes by strangers.
async fn lock(victim: &User) {
    for round in 0..20 {
        let asker = stranger(victim, round % 2);
        let (challenge, otp) = code(&asker, "/auth/send-otp", json!({ "mobile": victim.mobile })).await;
        for _ in 0..5 {
            assert_eq!(verify(&asker, &challenge, &wrong(&otp)).await.code(), "otp_invalid");
        }
    }
}

async fn lenient() -> TestApi {
    with(&[("OTP_COOLDOWN_SECONDS", "0"), ("OTP_PER_MOBILE_HOUR", "1000"), ("OTP_PER_MOBILE_DAY", "1000")]).await
}

#[tokio::test]
async fn wrong_passwords_of_strangers_stop_strangers_and_nobody_else() {
    let api = api().await;
    let (owner, token) = holder(&api, PASSWORD).await;
    spend_passwords(&owner).await;

    assert_eq!(log_in(&owner, PASSWORD, None).await.code(), "login_mobile_limit", "without a token nobody is known");
    assert_eq!(log_in(&owner, PASSWORD, Some(&token)).await.status(), 200);
    let change = json!({ "current_password": PASSWORD, "new_password": "another horse battery" });
    assert_eq!(owner.post("/auth/change-password", change).await.status(), 204, "the session has its own limit");
}

#[tokio::test]
async fn ten_wrong_passwords_of_one_address_stop_that_address_alone() {
    let api = api().await;
    let (owner, _) = holder(&api, PASSWORD).await;
    for code in ["credentials_invalid"; 10].into_iter().chain(["login_mobile_limit"]) {
        assert_eq!(log_in(&stranger(&owner, 1), "a wrong guess", None).await.code(), code);
    }
    assert_eq!(log_in(&owner, PASSWORD, None).await.status(), 200, "at home, without a token");
}

#[tokio::test]
async fn codes_that_strangers_request_stop_strangers_and_nobody_else() {
    let api = api().await;
    let (owner, token) = holder(&api, PASSWORD).await;
    for path in PATHS {
        for number in 0..5 {
            let sent = stranger(&owner, number).post(path, json!({ "mobile": owner.mobile })).await;
            let more = sent.status() == 429;
            assert!(sent.status() == 202 || more, "{}", sent.body());
            api.stack.clock.advance(Duration::from_mins(6));
        }
        let refused = owner.post(path, json!({ "mobile": owner.mobile })).await;
        assert_eq!(refused.code(), "otp_mobile_limit", "{path}");
        let sent = ask_as_holder(&owner, path, &token).await;
        assert_eq!((sent.status(), &sent.body()["resend_after"]), (202, &json!(30)), "{path}");
        let verified = verify(&owner, &text(&sent, "challenge_id"), &text(&sent, "otp")).await;
        assert_eq!(verified.status(), 200, "{path}");
    }
}

#[tokio::test]
async fn one_address_cannot_spend_the_codes_of_a_number() {
    let api = with(&[("OTP_PER_MOBILE_IP_HOUR", ""), ("OTP_PER_MOBILE_IP_DAY", "")]).await;
    let owner = api.anyone();
    let (mut sent, attacker) = (0, stranger(&owner, 1));
    // Every quarter of an hour, for a day.
    for _ in 0..96 {
        let answer = ask(&attacker).await;
        sent += usize::from(answer.status() == 202);
        assert!(answer.status() == 202 || answer.code() == "otp_mobile_ip_limit", "{}", answer.body());
        api.stack.clock.advance(Duration::from_mins(15));
    }
    assert!((5..=6).contains(&sent), "{sent}: five in any day");
    for _ in 0..3 {
        assert_eq!(ask(&owner).await.status(), 202);
        api.stack.clock.advance(Duration::from_mins(5));
    }
}

#[tokio::test]
async fn a_hundred_wrong_codes_of_strangers_leave_the_holder_of_a_device_token_free() {
    let api = lenient().await;
    let (owner, token) = holder(&api, PASSWORD).await;
    lock(&owner).await;

    let (challenge, otp) = code(&owner, "/auth/send-otp", json!({ "mobile": owner.mobile })).await;
    assert_eq!(verify(&owner, &challenge, &otp).await.code(), "account_locked");
    let sent = ask_as_holder(&owner, "/auth/send-otp", &token).await;
    let signed_in = verify(&owner, &text(&sent, "challenge_id"), &text(&sent, "otp")).await;
    assert_eq!(signed_in.status(), 200);
    let (challenge, otp) = code(&owner, "/auth/send-otp", json!({ "mobile": owner.mobile })).await;
    let shown = json!({ "challenge_id": challenge, "otp": otp, "device_token": token });
    assert_eq!(owner.post("/auth/verify-otp", shown).await.status(), 200, "a token may be shown with the code, too");
    let (challenge, otp) = code(&owner, "/auth/send-otp", json!({ "mobile": owner.mobile })).await;
    assert_eq!(verify(&owner, &challenge, &otp).await.code(), "account_locked", "strangers stay locked out");
}

#[tokio::test]
async fn holders_are_locked_out_by_their_own_failures_alone() {
    let api = lenient().await;
    let (owner, token) = holder(&api, PASSWORD).await;
    for _ in 0..20 {
        let sent = ask_as_holder(&owner, "/auth/send-otp", &token).await;
        for _ in 0..5 {
            let tried = verify(&owner, &text(&sent, "challenge_id"), &wrong(&text(&sent, "otp"))).await;
            assert_eq!(tried.code(), "otp_invalid");
        }
    }
    let sent = ask_as_holder(&owner, "/auth/send-otp", &token).await;
    let locked = verify(&owner, &text(&sent, "challenge_id"), &text(&sent, "otp")).await;
    assert_eq!((locked.status(), locked.code().as_str()), (403, "account_locked"));
    let (challenge, otp) = code(&stranger(&owner, 1), "/auth/send-otp", json!({ "mobile": owner.mobile })).await;
    assert_eq!(verify(&owner, &challenge, &otp).await.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_device_tokens_of_a_number_share_one_budget() {
    let api = lenient().await;
    let (owner, _) = holder(&api, PASSWORD).await;
    let mut tokens = Vec::new();
    for _ in 0..20 {
        tokens.push(text(&log_in(&owner, PASSWORD, None).await, "device_token"));
        api.stack.clock.advance(Duration::from_millis(1));
    }
    let seen = hundred(|number| {
        let (owner, token) = (stranger(&owner, number), tokens[number % 20].clone());
        async move { log_in(&owner, "a wrong guess", Some(&token)).await }
    });
    assert_eq!(seen.await, outcomes(&[(401, "credentials_invalid", 10), (429, "login_mobile_limit", 90)]));

    let limited = with(&[("OTP_COOLDOWN_SECONDS", "0")]).await;
    let (owner, token) = holder(&limited, PASSWORD).await;
    let seen = hundred(|number| {
        let (owner, token) = (stranger(&owner, number), token.clone());
        async move { ask_as_holder(&owner, "/auth/send-otp", &token).await }
    });
    assert_eq!(seen.await, outcomes(&[(202, "", 5), (429, "otp_mobile_limit", 95)]));
}

#[tokio::test(flavor = "multi_thread")]
async fn thirty_of_a_hundred_concurrent_wrong_passwords_from_as_many_addresses_are_tried() {
    let api = api().await;
    let (owner, _) = holder(&api, PASSWORD).await;
    let seen = hundred(|number| {
        let attacker = stranger(&owner, number);
        async move { log_in(&attacker, "a wrong guess", None).await }
    });
    assert_eq!(seen.await, outcomes(&[(401, "credentials_invalid", 30), (429, "login_mobile_limit", 70)]));
}

/// Without Redis nothing counts, so no password and no code is tried; what needs neither works.
#[tokio::test]
async fn without_redis_nothing_is_tried_and_the_session_goes_on() {
    let api = api().await;
    let (owner, token) = holder(&api, PASSWORD).await;
    let (challenge, otp) = code(&stranger(&owner, 1), "/auth/send-otp", json!({ "mobile": owner.mobile })).await;
    let settings = api.stack.env();
    let env = Env::from_fn(move |name| match name {
        "REDIS_URL" => Some("redis://127.0.0.1:1".into()),
        name => settings.optional(name),
    });
    let away = owner.at(auth::router(&env, api.stack.clock.clock()).unwrap());
    let change = json!({ "current_password": PASSWORD, "new_password": "another horse battery" });
    for refused in [
        log_in(&away, PASSWORD, Some(&token)).await,
        ask_as_holder(&away, "/auth/send-otp", &token).await,
        verify(&away, &challenge, &otp).await,
        away.post("/auth/change-password", change).await,
    ] {
        assert_eq!((refused.status(), refused.code().as_str()), (503, "unavailable"));
    }
    assert!(is_in(&away).await);
    assert_eq!(verify(&owner, &challenge, &otp).await.status(), 200, "nothing was used up");
}
