//! Proofs of the replies' promises that need more than one function: a random run against a model, kills at every
//! exchange, counted round trips. The tests are in `tests/`; here is what they share, and `main.rs` is what they kill.

mod order;
mod proxy;
mod random;

pub use order::{Call, Order};
pub use proxy::{Proxy, Side, Tap};
pub use random::Random;
