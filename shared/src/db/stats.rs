//! Figures for operators.

use std::time::Duration;

use super::Db;
use super::row::row;
use crate::Fault;
use crate::domain::{ReplyState, Tier, Timestamp};

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);
/// Ended replies that are counted at most: on a busy day the newest ones. Postgres reads them in a tenth of a second.
pub const COUNTED: i64 = 100_000;

row! {
    /// How many replies of a queue are in a state.
    pub struct Count {
        /// The state.
        pub state: ReplyState,
        /// The queue.
        pub tier: Tier,
        /// For an unfinished state all of them; for a final state those that ended within the last day, [`COUNTED`] at
        /// most.
        pub replies: i64,
        /// Those of them that ended within the last hour.
        pub ended: i64,
        /// Those of them that were accepted within the last hour.
        pub accepted: i64,
        /// When the oldest of them was accepted.
        pub oldest: Timestamp,
    }
}

/// The replies at `now`, counted by state and queue. Both halves read a partial index: the unfinished replies, and
/// those that ended within a day.
pub async fn replies(db: &Db, now: Timestamp) -> Result<Vec<Count>, Fault> {
    let sql = "select state, tier, count(*) as replies, count(*) filter (where completed_at >= $2) as ended,
            count(*) filter (where created_at >= $2) as accepted, min(created_at) as oldest
        from (
            select state, tier, created_at, completed_at from messages where state in ('pending', 'generating')
            union all (
                select state, tier, created_at, completed_at from messages
                where role = 'assistant' and completed_at is not null and completed_at >= $1
                order by completed_at desc limit $3
            )
        ) reply group by state, tier";
    db.all(sql, &[&(now - DAY), &(now - HOUR), &COUNTED]).await
}
