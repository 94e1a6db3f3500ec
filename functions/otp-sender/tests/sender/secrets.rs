//! The code is sent to SNS and appears nowhere else.

use std::io;
use std::sync::{Arc, Mutex};

use redis::AsyncCommands;
use shared::cache::Purpose;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::util::SubscriberInitExt;

use crate::kit::{Kit, job};

#[derive(Clone, Default)]
struct Logs(Arc<Mutex<Vec<u8>>>);

impl io::Write for Logs {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn neither_code_nor_number_is_logged_or_kept() {
    let logs = Logs::default();
    let writer = logs.clone();
    let subscriber = tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_writer(move || writer.clone());
    let _guard = subscriber.finish().set_default();
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
    let logged = String::from_utf8_lossy(&logs.0.lock().unwrap()).into_owned();
    assert!(logged.contains("SNS does not send to this number") && logged.contains("sns: InternalError"));
    for secret in codes.iter().map(String::as_str).chain(["4155550123"]) {
        let line = logged.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret} was logged");
        assert!(keys.iter().all(|key| !key.contains(secret)), "{secret} was kept");
    }
}
