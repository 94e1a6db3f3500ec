//! Batches: exactly the failed records are delivered again, and nothing is sent twice.

use shared::cache::Purpose;
use tokio::task::JoinSet;

use crate::kit::{Kit, batch, job};

#[tokio::test]
async fn only_the_failed_record_is_delivered_again() {
    let kit = Kit::start().await;
    let mut jobs = Vec::new();
    for number in 0..9 {
        jobs.push(job(kit.open(&format!("+1415555012{number}"), Purpose::SignIn).await));
    }
    jobs.insert(4, "{\"unknown\": true}".into());
    assert_eq!(kit.deliver(&jobs).await, ["4"]);
    assert_eq!(kit.taken().len(), 9);
}

#[tokio::test]
async fn a_failed_code_is_sent_by_its_next_delivery_once() {
    let kit = Kit::start().await;
    let jobs = [job(kit.open("+14155550123", Purpose::SignIn).await)];
    kit.fail(&[(500, "InternalError")]);
    assert_eq!(kit.deliver(&jobs).await, ["0"]);
    assert!(kit.deliver(&jobs).await.is_empty());
    assert!(kit.deliver(&jobs).await.is_empty(), "an extra delivery is accepted and does nothing");
    assert_eq!((kit.calls(), kit.taken().len()), (2, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_a_hundred_concurrent_deliveries_of_a_record_sends() {
    let kit = Kit::start().await;
    let body = job(kit.open("+14155550123", Purpose::SignIn).await);
    let mut tasks = JoinSet::new();
    for _ in 0..100 {
        let (sender, batch) = (kit.sender.clone(), batch(std::slice::from_ref(&body)));
        tasks.spawn(async move { sender.handle(batch).await.batch_item_failures.len() });
    }
    assert_eq!(tasks.join_all().await.into_iter().sum::<usize>(), 0);
    assert_eq!(kit.calls(), 1);
}

#[tokio::test]
async fn an_empty_batch_does_nothing() {
    let kit = Kit::start().await;
    assert!(kit.deliver(&[]).await.is_empty());
}
