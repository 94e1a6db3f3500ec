//! `users`: accounts, found by their mobile.

use tokio_postgres::Row;

use super::Db;
use crate::Fault;
use crate::domain::{Email, Limits, Mobile, Name, SessionId, Tier, Timestamp, UserId};

/// An account with what it may do today.
#[derive(Debug, Clone)]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// Canonical E.164.
    pub mobile: String,
    /// As the user gave it.
    pub name: Option<String>,
    /// As the user gave it; not verified.
    pub email: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// What it pays for now.
    pub tier: Tier,
    /// Messages charged today.
    pub used: i32,
}

const COLUMNS: &str = "u.id, u.mobile, u.name, u.email, u.created_at,
    coalesce(c.pro_until > $2, false) as pro, coalesce(a.used, 0) as used";
const JOINS: &str = "left join customers c on c.user_id = u.id
    left join allowances a on a.user_id = u.id and a.day = ($2::timestamptz at time zone 'utc')::date";

fn user(row: &Row) -> User {
    User {
        id: UserId(row.get("id")),
        mobile: row.get("mobile"),
        name: row.get("name"),
        email: row.get("email"),
        created_at: row.get("created_at"),
        tier: Tier::of(row.get("pro")),
        used: row.get("used"),
    }
}

impl User {
    /// Today's allowance under `limits`.
    pub fn allowance(&self, limits: Limits, now: Timestamp) -> crate::domain::Allowance {
        crate::domain::Allowance::new(limits.of(self.tier), self.used, now)
    }
}

/// The account `id`, with its tier and what it spent on the day of `now`.
pub async fn find(db: &Db, id: UserId, now: Timestamp) -> Result<Option<User>, Fault> {
    let sql = format!("select {COLUMNS} from users u {JOINS} where u.id = $1");
    Ok(db.row(&sql, &[&id.0, &now]).await?.as_ref().map(user))
}

/// What a sign-up brings into a new account.
#[derive(Debug, Clone, Default, serde::Serialize, serde::Deserialize)]
pub struct Profile {
    /// The user's name.
    pub name: Option<Name>,
    /// The user's address.
    pub email: Option<Email>,
    /// Argon2id, in the PHC string format.
    pub password_hash: Option<String>,
}

/// A session to be opened with a sign-in.
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

/// Signs in the owner of a mobile that was proved: opens a session, and makes the account with `profile` if there is
/// none. An account that exists keeps its own profile.
pub async fn sign_in(
    db: &Db,
    mobile: &Mobile,
    profile: &Profile,
    session: &NewSession<'_>,
    now: Timestamp,
) -> Result<User, Fault> {
    let sql = format!(
        "with u as (
            insert into users (id, mobile, name, email, password_hash, created_at) values ($1, $3, $4, $5, $6, $2)
            on conflict (mobile) do update set mobile = excluded.mobile
            returning id, mobile, name, email, created_at
        ), s as (
            insert into sessions (id, user_id, user_agent, created_at, last_used_at, expires_at)
            select $7, u.id, $9, $2, $2, $10 from u
        ), r as (
            insert into refresh_tokens (hash, session_id, created_at) values ($8, $7, $2)
        )
        select {COLUMNS} from u {JOINS}"
    );
    let row = db
        .only(
            &sql,
            &[
                &UserId::generate().0,
                &now,
                &mobile.as_str(),
                &profile.name.as_ref().map(Name::as_str),
                &profile.email.as_ref().map(Email::as_str),
                &profile.password_hash,
                &session.id.0,
                &session.refresh_hash,
                &session.user_agent,
                &session.expires_at,
            ],
        )
        .await?;
    Ok(user(&row))
}

/// What a password is checked against, and what a change of it must still find.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The account.
    pub user: UserId,
    /// Its mobile.
    pub mobile: String,
    /// Argon2id, in the PHC string format; `None` if no password was set.
    pub password_hash: Option<String>,
    /// Raised by every change.
    pub password_version: i32,
}

fn credentials(row: &Row) -> Credentials {
    Credentials {
        user: UserId(row.get("id")),
        mobile: row.get("mobile"),
        password_hash: row.get("password_hash"),
        password_version: row.get("password_version"),
    }
}

/// The credentials of the account that has `mobile`.
pub async fn credentials_of_mobile(db: &Db, mobile: &Mobile) -> Result<Option<Credentials>, Fault> {
    let sql = "select id, mobile, password_hash, password_version from users where mobile = $1";
    Ok(db.row(sql, &[&mobile.as_str()]).await?.as_ref().map(credentials))
}

/// The credentials of the account `id`.
pub async fn credentials_of(db: &Db, id: UserId) -> Result<Option<Credentials>, Fault> {
    let sql = "select id, mobile, password_hash, password_version from users where id = $1";
    Ok(db.row(sql, &[&id.0]).await?.as_ref().map(credentials))
}

/// Sets the password if it is still at `version`, and revokes every session but `keep`. Answers the account's mobile
/// and the revoked sessions; `None` if the password was changed meanwhile or the account is gone.
pub async fn set_password(
    db: &Db,
    id: UserId,
    version: i32,
    password_hash: &str,
    keep: Option<SessionId>,
    now: Timestamp,
) -> Result<Option<(String, Vec<SessionId>)>, Fault> {
    let sql = "with changed as (
            update users set password_hash = $3, password_version = password_version + 1
            where id = $1 and password_version = $2
            returning id, mobile
        ), ended as (
            update sessions s set revoked_at = $5 from changed
            where s.user_id = changed.id and s.revoked_at is null and s.id is distinct from $4
            returning s.id
        )
        select mobile, array(select id from ended) as ended from changed";
    let row = db.row(sql, &[&id.0, &version, &password_hash, &keep.map(|keep| keep.0), &now]).await?;
    Ok(row.map(|row| {
        let ended: Vec<uuid::Uuid> = row.get("ended");
        (row.get("mobile"), ended.into_iter().map(SessionId).collect())
    }))
}

/// Changes what is given of a profile (`None` keeps, `Some(None)` clears) and answers the whole account.
pub async fn update(
    db: &Db,
    id: UserId,
    name: Option<Option<&Name>>,
    email: Option<Option<&Email>>,
    now: Timestamp,
) -> Result<Option<User>, Fault> {
    let sql = format!(
        "with u as (
            update users set name = case when $3 then $4 else name end, email = case when $5 then $6 else email end
            where id = $1 returning id, mobile, name, email, created_at
        ) select {COLUMNS} from u {JOINS}"
    );
    let (new_name, new_email) = (name.flatten().map(Name::as_str), email.flatten().map(Email::as_str));
    let row = db.row(&sql, &[&id.0, &now, &name.is_some(), &new_name, &email.is_some(), &new_email]).await?;
    Ok(row.as_ref().map(user))
}

/// What is left to stop after an account is gone.
#[derive(Debug, Default)]
pub struct Deleted {
    /// Its mobile: open challenges end with it.
    pub mobile: String,
    /// Its sessions, whose tokens must fail from now on.
    pub sessions: Vec<SessionId>,
    /// Replies that were under way.
    pub replies: Vec<crate::domain::MessageId>,
}

/// Deletes an account and everything it owns. The customer's row stays, without its owner.
pub async fn delete(db: &Db, id: UserId) -> Result<Option<Deleted>, Fault> {
    let sql = "with gone as (delete from users where id = $1 returning id, mobile)
        select mobile,
            array(select s.id from sessions s where s.user_id = gone.id) as sessions,
            array(select m.id from messages m join chatrooms r on r.id = m.chatroom_id
                  where r.user_id = gone.id and m.state in ('pending', 'generating')) as replies
        from gone";
    let row = db.row(sql, &[&id.0]).await?;
    Ok(row.map(|row| {
        let (sessions, replies): (Vec<uuid::Uuid>, Vec<uuid::Uuid>) = (row.get("sessions"), row.get("replies"));
        Deleted {
            mobile: row.get("mobile"),
            sessions: sessions.into_iter().map(SessionId).collect(),
            replies: replies.into_iter().map(crate::domain::MessageId).collect(),
        }
    }))
}
