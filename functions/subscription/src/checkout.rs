//! Opening a checkout: one customer per user, one open session per customer, none if there is a subscription.

use std::sync::Arc;

use shared::Fault;
use shared::config::{ConfigError, Env};
use shared::db::customers::{self as db, Checkout, Held};
use shared::domain::{SubscriptionState, Timestamp};
use shared::http::{Error, ProblemCode};
use shared::stripe::objects::{Customer, Session};
use shared::stripe::{Billing, Reason, Stripe, StripeError};

use crate::problems::PAYMENT_PENDING;

/// The longest trial that Stripe allows, in days.
const LONGEST_TRIAL: u16 = 730;

/// What a checkout offers, and the URLs that a browser goes to afterwards. Cloning is cheap.
#[derive(Debug, Clone)]
pub(crate) struct Offer(Arc<Settings>);

#[derive(Debug)]
struct Settings {
    success_url: String,
    cancel_url: String,
    trial_days: u16,
    has_promotion_codes: bool,
    has_automatic_tax: bool,
}

/// The result of opening a checkout.
pub(crate) enum Opened {
    /// It is open.
    Checkout(Checkout),
    /// There is a subscription already.
    Refused(Error),
}

impl Offer {
    /// Reads `CHECKOUT_SUCCESS_URL`, `CHECKOUT_CANCEL_URL`, `CHECKOUT_TRIAL_DAYS` (0: no trial),
    /// `CHECKOUT_PROMOTION_CODES` (`false`) and `CHECKOUT_AUTOMATIC_TAX` (`false`).
    pub(crate) fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let trial_days = env.parsed("CHECKOUT_TRIAL_DAYS", 0)?;
        if trial_days > LONGEST_TRIAL {
            return Err(ConfigError::new("CHECKOUT_TRIAL_DAYS", format!("is more than {LONGEST_TRIAL}")));
        }
        Ok(Self(Arc::new(Settings {
            success_url: env.required("CHECKOUT_SUCCESS_URL")?,
            cancel_url: env.required("CHECKOUT_CANCEL_URL")?,
            trial_days,
            has_promotion_codes: env.parsed("CHECKOUT_PROMOTION_CODES", false)?,
            has_automatic_tax: env.parsed("CHECKOUT_AUTOMATIC_TAX", false)?,
        })))
    }

    /// Opens a checkout for the held customer, or finds the open one. Stripe is asked first whether there is already a
    /// subscription, since an event may be late or lost.
    pub(crate) async fn open(&self, held: &mut Held, billing: &Billing) -> Result<Opened, Fault> {
        if let Some(refusal) = hindrance(held, billing).await? {
            return Ok(Opened::Refused(refusal));
        }
        if let Some(checkout) = held.customer.checkout.clone() {
            match status(&checkout, &billing.stripe).await?.as_deref() {
                Some("open") => return Ok(Opened::Checkout(checkout)),
                // It may have been paid since Stripe was asked.
                Some("complete") => {
                    if let Some(refusal) = hindrance(held, billing).await? {
                        return Ok(Opened::Refused(refusal));
                    }
                }
                _ => {}
            }
        }
        let checkout = self.make_checkout(held, billing).await?;
        held.set_checkout(Some(checkout.clone())).await?;
        Ok(Opened::Checkout(checkout))
    }

    /// Makes a session, and a customer if there is none. A customer of another currency is replaced by a new one: no
    /// subscription of it runs, and Stripe never sells to a customer in two currencies.
    async fn make_checkout(&self, held: &mut Held, billing: &Billing) -> Result<Checkout, Fault> {
        let customer = match held.customer.stripe_id.clone() {
            Some(customer) => customer,
            None => make_customer(held, &billing.stripe).await?,
        };
        match self.make_session(held, &customer, billing).await? {
            Err(error) if error.reason() == Some(Reason::Currency) => {
                tracing::warn!(customer, %error, "a new customer replaces one of another currency");
                held.forget().await?;
                let customer = make_customer(held, &billing.stripe).await?;
                Ok(self.make_session(held, &customer, billing).await??)
            }
            made => Ok(made?),
        }
    }

    /// Makes a session. If the first answer was lost, this returns the same one: the row's count names the operation.
    async fn make_session(
        &self,
        held: &mut Held,
        customer: &str,
        billing: &Billing,
    ) -> Result<Result<Checkout, StripeError>, Fault> {
        let Settings { success_url, cancel_url, .. } = &*self.0;
        let id = held.customer.id.to_string();
        let mut form = vec![
            ("mode", "subscription"),
            ("customer", customer),
            ("client_reference_id", &id),
            ("line_items[0][price]", billing.prices.sold()),
            ("line_items[0][quantity]", "1"),
            ("success_url", success_url),
            ("cancel_url", cancel_url),
        ];
        let days = self.trial(&held.customer).map(|days| days.to_string());
        form.extend(days.as_deref().map(|days| ("subscription_data[trial_period_days]", days)));
        form.extend(self.extras());
        let operation = format!("checkout-{id}-{}", held.customer.checkout_count);
        let made = billing.stripe.post::<Session>(&["checkout", "sessions"], &form, &operation).await;
        if made.as_ref().is_err_and(StripeError::is_remembered) {
            held.set_checkout(None).await?;
        }
        Ok(made.and_then(|session| {
            let expires_at = Timestamp::from_unix(session.expires_at);
            match (session.url, expires_at) {
                (Some(url), Some(expires_at)) => Ok(Checkout { session: session.id, url, expires_at }),
                _ => Err(StripeError::Unreadable("a checkout session without an address".into())),
            }
        }))
    }
}

impl Offer {
    /// The days of the trial, for a customer who never subscribed before.
    fn trial(&self, customer: &db::Customer) -> Option<u16> {
        let is_new = customer.subscription.id.is_none() && customer.customer_count == 0;
        Some(self.0.trial_days).filter(|days| is_new && *days > 0)
    }

    /// What else the session offers. Stripe needs an address for the tax, and stores the one that the customer enters.
    fn extras(&self) -> Vec<(&'static str, &'static str)> {
        let mut extras = Vec::new();
        if self.0.has_promotion_codes {
            extras.push(("allow_promotion_codes", "true"));
        }
        if self.0.has_automatic_tax {
            extras.extend([("automatic_tax[enabled]", "true"), ("customer_update[address]", "auto")]);
        }
        extras
    }
}

/// Makes the customer at Stripe; the same one if the first answer was lost, since the row's counts name the operation. A
/// failure that Stripe would repeat is no customer: the next operation has another name, and a trial is still offered.
async fn make_customer(held: &mut Held, stripe: &Stripe) -> Result<String, Fault> {
    let id = held.customer.id.to_string();
    let operation = format!("customer-{id}-{}-{}", held.customer.customer_count, held.customer.checkout_count);
    let made = stripe.post::<Customer>(&["customers"], &[("metadata[customer]", &id)], &operation).await;
    if made.as_ref().is_err_and(StripeError::is_remembered) {
        held.set_checkout(None).await?;
    }
    let customer = made?.id;
    held.adopt(customer.clone()).await?;
    Ok(customer)
}

async fn status(checkout: &Checkout, stripe: &Stripe) -> Result<Option<String>, Fault> {
    match stripe.get::<Session>(&["checkout", "sessions", &checkout.session], &[]).await {
        Ok(session) => Ok(session.status),
        Err(error) if error.is_missing() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Why no other subscription can begin, if Stripe has one now.
async fn hindrance(held: &mut Held, billing: &Billing) -> Result<Option<Error>, Fault> {
    billing.sync_held(held).await?;
    let state = held.customer.subscription.state;
    Ok((!state.is_over()).then(|| refusal(state, held.customer.is_pro)))
}

/// The refusal while there is a subscription in this state, to Pro or to something else.
fn refusal(state: SubscriptionState, is_pro: bool) -> Error {
    let (code, detail) = match state {
        SubscriptionState::Active | SubscriptionState::Trialing if !is_pro => {
            (ProblemCode::OtherSubscription, "You have a subscription that is not to Pro. Cancel it first.")
        }
        SubscriptionState::Active | SubscriptionState::Trialing => {
            (ProblemCode::AlreadySubscribed, "You already have Pro.")
        }
        SubscriptionState::Incomplete => return PAYMENT_PENDING,
        SubscriptionState::Paused => (ProblemCode::SubscriptionPaused, "Your subscription is paused. Resume it."),
        _ => {
            let detail = "There is a subscription whose payment is missing. See its status for what to do.";
            (ProblemCode::PaymentDue, detail)
        }
    };
    Error::refused(code, detail)
}
