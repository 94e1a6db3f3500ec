//! SMS by SNS.

use std::time::Duration;

use aws_sdk_sns::config::retry::RetryConfig;
use aws_sdk_sns::config::timeout::TimeoutConfig;
use aws_sdk_sns::error::ProvideErrorMetadata;
use aws_sdk_sns::types::MessageAttributeValue;
use shared::cache::Purpose;
use shared::config::{ConfigError, Env};
use shared::domain::Mobile;
use shared::{Fault, aws};
use tracing::instrument::WithSubscriber;
use tracing::subscriber::NoSubscriber;

const TEXT: &str = "{code} is your sign-in code. It is valid for 5 minutes.";
const TEXT_RESET: &str = "{code} is your code to set a new password. It is valid for 5 minutes.";
const TEXT_MOBILE: &str = "{code} is your code to confirm this number. It is valid for 5 minutes.";
const MOBILE_CHANGED: &str = "Your account has a new mobile number. If you did not change it, contact support at once.";

/// Sends texts. The client opens no connection before its first call; cloning is cheap.
#[derive(Debug, Clone)]
pub(crate) struct Sms {
    client: aws_sdk_sns::Client,
    sender_id: Option<String>,
    text: String,
    text_reset: String,
    text_mobile: String,
    mobile_changed: String,
}

/// What SNS did with a message.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Publish {
    Accepted,
    /// SNS refuses the message permanently.
    Refused,
}

/// Why a message was not sent this time.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SmsError {
    /// The message could not be built.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// SNS refused with this code for now, or did not answer.
    #[error("sns: {0}")]
    Sns(String),
}

impl Sms {
    /// Reads `SMS_TEXT`, `SMS_TEXT_RESET` and `SMS_TEXT_MOBILE` (with `{code}` in them), `SMS_TEXT_MOBILE_CHANGED`, and
    /// `SMS_SENDER_ID`.
    pub(crate) fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let (text, text_reset) = (template(env, "SMS_TEXT", TEXT)?, template(env, "SMS_TEXT_RESET", TEXT_RESET)?);
        let text_mobile = template(env, "SMS_TEXT_MOBILE", TEXT_MOBILE)?;
        let mobile_changed = env.optional("SMS_TEXT_MOBILE_CHANGED").unwrap_or_else(|| MOBILE_CHANGED.to_owned());
        let sender_id = env.optional("SMS_SENDER_ID");
        if sender_id.as_deref().is_some_and(|id| !is_sender_id(id)) {
            return Err(ConfigError::new(
                "SMS_SENDER_ID",
                "must be 1 to 11 letters, digits or hyphens, not digits alone",
            ));
        }
        Ok(Self { client: client(env)?, sender_id, text, text_reset, text_mobile, mobile_changed })
    }

    /// Sends a code.
    pub(crate) async fn publish(&self, mobile: &Mobile, purpose: Purpose, code: &str) -> Result<Publish, SmsError> {
        let template = match purpose {
            Purpose::SignIn => &self.text,
            Purpose::PasswordReset => &self.text_reset,
            Purpose::MobileChange => &self.text_mobile,
        };
        self.send(mobile, template.replace("{code}", code)).await
    }

    /// Tells a number that its account has another one.
    pub(crate) async fn publish_notice(&self, mobile: &Mobile) -> Result<Publish, SmsError> {
        self.send(mobile, self.mobile_changed.clone()).await
    }

    /// Sends a text. SNS' own message is not passed on, since it may repeat the number.
    async fn send(&self, mobile: &Mobile, message: String) -> Result<Publish, SmsError> {
        let mut call = self.client.publish().phone_number(mobile.as_str()).message(message);
        call = call.message_attributes("AWS.SNS.SMS.SMSType", text("Transactional")?);
        if let Some(id) = &self.sender_id {
            call = call.message_attributes("AWS.SNS.SMS.SenderID", text(id)?);
        }
        // At its finest levels the SDK logs what it sends, so its logs are turned off for this call.
        let Err(error) = call.send().with_subscriber(NoSubscriber::new()).await else { return Ok(Publish::Accepted) };
        match error.code() {
            Some(code @ ("InvalidParameter" | "InvalidParameterValue" | "ParameterValueInvalid" | "OptedOut")) => {
                tracing::error!(code, "SNS does not send to this number");
                Ok(Publish::Refused)
            }
            code => Err(SmsError::Sns(code.unwrap_or("no answer").to_owned())),
        }
    }
}

/// The text of a setting, which must have a place for the code.
fn template(env: &Env, name: &'static str, default: &str) -> Result<String, ConfigError> {
    let text = env.optional(name).unwrap_or_else(|| default.to_owned());
    if text.contains("{code}") { Ok(text) } else { Err(ConfigError::new(name, "must contain {code}")) }
}

/// Source: <https://docs.aws.amazon.com/sns/latest/dg/sms_publish-to-phone.html>.
fn is_sender_id(id: &str) -> bool {
    (1..=11).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && id.bytes().any(|byte| byte.is_ascii_alphabetic())
}

fn text(value: &str) -> Result<MessageAttributeValue, Fault> {
    let built = MessageAttributeValue::builder().data_type("String").string_value(value).build();
    built.map_err(|_| Fault::Bug("an attribute of an SMS lacks its type"))
}

/// The client. Its timeouts are shorter than the function's, so that a failure is reported before the function ends.
fn client(env: &Env) -> Result<aws_sdk_sns::Client, ConfigError> {
    let timeouts = TimeoutConfig::builder()
        .operation_attempt_timeout(Duration::from_secs(4))
        .operation_timeout(Duration::from_secs(6))
        .build();
    let config = aws_sdk_sns::config::Builder::from(&aws::config(env)?)
        // One attempt: after a lost response nobody knows whether the message was sent. The queue decides whether to
        // retry.
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts);
    Ok(aws_sdk_sns::Client::from_conf(config.build()))
}
