//! The `Stripe-Signature` header.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The header for `payload` sent at `timestamp` (seconds since the epoch) by an endpoint with this secret.
pub fn sign(payload: &[u8], secret: &str, timestamp: i64) -> String {
    sign_all(payload, &[secret], timestamp)
}

/// The header with one `v1` per secret, as Stripe sends it while a secret is being rotated.
pub fn sign_all<S: AsRef<str>>(payload: &[u8], secrets: &[S], timestamp: i64) -> String {
    let mut header = format!("t={timestamp}");
    for secret in secrets {
        header.push_str(",v1=");
        header.push_str(&signature(payload, secret.as_ref(), timestamp));
    }
    header
}

fn signature(payload: &[u8], secret: &str, timestamp: i64) -> String {
    // HMAC takes keys of any length, so there is no error to report.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return String::new() };
    mac.update(timestamp.to_string().as_bytes());
    mac.update(b".");
    mac.update(payload);
    let digits = |byte: &u8| [byte >> 4, byte & 15].map(|half| char::from_digit(half.into(), 16).unwrap_or_default());
    mac.finalize().into_bytes().iter().flat_map(digits).collect()
}
