//! `{"task": "expire"}`

use std::time::Duration;

use maintenance::expire::Expired;
use maintenance::{Done, Task};

use crate::world::World;

const DAY: Duration = Duration::from_hours(24);

async fn expire(world: &World) -> Expired {
    match world.run(Task::Expire).await.unwrap() {
        Done::Expired(expired) => expired,
        other => panic!("{other:?}"),
    }
}

/// Inserts `each` rows that expire in a minute, and `each` rows that expired a minute ago.
async fn fill(world: &World, each: i32) {
    let user = world.user().await;
    let now = world.stack.clock.now();
    let sql = world.stack.sql().await;
    for at in [now + Duration::from_mins(1), now - Duration::from_mins(1)] {
        let ended = at - 30 * DAY;
        let sessions = "with s as (
                insert into sessions (id, user_id, created_at, last_used_at, expires_at, revoked_at)
                select gen_random_uuid(), $1, $2::timestamptz, $2, case when n % 2 = 0 then $2 else $3 end,
                    case when n % 2 = 1 then $2 end from generate_series(1, $4) n returning id
            )
            insert into refresh_tokens (hash, session_id, created_at) select uuid_send(id), id, $2 from s";
        sql.execute(sessions, &[&user, &ended, &(now + DAY), &each]).await.unwrap();
        let events = "insert into stripe_events (id, type, received_at)
            select gen_random_uuid()::text, 'invoice.paid', $1 from generate_series(1, $2)";
        sql.execute(events, &[&(at - 90 * DAY), &each]).await.unwrap();
        let attempts = "insert into attempts (reply_id, number, started_at)
            select gen_random_uuid(), 1, $1 from generate_series(1, $2)";
        sql.execute(attempts, &[&(at - 120 * DAY), &each]).await.unwrap();
        // Of deleted accounts: erased at Stripe, not erased yet, and never made there.
        let customers = "insert into customers (id, stripe_customer_id, created_at, closed_at, checked_at)
            select gen_random_uuid(), case when kind < 2 then 'cus_' || gen_random_uuid() end, $1, $1,
                case when kind = 0 then 'infinity'::timestamptz end
            from generate_series(1, $2) n, generate_series(0, $3) kind";
        let kinds = if at > now { 1 } else { 2 };
        sql.execute(customers, &[&(at - 180 * DAY), &each, &kinds]).await.unwrap();
    }
    let days = "insert into allowances (user_id, day, used) select $1, $2::date - n, 3 from generate_series(0, 41) n";
    sql.execute(days, &[&user, &now.day()]).await.unwrap();
    let past = "insert into past_usage (mark, day, used, refunded, called_off)
        select uuid_send(gen_random_uuid()), $1::date - n, 5, 0, 0 from generate_series(0, 2) n";
    sql.execute(past, &[&now.day()]).await.unwrap();
}

#[tokio::test]
async fn expired_rows_are_deleted_and_the_rest_stays() {
    let world = World::start().await;
    fill(&world, 2).await;

    let expired = expire(&world).await;

    let rest = Expired::default();
    assert_eq!(
        expired,
        Expired {
            sessions: 2,
            refresh_tokens: 2,
            stripe_events: 2,
            allowances: 1,
            attempts: 2,
            past_usage: 2,
            customers: 4,
            ..rest
        }
    );
    let (sessions, tokens) = (world.count("sessions").await, world.count("refresh_tokens").await);
    assert_eq!((sessions, tokens, world.count("stripe_events").await), (2, 2, 2));
    assert_eq!(world.count("allowances where day = '2026-11-23'").await, 1);
    assert_eq!(world.count("past_usage where day = '2026-11-23'").await, 1, "today's is still needed");
    let (erased, others) = ("customers where checked_at = 'infinity'", "customers where checked_at is null");
    assert_eq!((world.count(erased).await, world.count(others).await), (2, 4));
}

/// A chain of ten tokens: one was exchanged every five days, and the eighth was replaced without being exchanged.
#[tokio::test]
async fn a_replaced_refresh_token_is_recognised_for_as_long_as_it_would_have_been_valid() {
    let world = World::start().await;
    let user = world.user().await;
    let (sql, start) = (world.stack.sql().await, world.stack.clock.now() - 45 * DAY);
    let chain = "with s as (
            insert into sessions (id, user_id, created_at, last_used_at, expires_at, refresh_parent, refresh_head)
            select gen_random_uuid(), $1, $2::timestamptz, $2, 'infinity', '\x09', '\x0a' returning id
        )
        insert into refresh_tokens (hash, session_id, created_at, used_at)
        select decode(lpad(to_hex(n), 2, '0'), 'hex'), id, $2 + (n - 1) * interval '5 days',
            case when n not in (8, 10) then $2 + n * interval '5 days' end from s, generate_series(1, 10) n";
    sql.execute(chain, &[&user, &start]).await.unwrap();

    // Those that were exchanged until 30 days ago: after 5, 10 and 15 of the 45 days. The clock moved on a minute.
    world.stack.clock.advance(Duration::from_mins(1));
    assert_eq!(expire(&world).await.refresh_tokens, 3);
    world.stack.clock.advance(60 * DAY);
    assert_eq!(expire(&world).await.refresh_tokens, 5);
    let left = sql.query("select encode(hash, 'hex') from refresh_tokens order by 1", &[]).await.unwrap();
    let left: Vec<String> = left.iter().map(|row| row.get(0)).collect();
    assert_eq!(left, ["09", "0a"], "a lost answer is never too late");
}

#[tokio::test]
async fn an_idempotency_key_expires_after_a_day_and_its_message_stays() {
    let world = World::start().await;
    let user = world.user().await;
    let room = world.room(user).await;
    world.accept(user, room, Some("key")).await;
    world.stack.clock.advance(Duration::from_mins(24 * 60 - 1));
    assert_eq!(expire(&world).await.idempotency_keys, 0);
    world.stack.clock.advance(Duration::from_mins(2));
    assert_eq!(expire(&world).await.idempotency_keys, 1);
    assert_eq!(world.count("messages where role = 'user' and idempotency_key is null").await, 1);
}

#[tokio::test]
async fn one_run_deletes_more_rows_than_one_statement_does() {
    let world = World::start().await;
    fill(&world, 2_500).await;
    let expired = expire(&world).await;
    assert_eq!((expired.sessions, expired.stripe_events), (2_500, 2_500));
    assert_eq!(expire(&world).await, Expired::default());
}

#[tokio::test]
async fn two_at_once_do_the_work_of_one() {
    let world = World::start().await;
    fill(&world, 2_500).await;
    let (one, other) = tokio::join!(expire(&world), expire(&world));
    assert_eq!(one.stripe_events + other.stripe_events, 2_500);
    assert_eq!((world.count("sessions").await, world.count("stripe_events").await), (2_500, 2_500));
}

#[tokio::test]
async fn a_clean_up_reads_what_it_deletes_and_not_what_stays() {
    let world = World::start().await;
    let now = world.stack.clock.now();
    world.room(world.user().await).await;
    let sql = world.stack.sql().await;
    let people = "insert into users (id, mobile, created_at)
        select gen_random_uuid(), gen_random_uuid()::text, now() from generate_series(1, 20000)";
    sql.batch_execute(people).await.unwrap();
    for kept in [
        "insert into allowances (user_id, day, used) select id, $1::timestamptz::date, 1 from users",
        "insert into messages (id, chatroom_id, seq, user_id, role, content, state, created_at, idempotency_key)
            select u.id, r.id, row_number() over (), u.id, 'user', 'hi', 'completed', $1, 'once' from users u, chatrooms r",
        "insert into messages (id, chatroom_id, seq, user_id, role, content, state, created_at)
            select gen_random_uuid(), r.id, -row_number() over (), u.id, 'user', 'hi', 'completed', $1::timestamptz - interval '10 days'
            from users u, chatrooms r",
        "insert into sessions (id, user_id, created_at, last_used_at, expires_at, revoked_at)
            select id, id, $1::timestamptz, $1, $1 + interval '30 days', case when mobile < '8' then $1 end from users",
        "insert into attempts (reply_id, number, started_at, outcome) select id, 1, $1, 'completed' from users",
        "insert into stripe_events (id, type, received_at) select id::text, 'invoice.paid', $1 from users",
    ] {
        sql.execute(kept, &[&now]).await.unwrap();
    }
    sql.batch_execute("analyze").await.unwrap();
    sql.batch_execute("create extension if not exists pg_stat_statements").await.unwrap();

    assert_eq!(expire(&world).await, Expired::default());

    let read = "select query, shared_blks_hit + shared_blks_read from pg_stat_statements
        where dbid = (select oid from pg_database where datname = current_database()) and query ~ 'limit .[0-9]'";
    let statements = sql.query(read, &[]).await.unwrap();
    assert!(statements.len() >= 8, "{}", statements.len());
    for statement in statements {
        let (query, blocks): (String, i64) = (statement.get(0), statement.get(1));
        assert!(blocks < 40, "{blocks} blocks for {query}");
    }
}

#[tokio::test]
async fn the_tokens_of_an_ended_session_are_deleted_a_part_at_a_time() {
    let world = World::start().await;
    let user = world.user().await;
    let (sql, ended) = (world.stack.sql().await, world.stack.clock.now() - 31 * DAY);
    let tokens = "with s as (
            insert into sessions (id, user_id, created_at, last_used_at, expires_at)
            select gen_random_uuid(), $1, $2::timestamptz, $2, $2 from generate_series(1, 2) returning id
        )
        insert into refresh_tokens (hash, session_id, created_at)
        select sha256((id::text || n)::bytea), id, $2 from s, generate_series(1, 4000) n";
    sql.execute(tokens, &[&user, &ended]).await.unwrap();
    let deletions = world.stack.deletions("refresh_tokens").await;

    let expired = expire(&world).await;

    assert_eq!((expired.sessions, expired.refresh_tokens), (2, 8000));
    assert_eq!(deletions.so_far().await, (1000, 8000));
}

#[tokio::test]
async fn what_cannot_be_deleted_keeps_nothing_else_from_being_deleted() {
    let world = World::start().await;
    fill(&world, 2).await;
    let sql = world.stack.sql().await;
    sql.batch_execute(
        "create function refuse() returns trigger language plpgsql as 'begin raise exception $$no$$; end';
        create trigger refused before delete on refresh_tokens for each row execute function refuse()",
    )
    .await
    .unwrap();

    assert!(world.run(Task::Expire).await.is_err(), "the failure is returned");

    assert_eq!((world.count("stripe_events").await, world.count("attempts").await), (2, 2));
}
