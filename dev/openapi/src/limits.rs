//! How often an operation may be used, in words and as `x-rate-limits`: by the codes that it answers.

use serde_json::{Value, json};
use shared::cache::CodeLimits;
use shared::config::Env;
use shared::domain::Limits;
use shared::http::Code;

/// A limit that holds where a deployment sets no other.
struct Limit {
    /// What is answered beyond it.
    code: Code,
    /// What is counted together.
    by: &'static str,
    /// So many…
    most: u64,
    /// …within so many seconds.
    seconds: u64,
    /// The template's parameter that sets it; none if it is fixed.
    parameter: Option<&'static str>,
    words: String,
}

const HOUR: u64 = 3600;
const DAY: u64 = 86_400;
/// Passwords tried, or sign-ups, from an address in an hour: the default of `LOGIN_PER_IP_HOUR`.
const BY_ADDRESS: u64 = 60;

/// Tells the limits behind the codes of an operation in its description and its `x-rate-limits`.
pub(crate) fn tell(operation: &mut Value, codes: &[Code]) {
    let limits: Vec<_> = all().into_iter().filter(|limit| codes.contains(&limit.code)).collect();
    if limits.is_empty() {
        return;
    }
    let lines: Vec<_> = limits.iter().map(|limit| format!("- {} (`{}`)", limit.words, limit.code.as_str())).collect();
    let description = operation["description"].as_str().unwrap_or_default();
    operation["description"] =
        json!(format!("{description}\n\nLimits, unless the deployment sets others:\n{}", lines.join("\n")));
    operation["x-rate-limits"] = limits.iter().map(Limit::to_value).collect();
}

impl Limit {
    fn new(code: Code, by: &'static str, most: u64, seconds: u64, words: String) -> Self {
        Self { code, by, most, seconds, parameter: None, words }
    }

    fn set_by(self, parameter: &'static str) -> Self {
        Self { parameter: Some(parameter), ..self }
    }

    fn to_value(&self) -> Value {
        let mut value = json!({
            "code": self.code.as_str(), "by": self.by, "limit": self.most, "window_seconds": self.seconds,
        });
        if let Some(parameter) = self.parameter {
            value["parameter"] = json!(parameter);
        }
        value
    }
}

/// Every limit. Where the functions' own defaults can be asked, they are.
fn all() -> Vec<Limit> {
    let unset = Env::from_fn(|_| None);
    let (Ok(otp), Ok(day)) = (CodeLimits::from_env(&unset), Limits::from_env(&unset)) else { return Vec::new() };
    let pause = otp.cooldown.as_secs();
    let [hourly, daily, by_ip, by_prefix, cap] =
        [otp.per_mobile_hour, otp.per_mobile_day, otp.per_ip_hour, otp.per_prefix_hour, otp.per_day].map(u64::from);
    let [basic, pro] = [day.basic, day.pro].map(i32::unsigned_abs).map(u64::from);
    let passwords = format!("{BY_ADDRESS} passwords tried from an address in an hour");
    let signups = format!("{BY_ADDRESS} sign-ups from an address in an hour");
    vec![
        Limit::new(
            Code::OtpCooldown,
            "mobile",
            1,
            pause,
            format!(
                "a pause of {pause} seconds after a code to a number, of {} after the second within an hour, of {} after later ones",
                pause * 2,
                pause * 4
            ),
        )
        .set_by("OtpCooldownSeconds"),
        Limit::new(Code::OtpMobileLimit, "mobile", hourly, HOUR, format!("{hourly} codes to a number in an hour"))
            .set_by("OtpPerMobileHour"),
        Limit::new(Code::OtpMobileLimit, "mobile", daily, DAY, format!("{daily} codes to a number in a day"))
            .set_by("OtpPerMobileDay"),
        Limit::new(
            Code::OtpIpLimit,
            "address",
            by_ip,
            HOUR,
            format!("{by_ip} codes asked for from an address (IPv6: a /64) in an hour"),
        )
        .set_by("OtpPerIpHour"),
        Limit::new(
            Code::OtpPrefixLimit,
            "prefix",
            by_prefix,
            HOUR,
            format!("{by_prefix} codes in an hour to numbers that differ in their last four digits alone"),
        )
        .set_by("OtpPerPrefixHour"),
        Limit::new(
            Code::OtpCapacity,
            "deployment",
            cap,
            DAY,
            format!("{cap} codes of the whole deployment in a UTC day"),
        )
        .set_by("OtpDailyCap"),
        Limit::new(Code::SignupIpLimit, "address", BY_ADDRESS, HOUR, signups).set_by("LoginPerIpHour"),
        Limit::new(Code::LoginIpLimit, "address", BY_ADDRESS, HOUR, passwords).set_by("LoginPerIpHour"),
        Limit::new(
            Code::LoginMobileLimit,
            "mobile",
            10,
            HOUR / 4,
            "10 wrong passwords for a number in 15 minutes".into(),
        ),
        Limit::new(
            Code::ChallengeExpired,
            "challenge",
            5,
            300,
            "5 wrong tries at a code, which is good for 5 minutes".into(),
        ),
        Limit::new(
            Code::OtpInvalid,
            "mobile",
            100,
            DAY,
            "100 wrong tries in a row for a number: then even a right code is refused, until a day after the last"
                .into(),
        ),
        Limit::new(Code::AllowanceSpent, "user", basic, DAY, format!("{basic} messages of a Basic user in a UTC day"))
            .set_by("BasicDailyLimit"),
        Limit::new(Code::AllowanceSpent, "user", pro, DAY, format!("{pro} messages of a Pro user in a UTC day"))
            .set_by("ProDailyLimit"),
    ]
}
