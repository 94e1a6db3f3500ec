//! The `Stripe-Signature` header and its body: the first line is the header. An unsigned body must be refused. A signed
//! body must be accepted, whatever else the header contains.
#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use shared::domain::Timestamp;
use shared::stripe::signature::verify;

/// A body, the time of its signature, and its only valid signature, made by another program:
/// `printf '1790000000.{}' | openssl dgst -sha256 -hmac whsec_fuzz`.
const BODY: &[u8] = b"{}";
const SIGNED_AT: i64 = 1_790_000_000;
const SIGNATURE: &str = "4ddaef9062a64c9b20940a5a6c02caf4c1c6f8786f7a6e57c344a8189e3605b1";

fuzz_target!(|data: &[u8]| {
    let line = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let (Ok(header), body) = (std::str::from_utf8(&data[..line]), data.get(line + 1..).unwrap_or_default()) else {
        return;
    };
    let secrets = ["whsec_fuzz".to_owned(), "whsec_other".to_owned()];
    let now = Timestamp::from_unix(SIGNED_AT).expect("a time");
    let is_ours = body == BODY && header.to_ascii_lowercase().contains(SIGNATURE);
    assert!(verify(header, body, &secrets, now).is_err() || is_ours, "accepted without a signature");

    let signed = format!("t={SIGNED_AT},v1={SIGNATURE},{header}");
    assert_eq!(verify(&signed, BODY, &secrets, now), Ok(()), "a signature is refused because of what follows it");
    let late = now + Duration::from_secs(301);
    assert!(verify(&signed, BODY, &secrets, late).is_err(), "accepted long after it was signed");
    if body != BODY {
        assert!(verify(&signed, body, &secrets, now).is_err(), "another body is accepted");
    }
});
