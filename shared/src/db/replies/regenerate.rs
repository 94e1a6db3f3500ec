//! Another reply to a message that has been answered.

use const_format::formatcp;
use tokio_postgres::Row;

use crate::Fault;
use crate::db::allowances::{CHARGE, FOUND, Found};
use crate::db::messages::{Accepted, Message, UNFINISHED};
use crate::db::row::{FromRow, read};
use crate::db::{Db, Parameters};
use crate::domain::{Allowance, Bounds, ChatroomId, Limits, MessageId, Tier, Timestamp, UserId};

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
    /// How many replies may be unfinished.
    pub bounds: Bounds,
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
    /// Too many of the user's replies are unfinished.
    TooManyUnfinished,
}

/// The room's row is locked first, as in [`crate::db::messages::accept`]. Replies that were stored while this waited
/// for the lock are not in the statement's snapshot: then `is_stale` is true and nothing is done.
const REGENERATE: &str = formatcp!(
    "with seen as (
        select last_seq from chatrooms where id = $8
    ), room as (
        select id, last_seq <> (select last_seq from seen) as is_stale from chatrooms
        where id = $8 and user_id = $1 for update
    ), asked as (
        select coalesce(m.in_reply_to, m.id) as id from messages m join room on m.chatroom_id = room.id where m.id = $9
    ), unfinished as (
        select from messages m join asked on m.in_reply_to = asked.id where m.chatroom_id = $8 and m.{UNFINISHED}
    ), chargeable as (
        select from room, asked where not room.is_stale and not exists (select from unfinished)
    ), {CHARGE}, placed as (
        update chatrooms c set last_seq = c.last_seq + 1, updated_at = greatest(c.updated_at, $2)
        from charged where c.id = $8 returning c.last_seq
    ), r as (
        insert into messages (id, chatroom_id, seq, user_id, role, content, state, created_at, in_reply_to, tier, charged_on)
        select $10, $8, last_seq, $1, 'assistant', '', 'pending', $2, asked.id, plan.tier, $3 from placed, plan, asked
    )
    select {columns}, coalesce((select is_stale from room), false) as is_stale,
        exists (select from unfinished) as is_unfinished,
        (select last_seq from placed) as place, plan.tier as plan, plan.daily, {FOUND}
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
    found: Found,
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
            found: Found::from_row(row)?,
            message: has_message.then(|| Message::from_row(row)).transpose()?,
        })
    }
}

/// Adds another reply to a message. Charged like a send.
pub async fn regenerate(db: &Db, new: &NewReply) -> Result<Regenerate, Fault> {
    loop {
        if let Some(regenerate) = decide(db, new).await? {
            return Ok(regenerate);
        }
    }
}

/// `None` if the rows changed meanwhile; then the caller must decide again.
async fn decide(db: &Db, new: &NewReply) -> Result<Option<Regenerate>, Fault> {
    let NewReply { user, room, message, limits, bounds, now } = *new;
    let (reply, day) = (MessageId::generate(), now.day());
    let (few, many) = (bounds.unfinished_basic, bounds.unfinished_pro);
    let parameters: Parameters<'_> =
        &[&user, &now, &day, &limits.basic, &limits.pro, &few, &many, &room, &message, &reply];
    let Some(decision) = db.first::<Decision>(REGENERATE, parameters).await? else {
        return Ok(Some(Regenerate::NoSuchMessage));
    };
    if decision.is_stale {
        return Ok(None);
    }
    let (tier, allowance) = (decision.tier, Allowance::new(decision.daily, decision.found.used, now));
    Ok(match decision {
        Decision { message: None, .. } => Some(Regenerate::NoSuchMessage),
        Decision { is_unfinished: true, .. } => Some(Regenerate::Unfinished),
        Decision { place: Some(place), message: Some(message), .. } => {
            let reply = message.pending_reply(reply, place, now);
            Some(Regenerate::Stored(Box::new(Accepted { message, reply, tier, allowance })))
        }
        Decision { found: Found { has_messages: false, .. }, .. } => Some(Regenerate::AllowanceSpent(tier, allowance)),
        Decision { found: Found { has_places: false, .. }, .. } => Some(Regenerate::TooManyUnfinished),
        // Another send or regeneration was faster.
        _ => None,
    })
}
