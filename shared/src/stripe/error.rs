//! Why a call to Stripe failed: an outage, which passes, or a refusal, and then what must change.

use std::fmt;

use serde::Deserialize;

use crate::Fault;

/// A call that failed. It never holds what was sent, nor Stripe's message, which may quote a key.
#[derive(Debug, thiserror::Error)]
pub enum StripeError {
    /// No answer.
    #[error("no usable answer: {0}")]
    Silent(String),
    /// Stripe is busy or broken, or something in between answered in its place.
    #[error("{status} {code} (request {request})")]
    Unavailable {
        /// The HTTP status.
        status: u16,
        /// Stripe's code, or the error's type if it has none.
        code: String,
        /// The call's id in Stripe's logs.
        request: String,
    },
    /// An answer that this code is not written for.
    #[error("an answer that cannot be read: {0}")]
    Unreadable(String),
    /// Stripe refused the call, and would refuse it again.
    #[error("{0}")]
    Refused(Refusal),
}

/// A call that Stripe refused.
#[derive(Debug)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// Stripe's code, or the error's type if it has none.
    pub code: String,
    /// The parameter that is refused, if it is one.
    pub param: Option<String>,
    /// The call's id in Stripe's logs.
    pub request: String,
    /// What is wrong.
    pub reason: Reason,
}

/// What is wrong with a call that Stripe refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// An object does not exist (any more).
    Missing,
    /// The key is not valid.
    Key,
    /// The key lacks a permission.
    Permission,
    /// The customer was billed in another currency; Stripe allows one a customer.
    Currency,
    /// A subscription schedule decides when the subscription ends.
    Schedule,
    /// The customer portal was never set up, or not in this account.
    Portal,
    /// The customer has no means of payment.
    NoPaymentMethod,
    /// The payment was declined.
    Declined,
    /// Anything else.
    Other,
}

impl Reason {
    /// Stripe has codes for few refusals, so the others are recognised by their message.
    fn of(status: u16, code: &str, param: Option<&str>, message: &str) -> Self {
        let message = message.to_lowercase();
        let says = |part: &str| message.contains(part);
        match status {
            401 => Self::Key,
            403 => Self::Permission,
            402 => Self::Declined,
            _ if says("no attached payment source") => Self::NoPaymentMethod,
            _ if code == "resource_missing" && param == Some("configuration") => Self::Portal,
            _ if code == "resource_missing" => Self::Missing,
            _ if says("combine currencies") || says("match the customer currency") => Self::Currency,
            _ if says("managed by the subscription schedule") => Self::Schedule,
            _ if says("portal settings") => Self::Portal,
            _ => Self::Other,
        }
    }

    /// What must change, for the log.
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::Missing => {
                "this account has no such object: check StripePriceId, and that the key is of this account"
            }
            Self::Key => "the key is not valid: set StripeSecretKey to a key of this account",
            Self::Permission => "the key lacks a permission: docs/billing.md lists what it needs",
            Self::Currency => "the customer is billed in another currency: a new customer is needed",
            Self::Schedule => "a subscription schedule decides: change or release it at Stripe",
            Self::Portal => {
                "run dev/stripe-setup and set StripePortalConfiguration, or save the portal's settings at Stripe"
            }
            Self::NoPaymentMethod => "the customer must add a means of payment",
            Self::Declined => "the payment was declined: the customer must use another means of payment",
            Self::Other => "the call is wrong: Stripe's log shows why, under the request's id",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, code, param, request, reason } = self;
        write!(f, "{status} {code}")?;
        if let Some(param) = param {
            write!(f, " of {param}")?;
        }
        write!(f, " (request {request}): {}", reason.remedy())
    }
}

impl StripeError {
    /// The error for an answer with this status and body. One without Stripe's error object is not Stripe's answer.
    pub(super) fn answered(status: u16, body: &[u8], request: String) -> Self {
        let detail = serde_json::from_slice(body).ok().map(|Answer { error }| error);
        let Some(Detail { kind, code, message, param }) = detail else {
            return Self::Unavailable { status, code: "unreadable".into(), request };
        };
        let code = code.or(kind).unwrap_or_else(|| "unnamed".into());
        if matches!(status, 408 | 409 | 424 | 429) || status >= 500 {
            return Self::Unavailable { status, code, request };
        }
        let reason = Reason::of(status, &code, param.as_deref(), message.as_deref().unwrap_or_default());
        Self::Refused(Refusal { status, code, param, request, reason })
    }

    /// What is wrong, if Stripe refused the call.
    pub const fn reason(&self) -> Option<Reason> {
        if let Self::Refused(Refusal { reason, .. }) = self { Some(*reason) } else { None }
    }

    /// Whether the object does not exist (any more).
    pub fn is_missing(&self) -> bool {
        self.reason() == Some(Reason::Missing)
    }

    /// Whether Stripe may return this error for a day when the same operation is posted again. Stripe remembers
    /// failures too, unless the call did not begin.
    pub const fn is_remembered(&self) -> bool {
        match self {
            Self::Silent(_) | Self::Unreadable(_) => false,
            Self::Unavailable { status, .. } => !matches!(status, 409 | 429),
            Self::Refused(_) => true,
        }
    }
}

impl From<StripeError> for Fault {
    fn from(error: StripeError) -> Self {
        match error {
            StripeError::Silent(_) | StripeError::Unavailable { .. } => Self::Stripe(error.to_string()),
            StripeError::Unreadable(_) | StripeError::Refused(_) => Self::StripeRefused(error.to_string()),
        }
    }
}

#[derive(Deserialize)]
struct Answer {
    error: Detail,
}

#[derive(Deserialize)]
struct Detail {
    #[serde(rename = "type")]
    kind: Option<String>,
    code: Option<String>,
    message: Option<String>,
    param: Option<String>,
}

#[cfg(test)]
mod tests;
