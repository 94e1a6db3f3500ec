//! `users`: accounts, found by their mobile.

mod mobile;

use const_format::formatcp;

use super::allowances::{CALL_OFF, UNBEGUN};
use super::messages::UNENDED;
use super::past_usage::{KEEP, TAKE};
use super::row::row;
use super::sessions::{NewSession, OPEN};
use super::transaction::{NO_PAUSE, Transaction};
use super::{Db, tier};
use crate::Fault;
use crate::domain::{
    Allowance, Email, FreeCancels, Limits, MessageId, Mobile, Name, SessionId, Tier, Timestamp, UserId,
};

pub use mobile::{MobileChange, MobileChanged, change_mobile};

row! {
    /// An account with its plan and today's use.
    pub struct User {
        /// Its id.
        pub id: UserId,
        /// Its number.
        pub mobile: Mobile,
        /// The name that the user gave.
        pub name: Option<String>,
        /// The address that the user gave; not verified.
        pub email: Option<String>,
        /// When it was made.
        pub created_at: Timestamp,
        /// Its present plan.
        pub tier: Tier,
        /// Messages charged today.
        pub used: i32,
    }
}

/// The columns of a [`User`] at `$2`, of the table alias `u` and its [`JOINS`], but for its use.
const PROFILE: &str =
    concat!("u.id, u.mobile, u.name, u.email, u.created_at, ", tier!("c.pro_until" at "$2"), " as tier");
/// All columns of a [`User`].
const COLUMNS: &str = formatcp!("{PROFILE}, coalesce(a.used, 0) as used");
const JOINS: &str = "left join customers c on c.user_id = u.id
    left join allowances a on a.user_id = u.id and a.day = ($2::timestamptz at time zone 'utc')::date";

impl User {
    /// Today's allowance under `limits`.
    pub fn allowance(&self, limits: Limits, now: Timestamp) -> Allowance {
        Allowance::new(limits.of(self.tier), self.used, now)
    }
}

/// The account `id`, with its tier and what it spent on the day of `now`.
pub async fn find(db: &Db, id: UserId, now: Timestamp) -> Result<Option<User>, Fault> {
    const SQL: &str = formatcp!("select {COLUMNS} from users u {JOINS} where u.id = $1");
    db.first(SQL, &[&id, &now]).await
}

/// The profile that a sign-up gives a new account.
#[derive(Debug, Clone, Default, serde::Serialize, serde::Deserialize)]
pub struct Profile {
    /// The user's name.
    pub name: Option<Name>,
    /// The user's address.
    pub email: Option<Email>,
    /// Argon2id, in the PHC string format.
    pub password_hash: Option<String>,
}

/// Signs in the owner of a proved mobile: opens a session, and makes the account with `profile` if there is none. An
/// account that exists keeps its own profile. A new one takes over what the number, known by its `marks`, spent today.
pub async fn sign_in(
    db: &Db,
    mobile: &Mobile,
    profile: &Profile,
    session: &NewSession<'_>,
    marks: &[Vec<u8>],
    now: Timestamp,
) -> Result<User, Fault> {
    // While this waits, an account that is in the snapshot may be deleted, and one that is not may be made. What they spent
    // is not in the snapshot then: nothing is done, and the statement runs again.
    const SQL: &str = formatcp!(
        "with known as (
            select id from users where mobile = $7
        ), made as (
            insert into users (id, mobile, name, email, password_hash, created_at)
            select $6, $7, $8, $9, $10, $2 where not exists (select from known)
            on conflict (mobile) do nothing returning id, mobile, name, email, created_at
        ), held as (
            select id, mobile, name, email, created_at from users
            where mobile = $7 and exists (select from known) for share
        ), u as (
            select * from made union all select * from held
        ), owner as (select id from u), {OPEN}, {TAKE}
        select {PROFILE}, coalesce((select used from taken), a.used, 0) as used from u {JOINS}"
    );
    let NewSession { id, refresh_hash, user_agent, expires_at } = session;
    let Profile { name, email, password_hash } = profile;
    let user = UserId::generate();
    let of_session: super::Parameters<'_> = &[id, &now, refresh_hash, user_agent, expires_at];
    let day = now.day();
    let of_account: super::Parameters<'_> = &[&user, mobile, name, email, password_hash, &marks, &day];
    let parameters = [of_session, of_account].concat();
    loop {
        if let Some(user) = db.first(SQL, &parameters).await? {
            return Ok(user);
        }
    }
}

row! {
    /// The hash that a password is checked against, and the version that a change must still find.
    pub struct Credentials of u {
        /// The account.
        pub id: UserId,
        /// Its number.
        pub mobile: Mobile,
        /// Argon2id, in the PHC string format; `None` if no password was set.
        pub password_hash: Option<String>,
        /// Raised by every change of the password.
        pub password_version: i32,
    }
}

/// The credentials of the account that has `mobile`.
pub async fn credentials_of_mobile(db: &Db, mobile: &Mobile) -> Result<Option<Credentials>, Fault> {
    const SQL: &str = formatcp!("select {} from users u where mobile = $1", Credentials::COLUMNS);
    db.first(SQL, &[mobile]).await
}

/// The credentials of the account `id`.
pub async fn credentials_of(db: &Db, id: UserId) -> Result<Option<Credentials>, Fault> {
    const SQL: &str = formatcp!("select {} from users u where id = $1", Credentials::COLUMNS);
    db.first(SQL, &[&id]).await
}

/// A new password.
#[derive(Debug, Clone, Copy)]
pub struct NewPassword<'a> {
    /// The account.
    pub user: UserId,
    /// The version that it replaces.
    pub version: i32,
    /// Argon2id, in the PHC string format.
    pub hash: &'a str,
    /// The session that is not revoked, if any.
    pub keep: Option<SessionId>,
}

row! {
    /// What a change of a password ended.
    pub struct PasswordSet {
        /// The account's number.
        pub mobile: Mobile,
        /// The sessions that were revoked.
        pub sessions: Vec<SessionId>,
    }
}

/// Sets the password if it is still at its version, and revokes every session but `keep`. `None` if the password was
/// changed or that session was ended meanwhile, or the account was deleted.
///
/// A separate statement locks the account. The next statement sees every session that was opened before, even those
/// that the lock waited for. A later sign-in with the old password finds the new version.
pub async fn set_password(db: &Db, new: &NewPassword<'_>, now: Timestamp) -> Result<Option<PasswordSet>, Fault> {
    let sql = "with changed as (
            update users set password_hash = $3, password_version = password_version + 1
            where id = $1 and password_version = $2 and ($4::uuid is null or exists (
                select from sessions s where s.id = $4 and s.revoked_at is null and s.expires_at > $5))
            returning id, mobile
        ), ended as (
            update sessions s set revoked_at = $5 from changed
            where s.user_id = changed.id and s.revoked_at is null and s.id is distinct from $4
            returning s.id
        )
        select mobile, array(select id from ended) as sessions from changed";
    let NewPassword { user, version, hash, keep } = new;
    let transaction = Transaction::begin(db, NO_PAUSE).await?;
    transaction.execute("select from users where id = $1 for update", &[user]).await?;
    let set = transaction.first(sql, &[user, version, hash, keep, &now]).await?;
    transaction.commit().await?;
    Ok(set)
}

/// The changes of a profile: `None` keeps the value, `Some(None)` clears it.
#[derive(Debug, Clone, Copy)]
pub struct Changes<'a> {
    /// The name.
    pub name: Option<Option<&'a Name>>,
    /// The e-mail address.
    pub email: Option<Option<&'a Email>>,
}

/// Changes a profile and returns the whole account.
pub async fn update(db: &Db, id: UserId, changes: Changes<'_>, now: Timestamp) -> Result<Option<User>, Fault> {
    const SQL: &str = formatcp!(
        "with u as (
            update users set name = case when $3 then $4 else name end, email = case when $5 then $6 else email end
            where id = $1 returning id, mobile, name, email, created_at
        ) select {COLUMNS} from u {JOINS}"
    );
    let Changes { name, email } = changes;
    db.first(SQL, &[&id, &now, &name.is_some(), &name.flatten(), &email.is_some(), &email.flatten()]).await
}

row! {
    /// What must still be stopped after an account was deleted.
    pub struct Deleted {
        /// Its number, whose open challenges must end.
        pub mobile: Mobile,
        /// Its sessions, whose tokens must fail from now on.
        pub sessions: Vec<SessionId>,
        /// Its replies that were unfinished.
        pub replies: Vec<MessageId>,
    }
}

/// Deletes an account and everything it owns. The customer's row stays, without its owner, and is the next to be
/// compared with Stripe, where the customer is deleted. Its unfinished replies are called off (`free` of a day are
/// refunded); what its number spent on the day of `now` is kept under the number's marks.
///
/// It locks first, in the same order as everywhere: the account (against new rooms and sessions), the rooms, the
/// unfinished replies, the refresh tokens. So no statement that holds a room waits for the account while the deletion
/// waits for that room, and none that holds a token waits for its session. The deletion is a separate statement, so it
/// sees what was stored meanwhile.
pub async fn delete(
    db: &Db,
    id: UserId,
    free: FreeCancels,
    marks: impl Fn(&Mobile) -> Vec<Vec<u8>>,
    now: Timestamp,
) -> Result<Option<Deleted>, Fault> {
    const LOCK_ACCOUNT: &str = "select mobile from users where id = $1 for no key update";
    const LOCK_ROOMS: &str = "select from chatrooms where user_id = $1 order by id for update";
    const LOCK_REPLIES: &str =
        formatcp!("select from messages where user_id = $1 and {UNENDED} order by id for update");
    const LOCK_TOKENS: &str =
        "select from refresh_tokens where session_id in (select id from sessions where user_id = $1)
        order by hash for update";
    const DELETE: &str = formatcp!(
        "with unended as materialized (
            select id, user_id, charged_on, state, reached_model from messages where user_id = $2 and {UNENDED}
        ), unbegun as (
            select user_id, charged_on from unended where {UNBEGUN}
        ), {CALL_OFF}, {KEEP}, gone as (
            delete from users where id = $2 returning id, mobile
        ), first_in_line as (
            update customers set checked_at = null where user_id = $2
        )
        select mobile,
            array(select s.id from sessions s where s.user_id = gone.id) as sessions,
            array(select id from unended) as replies
        from gone"
    );
    let transaction = Transaction::begin(db, NO_PAUSE).await?;
    let owner: Option<(Mobile,)> = transaction.first(LOCK_ACCOUNT, &[&id]).await?;
    let Some((mobile,)) = owner else {
        transaction.rollback().await?;
        return Ok(None);
    };
    for lock in [LOCK_ROOMS, LOCK_REPLIES, LOCK_TOKENS] {
        transaction.execute(lock, &[&id]).await?;
    }
    let marks = marks(&mobile);
    let deleted = transaction.first(DELETE, &[&free.0, &id, &marks.as_slice(), &now.day()]).await?;
    transaction.commit().await?;
    Ok(deleted)
}
