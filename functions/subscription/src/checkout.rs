//! How a checkout comes about: one customer a user, one open session a customer, none beside a subscription.

use std::sync::Arc;

use shared::Fault;
use shared::config::{ConfigError, Env};
use shared::db::customers::{Checkout, Held};
use shared::domain::Timestamp;
use shared::http::Code;
use shared::stripe::objects::{Customer, Session};
use shared::stripe::{Billing, State, Stripe, StripeError};

/// What is sold, and where a browser goes afterwards. Cloning is cheap.
#[derive(Debug, Clone)]
pub(crate) struct Offer(Arc<Settings>);

#[derive(Debug)]
struct Settings {
    price: String,
    success_url: String,
    cancel_url: String,
}

/// How an attempt to open a checkout ends.
pub(crate) enum Opened {
    /// It is open.
    Checkout(Checkout),
    /// There is a subscription. Code and detail.
    Refused(Code, &'static str),
}

impl Offer {
    /// Of `STRIPE_PRICE_ID`, `CHECKOUT_SUCCESS_URL` and `CHECKOUT_CANCEL_URL`.
    pub(crate) fn from_env(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self(Arc::new(Settings {
            price: env.required("STRIPE_PRICE_ID")?,
            success_url: env.required("CHECKOUT_SUCCESS_URL")?,
            cancel_url: env.required("CHECKOUT_CANCEL_URL")?,
        })))
    }

    /// Opens a checkout for the held customer, or finds the one that is open. Stripe is asked first whether there is a
    /// subscription already: an event may be late or lost.
    pub(crate) async fn open(&self, held: &mut Held, billing: &Billing) -> Result<Opened, Fault> {
        billing.refresh(held).await?;
        let state = State::parse(&held.customer.subscription.status);
        if !state.is_over() {
            let (code, detail) = hindrance(state);
            return Ok(Opened::Refused(code, detail));
        }
        let customer = match held.customer.stripe_id.clone() {
            Some(customer) => customer,
            None => make_customer(held, &billing.stripe).await?,
        };
        if let Some(checkout) = held.customer.checkout.clone()
            && is_open(&checkout, &billing.stripe).await?
        {
            return Ok(Opened::Checkout(checkout));
        }
        let checkout = self.make_session(held, &customer, &billing.stripe).await?;
        held.set_checkout(Some(checkout.clone())).await?;
        Ok(Opened::Checkout(checkout))
    }

    /// Makes a session. The same one if the first answer was lost: the row's count names the deed.
    async fn make_session(&self, held: &mut Held, customer: &str, stripe: &Stripe) -> Result<Checkout, Fault> {
        let Settings { price, success_url, cancel_url } = &*self.0;
        let id = held.customer.id.to_string();
        let form = [
            ("mode", "subscription"),
            ("customer", customer),
            ("client_reference_id", &id),
            ("line_items[0][price]", price),
            ("line_items[0][quantity]", "1"),
            ("success_url", success_url),
            ("cancel_url", cancel_url),
        ];
        let deed = format!("checkout-{id}-{}", held.customer.checkout_count);
        let made = stripe.post::<Session>(&["checkout", "sessions"], &form, &deed).await;
        if made.as_ref().is_err_and(StripeError::is_remembered) {
            held.set_checkout(None).await?;
        }
        let session = made?;
        let expires_at = Timestamp::from_unix(session.expires_at);
        match (session.url, expires_at) {
            (Some(url), Some(expires_at)) => Ok(Checkout { session: session.id, url, expires_at }),
            _ => Err(Fault::Stripe("a checkout session without an address".into())),
        }
    }
}

/// Makes the customer at Stripe. The same one if the first answer was lost: the row's count names the deed.
async fn make_customer(held: &mut Held, stripe: &Stripe) -> Result<String, Fault> {
    let id = held.customer.id.to_string();
    let deed = format!("customer-{id}-{}", held.customer.customer_count);
    let made = stripe.post::<Customer>(&["customers"], &[("metadata[customer]", &id)], &deed).await;
    if made.as_ref().is_err_and(StripeError::is_remembered) {
        held.forget().await?;
    }
    let customer = made?.id;
    held.adopt(customer.clone()).await?;
    Ok(customer)
}

async fn is_open(checkout: &Checkout, stripe: &Stripe) -> Result<bool, Fault> {
    match stripe.get::<Session>(&["checkout", "sessions", &checkout.session], &[]).await {
        Ok(session) => Ok(session.status.as_deref() == Some("open")),
        Err(error) if error.is_missing() => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Why another subscription cannot begin beside one in this state.
fn hindrance(state: State) -> (Code, &'static str) {
    match state {
        State::Active | State::Trialing => (Code::AlreadySubscribed, "You are Pro already."),
        State::Incomplete => (Code::PaymentPending, "The payment of your subscription is still on its way."),
        State::Paused => (Code::SubscriptionPaused, "Your subscription is paused. Resume it in the portal."),
        _ => (Code::PaymentDue, "There is a subscription whose payment is missing. See its status for what to do."),
    }
}
