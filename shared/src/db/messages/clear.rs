//! Deleting many messages: a part at a time, so that no statement meets its limit of time.

use const_format::formatcp;

use super::UNFINISHED;
use crate::Fault;
use crate::db::Db;
use crate::domain::{ChatroomId, UserId};

/// Messages that one statement deletes at most.
const MOST: i64 = 2_000;

/// Deletes nearly all ended messages of a user, in one room or in all, before the room or the account is deleted with
/// what is left: what another statement has locked, and the questions of unfinished replies. If that deletion fails the
/// messages are gone all the same: their owner wanted it, and a repeated request has less to do.
pub async fn clear(db: &Db, user: UserId, room: Option<ChatroomId>) -> Result<(), Fault> {
    const SQL: &str = formatcp!(
        "delete from messages where id in (
            select ended.id from chatrooms c
            cross join lateral (
                select id from messages m where chatroom_id = c.id and completed_at is not null and not exists (
                    select from messages where chatroom_id = c.id and in_reply_to = m.id and {UNFINISHED}
                )
                limit $3 for update of m skip locked
            ) ended
            where c.user_id = $1 and ($2::uuid is null or c.id = $2)
            limit $3)"
    );
    while db.execute(SQL, &[&user, &room, &MOST]).await? == MOST.unsigned_abs() {}
    Ok(())
}
