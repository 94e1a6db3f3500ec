//! `customers`: a user's customer and subscription at Stripe. Stripe's state is written only under the row's lock.

mod held;
mod status;
mod upkeep;

use const_format::formatcp;
use tokio_postgres::Row;

use super::row::{FromRow, read};
use super::{Db, tier};
use crate::Fault;
use crate::domain::{CustomerId, PaymentProblem, SubscriptionState, Timestamp, UserId};

pub use held::{By, Held, hold};
pub use status::Status;
pub use upkeep::{delete_erased, take_unchecked};

/// The subscription, as stored in the row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Stripe's id.
    pub id: Option<String>,
    /// Its state.
    pub state: SubscriptionState,
    /// When the paid period began.
    pub period_start: Option<Timestamp>,
    /// When it ends.
    pub period_end: Option<Timestamp>,
    /// When the subscription will end, if it is set to end.
    pub cancel_at: Option<Timestamp>,
    /// Since when a payment is missing.
    pub past_due_since: Option<Timestamp>,
    /// What is wrong with the payment.
    pub payment_problem: Option<PaymentProblem>,
    /// The URL where the open invoice can be paid.
    pub payment_url: Option<String>,
    /// Whether payments are not collected at present.
    pub collection_paused: bool,
    /// When they are collected again, if that is known.
    pub collection_resumes_at: Option<Timestamp>,
}

impl Subscription {
    /// No subscription.
    pub const NONE: Self = Self {
        id: None,
        state: SubscriptionState::None,
        period_start: None,
        period_end: None,
        cancel_at: None,
        past_due_since: None,
        payment_problem: None,
        payment_url: None,
        collection_paused: false,
        collection_resumes_at: None,
    };
}

impl FromRow for Subscription {
    fn from_row(row: &Row) -> Result<Self, Fault> {
        Ok(Self {
            id: read(row, "subscription_id")?,
            state: read(row, "status")?,
            period_start: read(row, "current_period_start")?,
            period_end: read(row, "current_period_end")?,
            cancel_at: read(row, "cancel_at")?,
            past_due_since: read(row, "past_due_since")?,
            payment_problem: read(row, "payment_problem")?,
            payment_url: read(row, "payment_url")?,
            collection_paused: read(row, "collection_paused")?,
            collection_resumes_at: read(row, "collection_resumes_at")?,
        })
    }
}

/// Until when a subscription makes its user Pro.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProUntil {
    /// It never does.
    Never,
    /// Until a grace period ends.
    Moment(Timestamp),
    /// Until Stripe's state changes.
    FurtherNotice,
}

/// A checkout session.
#[derive(Debug, Clone)]
pub struct Checkout {
    /// Stripe's id.
    pub session: String,
    /// The URL where it is paid.
    pub url: String,
    /// When it expires.
    pub expires_at: Timestamp,
}

/// A row of `customers`.
#[derive(Debug, Clone)]
pub struct Customer {
    /// Its id.
    pub id: CustomerId,
    /// Its user; `None` after the account was deleted.
    pub user: Option<UserId>,
    /// Stripe's id, after the customer was made there.
    pub stripe_id: Option<String>,
    /// How many earlier customers were forgotten; the next one is made under this number.
    pub customer_count: i32,
    /// When the deletion of its account began.
    pub closed_at: Option<Timestamp>,
    /// The last checkout that was opened and is not known to have ended.
    pub checkout: Option<Checkout>,
    /// How often the checkout was set; the next one is made under this number.
    pub checkout_count: i32,
    /// The fence: raised by every write of Stripe's state.
    pub version: i64,
    /// Whether the subscription makes its user Pro, or did until a grace period ended.
    pub is_pro: bool,
    /// The last known state of the subscription.
    pub subscription: Subscription,
}

const COLUMNS: &str = "id, user_id, stripe_customer_id, customer_count, closed_at, checkout_session_id, checkout_url,
    checkout_expires_at, checkout_count, version, subscription_id, status, current_period_start, current_period_end,
    cancel_at, past_due_since, payment_problem, payment_url, collection_paused, collection_resumes_at, pro_until is not null as is_pro";

impl FromRow for Customer {
    fn from_row(row: &Row) -> Result<Self, Fault> {
        let (session, url, expires_at) =
            (read(row, "checkout_session_id")?, read(row, "checkout_url")?, read(row, "checkout_expires_at")?);
        let checkout = match (session, url, expires_at) {
            (Some(session), Some(url), Some(expires_at)) => Some(Checkout { session, url, expires_at }),
            _ => None,
        };
        Ok(Self {
            id: read(row, "id")?,
            user: read(row, "user_id")?,
            stripe_id: read(row, "stripe_customer_id")?,
            customer_count: read(row, "customer_count")?,
            closed_at: read(row, "closed_at")?,
            checkout,
            checkout_count: read(row, "checkout_count")?,
            version: read(row, "version")?,
            is_pro: read(row, "is_pro")?,
            subscription: replaceable(row)?,
        })
    }
}

/// The state of a row that is locked to be replaced. A word that is not known here (a newer version may have stored it)
/// must not prevent that: it is logged, and read as [`SubscriptionState::Unknown`].
fn replaceable(row: &Row) -> Result<Subscription, Fault> {
    match Subscription::from_row(row) {
        Err(error @ Fault::Unreadable(..)) => {
            tracing::error!(%error, "the state of a subscription waits for Stripe's");
            Ok(Subscription {
                id: read(row, "subscription_id")?,
                state: SubscriptionState::Unknown,
                ..Subscription::NONE
            })
        }
        known => known,
    }
}

/// The user's subscription at `now`; `None` if the user never began to subscribe.
pub async fn status(db: &Db, user: UserId, now: Timestamp) -> Result<Option<Status>, Fault> {
    const SQL: &str = formatcp!(
        "select {COLUMNS}, nullif(pro_until, 'infinity') as grace_until, {tier} as tier
        from customers where user_id = $1",
        tier = tier!("pro_until" at "$2")
    );
    db.first(SQL, &[&user, &now]).await
}

/// Makes the user's row if there is none. Makes nothing if the account was deleted.
pub async fn make(db: &Db, user: UserId, now: Timestamp) -> Result<(), Fault> {
    let sql = "insert into customers (id, user_id, created_at) select $2, id, $3 from users where id = $1 for key share
        on conflict (user_id) do nothing";
    db.execute(sql, &[&user, &CustomerId::generate(), &now]).await.map(drop)
}
