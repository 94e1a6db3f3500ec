//! A notice to the number that an account had before, and codes of a change of number.

use serde_json::json;
use shared::cache::Purpose;
use shared::domain::{Mobile, NoticeId};

use crate::codes::MOBILE;
use crate::kit::{Kit, job};

async fn notice(kit: &Kit) -> String {
    let id = NoticeId::generate();
    kit.stack.cache().keep_notice(id, &Mobile::parse(MOBILE).unwrap()).await.unwrap();
    json!({ "notice_id": id }).to_string()
}

#[tokio::test]
async fn a_notice_is_sent_once_and_holds_no_code() {
    let kit = Kit::start().await;
    let record = notice(&kit).await;
    assert!(kit.deliver(std::slice::from_ref(&record)).await.is_empty());
    assert!(kit.deliver(&[record]).await.is_empty());
    let sent = kit.taken();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0]["PhoneNumber"], MOBILE);
    let text = "Your account has a new mobile number. If you did not change it, contact support at once.";
    assert_eq!(sent[0]["Message"], text);
    assert_eq!(sent[0]["MessageAttributes.entry.1.Value.StringValue"], "Transactional");
}

#[tokio::test]
async fn its_text_is_configured() {
    let kit = Kit::with(&[("SMS_TEXT_MOBILE_CHANGED", "Deine Nummer wurde ersetzt.")]).await;
    let record = notice(&kit).await;
    kit.deliver(&[record]).await;
    assert_eq!(kit.taken()[0]["Message"], "Deine Nummer wurde ersetzt.");
}

#[tokio::test]
async fn a_notice_that_fails_is_delivered_again_and_one_that_can_never_be_sent_is_not() {
    let kit = Kit::start().await;
    let record = notice(&kit).await;
    kit.fail(&[(503, "ServiceUnavailable")]);
    assert_eq!(kit.deliver(std::slice::from_ref(&record)).await, ["0"]);
    assert!(kit.deliver(std::slice::from_ref(&record)).await.is_empty());
    assert_eq!(kit.taken().len(), 1);

    let record = notice(&kit).await;
    kit.fail(&[(400, "OptedOut")]);
    assert!(kit.deliver(std::slice::from_ref(&record)).await.is_empty());
    assert!(kit.deliver(&[record]).await.is_empty());
    assert!(kit.taken().is_empty());
}

#[tokio::test]
async fn a_code_of_a_change_is_sent_to_a_number_without_an_account_alone() {
    let kit = Kit::start().await;
    let challenge = kit.open(MOBILE, Purpose::MobileChange).await;
    assert!(kit.deliver(&[job(challenge)]).await.is_empty());
    let sent = kit.taken();
    assert_eq!((sent.len(), sent[0]["Message"].starts_with(&kit.code(challenge))), (1, true));

    kit.account(MOBILE).await;
    let challenge = kit.open(MOBILE, Purpose::MobileChange).await;
    assert!(kit.deliver(&[job(challenge)]).await.is_empty());
    assert!(kit.taken().is_empty());
}
