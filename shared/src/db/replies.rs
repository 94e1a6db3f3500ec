//! `messages` as work: the lease of a reply, its end, and what finds the lost ones.

use std::time::Duration;

use serde::Deserialize;
use uuid::Uuid;

use super::{Db, messages};
use crate::Fault;
use crate::domain::{Allowance, ChatroomId, Limits, MessageId, ReplyState, Role, Tier, Timestamp, UserId};

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
    let parameters: super::Parameters<'_> =
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
    let parameters: super::Parameters<'_> = &[
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
    let parameters: super::Parameters<'_> =
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

/// What became of a reply that was to be made anew.
#[derive(Debug)]
pub enum Regenerate {
    /// Another reply to the same message is pending and charged.
    Stored(Box<messages::Accepted>),
    /// A reply to that message is still under way.
    Unfinished,
    /// The user has no such message.
    NoSuchMessage,
    /// The day's messages are spent.
    AllowanceSpent(Tier, Allowance),
}

/// Adds another reply to the message `id`, or to the message that the reply `id` answers. Charged like a send.
pub async fn regenerate(
    db: &Db,
    user: UserId,
    room: ChatroomId,
    id: MessageId,
    limits: Limits,
    now: Timestamp,
) -> Result<Regenerate, Fault> {
    // Replies that were stored while this waited for the room are not in the statement's snapshot: then once more.
    let sql = format!(
        "with seen as (
            select last_seq from chatrooms where id = $1
        ), room as (
            select id, last_seq <> (select last_seq from seen) as is_stale from chatrooms
            where id = $1 and user_id = $2 for update
        ), asked as (
            select coalesce(m.in_reply_to, m.id) as id from messages m join room on m.chatroom_id = room.id where m.id = $3
        ), unfinished as (
            select from messages m join asked on m.in_reply_to = asked.id
            where m.chatroom_id = $1 and m.state in ('pending', 'generating')
        ), owner as (
            select coalesce(c.pro_until > $5, false) as pro from users u left join customers c on c.user_id = u.id
            where u.id = $2
        ), allowed as (
            select pro, case when pro then $7::int else $6::int end as daily from owner
        ), before as (
            select used from allowances where user_id = $2 and day = $8
        ), charged as (
            insert into allowances as a (user_id, day, used)
            select $2, $8, 1 from room, asked, allowed
            where not room.is_stale and allowed.daily > 0 and not exists (select from unfinished)
            on conflict (user_id, day) do update set used = a.used + 1 where a.used < (select daily from allowed)
            returning used
        ), placed as (
            update chatrooms c set last_seq = c.last_seq + 1, updated_at = greatest(c.updated_at, $5)
            from room, charged where c.id = room.id returning c.last_seq
        ), r as (
            insert into messages (id, chatroom_id, seq, user_id, role, content, state, created_at, in_reply_to, tier, charged_on)
            select $4, $1, last_seq, $2, 'assistant', '', 'pending', $5, asked.id, case when pro then 'pro' else 'basic' end, $8
            from placed, allowed, asked
        )
        select {}, (select is_stale from room) as is_stale, exists (select from unfinished) as unfinished,
            (select last_seq from placed) as place, allowed.pro, allowed.daily,
            coalesce((select used from charged), greatest((select used from before), allowed.daily)) as used
        from allowed left join messages m on m.id = (select id from asked)",
        messages::COLUMNS
    );
    let reply = MessageId::generate();
    let parameters: super::Parameters<'_> =
        &[&room.0, &user.0, &id.0, &reply.0, &now, &limits.basic, &limits.pro, &now.day()];
    let row = loop {
        match db.row(&sql, parameters).await? {
            None => return Ok(Regenerate::NoSuchMessage),
            Some(row) if row.get::<_, Option<bool>>("is_stale") != Some(true) => break row,
            Some(_) => {}
        }
    };
    if row.get::<_, Option<Uuid>>("id").is_none() {
        return Ok(Regenerate::NoSuchMessage);
    }
    if row.get("unfinished") {
        return Ok(Regenerate::Unfinished);
    }
    let tier = Tier::of(row.get("pro"));
    let allowance = Allowance::new(row.get("daily"), row.get("used"), now);
    let Some(seq) = row.get::<_, Option<i64>>("place") else { return Ok(Regenerate::AllowanceSpent(tier, allowance)) };
    let message = messages::message(&row)?;
    let reply = messages::Message {
        id: reply,
        seq,
        role: Role::Assistant,
        content: String::new(),
        state: ReplyState::Pending,
        in_reply_to: Some(message.id),
        created_at: now,
        completed_at: None,
        ..message.clone()
    };
    Ok(Regenerate::Stored(Box::new(messages::Accepted { message, reply, tier, allowance })))
}

/// A reply that may have been lost on its way to a worker.
#[derive(Debug, Clone)]
pub struct Stray {
    /// The reply.
    pub reply: MessageId,
    /// Its room.
    pub room: ChatroomId,
    /// Its queue.
    pub tier: Tier,
    /// Whether it was sent again before: then its first send cannot stand for this one any more.
    pub nudged_before: bool,
}

/// The first unfinished reply of each room that nobody works on though it was due before `due`, and that was not sent
/// again since `nudged`; at most `most`, the oldest first. [`nudged`] marks them once they are sent.
pub async fn strays(db: &Db, due: Timestamp, nudged: Timestamp, most: i64) -> Result<Vec<Stray>, Fault> {
    let sql = "select m.id, m.chatroom_id, m.tier, m.nudged_at is not null as nudged_before from messages m
        where m.state in ('pending', 'generating') and coalesce(m.lease_until, m.retry_at, m.created_at) < $1
            and (m.nudged_at is null or m.nudged_at < $2)
            and not exists (select from messages e where e.chatroom_id = m.chatroom_id
                and e.state in ('pending', 'generating') and e.seq < m.seq)
        order by m.created_at limit $3";
    let rows = db.rows(sql, &[&due, &nudged, &most]).await?;
    Ok(rows
        .iter()
        .map(|row| Stray {
            reply: MessageId(row.get("id")),
            room: ChatroomId(row.get("chatroom_id")),
            tier: Tier::of(row.get::<_, &str>("tier") == Tier::Pro.as_str()),
            nudged_before: row.get("nudged_before"),
        })
        .collect())
}

/// Notes that replies were sent again at `now`. Two that sent the same ones at once note it twice.
pub async fn nudged(db: &Db, replies: &[MessageId], now: Timestamp) -> Result<(), Fault> {
    let ids: Vec<Uuid> = replies.iter().map(|reply| reply.0).collect();
    let sql = "update messages set nudged_at = $2 where id = any($1) and state in ('pending', 'generating')";
    db.execute(sql, &[&ids, &now]).await.map(drop)
}

/// Ends a reply whose queue record was given up, unless a worker holds it, and gives the message back. `true` if it
/// ended here.
pub async fn bury(db: &Db, reply: MessageId, now: Timestamp) -> Result<bool, Fault> {
    let sql = "with was as (
            select id, user_id, charged_on from messages where id = $1 and state in ('pending', 'generating')
                and (lease_until is null or lease_until < $2) for update
        ), ended as (
            update messages m set state = 'failed', error = 'dead_lettered', completed_at = $2, lease_until = null,
                retry_at = null, charged_on = null
            from was where m.id = was.id returning m.id
        ), given_back as (
            update allowances a set used = a.used - 1 from was
            where a.user_id = was.user_id and a.day = was.charged_on and a.used > 0
        )
        select from ended";
    Ok(db.row(sql, &[&reply.0, &now]).await?.is_some())
}
