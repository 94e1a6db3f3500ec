//! The body of an event. For any bytes the parser ends, and a parsed event has usable ids.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shared::stripe::{Event, Subject};

fn is_usable(id: &str) -> bool {
    (1..=255).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
}

fuzz_target!(|body: &[u8]| {
    let Some(event) = Event::parse(body) else { return };
    assert!(is_usable(&event.id) && is_usable(&event.kind), "{event:?}");
    match &event.subject {
        Subject::Customer(id) => assert!(is_usable(id) && event.customer() == Some(id), "{event:?}"),
        Subject::Charge(id) | Subject::PaymentIntent(id) => {
            assert!(is_usable(id) && event.customer().is_none(), "{event:?}");
        }
        Subject::Path(segments) => {
            assert!((2..=4).contains(&segments.len()) && segments.iter().all(|part| is_usable(part)), "{event:?}");
            assert!(event.customer().is_none(), "{event:?}");
        }
        Subject::Nobody => assert!(event.customer().is_none(), "{event:?}"),
    }
});
