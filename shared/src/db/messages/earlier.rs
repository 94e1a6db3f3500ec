//! The idempotency of a send: a send with a key that was used before is the earlier one.

use const_format::formatcp;
use tokio_postgres::Row;

use super::Message;
use super::accept::{Accept, Accepted, NewMessage};
use crate::Fault;
use crate::db::row::{FromRow, read};
use crate::db::{Db, tier};
use crate::domain::{Allowance, ChatroomId, Tier};

/// One of the two turns of an earlier send, with its owner's present plan and use.
struct Earlier {
    turn: Message,
    room: ChatroomId,
    /// The queue of the reply; `None` for the message.
    queue: Option<Tier>,
    tier: Tier,
    used: i32,
}

impl FromRow for Earlier {
    fn from_row(row: &Row) -> Result<Self, Fault> {
        Ok(Self {
            turn: Message::from_row(row)?,
            room: read(row, "chatroom_id")?,
            queue: read(row, "queue")?,
            tier: read(row, "tier")?,
            used: read(row, "used")?,
        })
    }
}

/// The earlier send with the same key, if it still exists. It is the same send if room and content are equal.
pub async fn earlier(db: &Db, new: &NewMessage<'_>) -> Result<Option<Accept>, Fault> {
    const SQL: &str = formatcp!(
        "with sent as (
            select id, chatroom_id from messages where user_id = $1 and idempotency_key = $2
        )
        select {columns}, m.chatroom_id, m.tier as queue, coalesce(a.used, 0) as used, {tier} as tier
        from sent join messages m on m.chatroom_id = sent.chatroom_id
            and (m.id = sent.id or m.seq = (select s.seq + 1 from messages s where s.id = sent.id))
        left join customers c on c.user_id = $1
        left join allowances a on a.user_id = $1 and a.day = $4
        order by m.seq",
        columns = Message::COLUMNS,
        tier = tier!("c.pro_until" at "$3")
    );
    let turns: Vec<Earlier> = db.all(SQL, &[&new.user, &new.key, &new.now, &new.now.day()]).await?;
    let Ok([sent, reply]) = <[Earlier; 2]>::try_from(turns) else { return Ok(None) };
    if sent.room != new.room || sent.turn.content != new.content.as_str() {
        return Ok(Some(Accept::KeyReused));
    }
    let allowance = Allowance::new(new.limits.of(sent.tier), sent.used, new.now);
    let tier = reply.queue.ok_or(Fault::Bug("a reply has no queue"))?;
    Ok(Some(Accept::Repeated(Box::new(Accepted { message: sent.turn, reply: reply.turn, tier, allowance }))))
}
