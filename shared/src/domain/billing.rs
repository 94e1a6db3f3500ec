//! The states of a subscription and the problems of its payment, in the words that are stored and shown.

use super::words::words;

words!(
    /// The state of a subscription: Stripe's words, and two of our own.
    /// Source: <https://docs.stripe.com/billing/subscriptions/overview#subscription-statuses>.
    SubscriptionState {
        /// There is no subscription.
        None = "none",
        /// It is paid.
        Active = "active",
        /// Its trial has not ended; nothing is due yet.
        Trialing = "trialing",
        /// A payment failed and will be retried.
        PastDue = "past_due",
        /// The first payment is not made yet.
        Incomplete = "incomplete",
        /// The first payment was not made in time.
        IncompleteExpired = "incomplete_expired",
        /// Payments failed and are not retried any more.
        Unpaid = "unpaid",
        /// It is paused: by its customer, or because a trial ended without a means of payment, or a payment failed.
        Paused = "paused",
        /// It has ended.
        Canceled = "canceled",
        /// A state that Stripe added after this was written.
        Unknown = "unknown",
    }
);

/// What a state entitles to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entitlement {
    /// Pro.
    Pro,
    /// Pro until the grace period after the first missed payment ends.
    ProInGrace,
    /// Nothing.
    Basic,
}

impl SubscriptionState {
    /// The state for Stripe's word; a word that is not known here is [`Self::Unknown`].
    pub fn of_stripe(word: &str) -> Self {
        Self::parse(word).unwrap_or(Self::Unknown)
    }

    /// What it entitles to.
    pub const fn entitlement(self) -> Entitlement {
        match self {
            Self::Active | Self::Trialing => Entitlement::Pro,
            Self::PastDue => Entitlement::ProInGrace,
            _ => Entitlement::Basic,
        }
    }

    /// Whether the subscription has ended for good, so that another may begin.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::None | Self::IncompleteExpired | Self::Canceled)
    }

    /// Whether a payment is missing.
    pub const fn is_owing(self) -> bool {
        matches!(self, Self::PastDue | Self::Incomplete | Self::Unpaid)
    }
}

words!(
    /// What is unusual about a subscription whose payments are in order.
    #[schema(as = SubscriptionNoticeCode)]
    Notice {
        /// It is not to Pro.
        OtherPrice = "other_price",
        /// Payments are not collected at present.
        CollectionPaused = "collection_paused",
    }
);

words!(
    /// What is wrong with a payment.
    #[schema(as = PaymentProblemCode)]
    PaymentProblem {
        /// The bank wants the user to confirm it.
        ActionRequired = "action_required",
        /// It is being processed.
        PaymentProcessing = "payment_processing",
        /// It failed.
        PaymentFailed = "payment_failed",
        /// The subscription is paused, and nothing is owed.
        Paused = "paused",
    }
);
