//! Codes under concurrency: exactly five tries, exactly one winner.

use serde_json::json;

use crate::support::{api, code, hundred, outcomes, verify, wrong};

#[tokio::test(flavor = "multi_thread")]
async fn five_of_a_hundred_concurrent_wrong_codes_are_tried() {
    let api = api().await;
    let user = api.anyone();
    let (challenge, otp) = code(&user, "/auth/send-otp", json!({ "mobile": user.mobile })).await;
    let seen = hundred(|_| {
        let (user, challenge, wrong) = (user.clone(), challenge.clone(), wrong(&otp));
        async move { verify(&user, &challenge, &wrong).await }
    });
    assert_eq!(seen.await, outcomes(&[(401, "otp_invalid", 5), (401, "challenge_expired", 95)]));
    assert_eq!(verify(&user, &challenge, &otp).await.code(), "challenge_expired");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_a_hundred_concurrent_right_codes_succeeds() {
    let api = api().await;
    let user = api.anyone();
    let (challenge, otp) = code(&user, "/auth/send-otp", json!({ "mobile": user.mobile })).await;
    let seen = hundred(|_| {
        let (user, challenge, otp) = (user.clone(), challenge.clone(), otp.clone());
        async move { verify(&user, &challenge, &otp).await }
    });
    assert_eq!(seen.await, outcomes(&[(200, "", 1), (401, "challenge_expired", 99)]));
    let sessions = api.stack.sql().await.query_one("select count(*) from sessions", &[]).await.unwrap();
    assert_eq!(sessions.get::<_, i64>(0), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_signs_in_from_many_devices_at_once_has_one_account() {
    let api = api().await;
    let db = api.stack.db();
    let user = api.anyone();
    let mobile = shared::domain::Mobile::parse(&user.mobile).unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..100_u8 {
        let (db, mobile, now) = (db.clone(), mobile.clone(), api.stack.clock.now());
        tasks.spawn(async move {
            let hash = [number; 32];
            let session = shared::db::sessions::NewSession {
                id: shared::domain::SessionId::generate(),
                refresh_hash: &hash,
                user_agent: None,
                expires_at: now + std::time::Duration::from_mins(1),
            };
            shared::db::users::sign_in(&db, &mobile, &shared::db::users::Profile::default(), &session, &[], now)
                .await
                .unwrap()
                .id
        });
    }
    let ids: std::collections::HashSet<_> = tasks.join_all().await.into_iter().collect();
    assert_eq!(ids.len(), 1);
}
