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
    assert_eq!(renewed.body()["scope"], "session");
    assert_ne!(text(&renewed, "refresh_token"), first);
    assert!(is_in(&user.with_token(&text(&renewed, "access_token"))).await);
}

#[tokio::test]
async fn a_request_that_is_sent_twice_gets_the_same_successor_twice() {
    let api = api().await;
    let (user, first) = signed_in(&api).await;
    let second = text(&refresh(&user, &first).await, "refresh_token");
    api.stack.clock.advance(Duration::from_millis(29_999));
    assert_eq!(text(&refresh(&user, &first).await, "refresh_token"), second);
    assert_eq!(refresh(&user, &second).await.status(), 200);
}

#[tokio::test]
async fn a_lost_answer_ends_no_session_however_often_and_however_late() {
    let api = api().await;
    let (user, mut token) = signed_in(&api).await;
    for pause in [12, 31, 3_600, 7 * 86_400, 29 * 86_400] {
        let mut lost = vec![token.clone()];
        for _ in 0..3 {
            lost.push(text(&refresh(&user, &token).await, "refresh_token"));
            api.stack.clock.advance(Duration::from_secs(pause));
        }
        let renewed = refresh(&user, &token).await;
        assert_eq!(renewed.status(), 200, "{pause}");
        token = text(&renewed, "refresh_token");
        assert!(!lost[..3].contains(&token), "a later successor is another one");
        assert!(is_in(&user.with_token(&text(&renewed, "access_token"))).await);
    }
    assert_eq!(refresh(&user, &token).await.status(), 200);
}

#[tokio::test]
async fn a_successor_that_a_later_one_replaced_ends_the_family() {
    let api = api().await;
    let (user, first) = signed_in(&api).await;
    let second = text(&refresh(&user, &first).await, "refresh_token");
    api.stack.clock.advance(Duration::from_secs(31));
    // Somebody has the first token still, the owner who lost the answer or a thief: only one of them goes on.
    let other = text(&refresh(&user, &first).await, "refresh_token");
    assert_eq!(refresh(&user, &second).await.code(), "refresh_invalid");
    assert_eq!(refresh(&user, &other).await.code(), "refresh_invalid");
    assert!(!is_in(&user).await);
}

#[tokio::test]
async fn a_lost_answer_outlives_the_key_that_its_successor_was_made_with() {
    let api = api().await;
    let (user, first) = signed_in(&api).await;
    refresh(&user, &first).await;
    let (old, new) = (api.stack.setting("JWT_KEYS").to_owned(), "next:QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY=");
    let rotated = TestApi::on(api.stack.with("JWT_KEYS", format!("{new},{old}")), auth::router);
    let again = refresh(&rotated.anyone(), &first).await;
    assert_eq!(again.status(), 200, "the second of two live keys is tried too");
    rotated.stack.clock.advance(Duration::from_hours(48));
    let gone = TestApi::on(rotated.stack.with("JWT_KEYS", new), auth::router);
    let second = text(&refresh(&gone.anyone(), &first).await, "refresh_token");
    assert_ne!(second, text(&again, "refresh_token"));
    assert_eq!(refresh(&gone.anyone(), &second).await.status(), 200);
}

#[tokio::test]
async fn a_session_that_an_older_version_opened_or_renewed_goes_on() {
    let api = api().await;
    let (user, first) = signed_in(&api).await;
    let sql = api.stack.sql().await;
    sql.execute("update sessions set refresh_head = null", &[]).await.unwrap();
    let second = text(&refresh(&user, &first).await, "refresh_token");
    // An older version runs again for a while: it makes a token and does not write down that it is the head.
    api.stack.clock.advance(Duration::from_mins(1));
    let third = shared::auth::RefreshToken::generate().unwrap();
    let now = api.stack.clock.now();
    sql.execute("update refresh_tokens set used_at = $1 where used_at is null", &[&now]).await.unwrap();
    let insert = "insert into refresh_tokens (hash, session_id, created_at) select $1, id, $2 from sessions";
    sql.execute(insert, &[&&third.hash()[..], &now]).await.unwrap();
    assert_eq!(refresh(&user, &third.expose()).await.status(), 200);
    assert_eq!(refresh(&user, &second).await.code(), "refresh_invalid", "it was used");
}

#[tokio::test]
async fn a_session_that_this_version_opened_and_an_older_one_renewed_goes_on() {
    let api = api().await;
    let (user, _) = signed_in(&api).await;
    api.stack.clock.advance(Duration::from_mins(1));
    let (renewed, now) = (shared::auth::RefreshToken::generate().unwrap(), api.stack.clock.now());
    let sql = api.stack.sql().await;
    sql.execute("update refresh_tokens set used_at = $1", &[&now]).await.unwrap();
    let insert = "insert into refresh_tokens (hash, session_id, created_at) select $1, id, $2 from sessions";
    sql.execute(insert, &[&&renewed.hash()[..], &now]).await.unwrap();
    assert_eq!(refresh(&user, &renewed.expose()).await.status(), 200);
}

#[tokio::test]
async fn a_token_used_again_after_its_successor_ends_the_whole_family() {
    let api = api().await;
    let (user, first) = signed_in(&api).await;
    api.stack.clock.advance(Duration::from_mins(1));
    let (elsewhere, other) = sign_in(&user).await;
    let renewed = refresh(&user, &first).await;
    let (access, second) = (text(&renewed, "access_token"), text(&renewed, "refresh_token"));
    assert!(is_in(&user.with_token(&access)).await);
    let third = text(&refresh(&user, &second).await, "refresh_token");

    let reused = refresh(&user, &first).await;

    assert_eq!((reused.status(), reused.code().as_str()), (401, "refresh_invalid"));
    assert!(!is_in(&user.with_token(&access)).await, "the access token fails at its next request");
    for token in [&second, &third] {
        assert_eq!(refresh(&user, token).await.code(), "refresh_invalid", "so do its successors");
    }
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
async fn a_hundred_reuses_at_once_end_the_session_and_give_nothing() {
    let api = api().await;
    let (user, first) = signed_in(&api).await;
    let second = text(&refresh(&user, &first).await, "refresh_token");
    refresh(&user, &second).await;
    let seen = crate::support::hundred(|_| {
        let (user, first) = (user.clone(), first.clone());
        async move { refresh(&user, &first).await }
    });
    assert_eq!(seen.await, crate::support::outcomes(&[(401, "refresh_invalid", 100)]));
    assert!(!is_in(&user).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_late_repetitions_at_once_get_one_new_successor() {
    let api = api().await;
    let (user, first) = signed_in(&api).await;
    let lost = text(&refresh(&user, &first).await, "refresh_token");
    api.stack.clock.advance(Duration::from_mins(5));
    let mut tasks = JoinSet::new();
    for _ in 0..100 {
        let (user, first) = (user.clone(), first.clone());
        tasks.spawn(async move { text(&refresh(&user, &first).await, "refresh_token") });
    }
    let successors: HashSet<String> = tasks.join_all().await.into_iter().collect();
    assert!(successors.len() == 1 && !successors.contains(&lost));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parent_and_its_successor_at_once_give_the_next_token_or_end_the_family_and_nothing_between() {
    let api = api().await;
    for _ in 0..5 {
        let (user, parent) = signed_in(&api).await;
        let head = text(&refresh(&user, &parent).await, "refresh_token");
        let mut tasks = JoinSet::new();
        for number in 0..100 {
            let (user, token) = (user.clone(), if number % 2 == 0 { parent.clone() } else { head.clone() });
            tasks.spawn(async move {
                let answer = refresh(&user, &token).await;
                (number % 2 == 0, answer.status(), answer.body()["refresh_token"].as_str().map(str::to_owned))
            });
        }
        let seen = tasks.join_all().await;
        let given: HashSet<_> =
            seen.iter().filter(|(of_parent, ..)| !of_parent).filter_map(|(.., token)| token.clone()).collect();
        assert!(given.len() <= 1, "the head has one successor");
        assert!(seen.iter().all(|(of_parent, status, token)| match (of_parent, status) {
            (true, 200) => token.as_deref() == Some(&head),
            (false, 200) => true,
            (_, status) => *status == 401,
        }));
        let ended = seen.iter().any(|(_, status, _)| *status == 401);
        assert_eq!(is_in(&user).await, !ended);
    }
}

#[tokio::test]
async fn a_session_that_is_renewed_without_end_ends() {
    let api = api().await;
    let (user, first) = signed_in(&api).await;
    let second = text(&refresh(&user, &first).await, "refresh_token");
    let rows = shared::db::refresh_tokens::MOST_TOKENS - 2;
    let insert = "insert into refresh_tokens (hash, session_id, created_at, used_at)
        select sha256(n::text::bytea), s.id, s.created_at, s.created_at from sessions s, generate_series(2, $1::bigint) n";
    let sql = api.stack.sql().await;
    sql.execute(insert, &[&rows]).await.unwrap();
    let last = text(&refresh(&user, &second).await, "refresh_token");
    assert_eq!(refresh(&user, &last).await.code(), "refresh_invalid");
    let kept: i64 = sql.query_one("select count(*) from refresh_tokens", &[]).await.unwrap().get(0);
    assert_eq!(kept, rows + 2);
}

#[tokio::test]
async fn a_session_has_an_absolute_end_if_the_deployment_sets_one() {
    let api = with(&[("SESSION_MAX_DAYS", "3"), ("REFRESH_TOKEN_DAYS", "2")]).await;
    let (user, mut token) = signed_in(&api).await;
    api.stack.clock.advance(Duration::from_hours(40));
    token = text(&refresh(&user, &token).await, "refresh_token");
    api.stack.clock.advance(Duration::from_hours(31));
    let renewed = refresh(&user, &token).await;
    assert_eq!(renewed.body()["expires_in"], json!(3_600), "the access token ends with its session");
    let user = user.with_token(&text(&renewed, "access_token"));
    api.stack.clock.advance(Duration::from_secs(3_599));
    assert!(is_in(&user).await);
    token = text(&refresh(&user, &text(&renewed, "refresh_token")).await, "refresh_token");
    api.stack.clock.advance(Duration::from_secs(7));
    assert!(!is_in(&user).await);
    assert_eq!(refresh(&user, &token).await.code(), "refresh_invalid");

    let short = with(&[("SESSION_MAX_DAYS", "1")]).await;
    let (user, token) = signed_in(&short).await;
    short.stack.clock.advance(Duration::from_hours(24));
    assert_eq!(refresh(&user, &token).await.code(), "refresh_invalid");
}

#[tokio::test]
async fn a_user_renews_no_more_sessions_than_is_allowed_and_loses_none() {
    let api = with(&[("REQUESTS_PER_USER_MINUTE", "2")]).await;
    let (user, mut token) = signed_in(&api).await;
    for _ in 0..2 {
        token = text(&refresh(&user, &token).await, "refresh_token");
    }
    for _ in 0..3 {
        let refused = refresh(&user, &token).await;
        assert_eq!((refused.status(), refused.code().as_str()), (429, "refresh_user_limit"));
    }
    let made = api.stack.sql().await.query_one("select count(*) from refresh_tokens", &[]).await.unwrap();
    assert_eq!(made.get::<_, i64>(0), 4, "a refused token is not exchanged again");

    let (other, others) = signed_in(&api).await;
    assert_eq!(refresh(&other, &others).await.status(), 200, "nobody else is refused");
    api.stack.clock.advance(Duration::from_mins(1));
    assert_eq!(refresh(&user, &token).await.status(), 200);
}

#[tokio::test]
async fn a_refresh_needs_no_redis() {
    let api = api().await;
    let (user, first) = signed_in(&api).await;
    let away = user.at(crate::redis_away::without_redis(&api));
    let second = text(&refresh(&away, &first).await, "refresh_token");
    let third = text(&refresh(&away, &second).await, "refresh_token");
    assert_eq!(refresh(&away, &first).await.code(), "refresh_invalid");
    assert_eq!(refresh(&away, &third).await.code(), "refresh_invalid");
    assert!(!is_in(&away).await);
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
