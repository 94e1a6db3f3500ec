//! `chatrooms`: listed by their latest activity.

use tokio_postgres::Row;
use uuid::Uuid;

use super::{Db, page};
use crate::Fault;
use crate::domain::{ChatroomId, MessageId, SystemPrompt, Timestamp, Title, UserId};

/// A chatroom.
#[derive(Debug, Clone)]
pub struct Chatroom {
    /// Its id.
    pub id: ChatroomId,
    /// What it is called.
    pub title: String,
    /// What the model is told before the conversation.
    pub system_prompt: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Its latest activity.
    pub updated_at: Timestamp,
}

const COLUMNS: &str = "id, title, system_prompt, created_at, updated_at";

fn chatroom(row: &Row) -> Chatroom {
    Chatroom {
        id: ChatroomId(row.get("id")),
        title: row.get("title"),
        system_prompt: row.get("system_prompt"),
        created_at: row.get("created_at"),
        updated_at: row.get("updated_at"),
    }
}

/// Makes a room. `None` if the account is gone.
pub async fn create(
    db: &Db,
    user: UserId,
    title: &Title,
    system_prompt: Option<&SystemPrompt>,
    now: Timestamp,
) -> Result<Option<Chatroom>, Fault> {
    let sql = format!(
        "insert into chatrooms (id, user_id, title, system_prompt, created_at, updated_at)
        select $1, u.id, $3, $4, $5, $5 from users u where u.id = $2 returning {COLUMNS}"
    );
    let prompt = system_prompt.map(SystemPrompt::as_str);
    let row = db.row(&sql, &[&ChatroomId::generate().0, &user.0, &title.as_str(), &prompt, &now]).await?;
    Ok(row.as_ref().map(chatroom))
}

/// A place in the list: the room that a page ended with.
pub type Position = (Timestamp, ChatroomId);

/// A page of the user's rooms, the latest activity first, and whether another follows.
pub async fn list(db: &Db, user: UserId, after: Option<Position>, limit: i64) -> Result<(Vec<Chatroom>, bool), Fault> {
    let rows = match after {
        None => {
            let sql = format!(
                "select {COLUMNS} from chatrooms where user_id = $1 order by updated_at desc, id desc limit $2"
            );
            db.rows(&sql, &[&user.0, &(limit + 1)]).await?
        }
        Some((at, id)) => {
            let sql = format!(
                "select {COLUMNS} from chatrooms where user_id = $1 and (updated_at, id) < ($3, $4)
                order by updated_at desc, id desc limit $2"
            );
            db.rows(&sql, &[&user.0, &(limit + 1), &at, &id.0]).await?
        }
    };
    Ok(page(rows.iter().map(chatroom).collect(), limit))
}

/// A room of the user.
pub async fn find(db: &Db, user: UserId, id: ChatroomId) -> Result<Option<Chatroom>, Fault> {
    let sql = format!("select {COLUMNS} from chatrooms where id = $1 and user_id = $2");
    Ok(db.row(&sql, &[&id.0, &user.0]).await?.as_ref().map(chatroom))
}

/// Changes what is given of a room (`None` keeps, `Some(None)` clears the prompt).
pub async fn update(
    db: &Db,
    user: UserId,
    id: ChatroomId,
    title: Option<&Title>,
    system_prompt: Option<Option<&SystemPrompt>>,
    now: Timestamp,
) -> Result<Option<Chatroom>, Fault> {
    let sql = format!(
        "update chatrooms set title = coalesce($3, title),
            system_prompt = case when $4 then $5 else system_prompt end, updated_at = greatest(updated_at, $6)
        where id = $1 and user_id = $2 returning {COLUMNS}"
    );
    let prompt = system_prompt.flatten().map(SystemPrompt::as_str);
    let title = title.map(Title::as_str);
    let row = db.row(&sql, &[&id.0, &user.0, &title, &system_prompt.is_some(), &prompt, &now]).await?;
    Ok(row.as_ref().map(chatroom))
}

/// Deletes a room with its messages, gives back what unanswered messages were charged, and answers the replies that
/// were under way. `None` if the user has no such room.
pub async fn delete(db: &Db, user: UserId, id: ChatroomId) -> Result<Option<Vec<MessageId>>, Fault> {
    // A message that was accepted while this waited for the room is not in the statement's snapshot: then once more.
    let sql = "with seen as (
            select last_seq from chatrooms where id = $1 and user_id = $2
        ), room as (
            delete from chatrooms where id = $1 and user_id = $2 and last_seq = (select last_seq from seen) returning id
        ), unanswered as (
            select m.id, m.charged_on from messages m join room on room.id = m.chatroom_id
            where m.state in ('pending', 'generating') for update of m
        ), given_back as (
            update allowances a set used = greatest(a.used - owed.count, 0)
            from (select charged_on as day, count(*)::int as count from unanswered
                  where charged_on is not null group by charged_on) owed
            where a.user_id = $2 and a.day = owed.day
        )
        select exists (select from room) as deleted, array(select id from unanswered) as replies from seen";
    while let Some(row) = db.row(sql, &[&id.0, &user.0]).await? {
        if row.get("deleted") {
            return Ok(Some(row.get::<_, Vec<Uuid>>("replies").into_iter().map(MessageId).collect()));
        }
    }
    Ok(None)
}
