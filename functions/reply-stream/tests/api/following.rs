//! A reply is followed from its first piece to its end.

use serde_json::json;
use shared::cache::LiveKind::{Delta, Snapshot, Waiting};
use shared::cache::{LiveId, Published};
use shared::db::replies::{self, Outcome};
use shared::domain::{FreeCancels, ReplyError};

use crate::kit::Kit;

#[tokio::test]
async fn a_reply_is_followed_from_before_its_first_piece_to_its_end() {
    let kit = Kit::start().await;
    let mut client = kit.follow().await;
    assert_eq!(client.headers["content-type"], "text/event-stream");
    assert_eq!(client.headers["cache-control"], "no-store, no-transform");
    assert_eq!(client.headers["x-accel-buffering"], "no");
    let nothing_yet = json!({ "attempt": 0, "state": "pending", "content": "" });
    assert_eq!(client.expect("snapshot").await, ("0-0".into(), nothing_yet));

    let attempt = kit.claim().await;
    kit.write((1, 1), Snapshot, "").await;
    let begun = json!({ "attempt": 1, "state": "generating", "content": "" });
    assert_eq!(client.expect("snapshot").await, ("1-1".into(), begun));
    kit.write((1, 2), Delta, "Tea ").await;
    assert_eq!(client.expect("delta").await, ("1-2".into(), json!({ "content": "Tea " })));
    kit.write((1, 3), Delta, "is \"good\"\nin the\u{2028}morning. 🍵").await;
    let (id, delta) = client.expect("delta").await;
    assert_eq!((id.as_str(), &delta["content"]), ("1-3", &json!("is \"good\"\nin the\u{2028}morning. 🍵")));

    kit.finish(attempt, "Tea is good.").await;
    let done = client.next().await.unwrap();
    assert_eq!((done.name.as_str(), done.id), ("done", format!("4294967295-0{}", kit.tag())));
    assert_eq!(done.data, kit.message().await);
    assert_eq!(done.data["content"], "Tea is good.");
    assert_eq!(done.retry, "3600000", "a page that forgets to close it does not ask each second");
    client.has_ended().await;
}

#[tokio::test]
async fn who_comes_late_gets_everything_in_one_event() {
    let kit = Kit::start().await;
    kit.claim().await;
    kit.write((1, 1), Snapshot, "").await;
    for (number, piece) in (2..).zip(["a", "b", "c"]) {
        kit.write((1, number), Delta, piece).await;
    }
    let mut client = kit.follow().await;
    let all = json!({ "attempt": 1, "state": "generating", "content": "abc" });
    assert_eq!(client.expect("snapshot").await, ("1-4".into(), all));
    kit.write((1, 5), Delta, "d").await;
    assert_eq!(client.expect("delta").await, ("1-5".into(), json!({ "content": "d" })));
}

#[tokio::test]
async fn who_resumes_gets_what_is_missing_in_one_event() {
    let kit = Kit::start().await;
    kit.claim().await;
    kit.write((1, 1), Snapshot, "").await;
    for (number, piece) in (2..).zip(["a", "b", "c"]) {
        kit.write((1, number), Delta, piece).await;
    }
    let mut client = kit.resume(&kit.user, Some("1-2")).await;
    assert_eq!(client.expect("delta").await, ("1-4".into(), json!({ "content": "bc" })));

    let mut up_to_date = kit.resume(&kit.user, Some("1-4")).await;
    kit.write((1, 5), Delta, "d").await;
    assert_eq!(up_to_date.expect("delta").await, ("1-5".into(), json!({ "content": "d" })));
}

#[tokio::test]
async fn who_resumes_after_another_attempt_began_gets_its_text() {
    let kit = Kit::start().await;
    kit.claim().await;
    kit.write((1, 1), Snapshot, "").await;
    kit.write((1, 2), Delta, "wrong").await;
    kit.write((2, 1), Snapshot, "").await;
    kit.write((2, 2), Delta, "right").await;
    let mut client = kit.resume(&kit.user, Some("1-2")).await;
    let second = json!({ "attempt": 2, "state": "generating", "content": "right" });
    assert_eq!(client.expect("snapshot").await, ("2-2".into(), second));
}

#[tokio::test]
async fn who_resumes_after_the_end_gets_it_again() {
    let kit = Kit::start().await;
    let attempt = kit.claim().await;
    kit.write((1, 1), Snapshot, "").await;
    kit.finish(attempt, "Tea.").await;
    for last in [None, Some("1-1"), Some("4294967295-0"), Some("7-7")] {
        let mut client = kit.resume(&kit.user, last).await;
        assert_eq!(client.expect("done").await.1["content"], "Tea.", "{last:?}");
        client.has_ended().await;
    }
}

#[tokio::test]
async fn an_id_that_is_of_no_entry_gets_everything() {
    let kit = Kit::start().await;
    kit.claim().await;
    kit.write((1, 1), Snapshot, "").await;
    kit.write((1, 2), Delta, "Tea").await;
    for last in ["", "x", "1", "1-", "0-0", "1-9", "9-1", "4294967295-0", "-1-1", "1-1-1", "99999999999999999999-1"] {
        let mut client = kit.resume(&kit.user, Some(last)).await;
        let (id, snapshot) = client.expect("snapshot").await;
        assert_eq!((id.as_str(), &snapshot["content"]), ("1-2", &json!("Tea")), "{last}");
    }
}

#[tokio::test]
async fn an_id_of_another_reply_gets_everything() {
    let (kit, other) = (Kit::start().await, Kit::start().await);
    kit.claim().await;
    kit.write((1, 1), Snapshot, "").await;
    kit.write((1, 2), Delta, "Tea").await;
    for last in ["1-1".to_owned(), format!("1-1{}", other.tag()), format!("1-1{}.", kit.tag())] {
        let mut client = kit.resume_at(&kit.user, &last).await;
        assert_eq!(client.expect("snapshot").await.1["content"], "Tea", "{last}");
    }
}

#[tokio::test]
async fn a_failed_attempt_takes_its_text_back() {
    let kit = Kit::start().await;
    kit.claim().await;
    kit.write((1, 1), Snapshot, "").await;
    kit.write((1, 2), Delta, "Te").await;
    let mut client = kit.follow().await;
    client.expect("snapshot").await;
    kit.write((1, 3), Waiting, "").await;
    let waiting = json!({ "attempt": 1, "state": "pending", "content": "" });
    assert_eq!(client.expect("snapshot").await, ("1-3".into(), waiting));
    kit.write((2, 1), Snapshot, "").await;
    assert_eq!(client.expect("snapshot").await.1["attempt"], 2);
}

#[tokio::test]
async fn a_cancel_keeps_the_text_that_was_on_the_screen() {
    let kit = Kit::start().await;
    let attempt = kit.claim().await;
    kit.write((1, 1), Snapshot, "").await;
    kit.write((1, 2), Delta, "Begin in Al").await;
    let mut client = kit.follow().await;
    client.expect("snapshot").await;
    let cancelled = kit.rooms().post(&kit.events().replace("/events", "/cancel"), json!(null)).await.body();
    assert_eq!((&cancelled["state"], &cancelled["content"]), (&json!("cancelled"), &json!("Begin in Al")));
    assert_eq!(client.expect("done").await.1, cancelled);
    // The worker, which has read more by then, changes it no more.
    let more = Outcome { content: "Begin in Alfama".into(), ..Outcome::failed(ReplyError::EmptyAnswer) };
    replies::keep_partial(&kit.api.stack.db(), kit.reply, attempt, &more).await.unwrap();
    assert_eq!(kit.message().await["content"], "Begin in Al");
    assert_eq!(kit.write((1, 3), Delta, "fama").await, Published::Ended);
}

#[tokio::test]
async fn a_cancelled_reply_has_its_text_from_the_first_moment_on() {
    let kit = Kit::start().await;
    // Whoever reads the row between two statements would see it: no statement may write an end without its text.
    let guard = "create function refuse() returns trigger language plpgsql as
            $$ begin raise exception 'a cancelled reply without its text'; end $$;
        create trigger guard before update on messages for each row
            when (new.state = 'cancelled' and new.content = '') execute function refuse()";
    kit.api.stack.sql().await.batch_execute(guard).await.unwrap();
    kit.claim().await;
    kit.write((1, 1), Snapshot, "Begin in Al").await;
    let question = kit.message().await["in_reply_to"].as_str().unwrap().to_owned();
    let by_the_question = format!("/chatroom/{}/message/{question}/cancel", kit.room);
    let cancelled = kit.rooms().post(&by_the_question, json!(null)).await.body();
    assert_eq!((&cancelled["state"], &cancelled["content"]), (&json!("cancelled"), &json!("Begin in Al")));
}

#[tokio::test]
async fn a_repeated_cancel_tells_those_who_were_not_told() {
    let kit = Kit::start().await;
    let mut client = kit.follow().await;
    client.expect("snapshot").await;
    let (db, now) = (kit.api.stack.db(), kit.api.stack.clock.now());
    // The process dies between the row and the signal.
    replies::cancel(&db, kit.user.id.unwrap(), kit.room, kit.reply, "", FreeCancels(5), now).await.unwrap();
    assert!(kit.cache.live_entries(kit.reply).await.unwrap().is_empty());
    let cancelled = kit.rooms().post(&kit.events().replace("/events", "/cancel"), json!(null)).await;
    assert_eq!(kit.cache.live_entries(kit.reply).await.unwrap().last().map(|entry| entry.id), Some(LiveId::END));
    assert_eq!(client.expect("done").await.1, cancelled.body());
}

#[tokio::test]
async fn a_cancel_ends_the_stream_of_everybody_who_watches() {
    let kit = Kit::start().await;
    let mut clients = Vec::new();
    for _ in 0..5 {
        let mut client = kit.follow().await;
        client.expect("snapshot").await;
        clients.push(client);
    }
    let cancelled = kit.rooms().post(&kit.events().replace("/events", "/cancel"), json!(null)).await;
    for mut client in clients {
        let (_, done) = client.expect("done").await;
        assert_eq!(done, cancelled.body());
        assert_eq!(done["state"], "cancelled");
        client.has_ended().await;
    }
}
