//! Makes users, rooms and messages in bulk.

use std::time::Instant;

use shared::domain::{ChatroomId, UserId};
use tokio_postgres::Client;

/// Rooms of a user.
const ROOMS: u32 = 5;
/// Users whose rooms and messages one statement makes.
const CHUNK: u32 = 5_000;

/// An id of version 7 (RFC 9562) with the time of its row, as the functions make them.
const ID: &str =
    "overlay(gen_random_uuid()::text placing left(stamp, 8) || '-' || right(stamp, 4) || '-7' from 1 for 15)::uuid";
/// What the ids of a row begin with: its time in milliseconds, as hexadecimal digits.
const STAMP: &str = "lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') as stamp";

/// Fills the database and reads which rooms there are, each with its owner.
pub(crate) async fn fill(sql: &Client, users: u32, messages: u32) -> Vec<(UserId, ChatroomId)> {
    let began = Instant::now();
    let turns = i64::from(messages / users / ROOMS);
    let users_sql = format!(
        "insert into users (id, mobile, created_at)
         select {ID}, '+1' || (2000000000 + n), at
         from (select n, at, {STAMP} from (select n, now() - interval '1 year' as at from generate_series($1::bigint, $2) n) n) n"
    );
    let rooms_sql = format!(
        "insert into chatrooms (id, user_id, title, created_at, updated_at, last_seq)
         select {ID}, user_id, 'Room ' || n, at, at + interval '11 months', $3
         from (select *, {STAMP} from (select u.id as user_id, n, u.created_at + n * interval '1 hour' as at from users u, generate_series(1, {ROOMS}) n
               where u.mobile >= '+1' || (2000000000 + $1::bigint) and u.mobile <= '+1' || (2000000000 + $2::bigint)) n) n"
    );
    let messages_sql = format!(
        "insert into messages (id, chatroom_id, seq, user_id, role, content, state, created_at, completed_at, in_reply_to, tier, charged_on, model,
             finish_reason, prompt_tokens, reply_tokens, attempt)
         select {ID}, room, n, user_id, case n % 2 when 1 then 'user' else 'assistant' end,
             repeat('a text of words ', case n % 2 when 1 then 8 else 50 end), 'completed', at, at,
             case n % 2 when 0 then gen_random_uuid() end, case n % 2 when 0 then 'pro' end, case n % 2 when 0 then at::date end,
             case n % 2 when 0 then 'gemini-flash-latest' end, case n % 2 when 0 then 'STOP' end, 500, 200, n % 2
         from (select *, {STAMP} from (select r.id as room, r.user_id, n, r.created_at + (n - random()) * interval '18 days' as at
               from chatrooms r join users u on u.id = r.user_id, generate_series(1, $3::bigint) n
               where u.mobile >= '+1' || (2000000000 + $1::bigint) and u.mobile <= '+1' || (2000000000 + $2::bigint)) n) n"
    );
    sql.execute(&users_sql, &[&1_i64, &i64::from(users)]).await.expect("users");
    for first in (1..=users).step_by(CHUNK as usize) {
        let (first, last) = (i64::from(first), i64::from((first + CHUNK - 1).min(users)));
        sql.execute(&rooms_sql, &[&first, &last, &turns]).await.expect("rooms");
        sql.execute(&messages_sql, &[&first, &last, &turns]).await.expect("messages");
        eprintln!("{last} of {users} users after {:.0} s", began.elapsed().as_secs_f64());
    }
    let days = "insert into allowances (user_id, day, used, daily) select id, current_date - n, 20, 1000 from users, generate_series(1, 10) n";
    let attempts = "insert into attempts (reply_id, number, started_at, ended_at, outcome, model) select id, attempt, created_at, completed_at,
            'completed', model from messages where role = 'assistant' and created_at > now() - interval '120 days'";
    if messages > 0 {
        sql.batch_execute(days).await.expect("allowances");
        sql.batch_execute(attempts).await.expect("attempts");
    }
    // A young database has no statistics: its plans must not need them.
    if messages > 0 {
        sql.batch_execute("vacuum analyze").await.expect("statistics");
    }
    sql.batch_execute("select pg_stat_statements_reset()").await.expect("statistics");
    let rows = sql.query("select user_id, id from chatrooms", &[]).await.expect("rooms");
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

/// A random number below `end`.
pub(crate) fn below(end: usize) -> usize {
    let random = getrandom::u64().expect("random bytes");
    usize::try_from(random % u64::try_from(end).expect("a length")).expect("a length")
}
