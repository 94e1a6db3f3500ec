//! What a test steers: the lives of objects, failures, deliveries.

pub(super) mod control;
pub(super) mod deliveries;
pub(super) mod objects;
