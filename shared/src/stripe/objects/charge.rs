//! Charges, and the ways in which their money goes back.

use serde::Deserialize;

use super::List;

/// A charge.
#[derive(Debug, Deserialize)]
pub struct Charge {
    /// Its id.
    pub id: String,
    /// Its customer.
    pub customer: Option<String>,
    /// `succeeded`, `pending` or `failed`.
    pub status: Option<String>,
    /// Whether the money was charged.
    #[serde(default)]
    pub paid: bool,
    /// The refunded amount, in minor units.
    #[serde(default)]
    pub amount_refunded: i64,
    /// Whether it was ever disputed.
    #[serde(default)]
    pub disputed: bool,
    /// Its newest refunds; needs `expand`.
    pub refunds: Option<List<Refund>>,
}

/// Money that goes back to the customer.
#[derive(Debug, Deserialize)]
pub struct Refund {
    /// `pending`, `requires_action`, `succeeded`, `failed` or `canceled`.
    pub status: Option<String>,
}

/// A payment that the cardholder contests.
#[derive(Debug, Deserialize)]
pub struct Dispute {
    /// Where it is, in Stripe's words.
    pub status: String,
}

impl Charge {
    /// Whether its money is still on its way to us.
    pub fn is_under_way(&self) -> bool {
        self.status.as_deref() == Some("pending")
    }

    /// Whether money of it is still on its way back.
    pub fn is_being_refunded(&self) -> bool {
        let mut refunds = self.refunds.iter().flat_map(|refunds| &refunds.data);
        refunds.any(|refund| matches!(refund.status.as_deref(), Some("pending" | "requires_action")))
    }
}

impl Dispute {
    /// Whether it is decided. A word that is not known counts as undecided.
    pub fn is_over(&self) -> bool {
        matches!(self.status.as_str(), "won" | "lost" | "warning_closed" | "prevented")
    }
}
