//! `{"task": "sweep"}`

use std::time::Duration;

use maintenance::sweep::Swept;
use maintenance::{Done, Task};
use serde_json::json;
use shared::cache::{LiveId, Published};
use shared::db::replies::{self, Claim, Outcome};
use shared::domain::{ReplyError, ReplyState};
use testkit::{Sent, capture};

use crate::world::World;

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

async fn sweep(world: &World) -> Swept {
    match world.run(Task::Sweep).await.unwrap() {
        Done::Swept(swept) => swept,
        other => panic!("{other:?}"),
    }
}

fn once(sent: &[Sent]) -> Vec<String> {
    sent.iter().map(|sent| sent.once.clone().unwrap()).collect()
}

#[tokio::test]
async fn a_reply_that_never_reached_its_queue_is_sent_within_90_seconds_as_its_first_send() {
    let world = World::start().await;
    let (room, accepted) = world.accepted().await;

    world.stack.clock.advance(seconds(15));
    assert_eq!(sweep(&world).await, Swept::default(), "it may still be queued by the send");
    world.stack.clock.advance(seconds(60));
    assert_eq!(sweep(&world).await, Swept { nudged: 1, buried: 0 });

    let sent = world.stack.sqs.take();
    assert_eq!(once(&sent), [accepted.reply.id.to_string()]);
    assert_eq!(sent[0].request_id.as_deref(), Some("sweep"), "the lines of the worker say who sent it");
    assert_eq!(sent[0].queue, world.stack.setting("BASIC_QUEUE_URL"));
    assert_eq!(sent[0].group, Some(room.to_string()));
    assert_eq!(sent[0].body, json!({ "chatroom_id": room, "reply_id": accepted.reply.id }));
}

#[tokio::test]
async fn it_is_not_sent_again_for_five_minutes_and_then_with_a_new_deduplication_id() {
    let world = World::start().await;
    let (_, accepted) = world.accepted().await;
    world.stack.clock.advance(seconds(60));
    assert_eq!(sweep(&world).await.nudged, 1);
    world.stack.clock.advance(seconds(240));
    assert_eq!(sweep(&world).await.nudged, 0);
    world.stack.clock.advance(seconds(61));
    assert_eq!(sweep(&world).await.nudged, 1);
    let minute = world.stack.clock.now().unix() / 60;
    let id = accepted.reply.id;
    assert_eq!(once(&world.stack.sqs.take()), [id.to_string(), format!("{id}-{minute}")]);
}

#[tokio::test]
async fn the_next_sweep_retries_a_queue_that_failed() {
    let world = World::start().await;
    world.accepted().await;
    world.stack.clock.advance(seconds(60));
    world.stack.sqs.break_down(true);
    assert!(world.run(Task::Sweep).await.unwrap_err().to_string().starts_with("Sweep: sqs: "));
    world.stack.sqs.break_down(false);
    world.stack.clock.advance(seconds(60));
    assert_eq!(sweep(&world).await.nudged, 1);
}

#[tokio::test]
async fn only_the_first_unfinished_reply_of_a_room_is_sent() {
    let world = World::start().await;
    let user = world.user().await;
    let room = world.room(user).await;
    let first = world.accept(user, room, None).await;
    world.accept(user, room, None).await;
    world.stack.clock.advance(seconds(60));
    sweep(&world).await;
    assert_eq!(once(&world.stack.sqs.take()), [first.reply.id.to_string()]);
}

#[tokio::test]
async fn pro_replies_are_sent_first_and_to_their_own_queue() {
    let world = World::start().await;
    let (_, basic) = world.accepted().await;
    let user = world.user().await;
    let sql = "insert into customers (id, user_id, created_at, status, pro_until)
        values (gen_random_uuid(), $1, now(), 'active', 'infinity')";
    world.stack.sql().await.execute(sql, &[&user]).await.unwrap();
    let room = world.room(user).await;
    let pro = world.accept(user, room, None).await;
    world.stack.clock.advance(seconds(60));

    sweep(&world).await;

    let sent = world.stack.sqs.take();
    assert_eq!(once(&sent), [pro.reply.id.to_string(), basic.reply.id.to_string()]);
    assert_eq!(sent[0].queue, world.stack.setting("PRO_QUEUE_URL"));
}

#[tokio::test]
async fn a_leased_or_postponed_reply_is_left_alone_until_its_time_is_over() {
    let world = World::start().await;
    let (leased, (waiting, _)) = (world.accepted().await, world.accepted().await);
    let (db, now) = (world.stack.db(), world.stack.clock.now());
    let claim = |room| replies::claim(&db, room, seconds(100), now);
    assert!(matches!(claim(leased.0).await.unwrap(), Claim::Claimed(_)));
    let Claim::Claimed(attempt) = claim(waiting).await.unwrap() else { panic!("the reply can be claimed") };
    let failed = Outcome::failed(ReplyError::ModelUnavailable);
    let (reply, until) = (attempt.reply, now + seconds(200));
    assert!(replies::postpone(&db, reply, attempt.number, &failed, until, now).await.unwrap());

    for (after, nudged) in [(110, 0), (15, 1), (90, 0), (10, 1)] {
        world.stack.clock.advance(seconds(after));
        assert_eq!(sweep(&world).await.nudged, nudged, "{after} s later");
    }
}

#[tokio::test]
async fn two_concurrent_sweeps_send_the_same_records() {
    let world = World::start().await;
    for _ in 0..20 {
        world.accepted().await;
    }
    world.stack.clock.advance(seconds(60));
    let (one, other) = tokio::join!(sweep(&world), sweep(&world));
    let mut names = once(&world.stack.sqs.take());
    assert_eq!(u64::try_from(names.len()).unwrap(), one.nudged + other.nudged);
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 20, "SQS accepts one record per deduplication id");
    assert_eq!(sweep(&world).await.nudged, 0);
}

#[tokio::test]
async fn a_sweep_continues_until_nothing_is_left() {
    let world = World::start().await;
    let sql = "with u as (insert into users (id, mobile, created_at) values (gen_random_uuid(), 'x', now()) returning id),
        c as (insert into chatrooms (id, user_id, title, created_at, updated_at)
            select gen_random_uuid(), id, 'Tea', now(), now() from u, generate_series(1, 1100) returning id, user_id)
        insert into messages (id, chatroom_id, seq, user_id, role, content, state, created_at, in_reply_to, tier)
        select gen_random_uuid(), id, 2, user_id, 'assistant', '', 'pending', '2026-01-01', gen_random_uuid(), 'basic' from c";
    world.stack.sql().await.execute(sql, &[]).await.unwrap();
    assert_eq!(sweep(&world).await.nudged, 1_100);
    assert_eq!(world.stack.sqs.take().len(), 1_100);
}

#[tokio::test]
async fn a_dead_letter_ends_its_reply_once_refunds_the_message_and_stays() {
    let world = World::start().await;
    let (room, accepted) = world.accepted().await;
    let (reply, queue) = (accepted.reply.id, world.stack.setting("BASIC_DEAD_LETTERS_URL"));
    let letter = json!({ "chatroom_id": room, "reply_id": reply }).to_string();
    assert_eq!(world.reply(reply).await.get::<_, i32>("used"), 1);

    world.stack.sqs.put(queue, letter.clone());
    assert_eq!(sweep(&world).await, Swept { nudged: 0, buried: 1 });

    let row = world.reply(reply).await;
    assert_eq!((row.get("state"), row.get("error")), (ReplyState::Failed, ReplyError::DeadLettered));
    assert_eq!(row.get::<_, i32>("used"), 0);
    assert_eq!(world.stack.sqs.hidden(), [("receipt".to_owned(), 0)], "it is made visible again, not deleted");
    let cache = world.stack.cache();
    assert_ne!(cache.room_changes(room).await.unwrap(), 0, "waiting clients are notified");
    let watched = cache.may_publish(reply, LiveId::START).await.unwrap();
    assert_eq!(watched, Published::Ended, "those who watch are told");

    world.stack.sqs.put(queue, letter);
    assert_eq!(sweep(&world).await, Swept::default());
    assert_eq!(world.reply(reply).await.get::<_, i32>("used"), 0, "refunded once");
}

#[tokio::test]
async fn a_dead_letter_ends_its_reply_even_without_redis() {
    let world = World::with("REDIS_URL", "redis://127.0.0.1:1").await;
    let (room, accepted) = world.accepted().await;
    let letter = json!({ "chatroom_id": room, "reply_id": accepted.reply.id }).to_string();
    world.stack.sqs.put(world.stack.setting("BASIC_DEAD_LETTERS_URL"), letter);
    assert_eq!(sweep(&world).await.buried, 1);
}

#[tokio::test]
async fn a_dead_letter_does_not_end_a_leased_reply() {
    let world = World::start().await;
    let (room, accepted) = world.accepted().await;
    let claim = replies::claim(&world.stack.db(), room, seconds(100), world.stack.clock.now()).await.unwrap();
    assert!(matches!(claim, Claim::Claimed(_)));
    let letter = json!({ "chatroom_id": room, "reply_id": accepted.reply.id }).to_string();
    world.stack.sqs.put(world.stack.setting("PRO_DEAD_LETTERS_URL"), letter);
    assert_eq!(sweep(&world).await.buried, 0);
    assert_eq!(world.reply(accepted.reply.id).await.get::<_, ReplyState>("state"), ReplyState::Generating);
}

#[tokio::test]
async fn a_dead_letter_without_a_reply_does_not_block_the_others() {
    let world = World::start().await;
    let (room, accepted) = world.accepted().await;
    let queue = world.stack.setting("BASIC_DEAD_LETTERS_URL");
    let unknown = json!({ "chatroom_id": room, "reply_id": room }).to_string();
    let known = json!({ "chatroom_id": room, "reply_id": accepted.reply.id }).to_string();
    for letter in ["", "{}", "not json", &unknown, &known] {
        world.stack.sqs.put(queue, letter);
    }
    assert_eq!(sweep(&world).await.buried, 1);
}

#[tokio::test]
async fn every_run_that_succeeds_is_counted_and_so_are_the_replies_that_it_ends() {
    let (logs, _guard) = capture();
    let world = World::start().await;
    let (room, accepted) = world.accepted().await;
    let letter = json!({ "chatroom_id": room, "reply_id": accepted.reply.id }).to_string();
    world.stack.sqs.put(world.stack.setting("BASIC_DEAD_LETTERS_URL"), letter);
    sweep(&world).await;
    let ended = logs.metric("ReplyEnded");
    let words = ["State", "Error", "Tier"].map(|name| ended[0][name].as_str().unwrap());
    assert_eq!((ended.len(), words), (1, ["failed", "dead_lettered", "basic"]));
    assert_eq!((logs.values("ReplyInTime"), logs.values("SweepRan")), (vec![0], vec![1]));

    world.stack.sqs.break_down(true);
    assert!(world.run(Task::Sweep).await.is_err());
    assert_eq!(logs.values("SweepRan"), [1]);
    world.run(Task::Expire).await.unwrap();
    assert!(world.run(Task::Reconcile).await.is_err(), "there is no Stripe");
    assert_eq!((logs.values("ExpireRan"), logs.values("ReconcileRan")), (vec![1], vec![]));
}
