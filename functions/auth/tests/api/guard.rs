//! `CODE_GUARD=turnstile`: a person's token before a code, and what happens while Cloudflare is away.

use serde_json::{Value, json};
use shared::cache::HandoverLimits;
use shared::domain::{ChallengeId, Mobile};
use standins::Turnstile;
use standins::turnstile::Fault;
use testkit::{Answer, Stack, TestApi, User};

use crate::support::{ask, ask_as_holder, hundred, outcomes, sign_in, text, with};

const SECRET: &str = "0x0000000000000000000000000000000AA";

async fn guarded(turnstile: &Turnstile, settings: &[(&str, &str)]) -> TestApi {
    let url = turnstile.url();
    let guard = [("CODE_GUARD", "turnstile"), ("TURNSTILE_SECRET_KEY", SECRET), ("TURNSTILE_BASE_URL", &url)];
    with(&[&guard[..], settings].concat()).await
}

async fn ask_with(user: &User, path: &str, token: Value) -> Answer {
    user.post(path, json!({ "mobile": user.mobile, "challenge_token": token })).await
}

/// Hands so many codes over in this hour.
async fn hand_over(api: &TestApi, codes: usize) {
    let (cache, now) = (api.stack.cache(), api.stack.clock.now());
    let limits = HandoverLimits::from_env(&api.stack.env()).unwrap();
    let mobile = Mobile::parse("+14155550123").unwrap();
    for _ in 0..codes {
        cache.hand_over(ChallengeId::generate(), &mobile, true, &limits, now).await.unwrap();
    }
}

#[tokio::test]
async fn a_person_gets_a_code_and_anybody_else_does_not() {
    let turnstile = Turnstile::start("127.0.0.1:0").unwrap();
    let api = guarded(&turnstile, &[("OTP_DELIVERY", "sns"), ("OTP_COOLDOWN_SECONDS", "0")]).await;
    for path in ["/auth/send-otp", "/auth/forgot-password"] {
        let user = api.anyone();
        let person = json!(format!("person at {path}"));
        assert_eq!(ask_with(&user, path, person.clone()).await.status(), 202);
        for token in [json!(null), json!(""), json!("machine"), json!("x".repeat(2049)), person] {
            let refused = ask_with(&user, path, token).await;
            let error = &refused.body()["errors"][0];
            assert_eq!((refused.status(), refused.code().as_str()), (422, "challenge_token_invalid"));
            assert_eq!(error["pointer"], "/challenge_token");
        }
    }
    assert_eq!(api.queued().len(), 2);
    assert_eq!(turnstile.calls(), 6, "a token that cannot be one is not sent to Cloudflare");
}

#[tokio::test]
async fn a_holder_of_a_device_token_needs_no_proof_until_the_token_is_ended() {
    let turnstile = Turnstile::start("127.0.0.1:0").unwrap();
    let api = with(&[("OTP_COOLDOWN_SECONDS", "0")]).await;
    let (user, signed_in) = sign_in(&api.anyone()).await;
    let token = text(&signed_in, "device_token");
    let stack = api
        .stack
        .with("CODE_GUARD", "turnstile")
        .with("TURNSTILE_SECRET_KEY", SECRET)
        .with("TURNSTILE_BASE_URL", turnstile.url());
    let guarded = TestApi::on(stack, auth::router);
    let user = user.at(guarded.router_of(auth::router));
    assert_eq!(ask_as_holder(&user, "/auth/send-otp", &token).await.status(), 202);
    assert_eq!(turnstile.calls(), 0);

    assert_eq!(user.post("/auth/logout?everywhere=true", json!(null)).await.status(), 204);
    assert_eq!(ask_as_holder(&user, "/auth/send-otp", &token).await.code(), "challenge_token_invalid");
    let both = json!({ "mobile": user.mobile, "device_token": token, "challenge_token": "person" });
    assert_eq!(user.post("/auth/send-otp", both).await.status(), 202);
}

#[tokio::test]
async fn while_cloudflare_is_away_codes_are_sent_until_half_of_the_hours_slice_is_used() {
    let turnstile = Turnstile::start("127.0.0.1:0").unwrap();
    // A slice of four codes.
    let api = guarded(&turnstile, &[("OTP_DAILY_CAP", "96")]).await;
    for fault in [Fault::Broken, Fault::InternalError, Fault::Huge] {
        turnstile.fail(Some(fault));
        assert_eq!(ask_with(&api.anyone(), "/auth/send-otp", json!("person")).await.status(), 202, "{fault:?}");
    }
    let refused = ask_with(&api.anyone(), "/auth/send-otp", json!(null)).await;
    assert_eq!(refused.code(), "challenge_token_invalid", "whoever shows nothing is refused without Cloudflare");
    hand_over(&api, 2).await;
    assert_eq!(ask_with(&api.anyone(), "/auth/send-otp", json!("person")).await.status(), 202, "half is used");
    hand_over(&api, 1).await;
    let closed = ask_with(&api.anyone(), "/auth/send-otp", json!("person")).await;
    assert_eq!((closed.status(), closed.code().as_str()), (503, "unavailable"));
    api.stack.clock.advance(std::time::Duration::from_hours(1));
    assert_eq!(ask_with(&api.anyone(), "/auth/send-otp", json!("person")).await.status(), 202, "the next hour");
}

#[tokio::test]
async fn a_wrong_secret_is_as_if_cloudflare_were_away() {
    let turnstile = Turnstile::start("127.0.0.1:0").unwrap();
    let api = guarded(&turnstile, &[("TURNSTILE_SECRET_KEY", "wrong"), ("OTP_DAILY_CAP", "24")]).await;
    assert_eq!(ask_with(&api.anyone(), "/auth/send-otp", json!("person")).await.status(), 202);
    hand_over(&api, 1).await;
    assert_eq!(ask_with(&api.anyone(), "/auth/send-otp", json!("person")).await.status(), 503);
}

#[tokio::test]
async fn a_cloudflare_that_does_not_answer_costs_three_seconds() {
    let turnstile = Turnstile::start("127.0.0.1:0").unwrap();
    turnstile.fail(Some(Fault::Hang));
    let api = guarded(&turnstile, &[]).await;
    let began = std::time::Instant::now();
    assert_eq!(ask_with(&api.anyone(), "/auth/send-otp", json!("person")).await.status(), 202);
    assert!((3..6).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_token_opens_one_of_a_hundred_codes() {
    let turnstile = Turnstile::start("127.0.0.1:0").unwrap();
    let api = guarded(&turnstile, &[]).await;
    let users: Vec<User> = (0..100).map(|_| api.anyone()).collect();
    let seen = hundred(|number| {
        let user = users[number].clone();
        async move { ask_with(&user, "/auth/send-otp", json!("person")).await }
    });
    assert_eq!(seen.await, outcomes(&[(202, "", 1), (422, "challenge_token_invalid", 99)]));
}

#[tokio::test]
async fn without_a_guard_nobody_is_asked_and_a_guard_needs_its_secret() {
    let api = with(&[("CODE_GUARD", "none")]).await;
    assert_eq!(ask(&api.anyone()).await.status(), 202);
    let user = api.anyone();
    assert_eq!(ask_with(&user, "/auth/send-otp", json!("ignored")).await.status(), 202);
    for (guard, setting) in [("turnstile", "TURNSTILE_SECRET_KEY: "), ("captcha", "CODE_GUARD: ")] {
        let stack = Stack::start().await.with("CODE_GUARD", guard);
        let refused = auth::router(&stack.env(), stack.clock.clock()).unwrap_err().to_string();
        assert!(refused.starts_with(setting), "{refused}");
    }
}

#[tokio::test]
async fn cloudflare_is_asked_no_more_often_for_an_address_than_codes_could_be_requested() {
    let turnstile = Turnstile::start("127.0.0.1:0").unwrap();
    let api = guarded(&turnstile, &[("OTP_PER_IP_HOUR", "3")]).await;
    let user = api.anyone();
    for _ in 0..3 {
        assert_eq!(ask_with(&user, "/auth/send-otp", json!("machine")).await.code(), "challenge_token_invalid");
    }
    let refused = ask_with(&user, "/auth/send-otp", json!("machine")).await;
    assert_eq!((refused.status(), refused.code().as_str()), (429, "otp_ip_limit"));
    assert_eq!(turnstile.calls(), 3);
}

#[tokio::test]
async fn without_redis_nobody_is_asked_and_no_code_is_sent() {
    let turnstile = Turnstile::start("127.0.0.1:0").unwrap();
    let api = guarded(&turnstile, &[("REDIS_URL", "redis://127.0.0.1:1"), ("OTP_PER_IP_HOUR", "20")]).await;
    assert_eq!(ask_with(&api.anyone(), "/auth/send-otp", json!("person")).await.status(), 503);
    assert_eq!(turnstile.calls(), 0);
}
