//! Where messages are accepted: stored and charged by one statement, then queued for the worker.

use std::time::Duration;

use super::{AcceptedView, IdempotencyKey, MessageSender, StreamDoor};
use crate::config::{ConfigError, Env};
use crate::db::Db;
use crate::db::messages::{self, Accept, Accepted, NewMessage};
use crate::domain::{Bounds, ChatroomId, Clock, Content, Limits};
use crate::http::{Error, OwnAddress, ProblemCode, Result};
use crate::queue::{ReplyJob, ReplyQueues};

const KEY_REUSED: Error = Error::RefusedField(
    ProblemCode::IdempotencyKeyReused,
    "This Idempotency-Key belongs to another message.",
    "/content",
);

/// The refusal of another reply while too many of the user's are unfinished. One ends within seconds, most often.
pub const TOO_MANY_UNFINISHED: Error = Error::RateLimited(
    ProblemCode::TooManyUnfinished,
    "Too many replies are unfinished. Wait for one, or cancel one.",
    Duration::from_secs(5),
);

/// What accepts messages. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Desk {
    db: Db,
    queues: ReplyQueues,
    door: StreamDoor,
    limits: Limits,
    bounds: Bounds,
    clock: Clock,
}

impl Desk {
    /// Reads the limits and the queues' addresses.
    pub fn from_env(env: &Env, db: Db, door: StreamDoor, clock: Clock) -> std::result::Result<Self, ConfigError> {
        Ok(Self {
            db,
            queues: ReplyQueues::from_env(env)?,
            door,
            limits: Limits::from_env(env)?,
            bounds: Bounds::from_env(env)?,
            clock,
        })
    }

    /// The same for requests that reached the streaming door at `address`.
    #[must_use]
    pub fn reached_at(self, address: OwnAddress) -> Self {
        Self { door: self.door.reached_at(address), ..self }
    }

    /// Accepts a message. A send that was accepted before under the same key is returned as it is now.
    pub async fn send(
        &self,
        sender: MessageSender,
        room: ChatroomId,
        IdempotencyKey { key, quoted }: &IdempotencyKey,
        content: &Content,
    ) -> Result<AcceptedView> {
        let (limits, bounds, now) = (self.limits, self.bounds, self.clock.now());
        let new = NewMessage { user: sender.0.user, room, content, key: key.as_deref(), limits, bounds, now };
        let before = match quoted.as_deref() {
            Some(quoted) => messages::earlier(&self.db, &NewMessage { key: Some(quoted), ..new }).await?,
            None => None,
        };
        let accept = match before {
            Some(accept) => accept,
            None => messages::accept(&self.db, &new).await?,
        };
        match accept {
            Accept::Stored(accepted) | Accept::Repeated(accepted) => Ok(self.hand_on(sender, room, *accepted).await),
            Accept::KeyReused => Err(KEY_REUSED),
            Accept::NoSuchRoom => Err(Error::not_found("chatroom")),
            Accept::AllowanceSpent(tier, allowance) => Err(Error::AllowanceSpent(tier, allowance, now)),
            Accept::TooManyUnfinished => Err(TOO_MANY_UNFINISHED),
        }
    }

    /// Queues a reply that is stored. If the queue fails, nothing is lost: the row is pending, and `maintenance` sends
    /// it.
    pub async fn hand_on(
        &self,
        MessageSender(caller): MessageSender,
        room: ChatroomId,
        accepted: Accepted,
    ) -> AcceptedView {
        let Accepted { message, reply, tier, allowance } = accepted;
        if !reply.state.is_final() {
            let job = ReplyJob { chatroom_id: room, reply_id: reply.id };
            if let Err(error) = self.queues.send(tier, job).await {
                tracing::warn!(%error, reply = %job.reply_id, "a reply is left to maintenance");
            }
        }
        let now = self.clock.now();
        let (events_url, _) = self.door.events_url(caller, room, reply.id, now);
        AcceptedView::new(room, (message.into(), reply.into()), allowance, events_url, now)
    }
}
