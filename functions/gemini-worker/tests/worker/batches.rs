//! Batches: exactly the records that must be retried are reported.

use std::time::Duration;

use aws_lambda_events::sqs::SqsMessage;
use gemini_worker::batch::{Job, each_room};
use gemini_worker::room;
use shared::domain::ReplyState;
use testkit::Program;
use tokio::time::timeout;

use crate::kit::{Kit, job, record};

#[tokio::test]
async fn one_bad_and_one_panicking_record_of_ten_are_reported_and_the_others_answered() {
    let kit = Kit::start().await;
    let mut records: Vec<SqsMessage> = vec![record("bad", "{\"chatroom_id\": 1}")];
    let mut replies = Vec::new();
    for number in 1..10 {
        let room = kit.room().await;
        let reply = kit.send(room, "hi").await;
        records.push(record(&number.to_string(), &job(room, reply)));
        replies.push((room, reply));
    }
    let panicking = replies[4].0;
    let worker = kit.worker.clone();
    let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
    let work = move |jobs: Vec<Job>| {
        let worker = worker.clone();
        async move {
            assert_ne!(jobs[0].job.chatroom_id, panicking, "on purpose");
            room::work(&worker, &jobs, deadline).await
        }
    };
    let response = each_room(records, work, |_| async {}).await;
    let mut reported: Vec<_> =
        response.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect();
    reported.sort();
    assert_eq!(reported, ["5", "bad"]);
    for (number, (room, reply)) in replies.into_iter().enumerate() {
        let expected = if number == 4 { ReplyState::Pending } else { ReplyState::Completed };
        assert_eq!(kit.reply(room, reply).await.state, expected);
    }
}

#[tokio::test]
async fn a_room_does_not_wait_for_the_reply_of_another_room() {
    let kit = Kit::start().await;
    let (quick, slow, failing) = (kit.room().await, kit.room().await, kit.room().await);
    let jobs = [
        (slow, kit.send(slow, "[[slow:1500]] hi").await),
        (quick, kit.send(quick, "one").await),
        (quick, kit.send(quick, "two").await),
        (failing, kit.send(failing, "[[429:3*1]] hi").await),
    ];
    let soon = async {
        while kit.reply(quick, jobs[2].1).await.state != ReplyState::Completed {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        (kit.stack.sqs.deleted(), kit.reply(slow, jobs[0].1).await.state)
    };
    let (again, (deleted, state)) = tokio::join!(kit.work(&jobs), soon);
    assert_eq!(state, ReplyState::Generating);
    assert_eq!(deleted, [format!("receipt-{}", jobs[1].1), format!("receipt-{}", jobs[2].1)]);
    assert_eq!(again, [jobs[3].1.to_string()], "its record stays, and holds its room");
    assert!(kit.stack.sqs.deleted().is_empty(), "the end of the batch deletes the last room's records");
}

#[tokio::test]
async fn an_environment_that_is_given_several_batches_works_on_them_at_the_same_time() {
    let mut kit = Kit::start().await;
    kit.stack = kit.stack.with("AWS_LAMBDA_MAX_CONCURRENCY", "2");
    let mut program = Program::start(env!("CARGO_BIN_EXE_gemini-worker"), &kit.stack).await;
    let (one, other) = (kit.room().await, kit.room().await);
    let replies = [(one, kit.send(one, "[[slow:1500]] hi").await), (other, kit.send(other, "[[slow:1500]] hi").await)];
    for (room, reply) in replies {
        let records = vec![record(&reply.to_string(), &job(room, reply))];
        program.api.send(serde_json::json!({ "Records": records }).to_string());
    }
    for state in [ReplyState::Generating, ReplyState::Completed] {
        let both = async || {
            let (one, other) = (kit.reply(one, replies[0].1).await, kit.reply(other, replies[1].1).await);
            one.state == state && other.state == state
        };
        let seen = timeout(Duration::from_secs(30), async {
            while !both().await {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        seen.await.unwrap_or_else(|_| panic!("both should be {state:?} at the same time"));
    }
    for _ in replies {
        let (_, outcome) = program.api.ended().await;
        assert_eq!(outcome.unwrap()["batchItemFailures"], serde_json::json!([]));
    }
}

#[tokio::test]
async fn without_postgres_every_record_is_retried() {
    let kit = Kit::start().await;
    let room = kit.room().await;
    let reply = kit.send(room, "hi").await;
    let cut_off = kit.stack.with("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none");
    let worker = gemini_worker::Worker::from_env(&cut_off.env(), cut_off.clock.clock()).unwrap();
    // With growing delays, so that an outage does not use up the record's allowed receives.
    for (received, seconds) in [("1", 5), ("2", 10), ("4", 40), ("5", 60), ("19", 60)] {
        let mut record = record("1", &job(room, reply));
        record.attributes.insert("ApproximateReceiveCount".into(), received.into());
        let mut event = aws_lambda_events::sqs::SqsEvent::default();
        event.records = vec![record];
        let response = worker.handle(event, Duration::from_secs(60)).await;
        assert_eq!(response.batch_item_failures.len(), 1);
        assert_eq!(cut_off.sqs.hidden(), [("receipt-1".to_owned(), seconds)]);
    }
}

#[tokio::test]
async fn without_redis_replies_are_made() {
    let kit = Kit::with(&[("REDIS_URL", "redis://127.0.0.1:1")]).await;
    let room = kit.room().await;
    let reply = kit.send(room, "hi").await;
    assert!(kit.work(&[(room, reply)]).await.is_empty());
    assert_eq!(kit.reply(room, reply).await.state, ReplyState::Completed);
}

#[tokio::test]
async fn a_record_of_a_deleted_room_does_nothing() {
    let kit = Kit::start().await;
    let room = kit.room().await;
    let reply = kit.send(room, "hi").await;
    shared::db::chatrooms::delete(&kit.db, kit.user, room, shared::domain::FreeCancels(5)).await.unwrap();
    assert!(kit.work(&[(room, reply)]).await.is_empty());
    assert!(kit.calls().await.is_empty());
}

#[tokio::test]
async fn a_redriven_dead_letter_is_not_answered_again() {
    let kit = Kit::start().await;
    let room = kit.room().await;
    let buried = kit.send(room, "buried").await;
    assert!(shared::db::replies::bury(&kit.db, buried, kit.stack.clock.now()).await.unwrap().is_some());
    assert!(kit.work(&[(room, buried)]).await.is_empty());
    assert_eq!(
        (kit.reply(room, buried).await.state, kit.calls().await.len(), kit.used().await),
        (ReplyState::Failed, 0, 0)
    );

    let next = kit.send(room, "the next one").await;
    assert!(kit.work(&[(room, buried)]).await.is_empty(), "it still wakes its room");
    assert_eq!(kit.reply(room, next).await.state, ReplyState::Completed);
    assert_eq!(kit.calls().await.len(), 1);
}

#[tokio::test]
async fn with_no_time_left_the_record_is_retried_at_once() {
    let kit = Kit::start().await;
    let room = kit.room().await;
    let reply = kit.send(room, "hi").await;
    let mut event = aws_lambda_events::sqs::SqsEvent::default();
    event.records = vec![record("1", &job(room, reply))];
    let response = kit.worker.handle(event, Duration::from_secs(20)).await;
    assert_eq!(response.batch_item_failures.len(), 1);
    assert_eq!(kit.stack.sqs.hidden(), [("receipt-1".to_owned(), 0)]);
    assert!(kit.calls().await.is_empty());
}
