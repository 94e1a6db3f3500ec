//! How attempts and replies end. What brought no answer is given back, once.

use crate::Fault;
use crate::db::{Db, Parameters, messages};
use crate::domain::{ChatroomId, MessageId, ReplyState, Timestamp, UserId};

/// How a reply ends.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// A final state.
    pub state: ReplyState,
    /// What was written.
    pub content: String,
    /// The model that wrote it.
    pub model: Option<String>,
    /// Why it stopped, in Google's words.
    pub finish_reason: Option<String>,
    /// Tokens read.
    pub prompt_tokens: Option<i32>,
    /// Tokens written.
    pub reply_tokens: Option<i32>,
    /// Why there is no answer: a stable code.
    pub error: Option<&'static str>,
}

impl Outcome {
    /// A failure named by a stable `code`.
    pub fn failed(code: &'static str) -> Self {
        Self {
            state: ReplyState::Failed,
            content: String::new(),
            model: None,
            finish_reason: None,
            prompt_tokens: None,
            reply_tokens: None,
            error: Some(code),
        }
    }

    /// Whether the user got no answer and is given the message back.
    fn is_given_back(&self) -> bool {
        matches!(self.state, ReplyState::Failed | ReplyState::Blocked)
    }
}

/// Ends a reply, if `attempt` is still the latest and nobody ended it before, and gives back what it was charged if it
/// brought no answer. `false`: this attempt was overtaken and nothing changed.
pub async fn finish(db: &Db, reply: MessageId, attempt: i32, end: &Outcome, now: Timestamp) -> Result<bool, Fault> {
    let sql = "with was as (
            select id, user_id, charged_on from messages
            where id = $1 and attempt = $2 and state in ('pending', 'generating') for update
        ), ended as (
            update messages m set state = $3, content = $4, model = $5, finish_reason = $6, prompt_tokens = $7,
                reply_tokens = $8, error = $9, completed_at = $10, lease_until = null, retry_at = null,
                charged_on = case when $11 then null else m.charged_on end
            from was where m.id = was.id
            returning m.id
        ), given_back as (
            update allowances a set used = a.used - 1 from was
            where $11 and a.user_id = was.user_id and a.day = was.charged_on and a.used > 0
        )
        select from ended";
    let parameters: Parameters<'_> = &[
        &reply.0,
        &attempt,
        &end.state.as_str(),
        &end.content,
        &end.model,
        &end.finish_reason,
        &end.prompt_tokens,
        &end.reply_tokens,
        &end.error,
        &now,
        &end.is_given_back(),
    ];
    Ok(db.row(sql, parameters).await?.is_some())
}

/// Puts a reply back to wait until `retry_at`, if `attempt` is still the latest. `false`: it was overtaken.
pub async fn postpone(db: &Db, reply: MessageId, attempt: i32, retry_at: Timestamp) -> Result<bool, Fault> {
    let sql = "update messages set state = 'pending', lease_until = null, retry_at = $3
        where id = $1 and attempt = $2 and state = 'generating'";
    Ok(db.execute(sql, &[&reply.0, &attempt, &retry_at]).await? == 1)
}

/// Keeps what a reply had written when it was cancelled.
pub async fn keep_partial(db: &Db, reply: MessageId, attempt: i32, end: &Outcome) -> Result<bool, Fault> {
    let sql = "update messages set content = $3, model = $4, prompt_tokens = $5, reply_tokens = $6
        where id = $1 and attempt = $2 and state = 'cancelled' and content = ''";
    let parameters: Parameters<'_> =
        &[&reply.0, &attempt, &end.content, &end.model, &end.prompt_tokens, &end.reply_tokens];
    Ok(db.execute(sql, parameters).await? == 1)
}

/// What became of a reply that was to be cancelled.
#[derive(Debug)]
pub enum Cancel {
    /// It is cancelled; given back if no attempt was under way.
    Cancelled(Box<messages::Message>),
    /// It had ended before, this way or another.
    AlreadyFinal(Box<messages::Message>),
    /// The user has no such reply.
    NoSuchReply,
}

/// Calls off an unfinished reply of the user. One that had not begun costs nothing.
pub async fn cancel(db: &Db, user: UserId, room: ChatroomId, id: MessageId, now: Timestamp) -> Result<Cancel, Fault> {
    let sql = format!(
        "with was as (
            select id, charged_on, state = 'pending' as free from messages
            where id = $1 and chatroom_id = $2 and user_id = $3 and state in ('pending', 'generating') for update
        ), ended as (
            update messages m set state = 'cancelled', completed_at = $4, lease_until = null, retry_at = null,
                charged_on = case when was.free then null else m.charged_on end
            from was where m.id = was.id returning m.*
        ), given_back as (
            update allowances a set used = a.used - 1 from was
            where was.free and a.user_id = $3 and a.day = was.charged_on and a.used > 0
        )
        select {} from ended m",
        messages::COLUMNS
    );
    if let Some(row) = db.row(&sql, &[&id.0, &room.0, &user.0, &now]).await? {
        return Ok(Cancel::Cancelled(Box::new(messages::message(&row)?)));
    }
    Ok(match messages::find(db, user, room, id).await? {
        Some(message) if message.in_reply_to.is_some() => Cancel::AlreadyFinal(Box::new(message)),
        _ => Cancel::NoSuchReply,
    })
}
