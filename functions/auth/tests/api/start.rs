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

/// Settings that a production stack accepts.
const PROD: [(&str, &str); 4] = [
    ("STAGE", "prod"),
    ("DATABASE_URL", "postgres://chat@db.internal/chat?sslmode=verify-full"),
    ("REDIS_URL", "rediss://cache.internal"),
    ("OTP_ALLOWED_COUNTRIES", "1,!1876,44"),
];

#[tokio::test]
async fn a_production_stack_does_not_return_codes_in_responses() {
    let with = |delivery| [PROD.as_slice(), &[("OTP_DELIVERY", delivery)]].concat();
    let refused = refusal(&with("response")).await;
    assert!(refused.starts_with("OTP_DELIVERY: must be sns in production"), "{refused}");
    assert_eq!(refusal(&with("sns")).await, "");
    assert_eq!(refusal(&with("")).await, "");
}

#[tokio::test]
async fn codes_in_responses_must_be_confirmed_by_a_second_setting() {
    for confirmation in ["", "yes", "true", "codes-are-secret"] {
        let settings = [("STAGE", "dev"), ("OTP_DELIVERY", "response"), ("OTP_DELIVERY_IN_RESPONSE", confirmation)];
        let refused = refusal(&settings).await;
        assert!(refused.starts_with("OTP_DELIVERY_IN_RESPONSE: must be codes-are-public"), "{refused}");
    }
    let settings = [("OTP_DELIVERY", "response"), ("OTP_DELIVERY_IN_RESPONSE", "codes-are-public")];
    assert_eq!(refusal(&settings).await, "");
    assert_eq!(refusal(&[("OTP_DELIVERY", "sns"), ("OTP_DELIVERY_IN_RESPONSE", "")]).await, "");
}

#[tokio::test]
async fn a_production_stack_does_not_send_codes_to_every_country_that_begins_with_1() {
    for list in ["1", "*"] {
        let refused =
            refusal(&[PROD.as_slice(), &[("OTP_DELIVERY", "sns"), ("OTP_ALLOWED_COUNTRIES", list)]].concat()).await;
        assert!(refused.starts_with("OTP_ALLOWED_COUNTRIES: must exclude"), "{refused}");
    }
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
        ("SESSION_MAX_DAYS", "year"),
        ("FRESH_SIGN_IN_MINUTES", "0"),
    ] {
        let refused = refusal(&[(name, value)]).await;
        assert!(refused.starts_with(&format!("{name}: ")), "{name}={value}: {refused}");
        assert!(value.is_empty() || !refused.contains(&format!(" {value}")), "{refused}");
    }
}
