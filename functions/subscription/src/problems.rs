//! Refusals of more than one endpoint, and what Stripe's own refusals mean to a user.

use shared::Fault;
use shared::http::{Error, ProblemCode};
use shared::stripe::{Reason, StripeError};

pub(crate) const NO_SUBSCRIPTION: Error = Error::refused(ProblemCode::NoSubscription, "There is no subscription.");

pub(crate) const PAYMENT_PENDING: Error =
    Error::refused(ProblemCode::PaymentPending, "The payment of your subscription is still being processed.");

/// The problem for a user after Stripe refused a change of the subscription. What a user cannot mend is a fault
/// of the service.
pub(crate) fn refused(error: StripeError) -> Error {
    let (code, detail) = match error.reason() {
        Some(Reason::Schedule) => {
            (ProblemCode::SubscriptionScheduled, "Changes of this subscription are planned already. Ask the support.")
        }
        Some(Reason::NoPaymentMethod) => {
            (ProblemCode::PaymentMethodMissing, "There is no means of payment. Add one in the portal.")
        }
        Some(Reason::Declined) => {
            (ProblemCode::PaymentDue, "The payment failed. Change the means of payment in the portal.")
        }
        _ => return Fault::from(error).into(),
    };
    tracing::warn!(%error, "Stripe refused");
    Error::refused(code, detail)
}
