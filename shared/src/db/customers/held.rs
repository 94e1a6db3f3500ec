//! A customer's row under its lock: the only way to write Stripe's state.

use std::time::Duration;

use super::{COLUMNS, Checkout, Customer, ProUntil, Subscription};
use crate::Fault;
use crate::db::Db;
use crate::db::stripe_events::{FIRST, PROCESSED};
use crate::db::transaction::Transaction;
use crate::domain::sql::Value;
use crate::domain::{CustomerId, Timestamp, UserId};

/// How long the calls to Stripe between two statements may take.
const CALLS: Duration = Duration::from_secs(45);

/// Which row is meant.
#[derive(Debug, Clone, Copy)]
pub enum By<'a> {
    /// The row with this id.
    Id(CustomerId),
    /// The row of this user.
    User(UserId),
    /// The row of this customer of Stripe.
    Stripe(&'a str),
}

/// A customer's row under its lock. If it is dropped before [`Held::release`], everything is rolled back.
///
/// It keeps a connection during the calls to Stripe, most often the environment's only one: no other statement may run
/// meanwhile. A function that serves one request at a time can afford that, and an older answer can never overwrite a
/// newer one.
#[derive(Debug)]
pub struct Held {
    transaction: Transaction,
    /// The row.
    pub customer: Customer,
}

/// Locks a customer's row. `None` if there is none.
pub async fn hold(db: &Db, by: By<'_>) -> Result<Option<Held>, Fault> {
    let (column, value): (_, &dyn Value) = match &by {
        By::Id(id) => ("id", id),
        By::User(user) => ("user_id", user),
        By::Stripe(id) => ("stripe_customer_id", id),
    };
    let sql = format!("select {COLUMNS} from customers where {column} = $1 for update");
    let transaction = Transaction::begin(db, CALLS).await?;
    match transaction.first(&sql, &[value]).await? {
        Some(customer) => Ok(Some(Held { transaction, customer })),
        None => transaction.rollback().await.map(|()| None),
    }
}

impl Held {
    /// Stores Stripe's state, unless the row has a newer one.
    pub async fn store(&mut self, new: Subscription, pro: ProUntil, now: Timestamp) -> Result<(), Fault> {
        let sql = "update customers set version = version + 1, synced_at = $3, subscription_id = $4, status = $5,
                current_period_start = $6, current_period_end = $7, cancel_at = $8, past_due_since = $9,
                payment_problem = $10, payment_url = $11, collection_paused = $14, collection_resumes_at = $15,
                pro_until = case when $12 then 'infinity'::timestamptz else $13 end
            where id = $1 and version = $2";
        let further_notice = pro == ProUntil::FurtherNotice;
        let moment = if let ProUntil::Moment(moment) = pro { Some(moment) } else { None };
        let stored = self
            .transaction
            .execute(
                sql,
                &[
                    &self.customer.id,
                    &self.customer.version,
                    &now,
                    &new.id,
                    &new.state,
                    &new.period_start,
                    &new.period_end,
                    &new.cancel_at,
                    &new.past_due_since,
                    &new.payment_problem,
                    &new.payment_url,
                    &further_notice,
                    &moment,
                    &new.collection_paused,
                    &new.collection_resumes_at,
                ],
            )
            .await?;
        if stored == 0 {
            return Err(Fault::Bug("a customer's row changed under its lock"));
        }
        self.customer.version += 1;
        self.customer.is_pro = pro != ProUntil::Never;
        self.customer.subscription = new;
        Ok(())
    }

    /// Marks an event as processed, together with what is stored. `false` if it is already.
    pub async fn processed(&mut self, event: &str, now: Timestamp) -> Result<bool, Fault> {
        Ok(self.transaction.execute(PROCESSED, &[&event, &now]).await? == 1)
    }

    /// Records a matter that people are told of. `true` the first time.
    pub async fn first(&mut self, matter: &str, kind: &str, now: Timestamp) -> Result<bool, Fault> {
        Ok(self.transaction.execute(FIRST, &[&matter, &kind, &now]).await? == 1)
    }

    /// Stores the customer that was made at Stripe.
    pub async fn adopt(&mut self, stripe_id: String) -> Result<(), Fault> {
        let sql = "update customers set stripe_customer_id = $2 where id = $1";
        self.transaction.execute(sql, &[&self.customer.id, &stripe_id]).await?;
        self.customer.stripe_id = Some(stripe_id);
        Ok(())
    }

    /// Forgets a customer that Stripe has deleted, and its checkout; the next one is made as a new customer.
    pub async fn forget(&mut self) -> Result<(), Fault> {
        let sql = "update customers set stripe_customer_id = null, customer_count = customer_count + 1,
                checkout_session_id = null, checkout_url = null, checkout_expires_at = null
            where id = $1";
        self.transaction.execute(sql, &[&self.customer.id]).await?;
        (self.customer.stripe_id, self.customer.checkout) = (None, None);
        self.customer.customer_count += 1;
        Ok(())
    }

    /// Notes that Stripe has deleted the customer of a deleted account: it is never checked again, and the row is deleted
    /// when nobody can dispute its payments any more ([`super::delete_erased`]).
    pub async fn erase(&mut self) -> Result<(), Fault> {
        let sql = "update customers set checked_at = 'infinity', checkout_session_id = null, checkout_url = null,
                checkout_expires_at = null where id = $1";
        self.transaction.execute(sql, &[&self.customer.id]).await?;
        self.customer.checkout = None;
        Ok(())
    }

    /// Stores the checkout that was opened, or that none is open; the next one is made as a new session.
    pub async fn set_checkout(&mut self, checkout: Option<Checkout>) -> Result<(), Fault> {
        let sql = "update customers set checkout_session_id = $2, checkout_url = $3, checkout_expires_at = $4,
                checkout_count = checkout_count + 1 where id = $1";
        let session = checkout.as_ref().map(|open| &open.session);
        let url = checkout.as_ref().map(|open| &open.url);
        let expires_at = checkout.as_ref().map(|open| open.expires_at);
        self.transaction.execute(sql, &[&self.customer.id, &session, &url, &expires_at]).await?;
        self.customer.checkout = checkout;
        self.customer.checkout_count += 1;
        Ok(())
    }

    /// Notes that the account is about to be deleted. Uses the database's clock, since the time is compared with
    /// Stripe's.
    pub async fn close(&mut self) -> Result<(), Fault> {
        let sql = "update customers set closed_at = date_trunc('second', now()) where id = $1";
        self.transaction.execute(sql, &[&self.customer.id]).await.map(drop)
    }

    /// Commits what was stored and unlocks the row.
    pub async fn release(self) -> Result<Customer, Fault> {
        self.transaction.commit().await?;
        Ok(self.customer)
    }
}
