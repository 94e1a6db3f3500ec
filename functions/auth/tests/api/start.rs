//! Settings that prevent the function from starting.

use testkit::Stack;

async fn refusal(settings: &[(&str, &str)]) -> String {
    let mut stack = Stack::start().await;
    for (name, value) in settings {
        stack = stack.with(name, *value);
    }
    match auth::router(&stack.env(), stack.clock.clock()) {
        Ok(_) => String::new(),
        Err(error) => error.to_string(),
    }
}

#[tokio::test]
async fn a_production_stack_does_not_return_codes_in_responses() {
    let refused = refusal(&[("STAGE", "prod"), ("OTP_DELIVERY", "response")]).await;
    assert!(refused.starts_with("OTP_DELIVERY: must be sns in production"), "{refused}");
    assert_eq!(refusal(&[("STAGE", "prod"), ("OTP_DELIVERY", "sns")]).await, "");
    assert_eq!(refusal(&[("STAGE", "prod"), ("OTP_DELIVERY", "")]).await, "");
    assert_eq!(refusal(&[("STAGE", "dev"), ("OTP_DELIVERY", "response")]).await, "");
}

#[tokio::test]
async fn invalid_settings_are_named_but_their_values_are_not_shown() {
    let short = "a:c2hvcnQ=";
    for (name, value) in [
        ("JWT_KEYS", ""),
        ("JWT_KEYS", short),
        ("JWT_KEYS", "a:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MA=="),
        ("OTP_KEYS", short),
        ("OTP_DIGITS", "5"),
        ("OTP_DIGITS", "9"),
        ("OTP_DELIVERY", "email"),
        ("OTP_ALLOWED_COUNTRIES", "germany"),
        ("OTP_PER_MOBILE_HOUR", "0"),
        ("OTP_PER_MOBILE_DAY", "-1"),
        ("OTP_OPEN_PER_MOBILE", "0"),
        ("OTP_PER_MOBILE_IP_HOUR", "few"),
        ("DEVICE_TOKEN_DAYS", "month"),
        ("LOGIN_TRIES", "0"),
        ("LOGIN_TRIES_PER_MOBILE", "0"),
        ("PASSWORD_HASHES_PER_ADDRESS_MINUTE", "some"),
        ("LOGIN_PER_IP_HOUR", "some"),
        ("REFRESH_TOKEN_DAYS", "month"),
    ] {
        let refused = refusal(&[(name, value)]).await;
        assert!(refused.starts_with(&format!("{name}: ")), "{name}={value}: {refused}");
        assert!(value.is_empty() || !refused.contains(&format!(" {value}")), "{refused}");
    }
}
