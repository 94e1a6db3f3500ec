//! Tests of guarantees about replies that need more than one function: random runs against a model, kills at every
//! exchange, counted round trips. The tests are in `tests/`; this crate has their shared code; they kill `main.rs`.

mod order;
mod proxy;
mod random;

pub use order::{Call, Order};
pub use proxy::{Proxy, Side, Tap};
pub use random::Random;
