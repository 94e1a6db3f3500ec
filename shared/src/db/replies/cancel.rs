//! Cancelling a reply, and what is kept of it.

use const_format::formatcp;
use tokio_postgres::Row;

use super::Outcome;
use crate::Fault;
use crate::db::allowances::{CALL_OFF, UNBEGUN};
use crate::db::messages::{Message, NOT_ENDED};
use crate::db::row::{FromRow, read};
use crate::db::{Db, Parameters};
use crate::domain::{ChatroomId, FreeCancels, MessageId, Tier, Timestamp, UserId};

/// The result of cancelling a reply.
#[derive(Debug)]
pub enum Cancel {
    /// It is cancelled; the queue that it waited in.
    Cancelled(Box<Message>, Tier),
    /// It had ended before.
    AlreadyFinal(Box<Message>),
    /// The user has no such message, or no reply to it.
    NoSuchReply,
}

/// A reply that was cancelled.
struct Cancelled(Message, Tier);

impl FromRow for Cancelled {
    fn from_row(row: &Row) -> Result<Self, Fault> {
        Ok(Self(Message::from_row(row)?, read(row, "tier")?))
    }
}

/// Cancels a reply of the user, if it is unfinished. `text` is what those who watch have seen of it: it is kept with the end,
/// so that nobody reads an end without it. A reply that the model was not asked for is refunded, if it is one of the `free`
/// ones, and has no text then.
pub async fn cancel(
    db: &Db,
    user: UserId,
    room: ChatroomId,
    reply: MessageId,
    text: &str,
    free: FreeCancels,
    now: Timestamp,
) -> Result<Cancel, Fault> {
    const SQL: &str = formatcp!(
        "with was as (
            select id, user_id, charged_on, {UNBEGUN} as is_unbegun from messages
            where id = $2 and in_reply_to is not null and chatroom_id = $3 and user_id = $4 and {NOT_ENDED} for update
        ), unbegun as (
            select user_id, charged_on from was where is_unbegun
        ), {CALL_OFF}, refund as (
            select exists (select from called_off where is_free) as is_free
        ), ended as (
            update messages m set state = 'cancelled', completed_at = $5, lease_until = null, retry_at = null,
                charged_on = case when is_free then null else m.charged_on end,
                content = case when is_free then '' else $6 end
            from was, refund where m.id = was.id returning m.*
        )
        select {columns}, m.tier from ended m",
        columns = Message::COLUMNS
    );
    if let Some(Cancelled(message, tier)) = db.first(SQL, &[&free.0, &reply, &room, &user, &now, &text]).await? {
        return Ok(Cancel::Cancelled(Box::new(message), tier));
    }
    Ok(match latest(db, user, room, reply).await? {
        Some(reply) => Cancel::AlreadyFinal(Box::new(reply)),
        None => Cancel::NoSuchReply,
    })
}

/// Returns the reply `id`, or the latest reply to the message `id`, if it is the user's. A reply comes after its message,
/// so only the turns from there on are read, and none if there is no such turn.
pub async fn latest(db: &Db, user: UserId, room: ChatroomId, id: MessageId) -> Result<Option<Message>, Fault> {
    const SQL: &str = formatcp!(
        "select {columns} from messages m
        where m.chatroom_id = $2 and m.user_id = $3 and m.in_reply_to is not null and (m.id = $1 or m.in_reply_to = $1)
            and m.seq >= (select seq from messages where id = $1 and chatroom_id = $2)
        order by m.seq desc limit 1",
        columns = Message::COLUMNS
    );
    db.first(SQL, &[&id, &room, &user]).await
}

/// Stores what an attempt took whose reply was cancelled, and its text unless one is kept. A reply that was refunded gets
/// none.
pub async fn keep_partial(db: &Db, reply: MessageId, attempt: i32, end: &Outcome) -> Result<bool, Fault> {
    let sql = "update messages set content = case content when '' then $3 else content end,
            model = $4, prompt_tokens = $5, reply_tokens = $6
        where id = $1 and attempt = $2 and state = 'cancelled' and model is null and charged_on is not null";
    let parameters: Parameters<'_> = &[&reply, &attempt, &end.content, &end.model, &end.usage.prompt, &end.usage.reply];
    Ok(db.execute(sql, parameters).await? == 1)
}
