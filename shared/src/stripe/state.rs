//! What a subscription's state means: the one table.

use std::time::Duration;

use serde::Deserialize;

use crate::db::customers::ProUntil;
use crate::domain::Timestamp;

/// The state of a subscription. Source: <https://docs.stripe.com/billing/subscriptions/overview#subscription-statuses>.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// There is none.
    None,
    /// Paid.
    Active,
    /// Not to be paid yet.
    Trialing,
    /// A payment failed and is tried again.
    PastDue,
    /// The first payment is not made yet.
    Incomplete,
    /// The first payment was not made in time.
    IncompleteExpired,
    /// Payments failed and are not tried any more.
    Unpaid,
    /// A trial ended without a means of payment.
    Paused,
    /// It has ended.
    Canceled,
    /// A state that Stripe made after this was written.
    #[serde(other)]
    Unknown,
}

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

impl State {
    /// Every state.
    pub const ALL: [Self; 10] = [
        Self::None,
        Self::Active,
        Self::Trialing,
        Self::PastDue,
        Self::Incomplete,
        Self::IncompleteExpired,
        Self::Unpaid,
        Self::Paused,
        Self::Canceled,
        Self::Unknown,
    ];

    /// The table: Stripe's word, what it entitles to, and whether the subscription is over, so that another may begin.
    const fn rule(self) -> (&'static str, Entitlement, bool) {
        use Entitlement::{Basic, Pro, ProInGrace};
        match self {
            Self::None => ("none", Basic, true),
            Self::Active => ("active", Pro, false),
            Self::Trialing => ("trialing", Pro, false),
            Self::PastDue => ("past_due", ProInGrace, false),
            Self::Incomplete => ("incomplete", Basic, false),
            Self::IncompleteExpired => ("incomplete_expired", Basic, true),
            Self::Unpaid => ("unpaid", Basic, false),
            Self::Paused => ("paused", Basic, false),
            Self::Canceled => ("canceled", Basic, true),
            Self::Unknown => ("unknown", Basic, false),
        }
    }

    /// As Stripe, the database and clients have it.
    pub const fn as_str(self) -> &'static str {
        self.rule().0
    }

    /// What it entitles to.
    pub const fn entitlement(self) -> Entitlement {
        self.rule().1
    }

    /// Whether nothing will come of the subscription any more.
    pub const fn is_over(self) -> bool {
        self.rule().2
    }

    /// Whether a payment is missing.
    pub const fn is_owing(self) -> bool {
        matches!(self, Self::PastDue | Self::Incomplete | Self::Unpaid)
    }

    /// Of a stored word.
    pub fn parse(text: &str) -> Self {
        Self::ALL.into_iter().find(|state| state.as_str() == text).unwrap_or(Self::Unknown)
    }

    /// How long it makes Pro, if a payment is missing since `past_due_since`.
    pub fn pro_until(self, past_due_since: Option<Timestamp>, grace: Duration) -> ProUntil {
        match (self.entitlement(), past_due_since) {
            (Entitlement::Pro, _) => ProUntil::FurtherNotice,
            (Entitlement::ProInGrace, Some(since)) => ProUntil::Moment(since + grace),
            (Entitlement::ProInGrace, None) | (Entitlement::Basic, _) => ProUntil::Never,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Duration, ProUntil, State, Timestamp};

    const GRACE: Duration = Duration::from_hours(72);

    #[test]
    fn every_state_of_stripe_entitles_to_what_was_agreed() {
        let since = Timestamp::from_unix(1_795_435_200).unwrap();
        let agreed = [
            ("none", ProUntil::Never, true),
            ("active", ProUntil::FurtherNotice, false),
            ("trialing", ProUntil::FurtherNotice, false),
            ("past_due", ProUntil::Moment(since + GRACE), false),
            ("incomplete", ProUntil::Never, false),
            ("incomplete_expired", ProUntil::Never, true),
            ("unpaid", ProUntil::Never, false),
            ("paused", ProUntil::Never, false),
            ("canceled", ProUntil::Never, true),
            ("unknown", ProUntil::Never, false),
        ];
        assert_eq!(agreed.map(|(word, ..)| State::parse(word)), State::ALL, "every state, once");
        for (word, pro, over) in agreed {
            let state: State = serde_json::from_value(word.into()).unwrap();
            assert_eq!(state.as_str(), word);
            assert_eq!(state.pro_until(Some(since), GRACE), pro, "{word}");
            assert_eq!(state.is_over(), over, "{word}");
        }
    }

    #[test]
    fn a_state_that_is_not_known_yet_entitles_to_nothing_and_is_not_over() {
        let state: State = serde_json::from_str("\"hibernating\"").unwrap();
        assert_eq!((state, state.pro_until(None, GRACE), state.is_over()), (State::Unknown, ProUntil::Never, false));
    }
}
