//! Checks whether response times reveal that a number has an account: `dev/services cargo run -p timing`.
//!
//! Each number is used once, as by a stranger. A number with an account and one without are called in pairs, in
//! alternating order, so that other load affects both equally. If the medians differ by more than the limit, it fails.

#![expect(clippy::expect_used, reason = "a measurement that cannot continue says why")]

mod endpoint;

use std::process::ExitCode;
use std::time::Duration;

use endpoint::{ENDPOINTS, Endpoint};
use shared::domain::Password;
use testkit::{Stack, TestApi, User};

const PAIRS: usize = 500;
/// The largest allowed difference of the medians.
const LIMIT_MS: f64 = 5.0;
const DAY: Duration = Duration::from_hours(24);

/// Times in milliseconds, for numbers with an account and for numbers without.
#[derive(Debug, Default)]
struct Times {
    known: Vec<f64>,
    unknown: Vec<f64>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let api = api().await;
    let (members, strangers) = people(&api).await;
    println!("\n  {PAIRS} pairs         known ms  unknown ms  difference ms");
    let mut is_apart = false;
    for endpoint in ENDPOINTS {
        // After a day, earlier codes no longer count.
        api.stack.clock.advance(DAY);
        let times = measure(&endpoint, &members, &strangers).await;
        let (known, unknown) = (median(times.known), median(times.unknown));
        let difference = known - unknown;
        println!("  {:<17}{known:>9.2}{unknown:>12.2}{difference:>+15.2}", endpoint.name);
        is_apart |= difference.abs() > LIMIT_MS;
    }
    if is_apart {
        println!("  A difference is over {LIMIT_MS} ms: the response time reveals who has an account.");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// `/auth` as it is deployed, without the limits per address.
async fn api() -> TestApi {
    let lifted = [
        "OTP_PER_IP_HOUR",
        "OTP_PER_MOBILE_IP_HOUR",
        "OTP_PER_MOBILE_IP_DAY",
        "LOGIN_PER_IP_HOUR",
        "PASSWORD_HASHES_PER_ADDRESS_MINUTE",
    ];
    let stack = Stack::start().await.with("OTP_DELIVERY", "sns");
    let stack = lifted.iter().fold(stack, |stack, limit| stack.with(limit, "0"));
    TestApi::on(stack, auth::router)
}

/// Equally many people with an account and a password, and without an account.
async fn people(api: &TestApi) -> (Vec<User>, Vec<User>) {
    let (mut members, mut strangers) = (Vec::new(), Vec::new());
    for _ in 0..PAIRS {
        members.push(api.signed_in().await);
        strangers.push(api.anyone());
    }
    let password = Password::try_from("the right password".to_owned()).expect("a password");
    let hash = shared::auth::hash(password).await.expect("a hash");
    let sql = api.stack.sql().await;
    let set = sql.execute("update users set password_hash = $1", &[&hash]).await.expect("Postgres");
    assert_eq!(usize::try_from(set), Ok(PAIRS), "every member has a password");
    (members, strangers)
}

async fn measure(endpoint: &Endpoint, members: &[User], strangers: &[User]) -> Times {
    let mut times = Times::default();
    for (turn, (member, stranger)) in members.iter().zip(strangers).enumerate() {
        if turn % 2 == 0 {
            times.known.push(endpoint.time(member).await);
            times.unknown.push(endpoint.time(stranger).await);
        } else {
            times.unknown.push(endpoint.time(stranger).await);
            times.known.push(endpoint.time(member).await);
        }
    }
    times
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    let middle = times.len() / 2;
    f64::midpoint(times[middle - 1], times[middle])
}
