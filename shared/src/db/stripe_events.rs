//! `stripe_events`: the events received from Stripe, so that repeated and lost events are noticed.

use super::Db;
use super::row::row;
use crate::Fault;
use crate::domain::Timestamp;

/// Records an event, with its customer or the path of its object, if it names them. `true` if it was already processed.
/// If it is being processed at this moment, this waits for the end of that.
pub async fn receive(
    db: &Db,
    id: &str,
    kind: &str,
    customer: Option<&str>,
    path: Option<&str>,
    now: Timestamp,
) -> Result<bool, Fault> {
    let sql = "insert into stripe_events as e (id, type, stripe_customer_id, object_path, received_at)
            values ($1, $2, $3, $4, $5)
        on conflict (id) do update set object_path = coalesce(e.object_path, excluded.object_path)
        returning processed_at is not null as processed";
    Ok(db.only::<(bool,)>(sql, &[&id, &kind, &customer, &path, &now]).await?.0)
}

/// Marks the event `$1` as processed at `$2`. A transaction that does it has the event for itself until it ends.
pub(super) const PROCESSED: &str = "update stripe_events set processed_at = $2 where id = $1 and processed_at is null";

/// Records the matter `$1`, told by an event of the type `$2` at `$3`.
pub(super) const FIRST: &str = "insert into stripe_events (id, type, received_at, processed_at)
    values ($1, $2, $3, $3) on conflict (id) do nothing";

/// Marks an event as processed.
pub async fn processed(db: &Db, id: &str, now: Timestamp) -> Result<(), Fault> {
    db.execute(PROCESSED, &[&id, &now]).await.map(drop)
}

/// Lets an event be processed again.
pub async fn reopen(db: &Db, id: &str) -> Result<(), Fault> {
    db.execute("update stripe_events set processed_at = null where id = $1", &[&id]).await.map(drop)
}

/// Records a matter that people are told of. `true` the first time: later events of the same matter change nothing. It is
/// kept as long as an event.
pub async fn first(db: &Db, matter: &str, kind: &str, now: Timestamp) -> Result<bool, Fault> {
    Ok(db.execute(FIRST, &[&matter, &kind, &now]).await? == 1)
}

/// The `ids` that were not processed: never received, or received and not finished.
pub async fn unprocessed(db: &Db, ids: &[&str]) -> Result<Vec<String>, Fault> {
    let sql = "select wanted.id from unnest($1::text[]) as wanted (id)
        where wanted.id <> all (array(select id from stripe_events where id = any($1) and processed_at is not null))";
    Ok(db.all::<(String,)>(sql, &[&ids]).await?.into_iter().map(|(id,)| id).collect())
}

row! {
    /// An event that was received and never finished.
    pub struct Unfinished {
        /// Stripe's id.
        pub id: String,
        /// What happened.
        pub kind: String,
        /// The customer, if the event named one.
        pub stripe_customer_id: Option<String>,
        /// The path of its object, if the event named only that.
        pub object_path: Option<String>,
    }
}

/// Events received before `before` and never finished: the oldest `most`.
pub async fn unfinished(db: &Db, before: Timestamp, most: i64) -> Result<Vec<Unfinished>, Fault> {
    let sql = "select id, type as kind, stripe_customer_id, object_path from stripe_events where processed_at is null and received_at < $1
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
