//! `allowances`: messages charged by day. The statements that accept and end a message keep them; here the old ones go.

use time::Date;

use super::Db;
use crate::Fault;

/// Deletes the days before `before`, at most `most` rows.
pub async fn delete_before(db: &Db, before: Date, most: i64) -> Result<u64, Fault> {
    let sql = "delete from allowances where (user_id, day) in (
            select user_id, day from allowances where day < $1 limit $2 for update skip locked)";
    db.execute(sql, &[&before, &most]).await
}
