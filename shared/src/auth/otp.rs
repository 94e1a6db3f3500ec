//! One-time codes. Each is derived from its challenge, so no code is stored.

use std::sync::Arc;

use subtle::ConstantTimeEq;

use super::keys::{Key, KeyRing};
use crate::config::{ConfigError, Env};
use crate::domain::ChallengeId;

/// Derives codes. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct OneTimeCodes(Arc<(KeyRing, u32)>);

impl OneTimeCodes {
    /// Reads `OTP_KEYS` and `OTP_DIGITS` (6 to 8).
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let digits = env.parsed("OTP_DIGITS", 6)?;
        if !(6..=8).contains(&digits) {
            return Err(ConfigError::new("OTP_DIGITS", "must be 6, 7 or 8"));
        }
        Ok(Self(Arc::new((KeyRing::from_env(env, "OTP_KEYS")?, digits))))
    }

    /// The name of the key that new challenges get.
    pub fn kid(&self) -> &str {
        &self.0.0.current().id
    }

    /// The code of a challenge that was opened under the key `kid`. `None` if that key was removed.
    pub fn derive(&self, challenge: ChallengeId, kid: &str) -> Option<String> {
        self.0.0.get(kid).map(|key| code(key, challenge, self.0.1))
    }

    /// Whether `presented` is the challenge's code, for each live key. Compared in constant time.
    pub fn compare(&self, challenge: ChallengeId, presented: &str) -> Vec<(&str, bool)> {
        let compare = |key: &Key| code(key, challenge, self.0.1).as_bytes().ct_eq(presented.as_bytes()).into();
        self.0.0.iter().map(|key| (key.id.as_str(), compare(key))).collect()
    }
}

/// HMAC-SHA-256 of the challenge, reduced to `digits` without bias: a value beyond the largest multiple of 10^digits is
/// discarded, and the next round is used.
fn code(key: &Key, challenge: ChallengeId, digits: u32) -> String {
    let modulus = 10_u64.pow(digits);
    let most = u64::MAX - u64::MAX % modulus;
    let mut round = 0_u8;
    loop {
        let mac = key.hmac(&[b"one-time-code", challenge.as_bytes(), &[round]]);
        let mut eight = [0; 8];
        eight.copy_from_slice(&mac[..8]);
        let value = u64::from_be_bytes(eight);
        if value < most || round == u8::MAX {
            return format!("{:0width$}", value % modulus, width = digits as usize);
        }
        round += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::OneTimeCodes;
    use crate::config::Env;
    use crate::domain::ChallengeId;

    fn codes(keys: &'static str) -> OneTimeCodes {
        OneTimeCodes::from_env(&Env::from_fn(move |name| (name == "OTP_KEYS").then(|| keys.into()))).unwrap()
    }

    const A: &str = "a:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    const B_A: &str = "b:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=,a:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

    #[test]
    fn a_code_is_right_for_its_own_challenge_alone() {
        let (codes, challenge) = (codes(A), ChallengeId::generate());
        let code = codes.derive(challenge, "a").unwrap();
        assert_eq!(codes.compare(challenge, &code), [("a", true)]);
        let others = (0..1000).filter(|_| codes.compare(ChallengeId::generate(), &code)[0].1).count();
        assert!(others < 5, "{others} of 1000 other challenges accepted the code");
    }

    #[test]
    fn a_code_outlives_the_rotation_of_its_key() {
        let challenge = ChallengeId::generate();
        let code = codes(A).derive(challenge, "a").unwrap();
        assert_eq!(codes(B_A).compare(challenge, &code).last(), Some(&("a", true)));
        assert_eq!(codes(B_A).kid(), "b");
    }

    /// Checks that all buckets are equally likely. It fails by chance once in millions of runs (Wilson and Hilferty's
    /// approximation of chi-squared at five standard deviations).
    fn assert_uniform(seen: &[u32]) {
        let buckets = f64::from(u32::try_from(seen.len()).unwrap());
        let expected = f64::from(seen.iter().sum::<u32>()) / buckets;
        let chi: f64 = seen.iter().map(|&count| (f64::from(count) - expected).powi(2) / expected).sum();
        let freedom = buckets - 1.0;
        let step = 2.0 / (9.0 * freedom);
        assert!(chi < freedom * (1.0 - step + 5.0 * step.sqrt()).powi(3), "{chi} of {freedom}: {seen:?}");
    }

    fn many(digits: &'static str) -> impl Iterator<Item = String> {
        let codes = OneTimeCodes::from_env(&Env::from_fn(move |name| match name {
            "OTP_KEYS" => Some(A.into()),
            "OTP_DIGITS" => Some(digits.into()),
            _ => None,
        }));
        let codes = codes.unwrap();
        (0..30_000).map(move |_| codes.derive(ChallengeId::generate(), "a").unwrap())
    }

    #[test]
    fn every_digit_is_equally_likely_in_every_place() {
        for (digits, places) in [("6", 6), ("7", 7), ("8", 8)] {
            let mut seen = vec![[0; 10]; places];
            for code in many(digits) {
                assert_eq!(code.len(), places);
                for (place, digit) in code.bytes().enumerate() {
                    seen[place][usize::from(digit - b'0')] += 1;
                }
            }
            for place in seen {
                assert_uniform(&place);
            }
        }
    }

    #[test]
    fn every_range_and_every_pair_of_digits_is_equally_likely() {
        let (mut ranges, mut pairs) = ([0; 1000], [0; 100]);
        for code in many("6") {
            let number: usize = code.parse().unwrap();
            ranges[number / 1000] += 1;
            pairs[number / 100_000 * 10 + number % 10] += 1;
        }
        assert_uniform(&ranges);
        assert_uniform(&pairs);
    }

    #[test]
    fn another_key_makes_another_code() {
        let (of_a, of_b) = (codes(A), codes(B_A));
        let same = (0..1000).filter(|_| {
            let challenge = ChallengeId::generate();
            of_a.derive(challenge, "a") == of_b.derive(challenge, "b")
        });
        assert!(same.count() < 5);
    }
}
