//! Refusals of more than one endpoint.

use shared::http::{Error, ProblemCode};

/// A wrong password, an account without one, or a number without an account.
pub(crate) const CREDENTIALS_INVALID: Error =
    Error::refused(ProblemCode::CredentialsInvalid, "The number or the password is not right.");
