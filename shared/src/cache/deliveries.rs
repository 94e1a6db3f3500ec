//! Deliveries of codes: a job may arrive twice, at the same time or after a process died, and its code is sent once.

use std::time::Duration;

use uuid::Uuid;

use super::{Cache, challenges};
use crate::Fault;
use crate::domain::ChallengeId;

/// How long a delivery may take. Longer than `otp-sender` lives, shorter than the visibility of its queue: the next
/// delivery of a job whose process died finds nothing in its way.
const LEASE: Duration = Duration::from_secs(30);
const SENT: &str = "sent";

/// Whether a code is to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// By the caller.
    Ours,
    /// Another delivery of the job is sending it, or died while it did.
    Elsewhere,
    /// It was sent.
    Done,
}

impl Cache {
    /// Reserves the delivery of a challenge's code for [`LEASE`]. A repetition, after a lost answer, knows its own
    /// reservation.
    pub async fn begin_sending(&self, id: ChallengeId) -> Result<Delivery, Fault> {
        let ours = Uuid::new_v4().to_string();
        let mut command = redis::cmd("SET");
        command.arg(self.key("sent", id)).arg(&ours).arg("NX").arg("GET").arg("EX").arg(LEASE.as_secs());
        Ok(match self.run::<Option<String>>(command).await? {
            Some(theirs) if theirs == SENT => Delivery::Done,
            Some(theirs) if theirs != ours => Delivery::Elsewhere,
            _ => Delivery::Ours,
        })
    }

    /// Remembers that a code was sent, for as long as it is valid.
    pub async fn sent(&self, id: ChallengeId) -> Result<(), Fault> {
        self.run(redis::Cmd::set_ex(self.key("sent", id), SENT, challenges::LIFETIME.as_secs())).await
    }

    /// Releases the reservation after a failure, so the next delivery of the job may send.
    pub async fn sending_failed(&self, id: ChallengeId) -> Result<(), Fault> {
        self.delete(self.key("sent", id)).await.map(drop)
    }
}
