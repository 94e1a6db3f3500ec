//! A token for a password reset ends with its use, with a change of the password, and with the end of all sessions. It is
//! checked before anything is hashed.

use std::time::Instant;

use serde_json::json;
use shared::db::sessions;
use testkit::{TestApi, User};

use crate::redis_away::without_redis;
use crate::support::{code, hundred, is_in, sign_in, text, verify, with};

async fn api() -> TestApi {
    with(&[("OTP_COOLDOWN_SECONDS", "0")]).await
}

/// A signed-in user, and the same person with a reset token.
async fn with_reset(api: &TestApi) -> (User, User) {
    let (user, _) = sign_in(&api.anyone()).await;
    let (challenge, otp) = code(&user, "/auth/forgot-password", json!({ "mobile": user.mobile })).await;
    let holder = user.with_token(&text(&verify(&user, &challenge, &otp).await, "access_token"));
    (user, holder)
}

async fn set(holder: &User) -> (u16, String) {
    let set = holder.post("/auth/change-password", json!({ "new_password": "set by the reset" })).await;
    (set.status(), set.code())
}

#[tokio::test]
async fn it_dies_with_the_end_of_all_sessions_and_not_with_the_end_of_one() {
    let api = api().await;
    let (user, holder) = with_reset(&api).await;
    assert_eq!(user.post("/auth/logout?everywhere=true", json!(null)).await.status(), 204);
    assert_eq!(set(&holder).await, (401, "unauthenticated".into()));

    let (user, holder) = with_reset(&api).await;
    assert_eq!(user.post("/auth/logout", json!(null)).await.status(), 204);
    assert_eq!(set(&holder).await, (204, String::new()));
}

#[tokio::test]
async fn it_dies_without_redis_too() {
    let api = api().await;
    let (user, holder) = with_reset(&api).await;
    let away = user.at(without_redis(&api));
    assert_eq!(away.post("/auth/logout?everywhere=true", json!(null)).await.status(), 204);
    assert_eq!(set(&holder.at(without_redis(&api))).await, (401, "unauthenticated".into()));
}

#[tokio::test]
async fn a_dead_one_costs_no_hash() {
    let api = api().await;
    let (_, holder) = with_reset(&api).await;
    assert_eq!(set(&holder).await.0, 204);
    let version = "select password_version from users";
    let sql = api.stack.sql().await;
    let before: i32 = sql.query_one(version, &[]).await.unwrap().get(0);
    // Hashes are made one at a time. If twenty refusals hashed, they would take longer than ten hashes.
    let hashed = Instant::now();
    for _ in 0..10 {
        shared::auth::hash("to see how long it takes".to_owned().try_into().unwrap()).await.unwrap();
    }
    let ten = hashed.elapsed();
    let refused = Instant::now();
    for _ in 0..20 {
        assert_eq!(set(&holder).await.0, 401);
    }
    assert!(refused.elapsed() < ten, "{:?}, and ten hashes took {ten:?}", refused.elapsed());
    assert_eq!(sql.query_one(version, &[]).await.unwrap().get::<_, i32>(0), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_session_is_left_by_a_hundred_sign_ins_during_the_end_of_all_sessions() {
    let api = api().await;
    let (user, _) = sign_in(&api.anyone()).await;
    let id = api.stack.sql().await.query_one("select id from users", &[]).await.unwrap().get(0);
    // Whoever signs in with a password has checked it before all sessions end.
    let (db, now) = (api.stack.db(), api.stack.clock.now());
    let version = shared::db::users::credentials_of(&db, id).await.unwrap().unwrap().password_version;
    let ender = user.clone();
    let ending = tokio::spawn(async move { ender.post("/auth/logout?everywhere=true", json!(null)).await.status() });
    let opened = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counted = opened.clone();
    hundred(move |_| {
        let (db, user, opened) = (db.clone(), user.clone(), counted.clone());
        async move {
            let session = shared::domain::SessionId::generate();
            let new = sessions::NewSession {
                id: session,
                refresh_hash: session.as_bytes(),
                user_agent: None,
                expires_at: now + std::time::Duration::from_mins(1),
            };
            if sessions::open(&db, id, version, &new, now).await.unwrap() {
                opened.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            }
            user.get("/auth/sessions").await
        }
    })
    .await;
    assert_eq!(ending.await.unwrap(), 204);
    let live: i64 = api
        .stack
        .sql()
        .await
        .query_one("select count(*) from sessions where revoked_at is null", &[])
        .await
        .unwrap()
        .get(0);
    assert_eq!(live, 0, "{opened:?} had been opened before");
}

#[tokio::test]
async fn a_sign_in_under_way_ends_with_the_end_of_all_sessions() {
    let api = api().await;
    let (user, _) = sign_in(&api.anyone()).await;
    let signing_in = api.stack.sql().await;
    signing_in.batch_execute("begin").await.unwrap();
    let sql = "insert into sessions (id, user_id, created_at, last_used_at, expires_at)
        select gen_random_uuid(), id, now(), now(), 'infinity' from users";
    signing_in.execute(sql, &[]).await.unwrap();
    let ender = user.clone();
    let ending = api.stack.stalled(async move { ender.post("/auth/logout?everywhere=true", json!(null)).await }).await;
    signing_in.batch_execute("commit").await.unwrap();
    assert_eq!(ending.await.unwrap().status(), 204);
    assert!(!is_in(&user).await);
    let live = signing_in.query("select id from sessions where revoked_at is null", &[]).await.unwrap();
    assert_eq!(live.len(), 0);
}
