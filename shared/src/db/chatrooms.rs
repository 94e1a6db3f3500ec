//! `chatrooms`: listed by their latest activity.

use const_format::formatcp;
use tokio_postgres::Row;

use super::Db;
use super::allowances::{CALL_OFF, UNBEGUN};
use super::messages::UNFINISHED;
use super::row::{FromRow, Page, read, row};
use crate::Fault;
use crate::domain::{Bounds, ChatroomId, FreeCancels, MessageId, SystemPrompt, Timestamp, Title, UserId};

row! {
    /// A chatroom.
    pub struct Chatroom of r {
        /// Its id.
        pub id: ChatroomId,
        /// Its title.
        pub title: String,
        /// The instructions that the model gets before the conversation.
        pub system_prompt: Option<String>,
        /// When it was made.
        pub created_at: Timestamp,
        /// Its latest activity.
        pub updated_at: Timestamp,
    }
}

/// The result of making a room.
#[derive(Debug)]
pub enum Create {
    /// It is made.
    Made(Chatroom),
    /// The user has as many rooms as they may have.
    TooManyRooms,
    /// The account was deleted.
    NoAccount,
}

/// What a statement that makes a room found.
struct Creation {
    room: Option<Chatroom>,
    has_account: bool,
    /// Whether the user could have another room in the statement's snapshot.
    has_places: bool,
}

impl FromRow for Creation {
    fn from_row(row: &Row) -> Result<Self, Fault> {
        let is_made = read::<Option<ChatroomId>>(row, "id")?.is_some();
        Ok(Self {
            room: is_made.then(|| Chatroom::from_row(row)).transpose()?,
            has_account: read(row, "has_account")?,
            has_places: read(row, "has_places")?,
        })
    }
}

/// Makes a room. The account's row is locked, so this waits for a deletion that is running.
pub async fn create(
    db: &Db,
    user: UserId,
    title: &Title,
    system_prompt: Option<&SystemPrompt>,
    bounds: Bounds,
    now: Timestamp,
) -> Result<Create, Fault> {
    // The snapshot may be older than the lock of `counters`. The rooms that were made meanwhile are counted as well.
    const SQL: &str = formatcp!(
        "with owner as (
            select id from users where id = $2 for share
        ), seen as (
            select count(*) as rooms, coalesce((select rooms from counters where user_id = $2), 0) as known
            from chatrooms where user_id = $2
        ), admitted as (
            insert into counters as n (user_id, rooms) select id, 1 from owner, seen where seen.rooms < $6
            on conflict (user_id) do update set rooms = n.rooms + 1
                where (select rooms - known from seen) + n.rooms < $6
            returning user_id
        ), r as (
            insert into chatrooms (id, user_id, title, system_prompt, created_at, updated_at)
            select $1, user_id, $3, $4, $5, $5 from admitted returning *
        )
        select exists (select from owner) as has_account, seen.rooms < $6 as has_places, {columns}
        from seen left join r on true",
        columns = Chatroom::COLUMNS
    );
    let id = ChatroomId::generate();
    loop {
        let made: Creation = db.only(SQL, &[&id, &user, title, &system_prompt, &now, &bounds.rooms]).await?;
        match made {
            Creation { room: Some(room), .. } => return Ok(Create::Made(room)),
            Creation { has_account: false, .. } => return Ok(Create::NoAccount),
            Creation { has_places: false, .. } => return Ok(Create::TooManyRooms),
            // Other rooms were made or deleted meanwhile.
            Creation { .. } => {}
        }
    }
}

/// A place in the list: the last room of a page.
pub type Position = (Timestamp, ChatroomId);

/// A page of the user's rooms, the latest activity first.
pub async fn list(db: &Db, user: UserId, after: Option<Position>, limit: i64) -> Result<Page<Chatroom>, Fault> {
    const FIRST: &str = formatcp!(
        "select {} from chatrooms r where user_id = $1 order by updated_at desc, id desc limit $2",
        Chatroom::COLUMNS
    );
    const NEXT: &str = formatcp!(
        "select {} from chatrooms r where user_id = $1 and (updated_at, id) < ($3, $4)
        order by updated_at desc, id desc limit $2",
        Chatroom::COLUMNS
    );
    let rooms = match after {
        None => db.all(FIRST, &[&user, &(limit + 1)]).await?,
        Some((at, id)) => db.all(NEXT, &[&user, &(limit + 1), &at, &id]).await?,
    };
    Ok(Page::of(rooms, limit))
}

/// A room of the user.
pub async fn find(db: &Db, user: UserId, id: ChatroomId) -> Result<Option<Chatroom>, Fault> {
    const SQL: &str = formatcp!("select {} from chatrooms r where id = $1 and user_id = $2", Chatroom::COLUMNS);
    db.first(SQL, &[&id, &user]).await
}

/// The changes of a room: `None` keeps the value, `Some(None)` clears the prompt.
#[derive(Debug, Clone, Copy)]
pub struct Changes<'a> {
    /// The title.
    pub title: Option<&'a Title>,
    /// The prompt.
    pub system_prompt: Option<Option<&'a SystemPrompt>>,
}

/// Changes a room of the user.
pub async fn update(
    db: &Db,
    user: UserId,
    id: ChatroomId,
    changes: Changes<'_>,
    now: Timestamp,
) -> Result<Option<Chatroom>, Fault> {
    const SQL: &str = formatcp!(
        "update chatrooms r set title = coalesce($3, title),
            system_prompt = case when $4 then $5 else system_prompt end, updated_at = greatest(updated_at, $6)
        where id = $1 and user_id = $2 returning {}",
        Chatroom::COLUMNS
    );
    let Changes { title, system_prompt } = changes;
    db.first(SQL, &[&id, &user, &title, &system_prompt.is_some(), &system_prompt.flatten(), &now]).await
}

row! {
    struct Deletion {
        is_deleted: bool,
        replies: Vec<MessageId>,
    }
}

/// Deletes a room with its messages, calls off its unfinished replies, and returns them; `free` of a day are refunded if
/// the model was not asked. `None` if the user has no such room.
pub async fn delete(db: &Db, user: UserId, id: ChatroomId, free: FreeCancels) -> Result<Option<Vec<MessageId>>, Fault> {
    // A message that was accepted while this waited for the room is not in the statement's snapshot: then it runs
    // again.
    const SQL: &str = formatcp!(
        "with seen as (
            select last_seq from chatrooms where id = $2 and user_id = $3
        ), room as (
            delete from chatrooms where id = $2 and user_id = $3 and last_seq = (select last_seq from seen) returning id
        ), unfinished as (
            select id, user_id, charged_on, {UNBEGUN} as is_unbegun from messages
            where chatroom_id = $2 and {UNFINISHED} and exists (select from room) for update
        ), unbegun as (
            select user_id, charged_on from unfinished where is_unbegun
        ), {CALL_OFF}
        select exists (select from room) as is_deleted, array(select id from unfinished) as replies from seen"
    );
    while let Some(deletion) = db.first::<Deletion>(SQL, &[&free.0, &id, &user]).await? {
        if deletion.is_deleted {
            return Ok(Some(deletion.replies));
        }
    }
    Ok(None)
}
