//! `sessions` and their `refresh_tokens`.

use std::time::Duration;

use const_format::formatcp;

use super::Db;
use super::row::row;
use crate::Fault;
use crate::domain::{Mobile, SessionId, Timestamp, UserId};

/// How long a client that lost the response to a rotation may repeat it.
pub const ROTATION_GRACE: Duration = Duration::from_secs(10);

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

/// Opens the session `$1` at `$2` with the refresh token hashed `$3`, for the client `$4`, until `$5`.
///
/// Needs a common table expression `owner` (`id`): the account, or no row if no session may be opened. Adds `opened`
/// (`id`), with one row if the session was opened.
pub(super) const OPEN: &str = "opened as (
        insert into sessions (id, user_id, user_agent, created_at, last_used_at, expires_at)
        select $1, id, $4, $2, $2, $5 from owner returning id
    ), token as (
        insert into refresh_tokens (hash, session_id, created_at) select $3, id, $2 from opened
    )";

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
            select id from users where id = $6 and password_version = $7 for share
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

/// Revokes every session of a user. `None` if there is no such user.
pub async fn revoke_all(db: &Db, user: UserId, now: Timestamp) -> Result<Option<Everywhere>, Fault> {
    let sql = "with ended as (
            update sessions set revoked_at = $2 where user_id = $1 and revoked_at is null returning id
        )
        select mobile, array(select id from ended) as sessions from users where id = $1";
    db.first(sql, &[&user, &now]).await
}

/// The result of presenting a refresh token.
#[derive(Debug, PartialEq, Eq)]
pub enum Rotation {
    /// The successor is valid now; the user has this number. A client that repeats the request within [`ROTATION_GRACE`] gets this too.
    Rotated(SessionId, UserId, Mobile),
    /// It was used before, longer ago than a lost response explains: the whole session is revoked.
    Reused(SessionId),
    /// It does not exist, has expired, or its session has ended.
    Unknown,
}

row! {
    struct Used {
        session_id: SessionId,
        user_id: UserId,
        mobile: Mobile,
        is_fresh: bool,
    }
}

/// Exchanges the token hashed `old` for the one hashed `new`, which is valid until `expires_at`, in one statement. The
/// successor is derived from the token, so concurrent clients all get the same one.
pub async fn rotate(db: &Db, old: &[u8], new: &[u8], expires_at: Timestamp, now: Timestamp) -> Result<Rotation, Fault> {
    let sql = "with used as (
            update refresh_tokens t set used_at = coalesce(t.used_at, $3)
            from sessions s
            where t.hash = $1 and s.id = t.session_id and s.revoked_at is null and s.expires_at > $3
            returning t.session_id, s.user_id, t.used_at >= $4 as is_fresh
        ), kept as (
            update sessions s
            set last_used_at = case when used.is_fresh then $3 else s.last_used_at end,
                expires_at = case when used.is_fresh then $5 else s.expires_at end,
                revoked_at = case when used.is_fresh then s.revoked_at else $3 end
            from used where s.id = used.session_id
        ), next as (
            insert into refresh_tokens (hash, session_id, created_at)
            select $2, used.session_id, $3 from used where used.is_fresh
            on conflict (hash) do nothing
        )
        select session_id, user_id, (select mobile from users where id = user_id) as mobile, is_fresh from used";
    let used: Option<Used> = db.first(sql, &[&old, &new, &now, &(now - ROTATION_GRACE), &expires_at]).await?;
    Ok(match used {
        Some(Used { session_id, user_id, mobile, is_fresh: true }) => Rotation::Rotated(session_id, user_id, mobile),
        Some(Used { session_id, .. }) => Rotation::Reused(session_id),
        None => Rotation::Unknown,
    })
}

/// Deletes sessions that ended before `before`, at most `most` of them.
pub async fn delete_ended(db: &Db, before: Timestamp, most: i64) -> Result<u64, Fault> {
    let sql = "delete from sessions where id in (
            select id from sessions where expires_at < $1 or revoked_at < $1 limit $2)";
    db.execute(sql, &[&before, &most]).await
}
