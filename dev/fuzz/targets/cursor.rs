//! A cursor that a client sends. For any text the parser ends. It accepts only our own cursors, and reads back what
//! they contain.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use shared::http::Cursor;

fuzz_target!(|text: &str| {
    let (ours, theirs) = (Cursor::of(&[&"rooms", &"a user"]), Cursor::of(&[&"rooms", &"another user"]));
    if let Ok(place) = ours.read::<Value>(text) {
        assert_eq!(ours.write(&place), text, "a cursor that is not ours is accepted");
    }
    let written = ours.write(&text);
    assert_eq!(ours.read::<String>(&written).ok().as_deref(), Some(text), "our own cursor is refused");
    assert!(theirs.read::<String>(&written).is_err(), "a cursor of another list is accepted");
});
