//! The body in a gateway's event: what is known of it before it is copied out.

use std::io;

use base64::engine::general_purpose::STANDARD;
use base64::read::DecoderReader;

/// How many bytes the body has that JSON's text `raw` of a string stands for. Nothing is copied for that.
pub(super) fn size(raw: &str, is_base64: bool) -> usize {
    let text = raw.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or_default();
    if is_base64 {
        let digits = text.strip_suffix("==").or_else(|| text.strip_suffix('=')).unwrap_or(text);
        return digits.len() * 3 / 4;
    }
    let (mut size, mut bytes) = (0, text.bytes());
    while let Some(byte) = bytes.next() {
        size += 1;
        // An escape of one character, or of four digits: two of those are one character of four bytes.
        if byte == b'\\' && bytes.next() == Some(b'u') {
            let digit = |byte| char::from(byte).to_digit(16).unwrap_or_default();
            size += match bytes.by_ref().take(4).fold(0, |code, byte| code << 4 | digit(byte)) {
                ..0x80 => 0,
                0x80..0x800 | 0xd800..0xe000 => 1,
                _ => 2,
            };
        }
    }
    size
}

/// Whether a text is base64: it is decoded in small pieces, and none of them is kept.
pub(super) fn is_base64(text: &str) -> bool {
    io::copy(&mut DecoderReader::new(text.as_bytes(), &STANDARD), &mut io::sink()).is_ok()
}
