//! Replies whose queue record was lost or dead-lettered.

use const_format::formatcp;

use crate::Fault;
use crate::db::Db;
use crate::db::allowances::REFUND;
use crate::db::messages::{NOT_ENDED, UNFINISHED};
use crate::db::row::row;
use crate::domain::{ChatroomId, MessageId, ReplyError, Tier, Timestamp};

row! {
    /// A reply that may have been lost on its way to a worker.
    pub struct Stray of m {
        /// The reply.
        pub id: MessageId,
        /// Its room.
        pub chatroom_id: ChatroomId,
        /// Its queue.
        pub tier: Tier,
        /// When it was last sent again; `None` if it never was.
        pub nudged_at: Option<Timestamp>,
    }
}

row! {
    /// A reply that was ended without a worker.
    pub struct Buried {
        /// Its queue.
        pub tier: Tier,
        /// When its message was accepted.
        pub created_at: Timestamp,
    }
}

/// The first unfinished reply of each room, if it was due before `due`, no worker holds it, and it was not sent again
/// since `nudged`; at most `most`, the oldest first. [`nudged`] marks them after they are sent.
pub async fn strays(db: &Db, due: Timestamp, nudged: Timestamp, most: i64) -> Result<Vec<Stray>, Fault> {
    const SQL: &str = formatcp!(
        "select {columns} from messages m
        where m.{UNFINISHED} and coalesce(m.lease_until, m.retry_at, m.created_at) < $1
            and (m.nudged_at is null or m.nudged_at < $2)
            and not exists (select from messages e where e.chatroom_id = m.chatroom_id
                and e.{UNFINISHED} and e.seq < m.seq)
        order by m.created_at limit $3",
        columns = Stray::COLUMNS
    );
    db.all(SQL, &[&due, &nudged, &most]).await
}

/// Notes that replies were sent again at `now`. Two processes that send the same replies both note it;
/// they lock them in the same order, which is also that of a deletion.
pub async fn nudged(db: &Db, replies: &[MessageId], now: Timestamp) -> Result<(), Fault> {
    const SQL: &str = formatcp!(
        "with sent as (select id from messages where id = any($1) and {NOT_ENDED} order by id for update)
        update messages m set nudged_at = $2 from sent where m.id = sent.id"
    );
    db.execute(SQL, &[&replies, &now]).await.map(drop)
}

/// Ends a reply whose queue record was dead-lettered, unless a worker holds it, and refunds the message. `None` if
/// this did not end it.
pub async fn bury(db: &Db, reply: MessageId, now: Timestamp) -> Result<Option<Buried>, Fault> {
    const SQL: &str = formatcp!(
        "with unanswered as (
            select id, user_id, charged_on, reached_model or state = 'generating' as reached_model
            from messages where id = $1 and {NOT_ENDED}
                and (lease_until is null or lease_until < $2) for update
        ), {REFUND}, ended as (
            update messages m set state = 'failed', error = $3, completed_at = $2, lease_until = null, retry_at = null,
                charged_on = case when exists (select from refunded) then null else m.charged_on end
            from unanswered where m.id = unanswered.id returning m.tier, m.created_at
        )
        select tier, created_at from ended"
    );
    db.first(SQL, &[&reply, &now, &ReplyError::DeadLettered]).await
}
