//! The cost of a send does not grow with what others sent on that day, of which Postgres' statistics know nothing yet.

use crate::desk::Desk;

/// Blocks that a send may read, its insertions included.
const BLOCKS: i64 = 150;

#[tokio::test]
async fn a_send_reads_few_blocks_however_many_messages_others_sent_that_day() {
    let desk = Desk::with(&[("BASIC_DAILY_LIMIT", "100"), ("UNFINISHED_REPLIES_BASIC", "100")]).await;
    let (room, sql) = (desk.room().await, desk.api.stack.sql().await);
    let yesterday = "insert into users (id, mobile, created_at)
            select gen_random_uuid(), gen_random_uuid()::text, now() from generate_series(1, 20000);
        insert into counters (user_id, replies) select id, 1 from users on conflict do nothing;
        insert into allowances (user_id, day, used) select id, '2026-11-22', 1 from users;
        insert into messages (id, chatroom_id, seq, user_id, role, content, state, created_at)
            select gen_random_uuid(), r.id, -row_number() over (), u.id, 'user', 'hi', 'completed', '2026-11-22' from users u, chatrooms r;
        analyze;
        create extension if not exists pg_stat_statements";
    sql.batch_execute(yesterday).await.unwrap();
    // More than five: from then on Postgres has one plan for all values.
    for number in 0..10 {
        assert_eq!(desk.send_once(&room, &format!("before-{number}")).await.status(), 202);
    }
    let today = "insert into allowances (user_id, day, used) select id, (select max(day) from allowances), 1 from users
            on conflict do nothing;
        insert into messages (id, chatroom_id, seq, user_id, role, content, state, created_at, idempotency_key)
            select gen_random_uuid(), r.id, 1000 + row_number() over (), u.id, 'user', 'hi', 'completed', '2026-11-23', 'once'
            from users u, chatrooms r;
        select pg_stat_statements_reset(0, (select oid from pg_database where datname = current_database()), 0)";
    sql.batch_execute(today).await.unwrap();

    for number in 0..5 {
        assert_eq!(desk.send_once(&room, &format!("after-{number}")).await.status(), 202);
    }
    // A new environment: Postgres plans for the values at first.
    let user = desk.user.at(desk.api.router_of(chatroom::router));
    let desk = Desk { user, ..desk };
    for number in 5..10 {
        assert_eq!(desk.send_once(&room, &format!("after-{number}")).await.status(), 202);
    }

    let read = "select sum(shared_blks_hit + shared_blks_read)::bigint / 10 from pg_stat_statements
        where dbid = (select oid from pg_database where datname = current_database()) and query not like '%pg_stat%'";
    let blocks: i64 = sql.query_one(read, &[]).await.unwrap().get(0);
    assert!(blocks < BLOCKS, "{blocks} blocks a send");
}
