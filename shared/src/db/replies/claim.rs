//! Leasing a reply, with the conversation it needs.

use std::time::Duration;

use serde::Deserialize;
use uuid::Uuid;

use crate::Fault;
use crate::db::{Db, Parameters};
use crate::domain::{ChatroomId, MessageId, Tier, Timestamp, UserId};

/// After so many attempts a reply has failed.
pub const MOST_ATTEMPTS: i32 = 5;
/// So many turns before the question go with it…
const CONTEXT_TURNS: i64 = 40;
/// …as long as they have no more characters than this, about 15,000 tokens.
const CONTEXT_CHARACTERS: i64 = 60_000;

/// A turn of the context, as stored.
#[derive(Debug, Clone, Deserialize)]
pub struct Turn {
    /// The message.
    pub id: Uuid,
    /// `user` or `assistant`.
    pub role: String,
    /// The text.
    pub content: String,
    /// Of a reply: what it answers. Of several replies to a message the last stored one counts.
    pub in_reply_to: Option<Uuid>,
}

/// An attempt at a reply, leased to whoever claimed it.
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
    /// The queue it waits in.
    pub tier: Tier,
    /// What the model is told first.
    pub system_prompt: Option<String>,
    /// The conversation up to and with the message to be answered, in the order it was stored.
    pub turns: Vec<Turn>,
}

/// What there is to do in a room.
#[derive(Debug)]
pub enum Claim {
    /// The room's first unfinished reply, leased.
    Claimed(Box<Attempt>),
    /// Its first unfinished reply must wait: for another worker's lease to end or for its next attempt to be due.
    Wait(Timestamp),
    /// Its first unfinished reply has had all its attempts.
    Exhausted(MessageId, i32),
    /// Nothing.
    Idle,
}

/// Leases the first unfinished reply of a room for `lease`, with the context it needs: one round trip, or another if
/// the reply before it ended while this one waited, since its answer is not in the statement's snapshot.
pub async fn claim(db: &Db, room: ChatroomId, lease: Duration, now: Timestamp) -> Result<Claim, Fault> {
    let sql = "with seen as (
            select id from messages where chatroom_id = $1 and state in ('pending', 'generating') order by seq limit 1
        ), head as materialized (
            select id, seq, attempt, user_id, tier, in_reply_to, greatest(lease_until, retry_at) as busy_until
            from messages where chatroom_id = $1 and state in ('pending', 'generating')
            order by seq limit 1 for update
        ), claimed as (
            update messages m set state = 'generating', attempt = m.attempt + 1, lease_until = $3, retry_at = null
            from head join seen on seen.id = head.id where m.id = head.id and m.attempt < $4 and (head.busy_until is null or head.busy_until <= $2)
            returning m.attempt
        ), turns as (
            select t.*, sum(length(t.content)) over (order by t.seq desc) as characters from (
                select h.id, h.seq, h.role, h.content, h.in_reply_to from messages h
                where h.chatroom_id = $1
                    and h.seq <= (select q.seq from messages q join head on q.id = head.in_reply_to)
                    and (h.role = 'user' or h.state in ('completed', 'truncated') and h.content <> '')
                order by h.seq desc limit $5
            ) t
        )
        select head.id, head.user_id, head.tier, head.attempt, head.busy_until, claimed.attempt as claimed,
            (select system_prompt from chatrooms where id = $1) as system_prompt,
            (select json_agg(json_build_object('id', id, 'role', role, 'content', content, 'in_reply_to', in_reply_to)
                order by seq) from turns
             where characters <= $6 or id = head.in_reply_to) as turns,
            head.id <> (select id from seen) as is_stale
        from head left join claimed on true";
    let parameters: Parameters<'_> =
        &[&room.0, &now, &(now + lease), &MOST_ATTEMPTS, &CONTEXT_TURNS, &CONTEXT_CHARACTERS];
    let row = loop {
        match db.row(sql, parameters).await? {
            None => return Ok(Claim::Idle),
            Some(row) if !row.get::<_, bool>("is_stale") => break row,
            Some(_) => {}
        }
    };
    let reply = MessageId(row.get("id"));
    let Some(number) = row.get::<_, Option<i32>>("claimed") else {
        return Ok(match row.get::<_, Option<Timestamp>>("busy_until") {
            Some(until) if until > now => Claim::Wait(until),
            _ => Claim::Exhausted(reply, row.get("attempt")),
        });
    };
    let turns = row.get::<_, Option<serde_json::Value>>("turns").unwrap_or_default();
    Ok(Claim::Claimed(Box::new(Attempt {
        reply,
        room,
        user: UserId(row.get("user_id")),
        number,
        tier: Tier::of(row.get::<_, &str>("tier") == Tier::Pro.as_str()),
        system_prompt: row.get("system_prompt"),
        turns: serde_json::from_value(turns).map_err(|_| Fault::Bug("a stored turn cannot be read"))?,
    })))
}
