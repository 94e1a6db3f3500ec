//! How attempts and replies end. [`crate::db::allowances`] has the rule of what is refunded then.

use const_format::formatcp;

use crate::Fault;
use crate::db::allowances::{REFUND, is_unanswered};
use crate::db::attempts::END;
use crate::db::messages::{NOT_ENDED, RUNNING};
use crate::db::{Db, Parameters};
use crate::domain::{MessageId, ReplyError, ReplyState, ThoughtSignature, Timestamp, Usage};

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
            where id = $1 and attempt = $2 and {NOT_ENDED} for update
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
            where id = $1 and attempt = $2 and {RUNNING} returning id
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
    const SQL: &str = formatcp!("update messages set lease_until = $3 where id = $1 and attempt = $2 and {RUNNING}");
    Ok(db.execute(SQL, &[&reply, &attempt, &until]).await? == 1)
}
