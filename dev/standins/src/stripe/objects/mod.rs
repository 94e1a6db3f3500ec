//! Stripe's objects as JSON, with the fields of the pinned version.

pub(super) mod checkout;
pub(super) mod customer;
pub(super) mod invoice;
pub(super) mod payment;
pub(super) mod portal;
pub(super) mod price;
pub(super) mod subscription;
