//! Problems (RFC 9457): one closed enum, the only place that knows statuses and codes.

use std::borrow::Cow;
use std::time::Duration;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::Code;
use crate::Fault;
use crate::domain::{Allowance, Tier, Timestamp};

/// What a handler answers.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything that can go wrong in a request.
#[derive(Debug)]
pub enum Error {
    /// 400: not even well-formed. What is wrong with it.
    Malformed(String),
    /// 422: well-formed, but fields are not acceptable.
    Invalid(Vec<FieldError>),
    /// 401: no valid token. What is missing.
    Unauthenticated(&'static str),
    /// 401 with a code of its own: a secret that is not right or not any more.
    Refused(Code, &'static str),
    /// 403: a valid token that does not allow this.
    Forbidden(&'static str),
    /// 404: no such thing, or not the caller's. What was looked for.
    NotFound(&'static str),
    /// 405.
    MethodNotAllowed,
    /// 409: not in this state. Code and detail.
    Conflict(Code, &'static str),
    /// 413.
    PayloadTooLarge,
    /// 415.
    UnsupportedMediaType,
    /// 422 with a code of its own: understood and not to be done. Code, detail, and the field it is about.
    Unprocessable(Code, &'static str, &'static str),
    /// 429: too often. Code, detail, and how long to wait.
    RateLimited(Code, &'static str, Duration),
    /// 429: the day's messages are spent, at the given moment.
    AllowanceSpent(Tier, Allowance, Timestamp),
    /// 400 with a code of its own.
    BadRequest(Code, &'static str),
    /// 503: what the whole service stands on does not answer. Its names.
    Down(Vec<&'static str>),
    /// 503: something this needs is away. The cause is logged.
    Unavailable(Fault),
    /// 500: a fault of ours. The cause is logged.
    Internal(Fault),
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        if fault.is_outage() { Self::Unavailable(fault) } else { Self::Internal(fault) }
    }
}

/// A field that is not acceptable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// Where it is: a JSON pointer (RFC 6901) into the body, or `/name` of a query parameter.
    pub pointer: String,
    /// `unknown_field`, `missing`, `wrong_type` or `invalid`.
    pub code: &'static str,
    /// What is wrong with it, for people.
    pub detail: String,
}

/// A problem document, all but its `request_id`, which the edge adds.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Problem {
    /// Where the problem is explained.
    #[serde(rename = "type")]
    pub kind: String,
    /// The status in words.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What clients switch on.
    pub code: Code,
    /// What happened, for people.
    #[schema(value_type = String)]
    pub detail: Cow<'static, str>,
    /// The fields that are not acceptable.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// What does not answer, if that is the problem.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<&'static str>,
    /// What is left of the day, if that is the problem.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowance: Option<Allowance>,
    /// How to get more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upgrade: Option<Upgrade>,
    /// Seconds to wait: the `Retry-After` header.
    #[serde(skip)]
    pub retry_after: Option<u64>,
}

/// Where a Basic user gets more messages.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct Upgrade {
    /// `POST`.
    pub method: &'static str,
    /// The endpoint that starts a subscription.
    pub path: &'static str,
    /// What to say to the user.
    pub detail: &'static str,
}

const UPGRADE: Upgrade =
    Upgrade { method: "POST", path: "/subscribe/pro", detail: "Pro has a far larger daily allowance." };

impl Problem {
    /// A problem with nothing but a code and a detail.
    pub fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        let status = code.status();
        Self {
            kind: format!("/problems#{}", code.as_str()),
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            code,
            detail: detail.into(),
            errors: Vec::new(),
            missing: Vec::new(),
            allowance: None,
            upgrade: None,
            retry_after: None,
        }
    }
}

impl Error {
    /// The document a client sees.
    pub fn problem(&self) -> Problem {
        match self {
            Self::Malformed(detail) => Problem::new(Code::MalformedRequest, detail.clone()),
            Self::Invalid(errors) => Problem {
                errors: errors.clone(),
                ..Problem::new(Code::ValidationFailed, "Some fields are not acceptable.")
            },
            Self::Unprocessable(code, detail, pointer) => {
                let error = FieldError { pointer: (*pointer).into(), code: code.as_str(), detail: (*detail).into() };
                Problem { errors: vec![error], ..Problem::new(*code, *detail) }
            }
            Self::BadRequest(code, detail) | Self::Refused(code, detail) | Self::Conflict(code, detail) => {
                Problem::new(*code, *detail)
            }
            Self::Unauthenticated(detail) => Problem::new(Code::Unauthenticated, *detail),
            Self::Forbidden(detail) => Problem::new(Code::Forbidden, *detail),
            Self::NotFound(what) => Problem::new(Code::NotFound, format!("There is no such {what}.")),
            Self::MethodNotAllowed => Problem::new(Code::MethodNotAllowed, "This path does not have that method."),
            Self::PayloadTooLarge => Problem::new(Code::PayloadTooLarge, "The body is too large."),
            Self::UnsupportedMediaType => {
                Problem::new(Code::UnsupportedMediaType, "The body must be application/json.")
            }
            Self::RateLimited(code, detail, pause) => {
                Problem { retry_after: Some(pause.as_secs()), ..Problem::new(*code, *detail) }
            }
            Self::AllowanceSpent(tier, allowance, now) => Problem {
                allowance: Some(*allowance),
                upgrade: (*tier == Tier::Basic).then_some(UPGRADE),
                retry_after: Some(allowance.resets_at.since(*now).as_secs().max(1)),
                ..Problem::new(
                    Code::AllowanceSpent,
                    format!("All {} messages of today are spent. The next ones come at midnight UTC.", allowance.limit),
                )
            },
            Self::Down(missing) => Problem {
                missing: missing.clone(),
                retry_after: Some(5),
                ..Problem::new(Code::Unavailable, "The service cannot work right now.")
            },
            Self::Unavailable(_) => Problem {
                retry_after: Some(5),
                ..Problem::new(Code::Unavailable, "This cannot be done right now. Try again soon.")
            },
            Self::Internal(_) => Problem::new(Code::Internal, "Something went wrong here. It has been logged."),
        }
    }
}

impl IntoResponse for Error {
    /// The status, with the problem beside it for the edge to write: it knows the request's id.
    fn into_response(self) -> Response {
        let problem = self.problem();
        if let Self::Unavailable(cause) | Self::Internal(cause) = &self {
            tracing::error!(%cause, code = problem.code.as_str(), "request failed");
        }
        let mut response = StatusCode::from_u16(problem.status).unwrap_or_default().into_response();
        response.extensions_mut().insert(problem);
        response
    }
}
