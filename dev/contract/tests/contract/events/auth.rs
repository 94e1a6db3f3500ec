//! `auth`: the events are one user's visit, in this order.

use std::time::Duration;

use testkit::Stack;

use super::{Replay, text};

const SIGNUP: &str = "4c8f6a52-7a1e-4d0c-9a1b-6d2f1e0b9c05";
const CHALLENGE: &str = "4c8f6a52-7a1e-4d0c-9a1b-6d2f1e0b9c06";
const CODE: &str = "000000";
const TOKEN: &str = "ACCESS_TOKEN";
const REFRESH: &str = "uN3Zf0mYk1s8QwX2vB7tHj5LpR9cEaG4dKiMoSzTnVw";
const SESSION: &str = "019aaf6c-5c00-7a3e-9d51-3f0d8a1b2c04";

#[tokio::test]
async fn the_events_of_auth_are_answered() {
    let stack = Stack::start().await;
    let mut replay = Replay::of("auth", auth::router(&stack.env(), stack.clock.clock()).unwrap());

    let signup = replay.send("auth-signup", &[], 201).await;
    let challenge = replay.send("auth-send-otp", &[(SIGNUP, text(&signup, "signup_id"))], 202).await;
    let proof = [(CHALLENGE, text(&challenge, "challenge_id")), (CODE, text(&challenge, "otp"))];
    let first = replay.send("auth-verify-otp", &proof, 200).await;
    let second = replay.send("auth-login", &[], 200).await;

    let refreshed = replay.send("auth-refresh", &[(REFRESH, text(&first, "refresh_token"))], 200).await;
    let token = [(TOKEN, text(&refreshed, "access_token"))];
    let sessions = replay.send("auth-sessions", &token, 200).await;
    let other = sessions["data"].as_array().unwrap().iter().find(|session| session["current"] == false).unwrap();
    replay.send("auth-end-session", &[token[0], (SESSION, text(other, "id"))], 204).await;
    replay.send("auth-sessions", &[(TOKEN, text(&second, "access_token"))], 401).await;

    let challenge = replay.send("auth-request-mobile-change", &token, 202).await;
    let proof = [(CHALLENGE, text(&challenge, "challenge_id")), (CODE, text(&challenge, "otp")), token[0]];
    let account = replay.send("auth-change-mobile", &proof, 200).await;
    assert_eq!(account["mobile"], "+14155550199");
    replay.send("auth-change-password", &token, 204).await;
    stack.clock.advance(Duration::from_mins(10));
    replay.send("auth-forgot-password", &[], 202).await;
    replay.send("auth-logout", &token, 204).await;
    replay.done().await;
}
