//! Batches: exactly the failed records are delivered again, and nothing is sent twice.

use std::time::Duration;

use shared::cache::Purpose;
use testkit::Relay;
use tokio::task::JoinSet;

use crate::kit::{Kit, batch, job, sender_with};

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
    let jobs = [job(kit.open("+14155550123", Purpose::SignIn).await)];
    let mut tasks = JoinSet::new();
    for _ in 0..100 {
        let (sender, batch) = (kit.sender.clone(), batch(&jobs));
        tasks.spawn(async move { sender.handle(batch).await.batch_item_failures.len() });
    }
    // Whoever came while it was sent must come again: the one that sent might have died.
    assert!(tasks.join_all().await.into_iter().sum::<usize>() < 100);
    assert_eq!((kit.calls(), kit.deliver(&jobs).await.len(), kit.taken().len()), (1, 0, 1));
}

#[tokio::test]
async fn a_code_whose_sender_died_is_sent_by_the_next_delivery() {
    let kit = Kit::start().await;
    let challenge = kit.open("+14155550123", Purpose::SignIn).await;
    let jobs = [job(challenge)];
    kit.slow(Duration::from_secs(30));
    let asked = async {
        while kit.calls() == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        failed = kit.deliver(&jobs) => panic!("SNS answered: {failed:?}"),
        () = asked => {}
    }
    kit.slow(Duration::ZERO);
    assert_eq!(kit.deliver(&jobs).await, ["0"], "the first delivery may still be at it");
    // Its reservation expires before the queue delivers the record again.
    kit.stack.forget("sent", &challenge.to_string()).await;
    assert!(kit.deliver(&jobs).await.is_empty());
    assert_eq!(kit.taken().len(), 1);
}

#[tokio::test]
async fn a_code_is_sent_although_the_answer_of_redis_is_lost() {
    let kit = Kit::start().await;
    let url = kit.stack.setting("REDIS_URL").to_owned();
    let relay = Relay::to(url.trim_start_matches("redis://")).await;
    let sender = sender_with(&kit, "REDIS_URL", format!("redis://{}", relay.address()));
    // Scripts are known afterwards: a question is one exchange.
    let warm = [job(kit.open("+14155550122", Purpose::SignIn).await)];
    assert!(sender.handle(batch(&warm)).await.batch_item_failures.is_empty());
    // The first question reads the challenge, the second one counts its code, the third one reserves its delivery.
    for question in 1..=3 {
        let jobs = [job(kit.open("+14155550123", Purpose::SignIn).await)];
        kit.taken();
        relay.lose_answer(question);
        assert!(sender.handle(batch(&jobs)).await.batch_item_failures.is_empty());
        assert!(relay.has_lost());
        assert_eq!(kit.taken().len(), 1, "{question}");
    }
    assert_eq!(kit.stack.cache().handed_over(kit.stack.clock.now()).await.unwrap(), 4, "each is counted once");
}

#[tokio::test]
async fn an_empty_batch_does_nothing() {
    let kit = Kit::start().await;
    assert!(kit.deliver(&[]).await.is_empty());
}
