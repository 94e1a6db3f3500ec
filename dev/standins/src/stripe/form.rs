//! `application/x-www-form-urlencoded` with Stripe's brackets: `line_items[0][price]=…`, `expand[]=…`

use super::error::ApiError;

/// One name, split at its brackets, and its value.
#[derive(Debug, PartialEq)]
pub(super) struct Pair {
    pub(super) path: Vec<String>,
    pub(super) value: String,
}

/// Reads a query or a body.
pub(super) fn parse(encoded: &[u8]) -> Result<Vec<Pair>, ApiError> {
    encoded.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()).map(pair).collect()
}

fn pair(encoded: &[u8]) -> Result<Pair, ApiError> {
    let split = encoded.iter().position(|byte| *byte == b'=').unwrap_or(encoded.len());
    let name = decode(&encoded[..split])?;
    let value = decode(encoded.get(split + 1..).unwrap_or_default())?;
    Ok(Pair { path: path(&name)?, value })
}

/// `a[b][]` becomes `a`, `b` and an empty name.
fn path(name: &str) -> Result<Vec<String>, ApiError> {
    let malformed = || ApiError::invalid(format!("Invalid request: the parameter name '{name}' is malformed."));
    let (first, mut rest) = name.split_at(name.find('[').unwrap_or(name.len()));
    if first.is_empty() {
        return Err(malformed());
    }
    let mut path = vec![first.to_owned()];
    while !rest.is_empty() {
        let (inner, after) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')).ok_or_else(malformed)?;
        path.push(inner.to_owned());
        rest = after;
    }
    Ok(path)
}

fn decode(encoded: &[u8]) -> Result<String, ApiError> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.iter().copied();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = (rest.next().and_then(hex), rest.next().and_then(hex));
                let (Some(high), Some(low)) = digits else {
                    return Err(ApiError::invalid("Invalid request: a percent sign needs two hexadecimal digits."));
                };
                high * 16 + low
            }
            other => other,
        });
    }
    String::from_utf8(bytes).map_err(|_| ApiError::invalid("Invalid request: the parameters are not valid UTF-8."))
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}
