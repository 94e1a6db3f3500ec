//! The risks of the OWASP API Security Top 10 (2023) that concern identity.
//! <https://owasp.org/API-Security/editions/2023/en/0x11-t10/>

use serde_json::json;

use crate::support::{api, ask, code, is_in, sign_in, text, verify, with, wrong};

#[tokio::test]
async fn api1_broken_object_level_authorization_another_users_session_is_not_found() {
    let api = api().await;
    let ((alice, _), (bob, _)) = (sign_in(&api.anyone()).await, sign_in(&api.anyone()).await);
    let session = alice.get("/auth/sessions").await.body()["data"][0]["id"].as_str().unwrap().to_owned();
    let refused = bob.delete(&format!("/auth/sessions/{session}")).await;
    assert_eq!((refused.status(), refused.code().as_str()), (404, "not_found"));
    assert!(is_in(&alice).await);
    for id in ["1", "%2e%2e", "' or 1=1 --%20", "00000000-0000-0000-0000-000000000000"] {
        assert_eq!(bob.delete(&format!("/auth/sessions/{}", id.replace(' ', "%20"))).await.status(), 404, "{id}");
    }
}

#[tokio::test]
async fn api2_broken_authentication_a_code_cannot_be_guessed_however_often_it_is_sent() {
    let api = with(&[]).await;
    let user = api.anyone();
    let mut tries = 0;
    // An attacker tries for a day and respects every wait.
    for _ in 0..30 {
        let sent = ask(&user).await;
        if sent.status() == 202 {
            let (challenge, otp) = (text(&sent, "challenge_id"), text(&sent, "otp"));
            while verify(&user, &challenge, &wrong(&otp)).await.code() == "otp_invalid" {
                tries += 1;
            }
        }
        let wait = sent.header("retry-after").parse().unwrap_or(30).min(3600);
        api.stack.clock.advance(std::time::Duration::from_secs(wait));
    }
    assert_eq!(tries, 50, "ten codes a day, five tries each: 1 in 20,000");
}

#[tokio::test]
async fn api2_broken_authentication_every_endpoint_except_the_sign_ins_needs_a_token() {
    let api = api().await;
    let anyone = api.anyone();
    for answer in [
        anyone.post("/auth/change-password", json!({ "new_password": "a long password" })).await,
        anyone.post("/auth/logout", json!(null)).await,
        anyone.get("/auth/sessions").await,
        anyone.delete("/auth/sessions/00000000-0000-0000-0000-000000000000").await,
    ] {
        assert_eq!((answer.status(), answer.code().as_str()), (401, "unauthenticated"));
    }
}

#[tokio::test]
async fn api3_broken_object_property_level_authorization_nothing_but_the_profile_is_set_or_shown() {
    let api = api().await;
    let user = api.anyone();
    for field in ["id", "tier", "password_hash", "password_version", "created_at", "role", "is_admin"] {
        let mut body = json!({ "mobile": user.mobile });
        body[field] = json!("1");
        let refused = user.post("/auth/signup", body).await;
        assert_eq!((refused.status(), &refused.body()["errors"][0]["code"]), (422, &json!("unknown_field")), "{field}");
    }
    let (_, answer) = sign_in(&user).await;
    let account = answer.body()["user"].clone();
    let fields: Vec<&String> = account.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["allowance", "created_at", "email", "id", "mobile", "name", "tier"]);
}

#[tokio::test]
async fn api4_unrestricted_resource_consumption_bodies_texts_and_hashes_are_bounded() {
    let api = with(&[("LOGIN_PER_IP_HOUR", "3")]).await;
    let user = api.anyone();
    let huge = json!({ "mobile": user.mobile, "name": "x".repeat(140_000) });
    assert_eq!(user.post("/auth/signup", huge).await.code(), "payload_too_large");
    let long = json!({ "mobile": user.mobile, "password": "x".repeat(129) });
    assert_eq!(user.post("/auth/signup", long).await.status(), 422);
    for status in [401, 401, 401, 429] {
        let login = json!({ "mobile": api.anyone().mobile, "password": "x".repeat(10_000) });
        assert_eq!(user.post("/auth/login", login).await.status(), status);
    }
}

#[tokio::test]
async fn api5_broken_function_level_authorization_a_reset_token_is_not_a_session() {
    let api = with(&[("OTP_COOLDOWN_SECONDS", "0")]).await;
    let (user, _) = sign_in(&api.anyone()).await;
    let (challenge, otp) = code(&user, "/auth/forgot-password", json!({ "mobile": user.mobile })).await;
    let token = text(&verify(&user, &challenge, &otp).await, "access_token");
    let holder = user.with_token(&token);
    assert_eq!(holder.get("/auth/sessions").await.status(), 403);
    assert_eq!(holder.post("/auth/logout?everywhere=true", json!(null)).await.status(), 403);
    assert!(is_in(&user).await);
}

#[tokio::test]
async fn api6_unrestricted_access_to_sensitive_business_flows_sms_cannot_be_pumped() {
    let api = with(&[("OTP_PER_IP_HOUR", "3"), ("OTP_DELIVERY", "sns"), ("OTP_ALLOWED_COUNTRIES", "1,!1876")]).await;
    // Consecutive numbers, one code for each. From many addresses the sender's limits apply: docs/sign-in.md.
    let mut sent = 0;
    for number in 0..50_u8 {
        let asker = api.anyone().from("198.51.100.1");
        let answer = asker.post("/auth/send-otp", json!({ "mobile": format!("+1415557{number:04}") })).await;
        sent += usize::from(answer.status() == 202);
        let premium = asker.post("/auth/send-otp", json!({ "mobile": format!("+1876555{number:04}") })).await;
        assert_eq!(premium.code(), "country_not_supported");
    }
    assert_eq!((sent, api.queued().len()), (3, 3));
}

#[tokio::test]
async fn api8_security_misconfiguration_responses_contain_no_cause_and_are_not_cached() {
    let api = with(&[("DATABASE_URL", "postgres://postgres@127.0.0.1:1/none")]).await;
    let user = api.anyone();
    let failed = user.post("/auth/login", json!({ "mobile": user.mobile, "password": "whatever it is" })).await;
    assert_eq!((failed.status(), failed.header("retry-after")), (503, "5"));
    let body = failed.body().to_string().to_lowercase();
    assert!(["postgres", "127.0.0.1", "connect", "panic"].iter().all(|cause| !body.contains(cause)), "{body}");
    assert_eq!((failed.header("cache-control"), failed.header("x-content-type-options")), ("no-store", "nosniff"));
    for (method, path) in [(http::Method::GET, "/auth/login"), (http::Method::POST, "/auth/sessions")] {
        assert_eq!(user.json(method, path, &[], json!(null)).await.code(), "method_not_allowed", "{path}");
    }
    assert_eq!(user.get("/auth/../auth/users").await.code(), "not_found");
}
