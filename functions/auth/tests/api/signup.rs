//! `POST /auth/signup`

use serde_json::json;
use shared::auth::OneTimeCodes;
use shared::cache::{Asker, Challenge, OpenChallenge, OtpLimits, Purpose};
use shared::domain::{ChallengeId, Mobile};

use crate::support::{api, ask, code, sign_in, text, verify, with};

#[tokio::test]
async fn a_profile_becomes_the_account_once_its_mobile_is_verified() {
    let api = api().await;
    let user = api.anyone();
    let profile =
        json!({ "mobile": user.mobile, "name": " Ada ", "email": "ada@example.org", "password": "analytical engine" });
    let signup = user.post("/auth/signup", profile).await;
    assert_eq!((signup.status(), text(&signup, "mobile")), (201, user.mobile.clone()));
    assert_eq!(text(&signup, "expires_at"), "2026-11-23T12:15:00.000Z");
    let before = user.post("/auth/login", json!({ "mobile": user.mobile, "password": "analytical engine" })).await;
    assert_eq!(before.code(), "credentials_invalid");

    let body = json!({ "mobile": user.mobile, "signup_id": signup.body()["signup_id"] });
    let (challenge, otp) = code(&user, "/auth/send-otp", body).await;
    let signed_in = verify(&user, &challenge, &otp).await;

    let account = &signed_in.body()["user"];
    assert_eq!(
        (&account["name"], &account["email"], &account["tier"]),
        (&json!("Ada"), &json!("ada@example.org"), &json!("basic"))
    );
    let after = user.post("/auth/login", json!({ "mobile": user.mobile, "password": "analytical engine" })).await;
    assert_eq!(after.status(), 200);
}

/// An attacker signs up a victim's number with their own password and waits until the victim signs in.
#[tokio::test]
async fn a_stranger_cannot_plant_a_password_in_someones_account() {
    let api = api().await;
    let (victim, attacker) = (api.anyone(), api.anyone().from("198.51.100.66"));
    let planted = json!({ "mobile": victim.mobile, "email": "evil@example.org", "password": "planted by a stranger" });
    let signup = attacker.post("/auth/signup", planted).await;
    assert_eq!(signup.status(), 201);

    let (_, signed_in) = sign_in(&victim).await;

    assert_eq!(signed_in.body()["user"]["email"], json!(null));
    let login =
        attacker.post("/auth/login", json!({ "mobile": victim.mobile, "password": "planted by a stranger" })).await;
    assert_eq!((login.status(), login.code().as_str()), (401, "credentials_invalid"));
    // The attacker cannot use the sign-up with their own number either.
    let own = json!({ "mobile": attacker.mobile, "signup_id": signup.body()["signup_id"] });
    let refused = attacker.post("/auth/send-otp", own).await;
    assert_eq!((refused.status(), refused.code().as_str()), (422, "signup_expired"));
    assert_eq!(refused.body()["errors"][0]["pointer"], "/signup_id");
    // If the attacker requests the code, it is sent to the victim.
    api.stack.clock.advance(std::time::Duration::from_mins(1));
    let asked = json!({ "mobile": victim.mobile, "signup_id": signup.body()["signup_id"] });
    let (challenge, otp) = code(&attacker, "/auth/send-otp", asked).await;
    let again = verify(&victim, &challenge, &otp).await;
    assert_eq!(again.body()["user"]["email"], json!(null), "an existing account keeps its profile");
    let login =
        attacker.post("/auth/login", json!({ "mobile": victim.mobile, "password": "planted by a stranger" })).await;
    assert_eq!(login.code(), "credentials_invalid");
}

#[tokio::test]
async fn a_known_number_is_answered_like_any_other() {
    let api = api().await;
    let (known, unknown) = (api.anyone(), api.anyone());
    sign_in(&known).await;

    let answers = [known, unknown].map(async |user| {
        let answer = user.post("/auth/signup", json!({ "mobile": user.mobile, "password": "a long password" })).await;
        let names: Vec<String> = answer.headers.keys().map(ToString::to_string).collect();
        let fields: Vec<String> = answer.body().as_object().expect("an object").keys().cloned().collect();
        (answer.status(), names, fields)
    });
    let [known, unknown] = answers;
    assert_eq!(known.await, unknown.await);
}

#[tokio::test]
async fn a_sign_up_is_kept_for_fifteen_minutes_and_is_used_by_the_last_requested_code() {
    let api = api().await;
    let user = api.anyone();
    let signup = user.post("/auth/signup", json!({ "mobile": user.mobile, "name": "Ada" })).await;
    let body = json!({ "mobile": user.mobile, "signup_id": signup.body()["signup_id"] });
    api.stack.clock.advance(std::time::Duration::from_secs(899));
    let (challenge, otp) = code(&user, "/auth/send-otp", body.clone()).await;
    api.stack.clock.advance(std::time::Duration::from_secs(61));

    let late = user.post("/auth/send-otp", body).await;
    assert_eq!(late.code(), "signup_expired");
    assert_eq!(verify(&user, &challenge, &otp).await.body()["user"]["name"], "Ada");
}

#[tokio::test]
async fn invalid_fields_are_refused_by_name() {
    let api = api().await;
    let user = api.anyone();
    for (field, value, code) in [
        ("mobile", json!("0155"), "invalid"),
        ("name", json!(""), "invalid"),
        ("email", json!("ada"), "invalid"),
        ("password", json!("short"), "invalid"),
        ("password", json!("x".repeat(129)), "invalid"),
        ("password", json!("PassWord1"), "password_common"),
        ("tier", json!("pro"), "unknown_field"),
    ] {
        let mut body = json!({ "mobile": user.mobile });
        body[field] = value;
        let refused = user.post("/auth/signup", body).await;
        let error = &refused.body()["errors"][0];
        assert_eq!(refused.status(), 422);
        assert_eq!((&error["pointer"], &error["code"]), (&json!(format!("/{field}")), &json!(code)), "{field}");
    }
}

#[tokio::test]
async fn sign_ups_from_one_address_are_limited() {
    let api = with(&[("LOGIN_PER_IP_HOUR", "2")]).await;
    let user = api.anyone();
    for _ in 0..2 {
        assert_eq!(user.post("/auth/signup", json!({ "mobile": user.mobile })).await.status(), 201);
    }
    let refused = user.post("/auth/signup", json!({ "mobile": user.mobile })).await;
    assert_eq!(
        (refused.status(), refused.code().as_str(), refused.header("retry-after")),
        (429, "signup_ip_limit", "3600")
    );
    assert_eq!(user.from("192.0.2.2").post("/auth/signup", json!({ "mobile": user.mobile })).await.status(), 201);
    assert_eq!(ask(&user).await.status(), 202);
}

/// No endpoint creates such a challenge, but the profile is protected even then.
#[tokio::test]
async fn a_profile_is_used_for_its_own_mobile_only_whatever_a_challenge_says() {
    let api = api().await;
    let (victim, attacker) = (api.anyone(), api.anyone());
    let signup = attacker.post("/auth/signup", json!({ "mobile": attacker.mobile, "name": "Mallory" })).await;
    let (id, cache) = (ChallengeId::generate(), api.stack.cache());
    let challenge = Challenge {
        mobile: Mobile::parse(&victim.mobile).unwrap(),
        purpose: Purpose::SignIn,
        kid: "test".into(),
        signup: Some(text(&signup, "signup_id").parse().unwrap()),
    };
    let limits = OtpLimits::from_env(&api.stack.env()).unwrap();
    let opened = cache
        .open_challenge(id, &challenge, &limits, &Asker::stranger("192.0.2.1"), api.stack.clock.now())
        .await
        .unwrap();
    assert!(matches!(opened, OpenChallenge::Opened(_)), "{opened:?}");
    let otp = OneTimeCodes::from_env(&api.stack.env()).unwrap().derive(id, "test").unwrap();
    assert_eq!(verify(&victim, &id.to_string(), &otp).await.body()["user"]["name"], json!(null));
}
