//! A request as Redis is asked about it.

use shared::cache::{RequestLimits, Visit};
use shared::domain::{SessionId, Timestamp, UserId};

/// A request of nobody's hurry: without limits.
pub fn visit(user: UserId, session: SessionId, now: Timestamp) -> Visit<'static> {
    let limits = RequestLimits { per_user: 0, per_address: 0 };
    Visit { user, session, by_session: false, address: "192.0.2.1", limits, now }
}
