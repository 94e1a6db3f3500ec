//! Steps that several of these tests share.

use std::collections::BTreeMap;
use std::future::Future;

use serde_json::{Value, json};
use testkit::{Answer, Stack, TestApi, User};
use tokio::task::JoinSet;

/// `/auth` without the limits that tests from one address would reach.
pub(crate) async fn api() -> TestApi {
    with(&[]).await
}

/// The same with additional settings.
pub(crate) async fn with(settings: &[(&str, &str)]) -> TestApi {
    let lifted = [
        "OTP_PER_IP_HOUR",
        "OTP_PER_MOBILE_IP_HOUR",
        "OTP_PER_MOBILE_IP_DAY",
        "LOGIN_PER_IP_HOUR",
        "PASSWORD_HASHES_PER_ADDRESS_MINUTE",
    ]
    .map(|name| (name, "0"));
    let mut stack = Stack::start().await;
    for (name, value) in lifted.iter().chain(settings) {
        stack = stack.with(name, *value);
    }
    TestApi::on(stack, auth::router)
}

/// Requests a code for a sign-in.
pub(crate) async fn ask(user: &User) -> Answer {
    user.post("/auth/send-otp", json!({ "mobile": user.mobile })).await
}

/// Requests a code from `path` and reads it from the response.
pub(crate) async fn code(user: &User, path: &str, body: Value) -> (String, String) {
    let sent = user.post(path, body).await;
    assert_eq!(sent.status(), 202, "{}", sent.body());
    (text(&sent, "challenge_id"), text(&sent, "otp"))
}

/// A text field of a response.
pub(crate) fn text(answer: &Answer, name: &str) -> String {
    let body = answer.body();
    body[name].as_str().unwrap_or_else(|| panic!("no {name} in {body}")).to_owned()
}

/// Tries a code.
pub(crate) async fn verify(user: &User, challenge: &str, otp: &str) -> Answer {
    user.post("/auth/verify-otp", json!({ "challenge_id": challenge, "otp": otp })).await
}

/// A code that differs from this one.
pub(crate) fn wrong(otp: &str) -> String {
    let first = if otp.starts_with('9') { "0" } else { "9" };
    format!("{first}{}", &otp[1..])
}

/// Signs in with a code; the account is created if there is none.
pub(crate) async fn sign_in(user: &User) -> (User, Answer) {
    let (challenge, otp) = code(user, "/auth/send-otp", json!({ "mobile": user.mobile })).await;
    let answer = verify(user, &challenge, &otp).await;
    assert_eq!(answer.status(), 200, "{}", answer.body());
    (user.with_token(&text(&answer, "access_token")), answer)
}

/// Signs in with a code and sets a password.
pub(crate) async fn with_password(user: &User, password: &str) -> User {
    let (user, _) = sign_in(user).await;
    let set = user.post("/auth/change-password", json!({ "new_password": password })).await;
    assert_eq!(set.status(), 204, "{}", set.body());
    user
}

/// Makes a hundred requests at once and counts the outcomes by status and code.
pub(crate) async fn hundred<F: Future<Output = Answer> + Send + 'static>(
    act: impl Fn(usize) -> F,
) -> BTreeMap<(u16, String), usize> {
    let mut tasks = JoinSet::new();
    (0..100).for_each(|number| {
        tasks.spawn(act(number));
    });
    let mut outcomes = BTreeMap::new();
    while let Some(answer) = tasks.join_next().await {
        let answer = answer.expect("no panic");
        *outcomes.entry((answer.status(), answer.code())).or_default() += 1;
    }
    outcomes
}

/// The expected outcomes.
pub(crate) fn outcomes(expected: &[(u16, &str, usize)]) -> BTreeMap<(u16, String), usize> {
    expected.iter().map(|(status, code, count)| ((*status, (*code).to_owned()), *count)).collect()
}

/// Whether the user's token is accepted.
pub(crate) async fn is_in(user: &User) -> bool {
    match user.get("/auth/sessions").await.status() {
        200 => true,
        401 => false,
        other => panic!("{other}"),
    }
}

/// Signs in, sets a password, and returns the device token too.
pub(crate) async fn holder(api: &TestApi, password: &str) -> (User, String) {
    let (user, answer) = sign_in(&api.anyone()).await;
    let set = user.post("/auth/change-password", json!({ "new_password": password })).await;
    assert_eq!(set.status(), 204, "{}", set.body());
    (user, text(&answer, "device_token"))
}

/// Requests a code from `path` with a device token.
pub(crate) async fn ask_as_holder(user: &User, path: &str, token: &str) -> Answer {
    user.post(path, json!({ "mobile": user.mobile, "device_token": token })).await
}

/// Tries a password for the user's number.
pub(crate) async fn log_in(user: &User, password: &str, token: Option<&str>) -> Answer {
    user.post("/auth/login", json!({ "mobile": user.mobile, "password": password, "device_token": token })).await
}

/// The user's number at another address: what a stranger sees of them.
pub(crate) fn stranger(user: &User, number: usize) -> User {
    user.from(&format!("198.51.100.{number}"))
}
