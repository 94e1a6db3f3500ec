//! Refusals of more than one endpoint.

use shared::http::{Error, ProblemCode};

pub(crate) const NO_SUBSCRIPTION: Error = Error::refused(ProblemCode::NoSubscription, "There is no subscription.");

pub(crate) const PAYMENT_PENDING: Error =
    Error::refused(ProblemCode::PaymentPending, "The payment of your subscription is still being processed.");
