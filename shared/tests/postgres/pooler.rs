//! A PgBouncer that shares one connection among all clients, by transaction.

use std::time::Duration;

use shared::db::{Db, chatrooms, customers};
use shared::domain::{Bounds, FreeCancels, Title};
use testkit::{Server, Stack};
use tokio::time::timeout;
use tokio_postgres::{NoTls, SimpleQueryMessage};

use crate::world::{db, now, write, write_in_transaction};

struct Pooled {
    /// The database without the pooler.
    stack: Stack,
    url: String,
    _pooler: Server,
}

impl Pooled {
    async fn start() -> Self {
        let stack = Stack::start().await;
        let (pooler, url) = Server::pgbouncer(stack.setting("DATABASE_URL"), None);
        Self { stack, url, _pooler: pooler }
    }

    /// The pool of a function that was told of the pooler.
    fn db(&self) -> Db {
        db(&format!("{}?pgbouncer=true", self.url))
    }

    /// What is left on the connection that all share.
    async fn left(&self, what: &str) -> usize {
        let (client, connection) = tokio_postgres::connect(&self.url, NoTls).await.unwrap();
        tokio::spawn(connection);
        let found = client.simple_query(what).await.unwrap();
        found.iter().filter(|message| matches!(message, SimpleQueryMessage::Row(_))).count()
    }
}

#[tokio::test]
async fn who_forgets_to_say_that_there_is_a_pooler_is_told_before_a_statement_runs() {
    let pooled = Pooled::start().await;
    let forgetful = db(&pooled.url);
    for _ in 0..3 {
        let fault = write(&forgetful).await.unwrap_err();
        assert!(fault.to_string().contains("DATABASE_URL leads to a pooler"), "{fault}");
        assert!(fault.to_string().contains("add pgbouncer=true"), "{fault}");
        assert!(fault.is_outage());
    }
    let users = pooled.stack.sql().await.query("select from users", &[]).await.unwrap();
    assert_eq!(users.len(), 0);
    assert_eq!(pooled.left("select from pg_prepared_statements").await, 0);
}

#[tokio::test]
async fn nothing_is_left_on_a_connection_that_is_shared() {
    let pooled = Pooled::start().await;
    let (reader, writer) = (pooled.db(), pooled.db());
    let user = write(&writer).await.unwrap();
    let bounds = Bounds { unfinished_basic: 5, unfinished_pro: 5, rooms: 5 };
    let made = chatrooms::create(&writer, user, &Title::default(), None, bounds, now()).await.unwrap();
    let chatrooms::Create::Made(chatrooms::Chatroom { id: room, .. }) = made else { panic!("not made") };
    customers::make(&writer, user, now()).await.unwrap();
    for _ in 0..5 {
        let (found, deleted, written) = tokio::join!(
            chatrooms::find(&reader, user, room),
            chatrooms::delete(&writer, user, shared::domain::ChatroomId::generate(), FreeCancels(5)),
            write_in_transaction(&writer, user),
        );
        assert_eq!(found.unwrap().map(|room| room.id), Some(room));
        assert_eq!(deleted.unwrap(), None);
        written.unwrap();
    }
    assert_eq!(pooled.left("select from pg_prepared_statements").await, 0);
    let settings = "select from pg_settings where source = 'session' and name ~ 'timeout'";
    assert_eq!(pooled.left(settings).await, 0);
}

#[tokio::test]
async fn a_transaction_that_is_given_up_behind_a_pooler_is_rolled_back_and_blocks_nobody() {
    let pooled = Pooled::start().await;
    let db = pooled.db();
    let user = write(&db).await.unwrap();
    customers::make(&db, user, now()).await.unwrap();
    let mut held = customers::hold(&db, customers::By::User(user)).await.unwrap().unwrap();
    held.adopt("cus_lost".to_owned()).await.unwrap();
    drop(held);

    timeout(Duration::from_secs(3), write_in_transaction(&db, user)).await.expect("a free row").unwrap();
    let sql = "select from customers where stripe_customer_id = 'cus_1'";
    assert_eq!(pooled.stack.sql().await.query(sql, &[]).await.unwrap().len(), 1);
}
