//! `/auth`: sign-up, sign-in by code or password, sessions.
//!
//! - One-time codes: `send_otp` and `request_password_reset` open one of the `challenges`, `verify_otp` closes it.
//! - Passwords: `log_in` and `change_password`, limited by `throttle`; `common_passwords` are refused.
//! - Sessions: `tokens` opens them, `refresh_tokens` renews them, `log_out` and `end_session` end them (`revocation`).

mod challenges;
mod change_password;
mod common_passwords;
mod countries;
mod delivery;
mod device;
mod end_session;
mod list_sessions;
mod log_in;
mod log_out;
mod problems;
mod refresh_tokens;
mod request_password_reset;
mod revocation;
mod send_otp;
mod sign_up;
mod throttle;
mod tokens;
mod verify_otp;

use axum::Router;
use axum::extract::FromRef;
use shared::auth::{NumberMarks, OneTimeCodes};
use shared::cache::Cache;
use shared::config::{ConfigError, Env};
use shared::db::Db;
use shared::domain::Clock;
use shared::http::{Auth, edge};

use challenges::Challenges;
use throttle::Throttle;
use tokens::Issuer;

#[derive(Debug, Clone, FromRef)]
struct App {
    auth: Auth,
    db: Db,
    cache: Cache,
    codes: OneTimeCodes,
    challenges: Challenges,
    throttle: Throttle,
    issuer: Issuer,
    marks: NumberMarks,
    clock: Clock,
}

shared::endpoints!(
    App: sign_up, send_otp, verify_otp, request_password_reset, change_password, log_in, refresh_tokens, log_out,
    list_sessions, end_session,
);

/// The router of this function.
pub fn router(env: &Env, clock: Clock) -> Result<Router, ConfigError> {
    let auth = Auth::from_env(env, clock.clone())?;
    let codes = OneTimeCodes::from_env(env)?;
    let app = App {
        db: auth.db.clone(),
        cache: auth.cache.clone(),
        challenges: Challenges::from_env(env, auth.cache.clone(), codes.clone(), clock.clone())?,
        throttle: Throttle::from_env(env, auth.cache.clone(), clock.clone())?,
        marks: NumberMarks::from_env(env)?,
        issuer: Issuer::from_env(env, auth.tokens.clone(), clock.clone())?,
        auth,
        codes,
        clock,
    };
    Ok(edge(endpoints().with_state(app)))
}
