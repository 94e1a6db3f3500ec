//! Passwords: Argon2id, outside the async thread.

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use tokio::sync::Mutex;
use unicode_normalization::UnicodeNormalization;

use crate::Fault;
use crate::domain::Password;

/// 19 MiB, two passes, one lane: OWASP's Password Storage Cheat Sheet, the first of its equal settings for Argon2id.
fn params() -> Params {
    Params::new(19 * 1024, 2, 1, None).unwrap_or_default()
}

/// The memory that hashing fills. It is kept and used again, since the allocator would return little of it to the
/// system. So one password is hashed at a time, and many of them do not starve other requests.
static MEMORY: Mutex<Vec<Block>> = Mutex::const_new(Vec::new());

/// Hashes outside the async thread, one password at a time.
async fn argon2id(password: String, salt: Salt, params: Params) -> Result<Output, Fault> {
    let mut memory = MEMORY.lock().await;
    let hashing = tokio::task::spawn_blocking(move || {
        let mut output = [0; Params::DEFAULT_OUTPUT_LEN];
        memory.resize(params.block_count(), Block::default());
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        argon2
            .hash_password_into_with_memory(normalized(&password).as_bytes(), &salt, &mut output, &mut memory[..])
            .map(|()| Output::new(&output))
    });
    let hashed = hashing.await.map_err(|_| Fault::Bug("hashing failed"))?;
    hashed.ok().and_then(Result::ok).ok_or(Fault::Bug("a password cannot be hashed"))
}

/// The bytes that are hashed: keyboards write the same letters as different code points, so they are normalized
/// (NFKC, as NIST SP 800-63B, section 3.1.1.2, asks for).
fn normalized(password: &str) -> String {
    password.nfkc().collect()
}

/// A password's hash in the PHC string format, with a random salt. Takes tens of milliseconds of one core.
pub async fn hash(password: Password) -> Result<String, Fault> {
    let mut random = [0; Salt::RECOMMENDED_LENGTH];
    getrandom::fill(&mut random).map_err(|_| Fault::Bug("the system has no randomness"))?;
    let salt = Salt::new(&random).map_err(|_| Fault::Bug("a salt of the recommended length was refused"))?;
    let output = argon2id(password.expose().to_owned(), salt, params()).await?;
    let hash = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(params()).map_err(|_| Fault::Bug("the parameters cannot be written"))?,
        salt: Some(salt),
        hash: Some(output),
    };
    Ok(hash.to_string())
}

/// A hash of the same cost that no password matches. It is checked for accounts that do not exist.
const NOBODYS: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Whether `password` matches `hash`. Without a hash the same work is done, and the result is `false`.
pub async fn verify(password: String, hash: Option<String>) -> Result<bool, Fault> {
    let unreadable = Fault::Bug("a stored password hash cannot be read");
    let (text, is_known) = (hash.as_deref().unwrap_or(NOBODYS), hash.is_some());
    let Ok(stored) = PasswordHash::new(text) else { return Err(unreadable) };
    let (Some(salt), Ok(params), Some(output)) = (stored.salt, Params::try_from(&stored), stored.hash) else {
        return Err(unreadable);
    };
    // Outputs are compared in constant time.
    Ok(argon2id(password, salt, params).await? == output && is_known)
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
    async fn a_password_matches_its_own_hash_alone() {
        let hashed = hash(Password::try_from("correct horse".to_owned()).unwrap()).await.unwrap();
        assert!(hashed.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(verify("correct horse".into(), Some(hashed.clone())).await.unwrap());
        assert!(!verify("correct horsf".into(), Some(hashed)).await.unwrap());
        assert!(!verify("correct horse".into(), None).await.unwrap());
    }
}
