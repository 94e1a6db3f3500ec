//! Time: the first token, then silence, then the whole answer have limits; the lease and the records follow.

use std::time::{Duration, Instant};

use shared::db::replies::{self, Claim};
use shared::domain::{ChatroomId, MessageId, ReplyError, ReplyState, Timestamp};

use crate::kit::{Kit, job, record};
use crate::script::{Script, Step, last, piece};

/// Pieces with pauses between them: more than any one limit of these tests, and less than their sum.
fn slowly(pieces: usize, millis: u64) -> Vec<Step> {
    let steps = (1..=pieces).flat_map(|number| [piece(&format!("{number} ")), Step::Pause(millis)]);
    steps.chain([last("end", "STOP"), Step::End]).collect()
}

async fn kit(calls: Vec<Vec<Step>>, settings: &[(&str, &str)]) -> (Kit, Script, ChatroomId, MessageId) {
    let script = Script::start(calls).await;
    let kit = Kit::with(&[&[("GEMINI_BASE_URL", script.url.as_str())], settings].concat()).await;
    let room = kit.room().await;
    let reply = kit.send(room, "hi").await;
    (kit, script, room, reply)
}

#[tokio::test]
async fn an_answer_that_takes_longer_than_its_first_token_or_a_silence_may_is_complete() {
    let limits = [("GEMINI_FIRST_TOKEN_SECONDS", "1"), ("GEMINI_SILENCE_SECONDS", "1")];
    let (kit, script, room, reply) = kit(vec![slowly(8, 400)], &limits).await;
    assert!(kit.work(&[(room, reply)]).await.is_empty());
    let reply = kit.reply(room, reply).await;
    assert_eq!((reply.state, reply.content.as_str()), (ReplyState::Completed, "1 2 3 4 5 6 7 8 end"));
    assert_eq!((script.asked().len(), kit.used().await), (1, 1));
}

#[tokio::test]
async fn an_answer_that_does_not_begin_in_time_is_retried() {
    let late = vec![Step::Event("{\"candidates\":[]}".into()), Step::Pause(1_500), last("late", "STOP"), Step::End];
    let prompt = vec![last("prompt", "STOP"), Step::End];
    let (kit, _script, room, reply) = kit(vec![late, prompt], &[("GEMINI_FIRST_TOKEN_SECONDS", "1")]).await;
    assert_eq!(kit.work(&[(room, reply)]).await.len(), 1);
    kit.stack.clock.advance(Duration::from_secs(5));
    assert!(kit.work(&[(room, reply)]).await.is_empty());
    assert_eq!(kit.reply(room, reply).await.content, "prompt");
}

#[tokio::test]
async fn an_answer_that_falls_silent_is_retried_and_the_text_of_the_last_attempt_is_kept_and_charged() {
    let silent = vec![piece("Tea is "), Step::Open];
    let (kit, script, room, reply) = kit(vec![silent], &[("GEMINI_SILENCE_SECONDS", "1")]).await;
    for attempt in 1..=4 {
        assert_eq!(kit.work(&[(room, reply)]).await.len(), 1, "attempt {attempt}");
        kit.stack.clock.advance(Duration::from_secs(20));
    }
    assert!(kit.work(&[(room, reply)]).await.is_empty());
    let reply = kit.reply(room, reply).await;
    assert_eq!((reply.state, reply.content.as_str(), reply.error), (ReplyState::Truncated, "Tea is ", None));
    assert_eq!((script.asked().len(), kit.used().await), (5, 1));
}

#[tokio::test]
async fn when_the_whole_time_is_over_the_text_so_far_is_kept_and_charged() {
    let (kit, script, room, reply) = kit(vec![slowly(20, 300)], &[("REPLY_TIMEOUT_SECONDS", "2")]).await;
    assert!(kit.work(&[(room, reply)]).await.is_empty());
    let reply = kit.reply(room, reply).await;
    assert_eq!((reply.state, reply.error, reply.finish_reason), (ReplyState::Truncated, None, None));
    assert!(reply.content.starts_with("1 2 3 ") && !reply.content.contains("end"), "{}", reply.content);
    assert_eq!((script.asked().len(), kit.used().await), (1, 1));
}

#[tokio::test]
async fn a_short_answer_renews_nothing() {
    let (kit, _script, room, reply) = kit(vec![slowly(4, 500)], &[]).await;
    let calls = kit.stack.sqs.calls();
    assert!(kit.work(&[(room, reply)]).await.is_empty());
    assert_eq!(kit.stack.sqs.calls(), calls);
}

#[tokio::test]
async fn a_record_that_comes_again_is_hidden_for_the_lease_from_the_beginning() {
    let (kit, _script, room, reply) = kit(vec![slowly(2, 300)], &[]).await;
    let mut again = record("1", &job(room, reply));
    again.attributes.insert("ApproximateReceiveCount".into(), "2".into());
    assert!(kit.handle(vec![again]).await.is_empty());
    let hidden: Vec<_> = kit.stack.sqs.hidden().into_iter().map(|(_, seconds)| seconds).collect();
    assert!(hidden.len() == 2 && hidden[0] == 50 && hidden[1] > 200, "the lease, then the invocation: {hidden:?}");
}

#[tokio::test]
async fn a_long_answer_renews_its_lease_and_its_record() {
    let (kit, _script, room, reply) = kit(vec![slowly(16, 300)], &[("GEMINI_FIRST_TOKEN_SECONDS", "1")]).await;
    let later = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        kit.stack.clock.advance(Duration::from_secs(3));
        tokio::time::sleep(Duration::from_secs(2)).await;
        let sql = "select lease_until from messages where id = $1";
        kit.stack.sql().await.query_one(sql, &[&reply]).await.unwrap().get::<_, Timestamp>(0)
    };
    let jobs = [(room, reply)];
    let (again, until) = tokio::join!(kit.work(&jobs), later);
    assert!(again.is_empty());
    assert_eq!(until, kit.stack.clock.now() + Duration::from_secs(6), "six seconds from the renewal on");
    let hidden = kit.stack.sqs.hidden();
    let (kept, renewed) = hidden.split_last().unwrap();
    assert!(!renewed.is_empty() && renewed.iter().all(|(_, seconds)| *seconds == 6), "{hidden:?}");
    assert!(kept.1 > 30, "until the invocation has ended: {hidden:?}");
    assert_eq!(kit.reply(room, reply).await.state, ReplyState::Completed);
}

#[tokio::test]
async fn an_attempt_that_was_overtaken_stops_when_it_renews_its_lease() {
    let steps = vec![piece("old"), Step::Open];
    let (kit, _script, room, reply) = kit(vec![steps], &[("GEMINI_FIRST_TOKEN_SECONDS", "1")]).await;
    let newer = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        kit.stack.clock.advance(Duration::from_secs(10));
        let claimed = replies::claim(&kit.db, room, Duration::from_secs(60), kit.stack.clock.now()).await.unwrap();
        assert!(matches!(claimed, Claim::Claimed(attempt) if attempt.number == 2));
    };
    let (start, jobs) = (Instant::now(), [(room, reply)]);
    tokio::join!(kit.work(&jobs), newer);
    assert!(start.elapsed() < Duration::from_secs(10), "read on for {:?}", start.elapsed());
    let row = kit.reply(room, reply).await;
    assert_eq!((row.state, row.content.as_str()), (ReplyState::Generating, ""));
}

#[tokio::test]
async fn an_invocation_that_is_too_short_for_a_whole_answer_makes_a_shorter_one() {
    let limits = [("GEMINI_FIRST_TOKEN_SECONDS", "1"), ("REPLY_TIMEOUT_SECONDS", "240")];
    let (kit, _script, room, reply) = kit(vec![slowly(20, 300)], &limits).await;
    let left = Duration::from_secs(12);
    assert!(kit.handle_within(vec![record("1", &job(room, reply))], left).await.is_empty());
    let reply = kit.reply(room, reply).await;
    assert_eq!((reply.state, reply.error), (ReplyState::Truncated, None::<ReplyError>));
}

#[tokio::test]
async fn an_answer_that_ended_before_its_time_is_complete_however_long_its_connection_stays_open() {
    let open = vec![last("Tea.", "STOP"), Step::Open];
    let (kit, script, room, reply) = kit(vec![open], &[("REPLY_TIMEOUT_SECONDS", "1")]).await;
    assert!(kit.work(&[(room, reply)]).await.is_empty());
    let reply = kit.reply(room, reply).await;
    assert_eq!((reply.state, reply.content.as_str()), (ReplyState::Completed, "Tea."));
    assert_eq!(script.asked().len(), 1);
}

#[tokio::test]
async fn a_model_that_thinks_for_longer_than_anybody_waits_may_have_cost_something() {
    let (kit, _script, room, reply) = kit(vec![vec![Step::Open]], &[("GEMINI_FIRST_TOKEN_SECONDS", "1")]).await;
    assert_eq!(kit.work(&[(room, reply)]).await.len(), 1);
    let reached = "select reached_model from messages where role = 'assistant'";
    assert!(kit.stack.sql().await.query_one(reached, &[]).await.unwrap().get::<_, bool>(0));
}
