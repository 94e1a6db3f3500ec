//! Passwords that are hashed for an address: eight in a minute, whatever they are for.

use std::time::Duration;

use serde_json::json;
use shared::config::Env;
use testkit::{Answer, TestApi};

use crate::support::{code, holder, hundred, log_in, outcomes, sign_in, stranger, text, verify, with};

const PASSWORD: &str = "correct horse battery";

async fn bounded() -> TestApi {
    with(&[("PASSWORD_HASHES_PER_ADDRESS_MINUTE", ""), ("OTP_COOLDOWN_SECONDS", "0")]).await
}

fn refusal(answer: &Answer) -> (u16, String, String) {
    (answer.status(), answer.code(), answer.header("retry-after").to_owned())
}

fn refused() -> (u16, String, String) {
    (429, "password_hash_limit".into(), "60".into())
}

#[tokio::test]
async fn sign_ups_log_ins_and_changes_count_together_and_a_change_counts_twice() {
    let api = bounded().await;
    // One hash: the first password.
    let (user, _) = holder(&api, PASSWORD).await;
    let sign_up = async || user.post("/auth/signup", json!({ "mobile": user.mobile, "password": PASSWORD })).await;
    for _ in 0..3 {
        assert_eq!(sign_up().await.status(), 201);
    }
    let change = json!({ "current_password": PASSWORD, "new_password": "another horse battery" });
    assert_eq!(user.post("/auth/change-password", change.clone()).await.status(), 204);
    assert_eq!(log_in(&user, "a wrong guess", None).await.status(), 401);
    // One is left, and a change needs two.
    assert_eq!(refusal(&user.post("/auth/change-password", change).await), refused());
    assert_eq!(sign_up().await.status(), 201);
    for answer in [sign_up().await, log_in(&user, PASSWORD, None).await] {
        assert_eq!(refusal(&answer), refused());
    }
    assert_eq!(user.post("/auth/signup", json!({ "mobile": user.mobile })).await.status(), 201, "no password, no hash");
    assert_eq!(log_in(&stranger(&user, 1), "another horse battery", None).await.status(), 200, "another address");
    api.stack.clock.advance(Duration::from_mins(1));
    assert_eq!(sign_up().await.status(), 201);
}

#[tokio::test]
async fn a_password_that_was_not_hashed_is_no_try() {
    let api = bounded().await;
    let (user, _) = holder(&api, PASSWORD).await;
    for _ in 0..7 {
        assert_eq!(log_in(&user, "a wrong guess", None).await.status(), 401);
    }
    for _ in 0..20 {
        assert_eq!(refusal(&log_in(&user, "a wrong guess", None).await), refused());
    }
    api.stack.clock.advance(Duration::from_mins(1));
    assert_eq!(log_in(&user, "a wrong guess", None).await.status(), 401, "the eighth try");
}

#[tokio::test]
async fn strangers_at_the_same_address_do_not_stop_the_holder_of_a_device_token() {
    let api = bounded().await;
    let (user, token) = holder(&api, PASSWORD).await;
    for _ in 0..7 {
        log_in(&user, "a wrong guess", None).await;
    }
    assert_eq!(refusal(&log_in(&user, PASSWORD, None).await), refused());
    assert_eq!(log_in(&user, PASSWORD, Some(&token)).await.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_of_a_hundred_at_once_are_hashed() {
    let api = bounded().await;
    let user = api.anyone();
    let seen = hundred(|_| {
        let user = user.clone();
        async move { user.post("/auth/signup", json!({ "mobile": user.mobile, "password": PASSWORD })).await }
    });
    assert_eq!(seen.await, outcomes(&[(201, "", 8), (429, "password_hash_limit", 92)]));
}

#[tokio::test]
async fn without_redis_a_reset_is_still_done() {
    let api = bounded().await;
    let (user, _) = sign_in(&api.anyone()).await;
    let (challenge, otp) = code(&user, "/auth/forgot-password", json!({ "mobile": user.mobile })).await;
    let reset = user.with_token(&text(&verify(&user, &challenge, &otp).await, "access_token"));
    let settings = api.stack.env();
    let env = Env::from_fn(move |name| match name {
        "REDIS_URL" => Some("redis://127.0.0.1:1".into()),
        name => settings.optional(name),
    });
    let away = reset.at(auth::router(&env, api.stack.clock.clock()).unwrap());
    assert_eq!(away.post("/auth/change-password", json!({ "new_password": PASSWORD })).await.status(), 204);
}

#[tokio::test]
async fn the_holders_of_a_device_token_have_a_bound_of_their_own_that_a_right_password_does_not_reset() {
    let api = bounded().await;
    let (user, token) = holder(&api, PASSWORD).await;
    for _ in 0..8 {
        assert_eq!(log_in(&user, PASSWORD, Some(&token)).await.status(), 200);
    }
    assert_eq!(refusal(&log_in(&user, PASSWORD, Some(&token)).await), refused());
    assert_eq!(log_in(&stranger(&user, 1), PASSWORD, None).await.status(), 200, "a stranger's is another one");
    api.stack.clock.advance(Duration::from_mins(1));
    assert_eq!(log_in(&user, PASSWORD, Some(&token)).await.status(), 200);
}
