//! Authentication: keys, tokens, one-time codes, passwords.

mod device;
mod hs256;
mod keys;
mod numbers;
mod otp;
mod passwords;
mod refresh;
mod stream_ticket;
mod tokens;

pub use device::{DeviceToken, DeviceTokens, Owner};
pub use keys::{Key, KeyRing};
pub use numbers::NumberMarks;
pub use otp::OneTimeCodes;
pub use passwords::{hash, verify};
pub use refresh::RefreshToken;
pub use stream_ticket::{StreamTicket, StreamTickets};
pub use tokens::{Grant, Tokens};
