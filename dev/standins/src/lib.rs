//! Local HTTP servers that replace the backend's remote parties: Google's Gemini, Stripe and Cloudflare's Turnstile.
//!
//! They use the real wire formats, check requests as strictly as the originals and fail on demand.
//! Each runs on its own thread and stops when its handle is dropped. See `README.md` for the
//! fault words and the admin calls.

// Stripe's objects have more fields than `json!` accepts with the default limit.
#![recursion_limit = "512"]

mod admin;
mod clock;
pub mod gemini;
mod home;
mod ids;
mod server;
pub mod stripe;
pub mod turnstile;

pub use gemini::Gemini;
pub use stripe::Stripe;
pub use turnstile::Turnstile;
