//! The streaming door: where replies are followed, and the tickets that open it for one reply.

use axum::http::Uri;

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
        let base = base(&env.required("STREAM_URL")?)?;
        Ok(Self { tickets: StreamTickets::from_env(env)?, base })
    }

    /// The door seen from inside: its own address is known when a request comes, unless `STREAM_URL` names another one.
    pub fn of_itself(env: &Env) -> Result<Self, ConfigError> {
        let base = env.optional("STREAM_URL").map_or_else(|| Ok(String::new()), |address| base(&address))?;
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

/// An address to which paths are added, without a slash at its end.
fn base(address: &str) -> Result<String, ConfigError> {
    let is_whole = !address.contains(['?', '#'])
        && address.parse::<Uri>().is_ok_and(|uri| {
            matches!(uri.scheme_str(), Some("https" | "http")) && uri.host().is_some_and(|host| !host.is_empty())
        });
    if !is_whole {
        return Err(ConfigError::new(
            "STREAM_URL",
            "must be an address such as https://stream.example.com, without a query",
        ));
    }
    Ok(address.trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::base;

    #[test]
    fn the_doors_address_is_a_url_to_which_paths_are_added() {
        for (address, expected) in [
            ("https://stream.example.com", "https://stream.example.com"),
            (
                "https://a.execute-api.eu-west-1.amazonaws.com/live/",
                "https://a.execute-api.eu-west-1.amazonaws.com/live",
            ),
            ("http://127.0.0.1:4566", "http://127.0.0.1:4566"),
        ] {
            assert_eq!(base(address).unwrap(), expected);
        }
        for address in [
            "stream.example.com",
            "/live",
            "ftp://a.example",
            "https://",
            "https://a.example?x=1",
            "https://a.example#x",
            "https://a b",
        ] {
            assert!(base(address).is_err(), "{address}");
        }
    }
}
