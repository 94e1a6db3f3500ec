//! `POST /auth/change-password`

use axum::extract::{FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::Deserialize;
use shared::auth::{self, Grant};
use shared::cache::Cache;
use shared::db::Db;
use shared::db::users::{self, Credentials, NewPassword};
use shared::domain::{Clock, Password, UserId};
use shared::http::{ACCOUNT_GONE, Bearer, Caller, ClientAddress, Error, FieldError, Json, ProblemCode, Result, grant};
use utoipa::ToSchema;

use crate::problems::CREDENTIALS_INVALID;
use crate::throttle::Throttle;
use crate::{App, common_passwords, revocation};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ChangePasswordRequest)]
pub(crate) struct Request {
    new_password: Password,
    #[schema(format = "password", example = "correct horse battery")]
    current_password: Option<String>,
}

/// Who may set a password: a signed-in user, or a user who proved their mobile with a reset code.
pub(crate) enum Setter {
    SignedIn(Caller),
    Reset(UserId, i32),
}

impl FromRequestParts<App> for Setter {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        match grant(parts, &app.auth.tokens, app.clock.now())? {
            Grant::PasswordReset(user, version) => Ok(Self::Reset(user, version)),
            Grant::Session(user, session) => {
                let mark = app.cache.session(session).await;
                app.auth.caller(&Bearer { user, session }, mark).await.map(Self::SignedIn)
            }
        }
    }
}

shared::refusals!(CredentialsInvalid, PasswordChanged, PasswordCommon, PasswordUserLimit, PasswordHashLimit);

const TOKEN_USED: Error = Error::unauthenticated("This token was used, or the password was changed since.");
const CHANGED_MEANWHILE: Error =
    Error::refused(ProblemCode::PasswordChanged, "The password was changed elsewhere at the same time.");

/// Set a password
///
/// Sets a password and ends the user's other sessions; after a reset, all of them. The current password is needed
/// unless the account has none or the token is for a reset.
#[utoipa::path(
    post, path = "/auth/change-password", tag = "Authentication", security(("bearer" = [])),
    request_body(content = Request, example = json!({ "new_password": "ferry to Cacilhas at dusk" })),
    responses((status = 204, description = "The password is set."), Refusals),
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
            throttle.admit_hash(&ip).await?;
            (user, version, None, TOKEN_USED)
        }
        Setter::SignedIn(caller) => {
            let account = users::credentials_of(&db, caller.user).await?.ok_or(ACCOUNT_GONE)?;
            let version = account.password_version;
            confirm(&throttle, account, request.current_password, &ip).await?;
            (caller.user, version, Some(caller.session), CHANGED_MEANWHILE)
        }
    };
    let hash = auth::hash(request.new_password).await?;
    let set = users::set_password(&db, &NewPassword { user, version, hash: &hash, keep }, clock.now()).await?;
    let set = set.ok_or(changed_meanwhile)?;
    revocation::mark(&cache, &set.sessions).await;
    if let Err(error) = cache.end_challenges(&set.mobile, clock.now()).await {
        tracing::error!(%error, "codes sent before a password was changed stay valid until they expire");
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Checks the current password, if the account has one. Tries are limited by user: strangers cannot spend them.
async fn confirm(throttle: &Throttle, account: Credentials, current: Option<String>, ip: &str) -> Result<()> {
    let Some(hash) = account.password_hash else { return throttle.admit_hash(ip).await };
    let Some(current) = current else {
        let detail = "This field must be given: the account has a password.".into();
        return Err(Error::Invalid(vec![FieldError { pointer: "/current_password".into(), code: "missing", detail }]));
    };
    let guess = throttle.admit_user(account.id, ip).await?;
    if !auth::verify(current, Some(hash)).await? {
        return Err(CREDENTIALS_INVALID);
    }
    throttle.forgive(&guess).await;
    Ok(())
}
