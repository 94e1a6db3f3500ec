//! Codes by text message: `OTP_DELIVERY=sns dev/up cargo test -p e2e --test sms`.

#![cfg(test)]

use std::time::Duration;

use e2e::{Answer, Person, eventually, variable};
use serde_json::{Value, json};

const SOON: Duration = Duration::from_secs(30);

/// What follows the code in a message, by its purpose.
const SIGN_IN: &str = " is your sign-in code. It is valid for 5 minutes.";
const RESET: &str = " is your code to set a new password. It is valid for 5 minutes.";
const CONFIRM: &str = " is your code to confirm this number. It is valid for 5 minutes.";

/// The code in the `number`th message, once it has arrived.
async fn code(person: &Person, number: usize, text: &str) -> String {
    let message = eventually(SOON, async || person.messages().await.get(number).cloned()).await;
    let (code, rest) = message.split_at(6);
    assert!(code.bytes().all(|byte| byte.is_ascii_digit()), "{message}");
    assert_eq!(rest, text);
    code.to_owned()
}

/// Whether the queue of the sender is empty.
async fn is_queue_empty() -> bool {
    let url = format!("{}/_ministack/sqs/messages", variable("AWS_ENDPOINT_URL"));
    let queue = variable("OTP_QUEUE_URL");
    let someone = Person::new();
    let waiting = someone.get(&format!("{url}?QueueUrl={}", queue.replace(':', "%3A").replace('/', "%2F"))).await;
    assert_eq!(waiting.status, 200, "{}", waiting.body);
    // The queues are grouped by account, region and URL.
    let accounts = waiting.body["messages"].as_object().expect("accounts").values();
    let regions = accounts.flat_map(|account| account.as_object().expect("regions").values());
    let queues: Vec<&Value> = regions.flat_map(|region| region.as_object().expect("queues").values()).collect();
    assert_eq!(queues.len(), 1, "{}", waiting.body);
    queues[0] == &json!([])
}

/// Signs in with a code, and returns the person with their token.
async fn sign_in(person: &Person, challenge: &Answer, otp: &str) -> Person {
    let proof = json!({ "challenge_id": challenge.body["challenge_id"], "otp": otp });
    let tokens = person.post("/auth/verify-otp", proof).await;
    assert_eq!(tokens.status, 200, "{}", tokens.body);
    person.with_token(&tokens.text("/access_token"))
}

fn members(answer: &Answer) -> Vec<&String> {
    answer.body.as_object().expect("an object").keys().collect()
}

/// The names of the headers, without their values.
fn headers(answer: &Answer) -> Vec<&str> {
    let mut names: Vec<&str> = answer.headers.keys().map(reqwest::header::HeaderName::as_str).collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn the_code_comes_by_text_message_and_signs_in() {
    let stranger = Person::new();
    let challenge = stranger.post("/auth/send-otp", json!({ "mobile": stranger.mobile })).await;
    assert_eq!(challenge.status, 202, "{}", challenge.body);
    assert_eq!(challenge.body.get("otp"), None, "the response does not contain the code");

    let code = code(&stranger, 0, SIGN_IN).await;
    let guest = sign_in(&stranger, &challenge, &code).await;

    assert_eq!(guest.get("/user/me").await.body["mobile"], json!(stranger.mobile));
    assert_eq!(stranger.messages().await.len(), 1, "one code, one message");
}

#[tokio::test]
async fn a_forgotten_password_of_an_unknown_number_sends_nothing_and_returns_the_same() {
    let member = Person::new();
    let challenge = member.post("/auth/send-otp", json!({ "mobile": member.mobile })).await;
    assert_eq!(challenge.status, 202, "{}", challenge.body);
    sign_in(&member, &challenge, &code(&member, 0, SIGN_IN).await).await;
    let nobody = Person::new();

    let unknown = nobody.post("/auth/forgot-password", json!({ "mobile": nobody.mobile })).await;
    let known = member.post("/auth/forgot-password", json!({ "mobile": member.mobile })).await;

    assert_eq!((unknown.status, known.status), (202, 202), "{} {}", unknown.body, known.body);
    assert_eq!(members(&unknown), members(&known));
    assert_eq!(headers(&unknown), headers(&known));
    assert_eq!((unknown.body.get("otp"), known.body.get("otp")), (None, None));
    let reset = code(&member, 1, RESET).await;
    eventually(SOON, async || is_queue_empty().await.then_some(())).await;
    assert_eq!(nobody.messages().await, Vec::<String>::new());

    let proof = json!({ "challenge_id": known.body["challenge_id"], "otp": reset });
    let tokens = member.post("/auth/verify-otp", proof).await;
    assert_eq!((tokens.status, &tokens.body["scope"]), (200, &Value::from("password_reset")));
}

#[tokio::test]
async fn a_number_is_changed_by_a_code_to_the_new_one_and_the_old_one_is_told() {
    let (member, new) = (Person::new(), Person::new());
    let challenge = member.post("/auth/send-otp", json!({ "mobile": member.mobile })).await;
    let member = sign_in(&member, &challenge, &code(&member, 0, SIGN_IN).await).await;

    let asked = member.post("/user/me/mobile", json!({ "mobile": new.mobile })).await;
    assert_eq!(asked.status, 202, "{}", asked.body);
    let proof = json!({ "challenge_id": asked.body["challenge_id"], "otp": code(&new, 0, CONFIRM).await });
    let changed = member.send(member.request(reqwest::Method::PUT, "/user/me/mobile").json(&proof)).await;

    assert_eq!((changed.status, &changed.body["mobile"]), (200, &json!(new.mobile)), "{}", changed.body);
    let notice = eventually(SOON, async || member.messages().await.get(1).cloned()).await;
    assert!(notice.starts_with("Your account has a new mobile number."), "{notice}");
    assert_eq!(member.get("/user/me").await.body["mobile"], json!(new.mobile));
}
