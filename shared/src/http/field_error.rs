//! A field that is not acceptable, and why.

use serde::Serialize;
use utoipa::ToSchema;

use super::ProblemCode;
use crate::domain::words;

words!(
    /// What is wrong with a field. The last five are codes of problems too.
    FieldCode {
        /// There is no such field.
        UnknownField = "unknown_field",
        /// It must be given.
        Missing = "missing",
        /// It has another type.
        WrongType = "wrong_type",
        /// It has the right type and is not acceptable.
        Invalid = "invalid",
        /// Codes are not sent to numbers of this country.
        CountryNotSupported = "country_not_supported",
        /// It does not prove that a person asks.
        ChallengeTokenInvalid = "challenge_token_invalid",
        /// There is no sign-up with this id for this number.
        SignupExpired = "signup_expired",
        /// The password is guessed first.
        PasswordCommon = "password_common",
        /// It differs from the message that has the same key.
        IdempotencyKeyReused = "idempotency_key_reused",
    }
);

impl FieldCode {
    /// What is wrong with the one field behind a problem.
    pub fn of(problem: ProblemCode) -> Self {
        Self::parse(problem.as_str()).unwrap_or(Self::Invalid)
    }
}

/// A field that is not acceptable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// The place of the field: a JSON pointer (RFC 6901) into the body, or `/name` of a query parameter.
    pub pointer: String,
    /// What is wrong with it, for programs.
    pub code: FieldCode,
    /// What is wrong with it, for people.
    pub detail: String,
}
