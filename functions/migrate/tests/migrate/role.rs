//! The role of the functions, if migrations have another one.

use serde_json::json;
use testkit::{Server, capture};
use tokio_postgres::{Client, NoTls};

use crate::schema::versions;
use crate::world::World;

/// What the functions do with rows; the schema is theirs to use and not to change.
const ALLOWED: [&str; 5] = [
    "select from users",
    "insert into stripe_events (id, type, received_at) values ('evt_1', 'x', now())",
    "update stripe_events set type = 'y'",
    "delete from stripe_events",
    "select 1 from messages, chatrooms, sessions, refresh_tokens, customers",
];
const REFUSED: [&str; 10] = [
    "alter table users add column x int",
    "drop table users",
    "truncate users",
    "create table mine (x int)",
    "create temporary table mine (x int)",
    "create index on users (id)",
    "create schema mine",
    "create role mine",
    "select from refinery_schema_history",
    "delete from refinery_schema_history",
];

/// A world in which migrations have an owner without superpowers, and the functions a role that is not there yet.
async fn world() -> World {
    let world = World::start().await;
    let (owner, runtime) = (world.role("owner"), world.role("runtime"));
    let database = world.stack.setting("DATABASE_URL").rsplit_once('/').unwrap().1.split('?').next().unwrap();
    let make = format!("create role {owner} login createrole password 'o'; alter database {database} owner to {owner}");
    world.sql().await.batch_execute(&make).await.unwrap();
    let owners = world.url_as(&owner, "o");
    let runtimes = world.url_as(&runtime, "first");
    world.with("MIGRATION_DATABASE_URL", owners).with("DATABASE_URL", runtimes)
}

async fn sign_in(url: &str) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// The beginnings of the SQLSTATEs by which Postgres refused statements.
async fn refusals(client: &Client, statements: &[&str]) -> Vec<String> {
    let mut refusals = Vec::new();
    for statement in statements {
        if let Err(error) = client.batch_execute(statement).await {
            refusals.push(format!("{} {statement}", error.code().unwrap().code()));
        }
    }
    refusals
}

#[tokio::test]
async fn the_first_deployment_makes_a_role_that_reads_and_writes_rows_and_changes_no_schema() {
    let world = world().await;
    world.invoke(json!({})).await.unwrap();
    let runtime = sign_in(world.stack.setting("DATABASE_URL")).await.unwrap();
    assert_eq!(refusals(&runtime, &ALLOWED).await, [""; 0]);
    // Not the owner (42501), or nobody's to see.
    let expected: Vec<_> = REFUSED.iter().map(|statement| format!("42501 {statement}")).collect();
    assert_eq!(refusals(&runtime, &REFUSED).await, expected);
}

#[tokio::test]
async fn tables_of_a_later_migration_are_the_roles_to_use_too() {
    let world = world().await;
    world.invoke(json!({})).await.unwrap();
    let owner = sign_in(world.stack.setting("MIGRATION_DATABASE_URL")).await.unwrap();
    owner.batch_execute("create table later (x int)").await.unwrap();
    let runtime = sign_in(world.stack.setting("DATABASE_URL")).await.unwrap();
    let statements =
        ["insert into later values (1)", "update later set x = 2", "select from later", "delete from later"];
    assert_eq!(refusals(&runtime, &statements).await, [""; 0]);
}

#[tokio::test]
async fn every_deployment_repeats_it_and_a_changed_password_is_the_only_one_then() {
    let mut world = world().await;
    for _ in 0..3 {
        assert_eq!(world.invoke(json!({})).await.unwrap()["applied"], json!(versions()));
    }
    let (old, role) = (world.stack.setting("DATABASE_URL").to_owned(), world.role("runtime"));
    let stored = format!("select rolpassword from pg_authid where rolname = '{role}'");
    let before: String = world.admin().await.query_one(&stored, &[]).await.unwrap().get(0);
    world.invoke(json!({})).await.unwrap();
    let after: String = world.admin().await.query_one(&stored, &[]).await.unwrap().get(0);
    assert_eq!(after, before, "a pooler may have a copy");

    let new = world.url_as(&role, "it's%20another%3B--");
    world = world.with("DATABASE_URL", new.clone());
    world.invoke(world.request("Update", "6")).await.unwrap();
    assert_eq!(world.answer().1["Status"], "SUCCESS");
    assert!(sign_in(&new).await.is_ok());
    assert!(sign_in(&old).await.is_err());
}

#[tokio::test]
async fn a_role_that_cannot_sign_in_for_another_reason_keeps_its_password() {
    let world = world().await;
    world.invoke(json!({})).await.unwrap();
    let role = world.role("runtime");
    let stored = format!("select rolpassword from pg_authid where rolname = '{role}'");
    let before: String = world.admin().await.query_one(&stored, &[]).await.unwrap().get(0);
    let full = format!("alter role {role} connection limit 0");
    world.admin().await.batch_execute(&full).await.unwrap();

    assert!(world.invoke(json!({})).await.is_err());
    let after: String = world.admin().await.query_one(&stored, &[]).await.unwrap().get(0);
    assert_eq!(after, before);

    world.admin().await.batch_execute(&format!("alter role {role} connection limit -1 nologin")).await.unwrap();
    world.invoke(json!({})).await.unwrap();
    assert!(sign_in(world.stack.setting("DATABASE_URL")).await.is_ok());
}

#[tokio::test]
async fn a_table_of_somebody_else_fails_the_deployment_by_its_name() {
    let world = world().await;
    world.invoke(json!({})).await.unwrap();
    let runtime = world.role("runtime");
    let taken = format!(
        "alter table attempts owner to current_user; revoke all on attempts from {runtime};
        create table of_another_application (x int)"
    );
    world.admin().await.batch_execute(&taken).await.unwrap();
    let refused = world.invoke(json!({})).await.unwrap_err().to_string();
    assert!(refused.contains("the role of DATABASE_URL may not use attempts:"), "{refused}");
}

#[tokio::test]
async fn the_tables_that_a_role_must_be_able_to_use_are_those_of_the_schema() {
    let world = world().await;
    world.invoke(json!({})).await.unwrap();
    let tables =
        "select array_agg(relname::text order by relname) from pg_class join pg_namespace n on n.oid = relnamespace
        where nspname = 'public' and relkind = 'r' and relname <> 'refinery_schema_history'";
    let found: Vec<String> = world.admin().await.query_one(tables, &[]).await.unwrap().get(0);
    assert_eq!(found, shared::db::runtime_role::TABLES);
}

#[tokio::test]
async fn a_role_that_may_not_connect_yet_gets_that_right() {
    let world = world().await;
    let (runtime, admin) = (world.role("runtime"), world.admin().await);
    let made = format!(
        "create role {runtime} login password 'first';
        do $$ begin execute format('revoke connect on database %I from public', current_database()); end $$"
    );
    admin.batch_execute(&made).await.unwrap();
    assert!(sign_in(world.stack.setting("DATABASE_URL")).await.is_err());
    world.invoke(json!({})).await.unwrap();
    assert!(sign_in(world.stack.setting("DATABASE_URL")).await.is_ok());
}

#[tokio::test]
async fn a_role_that_owns_a_table_is_told_in_the_log() {
    let world = world().await;
    world.invoke(json!({})).await.unwrap();
    let mine = format!("create table mine (x int); alter table mine owner to {}", world.role("runtime"));
    world.admin().await.batch_execute(&mine).await.unwrap();
    let (logs, _guard) = capture();
    world.invoke(json!({})).await.unwrap();
    assert!(logs.take().contains("the role of DATABASE_URL may change the schema"));
}

#[tokio::test]
async fn a_role_of_another_name_leaves_the_older_one_as_it_is() {
    let mut world = world().await;
    world.invoke(json!({})).await.unwrap();
    let old = world.stack.setting("DATABASE_URL").to_owned();
    let new = world.url_as(&world.role("runtime_b"), "second");
    world = world.with("DATABASE_URL", new.clone());
    world.invoke(json!({})).await.unwrap();
    for url in [&old, &new] {
        assert_eq!(refusals(&sign_in(url).await.unwrap(), &ALLOWED).await, [""; 0]);
    }
    // As docs/runbook.md ends a rotation.
    let role = world.role("runtime");
    let retired = format!("grant {role} to current_user; drop owned by {role}; drop role {role}");
    let owner = sign_in(world.stack.setting("MIGRATION_DATABASE_URL")).await.unwrap();
    owner.batch_execute(&retired).await.unwrap();
    assert!(sign_in(&old).await.is_err());
    assert!(sign_in(&new).await.is_ok());
}

#[tokio::test]
async fn no_line_of_the_log_has_a_password_and_postgres_is_told_none() {
    let (logs, _guard) = capture();
    let world = world().await.with("DATABASE_URL", "");
    let secret = world.url_as(&world.role("runtime"), "hunter2");
    let world = world.with("DATABASE_URL", secret);
    world.invoke(json!({})).await.unwrap();
    let stored = format!("select rolpassword from pg_authid where rolname = '{}'", world.role("runtime"));
    let stored: String = world.admin().await.query_one(&stored, &[]).await.unwrap().get(0);
    assert!(stored.starts_with("SCRAM-SHA-256$"), "{stored}");
    let text = logs.text();
    assert!(text.contains("migrated") && text.contains("Created"), "{text}");
    assert!(!text.contains("hunter2") && !text.contains("SCRAM-SHA-256"), "{text}");
}

#[tokio::test]
async fn an_owner_that_may_not_create_roles_still_gives_a_role_its_rights() {
    let world = world().await;
    let (owner, runtime) = (world.role("owner"), world.role("runtime"));
    let admin = world.admin().await;
    admin.batch_execute(&format!("alter role {owner} nocreaterole")).await.unwrap();
    let refused = world.invoke(json!({})).await.unwrap_err().to_string();
    assert!(refused.contains("the role of DATABASE_URL was not made ready (SQLSTATE 42501)"), "{refused}");
    assert!(admin.query("select from users", &[]).await.is_err(), "nothing was migrated");

    admin.batch_execute(&format!("create role {runtime} login password 'first'")).await.unwrap();
    world.invoke(json!({})).await.unwrap();
    let runtime = sign_in(world.stack.setting("DATABASE_URL")).await.unwrap();
    assert_eq!(refusals(&runtime, &ALLOWED).await, [""; 0]);
}

#[tokio::test]
async fn through_a_pooler_too_that_does_not_know_the_role_yet() {
    let world = world().await;
    let (_pooler, url) = Server::pgbouncer(world.stack.setting("MIGRATION_DATABASE_URL"), None);
    let world = world.with("MIGRATION_DATABASE_URL", format!("{url}?pgbouncer=true"));
    for _ in 0..2 {
        world.invoke(json!({})).await.unwrap();
    }
    let runtime = sign_in(world.stack.setting("DATABASE_URL")).await.unwrap();
    assert_eq!(refusals(&runtime, &ALLOWED).await, [""; 0]);
}

#[tokio::test]
async fn migrations_past_the_pooler_serve_functions_behind_it() {
    let world = world().await;
    world.invoke(json!({})).await.unwrap();
    let (_pooler, url) = Server::pgbouncer(world.stack.setting("DATABASE_URL"), None);
    let behind = world.with("DATABASE_URL", format!("{url}?pgbouncer=true"));
    behind.invoke(json!({})).await.unwrap();
    assert!(behind.stack.db().ping().await.is_ok());
}

#[tokio::test]
async fn a_role_that_may_change_the_schema_is_told_in_the_log() {
    const SAID: &str = "the role of DATABASE_URL may change the schema";
    let (logs, _guard) = capture();
    let world = world().await;
    world.invoke(json!({})).await.unwrap();
    assert!(!logs.take().contains(SAID));
    let (owner, runtime) = (world.role("owner"), world.role("runtime"));
    world.admin().await.batch_execute(&format!("grant {owner} to {runtime}")).await.unwrap();
    world.invoke(json!({})).await.unwrap();
    assert!(logs.take().contains(SAID));

    let one = world.stack.setting("MIGRATION_DATABASE_URL").to_owned();
    let world = world.with("DATABASE_URL", one);
    world.invoke(json!({})).await.unwrap();
    assert!(!logs.take().contains(SAID), "a stage without users may have one role for both");
}
