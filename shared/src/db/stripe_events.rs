//! `stripe_events`: what Stripe told us, so that a repetition is known and a loss is noticed.

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

/// Those of `ids` that were not dealt with: never received, or received and not finished.
pub async fn unprocessed(db: &Db, ids: &[&str]) -> Result<Vec<String>, Fault> {
    let sql = "select wanted.id from unnest($1::text[]) as wanted (id)
        where not exists (select from stripe_events e where e.id = wanted.id and e.processed_at is not null)";
    Ok(db.rows(sql, &[&ids]).await?.iter().map(|row| row.get("id")).collect())
}

/// Events received before `before` and never finished, with the customer if one was named: the oldest `most`.
pub async fn unfinished(db: &Db, before: Timestamp, most: i64) -> Result<Vec<(String, Option<String>)>, Fault> {
    let sql = "select id, stripe_customer_id from stripe_events where processed_at is null and received_at < $1
        order by received_at limit $2";
    let rows = db.rows(sql, &[&before, &most]).await?;
    Ok(rows.iter().map(|row| (row.get("id"), row.get("stripe_customer_id"))).collect())
}

/// Deletes events received before `before`, at most `most`. Stripe repeats none older than 30 days.
pub async fn delete_received(db: &Db, before: Timestamp, most: i64) -> Result<u64, Fault> {
    let sql = "delete from stripe_events where id in (select id from stripe_events where received_at < $1 limit $2)";
    db.execute(sql, &[&before, &most]).await
}

/// Up to when Stripe's list of events was compared with ours.
pub async fn listed_until(db: &Db) -> Result<Option<Timestamp>, Fault> {
    Ok(db.row("select listed_until from stripe_listing", &[]).await?.map(|row| row.get("listed_until")))
}

/// Notes that Stripe's list was compared up to `until`; an earlier time changes nothing.
pub async fn set_listed_until(db: &Db, until: Timestamp) -> Result<(), Fault> {
    let sql = "insert into stripe_listing as l (listed_until) values ($1)
        on conflict (only_one) do update set listed_until = greatest(l.listed_until, excluded.listed_until)";
    db.execute(sql, &[&until]).await.map(drop)
}
