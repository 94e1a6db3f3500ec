//! What maintenance does with the rows: compares them with Stripe in turn, and deletes those that have no use any more.

use crate::Fault;
use crate::db::Db;
use crate::domain::{CustomerId, Timestamp};

/// Returns up to `most` customers of Stripe that were not checked since `before`, the longest unchecked first, and
/// marks them as checked now. So a customer whose check fails goes to the end of the line as well. A customer that was
/// erased is never returned.
pub async fn take_unchecked(db: &Db, before: Timestamp, most: i64, now: Timestamp) -> Result<Vec<CustomerId>, Fault> {
    let sql = "update customers set checked_at = $3 where id in (
            select id from customers where stripe_customer_id is not null and (checked_at is null or checked_at < $1)
            order by checked_at nulls first limit $2 for update skip locked
        ) returning id";
    Ok(db.all::<(CustomerId,)>(sql, &[&before, &most, &now]).await?.into_iter().map(|(id,)| id).collect())
}

/// Deletes up to `most` rows of deleted accounts: those that never had a customer at Stripe, and those whose customer
/// Stripe has deleted, if the account was closed before `before`.
pub async fn delete_erased(db: &Db, before: Timestamp, most: i64) -> Result<u64, Fault> {
    let sql = "delete from customers where id in (
            select id from customers where user_id is null
                and (stripe_customer_id is null or (checked_at = 'infinity' and closed_at < $1))
            limit $2 for update skip locked
        )";
    db.execute(sql, &[&before, &most]).await
}
