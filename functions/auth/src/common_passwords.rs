//! Passwords that attackers try first: the 3,000 most common ones that are long enough to be set.
//!
//! They are from the frequency list of zxcvbn (`frequency_lists.passwords` of the `PyPI` package zxcvbn 4.5.0, MIT; the
//! licence is beside the list), in lower case, sorted by their bytes.

use std::sync::LazyLock;

use shared::domain::Password;
use shared::http::{Error, ProblemCode, Result};

static COMMON: LazyLock<Vec<&str>> = LazyLock::new(|| include_str!("../data/common_passwords.txt").lines().collect());

/// Refuses a common password in any case; the refusal points to its field.
pub(crate) fn refuse(password: &Password, pointer: &'static str) -> Result<()> {
    let lower = password.expose().to_lowercase();
    if COMMON.binary_search(&lower.as_str()).is_ok() {
        let detail = "This password is among the most common ones. Choose another.";
        return Err(Error::RefusedField(ProblemCode::PasswordCommon, detail, pointer));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use shared::domain::Password;

    use super::{COMMON, refuse};

    #[test]
    fn every_listed_password_is_refused_in_any_case() {
        assert_eq!(COMMON.len(), 3000);
        for word in COMMON.iter() {
            for password in [(*word).to_owned(), word.to_uppercase()] {
                assert!(refuse(&Password::try_from(password).unwrap(), "/password").is_err(), "{word}");
            }
        }
    }

    #[test]
    fn no_rule_of_composition_applies() {
        for password in
            ["aaaaaaaaaaaaaaaaaaaaaaaaa", "correct horse battery", "пароль-моей-бабушки", "🐢🐢🐢🐢🐢🐢🐢🐢"]
        {
            assert!(refuse(&Password::try_from(password.to_owned()).unwrap(), "/password").is_ok(), "{password}");
        }
    }
}
