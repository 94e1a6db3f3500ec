//! The delivery of one code: the checks before it is sent, and the guard against sending it twice.

use shared::Fault;
use shared::cache::{Challenge, Delivery, FoundChallenge, Handover, Purpose, Use};
use shared::db::users;
use shared::domain::{ChallengeId, Mobile};
use shared::queue::{NoticeJob, OtpJob, SmsJob};
use shared::telemetry;

use crate::OtpSender;
use crate::sms::{Publish, SmsError};

/// So many codes must have gone to a country before the share of them that was used says anything.
const ENOUGH: u64 = 50;

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
    /// The number has no account, and a limit on such numbers was reached.
    OverLimit,
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
        let Some(found) = self.cache.challenge(id, self.clock.now()).await? else { return Ok(Outcome::Ended) };
        let FoundChallenge { challenge, is_holders } = found;
        let account = self.account(&challenge, is_holders).await;
        let account = match (challenge.purpose, account) {
            (Purpose::PasswordReset, Ok(false)) => return Ok(Outcome::NoAccount),
            (Purpose::MobileChange, Ok(true)) => return Ok(Outcome::Taken),
            (Purpose::PasswordReset | Purpose::MobileChange, Err(fault)) => return Err(fault.into()),
            (_, account) => account,
        };
        let (is_known, now) = (matches!(account, Ok(true)), self.clock.now());
        let handed_over = self.cache.hand_over(id, &challenge.mobile, is_known, &self.limits, now).await?;
        let uses = match (handed_over, account) {
            // Whether the number has an account is not known, so it must not be stopped.
            (Handover::Range | Handover::Cap, Err(fault)) => return Err(fault.into()),
            (Handover::Range, Ok(_)) => return Ok(self.over("OtpRangeLimitReached")),
            (Handover::Cap, Ok(_)) => return Ok(self.over("OtpCapacityReached")),
            (Handover::Counted(uses), _) => uses,
        };
        let code = self.codes.derive(id, &challenge.kid).ok_or(Fault::Bug("a challenge's key is not configured"))?;
        match self.cache.begin_sending(id).await? {
            Delivery::Ours => self.send(id, &challenge, &code, uses).await,
            Delivery::Elsewhere => Err(Failure::Begun),
            Delivery::Done => Ok(Outcome::SentBefore),
        }
    }

    /// Whether the number is known: it has an account, or a code to sign in was requested with a device token. Other codes
    /// depend on the account.
    async fn account(&self, challenge: &Challenge, is_holders: bool) -> Result<bool, Fault> {
        if is_holders && challenge.purpose == Purpose::SignIn {
            return Ok(true);
        }
        Ok(users::credentials_of_mobile(&self.db, &challenge.mobile).await?.is_some())
    }

    async fn send(&self, id: ChallengeId, challenge: &Challenge, code: &str, uses: Use) -> Result<Outcome, Failure> {
        let (outcome, marked) = match self.sms.publish(&challenge.mobile, challenge.purpose, code).await {
            Ok(Publish::Accepted) => {
                self.tell(&challenge.mobile, uses);
                (Ok(Outcome::Sent), self.cache.sent(id).await)
            }
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

    /// Counts a code that was sent, and tells how many of its country's codes were used lately.
    fn tell(&self, mobile: &Mobile, uses: Use) {
        let (country, now) = ([("Country", mobile.calling_code())], self.clock.now());
        telemetry::count_by("OtpSent", &country, 1, now);
        if self.limits.is_beyond(uses.in_hour) {
            telemetry::count("OtpCapacityReached", 1, now);
        }
        if uses.sent >= ENOUGH {
            telemetry::count_by("OtpUsedPercent", &country, (uses.used * 100 / uses.sent).min(100), now);
        }
    }

    fn over(&self, limit: &str) -> Outcome {
        telemetry::count(limit, 1, self.clock.now());
        Outcome::OverLimit
    }
}
