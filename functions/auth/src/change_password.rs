//! `POST /auth/change-password`

use axum::extract::{FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::Deserialize;
use shared::auth::{self, Grant};
use shared::cache::Cache;
use shared::db::Db;
use shared::db::users::{self, NewPassword};
use shared::domain::{Clock, Mobile, Password, UserId};
use shared::http::{
    ACCOUNT_GONE, Bearer, Caller, ClientAddress, Error, FieldError, FreshSignIn, Json, ProblemCode, Result, grant,
};
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
            Grant::Session(user, session, signed_in_at) => {
                let mark = app.cache.session(session).await;
                app.auth.caller(&Bearer { user, session, signed_in_at }, mark).await.map(Self::SignedIn)
            }
        }
    }
}

shared::refusals!(
    CredentialsInvalid,
    FreshSignInRequired,
    PasswordChanged,
    PasswordCommon,
    LoginIpLimit,
    LoginMobileLimit
);

const TOKEN_USED: Error = Error::unauthenticated("This token was used, or the password was changed since.");
const CHANGED_MEANWHILE: Error =
    Error::refused(ProblemCode::PasswordChanged, "The password was changed elsewhere at the same time.");

/// Set a password
///
/// Sets a password and ends the user's other sessions; after a reset, all of them. The current password is needed
/// unless the token is for a reset. An account without a password needs a sign-in of the last minutes instead.
#[utoipa::path(
    post, path = "/auth/change-password", tag = "Authentication", security(("bearer" = [])),
    request_body(content = Request, example = json!({ "new_password": "ferry to Cacilhas at dusk" })),
    responses((status = 204, description = "The password is set."), Refusals),
)]
pub(crate) async fn change_password(
    State(db): State<Db>,
    State(cache): State<Cache>,
    State(throttle): State<Throttle>,
    State(fresh): State<FreshSignIn>,
    State(clock): State<Clock>,
    setter: Setter,
    ClientAddress(ip): ClientAddress,
    Json(request): Json<Request>,
) -> Result<StatusCode> {
    common_passwords::refuse(&request.new_password, "/new_password")?;
    let (account, keep, changed_meanwhile) = match setter {
        Setter::Reset(user, version) => {
            // Checked before anything is hashed: a token that was used costs nothing.
            let account = users::credentials_of(&db, user).await?.filter(|now| now.password_version == version);
            (account.ok_or(TOKEN_USED)?, None, TOKEN_USED)
        }
        Setter::SignedIn(caller) => {
            let account = users::credentials_of(&db, caller.user).await?.ok_or(ACCOUNT_GONE)?;
            match &account.password_hash {
                Some(hash) => confirm(&throttle, &account.mobile, hash, request.current_password, &ip).await?,
                None => fresh.check(&caller, clock.now())?,
            }
            (account, Some(caller.session), CHANGED_MEANWHILE)
        }
    };
    let hash = auth::hash(request.new_password).await?;
    let new = NewPassword { user: account.id, version: account.password_version, hash: &hash, keep };
    let set = users::set_password(&db, &new, clock.now()).await?.ok_or(changed_meanwhile)?;
    revocation::mark(&cache, &set.sessions).await;
    if let Err(error) = cache.end_challenges(&set.mobile, clock.now()).await {
        tracing::error!(%error, "codes sent before a password was changed stay valid until they expire");
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Checks the current password. Tries are limited as at sign-in.
async fn confirm(throttle: &Throttle, mobile: &Mobile, hash: &str, current: Option<String>, ip: &str) -> Result<()> {
    let Some(current) = current else {
        let detail = "This field must be given: the account has a password.".into();
        return Err(Error::Invalid(vec![FieldError { pointer: "/current_password".into(), code: "missing", detail }]));
    };
    throttle.admit(mobile, ip).await?;
    if !auth::verify(current, Some(hash.to_owned())).await? {
        return Err(CREDENTIALS_INVALID);
    }
    throttle.forgive(mobile).await;
    Ok(())
}
