//! The code is sent to SNS and appears nowhere else.

use redis::AsyncCommands;
use shared::cache::Purpose;
use testkit::capture;

use crate::kit::{Kit, job};

#[tokio::test]
async fn neither_code_nor_number_is_logged_or_kept() {
    let (logs, _guard) = capture();
    let kit = Kit::with(&[("OTP_DIGITS", "8")]).await;
    kit.fail(&[(500, "InternalError"), (400, "InvalidParameter")]);
    let mut codes = Vec::new();
    for _ in 0..3 {
        let challenge = kit.open("+14155550123", Purpose::SignIn).await;
        kit.deliver(&[job(challenge)]).await;
        codes.push(kit.code(challenge));
    }
    assert_eq!((kit.calls(), kit.taken().len()), (3, 1));

    let client = redis::Client::open(kit.stack.setting("REDIS_URL")).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let keys: Vec<String> = connection.keys(format!("{}sent:*", kit.stack.setting("REDIS_PREFIX"))).await.unwrap();
    assert_eq!(keys.len(), 2, "the failed one may be sent again");
    let logged = logs.text();
    assert!(logged.contains("SNS does not send to this number") && logged.contains("sns: InternalError"));
    for secret in codes.iter().map(String::as_str).chain(["4155550123"]) {
        let line = logged.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret} was logged");
        assert!(keys.iter().all(|key| !key.contains(secret)), "{secret} was kept");
    }
}
