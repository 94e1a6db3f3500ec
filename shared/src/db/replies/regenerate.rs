//! Another reply to a message that has been answered.

use uuid::Uuid;

use crate::Fault;
use crate::db::{Db, Parameters, messages};
use crate::domain::{Allowance, ChatroomId, Limits, MessageId, ReplyState, Role, Tier, Timestamp, UserId};

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
    let parameters: Parameters<'_> = &[&room.0, &user.0, &id.0, &reply.0, &now, &limits.basic, &limits.pro, &now.day()];
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
