//! Signatures, compared with vectors made by Stripe's own package (`dev/vectors/stripe_signatures.py`).

use std::collections::BTreeSet;

use axum::http::Method;
use serde::Deserialize;
use shared::domain::Timestamp;
use shared::stripe::signature::{Refused, verify};
use standins::stripe::sign;
use testkit::WEBHOOK_SECRET;

use crate::shop::Shop;

#[derive(Deserialize)]
struct Vectors {
    now: i64,
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    name: String,
    body: String,
    header: String,
    secrets: Vec<String>,
    accepted: bool,
}

#[test]
fn every_verdict_equals_that_of_stripes_own_package() {
    let Vectors { now, vectors } = serde_json::from_str(include_str!("../signatures.json")).unwrap();
    let now = Timestamp::from_unix(now).unwrap();
    assert!(vectors.iter().filter(|vector| vector.accepted).count() > 10);
    for Vector { name, body, header, secrets, accepted } in vectors {
        assert_eq!(verify(&header, body.as_bytes(), &secrets, now).is_ok(), accepted, "{name}");
    }
}

#[test]
fn a_signature_from_the_future_is_refused_like_an_old_one() {
    let now = Timestamp::from_unix(1_795_435_200).unwrap();
    let secrets = ["whsec_x".to_owned()];
    let verdict = |at| verify(&sign(b"{}", "whsec_x", at), b"{}", &secrets, now);
    assert_eq!(verdict(now.unix() + 300), Ok(()));
    assert_eq!(verdict(now.unix() + 301), Err(Refused::TooEarly));
    assert_eq!(verdict(now.unix() - 301), Err(Refused::TooOld));
}

#[test]
fn the_body_is_not_looked_at_if_the_time_or_the_form_of_the_header_is_wrong() {
    let now = Timestamp::from_unix(1_795_435_200).unwrap();
    let verdict = |header: &str| verify(header, b"{}", &["whsec_x".to_owned()], now);
    let signature = "0".repeat(64);
    assert_eq!(verdict(&format!("t={},v1={signature}", now.unix() - 301)), Err(Refused::TooOld));
    assert_eq!(verdict(&format!("t={}", now.unix() - 301)), Err(Refused::Malformed));
    assert_eq!(verdict(&format!("t={},v1={signature}", now.unix())), Err(Refused::Unsigned));
    assert_eq!(verdict(&format!("t={},v1=0", now.unix())), Err(Refused::Unsigned));
}

#[tokio::test]
async fn each_of_the_five_refusals_has_a_text_of_its_own() {
    let shop = Shop::open().await;
    let now = shop.api.stack.clock.now().unix();
    let signed = |secret, at| sign(b"{}", secret, at);
    let mut texts = BTreeSet::new();
    for (header, word) in [
        (None, "missing"),
        (Some("none".to_owned()), "form"),
        (Some(signed("whsec_of_another_endpoint", now)), "secret"),
        (Some(signed(WEBHOOK_SECRET, now - 301)), "ago"),
        (Some(signed(WEBHOOK_SECRET, now + 301)), "clock"),
    ] {
        let headers: Vec<_> = header.iter().map(|header| ("stripe-signature", header.as_str())).collect();
        let refused = shop.hook.raw(Method::POST, "/webhook/stripe", &headers, "{}").await;
        assert_eq!((refused.status(), refused.code().as_str()), (400, "signature_invalid"));
        let text = refused.body()["detail"].as_str().unwrap().to_owned();
        assert!(text.contains(word), "{text}");
        texts.insert(text);
    }
    assert_eq!(texts.len(), 5, "{texts:?}");
}

#[test]
fn impossible_times_are_refused() {
    let now = Timestamp::from_unix(1_795_435_200).unwrap();
    for time in ["99999999999999999999", "9223372036854775807", "-1", "+1", " 1", ""] {
        let header = format!("t={time},v1={}", "0".repeat(64));
        assert_eq!(verify(&header, b"{}", &["whsec_x".to_owned()], now), Err(Refused::Malformed), "{time}");
    }
}
