//! Limits on codes: sliding windows, exact under concurrent requests.

use std::time::Duration;

use serde_json::json;
use testkit::Answer;

use crate::support::{ask, hundred, outcomes, with};

fn refusal(answer: &Answer) -> (u16, String, u64) {
    (answer.status(), answer.code(), answer.header("retry-after").parse().unwrap_or_default())
}

#[tokio::test]
async fn the_pause_doubles_to_four_times() {
    let api = with(&[]).await;
    let user = api.anyone();
    for pause in [30, 60, 120, 120] {
        let sent = ask(&user).await;
        assert_eq!((sent.status(), &sent.body()["resend_after"]), (202, &json!(pause)));
        assert_eq!(refusal(&ask(&user).await), (429, "otp_cooldown".into(), pause));
        api.stack.clock.advance(Duration::from_millis(pause * 1000 - 1));
        assert_eq!(refusal(&ask(&user).await), (429, "otp_cooldown".into(), 1));
        api.stack.clock.advance(Duration::from_millis(1));
    }
    assert_eq!(ask(&api.anyone()).await.status(), 202, "another number need not wait");
}

#[tokio::test]
async fn a_number_gets_five_codes_in_any_hour_and_ten_in_any_day() {
    let api = with(&[]).await;
    let user = api.anyone();
    let minutes = Duration::from_mins;
    for _ in 0..5 {
        assert_eq!(ask(&user).await.status(), 202);
        api.stack.clock.advance(minutes(5));
    }
    // The first code was 25 minutes ago: it leaves the one-hour window in 35 minutes.
    assert_eq!(refusal(&ask(&user).await), (429, "otp_mobile_limit".into(), 35 * 60));
    api.stack.clock.advance(minutes(35));
    for _ in 0..5 {
        assert_eq!(ask(&user).await.status(), 202);
        api.stack.clock.advance(minutes(15));
    }
    let (status, code, after) = refusal(&ask(&user).await);
    assert_eq!((status, code.as_str()), (429, "otp_mobile_limit"));
    // The first code was 135 minutes ago: it leaves the one-day window 24 hours after it was sent.
    assert_eq!(after, 24 * 3600 - 135 * 60);
    api.stack.clock.advance(Duration::from_secs(after));
    assert_eq!(ask(&user).await.status(), 202);
}

#[tokio::test]
async fn a_reset_and_a_sign_in_have_limits_of_their_own() {
    let api = with(&[("OTP_PER_MOBILE_HOUR", "1")]).await;
    let user = api.anyone();
    let reset = async || user.post("/auth/forgot-password", json!({ "mobile": user.mobile })).await;
    assert_eq!((ask(&user).await.status(), reset().await.status()), (202, 202));
    api.stack.clock.advance(Duration::from_mins(1));
    for refused in [ask(&user).await, reset().await] {
        assert_eq!(refused.code(), "otp_mobile_limit");
    }
}

#[tokio::test]
async fn the_address_comes_from_the_gateway_and_an_ipv6_prefix_counts_as_one() {
    let api = with(&[("OTP_PER_IP_HOUR", "1")]).await;
    let from = |address: &str| api.anyone().from(address);
    assert_eq!(ask(&from("192.0.2.1")).await.status(), 202);
    assert_eq!(refusal(&ask(&from("192.0.2.1")).await), (429, "otp_ip_limit".into(), 3600));
    let user = from("192.0.2.1");
    let forwarded =
        [("x-forwarded-for", "203.0.113.9"), ("forwarded", "for=203.0.113.9"), ("x-real-ip", "203.0.113.9")];
    let lied = user.json(http::Method::POST, "/auth/send-otp", &forwarded, json!({ "mobile": user.mobile })).await;
    assert_eq!(lied.code(), "otp_ip_limit");

    assert_eq!(ask(&from("2001:db8:1:2::1")).await.status(), 202);
    assert_eq!(ask(&from("2001:db8:1:2:ffff::9")).await.code(), "otp_ip_limit");
    assert_eq!(ask(&from("2001:db8:1:3::1")).await.status(), 202);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_a_hundred_concurrent_requests_for_one_number_is_sent() {
    let api = with(&[]).await;
    let user = api.anyone();
    let seen = hundred(|_| {
        let user = user.clone();
        async move { ask(&user).await }
    });
    assert_eq!(seen.await, outcomes(&[(202, "", 1), (429, "otp_cooldown", 99)]));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_limit_is_exact_for_a_hundred_at_once() {
    for (setting, limit, code, spread) in [
        ("OTP_PER_MOBILE_HOUR", 5, "otp_mobile_limit", false),
        ("OTP_PER_MOBILE_DAY", 10, "otp_mobile_limit", false),
        ("OTP_PER_IP_HOUR", 20, "otp_ip_limit", true),
        ("OTP_PER_MOBILE_IP_HOUR", 3, "otp_mobile_ip_limit", false),
        ("OTP_PER_MOBILE_IP_DAY", 7, "otp_mobile_ip_limit", false),
    ] {
        let settings = [("OTP_COOLDOWN_SECONDS", "0"), ("OTP_PER_MOBILE_HOUR", "1000"), ("OTP_PER_MOBILE_DAY", "1000")];
        let limit_text = limit.to_string();
        let api = with(&[&settings[..], &[(setting, limit_text.as_str())]].concat()).await;
        let asker = api.anyone();
        let seen = hundred(|number| {
            let asker = asker.clone();
            let mobile = if spread { format!("+1415556{number:04}") } else { asker.mobile.clone() };
            async move { asker.post("/auth/send-otp", json!({ "mobile": mobile })).await }
        });
        assert_eq!(seen.await, outcomes(&[(202, "", limit), (429, code, 100 - limit)]), "{setting}");
    }
}
