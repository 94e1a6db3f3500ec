//! Figures for operators.

use super::Db;
use crate::Fault;
use crate::domain::{ReplyState, Timestamp};

/// How many replies are unfinished, by state, and how many ended since `since`, by state.
pub async fn replies(db: &Db, since: Timestamp) -> Result<(Vec<(ReplyState, i64)>, Vec<(ReplyState, i64)>), Fault> {
    let sql = "select state, count(*) as count, true as unfinished from messages
            where state in ('pending', 'generating') group by state
        union all
        select state, count(*), false from messages
            where role = 'assistant' and completed_at >= $1 group by state";
    let (mut unfinished, mut ended) = (Vec::new(), Vec::new());
    for row in db.rows(sql, &[&since]).await? {
        let state = ReplyState::parse(row.get("state")).ok_or(Fault::Bug("a stored state has no name"))?;
        if row.get("unfinished") { &mut unfinished } else { &mut ended }.push((state, row.get("count")));
    }
    Ok((unfinished, ended))
}
