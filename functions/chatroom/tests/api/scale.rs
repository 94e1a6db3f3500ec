//! The cost of a page does not depend on the number of entries before it; Postgres itself counts the rows.

use std::time::Duration;

use serde_json::json;
use testkit::{TestApi, User};
use tokio_postgres::Client;

use crate::plans::{nodes, plans};

const ROOMS: i64 = 5_000;
/// Messages of the longest room; all rooms together have 100,000.
const LONG: i64 = 10_000;

/// Scans of whole tables and rows read by an index, for rooms and messages together.
#[derive(Debug, Clone, Copy)]
struct Reads {
    whole: i64,
    rows: i64,
}

async fn reads(sql: &Client) -> Reads {
    let counted = "select sum(seq_scan)::bigint, sum(idx_tup_fetch)::bigint from pg_stat_user_tables
        where relname in ('chatrooms', 'messages')";
    let row = sql.query_one(counted, &[]).await.unwrap();
    Reads { whole: row.get(0), rows: row.get(1) }
}

/// Inserts 5,000 rooms with 100,000 messages of one user; returns the longest room.
async fn fill(api: &TestApi, user: &User) -> String {
    let (sql, owner) = (api.stack.sql().await, user.id.unwrap());
    let rooms = "insert into chatrooms (id, user_id, title, created_at, updated_at, last_seq)
        select gen_random_uuid(), $1, 'Room ' || n, now(), now() - n * interval '1 minute', case n when 1 then $3::bigint else 18 end
        from generate_series(1::bigint, $2) n";
    sql.execute(rooms, &[&owner, &ROOMS, &LONG]).await.unwrap();
    let messages =
        "insert into messages (id, chatroom_id, seq, user_id, role, content, state, created_at, completed_at)
        select gen_random_uuid(), r.id, n, r.user_id, 'user', 'hi', 'completed', now(), now()
        from chatrooms r, generate_series(1, r.last_seq) n";
    let stored = sql.execute(messages, &[]).await.unwrap();
    assert_eq!(i64::try_from(stored).unwrap(), LONG + (ROOMS - 1) * 18);
    sql.batch_execute("analyze chatrooms; analyze messages").await.unwrap();
    let longest = sql.query_one("select id::text from chatrooms where last_seq = $1", &[&LONG]).await.unwrap();
    longest.get(0)
}

/// Follows a list to its end in pages of 100; returns the number of its entries and pages.
async fn walk(user: &User, path: &str) -> (i64, i64) {
    let (mut entries, mut pages, mut cursor) = (0, 0, String::new());
    loop {
        let page = user.get(&format!("{path}?limit=100{cursor}")).await.body();
        entries += i64::try_from(page["data"].as_array().unwrap().len()).unwrap();
        pages += 1;
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return (entries, pages),
        }
    }
}

#[tokio::test]
async fn a_page_reads_its_own_rows_by_an_index_however_far_down_the_list_it_is() {
    let api = TestApi::start(chatroom::router).await;
    let user = api.signed_in().await;
    let long = fill(&api, &user).await;
    let sql = api.stack.sql().await;
    sql.batch_execute("create extension if not exists pg_stat_statements").await.unwrap();
    sql.execute("select pg_stat_force_next_flush()", &[]).await.unwrap();
    let before = settled(&sql, 0).await;

    // A separate router, because connections report their reads to Postgres' statistics when they are closed.
    let reader = user.at(api.router_of(chatroom::router));
    let (rooms, room_pages) = walk(&reader, "/chatroom").await;
    let (messages, message_pages) = walk(&reader, &format!("/chatroom/{long}/message")).await;
    assert_eq!((rooms, room_pages, messages, message_pages), (ROOMS, 50, LONG, 100));
    for path in ["/chatroom", &format!("/chatroom/{long}"), &format!("/chatroom/{long}/message")] {
        assert_eq!(reader.get(path).await.body()["error"], json!(null));
    }
    drop(reader);

    let after = settled(&sql, before.rows + rooms + messages).await;
    assert_eq!(after.whole, before.whole, "a list read a whole table");
    // Allowed: each entry once, and per page its room and one entry that says if there are more; never earlier entries.
    let most = rooms + messages + 4 * (room_pages + message_pages) + 200;
    let read = after.rows - before.rows;
    assert!(read <= most, "{read} rows were read for {} entries", rooms + messages);
    assert_plans(&sql).await;
}

/// Each list and page is read by an index, in its order: there is no sort below the limit.
async fn assert_plans(sql: &Client) {
    for (table, index, statements) in [
        ("chatrooms", "chatrooms_list", "^select [a-z_., ]+ from chatrooms r where user_id = "),
        ("messages", "messages_chatroom_id_seq_key", "from messages m where m.chatroom_id = "),
    ] {
        let lists = plans(sql, statements).await;
        assert_eq!(lists.len(), 2, "the first page and the later pages: {lists:#?}");
        for (statement, plan) in lists {
            let nodes = nodes(&plan);
            let reads = |node: &serde_json::Value| node["Relation Name"] == table;
            assert!(nodes.iter().any(|(node, limited)| reads(node) && *limited), "{statement}");
            for (node, limited) in nodes {
                let kind = node["Node Type"].as_str().unwrap();
                assert!(!limited || !kind.contains("Sort"), "{statement} sorts more than its page: {plan:#}");
                if node["Relation Name"].is_string() {
                    let by_index = ["Index Scan", "Index Only Scan"].contains(&kind) && node["Index Cond"].is_string();
                    assert!(by_index, "{statement}: {node:#}");
                    assert!(!reads(&node) || node["Index Name"] == index, "{statement}: {node:#}");
                    assert!(
                        node["Filter"].is_null() || !reads(&node),
                        "{statement} reads rows that it filters out: {node:#}"
                    );
                }
            }
        }
    }
}

/// The counts, once they have reached `rows` and no longer change.
async fn settled(sql: &Client, rows: i64) -> Reads {
    let mut last = reads(sql).await;
    for _ in 0..100 {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let now = reads(sql).await;
        if now.rows >= rows && now.rows == last.rows && now.whole == last.whole {
            return now;
        }
        last = now;
    }
    panic!("Postgres counted {} rows, but {rows} were read", last.rows);
}
