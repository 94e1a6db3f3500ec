//! A database per test, copied from a template that is migrated once.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use tokio_postgres::{Client, Config, NoTls};
use uuid::Uuid;

async fn connect(config: &Config) -> Client {
    let (client, connection) = config.connect(NoTls).await.expect("TEST_DATABASE_URL answers (see dev/services)");
    tokio::spawn(connection);
    client
}

/// The migrations in their order.
fn migrations() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/migrations");
    let mut files: Vec<_> =
        fs::read_dir(folder).expect("migrations").map(|file| file.expect("a file").path()).collect();
    files.sort_by_key(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        name[1..].split("__").next().and_then(|number| number.parse::<u32>().ok()).expect("V<number>__<name>.sql")
    });
    files.iter().map(|path| fs::read_to_string(path).expect("a readable migration")).collect()
}

/// Makes an empty, migrated database and returns its URL.
pub(crate) async fn create(server: &str) -> String {
    let mut config: Config = server.parse().expect("TEST_DATABASE_URL is a URL");
    let client = connect(&config).await;
    let migrations = migrations();
    let mut hasher = DefaultHasher::new();
    migrations.hash(&mut hasher);
    let template = format!("template_{:x}", hasher.finish());

    client.execute("select pg_advisory_lock(74656)", &[]).await.expect("the lock");
    let known =
        client.query_opt("select from pg_database where datname = $1", &[&template]).await.expect("the catalogue");
    if known.is_none() {
        let building = format!("{template}_building");
        client
            .batch_execute(&format!("drop database if exists {building}"))
            .await
            .expect("no remains of an earlier run");
        client.batch_execute(&format!("create database {building}")).await.expect("a database");
        let fresh = connect(config.clone().dbname(&building)).await;
        apply(&fresh, &migrations).await;
        drop(fresh);
        let rename = format!("alter database {building} rename to {template}");
        while client.batch_execute(&rename).await.is_err() {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }
    client.execute("select pg_advisory_unlock(74656)", &[]).await.expect("the lock");

    let name = format!("test_{}", Uuid::new_v4().simple());
    client.batch_execute(&format!("create database {name} template {template}")).await.expect("a database");
    config.dbname(&name);
    let (from, _) = server.split_once('?').unwrap_or((server, ""));
    let (base, _) = from.rsplit_once('/').expect("TEST_DATABASE_URL ends with a database");
    server.replacen(from, &format!("{base}/{name}"), 1)
}

/// Migrates the empty database of a server that a test has started.
pub async fn migrate(url: &str) {
    apply(&connect(&url.parse().expect("a URL")).await, &migrations()).await;
}

async fn apply(client: &Client, migrations: &[String]) {
    for migration in migrations {
        client.batch_execute(migration).await.expect("a migration that applies");
    }
}
