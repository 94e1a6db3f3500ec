//! The stream of a reply is lost, or Redis is away: the answer lands all the same, and as soon.

use std::time::{Duration, Instant};

use shared::cache::LiveKind;
use shared::domain::ReplyState;
use testkit::{RedisServer, Relay};

use crate::kit::Kit;
use crate::live::{dripping, entries, has, kit, text};

#[tokio::test]
async fn a_stream_that_was_lost_comes_back_whole() {
    for pause in [100, 1_000] {
        let (kit, _script, jobs) = kit(vec![dripping(&["Tea ", "is ", "hot."], pause)], &[]).await;
        let reply = jobs[0].1;
        let lose = async {
            has(&kit, reply, 2).await;
            kit.stack.forget("live", &reply.to_string()).await;
            has(&kit, reply, 1).await;
            let back = entries(&kit, reply).await;
            assert_eq!(back[0].kind, LiveKind::Snapshot);
            assert!(back[0].text.starts_with("Tea "), "{back:?}");
        };
        let (_, ()) = tokio::join!(kit.work(&jobs), lose);
        assert_eq!(text(&entries(&kit, reply).await), "Tea is hot.");
    }
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_is_written_once() {
    let server = RedisServer::start(&[]);
    let relay = Relay::to(&server.address()).await;
    let url = format!("redis://{}", relay.address());
    let (kit, _script, jobs) = kit(vec![dripping(&["Tea ", "is ", "hot", "."], 150)], &[("REDIS_URL", &url)]).await;
    let lose = async {
        has(&kit, jobs[0].1, 2).await;
        // Those who look here have connections of their own, so any of the next answers may be lost.
        relay.lose_answer(1);
    };
    let (_, ()) = tokio::join!(kit.work(&jobs), lose);
    assert!(relay.has_lost());
    let entries = entries(&kit, jobs[0].1).await;
    let numbers: Vec<_> = entries.iter().filter(|entry| entry.id.attempt == 1).map(|entry| entry.id.number).collect();
    assert_eq!((text(&entries).as_str(), numbers), ("Tea is hot.", vec![1, 2, 3, 4, 5]));
}

/// How much longer the worker may take than the answer: a machine at work delays it, and each write that it waited for
/// would cost half a second, five of them more than this.
const SLACK: Duration = Duration::from_secs(2);

/// How long the worker takes for an answer. Asserts the reply's text.
async fn taken(kit: &Kit, jobs: &[(shared::domain::ChatroomId, shared::domain::MessageId)]) -> Duration {
    let start = Instant::now();
    assert!(kit.work(jobs).await.is_empty());
    let taken = start.elapsed();
    let row = kit.reply(jobs[0].0, jobs[0].1).await;
    assert_eq!((row.state, row.content.as_str()), (ReplyState::Completed, "Tea is very very hot."));
    taken
}

const PIECES: [&str; 5] = ["Tea ", "is ", "very ", "very ", "hot."];

#[tokio::test]
async fn without_redis_an_answer_lands_as_soon() {
    let away = [("REDIS_URL", "redis://127.0.0.1:1")];
    let (kit, _script, jobs) = kit(vec![dripping(&PIECES, 200)], &away).await;
    let taken = taken(&kit, &jobs).await;
    assert!(taken < Duration::from_secs(1) + SLACK, "{taken:?} for an answer of a second");
}

#[tokio::test]
async fn while_redis_stops_an_answer_lands_as_soon() {
    let server = RedisServer::start(&[]);
    let url = server.url();
    let (kit, _script, jobs) = kit(vec![dripping(&PIECES, 200)], &[("REDIS_URL", &url)]).await;
    let stop = async {
        has(&kit, jobs[0].1, 2).await;
        drop(server);
    };
    let (taken, ()) = tokio::join!(taken(&kit, &jobs), stop);
    assert!(taken < Duration::from_secs(1) + SLACK, "{taken:?} for an answer of a second");
}

#[tokio::test]
async fn a_redis_that_went_silent_costs_the_answer_no_time_and_gets_all_of_the_text_later() {
    let server = RedisServer::start(&[]);
    let relay = Relay::to(&server.address()).await;
    let url = format!("redis://{}", relay.address());
    let (kit, _script, jobs) = kit(vec![dripping(&PIECES, 600)], &[("REDIS_URL", &url)]).await;
    let silence = async {
        has(&kit, jobs[0].1, 2).await;
        relay.go_silent();
    };
    let (taken, ()) = tokio::join!(taken(&kit, &jobs), silence);
    assert!(taken < Duration::from_secs(3) + SLACK, "{taken:?} for an answer of three seconds");
    let entries = entries(&kit, jobs[0].1).await;
    let again = entries.iter().filter(|entry| entry.kind == LiveKind::Snapshot).nth(1).expect("a second snapshot");
    assert!(again.text.starts_with("Tea is very "), "{entries:?}");
    assert_eq!(text(&entries), "Tea is very very hot.");
}
