//! `customers`: a user's customer and subscription at Stripe. What Stripe says is written under the row's lock alone.

mod held;

use tokio_postgres::Row;

use super::Db;
use crate::Fault;
use crate::domain::{CustomerId, Timestamp, UserId};

pub use held::{By, Held, hold};

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
