//! How often an operation may be used, in words and as `x-rate-limits`, derived from the codes that it returns.

use serde_json::{Value, json};
use shared::cache::OtpLimits;
use shared::config::Env;
use shared::domain::{Bounds, Limits};
use shared::http::ProblemCode;

/// A limit with its default.
#[derive(Clone)]
struct Limit {
    /// The code of a request beyond it.
    code: ProblemCode,
    /// What the count belongs to.
    by: &'static str,
    /// The most requests or tries…
    most: u64,
    /// …within this many seconds; 0 if they are counted as long as they exist.
    seconds: u64,
    /// The template's parameter that sets it; `None` if it is fixed.
    parameter: Option<&'static str>,
    words: String,
}

const HOUR: u64 = 3600;
const DAY: u64 = 86_400;
/// Password tries, or sign-ups, from an address in an hour: the default of `LOGIN_PER_IP_HOUR`.
const BY_ADDRESS: u64 = 60;

/// Adds the limits of an operation's codes to its description and its `x-rate-limits`.
pub(crate) fn tell(operation: &mut Value, codes: &[ProblemCode]) {
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
    fn to_value(&self) -> Value {
        let mut value = json!({
            "code": self.code.as_str(), "by": self.by, "limit": self.most,
        });
        if self.seconds > 0 {
            value["window_seconds"] = json!(self.seconds);
        }
        if let Some(parameter) = self.parameter {
            value["parameter"] = json!(parameter);
        }
        value
    }
}

/// Every limit. The functions' own defaults are used where they can be read.
fn all() -> Vec<Limit> {
    let unset = Env::from_fn(|_| None);
    let (Ok(otp), Ok(day)) = (OtpLimits::from_env(&unset), Limits::from_env(&unset)) else { return Vec::new() };
    let Ok(bounds) = Bounds::from_env(&unset) else { return Vec::new() };
    [of_codes(&otp), of_passwords(), of_messages(day), of_rooms(bounds)].concat()
}

fn of_codes(limits: &OtpLimits) -> Vec<Limit> {
    use ProblemCode::{
        ChallengeExpired, OtpCapacity, OtpCooldown, OtpInvalid, OtpIpLimit, OtpMobileLimit, OtpPrefixLimit,
    };
    let pause = limits.cooldown.as_secs();
    let [hourly, daily, by_ip, by_prefix, cap] =
        [limits.per_mobile_hour, limits.per_mobile_day, limits.per_ip_hour, limits.per_prefix_hour, limits.per_day]
            .map(u64::from);
    let cooldown = format!(
        "a pause of {pause} seconds after a code to a number, of {} after the second within an hour, of {} after later ones",
        pause * 2,
        pause * 4
    );
    let prefix = format!("{by_prefix} codes in an hour to numbers that differ only in their last four digits");
    let address = format!("{by_ip} codes requested from an address (IPv6: a /64) in an hour");
    let capacity = format!("{cap} codes of the whole deployment in a UTC day");
    let failures =
        "100 wrong tries in a row for a number: then even a right code is refused, until a day after the last try";
    vec![
        limit(OtpCooldown, "mobile", 1, pause, Some("OtpCooldownSeconds"), cooldown),
        limit(
            OtpMobileLimit,
            "mobile",
            hourly,
            HOUR,
            Some("OtpPerMobileHour"),
            format!("{hourly} codes to a number in an hour"),
        ),
        limit(
            OtpMobileLimit,
            "mobile",
            daily,
            DAY,
            Some("OtpPerMobileDay"),
            format!("{daily} codes to a number in a day"),
        ),
        limit(OtpIpLimit, "address", by_ip, HOUR, Some("OtpPerIpHour"), address),
        limit(OtpPrefixLimit, "prefix", by_prefix, HOUR, Some("OtpPerPrefixHour"), prefix),
        limit(OtpCapacity, "deployment", cap, DAY, Some("OtpDailyCap"), capacity),
        limit(ChallengeExpired, "challenge", 5, 300, None, "5 wrong tries at a code, which is valid for 5 minutes"),
        limit(OtpInvalid, "mobile", 100, DAY, None, failures),
    ]
}

fn of_passwords() -> Vec<Limit> {
    let passwords = format!("{BY_ADDRESS} passwords tried from an address in an hour");
    let signups = format!("{BY_ADDRESS} sign-ups from an address in an hour");
    let parameter = Some("LoginPerIpHour");
    vec![
        limit(ProblemCode::SignupIpLimit, "address", BY_ADDRESS, HOUR, parameter, signups),
        limit(ProblemCode::LoginIpLimit, "address", BY_ADDRESS, HOUR, parameter, passwords),
        limit(
            ProblemCode::LoginMobileLimit,
            "mobile",
            10,
            HOUR / 4,
            None,
            "10 wrong passwords for a number in 15 minutes",
        ),
    ]
}

fn of_messages(limits: Limits) -> Vec<Limit> {
    let [basic, pro] = [limits.basic, limits.pro].map(i32::unsigned_abs).map(u64::from);
    let words = |most, plan| format!("{most} messages of a {plan} user in a UTC day");
    vec![
        limit(ProblemCode::AllowanceSpent, "user", basic, DAY, Some("BasicDailyLimit"), words(basic, "Basic")),
        limit(ProblemCode::AllowanceSpent, "user", pro, DAY, Some("ProDailyLimit"), words(pro, "Pro")),
    ]
}

fn of_rooms(bounds: Bounds) -> Vec<Limit> {
    use ProblemCode::{TooManyRooms, TooManyUnfinished};
    let [basic, pro] = [bounds.unfinished_basic, bounds.unfinished_pro].map(i32::unsigned_abs).map(u64::from);
    let rooms = bounds.rooms.unsigned_abs();
    let words = |most, plan| format!("{most} unfinished replies of a {plan} user at once");
    vec![
        limit(TooManyUnfinished, "user", basic, 0, Some("UnfinishedRepliesBasic"), words(basic, "Basic")),
        limit(TooManyUnfinished, "user", pro, 0, Some("UnfinishedReplies"), words(pro, "Pro")),
        limit(TooManyRooms, "user", rooms, 0, Some("RoomsPerUser"), format!("{rooms} rooms of a user")),
    ]
}

fn limit(
    code: ProblemCode,
    by: &'static str,
    most: u64,
    seconds: u64,
    parameter: Option<&'static str>,
    words: impl Into<String>,
) -> Limit {
    Limit { code, by, most, seconds, parameter, words: words.into() }
}
