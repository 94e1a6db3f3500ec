//! Texts and times of Stripe's that are stored: without NUL, and bounded.

use serde::{Deserialize, Deserializer};

use crate::domain::Timestamp;

/// The longest URL that is kept. Stripe's own description of its API has this length.
const LONGEST_URL: usize = 5_000;
/// The year 3000, in seconds. What lies beyond it is no time of a payment, and cannot be stored in every case.
const LATEST: i64 = 32_503_680_000;

/// Whether a text can be an id of Stripe's: at most 255 visible characters.
/// Source: <https://docs.stripe.com/upgrades#what-changes-does-stripe-consider-to-be-backwards-compatible>.
pub(in crate::stripe) fn is_id(text: &str) -> bool {
    (1..=255).contains(&text.len()) && is_visible(text)
}

/// Reads an id. An object without one cannot be used.
pub(super) fn id<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let id = String::deserialize(from)?;
    if is_id(&id) { Ok(id) } else { Err(serde::de::Error::custom("an id that is none")) }
}

/// Reads the address of a page. One that no browser opens is as if it were not there.
pub(super) fn url<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let url = Option::<String>::deserialize(from)?;
    Ok(url.filter(|url| (1..=LONGEST_URL).contains(&url.len()) && is_visible(url)))
}

fn is_visible(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// A time of Stripe's.
pub(in crate::stripe) fn time(seconds: Option<i64>) -> Option<Timestamp> {
    seconds.filter(|seconds| (0..=LATEST).contains(seconds)).and_then(Timestamp::from_unix)
}

#[cfg(test)]
mod tests {
    use serde::de::DeserializeOwned;
    use serde_json::{Value, json};

    use super::super::{Customer, Invoice, PaymentIntent, Session, Subscription};
    use super::time;

    const NUL: &str = "a\u{0}b";

    /// Reads `object` with another `value` of a field.
    fn with<T: DeserializeOwned>(object: &Value, field: &str, value: &str) -> Result<T, serde_json::Error> {
        let mut object = object.clone();
        object[field] = json!(value);
        serde_json::from_value(object)
    }

    #[test]
    fn an_object_whose_id_cannot_be_stored_is_not_read() {
        let subscription = json!({
            "id": "sub_1", "customer": { "id": "cus_1" }, "status": "active", "created": 1, "items": { "data": [] },
        });
        let session = json!({ "id": "cs_1", "expires_at": 1 });
        let intent = json!({ "id": "pi_1", "status": "succeeded" });
        let long = "x".repeat(256);
        for odd in [NUL, "", "two words", "é", &long] {
            assert!(with::<Subscription>(&subscription, "id", odd).is_err(), "{odd}");
            assert!(with::<Customer>(&json!({ "id": "cus_1" }), "id", odd).is_err(), "{odd}");
            assert!(with::<Session>(&session, "id", odd).is_err(), "{odd}");
            assert!(with::<PaymentIntent>(&intent, "id", odd).is_err(), "{odd}");
            assert!(with::<Invoice>(&invoice(), "id", odd).is_err(), "{odd}");
        }
        assert!(with::<Subscription>(&subscription, "id", &"x".repeat(255)).is_ok());
    }

    #[test]
    fn an_address_that_cannot_be_stored_is_none() {
        let session = json!({ "id": "cs_1", "expires_at": 1 });
        let long = format!("https://{}", "x".repeat(5_000));
        for (url, kept) in [(NUL, false), ("", false), (&long, false), ("https://pay.example.com/a#b%20", true)] {
            let kept = kept.then_some(url);
            assert_eq!(
                with::<Invoice>(&invoice(), "hosted_invoice_url", url).unwrap().hosted_invoice_url.as_deref(),
                kept
            );
            assert_eq!(with::<Session>(&session, "url", url).unwrap().url.as_deref(), kept);
        }
    }

    #[test]
    fn a_time_that_cannot_be_stored_is_none() {
        for seconds in [i64::MIN, -1, 32_503_680_001, 253_402_300_799, i64::MAX] {
            assert_eq!(time(Some(seconds)), None, "{seconds}");
        }
        assert_eq!(time(Some(1_795_435_200)).unwrap().unix(), 1_795_435_200);
    }

    fn invoice() -> Value {
        json!({ "id": "in_1", "total": 1, "amount_paid": 0, "currency": "eur", "created": 1 })
    }
}
