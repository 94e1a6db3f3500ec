//! Marks of phone numbers: keyed hashes that stand for a number which must not be stored.

use super::keys::{Key, KeyRing};
use crate::config::{ConfigError, Env};
use crate::domain::Mobile;

/// Makes marks. Cloning is cheap enough for once a request.
#[derive(Debug, Clone)]
pub struct NumberMarks(KeyRing);

impl NumberMarks {
    /// Reads `JWT_KEYS`.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        KeyRing::from_env(env, "JWT_KEYS").map(Self)
    }

    /// The marks of a number, one for each live key: so a mark is found before, during and after a rotation.
    pub fn of(&self, mobile: &Mobile) -> Vec<Vec<u8>> {
        self.0.iter().map(|key| mark(key, mobile).to_vec()).collect()
    }
}

/// HMAC-SHA-256 of the number, under a key that is derived for this purpose alone.
fn mark(key: &Key, mobile: &Mobile) -> [u8; 32] {
    key.derived(b"past-usage-of-a-number").hmac(&[mobile.as_str().as_bytes()])
}

#[cfg(test)]
mod tests {
    use super::NumberMarks;
    use crate::config::Env;
    use crate::domain::Mobile;

    const A: &str = "a:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    const B_A: &str = "b:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=,a:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

    fn of(keys: &'static str, mobile: &str) -> Vec<Vec<u8>> {
        let marks = NumberMarks::from_env(&Env::from_fn(move |_| Some(keys.into()))).unwrap();
        marks.of(&Mobile::parse(mobile).unwrap())
    }

    #[test]
    fn a_number_has_one_mark_a_key_and_keeps_it_through_a_rotation() {
        let (before, during) = (of(A, "+14155550123"), of(B_A, "+14155550123"));
        assert_eq!((before.len(), during.len()), (1, 2));
        assert_eq!(during[1], before[0]);
        assert_ne!(during[0], during[1]);
    }

    #[test]
    fn a_mark_is_of_one_number_and_is_not_its_plain_hmac() {
        let mobile = "+14155550123";
        assert_ne!(of(A, mobile), of(A, "+14155550124"));
        let keys = crate::auth::KeyRing::from_env(&Env::from_fn(|_| Some(A.into())), "KEYS").unwrap();
        assert_ne!(of(A, mobile)[0], keys.current().hmac(&[mobile.as_bytes()]).to_vec());
    }
}
