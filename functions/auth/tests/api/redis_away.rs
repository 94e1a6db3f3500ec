//! Revocation with Redis up, with Redis stopped, and with Redis' data lost in between.

use axum::Router;
use redis::AsyncCommands;
use serde_json::json;
use shared::config::Env;
use testkit::TestApi;

use crate::support::{api, is_in, sign_in};

/// The same function, but Redis is unreachable.
pub(crate) fn without_redis(api: &TestApi) -> Router {
    let settings = api.stack.env();
    let env = Env::from_fn(move |name| match name {
        "REDIS_URL" => Some("redis://127.0.0.1:1".into()),
        name => settings.optional(name),
    });
    auth::router(&env, api.stack.clock.clock()).unwrap()
}

#[tokio::test]
async fn a_live_session_is_accepted_without_redis() {
    let api = api().await;
    let (user, _) = sign_in(&api.anyone()).await;
    assert!(is_in(&user.at(without_redis(&api))).await);
}

#[tokio::test]
async fn a_session_revoked_with_redis_up_fails_with_redis_up_and_stopped() {
    let api = api().await;
    let (user, _) = sign_in(&api.anyone()).await;
    let stopped = user.at(without_redis(&api));
    assert!(is_in(&user).await && is_in(&stopped).await);
    assert_eq!(user.post("/auth/logout", json!(null)).await.status(), 204);
    assert!(!is_in(&user).await && !is_in(&stopped).await);
}

#[tokio::test]
async fn a_session_revoked_with_redis_stopped_fails_with_redis_stopped_and_restarted() {
    let api = api().await;
    let (user, _) = sign_in(&api.anyone()).await;
    let stopped = user.at(without_redis(&api));
    assert_eq!(stopped.post("/auth/logout", json!(null)).await.status(), 204);
    assert!(!is_in(&stopped).await);
    // Redis restarts empty: this session was never read through it before.
    assert!(!is_in(&user).await);
}

#[tokio::test]
async fn a_mark_that_redis_kept_through_a_partition_expires_within_a_minute() {
    let api = api().await;
    let (user, _) = sign_in(&api.anyone()).await;
    assert!(is_in(&user).await);
    let session = user.get("/auth/sessions").await.body()["data"][0]["id"].as_str().unwrap().to_owned();
    let key = format!("{}session:{{door}}:{session}", api.stack.setting("REDIS_PREFIX"));
    let client = redis::Client::open(api.stack.setting("REDIS_URL")).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let (mark, left): (String, i64) = (connection.get(&key).await.unwrap(), connection.ttl(&key).await.unwrap());
    assert_eq!(mark, "live");
    assert!((1..=60).contains(&left), "{left}");

    assert_eq!(user.at(without_redis(&api)).post("/auth/logout", json!(null)).await.status(), 204);
    connection.del::<_, ()>(&key).await.unwrap();
    assert!(!is_in(&user).await);
}
