//! Accepting a message: one statement, and the idempotency of a send.

use super::{COLUMNS, Message, message};
use crate::Fault;
use crate::db::{Db, violates};
use crate::domain::{Allowance, ChatroomId, Content, Limits, MessageId, ReplyState, Role, Tier, Timestamp, UserId};

/// A message that was stored with the reply it waits for.
#[derive(Debug, Clone)]
pub struct Accepted {
    /// The user's message.
    pub message: Message,
    /// Its pending reply.
    pub reply: Message,
    /// The queue of the reply.
    pub tier: Tier,
    /// What is left of the day.
    pub allowance: Allowance,
}

/// What became of a message that was sent.
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
}

/// One statement: ownership, allowance, the message and its pending reply. All of it or nothing. The room's row is
/// locked first, so a room's turns have one order; then the allowance's, as everywhere.
const ACCEPT: &str = "with owner as (
        select coalesce(c.pro_until > $5, false) as pro from users u left join customers c on c.user_id = u.id
        where u.id = $2
    ), room as (
        select id from chatrooms where id = $1 and user_id = $2 for update
    ), allowed as (
        select pro, case when pro then $7::int else $6::int end as daily from owner
    ), before as (
        select used from allowances where user_id = $2 and day = $8
    ), charged as (
        insert into allowances as a (user_id, day, used)
        select $2, $8, 1 from room, allowed where allowed.daily > 0
        on conflict (user_id, day) do update set used = a.used + 1 where a.used < (select daily from allowed)
        returning used
    ), placed as (
        update chatrooms c set last_seq = c.last_seq + 2, updated_at = greatest(c.updated_at, $5)
        from room, charged where c.id = room.id returning c.last_seq
    ), m as (
        insert into messages (id, chatroom_id, seq, user_id, role, content, state, created_at, completed_at, idempotency_key)
        select $3, $1, last_seq - 1, $2, 'user', $9, 'completed', $5, $5, $10 from placed
        returning *
    ), r as (
        insert into messages (id, chatroom_id, seq, user_id, role, content, state, created_at, in_reply_to, tier, charged_on)
        select $4, $1, last_seq, $2, 'assistant', '', 'pending', $5, $3, case when pro then 'pro' else 'basic' end, $8
        from placed, allowed
        returning *
    )
    select exists (select from room) as room, allowed.pro, allowed.daily,
        coalesce((select used from charged), greatest((select used from before), allowed.daily)) as used,
        (select seq from m) as seq,
        exists (select from messages where user_id = $2 and idempotency_key = $10) as was_sent
    from allowed";

/// Accepts `content` in a room at `now`, charging the day of `now`. With a `key`, a repeated send is the same send.
pub async fn accept(
    db: &Db,
    user: UserId,
    room: ChatroomId,
    content: &Content,
    key: Option<&str>,
    limits: Limits,
    now: Timestamp,
) -> Result<Accept, Fault> {
    loop {
        if let Some(accept) = accept_or_find(db, user, room, content, key, limits, now).await? {
            return Ok(accept);
        }
    }
}

/// `None`: the earlier send of the key was deleted before it could be read.
async fn accept_or_find(
    db: &Db,
    user: UserId,
    room: ChatroomId,
    content: &Content,
    key: Option<&str>,
    limits: Limits,
    now: Timestamp,
) -> Result<Option<Accept>, Fault> {
    let (id, reply_id) = (MessageId::generate(), MessageId::generate());
    let stored = db
        .row(
            ACCEPT,
            &[
                &room.0,
                &user.0,
                &id.0,
                &reply_id.0,
                &now,
                &limits.basic,
                &limits.pro,
                &now.day(),
                &content.as_str(),
                &key,
            ],
        )
        .await;
    let row = match stored {
        Ok(Some(row)) => row,
        Ok(None) => return Ok(Some(Accept::NoSuchRoom)),
        Err(fault) if violates(&fault, "messages_idempotency") => {
            return repeated(db, user, room, content, key.unwrap_or_default(), limits, now).await;
        }
        Err(fault) => return Err(fault),
    };
    if !row.get::<_, bool>("room") {
        return Ok(Some(Accept::NoSuchRoom));
    }
    let tier = Tier::of(row.get("pro"));
    let allowance = Allowance::new(row.get("daily"), row.get("used"), now);
    let Some(seq) = row.get::<_, Option<i64>>("seq") else {
        // The same send may have been stored while this one waited: it is looked for whatever the snapshot says.
        let earlier = match key {
            Some(key) => repeated(db, user, room, content, key, limits, now).await?,
            None => None,
        };
        let is_deleted = earlier.is_none() && row.get("was_sent");
        return Ok(earlier.or((!is_deleted).then_some(Accept::AllowanceSpent(tier, allowance))));
    };
    let message = Message {
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
        created_at: now,
        completed_at: Some(now),
    };
    let reply = Message {
        id: reply_id,
        seq: seq + 1,
        role: Role::Assistant,
        content: String::new(),
        state: ReplyState::Pending,
        in_reply_to: Some(id),
        completed_at: None,
        ..message.clone()
    };
    Ok(Some(Accept::Stored(Box::new(Accepted { message, reply, tier, allowance }))))
}

/// The earlier send with the same key, if there is one: the same one if room and content agree.
async fn repeated(
    db: &Db,
    user: UserId,
    room: ChatroomId,
    content: &Content,
    key: &str,
    limits: Limits,
    now: Timestamp,
) -> Result<Option<Accept>, Fault> {
    let sql = format!(
        "with sent as (
            select id, chatroom_id, content from messages where user_id = $1 and idempotency_key = $2
        )
        select {COLUMNS}, m.chatroom_id, m.tier, coalesce(c.pro_until > $3, false) as pro, coalesce(a.used, 0) as used
        from sent join messages m on m.chatroom_id = sent.chatroom_id
            and (m.id = sent.id or m.seq = (select s.seq + 1 from messages s where s.id = sent.id))
        left join customers c on c.user_id = $1
        left join allowances a on a.user_id = $1 and a.day = $4
        order by m.seq"
    );
    let rows = db.rows(&sql, &[&user.0, &key, &now, &now.day()]).await?;
    let [sent, answer] = rows.as_slice() else { return Ok(None) };
    let (message, reply) = (message(sent)?, message(answer)?);
    if ChatroomId(sent.get("chatroom_id")) != room || message.content != content.as_str() {
        return Ok(Some(Accept::KeyReused));
    }
    let allowance = Allowance::new(limits.of(Tier::of(sent.get("pro"))), sent.get("used"), now);
    let tier = Tier::of(answer.get::<_, Option<&str>>("tier") == Some(Tier::Pro.as_str()));
    Ok(Some(Accept::Repeated(Box::new(Accepted { message, reply, tier, allowance }))))
}
