//! The deployed stack while parts of it are unavailable: `dev/up cargo test -p e2e --test faults`. The tests run one at
//! a time, because each stops servers that the others need.

#![cfg(test)]

mod cancelling;
mod crowd;
mod outages;
mod priority;
mod streaming;
mod workers;

use std::time::Duration;

use e2e::variable;
use serde_json::Value;
use tokio::process::Command;
use tokio::sync::{Mutex, MutexGuard};

/// Every reply ends within this time after the fault is over.
const AFTERWARDS: Duration = Duration::from_secs(120);

static STACK: Mutex<()> = Mutex::const_new(());

/// Exclusive use of the stack.
async fn alone() -> MutexGuard<'static, ()> {
    STACK.lock().await
}

/// `dev/ctl stop|start NAME`.
async fn ctl(verb: &str, name: &str) {
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/../ctl");
    let status = Command::new(program).args([verb, name]).status().await.expect("dev/ctl");
    assert!(status.success(), "dev/ctl {verb} {name}: {status}");
}

async fn sql() -> tokio_postgres::Client {
    let (client, connection) =
        tokio_postgres::connect(&variable("DATABASE_URL"), tokio_postgres::NoTls).await.expect("Postgres answers");
    tokio::spawn(connection);
    client
}

/// The calls to Gemini whose last message contains `text`.
async fn calls(text: &str) -> Vec<Value> {
    let somebody = e2e::Person::new();
    let calls = somebody.get(&format!("{}/admin/calls", variable("GEMINI_STANDIN_URL"))).await.body;
    let asked = |call: &Value| {
        call["body"]["contents"]
            .as_array()
            .and_then(|turns| turns.last()?["parts"][0]["text"].as_str().map(str::to_owned))
    };
    let all = calls["calls"].as_array().cloned().unwrap_or_default();
    all.into_iter().filter(|call| asked(call).is_some_and(|asked| asked.contains(text))).collect()
}
