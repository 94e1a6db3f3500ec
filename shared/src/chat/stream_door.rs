//! The streaming door: where replies are followed, and the tickets that open it for one reply.

use crate::auth::{StreamTicket, StreamTickets};
use crate::config::{ConfigError, Env};
use crate::domain::{ChatroomId, MessageId, Timestamp};
use crate::http::{Caller, OwnAddress};

/// The address of the streaming door. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct StreamDoor {
    tickets: StreamTickets,
    /// Without a slash at its end.
    base: String,
}

impl StreamDoor {
    /// Reads `STREAM_URL` and `JWT_KEYS`.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let base = env.required("STREAM_URL")?.trim_end_matches('/').to_owned();
        Ok(Self { tickets: StreamTickets::from_env(env)?, base })
    }

    /// The door seen from inside: its own address is known when a request comes, unless `STREAM_URL` names another one.
    pub fn of_itself(env: &Env) -> Result<Self, ConfigError> {
        let base = env.optional("STREAM_URL").unwrap_or_default().trim_end_matches('/').to_owned();
        Ok(Self { tickets: StreamTickets::from_env(env)?, base })
    }

    /// The same at the address of a request, unless `STREAM_URL` names another one.
    #[must_use]
    pub fn reached_at(mut self, OwnAddress(address): OwnAddress) -> Self {
        if self.base.is_empty() {
            self.base = address;
        }
        self
    }

    /// The address of a reply's events with a ticket for `caller`, and when that expires.
    pub fn events_url(
        &self,
        caller: Caller,
        room: ChatroomId,
        reply: MessageId,
        now: Timestamp,
    ) -> (String, Timestamp) {
        let (ticket, expires) =
            self.tickets.issue(StreamTicket { user: caller.user, session: caller.session, reply }, now);
        (format!("{}/chatroom/{room}/message/{reply}/events?ticket={ticket}", self.base), expires)
    }
}
