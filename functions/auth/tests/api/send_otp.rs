//! `POST /auth/send-otp`

use std::time::Duration;

use serde_json::json;

use crate::support::{api, ask, code, sign_in, text, verify, with};

#[tokio::test]
async fn the_response_says_when_the_code_expires_and_when_to_resend() {
    let api = api().await;
    let user = api.anyone();
    let sent = ask(&user).await;
    assert_eq!(sent.status(), 202);
    assert_eq!(
        (text(&sent, "expires_at").as_str(), &sent.body()["resend_after"]),
        ("2026-11-23T12:05:00.000Z", &json!(30))
    );
    assert_eq!(text(&sent, "otp").len(), 6);
}

#[tokio::test]
async fn a_known_number_is_answered_like_any_other() {
    let api = with(&[("OTP_DELIVERY", "sns"), ("OTP_COOLDOWN_SECONDS", "0")]).await;
    let (known, unknown) = (api.signed_in().await, api.anyone());
    for path in ["/auth/send-otp", "/auth/forgot-password"] {
        let mut seen = Vec::new();
        for user in [&known, &unknown] {
            let answer = api.anyone().post(path, json!({ "mobile": user.mobile })).await;
            let names: Vec<String> = answer.headers.keys().map(ToString::to_string).collect();
            let mut body = answer.body();
            body["challenge_id"] = json!(null);
            seen.push((answer.status(), names, body));
        }
        assert_eq!(seen[0], seen[1]);
        assert_eq!(api.queued().len(), 2, "the same job is queued for both");
    }
}

#[tokio::test]
async fn by_sms_the_queue_gets_the_challenge_and_the_client_no_code() {
    let api = with(&[("OTP_DELIVERY", "sns")]).await;
    let sent = ask(&api.anyone()).await;
    let queued = api.queued();
    assert_eq!(sent.body()["otp"], json!(null));
    assert_eq!(queued.len(), 1);
    assert_eq!(queued[0].body, json!({ "challenge_id": sent.body()["challenge_id"] }));
    assert!(queued[0].queue.ends_with("/otp"));
}

#[tokio::test]
async fn a_code_that_cannot_be_queued_is_withdrawn() {
    let api = with(&[("OTP_DELIVERY", "sns")]).await;
    let user = api.anyone();
    api.stack.sqs.break_down(true);
    let failed = ask(&user).await;
    assert_eq!((failed.status(), failed.code().as_str()), (503, "unavailable"));

    api.stack.sqs.break_down(false);
    let again = ask(&user).await;
    assert_eq!((again.status(), &again.body()["resend_after"]), (202, &json!(30)), "{}", again.body());
}

#[tokio::test]
async fn a_resend_ends_the_earlier_code() {
    let api = api().await;
    let user = api.anyone();
    let (first, first_code) = code(&user, "/auth/send-otp", json!({ "mobile": user.mobile })).await;
    api.stack.clock.advance(Duration::from_secs(30));
    let (second, second_code) = code(&user, "/auth/send-otp", json!({ "mobile": user.mobile })).await;

    assert_eq!(verify(&user, &first, &first_code).await.code(), "challenge_expired");
    assert_eq!(verify(&user, &second, &second_code).await.status(), 200);
}

#[tokio::test]
async fn a_reset_does_not_end_a_sign_in() {
    let api = with(&[("OTP_COOLDOWN_SECONDS", "0")]).await;
    let (user, _) = sign_in(&api.anyone()).await;
    let (sign_in, code_in) = code(&user, "/auth/send-otp", json!({ "mobile": user.mobile })).await;
    code(&user, "/auth/forgot-password", json!({ "mobile": user.mobile })).await;
    assert_eq!(verify(&user, &sign_in, &code_in).await.status(), 200);
}

#[tokio::test]
async fn countries_that_are_not_listed_get_no_code() {
    let api = with(&[("OTP_ALLOWED_COUNTRIES", "49,1,!1876")]).await;
    let user = api.anyone();
    for (mobile, status) in
        [("+4915112345678", 202), ("+14155550123", 202), ("+18765550123", 422), ("+33612345678", 422)]
    {
        let answer = user.post("/auth/send-otp", json!({ "mobile": mobile })).await;
        assert_eq!(answer.status(), status, "{mobile}");
        let reset = user.post("/auth/forgot-password", json!({ "mobile": mobile })).await;
        assert_eq!(reset.status() == 422, status == 422, "{mobile}");
        if status == 422 {
            assert_eq!(
                (answer.code().as_str(), &answer.body()["errors"][0]["pointer"]),
                ("country_not_supported", &json!("/mobile"))
            );
        }
    }
    let nobody = with(&[("OTP_ALLOWED_COUNTRIES", "")]).await;
    assert_eq!(ask(&nobody.anyone()).await.code(), "country_not_supported");
}

#[tokio::test]
async fn without_redis_no_code_is_sent() {
    let api = with(&[("REDIS_URL", "redis://127.0.0.1:1")]).await;
    let user = api.anyone();
    for path in ["/auth/send-otp", "/auth/forgot-password", "/auth/signup"] {
        let answer = user.post(path, json!({ "mobile": user.mobile })).await;
        assert_eq!((answer.status(), answer.code().as_str()), (503, "unavailable"), "{path}");
    }
    let tried = verify(&user, "5b3b2f0e-7d52-4f0e-9d5c-0d9b2f7c6a11", "123456").await;
    assert_eq!((tried.status(), tried.code().as_str()), (503, "unavailable"));
    let login = user.post("/auth/login", json!({ "mobile": user.mobile, "password": "whatever it is" })).await;
    assert_eq!(login.status(), 503);
    assert!(api.queued().is_empty());
}
