//! A customer's row under its lock: the only way to write what Stripe says.

use deadpool_postgres::Object;
use tokio_postgres::types::ToSql;

use super::{COLUMNS, Checkout, Customer, ProUntil, Subscription, customer};
use crate::Fault;
use crate::db::{Db, Parameters, STATEMENT_TIMEOUT};
use crate::domain::{CustomerId, Timestamp, UserId};

/// Which row is meant.
#[derive(Debug, Clone, Copy)]
pub enum By<'a> {
    /// By its id.
    Id(CustomerId),
    /// The user's.
    User(UserId),
    /// That of a customer of Stripe.
    Stripe(&'a str),
}

/// How long the lock is waited for, and how long it may be held without a statement: longer than the calls to Stripe
/// that are made meanwhile, so that a function frozen in the middle does not keep it for ever.
const HOLD: &str = "begin; set local lock_timeout = '7s'; set local idle_in_transaction_session_timeout = '45s'";

/// A transaction that is rolled back by hanging up unless it was ended: whatever state it is in, its locks go with it.
#[derive(Debug)]
struct Transaction(Option<Object>);

impl Drop for Transaction {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take() {
            drop(Object::take(connection));
        }
    }
}

impl Transaction {
    async fn begin(db: &Db) -> Result<Self, Fault> {
        let transaction = Self(Some(db.connection().await?));
        transaction.run(async |connection| connection.batch_execute(HOLD).await).await?;
        Ok(transaction)
    }

    async fn run<T>(&self, work: impl AsyncFnOnce(&Object) -> Result<T, tokio_postgres::Error>) -> Result<T, Fault> {
        let connection = self.0.as_ref().ok_or(Fault::Bug("a transaction that has ended was used"))?;
        match tokio::time::timeout(STATEMENT_TIMEOUT, work(connection)).await {
            Ok(done) => Ok(done?),
            Err(_) => Err(Fault::StatementTimeout),
        }
    }

    async fn execute(&self, sql: &str, parameters: Parameters<'_>) -> Result<u64, Fault> {
        self.run(async |connection| {
            let statement = connection.prepare_cached(sql).await?;
            connection.execute(&statement, parameters).await
        })
        .await
    }

    async fn end(mut self, how: &str) -> Result<(), Fault> {
        self.run(async |connection| connection.batch_execute(how).await).await?;
        drop(self.0.take());
        Ok(())
    }
}

/// A customer's row under its lock. Dropped before [`Held::release`], nothing of it is stored.
///
/// It keeps one of the pool's few connections while Stripe is asked: right in a function that serves one request at a
/// time, and the price of never storing an older answer over a newer one.
#[derive(Debug)]
pub struct Held {
    transaction: Transaction,
    /// The row.
    pub customer: Customer,
}

/// Locks a customer's row. `None` if there is none.
pub async fn hold(db: &Db, by: By<'_>) -> Result<Option<Held>, Fault> {
    let (column, value): (_, &(dyn ToSql + Sync)) = match &by {
        By::Id(id) => ("id", &id.0),
        By::User(user) => ("user_id", &user.0),
        By::Stripe(id) => ("stripe_customer_id", id),
    };
    let sql = format!("select {COLUMNS} from customers where {column} = $1 for update");
    let transaction = Transaction::begin(db).await?;
    let row = transaction
        .run(async |connection| {
            let statement = connection.prepare_cached(&sql).await?;
            connection.query_opt(&statement, &[value]).await
        })
        .await?;
    match row {
        Some(row) => Ok(Some(Held { transaction, customer: customer(&row) })),
        None => transaction.end("rollback").await.map(|()| None),
    }
}

impl Held {
    /// Stores what Stripe says, unless something newer is there.
    pub async fn store(&mut self, new: Subscription, pro: ProUntil, now: Timestamp) -> Result<(), Fault> {
        let sql = "update customers set version = version + 1, synced_at = $3, subscription_id = $4, status = $5,
                current_period_start = $6, current_period_end = $7, cancel_at = $8, past_due_since = $9,
                payment_problem = $10, payment_url = $11,
                pro_until = case when $12 then 'infinity'::timestamptz else $13 end
            where id = $1 and version = $2";
        let further_notice = pro == ProUntil::FurtherNotice;
        let moment = if let ProUntil::Moment(moment) = pro { Some(moment) } else { None };
        let stored = self
            .transaction
            .execute(
                sql,
                &[
                    &self.customer.id.0,
                    &self.customer.version,
                    &now,
                    &new.id,
                    &new.status,
                    &new.period_start,
                    &new.period_end,
                    &new.cancel_at,
                    &new.past_due_since,
                    &new.payment_problem,
                    &new.payment_url,
                    &further_notice,
                    &moment,
                ],
            )
            .await?;
        if stored == 0 {
            return Err(Fault::Bug("a customer's row changed under its lock"));
        }
        self.customer.version += 1;
        self.customer.subscription = new;
        Ok(())
    }

    /// Stores the customer that was made at Stripe.
    pub async fn adopt(&mut self, stripe_id: String) -> Result<(), Fault> {
        let sql = "update customers set stripe_customer_id = $2 where id = $1";
        self.transaction.execute(sql, &[&self.customer.id.0, &stripe_id]).await?;
        self.customer.stripe_id = Some(stripe_id);
        Ok(())
    }

    /// Forgets a customer that Stripe has deleted, and its checkout; the next one is another customer.
    pub async fn forget(&mut self) -> Result<(), Fault> {
        let sql = "update customers set stripe_customer_id = null, customer_count = customer_count + 1,
                checkout_session_id = null, checkout_url = null, checkout_expires_at = null
            where id = $1";
        self.transaction.execute(sql, &[&self.customer.id.0]).await?;
        (self.customer.stripe_id, self.customer.checkout) = (None, None);
        self.customer.customer_count += 1;
        Ok(())
    }

    /// Stores the checkout that was opened, or that none is open; the next one is another session.
    pub async fn set_checkout(&mut self, checkout: Option<Checkout>) -> Result<(), Fault> {
        let sql = "update customers set checkout_session_id = $2, checkout_url = $3, checkout_expires_at = $4,
                checkout_count = checkout_count + 1 where id = $1";
        let session = checkout.as_ref().map(|open| &open.session);
        let url = checkout.as_ref().map(|open| &open.url);
        let expires_at = checkout.as_ref().map(|open| open.expires_at);
        self.transaction.execute(sql, &[&self.customer.id.0, &session, &url, &expires_at]).await?;
        self.customer.checkout = checkout;
        self.customer.checkout_count += 1;
        Ok(())
    }

    /// Notes that the account is about to be deleted. By the database's own clock: it is compared with Stripe's.
    pub async fn close(&mut self) -> Result<(), Fault> {
        let sql = "update customers set closed_at = date_trunc('second', now()) where id = $1";
        self.transaction.execute(sql, &[&self.customer.id.0]).await.map(drop)
    }

    /// Commits what was stored and lets go of the row.
    pub async fn release(self) -> Result<Customer, Fault> {
        self.transaction.end("commit").await?;
        Ok(self.customer)
    }
}
