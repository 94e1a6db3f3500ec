//! A reply that began is charged, whoever calls it off and however; one that never reached Gemini is refunded.

use serde_json::json;
use shared::db::replies::Outcome;
use shared::domain::{ReplyError, ReplyState};

use crate::desk::{Desk, ended};

#[derive(Debug, Clone, Copy)]
enum CalledOff {
    Cancelled,
    RoomDeleted,
}

const WAYS: [CalledOff; 2] = [CalledOff::Cancelled, CalledOff::RoomDeleted];

/// Sends a message, lets `begin` happen to its reply, calls it off, and returns what is charged.
async fn charged(desk: &Desk, way: CalledOff, begin: impl AsyncFnOnce(&str)) -> i32 {
    let (room, before) = (desk.room().await, desk.used().await);
    let sent = desk.send(&room).await;
    begin(&room).await;
    let answer = match way {
        CalledOff::Cancelled => desk.user.post(&format!("{}/cancel", sent.location()), json!(null)).await,
        CalledOff::RoomDeleted => desk.user.delete(&room).await,
    };
    assert!(answer.status.is_success(), "{way:?}: {}", answer.body());
    desk.used().await - before
}

#[tokio::test]
async fn a_reply_that_waits_for_its_first_attempt_is_refunded() {
    let desk = Desk::start().await;
    for way in WAYS {
        assert_eq!(charged(&desk, way, async |_| {}).await, 0, "{way:?}");
    }
}

#[tokio::test]
async fn a_reply_that_is_being_written_is_charged() {
    let desk = Desk::start().await;
    for way in WAYS {
        assert_eq!(charged(&desk, way, async |room| drop(desk.claim(room).await)).await, 1, "{way:?}");
    }
}

#[tokio::test]
async fn a_postponed_reply_is_refunded_if_gemini_refused_and_charged_if_it_answered() {
    let desk = Desk::with(&[("BASIC_DAILY_LIMIT", "50")]).await;
    let refused = [ReplyError::ModelUnavailable, ReplyError::QuotaExhausted].map(Outcome::failed);
    let wrote = Outcome { reached_model: true, ..Outcome::failed(ReplyError::ModelUnavailable) };
    for way in WAYS {
        for end in &refused {
            assert_eq!(charged(&desk, way, async |room| desk.postpone(room, end).await).await, 0, "{way:?} {end:?}");
        }
        let thought = Outcome::failed(ReplyError::EmptyAnswer);
        for end in [&thought, &wrote] {
            assert_eq!(charged(&desk, way, async |room| desk.postpone(room, end).await).await, 1, "{way:?} {end:?}");
            let later = async |room: &str| {
                desk.postpone(room, end).await;
                desk.postpone(room, &refused[0]).await;
            };
            assert_eq!(charged(&desk, way, later).await, 1, "an earlier attempt: {way:?} {end:?}");
        }
    }
}

#[tokio::test]
async fn a_reply_whose_worker_was_killed_may_have_been_answered_and_is_charged() {
    let desk = Desk::start().await;
    for way in WAYS {
        let killed = async |room: &str| {
            desk.claim(room).await;
            desk.lose_the_worker();
            desk.postpone(room, &Outcome::failed(ReplyError::ModelUnavailable)).await;
        };
        assert_eq!(charged(&desk, way, killed).await, 1, "{way:?}");
    }
}

#[tokio::test]
async fn a_text_is_paid_for_whatever_its_state_and_its_absence_is_not() {
    use ReplyState::{Blocked, Completed, Failed, Truncated};
    let desk = Desk::with(&[("BASIC_DAILY_LIMIT", "50")]).await;
    let room = desk.room().await;
    let mut paid = 0;
    for (state, text) in
        [(Completed, "tea"), (Truncated, "te"), (Failed, "t"), (Failed, ""), (Blocked, ""), (Failed, " \n")]
    {
        let reply = desk.send(&room).await.location();
        let end = Outcome { error: Some(ReplyError::ModelStopped), ..ended(state, text) };
        desk.finish(&room, &end).await;
        paid += i32::from(!text.trim().is_empty());
        assert_eq!(desk.used().await, paid, "{state:?} {text:?}");
        let detail = desk.user.get(&reply).await.body()["error"]["detail"].as_str().unwrap().to_owned();
        assert_eq!(detail.contains("refunded"), text.trim().is_empty(), "{detail}");
    }
}

#[tokio::test]
async fn without_redis_the_same_is_charged() {
    let desk = Desk::with(&[("REDIS_URL", "redis://127.0.0.1:1")]).await;
    for way in WAYS {
        assert_eq!(charged(&desk, way, async |_| {}).await, 0, "{way:?}");
        assert_eq!(charged(&desk, way, async |room| drop(desk.claim(room).await)).await, 1, "{way:?}");
    }
}
