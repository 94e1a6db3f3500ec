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
use shared::http::{ACCOUNT_GONE, Bearer, Caller, Error, FieldCode, FieldError, Json, ProblemCode, Result, grant};
use shared::telemetry::{self, SecurityEvent};
use utoipa::ToSchema;

use crate::password_rules::PasswordRules;
use crate::problems::CREDENTIALS_INVALID;
use crate::throttle::Throttle;
use crate::{App, events, revocation};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ChangePasswordRequest)]
pub(crate) struct Request {
    new_password: Password,
    #[schema(format = "password", example = "correct horse battery")]
    current_password: Option<String>,
}

/// Who may set a password, and from where.
pub(crate) struct Setter {
    proof: Proof,
    ip: String,
}

/// What allows it: a session, with whether its sign-in is fresh; or a reset code, by the password's version.
enum Proof {
    SignIn(Caller, Result<()>),
    Reset(UserId, i32),
}

impl FromRequestParts<App> for Setter {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let address = app.auth.proxies.client(parts);
        let ip = address.0.clone();
        let proof = match grant(parts, &app.auth.tokens, app.clock.now())? {
            Grant::PasswordReset(user, version) => Proof::Reset(user, version),
            Grant::Session(user, session, signed_in_at) => {
                let caller = app.auth.check_leaving(&Bearer { user, session, signed_in_at, address }).await?;
                Proof::SignIn(caller, app.fresh.check(&caller, app.clock.now()))
            }
        };
        Ok(Self { proof, ip })
    }
}

shared::refusals!(
    CredentialsInvalid,
    FreshSignInRequired,
    PasswordChanged,
    PasswordCommon,
    PasswordUserLimit,
    PasswordHashLimit
);

const TOKEN_USED: Error = Error::unauthenticated("This token was used, or the password was changed since.");
const CHANGED_MEANWHILE: Error =
    Error::refused(ProblemCode::PasswordChanged, "The password was changed elsewhere at the same time.");

/// Set a password
///
/// Sets a password and ends the user's other sessions; after a reset, all of them. The current password is needed
/// unless the token is for a reset. An account without a password needs a sign-in of the last minutes instead.
#[utoipa::path(
    post, path = "/auth/change-password", tag = "Authentication", security(("bearer" = []), ("reset" = [])),
    request_body(content = Request, example = json!({ "new_password": "ferry to Cacilhas at dusk" })),
    responses((status = 204, description = "The password is set."), Refusals),
)]
pub(crate) async fn change_password(
    State(db): State<Db>,
    State(cache): State<Cache>,
    State(rules): State<PasswordRules>,
    State(throttle): State<Throttle>,
    State(clock): State<Clock>,
    setter: Setter,
    Json(request): Json<Request>,
) -> Result<StatusCode> {
    let account = account(&db, &setter.proof).await?;
    rules.check(&request.new_password, &account.mobile, "/new_password")?;
    let (keep, changed_meanwhile) = match setter.proof {
        Proof::Reset(..) => {
            throttle.admit_hash(&setter.ip).await?;
            (None, TOKEN_USED)
        }
        Proof::SignIn(caller, fresh) => {
            if let Some(hash) = &account.password_hash {
                confirm(&throttle, account.id, hash, request.current_password, &setter.ip).await?;
            } else {
                fresh?;
                throttle.admit_hash(&setter.ip).await?;
            }
            (Some(caller.session), CHANGED_MEANWHILE)
        }
    };
    let hash = auth::hash(request.new_password).await?;
    let new = NewPassword { user: account.id, version: account.password_version, hash: &hash, keep };
    let set = users::set_password(&db, &new, clock.now()).await?.ok_or(changed_meanwhile)?;
    telemetry::security(SecurityEvent::PasswordChanged, Some(account.id));
    revocation::mark(&cache, &set.sessions).await;
    if let Err(error) = cache.end_challenges(&set.mobile, clock.now()).await {
        tracing::error!(%error, "codes sent before a password was changed stay valid until they expire");
    }
    Ok(StatusCode::NO_CONTENT)
}

/// The account whose password is set. A reset token that was used is refused here, before anything is hashed.
async fn account(db: &Db, proof: &Proof) -> Result<Credentials> {
    match proof {
        Proof::SignIn(caller, _) => users::credentials_of(db, caller.user).await?.ok_or(ACCOUNT_GONE),
        Proof::Reset(user, version) => {
            let account = users::credentials_of(db, *user).await?;
            account.filter(|account| account.password_version == *version).ok_or(TOKEN_USED)
        }
    }
}

/// Checks the current password. Tries are limited by user: strangers cannot spend them.
async fn confirm(throttle: &Throttle, user: UserId, hash: &str, current: Option<String>, ip: &str) -> Result<()> {
    let Some(current) = current else {
        let detail = "This field must be given: the account has a password.".into();
        return Err(Error::Invalid(vec![FieldError {
            pointer: "/current_password".into(),
            code: FieldCode::Missing,
            detail,
        }]));
    };
    let guess = events::or_locked(throttle.admit_user(user, ip).await, user)?;
    if !auth::verify(current, Some(hash.to_owned())).await? {
        telemetry::security(SecurityEvent::SignInFailed, Some(user));
        return Err(CREDENTIALS_INVALID);
    }
    throttle.forgive(&guess).await;
    Ok(())
}
