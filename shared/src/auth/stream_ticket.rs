//! Tickets: each lets a session follow one reply for ten minutes, from an address that a browser's `EventSource` can
//! open: that sends no `Authorization` header.
//!
//! A ticket is `kid.payload.mac`. It may be seen in logs of others; it opens nothing else, and ends with its session.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq;

use super::keys::{Key, KeyRing};
use crate::config::{ConfigError, Env};
use crate::domain::{MessageId, SessionId, Timestamp, UserId};

/// How long a ticket is valid.
const LIFETIME: Duration = Duration::from_mins(10);
/// Longer texts are not tickets.
const LONGEST: usize = 256;

/// What a ticket allows: its session to follow a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamTicket {
    /// The session's user.
    pub user: UserId,
    /// The session, which must be live.
    pub session: SessionId,
    /// The reply.
    pub reply: MessageId,
}

/// Makes and checks tickets. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct StreamTickets(Arc<KeyRing>);

impl StreamTickets {
    /// Reads `JWT_KEYS`.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self(Arc::new(KeyRing::from_env(env, "JWT_KEYS")?)))
    }

    /// A ticket that is valid from `now`, and when it expires.
    pub fn issue(&self, StreamTicket { user, session, reply }: StreamTicket, now: Timestamp) -> (String, Timestamp) {
        let expires = now + LIFETIME;
        let payload =
            [user.as_bytes(), session.as_bytes(), reply.as_bytes(), &expires.unix_millis().to_be_bytes()].concat();
        let key = self.0.current();
        let signed = format!("{}.{}", key.id, URL_SAFE_NO_PAD.encode(payload));
        (format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac(key, &signed))), expires)
    }

    /// What the ticket in `text` allows at `now`; `None` if it is not ours or has expired.
    pub fn read(&self, text: &str, now: Timestamp) -> Option<StreamTicket> {
        let (signed, presented) = Some(text).filter(|text| text.len() <= LONGEST)?.rsplit_once('.')?;
        let (kid, payload) = signed.split_once('.')?;
        let key = self.0.get(kid)?;
        let presented = URL_SAFE_NO_PAD.decode(presented).ok()?;
        let is_ours: bool = mac(key, signed).ct_eq(presented.as_slice()).into();
        let payload = URL_SAFE_NO_PAD.decode(payload).ok().filter(|_| is_ours)?;
        let (ids, expires) = payload.split_at_checked(48)?;
        let expires = Timestamp::from_unix_millis(i64::from_be_bytes(expires.try_into().ok()?))?;
        let ticket = StreamTicket {
            user: UserId::from_bytes(&ids[..16])?,
            session: SessionId::from_bytes(&ids[16..32])?,
            reply: MessageId::from_bytes(&ids[32..])?,
        };
        (now < expires).then_some(ticket)
    }
}

fn mac(key: &Key, signed: &str) -> [u8; 32] {
    key.hmac(&[b"stream-ticket:", signed.as_bytes()])
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{StreamTicket, StreamTickets};
    use crate::config::Env;
    use crate::domain::{MessageId, SessionId, Timestamp, UserId};

    const A: &str = "a:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    const B: &str = "b:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
    const B_A: &str = "b:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=,a:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

    fn tickets(keys: &'static str) -> StreamTickets {
        StreamTickets::from_env(&Env::from_fn(move |name| (name == "JWT_KEYS").then(|| keys.into()))).unwrap()
    }

    fn ticket() -> StreamTicket {
        StreamTicket { user: UserId::generate(), session: SessionId::generate(), reply: MessageId::generate() }
    }

    fn now() -> Timestamp {
        Timestamp::from_unix(1_795_435_200).unwrap()
    }

    #[test]
    fn a_ticket_allows_what_it_was_made_for_until_it_expires() {
        let wanted = ticket();
        let (text, expires) = tickets(A).issue(wanted, now());
        assert_eq!(expires, now() + Duration::from_mins(10));
        assert_eq!(tickets(A).read(&text, now()), Some(wanted));
        assert_eq!(tickets(A).read(&text, expires), None);
        assert_eq!(tickets(B_A).read(&text, now()), Some(wanted), "an older key");
        assert_eq!(tickets(B).read(&text, now()), None, "a key that is gone");
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte)), "{text}");
    }

    #[test]
    fn anything_but_a_whole_ticket_is_none() {
        let (tickets, other) = (tickets(A), tickets(A).issue(ticket(), now()).0);
        let (text, _) = tickets.issue(ticket(), now());
        let (parts, others): (Vec<_>, Vec<_>) = (text.split('.').collect(), other.split('.').collect());
        let mixed = format!("{}.{}.{}", parts[0], others[1], parts[2]);
        let short = format!("{}.AAAA.{}", parts[0], parts[2]);
        let unknown_key = text.replacen("a.", "c.", 1);
        let (cut, long) = (&text[..text.len() - 1], "x".repeat(10_000));
        for bad in ["", ".", "..", "a", "a.b.c", "ä.ö.ü", cut, &mixed, &short, &unknown_key, &long] {
            assert_eq!(tickets.read(bad, now()), None, "{bad:.60}");
        }
    }
}
