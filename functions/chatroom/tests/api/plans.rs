//! The query plans of the statements, read from Postgres itself.

use serde_json::Value;
use tokio_postgres::Client;

/// The generic plans of the statements that match `mentions`, each with its statement.
pub(crate) async fn plans(sql: &Client, mentions: &str) -> Vec<(String, Value)> {
    let sent = "select distinct query from pg_stat_statements
        where dbid = (select oid from pg_database where datname = current_database())
            and query like 'select %' and query ~ $1 and query not like '%pg_stat%'";
    let statements = sql.query(sent, &[&mentions]).await.unwrap();
    // One plan for all values, as for a prepared statement that is used often.
    sql.batch_execute("set plan_cache_mode = force_generic_plan").await.unwrap();
    let mut plans = Vec::new();
    for statement in statements {
        let statement: String = statement.get(0);
        sql.batch_execute(&format!("prepare examined as {statement}")).await.unwrap();
        let count = "select cardinality(parameter_types) from pg_prepared_statements where name = 'examined'";
        let count: i32 = sql.query_one(count, &[]).await.unwrap().get(0);
        let nulls = vec!["null"; usize::try_from(count).unwrap()].join(", ");
        let explained = sql.query_one(&format!("explain (format json) execute examined ({nulls})"), &[]).await.unwrap();
        plans.push((statement, explained.get::<_, Value>(0)[0]["Plan"].clone()));
        sql.batch_execute("deallocate examined").await.unwrap();
    }
    plans
}

/// The nodes of a plan, each with whether a limit is above it.
pub(crate) fn nodes(plan: &Value) -> Vec<(Value, bool)> {
    let (mut found, mut open) = (Vec::new(), vec![(plan.clone(), false)]);
    while let Some((node, limited)) = open.pop() {
        let below = limited || node["Node Type"] == "Limit";
        open.extend(node["Plans"].as_array().into_iter().flatten().map(|inner| (inner.clone(), below)));
        found.push((node, limited));
    }
    found
}
