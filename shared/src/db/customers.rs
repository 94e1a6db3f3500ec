//! `customers`: a user's customer and subscription at Stripe. What Stripe says is written under the row's lock alone.

use deadpool_postgres::Object;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::{Db, STATEMENT_TIMEOUT};
use crate::Fault;
use crate::domain::{CustomerId, Timestamp, UserId};

/// The subscription as the row tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Stripe's id.
    pub id: Option<String>,
    /// Stripe's word for its state; `none` without one.
    pub status: String,
    /// When the paid period began.
    pub period_start: Option<Timestamp>,
    /// When it ends.
    pub period_end: Option<Timestamp>,
    /// When the subscription will end, if it is to end.
    pub cancel_at: Option<Timestamp>,
    /// Since when a payment is missing.
    pub past_due_since: Option<Timestamp>,
    /// The code of what is wrong with the payment.
    pub payment_problem: Option<String>,
    /// Where the open invoice can be paid.
    pub payment_url: Option<String>,
}

impl Default for Subscription {
    fn default() -> Self {
        Self {
            id: None,
            status: "none".into(),
            period_start: None,
            period_end: None,
            cancel_at: None,
            past_due_since: None,
            payment_problem: None,
            payment_url: None,
        }
    }
}

fn subscription(row: &Row) -> Subscription {
    Subscription {
        id: row.get("subscription_id"),
        status: row.get("status"),
        period_start: row.get("current_period_start"),
        period_end: row.get("current_period_end"),
        cancel_at: row.get("cancel_at"),
        past_due_since: row.get("past_due_since"),
        payment_problem: row.get("payment_problem"),
        payment_url: row.get("payment_url"),
    }
}

/// How long a subscription makes its user Pro.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProUntil {
    /// It does not.
    Never,
    /// Until a grace period ends.
    Moment(Timestamp),
    /// Until Stripe says otherwise.
    FurtherNotice,
}

/// A checkout session.
#[derive(Debug, Clone)]
pub struct Checkout {
    /// Stripe's id.
    pub session: String,
    /// Where it is paid.
    pub url: String,
    /// When it closes by itself.
    pub expires_at: Timestamp,
}

/// A row of `customers`.
#[derive(Debug, Clone)]
pub struct Customer {
    /// Its id.
    pub id: CustomerId,
    /// Whose it is; `None` once the account was deleted.
    pub user: Option<UserId>,
    /// Stripe's id, once the customer was made there.
    pub stripe_id: Option<String>,
    /// Customers made at Stripe before.
    pub customer_count: i32,
    /// When its account began to be deleted.
    pub closed_at: Option<Timestamp>,
    /// The last checkout that was opened and not seen to end.
    pub checkout: Option<Checkout>,
    /// Checkouts opened before.
    pub checkout_count: i32,
    /// The fence: raised by every write of what Stripe says.
    pub version: i64,
    /// What Stripe said last.
    pub subscription: Subscription,
}

const COLUMNS: &str = "id, user_id, stripe_customer_id, customer_count, closed_at, checkout_session_id, checkout_url,
    checkout_expires_at, checkout_count, version, subscription_id, status, current_period_start, current_period_end,
    cancel_at, past_due_since, payment_problem, payment_url";

fn customer(row: &Row) -> Customer {
    let checkout = || {
        Some(Checkout {
            session: row.get::<_, Option<_>>("checkout_session_id")?,
            url: row.get::<_, Option<_>>("checkout_url")?,
            expires_at: row.get::<_, Option<_>>("checkout_expires_at")?,
        })
    };
    Customer {
        id: CustomerId(row.get("id")),
        user: row.get::<_, Option<_>>("user_id").map(UserId),
        stripe_id: row.get("stripe_customer_id"),
        customer_count: row.get("customer_count"),
        closed_at: row.get("closed_at"),
        checkout: checkout(),
        checkout_count: row.get("checkout_count"),
        version: row.get("version"),
        subscription: subscription(row),
    }
}

/// What a user is told about their subscription.
#[derive(Debug, Clone)]
pub struct Status {
    /// Whether it makes them Pro now.
    pub pro: bool,
    /// When the grace period of a missing payment ends or ended.
    pub grace_until: Option<Timestamp>,
    /// Stripe's id of the customer, if there is one.
    pub stripe_id: Option<String>,
    /// The subscription.
    pub subscription: Subscription,
}

/// The user's subscription at `now`; `None` if the user never began to subscribe.
pub async fn status(db: &Db, user: UserId, now: Timestamp) -> Result<Option<Status>, Fault> {
    let sql = format!(
        "select {COLUMNS}, coalesce(pro_until > $2, false) as pro, nullif(pro_until, 'infinity') as grace_until
        from customers where user_id = $1"
    );
    Ok(db.row(&sql, &[&user.0, &now]).await?.map(|row| Status {
        pro: row.get("pro"),
        grace_until: row.get("grace_until"),
        stripe_id: row.get("stripe_customer_id"),
        subscription: subscription(&row),
    }))
}

/// Makes the user's row if there is none. Nothing is made if the account is gone.
pub async fn make(db: &Db, user: UserId, now: Timestamp) -> Result<(), Fault> {
    let sql = "insert into customers (id, user_id, created_at) select $2, id, $3 from users where id = $1
        on conflict (user_id) do nothing";
    db.execute(sql, &[&user.0, &CustomerId::generate().0, &now]).await.map(drop)
}

/// Takes `most` customers of Stripe that were not checked since `before`, the longest unchecked first, and notes that
/// they are checked now: one that fails goes to the end of the line as well.
pub async fn take_unchecked(db: &Db, before: Timestamp, most: i64, now: Timestamp) -> Result<Vec<CustomerId>, Fault> {
    let sql = "update customers set checked_at = $3 where id in (
            select id from customers where stripe_customer_id is not null and (checked_at is null or checked_at < $1)
            order by checked_at nulls first limit $2 for update skip locked
        ) returning id";
    Ok(db.rows(sql, &[&before, &most, &now]).await?.iter().map(|row| CustomerId(row.get("id"))).collect())
}

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

    async fn execute(&self, sql: &str, parameters: super::Parameters<'_>) -> Result<u64, Fault> {
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
