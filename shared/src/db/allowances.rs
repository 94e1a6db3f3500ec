//! `allowances`: messages charged per user and UTC day, and the rule of what is charged and what is refunded.
//!
//! | what happens | the message is |
//! |---|---|
//! | a message is accepted, or another reply to it is requested | charged |
//! | its reply completes, or is truncated | charged |
//! | its reply fails, is blocked, or is dead-lettered | refunded |
//! | its reply is cancelled before an attempt began | refunded |
//! | its reply is cancelled while the model writes | charged |
//! | its room is deleted before its reply is final | refunded |
//!
//! `messages.charged_on` is the day that a reply is charged to; a refund clears it, so nothing is refunded twice. The
//! statements that accept and end a reply are built from the fragments here.

use time::Date;

use super::Db;
use super::messages::UNFINISHED;
use super::tier;
use crate::Fault;
use crate::domain::ReplyState;

/// Charges one message of the user `$1` to the day `$3`, if their plan at `$2` allows it: `$4` messages for Basic, `$5`
/// for Pro.
///
/// Needs a common table expression `chargeable`: one row if the message must be charged, else none. Adds `plan`
/// (`tier`, `daily`; no row if the account was deleted), `spent` (`used` in the statement's snapshot) and `charged`
/// (`used` after the charge; no row if nothing was charged).
pub(super) const CHARGE: &str = concat!(
    "plan as (
        select tier, case tier when 'pro' then $5::int else $4::int end as daily
        from (select ",
    tier!("c.pro_until" at "$2"),
    " as tier from users u left join customers c on c.user_id = u.id where u.id = $1) owner
    ), spent as (
        select used from allowances where user_id = $1 and day = $3
    ), charged as (
        insert into allowances as a (user_id, day, used) select $1, $3, 1 from chargeable, plan where plan.daily > 0
        on conflict (user_id, day) do update set used = a.used + 1 where a.used < (select daily from plan)
        returning used
    )"
);

/// The messages spent today, after [`CHARGE`] has charged or refused.
pub(super) const USED: &str = "coalesce((select used from charged), greatest((select used from spent), plan.daily))";

/// Refunds the messages of `refundable` (`user_id`, `charged_on`), a common table expression. The statement must lock
/// its rows, and must clear their `charged_on`.
pub(super) const REFUND: &str = "refunded as (
        update allowances a set used = greatest(a.used - owed.count, 0)
        from (select user_id, charged_on, count(*)::int as count from refundable
              where charged_on is not null group by user_id, charged_on) owed
        where a.user_id = owed.user_id and a.day = owed.charged_on
    )";

/// Which replies are refunded when they are cancelled.
pub(super) const REFUNDED_IF_CANCELLED: &str = "state = 'pending'";

/// Which replies are refunded when their room is deleted.
pub(super) const REFUNDED_IF_DELETED: &str = UNFINISHED;

/// Whether a reply that ends in `state` is refunded.
pub(super) fn is_refunded(state: ReplyState) -> bool {
    matches!(state, ReplyState::Failed | ReplyState::Blocked)
}

/// Deletes the days before `before`, at most `most` rows.
pub async fn delete_before(db: &Db, before: Date, most: i64) -> Result<u64, Fault> {
    let sql = "delete from allowances where (user_id, day) in (
            select user_id, day from allowances where day < $1 limit $2 for update skip locked)";
    db.execute(sql, &[&before, &most]).await
}
