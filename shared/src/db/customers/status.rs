//! The status of a subscription, as a user sees it.

use tokio_postgres::Row;

use super::Subscription;
use crate::Fault;
use crate::db::row::{FromRow, read};
use crate::domain::{Entitlement, Notice, Tier, Timestamp};

/// The status of a subscription, as a user sees it.
#[derive(Debug, Clone)]
pub struct Status {
    /// What the user pays for now.
    pub tier: Tier,
    /// Whether the subscription makes the user Pro, or did until a grace period ended.
    pub is_pro: bool,
    /// When the grace period of a missing payment ends or ended.
    pub grace_until: Option<Timestamp>,
    /// Stripe's id of the customer, if there is one.
    pub stripe_id: Option<String>,
    /// The subscription.
    pub subscription: Subscription,
}

impl Status {
    /// The status of a user who never began to subscribe.
    pub const NONE: Self =
        Self { tier: Tier::Basic, is_pro: false, grace_until: None, stripe_id: None, subscription: Subscription::NONE };
}

impl Status {
    /// What is unusual about the subscription, though nothing is wrong with its payment.
    pub fn notice(&self) -> Option<Notice> {
        let entitles = self.subscription.state.entitlement() != Entitlement::Basic;
        match entitles {
            true if !self.is_pro => Some(Notice::OtherPrice),
            true if self.subscription.collection_paused => Some(Notice::CollectionPaused),
            _ => None,
        }
    }
}

impl FromRow for Status {
    fn from_row(row: &Row) -> Result<Self, Fault> {
        Ok(Self {
            tier: read(row, "tier")?,
            is_pro: read(row, "is_pro")?,
            grace_until: read(row, "grace_until")?,
            stripe_id: read(row, "stripe_customer_id")?,
            subscription: Subscription::from_row(row)?,
        })
    }
}
