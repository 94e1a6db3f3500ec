//! No code appears in the stores, the queue, the logs or a response, except in the response of send-otp in development.

use std::fmt::Write as _;

use redis::AsyncCommands;
use serde_json::json;
use shared::auth::OneTimeCodes;
use shared::domain::ChallengeId;
use testkit::{Stack, capture};

use crate::support::{text, verify, with, wrong};

/// Every row of every table, as text.
async fn postgres(stack: &Stack) -> String {
    let sql = stack.sql().await;
    let tables = sql.query("select tablename::text from pg_tables where schemaname = 'public'", &[]).await.unwrap();
    let mut dump = String::new();
    for table in tables {
        let table: String = table.get(0);
        for row in sql.query(&format!("select t::text from {table} t"), &[]).await.unwrap() {
            writeln!(dump, "{table} {}", row.get::<_, String>(0)).unwrap();
        }
    }
    dump
}

/// Every key of the stack with its value, as text.
async fn redis(stack: &Stack) -> String {
    let client = redis::Client::open(stack.setting("REDIS_URL")).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let keys: Vec<String> = connection.keys(format!("{}*", stack.setting("REDIS_PREFIX"))).await.unwrap();
    let mut dump = String::new();
    for key in keys {
        let kind: String = redis::cmd("TYPE").arg(&key).query_async(&mut connection).await.unwrap();
        let value: redis::Value = match kind.as_str() {
            "string" => connection.get(&key).await.unwrap(),
            "hash" => connection.hgetall(&key).await.unwrap(),
            "zset" => connection.zrange_withscores(&key, 0, -1).await.unwrap(),
            other => panic!("a key of kind {other}"),
        };
        writeln!(dump, "{key} {value:?}").unwrap();
    }
    dump
}

#[tokio::test]
async fn no_code_is_stored_queued_logged_or_returned() {
    let (logs, _guard) = capture();
    // Eight digits, so that no timestamp or id contains a code by chance.
    let api = with(&[("OTP_DELIVERY", "sns"), ("OTP_DIGITS", "8"), ("OTP_COOLDOWN_SECONDS", "0")]).await;
    let codes = OneTimeCodes::from_env(&api.stack.env()).unwrap();
    let code = |challenge: &str| codes.derive(challenge.parse::<ChallengeId>().unwrap(), "test").unwrap();
    let (mut issued, mut answers) = (Vec::new(), String::new());

    let (known, unknown) = (api.signed_in().await, api.anyone());
    for user in [&known, &unknown] {
        let signup = user.post("/auth/signup", json!({ "mobile": user.mobile, "password": "a long password" })).await;
        let signup_id = &signup.body()["signup_id"];
        for (path, body) in [
            ("/auth/send-otp", json!({ "mobile": user.mobile, "signup_id": signup_id })),
            ("/auth/forgot-password", json!({ "mobile": user.mobile })),
            ("/auth/send-otp", json!({ "mobile": user.mobile })),
        ] {
            let sent = user.post(path, body).await;
            let challenge = text(&sent, "challenge_id");
            let otp = code(&challenge);
            answers += &String::from_utf8_lossy(&sent.bytes);
            answers += &String::from_utf8_lossy(&verify(user, &challenge, &wrong(&otp)).await.bytes);
            issued.push((challenge, otp));
        }
    }
    let open = (postgres(&api.stack).await, redis(&api.stack).await);
    for (challenge, otp) in &issued {
        let answer = verify(&unknown, challenge, otp).await;
        answers += &String::from_utf8_lossy(&answer.bytes);
    }
    let queued: String = api.queued().iter().map(|sent| sent.body.to_string()).collect();
    let closed = (postgres(&api.stack).await, redis(&api.stack).await);

    assert!(issued.iter().all(|(challenge, _)| queued.contains(challenge)), "the queue was searched");
    assert!(open.1.contains(&issued[5].0) && open.0.contains(&known.mobile), "the stores were searched");
    assert!(logs.text().contains("answered"), "the logs were searched");
    let places = [&open.0, &open.1, &closed.0, &closed.1, &queued, &answers, &logs.text()];
    for (_, otp) in &issued {
        assert!(places.iter().all(|place| !place.contains(otp)), "{otp} was found");
    }
}

#[tokio::test]
async fn in_development_the_code_is_only_in_the_response_of_the_request() {
    let (logs, _guard) = capture();
    let api = with(&[("OTP_DIGITS", "8")]).await;
    let user = api.anyone();
    let sent = user.post("/auth/send-otp", json!({ "mobile": user.mobile })).await;
    let (challenge, otp) = (text(&sent, "challenge_id"), text(&sent, "otp"));
    let stores = [postgres(&api.stack).await, redis(&api.stack).await];
    let verified = verify(&user, &challenge, &otp).await;
    assert_eq!(verified.status(), 200);
    assert!(stores.iter().all(|store| !store.contains(&otp)));
    assert!(!String::from_utf8_lossy(&verified.bytes).contains(&otp) && !logs.text().contains(&otp));
}

#[tokio::test]
async fn no_token_password_or_number_is_logged() {
    let (logs, _guard) = capture();
    let api = with(&[("OTP_COOLDOWN_SECONDS", "0")]).await;
    let user = crate::support::with_password(&api.anyone(), "correct horse battery").await;
    let login = user.post("/auth/login", json!({ "mobile": user.mobile, "password": "correct horse battery" })).await;
    let refresh = text(&login, "refresh_token");
    user.post("/auth/refresh", json!({ "refresh_token": refresh })).await;
    user.post("/auth/login", json!({ "mobile": user.mobile, "password": "incorrect horse battery" })).await;

    let logged = logs.text();
    assert!(logged.contains("/auth/login"));
    let device = text(&login, "device_token");
    for secret in [user.token(), &text(&login, "access_token"), &refresh, &device, "horse battery", &user.mobile] {
        assert!(!logged.contains(secret), "{secret} was logged");
    }
}
