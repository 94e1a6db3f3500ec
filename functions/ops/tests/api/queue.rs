//! `GET /debug/queue`

use http::Method;
use serde_json::{Value, json};
use shared::db::stats;
use testkit::{Answer, Stack, TestApi};

async fn ask(api: &TestApi, key: &str) -> Answer {
    api.anyone().raw(Method::GET, "/debug/queue", &[("x-operator-key", key)], "").await
}

/// Inserts a reply in a new room: its state, its queue, and how many seconds ago it was accepted and ended.
async fn reply(api: &TestApi, state: &str, tier: &str, accepted: f64, ended: Option<f64>) {
    let sql = "with u as (
            insert into users (id, mobile, created_at) values (gen_random_uuid(), gen_random_uuid()::text, now()) returning id
        ), c as (
            insert into chatrooms (id, user_id, title, created_at, updated_at)
            select gen_random_uuid(), id, 'Tea', now(), now() from u returning id, user_id
        )
        insert into messages (id, chatroom_id, seq, user_id, role, content, state, created_at, completed_at, in_reply_to, tier)
        select gen_random_uuid(), id, 2, user_id, 'assistant', '', $1,
            to_timestamp($3::float8 - $4::float8), to_timestamp($3::float8 - $5::float8), gen_random_uuid(), $2 from c";
    let now =
        std::time::Duration::from_millis(u64::try_from(api.stack.clock.now().unix_millis()).unwrap()).as_secs_f64();
    api.stack.sql().await.execute(sql, &[&state, &tier, &now, &accepted, &ended]).await.unwrap();
}

#[tokio::test]
async fn operators_see_queues_states_and_the_last_hour() {
    let api = TestApi::start(ops::router).await;
    for (queue, records) in [("PRO_QUEUE_URL", 1), ("BASIC_QUEUE_URL", 2), ("BASIC_DEAD_LETTERS_URL", 3)] {
        for _ in 0..records {
            api.stack.sqs.put(api.stack.setting(queue), "{}");
        }
    }
    reply(&api, "pending", "pro", 4.0, None).await;
    reply(&api, "pending", "basic", 30.0, None).await;
    reply(&api, "generating", "basic", 7_200.0, None).await;
    reply(&api, "completed", "pro", 60.0, Some(50.0)).await;
    reply(&api, "completed", "pro", 4_000.0, Some(3_000.0)).await;
    reply(&api, "failed", "basic", 7_300.0, Some(7_200.0)).await;
    reply(&api, "completed", "basic", 100_000.0, Some(90_000.0)).await;

    let answer = ask(&api, "operator-key-of-the-tests").await;

    let queue = |name: &str, waiting: i64, age: Value, dead: i64| json!({ "name": name, "waiting": waiting, "in_flight": 0, "oldest_age_seconds": age, "dead": dead });
    let expected = json!({
        "queues": [queue("pro", 1, json!(4), 0), queue("basic", 2, json!(7_200), 3), queue("otp", 0, Value::Null, 0)],
        "replies": {
            "pending": 2, "generating": 1, "completed": 2, "truncated": 0, "blocked": 0, "failed": 1, "cancelled": 0,
        },
        "last_hour": { "accepted": 3, "completed": 2, "truncated": 0, "blocked": 0, "failed": 0, "cancelled": 0 },
    });
    assert_eq!((answer.status(), answer.body()), (200, expected));
}

#[tokio::test]
async fn on_a_busy_day_only_the_newest_replies_are_read() {
    let api = TestApi::start(ops::router).await;
    reply(&api, "completed", "pro", 60.0, Some(50.0)).await;
    reply(&api, "failed", "pro", 7_300.0, Some(7_200.0)).await;
    let sql = "insert into messages
            (id, chatroom_id, seq, user_id, role, content, state, created_at, completed_at, in_reply_to, tier)
        select gen_random_uuid(), chatroom_id, seq + number::int, user_id, role, content, state, created_at, completed_at,
            gen_random_uuid(), tier
        from messages, generate_series(1, $1::bigint) as number where state = 'completed'";
    api.stack.sql().await.execute(sql, &[&(stats::COUNTED - 1)]).await.unwrap();

    let counted = ask(&api, "operator-key-of-the-tests").await.body();

    assert_eq!((&counted["replies"]["completed"], &counted["replies"]["failed"]), (&json!(stats::COUNTED), &json!(0)));
}

#[tokio::test]
async fn only_operators_see_them() {
    let api = TestApi::start(ops::router).await;
    let user = api.signed_in().await;
    let without = user.get("/debug/queue").await;
    assert_eq!((without.status(), without.code().as_str()), (401, "unauthenticated"));
    for key in ["", "operator-key-of-the-test", "operator-key-of-the-testS", "operator-key-of-the-tests ."] {
        let wrong = ask(&api, key).await;
        assert_eq!((wrong.status(), wrong.code().as_str()), (403, "forbidden"), "{key:?}");
    }
}

#[tokio::test]
async fn without_a_key_the_function_does_not_start() {
    let stack = Stack::start().await.with("OPERATOR_KEY", "");
    let refused = ops::router(&stack.env(), stack.clock.clock()).unwrap_err();
    assert_eq!(refused.to_string(), "OPERATOR_KEY: is not set");
}

#[tokio::test]
async fn an_unavailable_sqs_is_reported() {
    let api = TestApi::start(ops::router).await;
    api.stack.sqs.break_down(true);
    let answer = ask(&api, "operator-key-of-the-tests").await;
    assert_eq!((answer.status(), answer.code().as_str()), (503, "unavailable"));
}
