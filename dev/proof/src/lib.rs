//! Proofs of the replies' promises that need more than one function: a random run against a model, kills at every
//! exchange, counted round trips. The tests are in `tests/`; here is what they share.

mod random;

pub use random::Random;
