//! How many rows the statements delete.

use tokio_postgres::Client;

use crate::Stack;

/// What every statement deletes of a table, noted by a trigger.
pub struct Deletions(Client);

impl Stack {
    /// Notes from here on what is deleted of a table.
    pub async fn deletions(&self, table: &str) -> Deletions {
        let sql = self.sql().await;
        let noted = format!(
            "create table deletions (of_one bigint);
            create function note() returns trigger language plpgsql as
                'begin insert into deletions select count(*) from gone; return null; end';
            create trigger noted after delete on {table} referencing old table as gone
                for each statement execute function note()"
        );
        sql.batch_execute(&noted).await.expect("a table");
        Deletions(sql)
    }
}

impl Deletions {
    /// The most rows of one statement, and those of all.
    pub async fn so_far(&self) -> (i64, i64) {
        let sum = "select coalesce(max(of_one), 0), coalesce(sum(of_one), 0)::bigint from deletions";
        let row = self.0.query_one(sum, &[]).await.expect("a sum");
        (row.get(0), row.get(1))
    }
}
