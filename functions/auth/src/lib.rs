//! `/auth`: sign-up, sign-in by code or password, sessions; and `/user/me/mobile`, which needs codes too.
//!
//! - One-time codes: `send_otp` and `request_password_reset` open one of the `challenges`, past the `guard`; `verify_otp`
//!   closes it.
//! - Passwords: `log_in` and `change_password`, limited by `throttle`; `password_rules` refuse what is guessed first.
//! - The number: `request_mobile_change` sends a code to another one, `change_mobile` gives it to the account.
//! - Sessions: `tokens` opens them, `refresh_tokens` renews them, `log_out` and `end_session` end them (`revocation`).

mod challenges;
mod change_mobile;
mod change_password;
mod countries;
mod delivery;
mod device;
mod end_session;
mod events;
mod guard;
mod list_sessions;
mod log_in;
mod log_out;
mod password_rules;
mod problems;
mod refresh_tokens;
mod request_mobile_change;
mod request_password_reset;
mod revocation;
mod send_otp;
mod sign_up;
mod throttle;
mod tokens;
mod turnstile;
mod verify_otp;

use axum::Router;
use axum::extract::FromRef;
use shared::auth::{DeviceTokens, NumberMarks, OneTimeCodes};
use shared::cache::Cache;
use shared::config::{ConfigError, Env};
use shared::db::Db;
use shared::domain::Clock;
use shared::http::{Auth, FreshSignIn, TrustedProxies, edge};

use challenges::Challenges;
use password_rules::PasswordRules;
use throttle::Throttle;
use tokens::Issuer;

#[derive(Debug, Clone, FromRef)]
struct App {
    auth: Auth,
    proxies: TrustedProxies,
    db: Db,
    cache: Cache,
    codes: OneTimeCodes,
    devices: DeviceTokens,
    challenges: Challenges,
    throttle: Throttle,
    rules: PasswordRules,
    issuer: Issuer,
    fresh: FreshSignIn,
    marks: NumberMarks,
    clock: Clock,
}

shared::endpoints!(
    App: sign_up, send_otp, verify_otp, request_password_reset, change_password, log_in, refresh_tokens, log_out,
    list_sessions, end_session, request_mobile_change, change_mobile,
);

/// The router of this function.
pub fn router(env: &Env, clock: Clock) -> Result<Router, ConfigError> {
    let auth = Auth::from_env(env, clock.clone())?;
    let codes = OneTimeCodes::from_env(env)?;
    let app = App {
        proxies: auth.proxies.clone(),
        db: auth.db.clone(),
        cache: auth.cache.clone(),
        challenges: Challenges::from_env(env, auth.cache.clone(), codes.clone(), clock.clone())?,
        throttle: Throttle::from_env(env, auth.cache.clone(), clock.clone())?,
        rules: PasswordRules::from_env(env)?,
        devices: DeviceTokens::from_env(env)?,
        marks: NumberMarks::from_env(env)?,
        issuer: Issuer::from_env(env, auth.tokens.clone(), clock.clone())?,
        fresh: FreshSignIn::from_env(env)?,
        auth,
        codes,
        clock,
    };
    Ok(edge(endpoints().with_state(app)))
}
