//! `allowances`: messages charged per user and UTC day, and the rule of what is charged and what is refunded.
//!
//! | what happens | the message is |
//! |---|---|
//! | a message is accepted, or another reply to it is requested | charged |
//! | its reply ends with a text, whatever its state | charged |
//! | its reply fails without a text, and the model never answered | refunded |
//! | its reply fails or is blocked without a text, and the model answered | refunded, at most the limit a day |
//! | it is called off while pending, and the model never answered | refunded, at most `FreeCancelsPerDay` a day |
//! | it is called off later | charged |
//!
//! A reply is called off by its cancellation, by the deletion of its room, and by the deletion of the account.
//! `messages.charged_on` is the day that a reply is charged to; a refund clears it, so nothing is refunded twice. The
//! statements that accept and end a reply are built from the fragments here.

use const_format::concatcp;
use time::Date;

use super::Db;
use super::messages::UNENDED;
use super::row::row;
use super::tier;
use crate::Fault;
use crate::domain::ReplyState;

/// Charges one message of the user `$1` to the day `$3`, if their plan at `$2` allows it: `$4` messages for Basic, `$5`
/// for Pro, and if fewer than `$6` (Basic) or `$7` (Pro) of their replies are unfinished.
///
/// Needs a common table expression `chargeable`: one row if the message must be charged, else none. Adds `plan` (no row
/// if the account was deleted), `spent` and `waiting` (the use and the unfinished replies in the statement's snapshot)
/// and `charged` (`used` after the charge; no row if nothing was charged).
///
/// The snapshot may be older than the lock of `counters`. The replies that were added meanwhile count as unfinished.
pub(super) const CHARGE: &str = concatcp!(
    "plan as (
        select tier, case tier when 'pro' then $5::int else $4::int end as daily,
            case tier when 'pro' then $7::int else $6::int end as most
        from (select ",
    tier!("c.pro_until" at "$2"),
    " as tier from users u left join customers c on c.user_id = u.id where u.id = $1) owner
    ), spent as (
        select used from allowances where user_id = $1 and day = $3
    ), waiting as (
        select count(*) as unfinished, coalesce((select replies from counters where user_id = $1), 0) as known
        from messages where user_id = $1 and ",
    UNENDED,
    "
    ), admitted as (
        insert into counters as n (user_id, replies) select $1, 1 from chargeable, plan, waiting
            where unfinished < most and coalesce((select used from spent), 0) < daily
        on conflict (user_id) do update set replies = n.replies + 1
            where (select unfinished - known from waiting) + n.replies < (select most from plan)
        returning user_id
    ), charged as (
        insert into allowances as a (user_id, day, used, daily) select user_id, $3, 1, daily from admitted, plan
        on conflict (user_id, day) do update set used = a.used + 1, daily = excluded.daily where a.used < excluded.daily
        returning used
    )"
);

/// What [`CHARGE`] found: the messages spent today (`used`), and whether the statement's snapshot allowed the charge
/// (`has_messages`, `has_places`). If it did and nothing was charged, the snapshot was stale: the statement runs again.
pub(super) const FOUND: &str = "coalesce((select used from charged), (select used from spent), 0) as used,
        coalesce((select used from spent), 0) < plan.daily as has_messages,
        (select unfinished from waiting) < plan.most as has_places";

row! {
    /// The columns of [`FOUND`].
    pub(super) struct Found {
        /// Messages spent today.
        pub(in crate::db) used: i32,
        /// Whether the day's allowance had a message left in the statement's snapshot.
        pub(in crate::db) has_messages: bool,
        /// Whether another reply could be unfinished in the snapshot.
        pub(in crate::db) has_places: bool,
    }
}

/// Which unfinished replies are refunded if they are called off, as long as the user has free ones: no attempt is
/// running, and none was answered.
pub(super) const UNBEGUN: &str = "state = 'pending' and not reached_model";

/// Calls off the replies of `unbegun` (`user_id`, `charged_on`), a common table expression: `$1` of a day are refunded.
/// Adds `called_off`, with the day's row and whether all of them were refunded (`is_free`). The statement must lock its
/// replies, and must clear their `charged_on` if they are refunded.
pub(super) const CALL_OFF: &str = "quit as (
        select user_id, charged_on, count(*)::int as count from unbegun
        where charged_on is not null group by user_id, charged_on
    ), called_off as (
        update allowances a set called_off = a.called_off + quit.count,
            used = greatest(a.used - least(quit.count, greatest($1 - a.called_off, 0)), 0)
        from quit where a.user_id = quit.user_id and a.day = quit.charged_on
        returning a.day, a.used, a.called_off, a.called_off <= $1 as is_free
    )";

/// Refunds the reply of `unanswered` (`user_id`, `charged_on`, `reached_model`), a common table expression of one row at
/// most. Adds `refunded`, with a row if it was. The statement must lock the reply, and must clear its `charged_on` then.
pub(super) const REFUND: &str = "refunded as (
        update allowances a set used = greatest(a.used - 1, 0), refunded = a.refunded + owed.reached_model::int
        from unanswered owed where a.user_id = owed.user_id and a.day = owed.charged_on
            and (not owed.reached_model or a.daily is null or a.refunded < a.daily)
        returning a.day
    )";

/// Whether a reply that ends in `state` with this text is to be refunded: it has no text, and nobody called it off.
pub(super) fn is_unanswered(state: ReplyState, content: &str) -> bool {
    state != ReplyState::Cancelled && content.trim().is_empty()
}

/// Deletes the days before `before`, at most `most` rows.
pub async fn delete_before(db: &Db, before: Date, most: i64) -> Result<u64, Fault> {
    let sql = "delete from allowances where (user_id, day) in (
            select user_id, day from allowances where day + 0 < $1 limit $2 for update skip locked)";
    db.execute(sql, &[&before, &most]).await
}
