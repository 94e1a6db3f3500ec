//! An access token alone, however it was stolen, does not set a first password, end other sessions or keep anybody out:
//! that needs a sign-in of the last ten minutes.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use testkit::{Answer, User};

use crate::redis_away::without_redis;
use crate::support::{api, code, is_in, sign_in, text, verify, with, with_password};

const FIRST: &str = "the first password";

fn claims(user: &User) -> Value {
    let payload = user.token().split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

async fn set_first(user: &User) -> Answer {
    user.post("/auth/change-password", json!({ "new_password": FIRST })).await
}

fn assert_refused(refused: &Answer) {
    assert_eq!((refused.status(), refused.code().as_str()), (403, "fresh_sign_in_required"));
    let detail = refused.body()["detail"].as_str().unwrap().to_owned();
    assert!(["10 minutes", "/auth/send-otp", "/auth/login"].iter().all(|how| detail.contains(how)), "{detail}");
}

#[tokio::test]
async fn a_first_password_needs_a_sign_in_of_the_last_ten_minutes() {
    let api = api().await;
    let (user, _) = sign_in(&api.anyone()).await;
    api.stack.clock.advance(Duration::from_secs(601));
    assert_refused(&set_first(&user).await);
    assert!(is_in(&user).await, "reading never needs it");

    let (fresh, _) = sign_in(&user).await;
    api.stack.clock.advance(Duration::from_mins(10));
    assert_eq!(set_first(&fresh).await.status(), 204);
}

#[tokio::test]
async fn a_refresh_keeps_the_time_of_the_sign_in() {
    let api = api().await;
    let (user, signed_in) = sign_in(&api.anyone()).await;
    let at = claims(&user)["auth_time"].clone();
    assert_eq!(at, json!(1_795_435_200));
    let mut token = text(&signed_in, "refresh_token");
    for _ in 0..3 {
        api.stack.clock.advance(Duration::from_mins(4));
        let renewed = user.post("/auth/refresh", json!({ "refresh_token": token })).await;
        token = text(&renewed, "refresh_token");
        assert_eq!(claims(&user.with_token(&text(&renewed, "access_token")))["auth_time"], at);
    }
    let renewed = user.post("/auth/refresh", json!({ "refresh_token": token })).await;
    assert_refused(&set_first(&user.with_token(&text(&renewed, "access_token"))).await);
}

#[tokio::test]
async fn a_token_of_an_older_version_is_not_fresh() {
    let api = api().await;
    let (user, _) = sign_in(&api.anyone()).await;
    let tokens = shared::auth::Tokens::from_env(&api.stack.env()).unwrap();
    let (id, session) = (claims(&user)["sub"].clone(), claims(&user)["sid"].clone());
    let grant = shared::auth::Grant::Session(
        serde_json::from_value(id).unwrap(),
        serde_json::from_value(session).unwrap(),
        None,
    );
    let older = user.with_token(&tokens.issue(grant, api.stack.clock.now()).unwrap());
    assert!(is_in(&older).await);
    assert_refused(&set_first(&older).await);
}

#[tokio::test]
async fn other_sessions_are_ended_by_a_fresh_sign_in_and_the_own_one_always() {
    let api = api().await;
    let (phone, _) = sign_in(&api.anyone()).await;
    api.stack.clock.advance(Duration::from_mins(11));
    let (tablet, _) = sign_in(&phone).await;
    let listed = phone.get("/auth/sessions").await.body();
    let id = |current: bool| {
        let sessions = listed["data"].as_array().unwrap();
        let found = sessions.iter().find(|session| session["current"] == json!(current)).unwrap();
        found["id"].as_str().unwrap().to_owned()
    };

    assert_refused(&phone.post("/auth/logout?everywhere=true", json!(null)).await);
    assert_refused(&phone.delete(&format!("/auth/sessions/{}", id(false))).await);
    assert!(is_in(&phone).await && is_in(&tablet).await);

    assert_eq!(phone.delete(&format!("/auth/sessions/{}", id(true))).await.status(), 204);
    assert!(!is_in(&phone).await && is_in(&tablet).await);
    assert_eq!(tablet.post("/auth/logout?everywhere=true", json!(null)).await.status(), 204);
    assert!(!is_in(&tablet).await);
}

#[tokio::test]
async fn an_own_session_ends_however_long_ago_it_was_opened() {
    let api = api().await;
    let (user, _) = sign_in(&api.anyone()).await;
    api.stack.clock.advance(Duration::from_hours(1));
    assert_eq!(user.post("/auth/logout", json!(null)).await.status(), 204);
    assert!(!is_in(&user).await);
}

#[tokio::test]
async fn the_current_password_is_as_good_as_a_fresh_sign_in() {
    let api = api().await;
    let user = with_password(&api.anyone(), FIRST).await;
    api.stack.clock.advance(Duration::from_hours(1));
    let change = json!({ "new_password": "the second password", "current_password": FIRST });
    assert_eq!(user.post("/auth/change-password", change).await.status(), 204);
}

#[tokio::test]
async fn a_reset_proves_a_code_and_sets_a_first_password_too() {
    let api = with(&[("OTP_COOLDOWN_SECONDS", "0")]).await;
    let (user, _) = sign_in(&api.anyone()).await;
    api.stack.clock.advance(Duration::from_hours(1));
    let (challenge, otp) = code(&user, "/auth/forgot-password", json!({ "mobile": user.mobile })).await;
    let holder = user.with_token(&text(&verify(&user, &challenge, &otp).await, "access_token"));
    assert_eq!(set_first(&holder).await.status(), 204);
}

#[tokio::test]
async fn a_deployment_may_choose_the_minutes_but_not_none() {
    let api = with(&[("FRESH_SIGN_IN_MINUTES", "1")]).await;
    let (user, _) = sign_in(&api.anyone()).await;
    api.stack.clock.advance(Duration::from_secs(61));
    let refused = set_first(&user).await;
    assert!(refused.body()["detail"].as_str().unwrap().contains("last 1 minutes"), "{}", refused.body());
}

#[tokio::test]
async fn without_redis_it_is_refused_alike() {
    let api = api().await;
    let (user, _) = sign_in(&api.anyone()).await;
    api.stack.clock.advance(Duration::from_mins(11));
    assert_refused(&set_first(&user.at(without_redis(&api))).await);
    assert_refused(&user.at(without_redis(&api)).post("/auth/logout?everywhere=true", json!(null)).await);
}
