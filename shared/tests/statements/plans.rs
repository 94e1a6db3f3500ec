//! The plans of the recorded statements do not depend on what Postgres knows of its tables: in a young database, of which it
//! knows nothing, each reads by the index that it needs in a large one.

use std::fs;

use testkit::Stack;
use tokio_postgres::{Client, SimpleQueryMessage};

use super::recorded::{folder, newest};

/// Indexes of the clean-up, which no request reads by.
const OF_THE_CLEANUP: [&str; 4] = ["allowances_past", "past_usage_past", "messages_keys", "sessions_revoked"];
/// Has one row.
const ONE_ROW: &str = "stripe_listing";
/// The sweep and the operators' figures look at all replies that are unfinished now; the clean-up and the reconciliation take
/// the first rows of an index.
const OF_THE_BACKGROUND: [&str; 3] = ["m.nudged_at < $2", "count(*) as replies", "limit $2"];

/// As few rows as make autovacuum look at a table for the first time.
const FEW: &str = "
    insert into users (id, mobile, created_at) select gen_random_uuid(), n, now() from generate_series(1, 51) n;
    insert into counters (user_id, replies) select id, 1 from users on conflict do nothing;
    insert into customers (id, user_id, stripe_customer_id, created_at) select id, id, 'cus_' || id, now() from users;
    insert into sessions (id, user_id, created_at, last_used_at, expires_at) select id, id, now(), now(), now() from users;
    insert into refresh_tokens (hash, session_id, created_at) select sha256(id::text::bytea), id, now() from sessions;
    insert into allowances (user_id, day, used) select id, now(), 1 from users;
    insert into past_usage (mark, day, used, refunded, called_off) select hash, now(), 1, 0, 0 from refresh_tokens;
    insert into chatrooms (id, user_id, title, created_at, updated_at) select id, id, '', now(), now() from users;
    insert into messages (id, chatroom_id, seq, user_id, role, content, state, created_at, idempotency_key)
        select gen_random_uuid(), id, 1, id, 'user', 'hi', 'completed', now(), 'k' from users;
    insert into messages (id, chatroom_id, seq, user_id, role, content, state, created_at, completed_at, in_reply_to)
        select gen_random_uuid(), chatroom_id, 2, user_id, 'assistant', 'hi', 'completed', now(), now(), id from messages;
    insert into attempts (reply_id, number, started_at) select id, 1, now() from messages where seq = 2;
    insert into stripe_events (id, type, received_at) select id, 'a', now() from users;
    analyze";

/// Many more, all of them finished, as nearly all are at any moment.
const MANY: &str = "
    insert into chatrooms (id, user_id, title, created_at, updated_at)
        select gen_random_uuid(), id, '', now(), now() from users, generate_series(1, 40);
    insert into messages (id, chatroom_id, seq, user_id, role, content, state, created_at, completed_at)
        select gen_random_uuid(), id, 2 * n + 1, user_id, 'user', 'hi', 'completed', now(), now() from chatrooms, generate_series(1, 10) n;
    insert into messages (id, chatroom_id, seq, user_id, role, content, state, created_at, completed_at, in_reply_to)
        select gen_random_uuid(), chatroom_id, seq + 1, user_id, 'assistant', 'hi', 'completed', now(), now(), id
        from messages where role = 'user' and seq > 1;
    analyze";

#[tokio::test]
async fn no_statement_reads_a_whole_table_or_index() {
    let stack = Stack::start().await;
    let sql = stack.sql().await;
    let text = fs::read_to_string(folder().join(format!("V{}.sql", newest()))).unwrap();
    let statements: Vec<_> = text.split_terminator("\n\n").collect();
    assert!(statements.len() > 50, "{} statements", statements.len());
    sql.batch_execute("set enable_seqscan = off; set jit = off; set plan_cache_mode = force_generic_plan")
        .await
        .unwrap();
    for rows in ["", FEW, MANY] {
        sql.batch_execute(rows).await.unwrap();
        for statement in &statements {
            let wrong = wrong(&plan(&sql, statement).await, statement);
            assert!(wrong.is_empty(), "{wrong:#?}\n{statement}");
        }
    }
}

/// The lines of a plan that read whole tables or by indexes of the clean-up.
fn wrong(plan: &[String], statement: &str) -> Vec<String> {
    let changes = ["as\ndelete", "as\nupdate"].iter().any(|begin| statement.contains(begin));
    let is_of_the_background = OF_THE_BACKGROUND[..2].iter().any(|part| statement.contains(part))
        || changes && statement.contains(OF_THE_BACKGROUND[2]);
    let is_wrong = |(number, line): &(usize, &String)| {
        let has_condition = plan.get(number + 1).is_some_and(|next| next.contains("Index Cond"));
        let is_whole_index = line.contains(" using ") && !has_condition;
        let is_others = OF_THE_CLEANUP.iter().any(|index| line.contains(index));
        let is_whole_table = line.contains("Seq Scan") && !line.contains(ONE_ROW);
        is_whole_table || (is_whole_index || is_others) && !is_of_the_background
    };
    plan.iter().enumerate().filter(is_wrong).map(|(_, line)| line.trim().to_owned()).collect()
}

/// The lines of the plan that Postgres makes for all values.
async fn plan(sql: &Client, statement: &str) -> Vec<String> {
    sql.batch_execute(statement).await.unwrap();
    let count = "select cardinality(parameter_types) from pg_prepared_statements where name = 'statement'";
    let count: i32 = sql.query_one(count, &[]).await.unwrap().get(0);
    let nulls = vec!["null"; usize::try_from(count).unwrap()].join(", ");
    let values = if nulls.is_empty() { nulls } else { format!("({nulls})") };
    let lines = sql.simple_query(&format!("explain execute statement{values}")).await.unwrap();
    sql.batch_execute("deallocate statement").await.unwrap();
    let row = |message: SimpleQueryMessage| match message {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    };
    lines.into_iter().filter_map(row).collect()
}
