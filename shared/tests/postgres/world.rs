//! A database behind a relay, and small operations on it.

use shared::Fault;
use shared::auth::RefreshToken;
use shared::config::Env;
use shared::db::sessions::NewSession;
use shared::db::users::{self, Profile};
use shared::db::{Db, customers};
use shared::domain::{Mobile, SessionId, Timestamp, UserId};

/// A moment of this era.
pub(crate) fn now() -> Timestamp {
    Timestamp::from_unix_millis(1_795_435_200_000).unwrap()
}

/// The functions' pool for a URL.
pub(crate) fn db(url: &str) -> Db {
    let url = url.to_owned();
    Db::from_env(&Env::from_fn(move |name| (name == "DATABASE_URL").then(|| url.clone()))).unwrap()
}

/// Writes by one statement: signs in.
pub(crate) async fn write(db: &Db) -> Result<UserId, Fault> {
    write_session(db, SessionId::generate()).await
}

/// Signs in with a session that has this id.
pub(crate) async fn write_session(db: &Db, id: SessionId) -> Result<UserId, Fault> {
    let hash = RefreshToken::generate().unwrap().hash();
    let session = NewSession { id, refresh_hash: &hash, user_agent: None, expires_at: now() };
    let mobile = Mobile::parse("+14155550123").unwrap();
    users::sign_in(db, &mobile, &Profile::default(), &session, &[], now()).await.map(|user| user.id)
}

/// Writes in a transaction.
pub(crate) async fn write_in_transaction(db: &Db, user: UserId) -> Result<(), Fault> {
    let held = customers::hold(db, customers::By::User(user)).await?;
    let mut held = held.ok_or(Fault::Bug("no customer"))?;
    held.adopt("cus_1".to_owned()).await?;
    held.release().await.map(drop)
}
