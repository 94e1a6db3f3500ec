//! `POST /auth/login`

use std::time::Duration;

use serde_json::json;

use crate::support::{api, hundred, outcomes, sign_in, text, with, with_password};

#[tokio::test]
async fn a_right_password_signs_in() {
    let api = api().await;
    let user = with_password(&api.anyone(), "correct horse").await;
    let login = user.post("/auth/login", json!({ "mobile": user.mobile, "password": "correct horse" })).await;
    assert_eq!((login.status(), &login.body()["user"]["mobile"]), (200, &json!(user.mobile)));
    assert_eq!(login.body()["scope"], "session");
    let session = user.with_token(&text(&login, "access_token"));
    assert_eq!(session.get("/auth/sessions").await.body()["data"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_wrong_password_no_password_and_no_account_get_the_same_response() {
    let api = api().await;
    let with_one = with_password(&api.anyone(), "correct horse").await;
    let (without, _) = sign_in(&api.anyone()).await;
    let mut seen = Vec::new();
    for user in [&with_one, &without, &api.anyone()] {
        let refused = user.post("/auth/login", json!({ "mobile": user.mobile, "password": "wrong horse" })).await;
        let mut body = refused.body();
        body["request_id"] = json!(null);
        let names: Vec<String> = refused.headers.keys().map(ToString::to_string).collect();
        seen.push((refused.status(), names, body));
    }
    assert_eq!(seen[0].2["code"], "credentials_invalid");
    assert!(seen.windows(2).all(|pair| pair[0] == pair[1]));
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_of_a_hundred_concurrent_wrong_passwords_are_tried_for_any_number() {
    let api = api().await;
    let known = with_password(&api.anyone(), "correct horse").await;
    for user in [known, api.anyone()] {
        let seen = hundred(|_| {
            let user = user.clone();
            async move { user.post("/auth/login", json!({ "mobile": user.mobile, "password": "wrong horse" })).await }
        });
        assert_eq!(seen.await, outcomes(&[(401, "credentials_invalid", 10), (429, "login_mobile_limit", 90)]));
    }
}

#[tokio::test]
async fn a_right_password_is_refused_while_the_account_is_paused_and_accepted_afterwards() {
    let api = api().await;
    let user = with_password(&api.anyone(), "correct horse").await;
    let login =
        async |password: &str| user.post("/auth/login", json!({ "mobile": user.mobile, "password": password })).await;
    for _ in 0..10 {
        assert_eq!(login("wrong horse").await.status(), 401);
    }
    let paused = login("correct horse").await;
    assert_eq!((paused.code().as_str(), paused.header("retry-after")), ("login_mobile_limit", "900"));
    api.stack.clock.advance(Duration::from_mins(15));
    assert_eq!(login("correct horse").await.status(), 200);
}

#[tokio::test]
async fn a_right_password_resets_the_failures() {
    let api = api().await;
    let user = with_password(&api.anyone(), "correct horse").await;
    for _ in 0..3 {
        for _ in 0..9 {
            let refused = user.post("/auth/login", json!({ "mobile": user.mobile, "password": "wrong horse" })).await;
            assert_eq!(refused.status(), 401);
        }
        let login = user.post("/auth/login", json!({ "mobile": user.mobile, "password": "correct horse" })).await;
        assert_eq!(login.status(), 200);
    }
}

#[tokio::test]
async fn an_address_that_tries_many_numbers_is_paused_without_pausing_them() {
    let api = with(&[("LOGIN_PER_IP_HOUR", "5")]).await;
    let user = with_password(&api.anyone(), "correct horse").await;
    let attacker = api.anyone().from("198.51.100.66");
    for _ in 0..5 {
        let guess =
            attacker.post("/auth/login", json!({ "mobile": api.anyone().mobile, "password": "password1" })).await;
        assert_eq!(guess.status(), 401);
    }
    for _ in 0..20 {
        let guess = attacker.post("/auth/login", json!({ "mobile": user.mobile, "password": "password1" })).await;
        assert_eq!((guess.code().as_str(), guess.header("retry-after")), ("login_ip_limit", "3600"));
    }
    let login = user.post("/auth/login", json!({ "mobile": user.mobile, "password": "correct horse" })).await;
    assert_eq!(login.status(), 200, "the owner signs in from another address");
}
