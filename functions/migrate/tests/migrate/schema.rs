//! Which migrations are applied, and how often.

use std::time::Duration;

use serde_json::json;
use tokio::task::JoinSet;

use crate::world::World;

/// The version numbers of all migration files.
pub(crate) fn versions() -> Vec<i32> {
    let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/migrations")).unwrap();
    let names = folder.map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut versions: Vec<i32> = names.map(|name| name[1..].split("__").next().unwrap().parse().unwrap()).collect();
    versions.sort_unstable();
    versions
}

#[tokio::test]
async fn an_operator_migrates_and_sees_what_is_applied() {
    let world = World::start().await;
    assert_eq!(world.invoke(json!({})).await.unwrap(), json!({ "applied": versions(), "applied_now": versions() }));
    let tables = "select count(*) from pg_tables where tablename in ('users', 'messages', 'customers')";
    assert_eq!(world.sql().await.query_one(tables, &[]).await.unwrap().get::<_, i64>(0), 3);
}

#[tokio::test]
async fn a_second_migration_changes_nothing() {
    let world = World::start().await;
    world.invoke(json!({})).await.unwrap();
    assert_eq!(world.invoke(json!({})).await.unwrap(), json!({ "applied": versions(), "applied_now": [] }));
}

#[tokio::test]
async fn one_of_many_concurrent_invocations_migrates_and_all_succeed() {
    let world = std::sync::Arc::new(World::start().await);
    let mut migrations = JoinSet::new();
    for _ in 0..8 {
        let world = world.clone();
        migrations.spawn(async move { world.invoke(json!({})).await.unwrap() });
    }
    let answers = migrations.join_all().await;
    assert!(answers.iter().all(|answer| answer["applied"] == json!(versions())), "{answers:?}");
    assert_eq!(answers.iter().filter(|answer| answer["applied_now"] == json!(versions())).count(), 1, "{answers:?}");
}

#[tokio::test]
async fn a_migration_that_fails_leaves_nothing_behind_and_can_be_repeated() {
    let world = World::start().await;
    let sql = world.sql().await;
    sql.batch_execute("create table customers (id int)").await.unwrap();

    let failure = world.invoke(json!({})).await.unwrap_err().to_string();

    assert!(failure.contains("V1__initial") && failure.contains("SQLSTATE 42P07"), "{failure}");
    assert!(sql.query_one("select from users", &[]).await.is_err(), "tables created before the failure are gone");
    sql.batch_execute("drop table customers").await.unwrap();
    assert_eq!(world.invoke(json!({})).await.unwrap()["applied_now"], json!(versions()));
}

#[tokio::test]
async fn an_applied_migration_that_was_edited_is_refused() {
    let world = World::start().await;
    world.invoke(json!({})).await.unwrap();
    world.sql().await.batch_execute("update refinery_schema_history set checksum = '7'").await.unwrap();
    let failure = world.invoke(json!({})).await.unwrap_err().to_string();
    assert!(failure.contains("is different than"), "{failure}");
}

#[tokio::test]
async fn a_database_with_newer_migrations_stays_unchanged() {
    let world = World::start().await;
    world.invoke(json!({})).await.unwrap();
    let newer = "insert into refinery_schema_history values (99, 'newer', '2026-11-23T12:00:00Z', '7')";
    world.sql().await.batch_execute(newer).await.unwrap();
    let applied: Vec<i32> = versions().into_iter().chain([99]).collect();
    assert_eq!(world.invoke(json!({})).await.unwrap(), json!({ "applied": applied, "applied_now": [] }));
}

#[tokio::test]
async fn a_migration_of_several_busy_tables_waits_for_all_of_them_at_once() {
    let world = World::start().await;
    world.invoke(world.request("Create", "7")).await.unwrap();
    let busy = world.admin().await;
    busy.batch_execute("begin; select from messages").await.unwrap();
    let request = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        // What the migration locks first, if it locks one table after the other.
        busy.batch_execute(
            "lock table allowances in row exclusive mode; lock table messages in row exclusive mode; commit",
        )
        .await
    };
    let (migrated, requested) = tokio::join!(world.invoke(json!({})), request);
    requested.unwrap();
    assert_eq!(migrated.unwrap()["applied"], json!(versions()));
}
