//! Leasing a reply, with the conversation that it needs.

use std::time::Duration;

use const_format::formatcp;
use serde::Deserialize;
use tokio_postgres::Row;

use crate::Fault;
use crate::db::attempts::{BEGIN, OVERLOADS};
use crate::db::messages::UNFINISHED;
use crate::db::row::{FromRow, read};
use crate::db::{Db, Parameters};
use crate::domain::{ChatroomId, MessageId, Role, ThoughtSignature, Tier, Timestamp, UserId};

/// A reply fails after this many attempts, unless one that was postponed is due.
pub const MOST_ATTEMPTS: i32 = 5;
/// The most turns that are sent with a question.
const CONTEXT_TURNS: i64 = 40;
/// The most characters of those turns, about 15,000 tokens.
const CONTEXT_CHARACTERS: i64 = 60_000;
/// The most bytes of thought signatures that are sent with those turns: about half as much as their texts may have. The
/// newest ones are sent.
const CONTEXT_SIGNATURES: i64 = 128 * 1024;

/// A turn of the context, as stored.
#[derive(Debug, Clone, Deserialize)]
pub struct Turn {
    /// The message.
    pub id: MessageId,
    /// Who wrote it.
    pub role: Role,
    /// The text.
    pub content: String,
    /// The message that a reply answers. If a message has several replies, the last stored one counts.
    pub in_reply_to: Option<MessageId>,
    /// What the model thought when it wrote this.
    pub signature: Option<ThoughtSignature>,
}

/// An attempt at a reply, leased to the worker that claimed it.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// The reply.
    pub reply: MessageId,
    /// Its room.
    pub room: ChatroomId,
    /// Its owner.
    pub user: UserId,
    /// Which attempt this is, from 1: the fence of every later write.
    pub number: i32,
    /// How many attempts before it found the model overloaded.
    pub overloads: i64,
    /// The queue it waits in.
    pub tier: Tier,
    /// When its message was accepted.
    pub accepted_at: Timestamp,
    /// The instructions that the model gets first.
    pub system_prompt: Option<String>,
    /// The conversation up to and including the message to answer, in the order of its storage.
    pub turns: Vec<Turn>,
}

/// The work in a room.
#[derive(Debug)]
pub enum Claim {
    /// The room's first unfinished reply, leased.
    Claimed(Box<Attempt>),
    /// Its first unfinished reply must wait: for another worker's lease to end or for its next attempt to be due.
    Wait(Timestamp),
    /// Its first unfinished reply has had all its attempts.
    Exhausted {
        /// The reply.
        reply: MessageId,
        /// Its last attempt.
        attempt: i32,
        /// The queue it waits in.
        tier: Tier,
        /// When its message was accepted.
        accepted_at: Timestamp,
    },
    /// There is no work.
    Idle,
}

/// `head` is the room's first unfinished reply when its lock is granted. If another reply was first in the statement's
/// snapshot, its answer is not in the snapshot: then `is_stale` is true and nothing is leased. Of an attempt that is
/// taken over nobody knows how far it came: it counts as answered.
const CLAIM: &str = formatcp!(
    "with seen as (
        select id from messages where chatroom_id = $1 and {UNFINISHED} order by seq limit 1
    ), head as materialized (
        select id, seq, attempt, user_id, tier, created_at, in_reply_to, greatest(lease_until, retry_at) as busy_until
        from messages where chatroom_id = $1 and {UNFINISHED}
        order by seq limit 1 for update
    ), claimed as (
        update messages m set state = 'generating', attempt = m.attempt + 1, lease_until = $3, retry_at = null,
            reached_model = m.reached_model or m.state = 'generating'
        from head join seen on seen.id = head.id
        where m.id = head.id and (m.attempt < $4 or m.retry_at is not null) and (head.busy_until is null or head.busy_until <= $2)
        returning m.id, m.attempt
    ), {BEGIN}, turns as (
        select t.*, sum(length(t.content)) over newer as characters,
            sum(length(t.thought_signature->>'sealed')) over newer as sealed
        from (
            select h.id, h.seq, h.role, h.content, h.in_reply_to, h.thought_signature from messages h
            where h.chatroom_id = $1
                and h.seq <= (select q.seq from messages q join head on q.id = head.in_reply_to)
                and (h.role = 'user' or h.state in ('completed', 'truncated') and h.content <> '')
            order by h.seq desc limit $5
        ) t window newer as (order by t.seq desc)
    )
    select head.id, head.user_id, head.tier, head.created_at, head.attempt, head.busy_until, claimed.attempt as claimed,
        {OVERLOADS} as overloads,
        (select system_prompt from chatrooms where id = $1) as system_prompt,
        (select json_agg(json_build_object('id', id, 'role', role, 'content', content, 'in_reply_to', in_reply_to,
            'signature', case when sealed <= $7 then thought_signature end) order by seq) from turns
         where characters <= $6 or id = head.in_reply_to) as turns,
        head.id is distinct from (select id from seen) as is_stale
    from head left join claimed on true"
);

/// The room's first unfinished reply, and whether it was leased.
struct Head {
    id: MessageId,
    user: UserId,
    tier: Tier,
    created_at: Timestamp,
    /// Attempts before this one.
    attempt: i32,
    busy_until: Option<Timestamp>,
    /// The attempt that was leased; `None` if nothing was.
    claimed: Option<i32>,
    overloads: i64,
    system_prompt: Option<String>,
    turns: Vec<Turn>,
    is_stale: bool,
}

impl FromRow for Head {
    fn from_row(row: &Row) -> Result<Self, Fault> {
        let turns: Option<serde_json::Value> = read(row, "turns")?;
        let turns = turns.map(serde_json::from_value).transpose();
        Ok(Self {
            id: read(row, "id")?,
            user: read(row, "user_id")?,
            tier: read(row, "tier")?,
            created_at: read(row, "created_at")?,
            attempt: read(row, "attempt")?,
            busy_until: read(row, "busy_until")?,
            claimed: read(row, "claimed")?,
            overloads: read(row, "overloads")?,
            system_prompt: read(row, "system_prompt")?,
            turns: turns.map_err(|_| Fault::Bug("a stored turn cannot be read"))?.unwrap_or_default(),
            is_stale: read(row, "is_stale")?,
        })
    }
}

/// Leases the first unfinished reply of a room for `lease`, with the context that it needs. This takes one round trip,
/// and another one if the reply before it ended while this statement waited.
pub async fn claim(db: &Db, room: ChatroomId, lease: Duration, now: Timestamp) -> Result<Claim, Fault> {
    let parameters: Parameters<'_> =
        &[&room, &now, &(now + lease), &MOST_ATTEMPTS, &CONTEXT_TURNS, &CONTEXT_CHARACTERS, &CONTEXT_SIGNATURES];
    let head = loop {
        match db.first::<Head>(CLAIM, parameters).await? {
            Some(head) if head.is_stale => {}
            Some(head) => break head,
            None => return Ok(Claim::Idle),
        }
    };
    let Head { id: reply, user, tier, created_at: accepted_at, attempt, overloads, system_prompt, turns, .. } = head;
    Ok(match (head.claimed, head.busy_until) {
        (Some(number), _) => {
            let attempt = Attempt { reply, room, user, number, overloads, tier, accepted_at, system_prompt, turns };
            Claim::Claimed(Box::new(attempt))
        }
        (None, Some(until)) if until > now => Claim::Wait(until),
        (None, _) => Claim::Exhausted { reply, attempt, tier, accepted_at },
    })
}
