//! `GET /auth/sessions`, `DELETE /auth/sessions/{session}`, `POST /auth/logout`

use std::time::Duration;

use serde_json::json;

use crate::support::{api, code, is_in, sign_in, verify, with};

#[tokio::test]
async fn sessions_are_listed_with_the_last_used_one_first() {
    let api = api().await;
    let (phone, _) = sign_in(&api.anyone()).await;
    api.stack.clock.advance(Duration::from_mins(1));
    let (tablet, _) = sign_in(&phone).await;
    sign_in(&api.anyone()).await;

    let listed = tablet.get("/auth/sessions").await.body();
    let sessions = listed["data"].as_array().unwrap();
    assert_eq!(sessions.len(), 2);
    assert_eq!((&sessions[0]["current"], &sessions[1]["current"]), (&json!(true), &json!(false)));
    assert_eq!(sessions[1]["created_at"], "2026-11-23T12:00:00.000Z");
    assert_eq!(sessions[0]["last_used_at"], "2026-11-23T12:01:00.000Z");
    assert_eq!(phone.get("/auth/sessions").await.body()["data"][1]["current"], json!(true));
}

#[tokio::test]
async fn a_session_that_is_ended_fails_at_its_next_request_and_leaves_the_list() {
    let api = api().await;
    let (phone, _) = sign_in(&api.anyone()).await;
    api.stack.clock.advance(Duration::from_mins(1));
    let (tablet, _) = sign_in(&phone).await;
    assert!(is_in(&phone).await);
    let listed = tablet.get("/auth/sessions").await.body();
    let of_phone = listed["data"][1]["id"].as_str().unwrap().to_owned();

    let ended = tablet.delete(&format!("/auth/sessions/{of_phone}")).await;

    assert_eq!((ended.status(), ended.bytes.len()), (204, 0));
    assert!(!is_in(&phone).await);
    assert_eq!(tablet.get("/auth/sessions").await.body()["data"].as_array().unwrap().len(), 1);
    let again = tablet.delete(&format!("/auth/sessions/{of_phone}")).await;
    assert_eq!((again.status(), again.code().as_str()), (404, "not_found"));
}

#[tokio::test]
async fn logout_ends_this_session_alone() {
    let api = api().await;
    let (phone, _) = sign_in(&api.anyone()).await;
    api.stack.clock.advance(Duration::from_mins(1));
    let (tablet, _) = sign_in(&phone).await;
    assert!(is_in(&phone).await);
    assert_eq!(phone.post("/auth/logout", json!(null)).await.status(), 204);
    assert!(!is_in(&phone).await && is_in(&tablet).await);
    assert_eq!(phone.post("/auth/logout", json!(null)).await.status(), 401);
}

#[tokio::test]
async fn logout_everywhere_ends_all_of_the_users_sessions_and_nobody_elses() {
    let api = api().await;
    let (phone, _) = sign_in(&api.anyone()).await;
    api.stack.clock.advance(Duration::from_mins(1));
    let (tablet, _) = sign_in(&phone).await;
    let (other, _) = sign_in(&api.anyone()).await;
    assert!(is_in(&phone).await && is_in(&tablet).await && is_in(&other).await);
    assert_eq!(tablet.post("/auth/logout?everywhere=true", json!(null)).await.status(), 204);
    assert!(!is_in(&phone).await && !is_in(&tablet).await && is_in(&other).await);
}

#[tokio::test]
async fn a_parameter_that_is_not_known_or_no_boolean_is_refused() {
    let api = api().await;
    let (user, _) = sign_in(&api.anyone()).await;
    for (query, pointer) in [("everywhere=yes", "/everywhere"), ("all=true", "/all")] {
        let refused = user.post(&format!("/auth/logout?{query}"), json!(null)).await;
        assert_eq!((refused.status(), &refused.body()["errors"][0]["pointer"]), (422, &json!(pointer)), "{query}");
    }
    assert!(is_in(&user).await);
}

#[tokio::test]
async fn a_user_has_a_hundred_sessions_and_one_more_ends_the_one_that_was_not_used_for_longest() {
    let api = api().await;
    let (oldest, _) = sign_in(&api.anyone()).await;
    let more = "insert into sessions (id, user_id, created_at, last_used_at, expires_at)
        select gen_random_uuid(), id, '2026-11-23 12:00:30Z', '2026-11-23 12:00:30Z', 'infinity' from users, generate_series(1, 99)";
    let sql = api.stack.sql().await;
    sql.execute(more, &[]).await.unwrap();
    assert!(is_in(&oldest).await);
    api.stack.clock.advance(Duration::from_mins(2));
    let (newest, _) = sign_in(&oldest).await;
    let live = "select count(*) from sessions where revoked_at is null";
    assert_eq!(sql.query_one(live, &[]).await.unwrap().get::<_, i64>(0), 100);
    let first = "select revoked_at is not null from sessions order by created_at limit 1";
    assert!(sql.query_one(first, &[]).await.unwrap().get::<_, bool>(0));
    assert!(is_in(&newest).await);
}

#[tokio::test]
async fn whoever_spends_a_users_requests_cannot_keep_them_from_ending_it() {
    let api = with(&[("REQUESTS_PER_USER_MINUTE", "5"), ("OTP_COOLDOWN_SECONDS", "0")]).await;
    let (thief, _) = sign_in(&api.anyone()).await;
    let (owner, _) = sign_in(&thief).await;
    for _ in 0..5 {
        assert_eq!(thief.get("/auth/sessions").await.status(), 200);
    }
    assert_eq!(owner.get("/auth/sessions").await.code(), "too_many_requests");
    assert_eq!(owner.post("/auth/logout?everywhere=true", json!(null)).await.status(), 204);
    assert!(!is_in(&thief).await);
}

#[tokio::test]
async fn the_end_of_all_sessions_ends_open_codes() {
    let api = with(&[("OTP_COOLDOWN_SECONDS", "0")]).await;
    let (user, _) = sign_in(&api.anyone()).await;
    let (challenge, otp) = code(&user, "/auth/send-otp", json!({ "mobile": user.mobile })).await;
    assert_eq!(user.post("/auth/logout?everywhere=true", json!(null)).await.status(), 204);
    assert_eq!(verify(&user, &challenge, &otp).await.code(), "challenge_expired");
}
