//! `POST /auth/change-password`

use axum::extract::{FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::Deserialize;
use shared::auth::{self, Bearer, Caller, Grant};
use shared::cache::Cache;
use shared::db::{Db, users};
use shared::domain::{Clock, Password, UserId};
use shared::http::{ClientAddress, Code, Error, FieldError, Json, Result};
use utoipa::ToSchema;

use crate::throttle::Throttle;
use crate::{App, common_passwords, login, revocation};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ChangePasswordRequest)]
pub(crate) struct Request {
    new_password: Password,
    #[schema(format = "password", example = "correct horse battery")]
    current_password: Option<String>,
}

/// Who may set a password: a signed-in user, or whoever proved a mobile by a reset's code.
pub(crate) enum Setter {
    SignedIn(Caller),
    Reset(UserId, i32),
}

impl FromRequestParts<App> for Setter {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        match auth::grant(parts, &app.auth.tokens, app.clock.now())? {
            Grant::PasswordReset(user, version) => Ok(Self::Reset(user, version)),
            Grant::Session(user, session) => {
                let mark = app.cache.session(session).await;
                app.auth.caller(&Bearer { user, session }, mark).await.map(Self::SignedIn)
            }
        }
    }
}

const GONE: Error = Error::Unauthenticated("The account is gone.");

/// Sets a password, ends the user's other sessions (of a reset: all) and every code that is under way.
#[utoipa::path(
    post, path = "/auth/change-password", tag = "Authentication", security(("bearer" = [])),
    summary = "Set a password",
    description = "Sets a password and ends the user's other sessions (of a reset: all). The present one is needed unless there is none, or the token is of a reset.",
    request_body = Request,
    responses(
        (status = 204, description = "It is set."),
        (status = 401, description = "credentials_invalid"),
        (status = 409, description = "password_changed"),
        (status = 422, description = "password_common"),
        (status = 429, description = "login_ip_limit, login_mobile_limit"),
    ),
)]
pub(crate) async fn change_password(
    State(db): State<Db>,
    State(cache): State<Cache>,
    State(throttle): State<Throttle>,
    State(clock): State<Clock>,
    setter: Setter,
    ClientAddress(ip): ClientAddress,
    Json(request): Json<Request>,
) -> Result<StatusCode> {
    common_passwords::refuse(&request.new_password, "/new_password")?;
    let (user, version, keep, changed_meanwhile) = match setter {
        Setter::Reset(user, version) => {
            (user, version, None, Error::Unauthenticated("This token was used, or the password was changed since."))
        }
        Setter::SignedIn(caller) => {
            let account = users::credentials_of(&db, caller.user).await?.ok_or(GONE)?;
            let (user, version) = (account.user, account.password_version);
            confirm(&throttle, account, request.current_password, &ip).await?;
            let detail = "The password was changed at the same time elsewhere.";
            (user, version, Some(caller.session), Error::Conflict(Code::PasswordChanged, detail))
        }
    };
    let hash = auth::hash(request.new_password).await?;
    let set = users::set_password(&db, user, version, &hash, keep, clock.now()).await?;
    let (mobile, ended) = set.ok_or(changed_meanwhile)?;
    revocation::mark(&cache, &ended).await;
    if let Err(error) = cache.end_challenges(&mobile).await {
        tracing::error!(%error, "codes sent before a password was changed stay valid until they expire");
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Checks the present password of an account that has one, slowed down like a sign-in.
async fn confirm(throttle: &Throttle, account: users::Credentials, current: Option<String>, ip: &str) -> Result<()> {
    let Some(hash) = account.password_hash else { return Ok(()) };
    let Some(current) = current else {
        let detail = "This field must be given: the account has a password.".into();
        return Err(Error::Invalid(vec![FieldError { pointer: "/current_password".into(), code: "missing", detail }]));
    };
    throttle.admit(&account.mobile, ip).await?;
    if !auth::verify(current, Some(hash)).await? {
        return Err(login::WRONG);
    }
    throttle.forgive(&account.mobile).await;
    Ok(())
}
