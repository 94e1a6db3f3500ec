//! Who is asking: keys, tokens, one-time codes, passwords, and the caller of a request.

mod caller;
mod hs256;
mod keys;
mod otp;
mod passwords;
mod refresh;
mod tokens;

pub use caller::{Auth, Bearer, Caller, grant};
pub use keys::{Key, KeyRing};
pub use otp::Codes;
pub use passwords::{hash, verify};
pub use refresh::RefreshToken;
pub use tokens::{Grant, Tokens};
