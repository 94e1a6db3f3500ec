//! `stripe_events`: what Stripe told us, so that a repetition is known.

use super::Db;
use crate::Fault;
use crate::domain::Timestamp;

/// Records an event. `true` if it was dealt with before.
pub async fn receive(db: &Db, id: &str, kind: &str, customer: Option<&str>, now: Timestamp) -> Result<bool, Fault> {
    let sql = "insert into stripe_events as e (id, type, stripe_customer_id, received_at) values ($1, $2, $3, $4)
        on conflict (id) do update set received_at = e.received_at returning processed_at is not null as processed";
    Ok(db.only(sql, &[&id, &kind, &customer, &now]).await?.get("processed"))
}

/// Marks an event as dealt with.
pub async fn processed(db: &Db, id: &str, now: Timestamp) -> Result<(), Fault> {
    let sql = "update stripe_events set processed_at = $2 where id = $1 and processed_at is null";
    db.execute(sql, &[&id, &now]).await.map(drop)
}

/// Deletes events received before `before`, at most `most`. Stripe repeats none older than 30 days.
pub async fn delete_received(db: &Db, before: Timestamp, most: i64) -> Result<u64, Fault> {
    let sql = "delete from stripe_events where id in (select id from stripe_events where received_at < $1 limit $2)";
    db.execute(sql, &[&before, &most]).await
}
