//! The calls by which a test controls objects, failures and deliveries.

pub(super) mod account;
pub(super) mod control;
pub(super) mod deliveries;
pub(super) mod objects;
