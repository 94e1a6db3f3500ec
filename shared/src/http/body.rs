//! JSON bodies: read strictly; a refusal names the field that is wrong.

use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};

use super::{Error, FieldCode, FieldError, ProblemCode};

/// A JSON body, of a request or a response.
#[derive(Debug, Clone, Copy)]
pub struct Json<T>(pub T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        let is_json = request.headers().get(CONTENT_TYPE).map(|value| is_json(value.to_str().unwrap_or_default()));
        let sent = request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        let body = Bytes::from_request(request, state).await.map_err(|rejection| unreadable(&rejection))?;
        if was_mended(&body, sent) {
            return Err(Error::malformed("The body is not valid UTF-8."));
        }
        match (is_json, body.as_ref()) {
            // Many clients send a type with every POST, whether or not it has a body.
            (_, []) => parse(b"{}").map(Self),
            (Some(true), body) => object(body).map(Self),
            _ => Err(Error::refused(ProblemCode::UnsupportedMediaType, "The body must be application/json.")),
        }
    }
}

/// Whether the gateway replaced bytes that are not UTF-8 with U+FFFD: it passes bodies on as text, and then their
/// length differs from what the client sent.
fn was_mended(body: &[u8], sent: Option<usize>) -> bool {
    sent.is_some_and(|sent| sent != body.len()) && body.windows(3).any(|three| three == "\u{fffd}".as_bytes())
}

/// `application/json` or a `+json` type (RFC 6839), whatever its parameters.
fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

pub(super) const TOO_LARGE: Error = Error::refused(ProblemCode::PayloadTooLarge, "The body is too large.");

/// The refusal of a body that could not be read.
pub fn unreadable(rejection: &BytesRejection) -> Error {
    match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => TOO_LARGE,
        _ => Error::malformed("The body could not be read."),
    }
}

/// Reads a JSON object. A list is refused here, since serde would read its items as the fields, in order.
fn object<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    if body.trim_ascii_start().starts_with(b"[") {
        parse::<serde::de::IgnoredAny>(body)?;
        let detail = "Must be an object.".into();
        return Err(Error::Invalid(vec![FieldError { pointer: String::new(), code: FieldCode::WrongType, detail }]));
    }
    parse(body)
}

/// Reads a whole JSON text. Nesting deeper than 128 is refused by the parser.
fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = pointer(error.path());
        refusal(error.inner(), path)
    })?;
    json.end().map_err(|error| refusal(&error, String::new()))?;
    Ok(value)
}

fn refusal(error: &serde_json::Error, pointer: String) -> Error {
    if error.is_data() {
        return Error::Invalid(vec![field_error(&error.to_string(), pointer)]);
    }
    let (line, column) = (error.line(), error.column());
    Error::malformed(format!("The body is not valid JSON (line {line}, column {column})."))
}

/// serde reports an error as one sentence. It is parsed here, so that clients need not parse it.
fn field_error(message: &str, pointer: String) -> FieldError {
    let message = message.rsplit_once(" at line ").map_or(message, |(message, _)| message);
    let quoted = message.split('`').nth(1).unwrap_or_default();
    let child = |name: &str| format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
    if message.starts_with("unknown field") {
        let pointer = if pointer.ends_with(quoted) { pointer } else { child(quoted) };
        FieldError { pointer, code: FieldCode::UnknownField, detail: "This field is not known here.".into() }
    } else if message.starts_with("missing field") {
        FieldError { pointer: child(quoted), code: FieldCode::Missing, detail: "This field must be given.".into() }
    } else if let Some(found) = message.strip_prefix("invalid type: ") {
        let expected = match found.rsplit_once(", expected ").map_or("another type", |(_, expected)| expected) {
            // serde names the Rust type of an object.
            name if name.starts_with("struct ") => "an object",
            expected => expected,
        };
        FieldError { pointer, code: FieldCode::WrongType, detail: format!("Must be {expected}.") }
    } else {
        FieldError { pointer, code: FieldCode::Invalid, detail: sentence(message) }
    }
}

fn sentence(message: &str) -> String {
    let mut chars = message.chars();
    let first = chars.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", chars.as_str())
}

fn pointer(path: &Path) -> String {
    path.iter()
        .filter_map(|segment| match segment {
            Segment::Seq { index } => Some(format!("/{index}")),
            Segment::Map { key } => Some(format!("/{}", key.replace('~', "~0").replace('/', "~1"))),
            Segment::Enum { .. } | Segment::Unknown => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::{Error, FieldCode, FieldError, ProblemCode, object, parse, was_mended};
    use crate::domain::Mobile;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Request {
        #[expect(dead_code, reason = "only read")]
        mobile: Mobile,
        #[expect(dead_code, reason = "only read")]
        name: Option<String>,
    }

    fn refused(body: &str) -> FieldError {
        match object::<Request>(body.as_bytes()) {
            Err(Error::Invalid(mut errors)) => errors.remove(0),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_refusal_names_the_field_and_why() {
        let error = refused(r#"{"mobile": "0123"}"#);
        assert_eq!((error.pointer.as_str(), error.code), ("/mobile", FieldCode::Invalid));
        assert_eq!(error.detail, "Must be in E.164 form and begin with +.");
        let error = refused(r#"{"mobile": "+14155550123", "name": 5}"#);
        assert_eq!(
            (error.pointer.as_str(), error.code, error.detail.as_str()),
            ("/name", FieldCode::WrongType, "Must be a string.")
        );
        assert_eq!((refused("{}").pointer.as_str(), refused("{}").code), ("/mobile", FieldCode::Missing));
        let error = refused(r#"{"mobile": "+14155550123", "admin": true}"#);
        assert_eq!((error.pointer.as_str(), error.code), ("/admin", FieldCode::UnknownField));
        for body in ["[]", r#" ["+14155550123", "Ada"]"#, "5", "null", "\"x\"", "true"] {
            let error = refused(body);
            assert_eq!((error.pointer.as_str(), error.code), ("", FieldCode::WrongType), "{body}");
            assert_eq!(error.detail, "Must be an object.", "{body}");
        }
    }

    #[test]
    fn a_replacement_character_is_a_fault_only_if_the_client_did_not_send_it() {
        let body = "{\"name\": \"\u{fffd}\"}".as_bytes();
        assert!(was_mended(body, Some(body.len() - 2)));
        assert!(!was_mended(body, Some(body.len())) && !was_mended(body, None));
        assert!(!was_mended(b"{}", Some(5)));
    }

    fn malformed<T>(read: &Result<T, Error>) -> bool {
        matches!(read, Err(Error::Refused(ProblemCode::MalformedRequest, _)))
    }

    #[test]
    fn what_is_not_json_is_malformed() {
        let deep = "[".repeat(10_000);
        for body in ["", "{", "{\"mobile\": \"\u{1}\"}", "{} {}", deep.as_str()] {
            assert!(malformed(&parse::<serde_json::Value>(body.as_bytes())), "{body:.20}");
        }
        assert!(malformed(&parse::<Request>(b"{\"mobile\": \"\xff\"}")));
    }
}
