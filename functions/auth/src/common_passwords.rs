//! Passwords that everyone tries first: the 3,000 commonest of those that are long enough to be set.
//!
//! From the frequency list of zxcvbn (`frequency_lists.passwords` of the `PyPI` package zxcvbn 4.5.0, MIT, its licence
//! beside the list), in lower case, in the order of their bytes.

use std::sync::LazyLock;

use shared::domain::Password;
use shared::http::{Code, Error, Result};

static COMMON: LazyLock<Vec<&str>> = LazyLock::new(|| include_str!("../data/common_passwords.txt").lines().collect());

/// Refuses a common password, whatever its case, with the field it came in.
pub(crate) fn refuse(password: &Password, pointer: &'static str) -> Result<()> {
    let lower = password.expose().to_lowercase();
    if COMMON.binary_search(&lower.as_str()).is_ok() {
        let detail = "This password is among the most common ones. Choose another.";
        return Err(Error::Unprocessable(Code::PasswordCommon, detail, pointer));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use shared::domain::Password;

    use super::{COMMON, refuse};

    #[test]
    fn every_listed_password_is_refused_whatever_its_case() {
        assert_eq!(COMMON.len(), 3000);
        for word in COMMON.iter() {
            for password in [(*word).to_owned(), word.to_uppercase()] {
                assert!(refuse(&Password::try_from(password).unwrap(), "/password").is_err(), "{word}");
            }
        }
    }

    #[test]
    fn no_rule_of_composition_is_made() {
        for password in
            ["aaaaaaaaaaaaaaaaaaaaaaaaa", "correct horse battery", "пароль-моей-бабушки", "🐢🐢🐢🐢🐢🐢🐢🐢"]
        {
            assert!(refuse(&Password::try_from(password.to_owned()).unwrap(), "/password").is_ok(), "{password}");
        }
    }
}
