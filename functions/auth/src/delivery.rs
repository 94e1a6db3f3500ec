//! How a code leaves: by SMS from the background, or in the answer while an app is developed.

use shared::Fault;
use shared::auth::Codes;
use shared::config::{ConfigError, Env};
use shared::domain::ChallengeId;
use shared::queue::{CodeJob, Queues};

#[derive(Debug)]
pub(crate) enum Delivery {
    /// By `otp-sender`, which listens to this queue.
    Sns(Queues, String),
    /// In the answer.
    Response,
}

impl Delivery {
    /// Of `OTP_DELIVERY` and `OTP_QUEUE_URL`. A production stack sends its codes by SMS and nothing else.
    pub(crate) fn from_env(env: &Env) -> Result<Self, ConfigError> {
        match env.optional("OTP_DELIVERY").as_deref() {
            None | Some("sns") => Ok(Self::Sns(Queues::from_env(env)?, env.required("OTP_QUEUE_URL")?)),
            Some("response") if env.is_production() => {
                Err(ConfigError::new("OTP_DELIVERY", "must be sns in production: codes would be told to whoever asks"))
            }
            Some("response") => Ok(Self::Response),
            Some(_) => Err(ConfigError::new("OTP_DELIVERY", "must be sns or response")),
        }
    }

    /// Hands the code of a challenge on; answers it if the client is to be told.
    pub(crate) async fn deliver(&self, codes: &Codes, challenge_id: ChallengeId) -> Result<Option<String>, Fault> {
        match self {
            Self::Sns(queues, url) => queues.send_code(url, CodeJob { challenge_id }).await.map(|()| None),
            Self::Response => Ok(codes.derive(challenge_id, codes.kid())),
        }
    }
}
