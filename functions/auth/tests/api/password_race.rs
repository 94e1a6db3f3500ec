//! Sign-ins and a change of the password at the same time: nobody stays signed in by the old password.

use std::time::Duration;

use serde_json::json;
use shared::db::Db;
use shared::db::sessions::{self, NewSession};
use shared::db::users::{self, Credentials, NewPassword};
use shared::domain::{Mobile, SessionId, Timestamp};
use testkit::{Answer, TestApi, User};
use tokio::task::JoinSet;

use crate::support::{api, is_in, text, with_password};

async fn change(user: &User) -> Answer {
    let body = json!({ "new_password": "the new password", "current_password": "the old password" });
    user.post("/auth/change-password", body).await
}

async fn credentials(db: &Db, user: &User) -> Credentials {
    users::credentials_of_mobile(db, &Mobile::parse(&user.mobile).unwrap()).await.unwrap().unwrap()
}

/// Opens a session, as a sign-in does that has found the password right; returns whether it is open.
async fn open(db: &Db, found: &Credentials, now: Timestamp) -> bool {
    let (id, expires_at) = (SessionId::generate(), now + Duration::from_mins(1));
    let session = NewSession { id, refresh_hash: id.as_bytes(), user_agent: None, expires_at };
    sessions::open(db, found.id, found.password_version, &session, now).await.unwrap()
}

async fn session_count(api: &TestApi) -> i64 {
    api.stack.sql().await.query_one("select count(*) from sessions", &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn a_sign_in_that_was_under_way_ends_with_the_change_of_the_password() {
    let api = api().await;
    let user = with_password(&api.anyone(), "the old password").await;
    let signing_in = api.stack.sql().await;
    let opened = SessionId::generate();
    signing_in.batch_execute("begin").await.unwrap();
    let sql = "insert into sessions (id, user_id, created_at, last_used_at, expires_at)
        select $1, id, now(), now(), 'infinity' from users";
    signing_in.execute(sql, &[&opened]).await.unwrap();

    let changer = user.clone();
    let changing = api.stack.stalled(async move { change(&changer).await }).await;
    signing_in.batch_execute("commit").await.unwrap();

    assert_eq!(changing.await.unwrap().status(), 204);
    let live = signing_in.query("select id from sessions where revoked_at is null", &[]).await.unwrap();
    assert_eq!(live.len(), 1);
    assert_ne!(live[0].get::<_, SessionId>("id"), opened);
    assert!(is_in(&user).await, "the session that changed it stays valid");
}

#[tokio::test]
async fn a_password_that_was_changed_meanwhile_opens_no_session() {
    let api = api().await;
    let user = with_password(&api.anyone(), "the old password").await;
    let (db, now) = (api.stack.db(), api.stack.clock.now());
    let old = credentials(&db, &user).await;
    let new = NewPassword { user: old.id, version: old.password_version, hash: "another hash", keep: None };
    assert!(users::set_password(&db, &new, now).await.unwrap().is_some());

    assert!(!open(&db, &old, now).await);

    assert_eq!(session_count(&api).await, 1);
}

#[tokio::test]
async fn a_sign_in_waits_for_a_change_that_is_under_way_and_then_opens_no_session() {
    let api = api().await;
    let user = with_password(&api.anyone(), "the old password").await;
    let (db, now) = (api.stack.db(), api.stack.clock.now());
    let old = credentials(&db, &user).await;
    let changing = api.stack.sql().await;
    let change = "begin; select from users for update; update users set password_version = password_version + 1";
    changing.batch_execute(change).await.unwrap();

    let signing_in = api.stack.stalled(async move { open(&db, &old, now).await }).await;
    changing.batch_execute("commit").await.unwrap();

    assert!(!signing_in.await.unwrap());
    assert_eq!(session_count(&api).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_sign_in_by_the_old_password_outlives_a_change_at_the_same_time() {
    let api = api().await;
    for _ in 0..5 {
        let user = with_password(&api.anyone(), "the old password").await;
        let changer = user.clone();
        let changing = tokio::spawn(async move { change(&changer).await });
        let mut log_ins = JoinSet::new();
        // They begin one after another, so that some have read the old password and check it when it is replaced.
        while log_ins.len() < 50 && !changing.is_finished() {
            let user = user.clone();
            log_ins.spawn(async move {
                user.post("/auth/login", json!({ "mobile": user.mobile, "password": "the old password" })).await
            });
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(changing.await.unwrap().status(), 204);

        for log_in in log_ins.join_all().await {
            match (log_in.status(), log_in.code().as_str()) {
                (200, _) => assert!(!is_in(&user.with_token(&text(&log_in, "access_token"))).await),
                (status, code) => {
                    let is_refused =
                        [(401, "credentials_invalid"), (429, "login_mobile_limit")].contains(&(status, code));
                    assert!(is_refused, "{status} {code}");
                }
            }
        }
        assert!(is_in(&user).await, "the session that changed it stays valid");
    }
    let live = "select count(*) from sessions where revoked_at is null";
    let live: i64 = api.stack.sql().await.query_one(live, &[]).await.unwrap().get(0);
    assert_eq!(live, 5, "one of each user");
}
