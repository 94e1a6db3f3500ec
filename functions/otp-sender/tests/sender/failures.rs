//! Failures of SNS, Redis and Postgres.

use std::time::Duration;

use shared::cache::Purpose;

use crate::kit::{Kit, batch, job, sender_with};

#[tokio::test]
async fn a_number_that_sns_refuses_for_good_is_not_retried() {
    for code in ["InvalidParameter", "InvalidParameterValue", "OptedOut"] {
        let kit = Kit::start().await;
        kit.fail(&[(400, code)]);
        let jobs = [job(kit.open("+14155550123", Purpose::SignIn).await)];
        assert!(kit.deliver(&jobs).await.is_empty(), "{code}");
        assert_eq!(kit.calls(), 1);
    }
}

#[tokio::test]
async fn the_queue_retries_all_other_failures() {
    for (status, code) in
        [(400, "Throttling"), (403, "AuthorizationError"), (500, "InternalError"), (503, "ServiceUnavailable")]
    {
        let kit = Kit::start().await;
        kit.fail(&[(status, code)]);
        let jobs = [job(kit.open("+14155550123", Purpose::SignIn).await)];
        assert_eq!(kit.deliver(&jobs).await, ["0"], "{code}");
        assert_eq!((kit.calls(), kit.deliver(&jobs).await.len(), kit.taken().len()), (1, 0, 1), "{code}");
    }
}

#[tokio::test]
async fn an_sns_that_does_not_respond_costs_seconds_and_not_the_functions_whole_time() {
    let kit = Kit::start().await;
    kit.slow(Duration::from_secs(30));
    let jobs = [job(kit.open("+14155550123", Purpose::SignIn).await)];
    let started = std::time::Instant::now();
    assert_eq!(kit.deliver(&jobs).await, ["0"]);
    assert!(started.elapsed() < Duration::from_secs(8));
}

#[tokio::test]
async fn without_redis_or_postgres_the_record_is_retried() {
    for (setting, purpose) in [("REDIS_URL", Purpose::SignIn), ("DATABASE_URL", Purpose::PasswordReset)] {
        let kit = Kit::start().await;
        let jobs = [job(kit.open("+14155550123", purpose).await)];
        let away = match setting {
            "REDIS_URL" => "redis://127.0.0.1:1",
            _ => "postgres://postgres@127.0.0.1:1/none",
        };
        let answer = sender_with(&kit, setting, away.into()).handle(batch(&jobs)).await;
        assert_eq!(answer.batch_item_failures.len(), 1, "{setting}");
        assert_eq!(kit.calls(), 0);
    }
}
