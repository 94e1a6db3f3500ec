//! One code: what is checked before it is sent, and what keeps it from being sent twice.

use shared::Fault;
use shared::cache::Purpose;
use shared::db::users;
use shared::queue::CodeJob;
use shared::telemetry;

use crate::Sender;
use crate::sms::Publish;

/// What became of a record that need not be delivered again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// SNS took the message.
    Sent,
    /// Another delivery of the same record sent it.
    SentBefore,
    /// The challenge was answered, replaced, or has expired: the code is of no use any more.
    Ended,
    /// A reset was asked for a number without an account.
    NoAccount,
    /// SNS will never take it: the number cannot be reached, or has opted out.
    Unreachable,
}

/// What is worth another delivery.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// A store is away, or the record is none of ours: that one ends among the dead letters.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// SNS refused for the moment, by this code, or did not answer.
    #[error("sns: {0}")]
    Sns(String),
}

impl Sender {
    /// Delivers the code of the job in `body`.
    pub(crate) async fn delivery(&self, body: &str) -> Result<Outcome, Failure> {
        let job: CodeJob = serde_json::from_str(body).map_err(|_| Fault::Bug("a record is no job"))?;
        let id = job.challenge_id;
        let Some(challenge) = self.cache.challenge(id, self.clock.now()).await? else { return Ok(Outcome::Ended) };
        let is_reset = challenge.purpose == Purpose::PasswordReset;
        if is_reset && users::credentials_of_mobile(&self.db, &challenge.mobile).await?.is_none() {
            return Ok(Outcome::NoAccount);
        }
        let code = self.codes.derive(id, &challenge.kid).ok_or(Fault::Bug("a challenge's key is not configured"))?;
        if !self.cache.begin_sending(id).await? {
            return Ok(Outcome::SentBefore);
        }
        match self.sms.publish(&challenge.mobile, &code).await {
            Ok(Publish::Taken) => Ok(Outcome::Sent),
            Ok(Publish::Refused) => {
                telemetry::count("OtpSendFailed", 1, self.clock.now());
                Ok(Outcome::Unreachable)
            }
            Err(failure) => {
                if let Err(error) = self.cache.sending_failed(id).await {
                    tracing::warn!(%error, "a code that was not sent is taken for sent");
                }
                Err(failure)
            }
        }
    }
}
