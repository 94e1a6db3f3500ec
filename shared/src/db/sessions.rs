//! `sessions` and their `refresh_tokens`.

use std::time::Duration;

use uuid::Uuid;

use super::Db;
use super::users::NewSession;
use crate::Fault;
use crate::domain::{SessionId, Timestamp, UserId};

/// A client that lost the answer to a rotation may ask again this long.
pub const ROTATION_GRACE: Duration = Duration::from_secs(10);

/// A signed-in device.
#[derive(Debug, Clone)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// What the client called itself.
    pub user_agent: Option<String>,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When its tokens were last rotated.
    pub last_used_at: Timestamp,
}

/// Opens a session for a user whose password was right. `false` if the account is gone.
pub async fn open(db: &Db, user: UserId, session: &NewSession<'_>, now: Timestamp) -> Result<bool, Fault> {
    let sql = "with s as (
            insert into sessions (id, user_id, user_agent, created_at, last_used_at, expires_at)
            select $1, u.id, $3, $4, $4, $5 from users u where u.id = $2
            returning id
        )
        insert into refresh_tokens (hash, session_id, created_at) select $6, s.id, $4 from s";
    let parameters: super::Parameters<'_> =
        &[&session.id.0, &user.0, &session.user_agent, &now, &session.expires_at, &session.refresh_hash];
    Ok(db.execute(sql, parameters).await? == 1)
}

/// Whether a session may still be used: it is the user's, not revoked and not expired.
pub async fn is_live(db: &Db, id: SessionId, user: UserId, now: Timestamp) -> Result<bool, Fault> {
    let sql = "select from sessions where id = $1 and user_id = $2 and revoked_at is null and expires_at > $3";
    Ok(db.row(sql, &[&id.0, &user.0, &now]).await?.is_some())
}

/// The live sessions of a user, the latest used first.
pub async fn list(db: &Db, user: UserId, now: Timestamp) -> Result<Vec<Session>, Fault> {
    let sql = "select id, user_agent, created_at, last_used_at from sessions
        where user_id = $1 and revoked_at is null and expires_at > $2 order by last_used_at desc, id desc limit 100";
    let rows = db.rows(sql, &[&user.0, &now]).await?;
    Ok(rows
        .iter()
        .map(|row| Session {
            id: SessionId(row.get("id")),
            user_agent: row.get("user_agent"),
            created_at: row.get("created_at"),
            last_used_at: row.get("last_used_at"),
        })
        .collect())
}

/// Revokes one live session of a user. `false` if the user has no such session.
pub async fn revoke(db: &Db, user: UserId, id: SessionId, now: Timestamp) -> Result<bool, Fault> {
    let sql = "update sessions set revoked_at = $3 where id = $2 and user_id = $1 and revoked_at is null";
    Ok(db.execute(sql, &[&user.0, &id.0, &now]).await? == 1)
}

/// Revokes every session of a user and answers those it ended.
pub async fn revoke_all(db: &Db, user: UserId, now: Timestamp) -> Result<Vec<SessionId>, Fault> {
    let sql = "update sessions set revoked_at = $2 where user_id = $1 and revoked_at is null returning id";
    Ok(db.rows(sql, &[&user.0, &now]).await?.iter().map(|row| SessionId(row.get("id"))).collect())
}

/// What became of a refresh token that was presented.
#[derive(Debug, PartialEq, Eq)]
pub enum Rotation {
    /// The successor is valid now; also for a client that asks again within [`ROTATION_GRACE`].
    Rotated(SessionId, UserId),
    /// It was used before, too long ago to be a lost answer: the whole session is revoked.
    Reused(SessionId),
    /// Nobody's, expired, or of a session that has ended.
    Unknown,
}

/// Exchanges the token hashed `old` for the one hashed `new`, which is good until `expires_at`, in one statement. The successor is a function of the
/// token, so racing clients are all told the same one.
pub async fn rotate(db: &Db, old: &[u8], new: &[u8], expires_at: Timestamp, now: Timestamp) -> Result<Rotation, Fault> {
    let sql = "with used as (
            update refresh_tokens t set used_at = coalesce(t.used_at, $3)
            from sessions s
            where t.hash = $1 and s.id = t.session_id and s.revoked_at is null and s.expires_at > $3
            returning t.session_id, s.user_id, t.used_at >= $4 as fresh
        ), kept as (
            update sessions s
            set last_used_at = case when used.fresh then $3 else s.last_used_at end,
                expires_at = case when used.fresh then $5 else s.expires_at end,
                revoked_at = case when used.fresh then s.revoked_at else $3 end
            from used where s.id = used.session_id
        ), next as (
            insert into refresh_tokens (hash, session_id, created_at)
            select $2, used.session_id, $3 from used where used.fresh
            on conflict (hash) do nothing
        )
        select session_id, user_id, fresh from used";
    let row = db.row(sql, &[&old, &new, &now, &(now - ROTATION_GRACE), &expires_at]).await?;
    Ok(row.map_or(Rotation::Unknown, |row| {
        let session = SessionId(row.get::<_, Uuid>("session_id"));
        if row.get("fresh") {
            Rotation::Rotated(session, UserId(row.get("user_id")))
        } else {
            Rotation::Reused(session)
        }
    }))
}

/// Deletes sessions that ended before `before`, at most `most` of them.
pub async fn delete_ended(db: &Db, before: Timestamp, most: i64) -> Result<u64, Fault> {
    let sql = "delete from sessions where id in (
            select id from sessions where expires_at < $1 or revoked_at < $1 limit $2)";
    db.execute(sql, &[&before, &most]).await
}
