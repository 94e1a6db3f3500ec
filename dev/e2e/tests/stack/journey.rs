//! The main user journey, from the sign-up to the paid plan.

use std::time::Duration;

use e2e::{Person, eventually, variable};
use serde_json::json;

const SOON: Duration = Duration::from_secs(30);

#[tokio::test]
async fn a_user_signs_up_chats_reaches_the_limit_and_becomes_pro() {
    let stranger = Person::new();
    let profile =
        json!({ "mobile": stranger.mobile, "name": "Ada", "email": "ada@example.org", "password": "quite a long one" });
    let signup = stranger.post("/auth/signup", profile).await;
    assert_eq!(signup.status, 201, "{}", signup.body);
    let wanted = json!({ "mobile": stranger.mobile, "signup_id": signup.body["signup_id"] });
    let challenge = stranger.post("/auth/send-otp", wanted).await;
    assert_eq!(challenge.status, 202, "{}", challenge.body);
    let proof = json!({ "challenge_id": challenge.body["challenge_id"], "otp": challenge.body["otp"] });
    let tokens = stranger.post("/auth/verify-otp", proof).await;
    assert_eq!((tokens.status, &tokens.body["user"]["name"]), (200, &json!("Ada")), "{}", tokens.body);
    let ada = stranger.with_token(&tokens.text("/access_token"));

    let room = ada.room().await;
    let first = ada.ask(&room, "What is tea?", SOON).await;
    assert_eq!(first["state"], "completed", "{first}");
    let second = ada.ask(&room, "And coffee?", SOON).await;
    let answer = second["content"].as_str().unwrap_or_default();
    assert!(answer.contains("And coffee?") && answer.contains("What is tea?"), "the reply knows the history: {answer}");

    for _ in 3..=5 {
        assert_eq!(ada.post(&format!("{room}/message"), json!({ "content": "More" })).await.status, 202);
    }
    let refused = ada.post(&format!("{room}/message"), json!({ "content": "More" })).await;
    assert_eq!((refused.status, refused.code()), (429, "allowance_spent"));
    assert_eq!(refused.body["upgrade"]["path"], "/subscribe/pro");
    let me = ada.get("/user/me").await.body;
    assert_eq!((&me["tier"], &me["allowance"]["remaining"]), (&json!("basic"), &json!(0)));

    let checkout = ada.post("/subscribe/pro", json!(null)).await;
    assert_eq!(checkout.status, 201, "{}", checkout.body);
    let pay = format!("{}/admin/sessions/{}", variable("STRIPE_STANDIN_URL"), checkout.text("/session_id"));
    let paid = ada.post(&pay, json!({ "action": "pay" })).await;
    assert!(paid.status < 400, "{}", paid.body);
    eventually(SOON, async || (ada.get("/user/me").await.body["tier"] == "pro").then_some(())).await;
    let status = ada.get("/subscription/status").await.body;
    assert_eq!((&status["tier"], &status["status"]), (&json!("pro"), &json!("active")));

    let answered = ada.ask(&room, "Now?", SOON).await;
    assert_eq!(answered["state"], "completed", "{answered}");
    let again = ada.post("/subscribe/pro", json!(null)).await;
    assert_eq!((again.status, again.code()), (409, "already_subscribed"));

    let cancelled = ada.post("/subscription/cancel", json!(null)).await;
    assert_eq!(cancelled.status, 200, "{}", cancelled.body);
    assert!(cancelled.body["cancel_at"].is_string() && cancelled.body["tier"] == "pro", "{}", cancelled.body);
    let kept = ada.post("/subscription/reactivate", json!(null)).await;
    assert_eq!((kept.status, &kept.body["cancel_at"]), (200, &json!(null)));
}

#[tokio::test]
async fn a_password_signs_in_and_a_code_replaces_it() {
    let stranger = Person::new();
    let mobile = stranger.mobile.clone();
    let signup = stranger.post("/auth/signup", json!({ "mobile": mobile, "password": "quite a long one" })).await;
    let wanted = json!({ "mobile": mobile, "signup_id": signup.body["signup_id"] });
    let challenge = stranger.post("/auth/send-otp", wanted).await.body;
    stranger
        .post("/auth/verify-otp", json!({ "challenge_id": challenge["challenge_id"], "otp": challenge["otp"] }))
        .await;

    let tokens = stranger.post("/auth/login", json!({ "mobile": mobile, "password": "quite a long one" })).await;
    assert_eq!(tokens.status, 200, "{}", tokens.body);
    let device = stranger.with_token(&tokens.text("/access_token"));
    assert_eq!(device.get("/user/me").await.status, 200);

    let challenge = eventually(Duration::from_secs(60), async || {
        let answer = stranger.post("/auth/forgot-password", json!({ "mobile": mobile })).await;
        (answer.status == 202).then_some(answer.body)
    })
    .await;
    let proof = json!({ "challenge_id": challenge["challenge_id"], "otp": challenge["otp"] });
    let reset = stranger.post("/auth/verify-otp", proof).await;
    assert_eq!((reset.status, &reset.body["scope"]), (200, &json!("password_reset")), "{}", reset.body);
    let resetter = stranger.with_token(&reset.text("/access_token"));
    assert_eq!(resetter.get("/user/me").await.status, 403, "the token can only set a password");
    let changed = resetter.post("/auth/change-password", json!({ "new_password": "another long one" })).await;
    assert_eq!(changed.status, 204, "{}", changed.body);
    assert_eq!(device.get("/user/me").await.status, 401, "the other sessions have ended");
    let old = stranger.post("/auth/login", json!({ "mobile": mobile, "password": "quite a long one" })).await;
    assert_eq!((old.status, old.code()), (401, "credentials_invalid"));
    let new = stranger.post("/auth/login", json!({ "mobile": mobile, "password": "another long one" })).await;
    assert_eq!(new.status, 200);
}
