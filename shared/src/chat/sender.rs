//! The caller of a send. The announcement of the send and the check of the session are one round trip.

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;

use crate::http::{Auth, Bearer, Caller, Error};

/// A signed-in user who sends a message. Their list is not cached for the next seconds; nothing needs to follow the
/// send.
#[derive(Debug, Clone, Copy)]
pub struct MessageSender(pub Caller);

impl<S: Send + Sync> FromRequestParts<S> for MessageSender
where
    Auth: FromRef<S>,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let bearer = Bearer::from_request_parts(parts, state).await?;
        let auth = Auth::from_ref(state);
        auth.identify(&bearer, auth.cache.sending(&auth.visit(&bearer))).await.map(Self)
    }
}
