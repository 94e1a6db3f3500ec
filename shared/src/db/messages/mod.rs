//! `messages`: a room's turns, accepted in one statement and read by their place.

mod accept;

use tokio_postgres::Row;

use super::{Db, page};
use crate::Fault;
use crate::domain::{ChatroomId, MessageId, ReplyState, Role, Timestamp, UserId};

pub use accept::{Accept, Accepted, accept};

/// A turn as clients see it.
#[derive(Debug, Clone)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// Its place in the room, from 1.
    pub seq: i64,
    /// Who wrote it.
    pub role: Role,
    /// The text; empty while a reply has none.
    pub content: String,
    /// How far it is; a user's message is always completed.
    pub state: ReplyState,
    /// The message a reply answers.
    pub in_reply_to: Option<MessageId>,
    /// The model that answered.
    pub model: Option<String>,
    /// Why the model stopped, in Google's words.
    pub finish_reason: Option<String>,
    /// Tokens read.
    pub prompt_tokens: Option<i32>,
    /// Tokens written.
    pub reply_tokens: Option<i32>,
    /// Why there is no answer: a stable code.
    pub error: Option<String>,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// When it became final.
    pub completed_at: Option<Timestamp>,
}

/// The columns of a [`Message`], of the table alias `m`.
pub(super) const COLUMNS: &str = "m.id, m.seq, m.role, m.content, m.state, m.in_reply_to, m.model, m.finish_reason,
    m.prompt_tokens, m.reply_tokens, m.error, m.created_at, m.completed_at";

pub(super) fn message(row: &Row) -> Result<Message, Fault> {
    Ok(Message {
        id: MessageId(row.get("id")),
        seq: row.get("seq"),
        role: Role::parse(row.get("role")).ok_or(Fault::Bug("a stored role has no name"))?,
        content: row.get("content"),
        state: ReplyState::parse(row.get("state")).ok_or(Fault::Bug("a stored state has no name"))?,
        in_reply_to: row.get::<_, Option<uuid::Uuid>>("in_reply_to").map(MessageId),
        model: row.get("model"),
        finish_reason: row.get("finish_reason"),
        prompt_tokens: row.get("prompt_tokens"),
        reply_tokens: row.get("reply_tokens"),
        error: row.get("error"),
        created_at: row.get("created_at"),
        completed_at: row.get("completed_at"),
    })
}

/// Which part of a room is wanted.
#[derive(Debug, Clone, Copy)]
pub enum Window {
    /// The newest turns.
    Newest,
    /// The turns before a place.
    Before(i64),
    /// The turns after a place, the oldest of them first to come.
    After(i64),
}

/// A page of a room's turns, the oldest first, and whether more lie beyond it in the window's direction. `None` if
/// the user has no such room.
pub async fn list(
    db: &Db,
    user: UserId,
    room: ChatroomId,
    window: Window,
    limit: i64,
) -> Result<Option<(Vec<Message>, bool)>, Fault> {
    let (bound, order, seq) = match window {
        Window::Newest => ("<=", "desc", i64::MAX),
        Window::Before(seq) => ("<", "desc", seq),
        Window::After(seq) => (">", "asc", seq),
    };
    // The room is named as a parameter, not by the join: so Postgres knows a long room for one, and reads by the index in
    // its order instead of sorting what lies before.
    let sql = format!(
        "select {COLUMNS} from chatrooms c left join (
            select * from messages where chatroom_id = $1 and seq {bound} $3 order by seq {order} limit $4
        ) m on true where c.id = $1 and c.user_id = $2 order by m.seq {order}"
    );
    let rows = db.rows(&sql, &[&room.0, &user.0, &seq, &(limit + 1)]).await?;
    if rows.is_empty() {
        return Ok(None);
    }
    let turns = rows.iter().filter(|row| row.get::<_, Option<uuid::Uuid>>("id").is_some());
    let (mut turns, more) = page(turns.map(message).collect::<Result<_, _>>()?, limit);
    if order == "desc" {
        turns.reverse();
    }
    Ok(Some((turns, more)))
}

/// One turn of a room of the user.
pub async fn find(db: &Db, user: UserId, room: ChatroomId, id: MessageId) -> Result<Option<Message>, Fault> {
    let sql = format!("select {COLUMNS} from messages m where m.id = $1 and m.chatroom_id = $2 and m.user_id = $3");
    db.row(&sql, &[&id.0, &room.0, &user.0]).await?.as_ref().map(message).transpose()
}

/// Frees idempotency keys used before `before`, at most `most` of them.
pub async fn forget_keys(db: &Db, before: Timestamp, most: i64) -> Result<u64, Fault> {
    let sql = "update messages set idempotency_key = null where id in (
            select id from messages where idempotency_key is not null and created_at < $1 limit $2)";
    db.execute(sql, &[&before, &most]).await
}
