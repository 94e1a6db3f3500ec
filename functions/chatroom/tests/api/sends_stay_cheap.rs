//! The cost of a send does not grow with what others sent, of which Postgres' statistics know nothing yet.

use tokio_postgres::Client;

use crate::desk::Desk;

/// Blocks that a send may read, its insertions and a new connection's catalogue included.
const BLOCKS: i64 = 250;

async fn desk() -> (Desk, String, Client) {
    let desk = Desk::with(&[("BASIC_DAILY_LIMIT", "100"), ("UNFINISHED_REPLIES_BASIC", "100")]).await;
    let (room, sql) = (desk.room().await, desk.api.stack.sql().await);
    sql.batch_execute("create extension if not exists pg_stat_statements").await.unwrap();
    (desk, room, sql)
}

/// Sends ten times. It is more than five: from then on Postgres has one plan for all values.
async fn send_ten(desk: &Desk, room: &str, when: &str) {
    for number in 0..10 {
        assert_eq!(desk.send_once(room, &format!("{when}-{number}")).await.status(), 202);
    }
}

/// What one of the ten sends reads, by an environment that has sent before and by a new one.
async fn blocks_of_a_send(mut desk: Desk, room: &str, sql: &Client) -> [i64; 2] {
    let reset =
        "select pg_stat_statements_reset(0, (select oid from pg_database where datname = current_database()), 0)";
    let read = "select sum(shared_blks_hit + shared_blks_read)::bigint / 10 from pg_stat_statements
        where dbid = (select oid from pg_database where datname = current_database()) and query not like '%pg_stat%'";
    let mut blocks = [0; 2];
    for (number, blocks) in blocks.iter_mut().enumerate() {
        sql.batch_execute(reset).await.unwrap();
        send_ten(&desk, room, &format!("after-{number}")).await;
        *blocks = sql.query_one(read, &[]).await.unwrap().get(0);
        desk.user = desk.user.at(desk.api.router_of(chatroom::router));
    }
    blocks
}

#[tokio::test]
async fn a_send_reads_few_blocks_however_many_messages_others_sent_that_day() {
    let (desk, room, sql) = desk().await;
    let yesterday = "insert into users (id, mobile, created_at)
            select gen_random_uuid(), gen_random_uuid()::text, now() from generate_series(1, 20000);
        insert into counters (user_id, replies) select id, 1 from users on conflict do nothing;
        insert into allowances (user_id, day, used) select id, '2026-11-22', 1 from users;
        insert into messages (id, chatroom_id, seq, user_id, role, content, state, created_at)
            select gen_random_uuid(), r.id, -row_number() over (), u.id, 'user', 'hi', 'completed', '2026-11-22' from users u, chatrooms r;
        analyze";
    sql.batch_execute(yesterday).await.unwrap();
    send_ten(&desk, &room, "before").await;
    let today = "insert into allowances (user_id, day, used) select id, (select max(day) from allowances), 1 from users
            on conflict do nothing;
        insert into messages (id, chatroom_id, seq, user_id, role, content, state, created_at, idempotency_key)
            select gen_random_uuid(), r.id, 1000 + row_number() over (), u.id, 'user', 'hi', 'completed', '2026-11-23', 'once'
            from users u, chatrooms r";
    sql.batch_execute(today).await.unwrap();
    let blocks = blocks_of_a_send(desk, &room, &sql).await;
    assert!(blocks.iter().all(|blocks| *blocks < BLOCKS), "{blocks:?} blocks a send");
}

/// Other users, who have a room each and sent five messages today.
fn others(many: u32) -> String {
    format!(
        "create temporary table others as select gen_random_uuid() as id from generate_series(1, {many});
        insert into users (id, mobile, created_at) select id, id, now() from others;
        insert into counters (user_id, replies) select id, 5 from others;
        insert into allowances (user_id, day, used) select id, '2026-11-23', 5 from others;
        insert into chatrooms (id, user_id, title, created_at, updated_at) select id, id, 'theirs', now(), now() from others;
        insert into messages (id, chatroom_id, seq, user_id, role, content, state, created_at)
            select gen_random_uuid(), id, n, id, 'user', 'hi', 'completed', now() from others, generate_series(1, 5) n;
        drop table others"
    )
}

#[tokio::test]
async fn a_send_reads_few_blocks_in_a_database_that_was_analyzed_when_it_was_small() {
    let (desk, room, sql) = desk().await;
    sql.batch_execute(&format!("{}; analyze", others(51))).await.unwrap();
    send_ten(&desk, &room, "before").await;
    sql.batch_execute(&others(20_000)).await.unwrap();
    let blocks = blocks_of_a_send(desk, &room, &sql).await;
    assert!(blocks.iter().all(|blocks| *blocks < BLOCKS), "{blocks:?} blocks a send");
}
