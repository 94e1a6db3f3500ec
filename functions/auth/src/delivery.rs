//! How a code is delivered: by SMS in the background, or in the response while an app is developed.

use shared::Fault;
use shared::auth::OneTimeCodes;
use shared::config::{ConfigError, Env};
use shared::domain::{ChallengeId, NoticeId};
use shared::queue::{NoticeJob, OtpJob, Queues};

const NAME: &str = "OTP_DELIVERY";
/// What whoever returns codes in responses must confirm.
const CONFIRMED: &str = "codes-are-public";

#[derive(Debug)]
pub(crate) enum Delivery {
    /// By `otp-sender`, which reads this queue.
    Sns(Queues, String),
    /// In the response.
    Response,
}

impl Delivery {
    /// Reads `OTP_DELIVERY` and `OTP_QUEUE_URL`. A production stack sends its codes by SMS and nothing else. Any other
    /// stack that returns them must say so a second time, by `OTP_DELIVERY_IN_RESPONSE`.
    pub(crate) fn from_env(env: &Env) -> Result<Self, ConfigError> {
        env.fit(NAME)?;
        let confirmed = env.optional("OTP_DELIVERY_IN_RESPONSE").as_deref() == Some(CONFIRMED);
        match env.optional(NAME).as_deref() {
            None | Some("sns") => Ok(Self::Sns(Queues::from_env(env)?, env.required("OTP_QUEUE_URL")?)),
            Some("response") if confirmed => Ok(Self::Response),
            Some("response") => Err(ConfigError::new(
                "OTP_DELIVERY_IN_RESPONSE",
                format!("must be {CONFIRMED} with OTP_DELIVERY=response: anyone can sign in to any number then"),
            )),
            Some(_) => Err(ConfigError::new(NAME, "must be sns or response")),
        }
    }

    /// Passes the code of a challenge on for delivery; returns the code if the response must hold it.
    pub(crate) async fn deliver(
        &self,
        codes: &OneTimeCodes,
        challenge_id: ChallengeId,
    ) -> Result<Option<String>, Fault> {
        match self {
            Self::Sns(queues, url) => queues.send_otp(url, OtpJob { challenge_id }).await.map(|()| None),
            Self::Response => Ok(codes.derive(challenge_id, codes.kid())),
        }
    }

    /// Passes a notice on for delivery. With codes in the responses, no notice is sent.
    pub(crate) async fn notify(&self, notice_id: NoticeId) -> Result<(), Fault> {
        match self {
            Self::Sns(queues, url) => queues.send_notice(url, NoticeJob { notice_id }).await,
            Self::Response => Ok(()),
        }
    }
}
