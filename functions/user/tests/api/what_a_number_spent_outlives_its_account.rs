//! A user who deletes the account and signs up again continues with the day's use, until midnight. The number itself is
//! not kept.

use std::time::Duration;

use serde_json::{Value, json};
use shared::auth::{Grant, NumberMarks, Tokens};
use shared::db::replies::{self, Claim};
use shared::db::sessions::NewSession;
use shared::db::users::{self, Profile};
use shared::domain::{Mobile, SessionId};
use testkit::{Stack, TestApi, User};
use tokio::task::JoinSet;

use crate::on;

const MOBILE: &str = "+14155550188";

/// Signs in with a code, as `auth` does; makes the account if there is none.
async fn sign_in(api: &TestApi) -> User {
    let (env, now) = (api.stack.env(), api.stack.clock.now());
    let (mobile, session) = (Mobile::parse(MOBILE).unwrap(), SessionId::generate());
    let marks = NumberMarks::from_env(&env).unwrap().of(&mobile);
    let new = NewSession {
        id: session,
        refresh_hash: session.as_bytes(),
        user_agent: None,
        expires_at: now + Duration::from_hours(24),
    };
    let account = users::sign_in(&api.stack.db(), &mobile, &Profile::default(), &new, &marks, now).await.unwrap();
    let token = Tokens::from_env(&env).unwrap().issue(Grant::Session(account.id, session, Some(now)), now).unwrap();
    let mut user = api.anyone().with_token(&token);
    user.id = Some(account.id);
    user
}

async fn used(user: &User) -> Value {
    user.get("/user/me").await.body()["allowance"]["used"].clone()
}

/// Sends `pending` messages that wait, and `begun` ones whose replies are being written.
async fn spend(api: &TestApi, user: &User, pending: usize, begun: usize) {
    let sender = user.at(api.router_of(chatroom::router));
    for number in 0..pending + begun {
        let room = sender.post("/chatroom", json!({})).await.id();
        let sent = sender.post(&format!("/chatroom/{room}/message"), json!({ "content": "hi" })).await;
        assert_eq!(sent.status(), 202, "{}", sent.body());
        if number < begun {
            let (lease, now) = (Duration::from_mins(1), api.stack.clock.now());
            let claim = replies::claim(&api.stack.db(), room.parse().unwrap(), lease, now).await.unwrap();
            assert!(matches!(claim, Claim::Claimed(_)));
        }
    }
}

async fn start() -> TestApi {
    on(Stack::start().await)
}

#[tokio::test]
async fn replies_that_began_stay_charged_and_pending_ones_are_refunded() {
    let api = start().await;
    let user = sign_in(&api).await;
    spend(&api, &user, 2, 3).await;
    assert_eq!(used(&user).await, 5);
    assert_eq!(user.delete("/user/me").await.status(), 204);

    let again = sign_in(&api).await;
    assert_ne!(again.id, user.id);
    assert_eq!(used(&again).await, 3);
    spend(&api, &again, 0, 2).await;
    let sender = again.at(api.router_of(chatroom::router));
    let room = sender.post("/chatroom", json!({})).await.id();
    let sent = sender.post(&format!("/chatroom/{room}/message"), json!({ "content": "hi" })).await;
    assert_eq!(sent.code(), "allowance_spent");
    assert_eq!(again.delete("/user/me").await.status(), 204);
    assert_eq!(used(&sign_in(&api).await).await, 5, "as often as one likes");
}

#[tokio::test]
async fn what_was_called_off_is_remembered_too() {
    let api = start().await;
    for expected in [0, 0, 1] {
        let user = sign_in(&api).await;
        assert_eq!(used(&user).await, 0);
        spend(&api, &user, 2, 0).await;
        assert_eq!(user.delete("/user/me").await.status(), 204);
        let sql = "select coalesce(max(used), 0) from past_usage";
        let kept: i32 = api.stack.sql().await.query_one(sql, &[]).await.unwrap().get(0);
        assert_eq!(kept, expected, "five are free");
    }
}

#[tokio::test]
async fn after_midnight_nothing_is_taken_over() {
    let api = start().await;
    let user = sign_in(&api).await;
    spend(&api, &user, 0, 4).await;
    assert_eq!(user.delete("/user/me").await.status(), 204);
    api.stack.clock.advance(Duration::from_hours(12));
    assert_eq!(used(&sign_in(&api).await).await, 0);
}

#[tokio::test]
async fn the_number_is_not_kept_and_nothing_is_if_nothing_was_spent() {
    let api = start().await;
    let sql = api.stack.sql().await;
    assert_eq!(sign_in(&api).await.delete("/user/me").await.status(), 204);
    assert!(sql.query("select from past_usage", &[]).await.unwrap().is_empty());

    let user = sign_in(&api).await;
    spend(&api, &user, 0, 1).await;
    assert_eq!(user.delete("/user/me").await.status(), 204);
    let rows = sql.query("select mark, to_jsonb(p)::text from past_usage p", &[]).await.unwrap();
    assert_eq!(rows.len(), 1);
    let (mark, row): (Vec<u8>, String) = (rows[0].get(0), rows[0].get(1));
    assert_eq!(mark.len(), 32, "a keyed hash");
    assert!(!row.contains(&MOBILE[1..]) && !row.contains(&user.id.unwrap().to_string()), "{row}");
    sign_in(&api).await;
    assert!(sql.query("select from past_usage", &[]).await.unwrap().is_empty(), "it is taken over, not copied");
}

#[tokio::test]
async fn it_is_found_before_during_and_after_a_rotation_of_the_keys() {
    let api = start().await;
    let (old, new) = (api.stack.setting("JWT_KEYS").to_owned(), "next:QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY=");
    let both = format!("{new},{old}");
    let user = sign_in(&api).await;
    spend(&api, &user, 0, 2).await;
    assert_eq!(user.delete("/user/me").await.status(), 204);
    let mut stack = api.stack;
    for keys in [both.as_str(), new] {
        let api = on(stack.with("JWT_KEYS", keys));
        let user = sign_in(&api).await;
        assert_eq!(used(&user).await, 2, "with the keys {keys:.4}");
        assert_eq!(user.delete("/user/me").await.status(), 204);
        stack = api.stack;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_sign_in_that_races_with_the_deletion_escapes_it() {
    let api = start().await;
    let db = api.stack.db();
    for _ in 0..3 {
        let user = sign_in(&api).await;
        if used(&user).await == 0 {
            spend(&api, &user, 0, 4).await;
        }
        let (marks, mobile) = (NumberMarks::from_env(&api.stack.env()).unwrap(), Mobile::parse(MOBILE).unwrap());
        let mut tasks = JoinSet::new();
        for _ in 0..99 {
            let (db, mobile, marks) = (db.clone(), mobile.clone(), marks.of(&mobile));
            let (session, now) = (SessionId::generate(), api.stack.clock.now());
            tasks.spawn(async move {
                let expires_at = now + Duration::from_hours(1);
                let new = NewSession { id: session, refresh_hash: session.as_bytes(), user_agent: None, expires_at };
                users::sign_in(&db, &mobile, &Profile::default(), &new, &marks, now).await.unwrap().used
            });
        }
        let deleting = user.clone();
        tasks.spawn(async move { i32::from(deleting.delete("/user/me").await.status() == 204) * 4 });
        let all = tasks.join_all().await;
        assert!(all.iter().all(|used| *used == 4), "{all:?}");
        assert_eq!(used(&sign_in(&api).await).await, 4);
    }
}

#[tokio::test]
async fn it_needs_no_redis() {
    let api = on(Stack::start().await.with("REDIS_URL", "redis://127.0.0.1:1"));
    let user = sign_in(&api).await;
    spend(&api, &user, 0, 4).await;
    assert_eq!(user.delete("/user/me").await.status(), 204);
    assert_eq!(used(&sign_in(&api).await).await, 4);
}
