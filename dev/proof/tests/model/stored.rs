//! What Postgres holds, compared with the model.

use std::collections::BTreeMap;

use shared::domain::{ChatroomId, MessageId};
use time::Date;
use tokio_postgres::Row;

use crate::model::{Room, Turn};
use crate::world::World;

impl World<'_> {
    /// Compares the stored rows with the model's, and the allowance with the charged messages.
    pub(crate) async fn compare(&mut self) -> Result<(), String> {
        let sql = "select r.id as room, r.title, r.updated_at as active, m.* from chatrooms r
            left join lateral (select * from messages where chatroom_id = r.id offset 0) m on true where r.user_id = $1 order by r.id, m.seq";
        let days = "select day, used, refunded, called_off from allowances
            where user_id = $1 and (used, refunded, called_off) <> (0, 0, 0)";
        let Some((user, _)) = self.model.account else { return self.compare_past().await };
        let (of, sqls) = (&[&user as _], &self.lane.sql);
        let (rows, days) = tokio::join!(sqls.query(sql, of), sqls.query(days, of));
        let mut stored: Vec<Room> = Vec::new();
        for row in rows.map_err(|error| error.to_string())? {
            let id: ChatroomId = row.get("room");
            if stored.last().is_none_or(|room| room.id != id) {
                stored.push(Room { id, title: row.get("title"), updated_at: row.get("active"), turns: Vec::new() });
            }
            if let (Some(room), Some(_)) = (stored.last_mut(), row.get::<_, Option<MessageId>>("id")) {
                room.turns.push(turn(&row));
            }
        }
        let mut expected = self.model.rooms.clone();
        expected.sort_by_key(|room| room.id);
        if stored != expected {
            return Err(format!("stored:\n{stored:#?}\nexpected:\n{expected:#?}"));
        }
        let days: BTreeMap<_, _> = days.map_err(|error| error.to_string())?.iter().map(day).collect();
        let expected = self.model.ledger.rows();
        if days == expected { Ok(()) } else { Err(format!("allowances {days:?} instead of {expected:?}")) }
    }

    /// Compares what is kept of today for a number without an account, and that nothing else of it is left.
    async fn compare_past(&self) -> Result<(), String> {
        let sql = "select day, used, refunded, called_off from past_usage where mark = any($1) and day = $2";
        let (marks, today) = (self.lane.marks.of(&self.mobile), self.model.now.day());
        let rows = self.lane.sql.query(sql, &[&marks, &today]).await.map_err(|error| error.to_string())?;
        let kept: BTreeMap<_, _> = rows.iter().map(day).collect();
        let mut expected = self.model.ledger.rows();
        expected.retain(|day, _| *day == today);
        if kept == expected { Ok(()) } else { Err(format!("kept {kept:?} instead of {expected:?}")) }
    }
}

/// A day with what it used, refunded and called off.
fn day(row: &Row) -> (Date, (i32, i32, i32)) {
    (row.get(0), (row.get(1), row.get(2), row.get(3)))
}

fn turn(row: &Row) -> Turn {
    Turn {
        id: row.get("id"),
        seq: row.get("seq"),
        content: row.get("content"),
        state: row.get("state"),
        in_reply_to: row.get("in_reply_to"),
        tier: row.get("tier"),
        charged_on: row.get("charged_on"),
        attempt: row.get("attempt"),
        reached: row.get("reached_model"),
        lease_until: row.get("lease_until"),
        retry_at: row.get("retry_at"),
        nudged_at: row.get("nudged_at"),
        created_at: row.get("created_at"),
        completed_at: row.get("completed_at"),
        key: row.get("idempotency_key"),
    }
}
