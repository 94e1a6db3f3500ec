//! How often an operation may be used, in words and as `x-rate-limits`, derived from the codes that it returns.

use serde_json::{Value, json};
use shared::cache::{OtpLimits, RequestLimits};
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

const MINUTE: u64 = 60;
const HOUR: u64 = 3600;
const DAY: u64 = 86_400;
/// Password tries, or sign-ups, from an address in an hour: the default of `LOGIN_PER_IP_HOUR`.
const BY_ADDRESS: u64 = 60;
/// Passwords that are hashed for an address in a minute: the default of `PASSWORD_HASHES_PER_ADDRESS_MINUTE`.
const HASHES: u64 = 8;
/// Wrong passwords in a quarter of an hour: the default of `LOGIN_TRIES`.
const TRIES: u64 = 10;
/// The same of all strangers at a number: the default of `LOGIN_TRIES_PER_MOBILE`.
const TRIES_PER_MOBILE: u64 = 30;
/// Requests of a user that ask Stripe: the default of `BILLING_PER_USER_MINUTE`.
const BILLING: u64 = 10;
const QUARTER: u64 = HOUR / 4;

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
    let Ok(requests) = RequestLimits::from_env(&unset) else { return Vec::new() };
    let Ok(bounds) = Bounds::from_env(&unset) else { return Vec::new() };
    let of_users = [of_messages(day), of_rooms(bounds), of_requests(requests), of_billing()].concat();
    [of_codes(&otp), of_passwords(), of_operators(), of_users].concat()
}

fn of_codes(limits: &OtpLimits) -> Vec<Limit> {
    use ProblemCode::{
        AccountLocked, ChallengeExpired, OtpCooldown, OtpIpLimit, OtpMobileIpLimit, OtpMobileLimit, OtpOpenLimit,
    };
    let pause = limits.cooldown.as_secs();
    let [hourly, daily, open] = [limits.per_mobile_hour, limits.per_mobile_day, limits.open].map(u64::from);
    let [by_ip, alone_hourly, alone_daily] =
        [limits.per_ip_hour, limits.per_asker_hour, limits.per_asker_day].map(u64::from);
    let cooldown = format!(
        "a pause of {pause} seconds after a code to a number from an address, of {} after the second within an hour, of \
         {} after later ones",
        pause * 2,
        pause * 4
    );
    let by_mobile = |most, span| {
        format!("{most} codes to a number in {span}, and as many again for the holders of its device tokens")
    };
    let alone = |most, span| format!("{most} codes to a number from one address (IPv6: a /64) in {span}");
    let address = format!("{by_ip} codes requested from an address in an hour");
    let at_once = format!("{open} codes to a number that are open at once, each for another address");
    let failures = "100 wrong codes in a row for a number: then signing in with a code is locked until a day after the \
                    last one; holders of a device token are counted apart";
    let tries = "5 wrong tries at a code, which is valid for 5 minutes";
    let by_asker = |most, seconds, parameter, words| {
        limit(OtpMobileIpLimit, "mobile and address", most, seconds, Some(parameter), words)
    };
    vec![
        limit(OtpCooldown, "mobile and address", 1, pause, Some("OtpCooldownSeconds"), cooldown),
        limit(OtpMobileLimit, "mobile", hourly, HOUR, Some("OtpPerMobileHour"), by_mobile(hourly, "an hour")),
        limit(OtpMobileLimit, "mobile", daily, DAY, Some("OtpPerMobileDay"), by_mobile(daily, "a day")),
        by_asker(alone_hourly, HOUR, "OtpPerMobileIpHour", alone(alone_hourly, "an hour")),
        by_asker(alone_daily, DAY, "OtpPerMobileIpDay", alone(alone_daily, "a day")),
        limit(OtpIpLimit, "address", by_ip, HOUR, Some("OtpPerIpHour"), address),
        limit(OtpOpenLimit, "mobile", open, 300, Some("OtpOpenPerMobile"), at_once),
        limit(ChallengeExpired, "challenge", 5, 300, None, tries),
        limit(AccountLocked, "mobile", 100, DAY, None, failures),
    ]
}

fn of_passwords() -> Vec<Limit> {
    use ProblemCode::{LoginIpLimit, LoginMobileLimit, PasswordHashLimit, PasswordUserLimit, SignupIpLimit};
    let passwords = format!("{BY_ADDRESS} passwords tried from an address in an hour");
    let signups = format!("{BY_ADDRESS} sign-ups from an address in an hour");
    let hashes = format!("{HASHES} passwords hashed for an address in a minute");
    let alone = format!("{TRIES} wrong passwords for a number from one address in 15 minutes");
    let all = format!("{TRIES_PER_MOBILE} from all addresses; holders of a device token have {TRIES} for themselves");
    let user = format!("{TRIES} wrong passwords of a user in 15 minutes");
    vec![
        limit(SignupIpLimit, "address", BY_ADDRESS, HOUR, Some("LoginPerIpHour"), signups),
        limit(LoginIpLimit, "address", BY_ADDRESS, HOUR, Some("LoginPerIpHour"), passwords),
        limit(LoginMobileLimit, "mobile and address", TRIES, QUARTER, Some("LoginTries"), alone),
        limit(LoginMobileLimit, "mobile", TRIES_PER_MOBILE, QUARTER, Some("LoginTriesPerMobile"), all),
        limit(PasswordUserLimit, "user", TRIES, QUARTER, Some("LoginTries"), user),
        limit(PasswordHashLimit, "address", HASHES, 60, Some("PasswordHashesPerAddressMinute"), hashes),
    ]
}

fn of_operators() -> Vec<Limit> {
    let words = "10 wrong operator keys from an address in an hour";
    vec![limit(ProblemCode::OperatorIpLimit, "address", 10, HOUR, Some("OperatorTriesPerIpHour"), words)]
}

fn of_messages(limits: Limits) -> Vec<Limit> {
    let [basic, pro] = [limits.basic, limits.pro].map(i32::unsigned_abs).map(u64::from);
    let words = |most, plan| format!("{most} messages of a {plan} user in a UTC day");
    vec![
        limit(ProblemCode::AllowanceSpent, "user", basic, DAY, Some("BasicDailyLimit"), words(basic, "Basic")),
        limit(ProblemCode::AllowanceSpent, "user", pro, DAY, Some("ProDailyLimit"), words(pro, "Pro")),
    ]
}

fn of_requests(limits: RequestLimits) -> Vec<Limit> {
    let [user, address] = [limits.per_user, limits.per_address].map(u64::from);
    let code = ProblemCode::TooManyRequests;
    let words = |most, of| format!("{most} requests of {of} in a minute, to all operations with a session together");
    let address_words = words(address, "an address (IPv6: a /64)");
    let refreshes = format!("{user} renewals of a user's sessions in a minute");
    vec![
        limit(ProblemCode::RefreshUserLimit, "user", user, MINUTE, Some("RequestsPerUserMinute"), refreshes),
        limit(code, "user", user, MINUTE, Some("RequestsPerUserMinute"), words(user, "a user")),
        limit(code, "address", address, MINUTE, Some("RequestsPerAddressMinute"), address_words),
    ]
}

fn of_billing() -> Vec<Limit> {
    let words = format!("{BILLING} requests of a user in a minute that ask Stripe to change something or for a page");
    vec![limit(ProblemCode::BillingUserLimit, "user", BILLING, MINUTE, Some("BillingPerUserMinute"), words)]
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
