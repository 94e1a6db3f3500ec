//! Deleting many messages: a part at a time, so that no statement meets its limit of time.

use const_format::formatcp;

use super::UNFINISHED;
use crate::Fault;
use crate::db::Db;
use crate::domain::{ChatroomId, UserId};

/// Messages that one statement deletes at most, and that a room or an account is deleted with.
const MOST: i64 = 2_000;

/// The user's rooms: all of them, or one.
const ROOMS: &str = "c.user_id = $1 and ($2::uuid is null or c.id = $2)";

/// Deletes ended messages of a user, in one room or in all, while there are more than a statement should delete. What is
/// left is deleted with the room or the account. If that fails the others are gone all the same: their owner wanted it,
/// and a repeated request has less to do. The questions of unfinished replies stay, so that no worker misses one.
pub async fn clear(db: &Db, user: UserId, room: Option<ChatroomId>) -> Result<(), Fault> {
    const SQL: &str = formatcp!(
        "delete from messages where $3 = (
            select count(*) from (
                select from chatrooms c
                cross join lateral (select from messages where chatroom_id = c.id limit $3) m
                where {ROOMS} limit $3
            ) many
        ) and id in (
            select ended.id from chatrooms c
            cross join lateral (
                select id from messages m where chatroom_id = c.id and completed_at is not null and not exists (
                    select from messages where chatroom_id = c.id and in_reply_to = m.id and {UNFINISHED}
                )
                limit $3 for update of m skip locked
            ) ended
            where {ROOMS} limit $3
        )"
    );
    while db.execute(SQL, &[&user, &room, &MOST]).await? > 0 {}
    Ok(())
}
