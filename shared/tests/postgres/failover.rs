//! The old primary only reads, and its address leads to the new one.

use shared::domain::SessionId;
use testkit::{Relay, Server, migrate};

use crate::world::{db, now, write, write_in_transaction, write_session};

/// Two migrated servers, and a relay to the first one.
struct Cluster {
    _old: Server,
    new: Server,
    relay: Relay,
    /// The first connection to the old one. Postgres tells its newest process first of other settings, and this one last.
    sql: tokio_postgres::Client,
}

fn url(address: &str) -> String {
    format!("postgres://chat:secret@{address}/postgres")
}

impl Cluster {
    async fn start() -> Self {
        let (old, new) = (Server::postgres("host", None, &[]), Server::postgres("host", None, &[]));
        migrate(&url(&old.address())).await;
        migrate(&url(&new.address())).await;
        let relay = Relay::to(&old.address()).await;
        let (sql, connection) = tokio_postgres::connect(&url(&old.address()), tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        Self { _old: old, new, relay, sql }
    }

    async fn fail_over(&self) {
        let sql = &self.sql;
        sql.batch_execute("alter system set default_transaction_read_only = on").await.unwrap();
        sql.batch_execute("select pg_reload_conf()").await.unwrap();
        self.relay.lead_to(&self.new.address());
        // The server's processes read it at their next statement.
        while sql.query("show transaction_read_only", &[]).await.unwrap()[0].get::<_, &str>(0) == "off" {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }
}

#[tokio::test]
async fn after_a_failover_one_request_is_unavailable_and_the_next_one_is_served_by_the_new_primary() {
    let cluster = Cluster::start().await;
    let db = db(&url(cluster.relay.address()));
    // Several connections are open, and all of them lead to the old primary.
    let (one, two, three) = tokio::join!(write(&db), write(&db), write(&db));
    assert!(one.is_ok() && two.is_ok() && three.is_ok());
    cluster.fail_over().await;

    let fault = write(&db).await.unwrap_err();
    assert!(fault.is_outage() && fault.to_string().contains("25006"), "{fault}");
    for _ in 0..4 {
        write(&db).await.unwrap();
    }
}

#[tokio::test]
async fn after_a_failover_one_transaction_is_unavailable_and_the_next_one_is_served_by_the_new_primary() {
    let cluster = Cluster::start().await;
    let old = db(&url(cluster.relay.address()));
    let user = write(&old).await.unwrap();
    shared::db::customers::make(&old, user, now()).await.unwrap();
    let new = db(&url(&cluster.new.address()));
    let user_of_new = write(&new).await.unwrap();
    shared::db::customers::make(&new, user_of_new, now()).await.unwrap();
    cluster.fail_over().await;

    let fault = write_in_transaction(&old, user).await.unwrap_err();
    assert!(fault.is_outage() && fault.to_string().contains("25006"), "{fault}");
    write_in_transaction(&old, user_of_new).await.unwrap();
}

#[tokio::test]
async fn a_statement_whose_connection_is_ended_by_the_server_is_unavailable_and_the_next_one_is_served() {
    let stack = testkit::Stack::start().await;
    let (db, sql) = (stack.db(), stack.sql().await);
    let user = write(&db).await.unwrap();
    sql.batch_execute("begin; lock table users").await.unwrap();
    let blocked = stack.stalled({
        let db = db.clone();
        async move { write(&db).await }
    });
    let blocked = blocked.await;
    let end = "select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and application_name = 'chat-backend'";
    sql.execute(end, &[]).await.unwrap();
    let fault = blocked.await.unwrap().unwrap_err();
    sql.batch_execute("commit").await.unwrap();
    assert!(fault.is_outage() && fault.to_string().contains("57P01"), "{fault}");
    assert_eq!(write(&db).await.unwrap(), user);
}

#[tokio::test]
async fn an_error_of_the_statement_alone_keeps_its_connection() {
    let stack = testkit::Stack::start().await;
    let (db, sql) = (stack.db(), stack.sql().await);
    let session = SessionId::generate();
    write_session(&db, session).await.unwrap();
    let open = "select pid from pg_stat_activity
        where datname = current_database() and application_name = 'chat-backend'";
    let before: Vec<i32> = sql.query(open, &[]).await.unwrap().iter().map(|row| row.get(0)).collect();

    let fault = write_session(&db, session).await.unwrap_err();
    assert!(!fault.is_outage() && fault.to_string().contains("23505"), "{fault}");
    write(&db).await.unwrap();
    let after: Vec<i32> = sql.query(open, &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
    assert_eq!((before.len(), &after), (1, &before));
}
