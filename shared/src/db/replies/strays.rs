//! Replies that were lost on their way or given up by their queue.

use uuid::Uuid;

use crate::Fault;
use crate::db::Db;
use crate::domain::{ChatroomId, MessageId, Tier, Timestamp};

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
