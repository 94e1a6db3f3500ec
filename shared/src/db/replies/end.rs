//! How attempts and replies end. [`crate::db::allowances`] has the rule of what is refunded then.

use const_format::formatcp;

use crate::Fault;
use crate::db::allowances::{REFUND, REFUNDED_IF_CANCELLED, is_refunded};
use crate::db::messages::{self, Message, UNFINISHED};
use crate::db::{Db, Parameters};
use crate::domain::{ChatroomId, MessageId, ReplyError, ReplyState, Timestamp, UserId};

/// How a reply ends.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// A final state.
    pub state: ReplyState,
    /// The text that was written.
    pub content: String,
    /// The model that wrote it.
    pub model: Option<String>,
    /// Why it stopped, in Google's words.
    pub finish_reason: Option<String>,
    /// Tokens read.
    pub prompt_tokens: Option<i32>,
    /// Tokens written.
    pub reply_tokens: Option<i32>,
    /// Why there is no answer.
    pub error: Option<ReplyError>,
}

impl Outcome {
    /// A failure.
    pub fn failed(error: ReplyError) -> Self {
        Self {
            state: ReplyState::Failed,
            content: String::new(),
            model: None,
            finish_reason: None,
            prompt_tokens: None,
            reply_tokens: None,
            error: Some(error),
        }
    }
}

/// Ends a reply, if `attempt` is still the latest and the reply has not ended, and refunds the message if it has no
/// answer. `false` if a newer attempt began or the reply had ended: then nothing changed.
pub async fn finish(db: &Db, reply: MessageId, attempt: i32, end: &Outcome, now: Timestamp) -> Result<bool, Fault> {
    const SQL: &str = formatcp!(
        "with was as (
            select id, user_id, charged_on from messages
            where id = $1 and attempt = $2 and {UNFINISHED} for update
        ), ended as (
            update messages m set state = $3, content = $4, model = $5, finish_reason = $6, prompt_tokens = $7,
                reply_tokens = $8, error = $9, completed_at = $10, lease_until = null, retry_at = null,
                charged_on = case when $11 then null else m.charged_on end
            from was where m.id = was.id
            returning m.id
        ), refundable as (
            select user_id, charged_on from was where $11
        ), {REFUND}
        select from ended"
    );
    let parameters: Parameters<'_> = &[
        &reply,
        &attempt,
        &end.state,
        &end.content,
        &end.model,
        &end.finish_reason,
        &end.prompt_tokens,
        &end.reply_tokens,
        &end.error,
        &now,
        &is_refunded(end.state),
    ];
    db.any(SQL, parameters).await
}

/// Postpones a reply until `retry_at`, if `attempt` is still the latest and running. `false` if it is not.
pub async fn postpone(db: &Db, reply: MessageId, attempt: i32, retry_at: Timestamp) -> Result<bool, Fault> {
    let sql = "update messages set state = 'pending', lease_until = null, retry_at = $3
        where id = $1 and attempt = $2 and state = 'generating'";
    Ok(db.execute(sql, &[&reply, &attempt, &retry_at]).await? == 1)
}

/// Leases a running attempt until `until`, if it is still the latest. `false` if it is not, or the reply has ended.
pub async fn renew(db: &Db, reply: MessageId, attempt: i32, until: Timestamp) -> Result<bool, Fault> {
    let sql = "update messages set lease_until = $3 where id = $1 and attempt = $2 and state = 'generating'";
    Ok(db.execute(sql, &[&reply, &attempt, &until]).await? == 1)
}

/// Stores the text that was written before the reply was cancelled.
pub async fn keep_partial(db: &Db, reply: MessageId, attempt: i32, end: &Outcome) -> Result<bool, Fault> {
    let sql = "update messages set content = $3, model = $4, prompt_tokens = $5, reply_tokens = $6
        where id = $1 and attempt = $2 and state = 'cancelled' and content = ''";
    let parameters: Parameters<'_> =
        &[&reply, &attempt, &end.content, &end.model, &end.prompt_tokens, &end.reply_tokens];
    Ok(db.execute(sql, parameters).await? == 1)
}

/// The result of cancelling a reply.
#[derive(Debug)]
pub enum Cancel {
    /// It is cancelled.
    Cancelled(Box<Message>),
    /// It had ended before.
    AlreadyFinal(Box<Message>),
    /// The user has no such reply.
    NoSuchReply,
}

/// Cancels an unfinished reply of the user.
pub async fn cancel(db: &Db, user: UserId, room: ChatroomId, id: MessageId, now: Timestamp) -> Result<Cancel, Fault> {
    const SQL: &str = formatcp!(
        "with was as (
            select id, user_id, charged_on, {REFUNDED_IF_CANCELLED} as is_refunded from messages
            where id = $1 and chatroom_id = $2 and user_id = $3 and {UNFINISHED} for update
        ), ended as (
            update messages m set state = 'cancelled', completed_at = $4, lease_until = null, retry_at = null,
                charged_on = case when was.is_refunded then null else m.charged_on end
            from was where m.id = was.id returning m.*
        ), refundable as (
            select user_id, charged_on from was where is_refunded
        ), {REFUND}
        select {columns} from ended m",
        columns = Message::COLUMNS
    );
    if let Some(message) = db.first(SQL, &[&id, &room, &user, &now]).await? {
        return Ok(Cancel::Cancelled(Box::new(message)));
    }
    Ok(match messages::find(db, user, room, id).await? {
        Some(message) if message.in_reply_to.is_some() => Cancel::AlreadyFinal(Box::new(message)),
        _ => Cancel::NoSuchReply,
    })
}
