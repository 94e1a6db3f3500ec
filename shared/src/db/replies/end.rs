//! How attempts and replies end. [`crate::db::allowances`] has the rule of what is refunded then.

use const_format::formatcp;

use crate::Fault;
use crate::db::allowances::{CALL_OFF, REFUND, UNBEGUN, is_unanswered};
use crate::db::attempts::END;
use crate::db::messages::{Message, UNFINISHED};
use crate::db::{Db, Parameters};
use crate::domain::{
    ChatroomId, FreeCancels, MessageId, ReplyError, ReplyState, ThoughtSignature, Timestamp, Usage, UserId,
};

/// How an attempt ends, and its reply with it, unless another attempt follows.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The final state of the reply.
    pub state: ReplyState,
    /// The text that was written.
    pub content: String,
    /// What the model thought, sealed by it.
    pub signature: Option<ThoughtSignature>,
    /// The model that wrote it.
    pub model: Option<String>,
    /// Why it stopped, in Google's words.
    pub finish_reason: Option<String>,
    /// What it took.
    pub usage: Usage,
    /// Why there is no answer.
    pub error: Option<ReplyError>,
    /// Whether the model answered, so that the attempt may have cost something.
    pub reached_model: bool,
}

impl Outcome {
    /// A failure.
    pub fn failed(error: ReplyError) -> Self {
        Self {
            state: ReplyState::Failed,
            content: String::new(),
            signature: None,
            model: None,
            finish_reason: None,
            usage: Usage::default(),
            error: Some(error),
            reached_model: !ReplyError::UNANSWERED.contains(&error),
        }
    }

    /// The word that tells the outcome of the attempt: its error, or the reply's state.
    pub fn word(&self) -> &'static str {
        self.error.map_or(self.state.as_str(), ReplyError::as_str)
    }
}

/// Ends a reply, if `attempt` is still the latest and the reply has not ended, and refunds the message if it has no
/// answer. `false` if a newer attempt began or the reply had ended: then only the attempt's own row changed.
pub async fn finish(db: &Db, reply: MessageId, attempt: i32, end: &Outcome, now: Timestamp) -> Result<bool, Fault> {
    const SQL: &str = formatcp!(
        "with was as (
            select id, user_id, charged_on, reached_model from messages
            where id = $1 and attempt = $2 and {UNFINISHED} for update
        ), unanswered as (
            select user_id, charged_on, reached_model or $16 as reached_model from was where $15
        ), {REFUND}, ended as (
            update messages m set state = $11, content = $12, model = $5, finish_reason = $13, prompt_tokens = $6,
                reply_tokens = $7, error = $14, completed_at = $3, lease_until = null, retry_at = null,
                charged_on = case when exists (select from refunded) then null else m.charged_on end,
                thought_signature = $17
            from was where m.id = was.id
            returning m.id
        ), {END}
        select from ended"
    );
    let Usage { prompt, reply: written, thought, cached, tool } = end.usage;
    let signature = end.signature.as_ref().map(serde_json::to_value).transpose();
    let signature = signature.map_err(|_| Fault::Bug("a signature cannot be written"))?;
    let parameters: Parameters<'_> = &[
        &reply,
        &attempt,
        &now,
        &end.word(),
        &end.model,
        &prompt,
        &written,
        &thought,
        &cached,
        &tool,
        &end.state,
        &end.content,
        &end.finish_reason,
        &end.error,
        &is_unanswered(end.state, &end.content),
        &end.reached_model,
        &signature,
    ];
    db.any(SQL, parameters).await
}

/// Ends an attempt that failed with `end`, and postpones its reply until `retry_at`, if the attempt is still the latest
/// and running. `false` if it is not: then only the attempt's own row changed.
pub async fn postpone(
    db: &Db,
    reply: MessageId,
    attempt: i32,
    end: &Outcome,
    retry_at: Timestamp,
    now: Timestamp,
) -> Result<bool, Fault> {
    const SQL: &str = formatcp!(
        "with postponed as (
            update messages set state = 'pending', lease_until = null, retry_at = $11,
                reached_model = reached_model or $12
            where id = $1 and attempt = $2 and state = 'generating' returning id
        ), {END}
        select from postponed"
    );
    let Usage { prompt, reply: written, thought, cached, tool } = end.usage;
    let parameters: Parameters<'_> = &[
        &reply,
        &attempt,
        &now,
        &end.word(),
        &end.model,
        &prompt,
        &written,
        &thought,
        &cached,
        &tool,
        &retry_at,
        &end.reached_model,
    ];
    db.any(SQL, parameters).await
}

/// Leases a running attempt until `until`, if it is still the latest. `false` if it is not, or the reply has ended.
pub async fn renew(db: &Db, reply: MessageId, attempt: i32, until: Timestamp) -> Result<bool, Fault> {
    let sql = "update messages set lease_until = $3 where id = $1 and attempt = $2 and state = 'generating'";
    Ok(db.execute(sql, &[&reply, &attempt, &until]).await? == 1)
}

/// Stores the text that was written before the reply was cancelled. A reply that was refunded gets none.
pub async fn keep_partial(db: &Db, reply: MessageId, attempt: i32, end: &Outcome) -> Result<bool, Fault> {
    let sql = "update messages set content = $3, model = $4, prompt_tokens = $5, reply_tokens = $6
        where id = $1 and attempt = $2 and state = 'cancelled' and content = '' and charged_on is not null";
    let parameters: Parameters<'_> = &[&reply, &attempt, &end.content, &end.model, &end.usage.prompt, &end.usage.reply];
    Ok(db.execute(sql, parameters).await? == 1)
}

/// The result of cancelling a reply.
#[derive(Debug)]
pub enum Cancel {
    /// It is cancelled.
    Cancelled(Box<Message>),
    /// It had ended before.
    AlreadyFinal(Box<Message>),
    /// The user has no such message, or no reply to it.
    NoSuchReply,
}

/// Cancels an unfinished reply of the user. `id` is the reply's own or that of the message it answers, which has one
/// unfinished reply at most. A reply that the model was not asked for is refunded, if it is one of the `free` ones.
pub async fn cancel(
    db: &Db,
    user: UserId,
    room: ChatroomId,
    id: MessageId,
    free: FreeCancels,
    now: Timestamp,
) -> Result<Cancel, Fault> {
    const SQL: &str = formatcp!(
        "with was as (
            select id, user_id, charged_on, {UNBEGUN} as is_unbegun from messages
            where (id = $2 or in_reply_to = $2) and chatroom_id = $3 and user_id = $4 and {UNFINISHED} for update
        ), unbegun as (
            select user_id, charged_on from was where is_unbegun
        ), {CALL_OFF}, ended as (
            update messages m set state = 'cancelled', completed_at = $5, lease_until = null, retry_at = null,
                charged_on = case when exists (select from called_off where is_free) then null else m.charged_on end
            from was where m.id = was.id returning m.*
        )
        select {columns} from ended m",
        columns = Message::COLUMNS
    );
    loop {
        if let Some(message) = db.first(SQL, &[&free.0, &id, &room, &user, &now]).await? {
            return Ok(Cancel::Cancelled(Box::new(message)));
        }
        match latest(db, user, room, id).await? {
            // Between the two statements it was added, to a message whose earlier reply had ended.
            Some(reply) if !reply.state.is_final() => {}
            Some(reply) => return Ok(Cancel::AlreadyFinal(Box::new(reply))),
            None => return Ok(Cancel::NoSuchReply),
        }
    }
}

/// The reply `id`, or the latest reply to the message `id`. A reply comes after its message, so only the turns from there
/// on are read, and none if there is no such turn.
async fn latest(db: &Db, user: UserId, room: ChatroomId, id: MessageId) -> Result<Option<Message>, Fault> {
    const SQL: &str = formatcp!(
        "select {columns} from messages m
        where m.chatroom_id = $2 and m.user_id = $3 and m.in_reply_to is not null and (m.id = $1 or m.in_reply_to = $1)
            and m.seq >= (select seq from messages where id = $1 and chatroom_id = $2)
        order by m.seq desc limit 1",
        columns = Message::COLUMNS
    );
    db.first(SQL, &[&id, &room, &user]).await
}
