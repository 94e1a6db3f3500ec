//! Limits that slow guessing down, and bound what hashing costs: all of a request's in one call of Redis.
//!
//! Holders of a device token and signed-in users have a count of their own. So wrong passwords of strangers stop
//! strangers, and nobody else.

use std::time::Duration;

use shared::auth::{DeviceToken, DeviceTokens};
use shared::cache::{Cache, RateLimit, RequestLimits, Slid, Slide};
use shared::config::{ConfigError, Env};
use shared::domain::{Clock, Mobile, UserId};
use shared::http::{Error, ProblemCode, Result};

const QUARTER: Duration = Duration::from_mins(15);
const HOUR: Duration = Duration::from_hours(1);
const MINUTE: Duration = Duration::from_mins(1);

const HOLDER: &str = "password-device";
const HOLDER_HASHES: &str = "password-device-hashes";
const ASKER: &str = "password-asker";
const MOBILE: &str = "password-mobile";
const USER: &str = "password-user";
const ADDRESS: &str = "password-ip";
const HASHES: &str = "password-hashes";
const SIGNUPS: &str = "signup-ip";
const REFRESHES: &str = "refresh-user";

#[derive(Debug, Clone)]
pub(crate) struct Throttle {
    cache: Cache,
    clock: Clock,
    devices: DeviceTokens,
    /// Wrong passwords by one address at a number, by all holders of its device tokens, or by a signed-in user.
    tries: RateLimit,
    /// Wrong passwords by all strangers at a number.
    per_mobile: RateLimit,
    per_ip: RateLimit,
    hashes: RateLimit,
    refreshes: RateLimit,
}

/// A password that may be tried.
#[derive(Debug)]
pub(crate) struct Guess {
    counted: Vec<(&'static str, String)>,
}

impl Throttle {
    /// Reads `LOGIN_TRIES`, `LOGIN_TRIES_PER_MOBILE`, and the limits which 0 removes: `LOGIN_PER_IP_HOUR`,
    /// `PASSWORD_HASHES_PER_ADDRESS_MINUTE` and `REQUESTS_PER_USER_MINUTE`.
    pub(crate) fn from_env(env: &Env, cache: Cache, clock: Clock) -> Result<Self, ConfigError> {
        let at_least_one = |name, default| match env.parsed(name, default)? {
            0 => Err(ConfigError::new(name, "must be at least 1: the tries at a number cannot be unlimited")),
            most => Ok(RateLimit { most, within: QUARTER }),
        };
        Ok(Self {
            cache,
            clock,
            devices: DeviceTokens::from_env(env)?,
            tries: at_least_one("LOGIN_TRIES", 10)?,
            per_mobile: at_least_one("LOGIN_TRIES_PER_MOBILE", 30)?,
            per_ip: RateLimit { most: env.parsed("LOGIN_PER_IP_HOUR", 60)?, within: HOUR },
            hashes: match env.parsed("PASSWORD_HASHES_PER_ADDRESS_MINUTE", 8)? {
                1 => {
                    return Err(ConfigError::new(
                        "PASSWORD_HASHES_PER_ADDRESS_MINUTE",
                        "must be 0, or at least the 2 of a change",
                    ));
                }
                most => RateLimit { most, within: MINUTE },
            },
            refreshes: RateLimit { most: RequestLimits::from_env(env)?.per_user, within: MINUTE },
        })
    }

    /// Counts a password before it is tried, whether or not the number has an account.
    pub(crate) async fn admit(&self, mobile: &Mobile, ip: &str, device_token: Option<&str>) -> Result<Guess> {
        let holder = self.devices.read_of(mobile, device_token, self.clock.now());
        if let Some(token) = holder {
            let slides = [
                Slide { kind: HOLDER, of: mobile.as_str(), limit: self.tries, events: 1 },
                Slide { kind: HOLDER_HASHES, of: mobile.as_str(), limit: self.hashes, events: 1 },
            ];
            if self.count(&slides, Some(&token)).await? {
                return Ok(Guess { counted: vec![(HOLDER, mobile.as_str().to_owned())] });
            }
        }
        let at_number = format!("{}:{ip}", mobile.as_str());
        let slides = [
            Slide { kind: ADDRESS, of: ip, limit: self.per_ip, events: 1 },
            Slide { kind: ASKER, of: &at_number, limit: self.tries, events: 1 },
            Slide { kind: MOBILE, of: mobile.as_str(), limit: self.per_mobile, events: 1 },
            self.hashing(ip, 1),
        ];
        self.count(&slides, None).await?;
        Ok(Guess { counted: vec![(ASKER, at_number), (MOBILE, mobile.as_str().to_owned())] })
    }

    /// Counts a signed-in user's current password before it is tried. The new one is hashed too.
    pub(crate) async fn admit_user(&self, user: UserId, ip: &str) -> Result<Guess> {
        let user = user.to_string();
        let slides = [Slide { kind: USER, of: &user, limit: self.tries, events: 1 }, self.hashing(ip, 2)];
        self.count(&slides, None).await?;
        Ok(Guess { counted: vec![(USER, user)] })
    }

    /// Resets the counts of a password that was right.
    pub(crate) async fn forgive(&self, guess: &Guess) {
        let counted: Vec<_> = guess.counted.iter().map(|(kind, of)| (*kind, of.as_str())).collect();
        if let Err(error) = self.cache.forget_all(&counted).await {
            tracing::warn!(%error, "a right password counts as a wrong one");
        }
    }

    /// Counts a new password before it is hashed. Without Redis it is not limited: the token that allows it is enough.
    pub(crate) async fn admit_hash(&self, ip: &str) -> Result<()> {
        match self.count(&[self.hashing(ip, 1)], None).await {
            Err(Error::Unavailable(error)) => tracing::warn!(%error, "a password is hashed and not counted"),
            counted => drop(counted?),
        }
        Ok(())
    }

    /// Counts a sign-up: it costs memory in Redis until it expires, and a hash if it has a password.
    pub(crate) async fn admit_signup(&self, ip: &str, has_password: bool) -> Result<()> {
        let signup = Slide { kind: SIGNUPS, of: ip, limit: self.per_ip, events: 1 };
        self.count(&[signup, self.hashing(ip, has_password.into())], None).await.map(drop)
    }

    /// Counts a refresh: it costs a row that is kept for weeks. Without Redis it is not limited, so that nobody is signed
    /// out.
    pub(crate) async fn admit_refresh(&self, user: UserId) -> Result<()> {
        let refresh = Slide { kind: REFRESHES, of: &user.to_string(), limit: self.refreshes, events: 1 };
        match self.count(&[refresh], None).await {
            Err(Error::Unavailable(error)) => tracing::warn!(%error, "a refresh is not counted"),
            counted => drop(counted?),
        }
        Ok(())
    }

    fn hashing<'a>(&self, ip: &'a str, events: u32) -> Slide<'a> {
        Slide { kind: HASHES, of: ip, limit: self.hashes, events }
    }

    /// `false` if the device token was ended: then nothing was counted.
    async fn count(&self, slides: &[Slide<'_>], token: Option<&DeviceToken>) -> Result<bool> {
        match self.cache.slide_all(slides, token, self.clock.now()).await? {
            Slid::Counted => Ok(true),
            Slid::TokenEnded => Ok(false),
            Slid::Refused(kind, pause) => Err(refusal(kind, pause)),
        }
    }
}

fn refusal(kind: &str, pause: Duration) -> Error {
    let (code, detail) = match kind {
        SIGNUPS => (ProblemCode::SignupIpLimit, "Too many sign-ups from this address."),
        ADDRESS => (ProblemCode::LoginIpLimit, "Too many passwords were tried from this address."),
        HASHES | HOLDER_HASHES => (ProblemCode::PasswordHashLimit, "Too many passwords were sent within a minute."),
        REFRESHES => (ProblemCode::RefreshUserLimit, "This user renews sessions too often."),
        USER => (ProblemCode::PasswordUserLimit, "Too many wrong passwords were given. Wait, or reset the password."),
        _ => (
            ProblemCode::LoginMobileLimit,
            "Too many passwords were tried for this number. Sign in with a code, or wait.",
        ),
    };
    Error::RateLimited(code, detail, pause)
}
