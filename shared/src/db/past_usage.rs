//! `past_usage`: what the number of a deleted account spent today. A user who deletes the account and signs up again
//! continues with it, and so does one who moves the account to another number. A number is known by its marks
//! ([`crate::auth::NumberMarks`]), one for each live key.

use const_format::{concatcp, formatcp};
use time::Date;

use super::Db;
use super::transaction::Transaction;
use crate::Fault;
use crate::domain::UserId;

/// If something is kept for the day already, the greater of both stays.
const OR_MORE: &str = "on conflict (mark, day) do update
        set used = greatest(past_usage.used, excluded.used), refunded = greatest(past_usage.refunded, excluded.refunded),
            called_off = greatest(past_usage.called_off, excluded.called_off)";

/// Keeps what the user `$2` spent since the day `$4`, under each of the marks `$3`. Needs `called_off`, the days that
/// the same statement changes.
pub(super) const KEEP: &str = concatcp!(
    "kept as (
        insert into past_usage (mark, day, used, refunded, called_off)
        select mark, a.day, coalesce(c.used, a.used), a.refunded, coalesce(c.called_off, a.called_off)
        from unnest($3::bytea[]) mark, allowances a left join called_off c on c.day = a.day
        where a.user_id = $2 and a.day >= $4
            and (coalesce(c.used, a.used) > 0 or a.refunded > 0 or coalesce(c.called_off, a.called_off) > 0)
        ",
    OR_MORE,
    ")"
);

/// Gives the new account of `made` (`id`), if there is one, what its number, marked `$11`, spent on the day `$12`. Adds
/// `taken` (`used`), with a row if there was anything.
pub(super) const TAKE: &str = "past as (
        delete from past_usage p using made where p.mark = any($11) and p.day = $12
        returning made.id, p.used, p.refunded, p.called_off
    ), taken as (
        insert into allowances (user_id, day, used, refunded, called_off)
        select id, $12, max(used), max(refunded), max(called_off) from past group by id
        returning used
    )";

/// Keeps what an account spent since the day `from` under the marks of the number that it leaves, too.
pub(super) async fn leave(
    transaction: &Transaction,
    user: UserId,
    marks: &[Vec<u8>],
    from: Date,
) -> Result<u64, Fault> {
    const SQL: &str = formatcp!(
        "with spent as (
            select day, used, refunded, called_off from allowances
            where user_id = $1 and day >= $3 and (used > 0 or refunded > 0 or called_off > 0) for update
        )
        insert into past_usage (mark, day, used, refunded, called_off)
        select mark, day, used, refunded, called_off from unnest($2::bytea[]) mark, spent
        {OR_MORE}"
    );
    transaction.execute(SQL, &[&user, &marks, &from]).await
}

/// Gives an account what the number that it takes, known by its marks, spent on a day, if that is more.
pub(super) async fn join(transaction: &Transaction, user: UserId, marks: &[Vec<u8>], day: Date) -> Result<u64, Fault> {
    let sql = "with past as (
            delete from past_usage where mark = any($2) and day = $3 returning used, refunded, called_off
        )
        insert into allowances as a (user_id, day, used, refunded, called_off)
        select $1, $3, max(used), max(refunded), max(called_off) from past having count(*) > 0
        on conflict (user_id, day) do update
            set used = greatest(a.used, excluded.used), refunded = greatest(a.refunded, excluded.refunded),
                called_off = greatest(a.called_off, excluded.called_off)";
    transaction.execute(sql, &[&user, &marks, &day]).await
}

/// Deletes what was kept for the days before `before`, at most `most` rows.
pub async fn delete_before(db: &Db, before: Date, most: i64) -> Result<u64, Fault> {
    let sql = "delete from past_usage where (mark, day) in (
            select mark, day from past_usage where day + 0 < $1 limit $2 for update skip locked)";
    db.execute(sql, &[&before, &most]).await
}
