//! `refresh_tokens`: a chain for each session, of which the last two tokens are accepted.
//!
//! The head is exchanged for a new head, and becomes the parent. The parent is accepted until the head is exchanged, for
//! clients that lost the answer. Every other token of the chain was stolen, or its thief is ahead: the session ends.

use std::time::Duration;

use const_format::formatcp;

use super::Db;
use super::row::row;
use crate::Fault;
use crate::domain::{Mobile, SessionId, Timestamp, UserId};

/// How long a request that is sent twice gets the same successor twice: longer than the gateway carries a request.
pub const SAME_SUCCESSOR: Duration = Duration::from_secs(30);

/// How many tokens a session may have. One that is renewed more often ends, so that a thief cannot push a token out.
pub const MOST_TOKENS: i64 = 10_000;

/// A refresh token that is presented, with the one that may replace it.
#[derive(Debug, Clone, Copy)]
pub struct Presented<'a> {
    /// Its hash.
    pub hash: &'a [u8],
    /// The hash of its successor, if that is made now.
    pub successor: &'a [u8],
    /// Until when the session lives if it is renewed.
    pub expires_at: Timestamp,
    /// The days after the sign-in when the session ends however often it is renewed; `None` if it need not.
    pub most_days: Option<i32>,
}

row! {
    /// A session that was renewed.
    pub struct Renewed {
        /// The session.
        pub session_id: SessionId,
        /// Its user.
        pub user_id: UserId,
        /// The user's number.
        pub mobile: Mobile,
        /// When it was opened by a code or a password.
        pub created_at: Timestamp,
        /// When it ends unless it is renewed again.
        pub expires_at: Timestamp,
        /// The hash of the successor.
        pub head: Vec<u8>,
        /// When the successor was made.
        pub made_at: Timestamp,
    }
}

/// The result of presenting a refresh token.
#[derive(Debug)]
pub enum Rotation {
    /// Its successor is valid now.
    Renewed(Renewed),
    /// It was replaced before, and its successor was used or replaced too: the session is revoked.
    Reused(SessionId, UserId),
    /// It does not exist, has expired, or its session has ended.
    Unknown,
}

row! {
    struct Judged {
        session_id: SessionId,
        user_id: UserId,
        mobile: Mobile,
        created_at: Timestamp,
        expires_at: Timestamp,
        head: Option<Vec<u8>>,
        made_at: Option<Timestamp>,
        is_reused: bool,
    }
}

/// The token `p` is the head of the session `s`. An older version does not move the head: what it made is newer.
const IS_HEAD: &str = "(p.used_at is null
    and coalesce(s.refresh_head = p.hash or p.created_at > coalesce(s.refresh_made_at, s.created_at), s.refresh_head is null))";
/// It is the parent, and its successor was made just now.
const IS_REPEATED: &str = "coalesce(s.refresh_parent = p.hash and s.refresh_made_at > $4, false)";
/// It is the parent, and its successor was made longer ago: that answer was lost, or somebody else has it.
const IS_LOST: &str = "coalesce(s.refresh_parent = p.hash and s.refresh_made_at <= $4, false)";

/// Exchanges a token for its successor, in one statement.
///
/// The token's row is locked, then its session's, and what they say after the wait decides. A successor that replaces a
/// lost one makes that one void, so that two holders of a token never go on side by side.
pub async fn rotate(db: &Db, token: &Presented<'_>, now: Timestamp) -> Result<Rotation, Fault> {
    const SQL: &str = formatcp!(
        "with presented as (
            select t.hash, t.session_id, t.used_at, t.created_at from refresh_tokens t
            where t.hash = $1 and {MOST_TOKENS} > (select count(*) from (
                select from refresh_tokens o where o.session_id = t.session_id limit {MOST_TOKENS}) family)
            for update
        ), judged as (
            update sessions s set
                refresh_parent = case when {IS_HEAD} then p.hash else s.refresh_parent end,
                refresh_head = case when {IS_HEAD} or {IS_LOST} then $2 else s.refresh_head end,
                refresh_made_at = case when {IS_HEAD} or {IS_LOST} then $3 else s.refresh_made_at end,
                last_used_at = case when {IS_HEAD} or {IS_LOST} or {IS_REPEATED} then $3 else s.last_used_at end,
                expires_at = case when {IS_HEAD} or {IS_LOST} or {IS_REPEATED}
                    then least($5, s.created_at + $6::int4 * interval '1 day') else s.expires_at end,
                revoked_at = case when {IS_HEAD} or {IS_LOST} or {IS_REPEATED} then s.revoked_at else $3 end
            from presented p
            where s.id = p.session_id and s.revoked_at is null and s.expires_at > $3
                and coalesce(s.created_at + $6::int4 * interval '1 day' > $3, true)
            returning s.id as session_id, s.user_id, s.created_at, s.expires_at, s.refresh_head as head,
                s.refresh_made_at as made_at, s.revoked_at is not null as is_reused,
                (select mobile from users u where u.id = s.user_id) as mobile
        ), spent as (
            update refresh_tokens t set used_at = $3 from judged where t.hash = $1 and t.used_at is null
        ), next as (
            insert into refresh_tokens (hash, session_id, created_at)
            select $2, session_id, $3 from judged where not is_reused and head = $2
            on conflict (hash) do nothing
        )
        select * from judged"
    );
    let Presented { hash, successor, expires_at, most_days } = token;
    let judged: Option<Judged> =
        db.first(SQL, &[hash, successor, &now, &(now - SAME_SUCCESSOR), expires_at, most_days]).await?;
    let Some(Judged { session_id, user_id, mobile, created_at, expires_at, head, made_at, is_reused }) = judged else {
        return Ok(Rotation::Unknown);
    };
    match (head, made_at) {
        _ if is_reused => Ok(Rotation::Reused(session_id, user_id)),
        (Some(head), Some(made_at)) => {
            Ok(Rotation::Renewed(Renewed { session_id, user_id, mobile, created_at, expires_at, head, made_at }))
        }
        _ => Err(Fault::Bug("a session was renewed without a successor")),
    }
}

/// Deletes tokens of sessions that ended before `before`, at most `most` of them.
pub async fn delete_ended(db: &Db, before: Timestamp, most: i64) -> Result<u64, Fault> {
    let sql = "delete from refresh_tokens where hash in (
            select t.hash from sessions s
            cross join lateral (
                select hash from refresh_tokens where session_id = s.id limit $2 for update skip locked
            ) t
            where s.expires_at < $1 or s.revoked_at < $1
            limit $2)";
    db.execute(sql, &[&before, &most]).await
}

/// Deletes tokens that were replaced before `before`, at most `most` of them. The last two of each chain are kept.
pub async fn delete_replaced(db: &Db, before: Timestamp, most: i64) -> Result<u64, Fault> {
    let sql = "delete from refresh_tokens where hash in (
            select t.hash from refresh_tokens t join sessions s on s.id = t.session_id
            where t.created_at < $1 and coalesce(t.used_at, t.created_at) < $1
                and s.refresh_head <> t.hash and s.refresh_parent is distinct from t.hash
            limit $2 for update of t skip locked)";
    db.execute(sql, &[&before, &most]).await
}
