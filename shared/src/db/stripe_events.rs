//! `stripe_events`: the events received from Stripe, so that repeated and lost events are noticed.

use super::Db;
use super::row::row;
use crate::Fault;
use crate::domain::Timestamp;

/// Records an event. `true` if it was already processed.
pub async fn receive(db: &Db, id: &str, kind: &str, customer: Option<&str>, now: Timestamp) -> Result<bool, Fault> {
    let sql = "insert into stripe_events as e (id, type, stripe_customer_id, received_at) values ($1, $2, $3, $4)
        on conflict (id) do update set received_at = e.received_at returning processed_at is not null as processed";
    Ok(db.only::<(bool,)>(sql, &[&id, &kind, &customer, &now]).await?.0)
}

/// Marks an event as processed.
pub async fn processed(db: &Db, id: &str, now: Timestamp) -> Result<(), Fault> {
    let sql = "update stripe_events set processed_at = $2 where id = $1 and processed_at is null";
    db.execute(sql, &[&id, &now]).await.map(drop)
}

/// Records a matter that people are told of. `true` the first time: later events of the same matter change nothing. It is
/// kept as long as an event.
pub async fn first(db: &Db, matter: &str, kind: &str, now: Timestamp) -> Result<bool, Fault> {
    let sql = "insert into stripe_events (id, type, received_at, processed_at) values ($1, $2, $3, $3)
        on conflict (id) do nothing";
    Ok(db.execute(sql, &[&matter, &kind, &now]).await? == 1)
}

/// The `ids` that were not processed: never received, or received and not finished.
pub async fn unprocessed(db: &Db, ids: &[&str]) -> Result<Vec<String>, Fault> {
    let sql = "select wanted.id from unnest($1::text[]) as wanted (id)
        where not exists (select from stripe_events e where e.id = wanted.id and e.processed_at is not null)";
    Ok(db.all::<(String,)>(sql, &[&ids]).await?.into_iter().map(|(id,)| id).collect())
}

row! {
    /// An event that was received and never finished.
    pub struct Unfinished {
        /// Stripe's id.
        pub id: String,
        /// The customer, if the event named one.
        pub stripe_customer_id: Option<String>,
    }
}

/// Events received before `before` and never finished: the oldest `most`.
pub async fn unfinished(db: &Db, before: Timestamp, most: i64) -> Result<Vec<Unfinished>, Fault> {
    let sql = "select id, stripe_customer_id from stripe_events where processed_at is null and received_at < $1
        order by received_at limit $2";
    db.all(sql, &[&before, &most]).await
}

/// Deletes events received before `before`, at most `most`. Stripe repeats no event that is older than 30 days.
pub async fn delete_received(db: &Db, before: Timestamp, most: i64) -> Result<u64, Fault> {
    let sql = "delete from stripe_events where id in (select id from stripe_events where received_at < $1 limit $2)";
    db.execute(sql, &[&before, &most]).await
}

/// The time up to which Stripe's list of events was compared with ours.
pub async fn listed_until(db: &Db) -> Result<Option<Timestamp>, Fault> {
    Ok(db.first::<(Timestamp,)>("select listed_until from stripe_listing", &[]).await?.map(|(until,)| until))
}

/// Notes that Stripe's list was compared up to `until`; an earlier time changes nothing.
pub async fn set_listed_until(db: &Db, until: Timestamp) -> Result<(), Fault> {
    let sql = "insert into stripe_listing as l (listed_until) values ($1)
        on conflict (only_one) do update set listed_until = greatest(l.listed_until, excluded.listed_until)";
    db.execute(sql, &[&until]).await.map(drop)
}
