//! Every attempt has a row with its model, its outcome and its tokens, and overloads lead to the fallback.

use std::time::Duration;

use serde_json::json;
use shared::domain::{MessageId, ReplyState};

use crate::kit::Kit;
use crate::script::{Script, Step};

/// An attempt's number, model and outcome, its five counts of tokens, and whether it ended.
type Row = (i32, Option<String>, Option<String>, [Option<i32>; 5], bool);

async fn attempts(kit: &Kit, reply: MessageId) -> Vec<Row> {
    let sql = "select * from attempts where reply_id = $1 order by number";
    let rows = kit.stack.sql().await.query(sql, &[&reply]).await.unwrap();
    let tokens = ["prompt_tokens", "reply_tokens", "thought_tokens", "cached_tokens", "tool_tokens"];
    let ended = |row: &tokio_postgres::Row| row.get::<_, Option<shared::domain::Timestamp>>("ended_at").is_some();
    rows.iter()
        .map(|row| {
            (row.get("number"), row.get("model"), row.get("outcome"), tokens.map(|name| row.get(name)), ended(row))
        })
        .collect()
}

fn event(text: &str, thoughts: i32, finish: Option<&str>) -> Step {
    Step::Event(
        json!({
            "candidates": [{ "content": { "parts": [{ "text": text }] }, "finishReason": finish }],
            "usageMetadata": {
                "promptTokenCount": 40, "candidatesTokenCount": 7, "thoughtsTokenCount": thoughts,
                "cachedContentTokenCount": "32", "toolUsePromptTokenCount": 3,
            },
            "modelVersion": "gemini-3-flash-001",
        })
        .to_string(),
    )
}

#[tokio::test]
async fn the_tokens_of_failed_attempts_are_recorded_too() {
    let broken = vec![event("Tea", 100, None)];
    let whole = vec![event("Tea.", 120, Some("STOP")), Step::End];
    let script = Script::start(vec![broken, whole]).await;
    let kit = Kit::with(&[("GEMINI_BASE_URL", &script.url)]).await;
    let room = kit.room().await;
    let reply = kit.send(room, "hi").await;
    assert_eq!(kit.work(&[(room, reply)]).await.len(), 1);
    kit.stack.clock.advance(Duration::from_secs(5));
    assert!(kit.work(&[(room, reply)]).await.is_empty());

    let row = |number, outcome: &str, thoughts| {
        let tokens = [40, 7, thoughts, 32, 3].map(Some);
        (number, Some("gemini-3-flash-001".to_owned()), Some(outcome.to_owned()), tokens, true)
    };
    assert_eq!(attempts(&kit, reply).await, [row(1, "model_unavailable", 100), row(2, "completed", 120)]);
}

#[tokio::test]
async fn after_two_overloads_the_fallback_answers_and_the_row_says_so() {
    let kit = Kit::with(&[("GEMINI_MODEL", "gemini-busy"), ("GEMINI_FALLBACK_MODEL", "gemini-spare")]).await;
    let room = kit.room().await;
    let reply = kit.send(room, "[[503*2]] hi").await;
    for _ in 0..2 {
        assert_eq!(kit.work(&[(room, reply)]).await.len(), 1);
        kit.stack.clock.advance(Duration::from_secs(20));
    }
    assert!(kit.work(&[(room, reply)]).await.is_empty());
    let models: Vec<_> = attempts(&kit, reply).await.into_iter().map(|row| row.1.unwrap()).collect();
    assert_eq!(models, ["gemini-busy", "gemini-busy", "gemini-spare"]);
    let row = kit.reply(room, reply).await;
    assert_eq!((row.state, row.model.as_deref()), (ReplyState::Completed, Some("gemini-spare")));
}

#[tokio::test]
async fn a_fallback_that_does_not_exist_is_replaced_by_the_model() {
    let kit = Kit::with(&[("GEMINI_MODEL", "gemini-busy"), ("GEMINI_FALLBACK_MODEL", "palm-2")]).await;
    let room = kit.room().await;
    let reply = kit.send(room, "[[503*2]] hi").await;
    for _ in 0..2 {
        assert_eq!(kit.work(&[(room, reply)]).await.len(), 1);
        kit.stack.clock.advance(Duration::from_secs(20));
    }
    assert!(kit.work(&[(room, reply)]).await.is_empty());
    assert_eq!(kit.reply(room, reply).await.model.as_deref(), Some("gemini-busy"));
}

#[tokio::test]
async fn a_cancelled_and_a_killed_attempt_have_their_rows() {
    let kit = Kit::start().await;
    let room = kit.room().await;
    let killed = kit.send(room, "hi").await;
    let lease = Duration::from_secs(45);
    for _ in 0..5 {
        shared::db::replies::claim(&kit.db, room, lease, kit.stack.clock.now()).await.unwrap();
        kit.stack.clock.advance(lease);
    }
    assert!(kit.work(&[(room, killed)]).await.is_empty());
    let outcomes: Vec<_> = attempts(&kit, killed).await.into_iter().map(|row| (row.2, row.4)).collect();
    let exhausted = (Some("attempts_exhausted".to_owned()), true);
    assert_eq!(outcomes, [(None, false), (None, false), (None, false), (None, false), exhausted]);

    let cancelled = kit.send(room, &format!("[[drip:200]] {}", "a long story; ".repeat(20))).await;
    let cancel = async {
        tokio::time::sleep(Duration::from_millis(700)).await;
        let now = kit.stack.clock.now();
        shared::db::replies::cancel(&kit.db, kit.user, room, cancelled, "", shared::domain::FreeCancels(5), now)
            .await
            .unwrap();
        kit.stack.cache().replies_deleted(&[cancelled]).await.unwrap();
    };
    let jobs = [(room, cancelled)];
    tokio::join!(kit.work(&jobs), cancel);
    let [row] = attempts(&kit, cancelled).await.try_into().unwrap();
    assert_eq!((row.2.as_deref(), row.4), (Some("cancelled"), true));
    assert!(row.3[1] > Some(0), "what was read before is counted: {row:?}");
}
