//! The remote parties of the backend as local HTTP servers: Google's Gemini and Stripe.
//!
//! They speak the real wire formats, check requests as strictly as the originals and fail on demand.
//! Each runs on a thread of its own and stops when its handle is dropped. See `README.md` for the
//! fault words and the admin calls.

// Stripe's objects have more fields than `json!` takes at the usual depth.
#![recursion_limit = "512"]

mod admin;
mod clock;
pub mod gemini;
mod ids;
mod server;
pub mod stripe;

pub use gemini::Gemini;
pub use stripe::Stripe;
