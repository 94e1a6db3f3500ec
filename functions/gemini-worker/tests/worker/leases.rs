//! Leases: one attempt at a time, and only the latest may write.

use std::time::Duration;

use shared::db::replies::{self, Claim, Outcome};
use shared::domain::{ChatroomId, ReplyError, ReplyState};

use crate::kit::Kit;

const LEASE: Duration = Duration::from_secs(45);

async fn claim(kit: &Kit, room: ChatroomId) -> replies::Attempt {
    match replies::claim(&kit.db, room, LEASE, kit.stack.clock.now()).await.unwrap() {
        Claim::Claimed(attempt) => *attempt,
        other => panic!("{other:?}"),
    }
}

fn answer(text: &str) -> Outcome {
    Outcome {
        state: ReplyState::Completed,
        content: text.into(),
        error: None,
        ..Outcome::failed(ReplyError::EmptyAnswer)
    }
}

#[tokio::test]
async fn a_reply_leased_by_another_worker_is_left_alone_until_the_lease_ends() {
    let kit = Kit::start().await;
    let room = kit.room().await;
    let reply = kit.send(room, "hi").await;
    claim(&kit, room).await;
    kit.stack.clock.advance(Duration::from_secs(15));
    assert_eq!(kit.work(&[(room, reply)]).await.len(), 1);
    assert_eq!(kit.stack.sqs.hidden()[0].1, 30);
    assert!(kit.calls().await.is_empty());

    kit.stack.clock.advance(Duration::from_secs(30));
    assert!(kit.work(&[(room, reply)]).await.is_empty());
    assert_eq!(kit.reply(room, reply).await.state, ReplyState::Completed);
}

#[tokio::test]
async fn a_late_write_of_an_older_attempt_changes_nothing() {
    let kit = Kit::start().await;
    let room = kit.room().await;
    let reply = kit.send(room, "hi").await;
    let old = claim(&kit, room).await;
    kit.stack.clock.advance(LEASE);
    let new = claim(&kit, room).await;
    let now = kit.stack.clock.now();
    assert!(!replies::finish(&kit.db, reply, old.number, &answer("old"), now).await.unwrap());
    let failed = Outcome::failed(ReplyError::ModelUnavailable);
    assert!(!replies::postpone(&kit.db, reply, old.number, &failed, now, now).await.unwrap());
    assert!(replies::finish(&kit.db, reply, new.number, &answer("new"), now).await.unwrap());
    assert!(
        !replies::finish(&kit.db, reply, old.number, &Outcome::failed(ReplyError::ModelStopped), now).await.unwrap()
    );
    assert_eq!((kit.reply(room, reply).await.content.as_str(), kit.used().await), ("new", 1));
}

#[tokio::test]
async fn a_reply_that_kills_its_workers_fails_after_five_attempts_and_is_refunded() {
    let kit = Kit::start().await;
    let room = kit.room().await;
    let reply = kit.send(room, "hi").await;
    let next = kit.send(room, "and on").await;
    for _ in 0..5 {
        claim(&kit, room).await;
        kit.stack.clock.advance(LEASE);
    }
    assert!(kit.work(&[(room, reply)]).await.is_empty());
    let failed = kit.reply(room, reply).await;
    assert_eq!((failed.state, failed.error), (ReplyState::Failed, Some(ReplyError::AttemptsExhausted)));
    assert_eq!((kit.reply(room, next).await.state, kit.used().await), (ReplyState::Completed, 1));
}

#[tokio::test]
async fn one_of_many_concurrent_claims_gets_the_lease() {
    let kit = Kit::start().await;
    let room = kit.room().await;
    kit.send(room, "hi").await;
    let mut claims = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (db, now) = (kit.db.clone(), kit.stack.clock.now());
        claims.spawn(async move { replies::claim(&db, room, LEASE, now).await.unwrap() });
    }
    let claims = claims.join_all().await;
    assert_eq!(claims.iter().filter(|claim| matches!(claim, Claim::Claimed(_))).count(), 1);
    assert!(claims.iter().all(|claim| matches!(claim, Claim::Claimed(_) | Claim::Wait(_))));
}

#[tokio::test]
async fn a_claim_that_waited_for_the_previous_answer_has_it_in_its_context() {
    let kit = Kit::start().await;
    let room = kit.room().await;
    let first = kit.send(room, "first").await;
    let second = kit.send(room, "second").await;
    claim(&kit, room).await;

    let ending = kit.stack.sql().await;
    let end = "update messages set state = 'completed', content = 'the answer' where id = $1";
    ending.batch_execute("begin").await.unwrap();
    ending.execute(end, &[&first]).await.unwrap();
    let (db, now) = (kit.db.clone(), kit.stack.clock.now());
    let claiming = kit.stack.stalled(async move { replies::claim(&db, room, LEASE, now).await.unwrap() }).await;
    ending.batch_execute("commit").await.unwrap();

    let Claim::Claimed(attempt) = claiming.await.unwrap() else { panic!("the second reply is free") };
    let context: Vec<_> = attempt.turns.iter().map(|turn| turn.content.as_str()).collect();
    assert_eq!((attempt.reply, context), (second, vec!["first", "the answer", "second"]));
}

#[tokio::test]
async fn a_refund_happens_once() {
    let kit = Kit::start().await;
    let room = kit.room().await;
    kit.send(room, "answered").await;
    claim(&kit, room).await;
    let attempt = claim_after(&kit, room).await;
    let now = kit.stack.clock.now();
    for _ in 0..3 {
        replies::finish(&kit.db, attempt.reply, attempt.number, &Outcome::failed(ReplyError::ModelStopped), now)
            .await
            .unwrap();
        replies::bury(&kit.db, attempt.reply, now).await.unwrap();
    }
    assert_eq!(kit.used().await, 0);
}

async fn claim_after(kit: &Kit, room: ChatroomId) -> replies::Attempt {
    kit.stack.clock.advance(LEASE);
    claim(kit, room).await
}
