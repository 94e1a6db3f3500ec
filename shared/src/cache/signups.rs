//! Profiles of sign-ups until their mobile is proved.

use std::time::Duration;

use redis::Cmd;

use super::{Cache, challenges};
use crate::Fault;
use crate::domain::{Mobile, SignupId, Timestamp};

/// How long a code may be requested for a sign-up. The profile is kept until the last such code has expired.
const LIFETIME: Duration = Duration::from_mins(15);
/// The newest sign-ups of a mobile that are listed, to be deleted with its account. Any other one only expires.
const LISTED: isize = 100;

impl Cache {
    /// Keeps a sign-up's profile until its mobile is proved, and returns until when a code may be requested for it.
    /// `profile` is JSON; a password in it is already hashed.
    pub async fn keep_signup(
        &self,
        id: SignupId,
        mobile: &Mobile,
        profile: &str,
        now: Timestamp,
    ) -> Result<Timestamp, Fault> {
        let expires_at = now + LIFETIME;
        let value = format!("{}\n{}\n{profile}", mobile.as_str(), expires_at.unix_millis());
        let kept = (LIFETIME + challenges::LIFETIME).as_secs();
        let list = self.signups_key(mobile);
        let mut pipeline = redis::pipe();
        pipeline
            .set_ex(self.key("signup", id), value, kept)
            .ignore()
            .zadd(&list, id.to_string(), now.unix_millis())
            .ignore()
            .zremrangebyrank(&list, 0, -LISTED - 1)
            .ignore()
            .expire(&list, kept.cast_signed())
            .ignore();
        self.run_all::<()>(&pipeline).await?;
        Ok(expires_at)
    }

    /// Deletes the profiles of all sign-ups that wait for this mobile to be proved.
    pub async fn drop_signups_of(&self, mobile: &Mobile) -> Result<(), Fault> {
        let list = self.signups_key(mobile);
        let ids: Vec<String> = self.run(Cmd::zrange(&list, 0, -1)).await?;
        let mut pipeline = redis::pipe();
        for id in ids {
            pipeline.del(self.key("signup", id)).ignore();
        }
        pipeline.del(list).ignore();
        self.run_all(&pipeline).await
    }

    fn signups_key(&self, mobile: &Mobile) -> String {
        self.key("signups", mobile.as_str())
    }

    /// Whether a code may be requested for the sign-up `id` with `mobile`.
    pub async fn is_signup_of(&self, id: SignupId, mobile: &Mobile, now: Timestamp) -> Result<bool, Fault> {
        let signup = self.read_signup(id).await?;
        Ok(signup.is_some_and(|(of, expires, _)| of == mobile.as_str() && now.unix_millis() < expires))
    }

    /// The profile that was kept for the sign-up `id` with `mobile`.
    pub async fn signup(&self, id: SignupId, mobile: &Mobile) -> Result<Option<String>, Fault> {
        let signup = self.read_signup(id).await?;
        Ok(signup.filter(|(of, ..)| of == mobile.as_str()).map(|(.., profile)| profile))
    }

    async fn read_signup(&self, id: SignupId) -> Result<Option<(String, i64, String)>, Fault> {
        let value: Option<String> = self.run(Cmd::get(self.key("signup", id))).await?;
        Ok(value.and_then(|value| {
            let mut parts = value.splitn(3, '\n');
            Some((parts.next()?.to_owned(), parts.next()?.parse().ok()?, parts.next()?.to_owned()))
        }))
    }

    /// Deletes a sign-up's profile after it was used.
    pub async fn drop_signup(&self, id: SignupId) -> Result<(), Fault> {
        self.delete(self.key("signup", id)).await.map(drop)
    }
}
