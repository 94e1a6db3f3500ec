//! Accepting a message: one statement.

use const_format::formatcp;

use super::Message;
use super::earlier::earlier;
use crate::Fault;
use crate::db::allowances::{CHARGE, FOUND};
use crate::db::row::row;
use crate::db::{Db, violates};
use crate::domain::{
    Allowance, Bounds, ChatroomId, Content, Limits, MessageId, ReplyState, Role, Tier, Timestamp, UserId,
};

/// A new message.
#[derive(Debug, Clone, Copy)]
pub struct NewMessage<'a> {
    /// The sender.
    pub user: UserId,
    /// The room.
    pub room: ChatroomId,
    /// The text.
    pub content: &'a Content,
    /// The idempotency key, if the client gave one. Sends with the same key are one send.
    pub key: Option<&'a str>,
    /// The daily limits.
    pub limits: Limits,
    /// How many replies may be unfinished.
    pub bounds: Bounds,
    /// The present moment; its UTC day is charged.
    pub now: Timestamp,
}

/// A message that was stored with its pending reply.
#[derive(Debug, Clone)]
pub struct Accepted {
    /// The user's message.
    pub message: Message,
    /// Its pending reply.
    pub reply: Message,
    /// The queue of the reply.
    pub tier: Tier,
    /// The day's allowance after it.
    pub allowance: Allowance,
}

/// The result of a send.
#[derive(Debug)]
pub enum Accept {
    /// It is stored and charged, and its reply is pending.
    Stored(Box<Accepted>),
    /// The same send was stored before; nothing was charged again.
    Repeated(Box<Accepted>),
    /// The idempotency key belongs to another send.
    KeyReused,
    /// The user has no such room.
    NoSuchRoom,
    /// The day's messages are spent.
    AllowanceSpent(Tier, Allowance),
    /// Too many of the user's replies are unfinished.
    TooManyUnfinished,
}

/// One statement: ownership, allowance, the message and its pending reply, all or nothing. The room's row is locked
/// first, so a room's turns have one order; then the user's counters and the allowance's row, as everywhere.
const ACCEPT: &str = formatcp!(
    "with chargeable as (
        select id from chatrooms where id = $8 and user_id = $1 for update
    ), {CHARGE}, placed as (
        update chatrooms c set last_seq = c.last_seq + 2, updated_at = greatest(c.updated_at, $2)
        from charged where c.id = $8 returning c.last_seq
    ), m as (
        insert into messages (id, chatroom_id, seq, user_id, role, content, state, created_at, completed_at, idempotency_key)
        select $9, $8, last_seq - 1, $1, 'user', $11, 'completed', $2, $2, $12 from placed
    ), r as (
        insert into messages (id, chatroom_id, seq, user_id, role, content, state, created_at, in_reply_to, tier, charged_on)
        select $10, $8, last_seq, $1, 'assistant', '', 'pending', $2, $9, plan.tier, $3 from placed, plan
    )
    select exists (select from chargeable) as has_room, plan.tier, plan.daily, {FOUND},
        (select last_seq from placed) as place,
        exists (select from messages where user_id = $1 and idempotency_key = $12) as was_sent
    from plan"
);

row! {
    struct Decision {
        has_room: bool,
        tier: Tier,
        daily: i32,
        used: i32,
        /// The reply's place; `None` if nothing was stored.
        place: Option<i64>,
        /// Whether the day's allowance had a message left in the statement's snapshot.
        has_messages: bool,
        /// Whether another reply could be unfinished in the snapshot.
        has_places: bool,
        /// Whether the idempotency key was in the snapshot.
        was_sent: bool,
    }
}

/// Accepts a message.
pub async fn accept(db: &Db, new: &NewMessage<'_>) -> Result<Accept, Fault> {
    loop {
        if let Some(accept) = decide(db, new).await? {
            return Ok(accept);
        }
    }
}

/// `None` if the rows changed meanwhile; then the caller must decide again.
async fn decide(db: &Db, new: &NewMessage<'_>) -> Result<Option<Accept>, Fault> {
    let NewMessage { user, room, content, key, limits, bounds, now } = *new;
    let (id, reply) = (MessageId::generate(), MessageId::generate());
    let day = now.day();
    let (few, many) = (bounds.unfinished_basic, bounds.unfinished_pro);
    let parameters: crate::db::Parameters<'_> =
        &[&user, &now, &day, &limits.basic, &limits.pro, &few, &many, &room, &id, &reply, content, &key];
    let decision: Decision = match db.first(ACCEPT, parameters).await {
        Ok(Some(decision)) => decision,
        Ok(None) => return Ok(Some(Accept::NoSuchRoom)),
        Err(fault) if violates(&fault, "messages_idempotency") => return earlier(db, new).await,
        Err(fault) => return Err(fault),
    };
    if !decision.has_room {
        return Ok(Some(Accept::NoSuchRoom));
    }
    let allowance = Allowance::new(decision.daily, decision.used, now);
    if let Some(place) = decision.place {
        let message = accepted(id, place - 1, content, now);
        let reply = message.pending_reply(reply, place, now);
        return Ok(Some(Accept::Stored(Box::new(Accepted { message, reply, tier: decision.tier, allowance }))));
    }
    // The snapshot is older than the locks that were waited for. If the snapshot allowed the send but the locked rows did
    // not, another one was faster, perhaps the same one: then this is decided again.
    match decision {
        Decision { was_sent: true, .. } => earlier(db, new).await,
        Decision { has_messages: false, .. } => Ok(Some(Accept::AllowanceSpent(decision.tier, allowance))),
        Decision { has_places: false, .. } => Ok(Some(Accept::TooManyUnfinished)),
        _ => Ok(None),
    }
}

/// A user's message that was accepted at `now`.
fn accepted(id: MessageId, seq: i64, content: &Content, now: Timestamp) -> Message {
    Message {
        id,
        seq,
        role: Role::User,
        content: content.as_str().to_owned(),
        state: ReplyState::Completed,
        in_reply_to: None,
        model: None,
        finish_reason: None,
        prompt_tokens: None,
        reply_tokens: None,
        error: None,
        charged_on: None,
        created_at: now,
        completed_at: Some(now),
    }
}
