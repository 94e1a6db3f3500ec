//! `POST /auth/verify-otp`

use std::time::Duration;

use serde_json::json;
use shared::auth::NumberMarks;
use shared::domain::Mobile;

use crate::support::{api, code, sign_in, text, verify, with, wrong};

#[tokio::test]
async fn a_right_code_signs_in_and_makes_the_account() {
    let api = api().await;
    let (user, answer) = sign_in(&api.anyone()).await;
    let body = answer.body();
    assert_eq!((&body["token_type"], &body["expires_in"]), (&json!("Bearer"), &json!(86_400)));
    assert_eq!(body["scope"], "session");
    assert_eq!((&body["user"]["mobile"], &body["user"]["name"]), (&json!(user.mobile), &json!(null)));
    assert_eq!(user.get("/auth/sessions").await.status(), 200);

    api.stack.clock.advance(Duration::from_mins(1));
    let (_, again) = sign_in(&user).await;
    assert_eq!(again.body()["user"]["id"], body["user"]["id"], "the account is the same");
}

#[tokio::test]
async fn a_new_account_goes_on_with_what_its_number_spent_today() {
    let api = api().await;
    let (user, other) = (api.anyone(), api.anyone());
    let mark = NumberMarks::from_env(&api.stack.env()).unwrap().of(&Mobile::parse(&user.mobile).unwrap());
    let kept = "insert into past_usage (mark, day, used, refunded, called_off) values ($1, $2, 4, 1, 2)";
    api.stack.sql().await.execute(kept, &[&mark[0], &api.stack.clock.now().day()]).await.unwrap();
    let spent = |answer: &testkit::Answer| answer.body()["user"]["allowance"]["used"].clone();
    assert_eq!(spent(&sign_in(&other).await.1), 0);
    assert_eq!(spent(&sign_in(&user).await.1), 4);
    api.stack.clock.advance(Duration::from_mins(1));
    assert_eq!(spent(&sign_in(&user).await.1), 4, "once");
}

#[tokio::test]
async fn a_code_works_once() {
    let api = api().await;
    let user = api.anyone();
    let (challenge, otp) = code(&user, "/auth/send-otp", json!({ "mobile": user.mobile })).await;
    assert_eq!(verify(&user, &challenge, &otp).await.status(), 200);
    assert_eq!(verify(&user, &challenge, &otp).await.code(), "challenge_expired");
}

#[tokio::test]
async fn a_code_is_valid_for_five_minutes() {
    let api = api().await;
    let user = api.anyone();
    let (challenge, otp) = code(&user, "/auth/send-otp", json!({ "mobile": user.mobile })).await;
    api.stack.clock.advance(Duration::from_mins(5));
    assert_eq!(verify(&user, &challenge, &otp).await.code(), "challenge_expired");
}

#[tokio::test]
async fn the_fifth_try_can_succeed_and_the_sixth_cannot() {
    let api = with(&[("OTP_COOLDOWN_SECONDS", "0")]).await;
    let user = api.anyone();
    for (wrong_tries, then) in [(4, (200, String::new())), (5, (401, "challenge_expired".to_owned()))] {
        let (challenge, otp) = code(&user, "/auth/send-otp", json!({ "mobile": user.mobile })).await;
        for _ in 0..wrong_tries {
            assert_eq!(verify(&user, &challenge, &wrong(&otp)).await.code(), "otp_invalid");
        }
        let last = verify(&user, &challenge, &otp).await;
        assert_eq!((last.status(), last.code()), then);
    }
}

#[tokio::test]
async fn a_code_belongs_to_its_challenge() {
    let api = api().await;
    let (ann, bob) = (api.anyone(), api.anyone());
    let (of_ann, code_of_ann) = code(&ann, "/auth/send-otp", json!({ "mobile": ann.mobile })).await;
    let (of_bob, code_of_bob) = code(&bob, "/auth/send-otp", json!({ "mobile": bob.mobile })).await;
    if code_of_ann != code_of_bob {
        assert_eq!(verify(&bob, &of_bob, &code_of_ann).await.code(), "otp_invalid");
    }
    assert_eq!(verify(&ann, &of_ann, &code_of_ann).await.status(), 200);
}

#[tokio::test]
async fn a_stranger_cannot_use_up_somebodys_tries() {
    let api = api().await;
    let (user, stranger) = (api.anyone(), api.anyone());
    let (challenge, otp) = code(&user, "/auth/send-otp", json!({ "mobile": user.mobile })).await;
    for _ in 0..10 {
        let guessed = verify(&stranger, &text_of_a_challenge(), &otp).await;
        assert_eq!(guessed.code(), "challenge_expired");
    }
    assert_eq!(verify(&user, &challenge, &otp).await.status(), 200);
}

fn text_of_a_challenge() -> String {
    shared::domain::ChallengeId::generate().to_string()
}

#[tokio::test]
async fn a_malformed_code_does_not_count_as_a_try() {
    let api = api().await;
    let user = api.anyone();
    let (challenge, otp) = code(&user, "/auth/send-otp", json!({ "mobile": user.mobile })).await;
    for odd in ["", "12345", "123456789", "12345a", " 12345", "١٢٣٤٥٦"] {
        let refused = verify(&user, &challenge, odd).await;
        assert_eq!((refused.status(), &refused.body()["errors"][0]["pointer"]), (422, &json!("/otp")), "{odd}");
    }
    let refused = verify(&user, "not-an-id", &otp).await;
    assert_eq!((refused.status(), &refused.body()["errors"][0]["pointer"]), (422, &json!("/challenge_id")));
    assert_eq!(verify(&user, &challenge, &otp).await.status(), 200);
}

#[tokio::test]
async fn codes_have_as_many_digits_as_configured() {
    let api = with(&[("OTP_DIGITS", "8")]).await;
    let user = api.anyone();
    let (challenge, otp) = code(&user, "/auth/send-otp", json!({ "mobile": user.mobile })).await;
    assert_eq!(otp.len(), 8);
    assert_eq!(verify(&user, &challenge, &otp).await.status(), 200);
}

#[tokio::test]
async fn a_code_survives_the_rotation_of_its_key() {
    let old = "old:MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI=";
    let new = "new:QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY=";
    let api = with(&[("OTP_KEYS", old)]).await;
    let user = api.anyone();
    let (challenge, otp) = code(&user, "/auth/send-otp", json!({ "mobile": user.mobile })).await;
    let (second, second_otp) = {
        let other = api.anyone();
        code(&other, "/auth/send-otp", json!({ "mobile": other.mobile })).await
    };

    let rotated = testkit::TestApi::on(api.stack.with("OTP_KEYS", format!("{new},{old}")), auth::router);
    let at = rotated.anyone();
    assert_eq!(verify(&at, &challenge, &otp).await.status(), 200);
    let gone = testkit::TestApi::on(rotated.stack.with("OTP_KEYS", new), auth::router);
    assert_eq!(verify(&gone.anyone(), &second, &second_otp).await.code(), "otp_invalid");
}

#[tokio::test]
async fn a_session_is_named_by_its_client() {
    let api = api().await;
    let user = api.anyone();
    let (challenge, otp) = code(&user, "/auth/send-otp", json!({ "mobile": user.mobile })).await;
    let long = format!("Ada's phone {}", "x".repeat(500));
    let body = json!({ "challenge_id": challenge, "otp": otp });
    let answer = user.json(http::Method::POST, "/auth/verify-otp", &[("user-agent", &long)], body).await;
    let listed = user.with_token(&text(&answer, "access_token")).get("/auth/sessions").await;
    assert_eq!(listed.body()["data"][0]["user_agent"], json!(&long[..200]));
}
