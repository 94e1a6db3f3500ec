//! Deletes rows that have no use any more, a bounded number at a time, so that nobody waits long for a lock.

use std::time::Duration;

use serde::Serialize;
use shared::Fault;
use shared::db::{Db, allowances, attempts, customers, messages, past_usage, refresh_tokens, sessions, stripe_events};
use shared::domain::Timestamp;
use tokio::time::Instant;

const DAY: Duration = Duration::from_hours(24);
/// How long an ended session is kept. So long, a stolen refresh token is recognised.
const SESSIONS: Duration = Duration::from_hours(30 * 24);
/// An idempotency key is valid for a day.
const KEYS: Duration = DAY;
/// Stripe repeats an event for three days and keeps it for thirty.
const STRIPE_EVENTS: Duration = Duration::from_hours(90 * 24);
/// A reply is charged and refunded within days.
const ALLOWANCES: Duration = Duration::from_hours(40 * 24);
/// What attempts cost is asked for a quarter later.
const ATTEMPTS: Duration = Duration::from_hours(120 * 24);
/// A payment can be disputed for 120 days as a rule; the row of a deleted account's customer lets us notice it.
const ERASED: Duration = Duration::from_hours(180 * 24);
/// Rows per statement.
const MOST: i64 = 1_000;

/// How many rows were deleted or cleared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Expired {
    /// Sessions.
    pub sessions: u64,
    /// Refresh tokens that were replaced, or whose session is deleted; the last two of each other session are kept.
    pub refresh_tokens: u64,
    /// Idempotency keys; their messages are kept.
    pub idempotency_keys: u64,
    /// Stripe's events.
    pub stripe_events: u64,
    /// Users' allowances, one row per day.
    pub allowances: u64,
    /// Attempts at replies; the replies are kept.
    pub attempts: u64,
    /// Customers of deleted accounts that Stripe has deleted too.
    pub customers: u64,
    /// What numbers of deleted accounts spent before today.
    pub past_usage: u64,
}

/// Deletes what had expired by `now`; stops at `until`. A replaced refresh token is recognised for as long as it would
/// have been valid, `refreshable`. What fails keeps nothing else from being deleted.
pub(crate) async fn expire(db: &Db, refreshable: Duration, now: Timestamp, until: Instant) -> Result<Expired, Fault> {
    // First: nothing else must keep it longer than its day.
    let past_usage = repeat(until, || past_usage::delete_before(db, now.day(), MOST)).await;
    let replaced = repeat(until, || refresh_tokens::delete_replaced(db, now - refreshable, MOST)).await;
    // Before their sessions, of which each may have thousands.
    let ended = repeat(until, || refresh_tokens::delete_ended(db, now - SESSIONS, MOST)).await;
    let sessions = repeat(until, || sessions::delete_ended(db, now - SESSIONS, MOST)).await;
    let idempotency_keys = repeat(until, || messages::forget_keys(db, now - KEYS, MOST)).await;
    let stripe_events = repeat(until, || stripe_events::delete_received(db, now - STRIPE_EVENTS, MOST)).await;
    let allowances = repeat(until, || allowances::delete_before(db, (now - ALLOWANCES).day(), MOST)).await;
    let attempts = repeat(until, || attempts::delete_before(db, now - ATTEMPTS, MOST)).await;
    let customers = repeat(until, || customers::delete_erased(db, now - ERASED, MOST)).await;
    Ok(Expired {
        past_usage: past_usage?,
        sessions: sessions?,
        refresh_tokens: replaced? + ended?,
        idempotency_keys: idempotency_keys?,
        stripe_events: stripe_events?,
        allowances: allowances?,
        attempts: attempts?,
        customers: customers?,
    })
}

/// Repeats a bounded deletion until it deletes fewer rows than its bound.
async fn repeat<F: Future<Output = Result<u64, Fault>>>(until: Instant, delete: impl Fn() -> F) -> Result<u64, Fault> {
    let mut all = 0;
    while Instant::now() < until {
        let failed = |fault: &Fault| tracing::error!(%fault, "what has expired is not deleted");
        let deleted = delete().await.inspect_err(failed)?;
        all += deleted;
        if i64::try_from(deleted).is_ok_and(|deleted| deleted < MOST) {
            break;
        }
    }
    Ok(all)
}
