//! A server that keeps its connections and says nothing on them any more.

use std::time::Duration;

use shared::Fault;
use shared::db::Db;
use testkit::{Relay, Stack};
use tokio::time::timeout;

use crate::world::{db, write, write_in_transaction};

/// The time that somebody around the statement gives it; `GET /health` does so.
const IMPATIENT: Duration = Duration::from_millis(200);
/// Less than a statement may take: whoever waits longer hangs on a silent connection.
const SOON: Duration = Duration::from_secs(3);

async fn behind_a_relay(stack: &Stack) -> (Db, Relay) {
    let url = stack.setting("DATABASE_URL");
    let address = url.rsplit_once('@').unwrap().1.split('/').next().unwrap();
    let relay = Relay::to(address).await;
    (db(&url.replace(address, relay.address())), relay)
}

#[tokio::test]
async fn a_statement_that_was_given_up_does_not_return_its_connection() {
    let stack = Stack::start().await;
    let (db, relay) = behind_a_relay(&stack).await;
    // Several connections are open, and all of them hang.
    let (one, two, three) = tokio::join!(db.ping(), db.ping(), db.ping());
    assert!(one.is_ok() && two.is_ok() && three.is_ok());
    relay.go_silent();

    timeout(IMPATIENT, db.ping()).await.unwrap_err();
    for _ in 0..4 {
        timeout(SOON, db.ping()).await.expect("a new connection").unwrap();
    }
}

#[tokio::test]
async fn a_transaction_that_was_given_up_does_not_return_its_connection() {
    let stack = Stack::start().await;
    let (db, relay) = behind_a_relay(&stack).await;
    let user = write(&db).await.unwrap();
    shared::db::customers::make(&db, user, crate::world::now()).await.unwrap();
    relay.go_silent();

    timeout(IMPATIENT, write_in_transaction(&db, user)).await.unwrap_err();
    timeout(SOON, write_in_transaction(&db, user)).await.expect("a new connection").unwrap();
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_an_outage_and_does_not_return_its_connection() {
    let stack = Stack::start().await;
    let (db, relay) = behind_a_relay(&stack).await;
    db.ping().await.unwrap();
    relay.go_silent();

    assert!(matches!(db.ping().await.unwrap_err(), Fault::StatementTimeout));
    timeout(SOON, db.ping()).await.expect("a new connection").unwrap();
}
