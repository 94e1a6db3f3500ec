//! What happens in an account: each function changes the world as Stripe would and emits Stripe's events.

pub(super) mod billing;
pub(super) mod checkout;
pub(super) mod cycle;
pub(super) mod ending;
pub(super) mod money_back;
pub(super) mod pause;
