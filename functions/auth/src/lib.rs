//! `/auth`: sign-up, sign-in by code or password, sessions.
//!
//! - One-time codes: `send_otp` and `forgot_password` open a challenge through `codes`, `verify_otp` closes it.
//! - Passwords: `login` and `change_password`, slowed down by `throttle`; `common_passwords` are refused.
//! - Sessions: `tokens` opens them, `refresh` keeps them, `logout` and `end_session` end them by `revocation`.

mod change_password;
mod codes;
mod common_passwords;
mod countries;
mod delivery;
mod device;
mod end_session;
mod forgot_password;
mod list_sessions;
mod login;
mod logout;
mod refresh;
mod revocation;
mod send_otp;
mod signup;
mod throttle;
mod tokens;
mod verify_otp;

use axum::Router;
use axum::extract::FromRef;
use axum::routing::{delete, get, post};
use shared::auth::{Auth, Codes};
use shared::cache::Cache;
use shared::config::{ConfigError, Env};
use shared::db::Db;
use shared::domain::Clock;
use shared::http::edge;

use codes::CodeSender;
use throttle::Throttle;
use tokens::Issuer;

#[derive(Debug, Clone, FromRef)]
struct App {
    auth: Auth,
    db: Db,
    cache: Cache,
    codes: Codes,
    sender: CodeSender,
    throttle: Throttle,
    issuer: Issuer,
    clock: Clock,
}

/// The routes of this function.
pub fn router(env: &Env, clock: Clock) -> Result<Router, ConfigError> {
    let auth = Auth::from_env(env, clock.clone())?;
    let codes = Codes::from_env(env)?;
    let app = App {
        db: auth.db.clone(),
        cache: auth.cache.clone(),
        sender: CodeSender::from_env(env, auth.cache.clone(), codes.clone(), clock.clone())?,
        throttle: Throttle::from_env(env, auth.cache.clone(), clock.clone())?,
        issuer: Issuer::from_env(env, auth.tokens.clone(), clock.clone())?,
        auth,
        codes,
        clock,
    };
    let router = Router::new()
        .route("/auth/signup", post(signup::sign_up))
        .route("/auth/send-otp", post(send_otp::send_otp))
        .route("/auth/verify-otp", post(verify_otp::verify_otp))
        .route("/auth/forgot-password", post(forgot_password::forgot_password))
        .route("/auth/change-password", post(change_password::change_password))
        .route("/auth/login", post(login::login))
        .route("/auth/refresh", post(refresh::refresh))
        .route("/auth/logout", post(logout::logout))
        .route("/auth/sessions", get(list_sessions::list_sessions))
        .route("/auth/sessions/{session}", delete(end_session::end_session));
    Ok(edge(router.with_state(app)))
}

/// The contract of these routes, for `docs/openapi.json`. Nothing that is deployed calls it.
pub fn openapi() -> utoipa::openapi::OpenApi {
    #[derive(utoipa::OpenApi)]
    #[openapi(paths(
        signup::sign_up,
        send_otp::send_otp,
        verify_otp::verify_otp,
        forgot_password::forgot_password,
        change_password::change_password,
        login::login,
        refresh::refresh,
        logout::logout,
        list_sessions::list_sessions,
        end_session::end_session,
    ))]
    struct Contract;
    <Contract as utoipa::OpenApi>::openapi()
}
