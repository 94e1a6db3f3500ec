//! Callers who are about to change what the list of rooms shows.

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use shared::auth::{Auth, Bearer};
use shared::cache::Cache;
use shared::domain::UserId;
use shared::http::Error;

/// A signed-in user whose list is marked as being written, so that nobody reads it from the cache meanwhile. The mark
/// and the check of the session are one round trip.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Writer {
    pub(crate) user: UserId,
}

/// A signed-in user whose list is not cached for the next seconds, since a message is being sent. The announcement and
/// the check of the session are one round trip, and nothing is to be done after the send.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sender {
    pub(crate) user: UserId,
}

impl<S: Send + Sync> FromRequestParts<S> for Sender
where
    Auth: FromRef<S>,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let bearer = Bearer::from_request_parts(parts, state).await?;
        let auth = Auth::from_ref(state);
        let mark = auth.cache.sending(bearer.user, bearer.session).await;
        Ok(Self { user: auth.caller(&bearer, mark).await?.user })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Writer
where
    Auth: FromRef<S>,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let bearer = Bearer::from_request_parts(parts, state).await?;
        let auth = Auth::from_ref(state);
        let mark = auth.cache.writing_rooms(bearer.user, bearer.session).await;
        Ok(Self { user: auth.caller(&bearer, mark).await?.user })
    }
}

impl Writer {
    /// Lets the list be cached again. If that fails, or is never called, the mark lapses by itself.
    pub(crate) async fn written(&self, cache: &Cache) {
        if let Err(error) = cache.rooms_written(self.user).await {
            tracing::warn!(%error, "the list of rooms is not cached for a while");
        }
    }
}
