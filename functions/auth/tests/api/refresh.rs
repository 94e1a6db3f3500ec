//! `POST /auth/refresh`

use std::collections::HashSet;
use std::time::Duration;

use serde_json::json;
use testkit::{Answer, TestApi, User};
use tokio::task::JoinSet;

use crate::support::{api, is_in, sign_in, text, with};

async fn refresh(user: &User, token: &str) -> Answer {
    user.post("/auth/refresh", json!({ "refresh_token": token })).await
}

async fn signed_in(api: &TestApi) -> (User, String) {
    let (user, answer) = sign_in(&api.anyone()).await;
    (user, text(&answer, "refresh_token"))
}

#[tokio::test]
async fn a_refresh_renews_both_tokens() {
    let api = api().await;
    let (user, first) = signed_in(&api).await;
    api.stack.clock.advance(Duration::from_secs(86_406));
    assert!(!is_in(&user).await, "the access token has expired");

    let renewed = refresh(&api.anyone(), &first).await;
    assert_eq!((renewed.status(), &renewed.body()["expires_in"]), (200, &json!(86_400)));
    assert_ne!(text(&renewed, "refresh_token"), first);
    assert!(is_in(&user.with_token(&text(&renewed, "access_token"))).await);
}

#[tokio::test]
async fn a_lost_response_can_be_requested_again_within_ten_seconds() {
    let api = api().await;
    let (user, first) = signed_in(&api).await;
    let second = text(&refresh(&user, &first).await, "refresh_token");
    api.stack.clock.advance(Duration::from_secs(10));
    assert_eq!(text(&refresh(&user, &first).await, "refresh_token"), second);
    assert_eq!(refresh(&user, &second).await.status(), 200);
}

#[tokio::test]
async fn a_token_used_again_later_ends_the_whole_family() {
    let api = api().await;
    let (user, first) = signed_in(&api).await;
    api.stack.clock.advance(Duration::from_mins(1));
    let (elsewhere, other) = sign_in(&user).await;
    let renewed = refresh(&user, &first).await;
    let (access, second) = (text(&renewed, "access_token"), text(&renewed, "refresh_token"));
    assert!(is_in(&user.with_token(&access)).await);
    api.stack.clock.advance(Duration::from_millis(10_001));

    let reused = refresh(&user, &first).await;

    assert_eq!((reused.status(), reused.code().as_str()), (401, "refresh_invalid"));
    assert!(!is_in(&user.with_token(&access)).await, "the access token fails at its next request");
    assert_eq!(refresh(&user, &second).await.code(), "refresh_invalid", "so does the successor");
    assert!(is_in(&elsewhere).await, "another device's session is another family");
    assert_eq!(refresh(&user, &text(&other, "refresh_token")).await.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_refreshes_at_once_are_told_the_same_successor() {
    let api = api().await;
    let (user, first) = signed_in(&api).await;
    let mut tasks = JoinSet::new();
    for _ in 0..100 {
        let (user, first) = (user.clone(), first.clone());
        tasks.spawn(async move { text(&refresh(&user, &first).await, "refresh_token") });
    }
    let successors: HashSet<String> = tasks.join_all().await.into_iter().collect();
    assert_eq!(successors.len(), 1);
    let stored = api.stack.sql().await.query_one("select count(*) from refresh_tokens", &[]).await.unwrap();
    assert_eq!(stored.get::<_, i64>(0), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_late_reuses_at_once_end_the_session_and_give_nothing() {
    let api = api().await;
    let (user, first) = signed_in(&api).await;
    refresh(&user, &first).await;
    api.stack.clock.advance(Duration::from_secs(11));
    let seen = crate::support::hundred(|_| {
        let (user, first) = (user.clone(), first.clone());
        async move { refresh(&user, &first).await }
    });
    assert_eq!(seen.await, crate::support::outcomes(&[(401, "refresh_invalid", 100)]));
    assert!(!is_in(&user).await);
}

#[tokio::test]
async fn a_family_lives_while_it_is_renewed_and_ends_thirty_days_later_or_as_configured() {
    for (setting, days) in [("", 30_u64), ("2", 2)] {
        let api = with(&[("REFRESH_TOKEN_DAYS", setting)]).await;
        let (user, mut token) = signed_in(&api).await;
        for _ in 0..3 {
            api.stack.clock.advance(Duration::from_secs(24 * 3_600 * days - 1));
            token = text(&refresh(&user, &token).await, "refresh_token");
        }
        api.stack.clock.advance(Duration::from_hours(24 * days));
        assert_eq!(refresh(&user, &token).await.code(), "refresh_invalid");
    }
}

#[tokio::test]
async fn everything_that_is_not_a_refresh_token_gets_the_same_refusal() {
    let api = api().await;
    let (user, first) = signed_in(&api).await;
    let unknown = format!("{}{}", if first.starts_with('A') { "B" } else { "A" }, &first[1..]);
    for token in ["", "x", user.token(), unknown.as_str(), &first[1..], &format!("{first}=")] {
        assert_eq!(refresh(&user, token).await.code(), "refresh_invalid", "{token}");
    }
    assert_eq!(refresh(&user, &first).await.status(), 200);
}

#[tokio::test]
async fn a_session_that_ended_is_not_renewed() {
    let api = api().await;
    let (user, first) = signed_in(&api).await;
    assert_eq!(user.post("/auth/logout", json!(null)).await.status(), 204);
    assert_eq!(refresh(&user, &first).await.code(), "refresh_invalid");
}
