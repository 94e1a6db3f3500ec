//! Settings that prevent the function from starting.

use otp_sender::OtpSender;
use testkit::Stack;

#[tokio::test]
async fn a_text_without_the_code_and_invalid_senders_are_refused() {
    for (name, value) in [
        ("SMS_TEXT", "Your code has been sent."),
        ("SMS_TEXT_RESET", "Your code has been sent."),
        ("OTP_DAILY_CAP", "many"),
        ("OTP_RESERVED_PERCENT", "101"),
        ("OTP_BURST_HOURS", "25"),
        ("SMS_SENDER_ID", "much too long a name"),
        ("SMS_SENDER_ID", "12345"),
        ("SMS_SENDER_ID", "Tea Chat"),
        ("OTP_KEYS", "a:c2hvcnQ="),
    ] {
        let stack = Stack::start().await.with(name, value);
        let refused = OtpSender::from_env(&stack.env(), stack.clock.clock()).unwrap_err().to_string();
        assert!(refused.starts_with(&format!("{name}: ")) && !refused.contains(value), "{refused}");
    }
}
