//! The delivery of one code: the checks before it is sent, and the guard against sending it twice.

use shared::Fault;
use shared::cache::{Delivery, Purpose};
use shared::db::users;
use shared::queue::OtpJob;
use shared::telemetry;

use crate::OtpSender;
use crate::sms::{Publish, SmsError};

/// The result of a record that need not be delivered again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// SNS accepted the message.
    Sent,
    /// Another delivery of the same record sent it.
    SentBefore,
    /// The challenge was answered, was replaced, or has expired: the code has no use any more.
    Ended,
    /// A reset was requested for a number without an account.
    NoAccount,
    /// SNS will never accept it: the number cannot be reached, or its owner has opted out.
    Unreachable,
}

/// Why a record must be delivered again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// A store is unavailable, or the record is not a job. A record that is not a job ends as a dead letter.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The SMS was not sent.
    #[error(transparent)]
    Sms(#[from] SmsError),
    /// Another delivery of the record is sending it. If that one died, this one is needed.
    #[error("another delivery of the record has begun")]
    Begun,
}

impl OtpSender {
    /// Delivers the code of the job in `body`.
    pub(crate) async fn delivery(&self, body: &str) -> Result<Outcome, Failure> {
        let job: OtpJob = serde_json::from_str(body).map_err(|_| Fault::Bug("a record is not a job"))?;
        let id = job.challenge_id;
        let Some(challenge) = self.cache.challenge(id, self.clock.now()).await? else { return Ok(Outcome::Ended) };
        let is_reset = challenge.purpose == Purpose::PasswordReset;
        if is_reset && users::credentials_of_mobile(&self.db, &challenge.mobile).await?.is_none() {
            return Ok(Outcome::NoAccount);
        }
        let code = self.codes.derive(id, &challenge.kid).ok_or(Fault::Bug("a challenge's key is not configured"))?;
        match self.cache.begin_sending(id).await? {
            Delivery::Ours => {}
            Delivery::Elsewhere => return Err(Failure::Begun),
            Delivery::Done => return Ok(Outcome::SentBefore),
        }
        let (outcome, marked) = match self.sms.publish(&challenge.mobile, &code).await {
            Ok(Publish::Accepted) => (Ok(Outcome::Sent), self.cache.sent(id).await),
            Ok(Publish::Refused) => {
                telemetry::count("OtpSendFailed", 1, self.clock.now());
                (Ok(Outcome::Unreachable), self.cache.sent(id).await)
            }
            Err(failure) => (Err(failure.into()), self.cache.sending_failed(id).await),
        };
        if let Err(error) = marked {
            tracing::warn!(%error, "another delivery of this record does not know the result of this one");
        }
        outcome
    }
}
