//! Problems (RFC 9457): one closed enum, the only place that knows statuses and codes.

use std::borrow::Cow;
use std::time::Duration;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::{FieldCode, FieldError, ProblemCode, Store};
use crate::Fault;
use crate::domain::{Allowance, Tier, Timestamp};

/// What a handler returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything that can go wrong in a request. The status follows from the code.
#[derive(Debug)]
pub enum Error {
    /// A refusal: its code, and what happened.
    Refused(ProblemCode, Cow<'static, str>),
    /// A refusal because of one field: its code, what happened, and a JSON pointer to the field.
    RefusedField(ProblemCode, &'static str, &'static str),
    /// The body or the query is well-formed, but fields are not acceptable.
    Invalid(Vec<FieldError>),
    /// Too many requests: the code, what happened, and how long to wait.
    RateLimited(ProblemCode, &'static str, Duration),
    /// The account is locked until then; and how long that is from now.
    Locked(Timestamp, Duration),
    /// The day's messages are spent: the plan, the allowance, and the time of the request.
    AllowanceSpent(Tier, Allowance, Timestamp),
    /// Stores that the whole service needs do not answer.
    Down(Vec<Store>),
    /// Something that the request needs is unavailable. The cause is logged.
    Unavailable(Fault),
    /// A fault of the service. The cause is logged.
    Internal(Fault),
}

impl Error {
    /// A refusal with a code and a fixed text.
    pub const fn refused(code: ProblemCode, detail: &'static str) -> Self {
        Self::Refused(code, Cow::Borrowed(detail))
    }

    /// The request is not well-formed; `detail` says why.
    pub fn malformed(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::Refused(ProblemCode::MalformedRequest, detail.into())
    }

    /// The request has no valid token; `detail` says what is missing.
    pub const fn unauthenticated(detail: &'static str) -> Self {
        Self::refused(ProblemCode::Unauthenticated, detail)
    }

    /// The token is valid but does not allow this; `detail` says what it allows.
    pub const fn forbidden(detail: &'static str) -> Self {
        Self::refused(ProblemCode::Forbidden, detail)
    }

    /// The thing does not exist, or is not the caller's; `what` names it.
    pub fn not_found(what: impl std::fmt::Display) -> Self {
        Self::Refused(ProblemCode::NotFound, format!("There is no such {what}.").into())
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        if fault.is_outage() { Self::Unavailable(fault) } else { Self::Internal(fault) }
    }
}

/// Why a request was refused (RFC 9457).
// The edge adds the `request_id`, and makes `type` relative to the request's address.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Problem {
    /// Where the problem is explained: a reference relative to the address of the request.
    #[serde(rename = "type")]
    #[schema(format = "uri-reference")]
    pub kind: String,
    /// The status in words.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// The code, for programs.
    pub code: ProblemCode,
    /// What happened, for people.
    #[schema(value_type = String)]
    pub detail: Cow<'static, str>,
    /// The fields that are not acceptable.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// The stores that do not answer, if that is the problem.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<Store>,
    /// The state of the day's allowance, if that is the problem.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowance: Option<Allowance>,
    /// How to get more messages.
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
    /// A problem with only a code and a detail.
    pub fn new(code: ProblemCode, detail: impl Into<Cow<'static, str>>) -> Self {
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
    /// The document that a client sees.
    pub fn problem(&self) -> Problem {
        match self {
            Self::Refused(code, detail) => Problem::new(*code, detail.clone()),
            Self::RefusedField(code, detail, pointer) => {
                let (pointer, detail, field) = ((*pointer).into(), *detail, FieldCode::of(*code));
                let error = FieldError { pointer, code: field, detail: detail.into() };
                Problem { errors: vec![error], ..Problem::new(*code, detail) }
            }
            Self::Invalid(errors) => Problem {
                errors: errors.clone(),
                ..Problem::new(ProblemCode::ValidationFailed, "Some fields are not acceptable.")
            },
            Self::RateLimited(code, detail, pause) => {
                Problem { retry_after: Some(pause.as_secs()), ..Problem::new(*code, *detail) }
            }
            Self::Locked(until, pause) => Problem {
                retry_after: Some(pause.as_secs().max(1)),
                ..Problem::new(
                    ProblemCode::AccountLocked,
                    format!("Too many wrong codes were tried. Signing in with a code is locked until {until}."),
                )
            },
            Self::AllowanceSpent(tier, allowance, now) => Problem {
                allowance: Some(*allowance),
                upgrade: (*tier == Tier::Basic).then_some(UPGRADE),
                retry_after: Some(allowance.resets_at.since(*now).as_secs().max(1)),
                ..Problem::new(
                    ProblemCode::AllowanceSpent,
                    format!("All {} messages of today are spent. The next ones come at midnight UTC.", allowance.limit),
                )
            },
            Self::Down(missing) => Problem {
                missing: missing.clone(),
                retry_after: Some(5),
                ..Problem::new(ProblemCode::Unavailable, "The service cannot work right now.")
            },
            Self::Unavailable(_) => Problem {
                retry_after: Some(5),
                ..Problem::new(ProblemCode::Unavailable, "This cannot be done right now. Try again soon.")
            },
            Self::Internal(_) => Problem::new(ProblemCode::Internal, "Something went wrong here. It has been logged."),
        }
    }
}

impl IntoResponse for Error {
    /// A response with the status. The edge writes the problem into it, since it knows the request's id.
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
