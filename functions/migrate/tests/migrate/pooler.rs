//! Migrations through a PgBouncer that shares one connection, and past it.

use serde_json::json;
use testkit::Server;
use tokio::task::JoinSet;
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

use crate::schema::versions;
use crate::world::World;

/// How many rows `sql` finds on the connection that everybody shares.
async fn left(client: &Client, sql: &str) -> usize {
    let found = client.simple_query(sql).await.unwrap();
    found.iter().filter(|message| matches!(message, SimpleQueryMessage::Row(_))).count()
}

#[tokio::test]
async fn a_migration_leaves_neither_lock_nor_setting_on_a_connection_that_is_shared() {
    let mut world = World::start().await;
    let (_pooler, url) = Server::pgbouncer(world.stack.setting("DATABASE_URL"), None);
    world.stack = world.stack.with("MIGRATION_DATABASE_URL", format!("{url}?pgbouncer=true"));
    let world = std::sync::Arc::new(world);
    let mut deployments = JoinSet::new();
    for _ in 0..4 {
        let world = world.clone();
        deployments.spawn(async move { world.invoke(json!({})).await.unwrap() });
    }
    let answers = deployments.join_all().await;
    assert!(answers.iter().all(|answer| answer["applied"] == json!(versions())), "{answers:?}");

    let (shared, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
    tokio::spawn(connection);
    // Other tests migrate other databases of the same server.
    let locks = "select from pg_locks where locktype = 'advisory'
        and database = (select oid from pg_database where datname = current_database())";
    assert_eq!(left(&shared, locks).await, 0);
    assert_eq!(left(&shared, "select from pg_settings where name = 'lock_timeout' and setting <> '0'").await, 0);
    assert_eq!(left(&shared, "select from pg_prepared_statements").await, 0);
}

#[tokio::test]
async fn migrations_have_a_url_of_their_own_if_it_is_given() {
    let mut world = World::start().await;
    let direct = world.stack.setting("DATABASE_URL").to_owned();
    let elsewhere = "postgres://chat@127.0.0.1:1/chat";
    world.stack = world.stack.with("DATABASE_URL", elsewhere).with("MIGRATION_DATABASE_URL", direct);
    assert_eq!(world.invoke(json!({})).await.unwrap()["applied_now"], json!(versions()));
}

#[tokio::test]
async fn a_deployment_through_a_pooler_that_nobody_mentioned_says_what_to_set() {
    let mut world = World::start().await;
    let (_pooler, url) = Server::pgbouncer(world.stack.setting("DATABASE_URL"), None);
    world.stack = world.stack.with("MIGRATION_DATABASE_URL", url);
    world.invoke(world.request("Create", "1")).await.unwrap();
    let reason = world.answer().1["Reason"].as_str().unwrap().to_owned();
    let said = "the database cannot be reached: MIGRATION_DATABASE_URL leads to a pooler";
    assert!(reason.starts_with(said) && reason.contains("add pgbouncer=true to the URL"), "{reason}");
}
