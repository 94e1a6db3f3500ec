//! `auth` answers alike whatever the sender decides later: its answer tells nobody which numbers have accounts.

use axum::http::HeaderMap;
use serde_json::{Value, json};
use shared::cache::Purpose;
use testkit::{Answer, Stack, TestApi};

use crate::kit::{Kit, job};

/// `auth` on the stores of the kit, with a queue of its own.
async fn auth(kit: &Kit) -> TestApi {
    let mut stack = Stack::start().await.with("OTP_DELIVERY", "sns");
    for name in ["DATABASE_URL", "REDIS_PREFIX"] {
        stack = stack.with(name, kit.stack.setting(name));
    }
    TestApi::on(stack, auth::router)
}

/// An answer, byte by byte but for its ids and times.
fn shape(answer: &Answer) -> (u16, HeaderMap, String) {
    let (mut headers, body) = (answer.headers.clone(), answer.body());
    headers.remove("x-request-id");
    let mut text = String::from_utf8(answer.bytes.clone()).unwrap();
    for field in ["challenge_id", "expires_at"] {
        text = text.replace(body[field].as_str().unwrap(), field);
    }
    (answer.status(), headers, text)
}

#[tokio::test]
async fn over_the_limits_everybody_is_answered_alike_and_only_numbers_with_accounts_get_a_code() {
    for (setting, value) in [("OTP_DAILY_CAP", "0"), ("OTP_PER_PREFIX_HOUR", "1")] {
        let kit = Kit::with(&[(setting, value)]).await;
        kit.deliver(&[job(kit.open("+14155559990", Purpose::SignIn).await)]).await;
        kit.taken();
        let api = auth(&kit).await;
        for path in ["/auth/send-otp", "/auth/forgot-password"] {
            let (known, unknown) = (api.anyone(), api.anyone());
            kit.account(&known.mobile).await;
            let mut seen = Vec::new();
            for user in [&known, &unknown] {
                seen.push(shape(&user.post(path, json!({ "mobile": user.mobile })).await));
            }
            assert_eq!(seen[0].0, 202);
            assert_eq!(seen[0], seen[1], "{setting} {path}");

            let queued: Vec<Value> = api.queued().into_iter().map(|sent| sent.body).collect();
            assert_eq!(queued.len(), 2);
            let bodies: Vec<String> = queued.iter().map(Value::to_string).collect();
            assert!(kit.deliver(&bodies).await.is_empty());
            let sent: Vec<String> = kit.taken().into_iter().map(|sms| sms["PhoneNumber"].clone()).collect();
            assert_eq!(sent, [known.mobile.as_str()], "{setting} {path}");
        }
    }
}
