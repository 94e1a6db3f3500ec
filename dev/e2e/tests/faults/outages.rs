//! Postgres, Redis, SQS and Gemini are stopped and started under load.

use std::time::Duration;

use crate::crowd::{Crowd, Sent};
use crate::{alone, ctl};

/// The length of an outage. Messages are sent before, during and after it.
const OUTAGE: Duration = Duration::from_secs(4);

async fn without(name: &str) -> Vec<Sent> {
    let crowd = Crowd::gather().await;
    let fault = async {
        tokio::time::sleep(Duration::from_millis(1500)).await;
        ctl("stop", name).await;
        tokio::time::sleep(OUTAGE).await;
        ctl("start", name).await;
    };
    let sent = crowd.send_during(fault).await;
    crowd.all_is_well(&sent).await;
    sent
}

fn refusals(sent: &[Sent]) -> usize {
    sent.iter().map(|sent| sent.refusals.len()).sum()
}

#[tokio::test]
async fn without_postgres_messages_are_refused_and_none_that_was_accepted_is_lost() {
    let _alone = alone().await;
    assert!(refusals(&without("postgres").await) > 0, "no message was sent during the outage");
}

#[tokio::test]
async fn without_redis_messages_are_accepted_and_answered() {
    let _alone = alone().await;
    assert_eq!(refusals(&without("redis").await), 0);
}

#[tokio::test]
async fn without_sqs_messages_are_accepted_and_answered_later() {
    let _alone = alone().await;
    assert_eq!(refusals(&without("sqs").await), 0);
}

#[tokio::test]
async fn without_gemini_messages_are_accepted_and_answered_once_it_is_back() {
    let _alone = alone().await;
    assert_eq!(refusals(&without("gemini").await), 0);
}
