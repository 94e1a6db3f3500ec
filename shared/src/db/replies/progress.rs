//! How far a reply is, for those who watch it.

use const_format::formatcp;
use tokio_postgres::Row;

use crate::Fault;
use crate::db::Db;
use crate::db::messages::Message;
use crate::db::row::{FromRow, read};
use crate::domain::{ChatroomId, MessageId, UserId};

/// A reply with its newest attempt.
#[derive(Debug, Clone)]
pub struct Progress {
    /// The reply.
    pub reply: Message,
    /// The newest attempt that has begun; 0 if none has.
    pub attempt: i32,
}

impl FromRow for Progress {
    fn from_row(row: &Row) -> Result<Self, Fault> {
        Ok(Self { reply: Message::from_row(row)?, attempt: read(row, "attempt")? })
    }
}

/// A reply of the user; `None` if it is none.
pub async fn progress(db: &Db, user: UserId, room: ChatroomId, reply: MessageId) -> Result<Option<Progress>, Fault> {
    const SQL: &str = formatcp!(
        "select {}, m.attempt from messages m
        where m.id = $1 and m.chatroom_id = $2 and m.user_id = $3 and m.in_reply_to is not null",
        Message::COLUMNS
    );
    db.first(SQL, &[&reply, &room, &user]).await
}
