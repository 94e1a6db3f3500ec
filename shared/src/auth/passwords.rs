//! Passwords: Argon2id, off the async thread.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization;

use crate::Fault;
use crate::domain::Password;

/// 19 MiB, two passes, one lane: OWASP's Password Storage Cheat Sheet, the first of its equal settings for Argon2id.
fn argon2() -> Argon2<'static> {
    let params = Params::new(19 * 1024, 2, 1, None).unwrap_or_default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// Hashes at a time: each fills 19 MiB and a core, and whoever else is served must not wait for all of them.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

/// Runs `work` off the async thread, when its turn has come.
async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> Result<T, Fault> + Send + 'static) -> Result<T, Fault> {
    let _turn = AT_ONCE.acquire().await.map_err(|_| Fault::Bug("nobody closes the semaphore"))?;
    tokio::task::spawn_blocking(work).await.map_err(|_| Fault::Bug("hashing broke off"))?
}

/// The bytes that are hashed: keyboards write the same letters as different code points, so they are normalized
/// (NFKC, as NIST SP 800-63B, section 3.1.1.2, asks for).
fn normalized(password: &str) -> String {
    password.nfkc().collect()
}

/// A password's hash in the PHC string format, with a random salt. Takes tens of milliseconds of one core.
pub async fn hash(password: Password) -> Result<String, Fault> {
    off_thread(move || {
        let hash = argon2().hash_password(normalized(password.expose()).as_bytes());
        hash.map(|hash| hash.to_string()).map_err(|_| Fault::Bug("a password cannot be hashed"))
    })
    .await
}

/// A hash that no password has, of the same cost: what is checked for accounts that are not there.
const NOBODYS: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Whether `password` has `hash`. Without a hash the same work is done and the answer is no.
pub async fn verify(password: String, hash: Option<String>) -> Result<bool, Fault> {
    off_thread(move || {
        let (hash, known) = (hash.as_deref().unwrap_or(NOBODYS), hash.is_some());
        let parsed = PasswordHash::new(hash).map_err(|_| Fault::Bug("a stored password hash cannot be read"))?;
        Ok(argon2().verify_password(normalized(&password).as_bytes(), &parsed).is_ok() && known)
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::{hash, verify};
    use crate::domain::Password;

    #[tokio::test]
    async fn the_same_letters_are_the_same_password_however_a_keyboard_writes_them() {
        let hashed = hash(Password::try_from("caf\u{e9} ohne Milch".to_owned()).unwrap()).await.unwrap();
        assert!(verify("cafe\u{301} ohne Milch".into(), Some(hashed)).await.unwrap());
    }

    #[tokio::test]
    async fn a_password_has_its_own_hash_alone() {
        let hashed = hash(Password::try_from("correct horse".to_owned()).unwrap()).await.unwrap();
        assert!(hashed.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(verify("correct horse".into(), Some(hashed.clone())).await.unwrap());
        assert!(!verify("correct horsf".into(), Some(hashed)).await.unwrap());
        assert!(!verify("correct horse".into(), None).await.unwrap());
    }
}
