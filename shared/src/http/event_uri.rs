//! What a URI can hold of the paths and queries in events; the rest is percent-encoded.

use std::fmt::Write as _;

/// Percent-encodes the bytes that may not be where the text is.
pub(super) fn encoded(text: &str, may_stay: fn(u8) -> bool) -> String {
    if text.bytes().all(may_stay) {
        return text.to_owned();
    }
    let mut encoded = String::with_capacity(text.len() + 32);
    for byte in text.bytes() {
        if may_stay(byte) {
            encoded.push(byte.into());
        } else {
            // A text takes whatever is written to it.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// The gateway decodes paths: a `?` or `#` in one was sent encoded.
pub(super) fn is_of_path(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"\"#<>?\\^`{|}".contains(&byte)
}

/// Whether a byte may stay in a query.
pub(super) fn is_of_query(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"\"#<>".contains(&byte)
}
