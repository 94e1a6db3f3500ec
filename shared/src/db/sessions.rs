//! `sessions`. Their `refresh_tokens` have a module of their own.

use const_format::formatcp;

use super::Db;
use super::row::row;
use super::transaction::{NO_PAUSE, Transaction};
use crate::Fault;
use crate::domain::{Mobile, SessionId, Timestamp, UserId};

row! {
    /// A signed-in device.
    pub struct Session of s {
        /// Its id.
        pub id: SessionId,
        /// What the client called itself.
        pub user_agent: Option<String>,
        /// When it was opened.
        pub created_at: Timestamp,
        /// When its tokens were last rotated.
        pub last_used_at: Timestamp,
    }
}

/// The session that a sign-in opens.
#[derive(Debug)]
pub struct NewSession<'a> {
    /// Its id.
    pub id: SessionId,
    /// The hash of its first refresh token.
    pub refresh_hash: &'a [u8],
    /// What the client calls itself.
    pub user_agent: Option<&'a str>,
    /// When the family of refresh tokens ends.
    pub expires_at: Timestamp,
}

/// Sessions that a user may have; one more ends the one that was not used for longest. Its access token works for another
/// minute, until its mark in Redis expires.
pub const MOST: i64 = 100;

/// Opens the session `$1` at `$2` with the refresh token hashed `$3`, for the client `$4`, until `$5`.
///
/// Needs a common table expression `owner` (`id`): the account, or no row if no session may be opened. Adds `opened`
/// (`id`), with one row if the session was opened.
pub(super) const OPEN: &str = formatcp!(
    "surplus as (
        update sessions set revoked_at = $2 where id in (
            select s.id from sessions s join owner o on s.user_id = o.id
            where s.revoked_at is null and s.expires_at > $2
            order by s.last_used_at desc, s.id desc offset {MOST} - 1)
    ), opened as (
        insert into sessions (id, user_id, user_agent, created_at, last_used_at, expires_at, refresh_head)
        select $1, id, $4, $2, $2, $5, $3 from owner returning id
    ), token as (
        insert into refresh_tokens (hash, session_id, created_at) select $3, id, $2 from opened
    )"
);

/// Opens a session for a user whose password, at `password_version`, was right. `false` if the password was changed
/// meanwhile or the account was deleted. The row is locked: this waits for a change or a deletion that is running, and
/// a later one ends this session.
pub async fn open(
    db: &Db,
    user: UserId,
    password_version: i32,
    session: &NewSession<'_>,
    now: Timestamp,
) -> Result<bool, Fault> {
    const SQL: &str = formatcp!(
        "with owner as (
            select id from users where id = $6 and password_version = $7 for no key update
        ), {OPEN}
        select from opened"
    );
    let NewSession { id, refresh_hash, user_agent, expires_at } = session;
    db.any(SQL, &[id, &now, refresh_hash, user_agent, expires_at, &user, &password_version]).await
}

/// Whether a session may still be used: it is the user's, not revoked and not expired.
pub async fn is_live(db: &Db, id: SessionId, user: UserId, now: Timestamp) -> Result<bool, Fault> {
    let sql = "select from sessions where id = $1 and user_id = $2 and revoked_at is null and expires_at > $3";
    db.any(sql, &[&id, &user, &now]).await
}

/// The live sessions of a user, the latest used first.
pub async fn list(db: &Db, user: UserId, now: Timestamp) -> Result<Vec<Session>, Fault> {
    const SQL: &str = formatcp!(
        "select {} from sessions s where user_id = $1 and revoked_at is null and expires_at > $2
        order by last_used_at desc, id desc limit 100",
        Session::COLUMNS
    );
    db.all(SQL, &[&user, &now]).await
}

/// Revokes one live session of a user. `false` if the user has no such session.
pub async fn revoke(db: &Db, user: UserId, id: SessionId, now: Timestamp) -> Result<bool, Fault> {
    let sql = "update sessions set revoked_at = $3 where id = $2 and user_id = $1 and revoked_at is null";
    Ok(db.execute(sql, &[&user, &id, &now]).await? == 1)
}

row! {
    /// What the end of all sessions of a user ended.
    pub struct Everywhere {
        /// The user's number.
        pub mobile: Mobile,
        /// The sessions that were revoked.
        pub sessions: Vec<SessionId>,
    }
}

/// Revokes every session of a user. `None` if there is no such user. The version of the password is raised, so that a
/// token for a reset, and a sign-in whose password was checked before, end too.
///
/// A separate statement locks the account. The next statement sees every session that was opened before, even those
/// that the lock waited for.
pub async fn revoke_all(db: &Db, user: UserId, now: Timestamp) -> Result<Option<Everywhere>, Fault> {
    let sql = "with ended as (
            update sessions set revoked_at = $2 where user_id = $1 and revoked_at is null returning id
        )
        update users set password_version = password_version + 1 where id = $1
        returning mobile, array(select id from ended) as sessions";
    let transaction = Transaction::begin(db, NO_PAUSE).await?;
    transaction.execute("select from users where id = $1 for update", &[&user]).await?;
    let ended = transaction.first(sql, &[&user, &now]).await?;
    transaction.commit().await?;
    Ok(ended)
}

/// Deletes sessions that ended before `before`, at most `most` of them.
pub async fn delete_ended(db: &Db, before: Timestamp, most: i64) -> Result<u64, Fault> {
    let sql = "delete from sessions where id in (
            select id from sessions where expires_at < $1 or revoked_at < $1 limit $2)";
    db.execute(sql, &[&before, &most]).await
}
