//! What is sent to whom, and when nothing is sent.

use std::time::Duration;

use shared::cache::{Purpose, Verdict};
use shared::db::sessions::NewSession;
use shared::db::users::{self, Profile};
use shared::domain::{ChallengeId, Mobile, SessionId};

use crate::kit::{Kit, job};

const MOBILE: &str = "+14155550123";

async fn account(kit: &Kit) {
    let (now, hash) = (kit.stack.clock.now(), [7; 32]);
    let session = NewSession {
        id: SessionId::generate(),
        refresh_hash: &hash,
        user_agent: None,
        expires_at: now + Duration::from_mins(1),
    };
    let mobile = Mobile::parse(MOBILE).unwrap();
    users::sign_in(&kit.stack.db(), &mobile, &Profile::default(), &session, &[], now).await.unwrap();
}

#[tokio::test]
async fn the_right_code_is_sent_to_its_number_as_a_transactional_sms() {
    let kit = Kit::start().await;
    let challenge = kit.open(MOBILE, Purpose::SignIn).await;

    assert!(kit.deliver(&[job(challenge)]).await.is_empty());

    let sent = kit.taken();
    let code = kit.code(challenge);
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0]["PhoneNumber"], MOBILE);
    assert_eq!(sent[0]["Message"], format!("{code} is your sign-in code. It is valid for 5 minutes."));
    assert_eq!(sent[0]["MessageAttributes.entry.1.Name"], "AWS.SNS.SMS.SMSType");
    assert_eq!(sent[0]["MessageAttributes.entry.1.Value.StringValue"], "Transactional");
    assert!(!sent[0].contains_key("MessageAttributes.entry.2.Name") && !sent[0].contains_key("TopicArn"));
    let verdict = kit.stack.cache().try_challenge(challenge, &[("test", true)], kit.stack.clock.now()).await.unwrap();
    assert!(matches!(verdict, Verdict::Right(..)), "sending leaves the challenge open");
}

#[tokio::test]
async fn sender_and_text_are_configured() {
    let kit = Kit::with(&[("SMS_SENDER_ID", "TeaChat"), ("SMS_TEXT", "Dein Code: {code}"), ("OTP_DIGITS", "8")]).await;
    let challenge = kit.open(MOBILE, Purpose::SignIn).await;
    kit.deliver(&[job(challenge)]).await;
    let sent = kit.taken().remove(0);
    assert_eq!(sent["Message"], format!("Dein Code: {}", kit.code(challenge)));
    let attributes: Vec<&String> =
        sent.iter().filter(|(name, _)| name.starts_with("MessageAttributes")).map(|(_, value)| value).collect();
    assert!(
        attributes.iter().any(|value| *value == "TeaChat")
            && attributes.iter().any(|value| *value == "AWS.SNS.SMS.SenderID")
    );
}

#[tokio::test]
async fn a_reset_is_sent_only_to_a_number_with_an_account() {
    let kit = Kit::start().await;
    let nobodys = kit.open(MOBILE, Purpose::PasswordReset).await;
    assert!(kit.deliver(&[job(nobodys)]).await.is_empty(), "the record is not retried");
    assert_eq!(kit.calls(), 0);

    account(&kit).await;
    let somebodys = kit.open(MOBILE, Purpose::PasswordReset).await;
    assert!(kit.deliver(&[job(somebodys)]).await.is_empty());
    assert!(kit.taken()[0]["Message"].starts_with(&kit.code(somebodys)));
}

#[tokio::test]
async fn a_challenge_that_ended_gets_no_code() {
    let kit = Kit::start().await;
    let replaced = kit.open(MOBILE, Purpose::SignIn).await;
    let expired = kit.open(MOBILE, Purpose::SignIn).await;
    kit.stack.clock.advance(Duration::from_mins(5));
    let never = ChallengeId::generate();
    assert!(kit.deliver(&[job(replaced), job(expired), job(never)]).await.is_empty());
    assert_eq!(kit.calls(), 0);
}
