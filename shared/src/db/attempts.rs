//! `attempts`: what was asked of the model, and what it cost. The statements that claim and end an attempt also write
//! its row, so that it costs no round trip.

use const_format::formatcp;

use super::Db;
use crate::Fault;
use crate::domain::{ReplyError, ReplyState, Timestamp};

/// Notes that the attempt of `claimed` (`id`, `attempt`), a common table expression, begins at `$2`.
pub(super) const BEGIN: &str = "begun as (
        insert into attempts (reply_id, number, started_at) select id, attempt, $2 from claimed
        on conflict do nothing
    )";

/// Notes how the attempt `$2` at the reply `$1` ended at `$3`: its outcome `$4`, its model `$5` and its tokens `$6` to
/// `$10`. The first end counts.
pub(super) const END: &str = "noted as (
        update attempts set ended_at = $3, outcome = $4, model = $5, prompt_tokens = $6, reply_tokens = $7,
            thought_tokens = $8, cached_tokens = $9, tool_tokens = $10
        where reply_id = $1 and number = $2 and ended_at is null
    )";

/// How many attempts at the reply `head.id` failed because the model was overloaded or could not be reached.
pub(super) const OVERLOADS: &str = formatcp!(
    "(select count(*) from attempts a where a.reply_id = head.id and a.outcome = '{}')",
    ReplyError::ModelUnavailable.as_str()
);

/// Whether attempts that began after `since` were [`ReplyError::UNANSWERED`], and none led to an answer. The usual case,
/// an answer, is looked for first and found at once.
pub async fn only_fail(db: &Db, since: Timestamp) -> Result<bool, Fault> {
    const SQL: &str = formatcp!(
        "select 1 where not exists (select from attempts where started_at > $1 and outcome <> all($2) and outcome <> '{}')
            and exists (select from attempts where started_at > $1 and outcome = any($2))",
        ReplyState::Cancelled.as_str()
    );
    db.any(SQL, &[&since, &ReplyError::UNANSWERED.as_slice()]).await
}

/// Deletes the attempts that began before `before`, at most `most` rows.
pub async fn delete_before(db: &Db, before: Timestamp, most: i64) -> Result<u64, Fault> {
    let sql = "delete from attempts where (reply_id, number) in (
            select reply_id, number from attempts where started_at < $1 limit $2 for update skip locked)";
    db.execute(sql, &[&before, &most]).await
}
