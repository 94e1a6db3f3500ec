//! The change of an account's number.

use crate::Fault;
use crate::db::row::row;
use crate::db::transaction::{NO_PAUSE, Transaction};
use crate::db::{Db, past_usage, violates};
use crate::domain::{Mobile, SessionId, Timestamp, UserId};

row! {
    /// What a change of number ended.
    pub struct MobileChanged {
        /// The number that the account had.
        pub old: Mobile,
        /// The sessions that were revoked.
        pub sessions: Vec<SessionId>,
    }
}

/// The result of changing a number.
#[derive(Debug)]
pub enum MobileChange {
    /// It is the account's.
    Changed(MobileChanged),
    /// An account has it, this one or another, or the session was ended meanwhile.
    Refused,
    /// The account was deleted.
    Gone,
}

/// Gives an account another number, and revokes every session but `keep`. The version of the password is raised, so that
/// a reset that the old number was proved for ends too. What was spent today goes with the account, stays with the old
/// number's `marks`, and is joined by what the new number spent. Locks first, as [`super::set_password`] does.
pub async fn change_mobile(
    db: &Db,
    user: UserId,
    mobile: &Mobile,
    keep: SessionId,
    marks: impl Fn(&Mobile) -> Vec<Vec<u8>>,
    now: Timestamp,
) -> Result<MobileChange, Fault> {
    let sql = "with before as (
            select id, mobile from users where id = $1 and mobile <> $2 and exists (
                select from sessions s where s.id = $3 and s.revoked_at is null and s.expires_at > $4)
        ), changed as (
            update users u set mobile = $2, password_version = password_version + 1 from before where u.id = before.id
            returning u.id, before.mobile as old
        ), ended as (
            update sessions s set revoked_at = $4 from changed
            where s.user_id = changed.id and s.revoked_at is null and s.id <> $3
            returning s.id
        )
        select old, array(select id from ended) as sessions from changed";
    let transaction = Transaction::begin(db, NO_PAUSE).await?;
    if transaction.execute("select from users where id = $1 for update", &[&user]).await? == 0 {
        transaction.rollback().await?;
        return Ok(MobileChange::Gone);
    }
    match transaction.first::<MobileChanged>(sql, &[&user, mobile, &keep, &now]).await {
        Ok(Some(changed)) => {
            past_usage::leave(&transaction, user, &marks(&changed.old), now.day()).await?;
            past_usage::join(&transaction, user, &marks(mobile), now.day()).await?;
            transaction.commit().await.map(|()| MobileChange::Changed(changed))
        }
        Ok(None) => transaction.rollback().await.map(|()| MobileChange::Refused),
        Err(error) if violates(&error, "users_mobile_key") => {
            transaction.rollback().await.map(|()| MobileChange::Refused)
        }
        Err(error) => Err(error),
    }
}
