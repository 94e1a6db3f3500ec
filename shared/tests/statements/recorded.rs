//! The statements of each version, as they were recorded, against the newest schema: during a deployment the version
//! before runs on it.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use testkit::Stack;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio_postgres::Client;

use crate::run_everything;

/// With this variable the test writes the file instead of comparing it.
const RECORD: &str = "RECORD_STATEMENTS";
/// What can be prepared begins with one of these.
const PREPARED: [&str; 6] = ["with", "select", "insert", "update", "delete", "values"];
/// The first version whose statements were recorded.
const FIRST: u32 = 7;

/// A statement, with the OIDs of its parameters' types.
type Statement = (String, Vec<u32>);
type Seen = Arc<Mutex<BTreeSet<Statement>>>;

#[tokio::test]
async fn what_this_code_runs_is_recorded_under_its_schema() {
    let stack = Stack::start().await;
    let url = stack.setting("DATABASE_URL").to_owned();
    let (seen, address) = recorder(&url).await;
    let (login, place) = url.split_once('@').unwrap();
    let database = place.split(['/', '?']).nth(1).unwrap();
    let sql = stack.sql().await;
    let stack = stack.with("DATABASE_URL", format!("{login}@{address}/{database}?sslmode=disable&pgbouncer=true"));
    run_everything(&stack.db(), stack.clock.now()).await;

    let seen = seen.lock().unwrap().clone();
    let mut text = String::new();
    for (statement, types) in seen {
        let types = names(&sql, &types).await;
        let types = if types.is_empty() { String::new() } else { format!(" ({})", types.join(", ")) };
        writeln!(text, "prepare statement{types} as\n{statement};\n").unwrap();
    }
    let file = folder().join(format!("V{}.sql", newest()));
    if std::env::var_os(RECORD).is_some() {
        fs::write(&file, &text).unwrap();
    }
    let recorded = fs::read_to_string(&file).unwrap_or_default();
    let advice = format!("{}: {RECORD}=1 dev/services cargo test -p shared --test statements", file.display());
    assert!(text.matches("prepare statement").count() > 50, "too few statements passed the recorder");
    assert!(recorded == text, "the statements have changed; record them: {advice}");
}

#[tokio::test]
async fn the_newest_schema_fits_the_statements_of_every_recorded_version() {
    let stack = Stack::start().await;
    let versions = versions();
    assert!(versions.contains(&newest()) && versions.contains(&(newest() - 1).max(FIRST)), "{versions:?}");
    for version in versions {
        let refused = refused(&stack.sql().await, version).await;
        assert!(refused.is_empty(), "V{version}: {}", refused.join("\n"));
    }
}

#[tokio::test]
async fn a_column_that_the_version_before_still_reads_is_missed() {
    let stack = Stack::start().await;
    let sql = stack.sql().await;
    sql.batch_execute("alter table users rename column email to address").await.unwrap();
    let refused = refused(&sql, newest()).await;
    assert!(refused.iter().any(|one| one.contains("column \"email\" does not exist")), "{refused:?}");
}

/// The recorded statements of a version that Postgres does not prepare, each with its reason.
async fn refused(sql: &Client, version: u32) -> Vec<String> {
    let text = fs::read_to_string(folder().join(format!("V{version}.sql"))).unwrap();
    let mut refused = Vec::new();
    for statement in text.split_terminator("\n\n") {
        if let Err(error) = sql.batch_execute(statement).await {
            let reason = error.as_db_error().map_or_else(|| error.to_string(), |error| error.message().to_owned());
            refused.push(format!("{reason}: {statement}"));
        }
        sql.batch_execute("deallocate all").await.unwrap();
    }
    refused
}

/// Where they are.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/statements")
}

/// The number of the newest migration.
pub(crate) fn newest() -> u32 {
    super::rules::migrations().last().unwrap().0
}

/// The versions whose statements are recorded.
fn versions() -> Vec<u32> {
    let names = fs::read_dir(folder()).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let numbers = names.filter_map(|name| name.strip_prefix('V')?.strip_suffix(".sql")?.parse().ok());
    numbers.collect()
}

/// The names of types.
async fn names(sql: &Client, types: &[u32]) -> Vec<String> {
    let mut names = Vec::new();
    for oid in types {
        names.push(sql.query_one("select format_type($1, null)", &[oid]).await.unwrap().get(0));
    }
    names
}

/// Starts a way to the server of `url` that notes every statement; returns what it notes, and its address.
async fn recorder(url: &str) -> (Seen, String) {
    let (_, place) = url.split_once('@').unwrap();
    let server = place.split('/').next().unwrap().to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let seen = Seen::default();
    let noted = seen.clone();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let (from_client, mut to_client) = client.into_split();
            let (mut from_server, to_server) = TcpStream::connect(&server).await.unwrap().into_split();
            tokio::spawn(note(from_client, to_server, noted.clone()));
            tokio::spawn(async move { copy(&mut from_server, &mut to_client).await });
        }
    });
    (seen, address)
}

/// Passes on what a client says and notes each statement. The first message alone has no type.
/// Source: <https://www.postgresql.org/docs/current/protocol-message-formats.html>.
async fn note(mut client: OwnedReadHalf, mut server: OwnedWriteHalf, seen: Seen) -> std::io::Result<()> {
    let mut kind = None;
    loop {
        let length = client.read_u32().await?;
        let mut body = vec![0; length as usize - 4];
        client.read_exact(&mut body).await?;
        if let Some(b'P') = kind {
            let (statement, types) = parsed(&body);
            if PREPARED.iter().any(|word| statement.to_lowercase().starts_with(word)) {
                seen.lock().unwrap().insert((statement, types));
            }
        }
        if let Some(kind) = kind {
            server.write_u8(kind).await?;
        }
        server.write_u32(length).await?;
        server.write_all(&body).await?;
        kind = Some(client.read_u8().await?);
    }
}

/// The text and the types of a message Parse, which begins with the statement's name.
fn parsed(body: &[u8]) -> Statement {
    let mut parts = body.splitn(3, |byte| *byte == 0);
    let (_, text, rest) = (parts.next(), parts.next().unwrap(), parts.next().unwrap());
    let words: Vec<_> = std::str::from_utf8(text).unwrap().split_whitespace().collect();
    (words.join(" "), rest[2..].chunks_exact(4).map(|oid| u32::from_be_bytes(oid.try_into().unwrap())).collect())
}
