//! `messages`: a room's turns, accepted in one statement and read by their place in the room.

mod accept;
mod clear;
mod earlier;

use const_format::formatcp;
use time::Date;
use tokio_postgres::Row;

use super::row::{Page, read, row};
use super::{Db, FromRow};
use crate::Fault;
use crate::domain::{ChatroomId, MessageId, ReplyError, ReplyState, Role, Timestamp, UserId};

pub use accept::{Accept, Accepted, NewMessage, accept};
pub use clear::clear;
pub use earlier::earlier;

row! {
    /// A turn as clients see it.
    pub struct Message of m {
        /// Its id.
        pub id: MessageId,
        /// Its place in the room, from 1.
        pub seq: i64,
        /// Who wrote it.
        pub role: Role,
        /// The text; empty while a reply has none.
        pub content: String,
        /// Its state; a user's message is always completed.
        pub state: ReplyState,
        /// The message that a reply answers.
        pub in_reply_to: Option<MessageId>,
        /// The model that answered.
        pub model: Option<String>,
        /// Why the model stopped, in Google's words.
        pub finish_reason: Option<String>,
        /// Tokens read.
        pub prompt_tokens: Option<i32>,
        /// Tokens written.
        pub reply_tokens: Option<i32>,
        /// Why there is no answer.
        pub error: Option<ReplyError>,
        /// The day that a reply is charged to; `None` if it was refunded.
        pub charged_on: Option<Date>,
        /// When it was accepted.
        pub created_at: Timestamp,
        /// When it became final.
        pub completed_at: Option<Timestamp>,
    }
}

impl Message {
    /// Whether the model wrote it, or will.
    pub fn is_reply(&self) -> bool {
        self.role == Role::Assistant
    }

    /// A reply to this message that was accepted at `now` and waits for its first attempt.
    pub(super) fn pending_reply(&self, id: MessageId, seq: i64, now: Timestamp) -> Self {
        Self {
            id,
            seq,
            role: Role::Assistant,
            content: String::new(),
            state: ReplyState::Pending,
            in_reply_to: Some(self.id),
            charged_on: Some(now.day()),
            created_at: now,
            completed_at: None,
            ..self.clone()
        }
    }
}

/// Which replies of a room are unfinished, in SQL. The text is that of the partial index `messages_unfinished`, so Postgres
/// can use it. It would also use it where it should not, and read everybody's, since it expects few: so there are others.
pub(super) const UNFINISHED: &str = "state in ('pending', 'generating')";

/// Which replies of a user are unfinished. The text is that of the partial index `messages_unended`.
pub(super) const UNENDED: &str = "coalesce(completed_at, 'infinity') = 'infinity'";

/// Whether a reply is unfinished that is named by its id, and found by the primary key.
pub(super) const NOT_ENDED: &str = "completed_at is null";

/// Whether an attempt at such a reply runs.
pub(super) const RUNNING: &str = "completed_at is null and lease_until is not null";

/// Which turns of a room to read.
#[derive(Debug, Clone, Copy)]
pub enum Turns {
    /// The newest ones.
    Newest,
    /// The turns before a place.
    Before(i64),
    /// The turns after a place, beginning with the oldest.
    After(i64),
}

/// The bytes of text that a page holds at most; a longer turn is a page of its own. Lambda would allow 877 KiB: its
/// response has at most 6,291,556 bytes, and JSON that is sent in JSON makes seven bytes of a control character. The bound
/// is lower because every byte that is sent costs.
pub const PAGE_BYTES: i64 = 256 * 1024;

/// A row of a room, with one of its turns if it has any.
struct TurnOfRoom {
    turn: Option<Message>,
    /// How many turns were found, also those for which the page has no space.
    found: Option<i64>,
}

impl FromRow for TurnOfRoom {
    fn from_row(row: &Row) -> Result<Self, Fault> {
        let has_turn = read::<Option<MessageId>>(row, "id")?.is_some();
        let turn = has_turn.then(|| Message::from_row(row)).transpose()?;
        Ok(Self { turn, found: read(row, "found")? })
    }
}

/// A page of a room's turns, the oldest first, with at most `limit` turns and [`PAGE_BYTES`] of text; more may follow in
/// the direction of `turns`. `None` if the user has no such room.
pub async fn list(
    db: &Db,
    user: UserId,
    room: ChatroomId,
    turns: Turns,
    limit: i64,
) -> Result<Option<Page<Message>>, Fault> {
    let (bound, order, seq) = match turns {
        Turns::Newest => ("<=", "desc", i64::MAX),
        Turns::Before(seq) => ("<", "desc", seq),
        Turns::After(seq) => (">", "asc", seq),
    };
    // The room is a parameter, not part of the join: so Postgres expects that a room may be long, and reads in the
    // index' order instead of sorting all earlier turns. A text's length is known without reading the text.
    let sql = format!(
        "select {columns}, m.found from chatrooms c left join (
            select * from (
                select *, count(*) over () as found, row_number() over so_far as place,
                    sum(octet_length(content)) over so_far as bytes
                from (
                    select {columns} from messages m where m.chatroom_id = $1 and m.seq {bound} $3
                    order by m.seq {order} limit $4
                ) t window so_far as (order by seq {order})
            ) t where place <= $4 - 1 and (bytes <= $5 or place = 1)
        ) m on true where c.id = $1 and c.user_id = $2 order by m.seq {order}",
        columns = Message::COLUMNS
    );
    let rows: Vec<TurnOfRoom> = db.all(&sql, &[&room, &user, &seq, &(limit + 1), &PAGE_BYTES]).await?;
    let Some(first) = rows.first() else { return Ok(None) };
    let found = first.found.unwrap_or_default();
    let mut items: Vec<Message> = rows.into_iter().filter_map(|row| row.turn).collect();
    let has_more = usize::try_from(found).is_ok_and(|found| found > items.len());
    if order == "desc" {
        items.reverse();
    }
    Ok(Some(Page { items, has_more }))
}

/// One turn of a room of the user.
pub async fn find(db: &Db, user: UserId, room: ChatroomId, id: MessageId) -> Result<Option<Message>, Fault> {
    const SQL: &str = formatcp!(
        "select {} from messages m where m.id = $1 and m.chatroom_id = $2 and m.user_id = $3",
        Message::COLUMNS
    );
    db.first(SQL, &[&id, &room, &user]).await
}

/// Removes idempotency keys that were used before `before`, the oldest `most` of them. The condition is that of the index
/// `messages_keys`.
pub async fn forget_keys(db: &Db, before: Timestamp, most: i64) -> Result<u64, Fault> {
    let sql = "update messages set idempotency_key = null where id in (
            select id from messages where coalesce(idempotency_key, '') <> '' and created_at < $1
            order by created_at limit $2)";
    db.execute(sql, &[&before, &most]).await
}
