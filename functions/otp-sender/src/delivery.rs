//! The delivery of one code: the checks before it is sent, and the guard against sending it twice.

use shared::Fault;
use shared::cache::{Delivery, Purpose};
use shared::db::users;
use shared::domain::{ChallengeId, Mobile};
use shared::queue::{NoticeJob, OtpJob, SmsJob};
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
    /// A change to a number was requested that has an account.
    Taken,
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
    /// Delivers the code or the notice of the job in `body`.
    pub(crate) async fn delivery(&self, body: &str) -> Result<Outcome, Failure> {
        match serde_json::from_str(body).map_err(|_| Fault::Bug("a record is not a job"))? {
            SmsJob::Code(OtpJob { challenge_id }) => self.code(challenge_id).await,
            SmsJob::Notice(job) => self.notice(job).await,
        }
    }

    /// Tells a number that it is not an account's any more. A second delivery of the record finds no notice; one that
    /// runs at the same time sends it twice, which harms nobody.
    async fn notice(&self, NoticeJob { notice_id }: NoticeJob) -> Result<Outcome, Failure> {
        let Some(mobile) = self.cache.notice(notice_id).await? else { return Ok(Outcome::SentBefore) };
        let published = self.sms.publish_notice(&mobile).await?;
        if let Err(error) = self.cache.drop_notice(notice_id).await {
            tracing::warn!(%error, "another delivery of this record does not know the result of this one");
        }
        match published {
            Publish::Accepted => Ok(Outcome::Sent),
            Publish::Refused => Ok(Outcome::Unreachable),
        }
    }

    async fn code(&self, id: ChallengeId) -> Result<Outcome, Failure> {
        let Some(challenge) = self.cache.challenge(id, self.clock.now()).await? else { return Ok(Outcome::Ended) };
        match challenge.purpose {
            Purpose::PasswordReset if !self.has_account(&challenge.mobile).await? => return Ok(Outcome::NoAccount),
            Purpose::MobileChange if self.has_account(&challenge.mobile).await? => return Ok(Outcome::Taken),
            Purpose::SignIn | Purpose::PasswordReset | Purpose::MobileChange => {}
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

    async fn has_account(&self, mobile: &Mobile) -> Result<bool, Fault> {
        Ok(users::credentials_of_mobile(&self.db, mobile).await?.is_some())
    }
}
