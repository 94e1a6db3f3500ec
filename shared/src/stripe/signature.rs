//! The `Stripe-Signature` header: `t=<seconds>,v1=<hex>[,v1=<hex>…]`, HMAC-SHA-256 over `<t>.<body>`.
//! Source: <https://docs.stripe.com/webhooks#verify-manually>.

use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::domain::Timestamp;

/// How far the time of a signature may differ from ours: an older event is a replay.
const TOLERANCE: Duration = Duration::from_mins(5);

/// Why a body is not accepted as Stripe's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// There is no header.
    #[error("there is no header")]
    Missing,
    /// The header does not have that form.
    #[error("the header is not of the form t=…,v1=…")]
    Malformed,
    /// No signature in it matches this body under any of the secrets.
    #[error("no signature matches")]
    Unsigned,
    /// It was signed too long ago; whether it was signed at all is not looked at.
    #[error("the signature is too old")]
    TooOld,
    /// It was signed at a later time than now; the same.
    #[error("the signature is from the future")]
    TooEarly,
}

impl Refused {
    /// The reason in one word, for a metric.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Malformed => "malformed",
            Self::Unsigned => "unsigned",
            Self::TooOld => "too_old",
            Self::TooEarly => "too_early",
        }
    }

    /// The reason for whoever set the endpoint up.
    pub fn advice(self) -> &'static str {
        match self {
            Self::Missing => "The Stripe-Signature header is missing.",
            Self::Malformed => "The Stripe-Signature header is not of the form t=<seconds>,v1=<hex>.",
            Self::Unsigned => {
                "No signature matches: the body was changed on its way, or the secret is another endpoint's."
            }
            Self::TooOld => "The event was signed more than five minutes ago.",
            Self::TooEarly => "The event was signed more than five minutes from now: a clock is wrong.",
        }
    }
}

/// Checks that one of `secrets` signed `body` within five minutes of `now`. During a rotation Stripe signs with both
/// secrets, and we may know both. Comparisons take constant time. The body is read last: whoever sends no header, or an
/// old one, costs nothing more.
pub fn verify(header: &str, body: &[u8], secrets: &[String], now: Timestamp) -> Result<(), Refused> {
    if header.is_empty() {
        return Err(Refused::Missing);
    }
    let mut time = None;
    let mut signatures = Vec::new();
    for item in header.split(',') {
        match item.trim().split_once('=') {
            Some(("t", seconds)) if time.is_none() => time = Some(seconds),
            Some(("v1", signature)) => signatures.push(signature),
            _ => {}
        }
    }
    let time = time.filter(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()));
    let time = time.ok_or(Refused::Malformed)?;
    let at = time.parse().ok().and_then(Timestamp::from_unix).ok_or(Refused::Malformed)?;
    if signatures.is_empty() {
        return Err(Refused::Malformed);
    }
    if now.since(at) > TOLERANCE {
        return Err(Refused::TooOld);
    }
    if at.since(now) > TOLERANCE {
        return Err(Refused::TooEarly);
    }
    let signatures: Vec<[u8; 32]> = signatures.into_iter().filter_map(unhex).collect();
    if signatures.is_empty() {
        return Err(Refused::Unsigned);
    }
    let fits = secrets.iter().any(|secret| {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return false };
        mac.update(time.as_bytes());
        mac.update(b".");
        mac.update(body);
        signatures.iter().any(|signature| mac.clone().verify_slice(signature).is_ok())
    });
    if fits { Ok(()) } else { Err(Refused::Unsigned) }
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let high = char::from(pair[0]).to_digit(16)?;
        let low = char::from(pair[1]).to_digit(16)?;
        *byte = u8::try_from(high << 4 | low).ok()?;
    }
    Some(bytes)
}
