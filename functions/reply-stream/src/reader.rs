//! Who follows a reply: a signed-in user by an access token, or whoever has a ticket for it. The check of the session and the
//! first look at the reply's stream are one round trip.

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use serde::Deserialize;
use shared::auth::StreamTickets;
use shared::cache::LiveEntry;
use shared::domain::{ChatroomId, MessageId};
use shared::http::{Auth, Bearer, Caller, Error, Path, Query};
use utoipa::IntoParams;

/// What an address may carry.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Presented {
    /// The ticket of an `events_url`, in place of an access token.
    ticket: Option<String>,
}

/// A caller who may follow the reply, if it is theirs.
#[derive(Debug)]
pub(crate) struct Reader {
    pub(crate) caller: Caller,
    pub(crate) room: ChatroomId,
    pub(crate) reply: MessageId,
    /// What the reply's stream holds; `None` without Redis.
    pub(crate) entries: Option<Vec<LiveEntry>>,
}

impl<S: Send + Sync> FromRequestParts<S> for Reader
where
    Auth: FromRef<S>,
    StreamTickets: FromRef<S>,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let auth = Auth::from_ref(state);
        let Path((room, reply)) = Path::<(ChatroomId, MessageId)>::from_request_parts(parts, state).await?;
        let Query(Presented { ticket }) = Query::from_request_parts(parts, state).await?;
        let bearer = match ticket {
            None => Bearer::from_request_parts(parts, state).await?,
            Some(text) => {
                let ticket = StreamTickets::from_ref(state).read(&text, auth.clock.now());
                let ticket = ticket.filter(|ticket| ticket.reply == reply);
                let ticket =
                    ticket.ok_or(Error::unauthenticated("The ticket is not valid for this reply, or has expired."))?;
                let address = auth.proxies.client(parts);
                Bearer { user: ticket.user, session: ticket.session, signed_in_at: None, address }
            }
        };
        auth.db.open_ahead();
        let (checked, entries) = match auth.cache.open_stream(&auth.visit(&bearer), reply).await {
            Ok((checked, entries)) => (Ok(checked), Some(entries)),
            Err(fault) => (Err(fault), None),
        };
        let caller = auth.caller(&bearer, checked).await?;
        Ok(Self { caller, room, reply, entries })
    }
}
