//! `GET /auth/sessions`, `DELETE /auth/sessions/{session}`, `POST /auth/logout`

use std::time::Duration;

use serde_json::json;

use crate::support::{api, is_in, sign_in};

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
