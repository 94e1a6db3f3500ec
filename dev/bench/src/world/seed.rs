//! Inserts many rooms and messages at once.

use shared::domain::UserId;
use testkit::User;
use tokio_postgres::Client;

use super::World;

/// A text of about the usual length.
const CONTENT: &str = "What would you see of Lisbon in a weekend, if you liked tiles, trams and custard tarts, and would rather \
    walk than queue? We are two, arrive on Friday evening and leave on Sunday after lunch.";

impl World {
    /// Creates `count` rooms of a user, one minute apart.
    pub(crate) async fn fill_rooms(&self, user: &User, count: i64) {
        let sql = "insert into chatrooms (id, user_id, title, created_at, updated_at)
            select gen_random_uuid(), $1, 'Room ' || n, now(), now() - n * interval '1 minute' from generate_series(1, $2::bigint) n";
        self.sql.execute(sql, &[&owner(user), &count]).await.expect("Postgres answers");
        self.sql.batch_execute("analyze chatrooms").await.expect("Postgres answers");
    }

    /// Blocks that Postgres has read for all statements so far, from memory or not.
    pub(crate) async fn blocks(&self) -> i64 {
        let sql = "select coalesce(sum(shared_blks_hit + shared_blks_read), 0)::bigint from pg_stat_statements
            where query not like '%pg_stat_statements%'
                and dbid = (select oid from pg_database where datname = current_database())";
        self.sql.query_one(sql, &[]).await.expect("Postgres answers").get(0)
    }
}

/// Creates a room of a user with `count` messages, questions and answers in turn. Returns its id.
pub(crate) async fn room_with(sql: &Client, user: &User, count: i64) -> String {
    let room = "insert into chatrooms (id, user_id, title, created_at, updated_at, last_seq)
        values (gen_random_uuid(), $1, 'Weekend in Lisbon', now(), now(), $2) returning id::text";
    let room: String = sql.query_one(room, &[&owner(user), &count]).await.expect("Postgres answers").get(0);
    let messages = "insert into messages
            (id, chatroom_id, seq, user_id, role, content, state, created_at, completed_at, in_reply_to, model)
        select gen_random_uuid(), $1::text::uuid, n, $2, case n % 2 when 1 then 'user' else 'assistant' end, $3,
            'completed', now(), now(), case n % 2 when 0 then gen_random_uuid() end,
            case n % 2 when 0 then 'gemini-2.5-flash' end
        from generate_series(1, $4::bigint) n";
    sql.execute(messages, &[&room, &owner(user), &CONTENT, &count]).await.expect("Postgres answers");
    sql.batch_execute("analyze messages").await.expect("Postgres answers");
    room
}

fn owner(user: &User) -> UserId {
    user.id.expect("a signed-in user")
}
