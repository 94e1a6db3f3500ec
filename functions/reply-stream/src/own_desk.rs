//! Where messages are accepted at this door.

use std::convert::Infallible;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use shared::chat::Desk;
use shared::http::OwnAddress;

/// The desk, which tells clients the address at which they reached this door.
#[derive(Debug)]
pub(crate) struct OwnDesk(pub(crate) Desk);

impl<S: Send + Sync> FromRequestParts<S> for OwnDesk
where
    Desk: FromRef<S>,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let address = OwnAddress::from_request_parts(parts, state).await?;
        Ok(Self(Desk::from_ref(state).reached_at(address)))
    }
}
