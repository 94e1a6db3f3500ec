//! Another reply to a message that has been answered.

use const_format::formatcp;
use tokio_postgres::Row;

use crate::Fault;
use crate::db::allowances::{CHARGE, USED};
use crate::db::messages::{Accepted, Message, UNFINISHED};
use crate::db::row::{FromRow, read};
use crate::db::{Db, Parameters};
use crate::domain::{Allowance, ChatroomId, Limits, MessageId, Tier, Timestamp, UserId};

/// A request for another reply.
#[derive(Debug, Clone, Copy)]
pub struct NewReply {
    /// The user who requests it.
    pub user: UserId,
    /// The room.
    pub room: ChatroomId,
    /// The message, or a reply to it.
    pub message: MessageId,
    /// The daily limits.
    pub limits: Limits,
    /// The present moment; its UTC day is charged.
    pub now: Timestamp,
}

/// The result of a request for another reply.
#[derive(Debug)]
pub enum Regenerate {
    /// Another reply to the same message is pending and charged.
    Stored(Box<Accepted>),
    /// A reply to that message is not finished yet.
    Unfinished,
    /// The user has no such message.
    NoSuchMessage,
    /// The day's messages are spent.
    AllowanceSpent(Tier, Allowance),
}

/// The room's row is locked first, as in [`crate::db::messages::accept`]. Replies that were stored while this waited
/// for the lock are not in the statement's snapshot: then `is_stale` is true and nothing is done.
const REGENERATE: &str = formatcp!(
    "with seen as (
        select last_seq from chatrooms where id = $6
    ), room as (
        select id, last_seq <> (select last_seq from seen) as is_stale from chatrooms
        where id = $6 and user_id = $1 for update
    ), asked as (
        select coalesce(m.in_reply_to, m.id) as id from messages m join room on m.chatroom_id = room.id where m.id = $7
    ), unfinished as (
        select from messages m join asked on m.in_reply_to = asked.id where m.chatroom_id = $6 and m.{UNFINISHED}
    ), chargeable as (
        select from room, asked where not room.is_stale and not exists (select from unfinished)
    ), {CHARGE}, placed as (
        update chatrooms c set last_seq = c.last_seq + 1, updated_at = greatest(c.updated_at, $2)
        from room, charged where c.id = room.id returning c.last_seq
    ), r as (
        insert into messages (id, chatroom_id, seq, user_id, role, content, state, created_at, in_reply_to, tier, charged_on)
        select $8, $6, last_seq, $1, 'assistant', '', 'pending', $2, asked.id, plan.tier, $3 from placed, plan, asked
    )
    select {columns}, coalesce((select is_stale from room), false) as is_stale,
        exists (select from unfinished) as is_unfinished,
        (select last_seq from placed) as place, plan.tier as plan, plan.daily, {USED} as used
    from plan left join messages m on m.id = (select id from asked)",
    columns = Message::COLUMNS
);

struct Decision {
    is_stale: bool,
    is_unfinished: bool,
    /// The new reply's place; `None` if nothing was stored.
    place: Option<i64>,
    tier: Tier,
    daily: i32,
    used: i32,
    /// The message to answer; `None` if there is no such message.
    message: Option<Message>,
}

impl FromRow for Decision {
    fn from_row(row: &Row) -> Result<Self, Fault> {
        let has_message = read::<Option<MessageId>>(row, "id")?.is_some();
        Ok(Self {
            is_stale: read(row, "is_stale")?,
            is_unfinished: read(row, "is_unfinished")?,
            place: read(row, "place")?,
            tier: read(row, "plan")?,
            daily: read(row, "daily")?,
            used: read(row, "used")?,
            message: has_message.then(|| Message::from_row(row)).transpose()?,
        })
    }
}

/// Adds another reply to a message. Charged like a send.
pub async fn regenerate(db: &Db, new: &NewReply) -> Result<Regenerate, Fault> {
    let NewReply { user, room, message, limits, now } = *new;
    let (reply, day) = (MessageId::generate(), now.day());
    let parameters: Parameters<'_> = &[&user, &now, &day, &limits.basic, &limits.pro, &room, &message, &reply];
    let decision = loop {
        match db.first::<Decision>(REGENERATE, parameters).await? {
            Some(decision) if decision.is_stale => {}
            Some(decision) => break decision,
            None => return Ok(Regenerate::NoSuchMessage),
        }
    };
    let Some(message) = decision.message else { return Ok(Regenerate::NoSuchMessage) };
    if decision.is_unfinished {
        return Ok(Regenerate::Unfinished);
    }
    let (tier, allowance) = (decision.tier, Allowance::new(decision.daily, decision.used, now));
    let Some(place) = decision.place else { return Ok(Regenerate::AllowanceSpent(tier, allowance)) };
    let reply = message.pending_reply(reply, place, now);
    Ok(Regenerate::Stored(Box::new(Accepted { message, reply, tier, allowance })))
}
