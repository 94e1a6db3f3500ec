//! What tables and indexes take, before and after.

use std::collections::BTreeMap;

use tokio_postgres::Client;

/// Bytes by the name of a table or an index.
pub(crate) type Sizes = BTreeMap<String, i64>;

/// The sizes of all tables and indexes.
pub(crate) async fn read(sql: &Client) -> Sizes {
    let rows = sql
        .query(
            "select c.relname, pg_relation_size(c.oid) from pg_class c join pg_namespace n on n.oid = c.relnamespace
             where n.nspname = 'public' and c.relkind in ('r', 'i')",
            &[],
        )
        .await
        .expect("the catalogue");
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

/// Prints what has grown, with its bytes a message and its reply.
pub(crate) fn print(before: &Sizes, after: &Sizes, turns: u32) {
    println!("\n{:<32}{:>12}{:>12}{:>18}", "grown, MB", "before", "after", "bytes a message");
    let mut all = 0;
    for (name, after) in after {
        let before = before.get(name).copied().unwrap_or_default();
        if *after > before {
            all += after - before;
            let per = (after - before) / i64::from(turns);
            println!("{name:<32}{:>12}{:>12}{per:>18}", before / 1_000_000, after / 1_000_000);
        }
    }
    println!("{:<56}{:>18}", "in all", all / i64::from(turns));
}

/// Prints Postgres' own time for a message, its reply and their share of a visit and of the upkeep.
pub(crate) async fn print_time(sql: &Client, turns: u32) {
    let row = sql
        .query_one(
            "select sum(total_exec_time + total_plan_time), sum(shared_blks_hit + shared_blks_read)::float8,
                sum(shared_blks_read)::float8
             from pg_stat_statements where dbid = (select oid from pg_database where datname = current_database())",
            &[],
        )
        .await
        .expect("pg_stat_statements");
    let per = |column: usize| row.get::<_, f64>(column) / f64::from(turns);
    println!("\nA message: {:.2} ms of Postgres, {:.0} blocks, {:.1} of them not in memory", per(0), per(1), per(2));
}
