//! Passwords that are guessed first, and refused: common ones, the user's own number, and the names of the service (NIST
//! SP 800-63B, section 3.1.1.2). There are no rules of composition, and a long passphrase is always accepted.
//!
//! Both lists are from the frequency list of zxcvbn (`frequency_lists.passwords` of the `PyPI` package zxcvbn 4.5.0, MIT; the
//! licence is beside them), in lower case, sorted by their bytes:
//! - the 3,000 most common passwords that are long enough to be set;
//! - the words of the 5,000 most common passwords of any length, without what follows the word; with seasons, months and
//!   days of the week.

use std::sync::{Arc, LazyLock};

use shared::config::{ConfigError, Env};
use shared::domain::{Mobile, Password};
use shared::http::{Error, ProblemCode, Result};

static COMMON: LazyLock<Vec<&str>> = LazyLock::new(|| include_str!("../data/common_passwords.txt").lines().collect());
static WORDS: LazyLock<Vec<&str>> = LazyLock::new(|| include_str!("../data/base_words.txt").lines().collect());

/// Digits and signs at the end of a password that are looked past, at most: a date with two signs.
const ENDING: usize = 10;
/// Digits that are a number without its calling code, at least. A shorter ending of a number is not a number.
const NATIONAL: usize = 7;
/// Letters that a service's name has, at least.
const NAME: usize = 4;

/// Refuses passwords. Cloning is cheap.
#[derive(Debug, Clone)]
pub(crate) struct PasswordRules {
    /// The names of the service, folded.
    names: Arc<[String]>,
}

impl PasswordRules {
    /// Reads `PRODUCT_NAMES`, `JWT_ISSUER` and `JWT_AUDIENCE`: what users may think that the service is called.
    pub(crate) fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let is_long = |name: &String| name.chars().count() >= NAME;
        let given: Vec<_> = env.list("PRODUCT_NAMES").iter().map(|name| letters(name)).collect();
        if !given.iter().all(is_long) {
            return Err(ConfigError::new("PRODUCT_NAMES", "a name has less than 4 letters or digits"));
        }
        let own = [("JWT_ISSUER", "chat-backend"), ("JWT_AUDIENCE", "chat-app")];
        let own = own.map(|(name, default)| letters(&env.optional(name).unwrap_or_else(|| default.to_owned())));
        Ok(Self { names: given.into_iter().chain(own.into_iter().filter(is_long)).collect() })
    }

    /// Refuses a password that is guessed first for this user; the refusal points to its field.
    pub(crate) fn check(&self, password: &Password, mobile: &Mobile, pointer: &'static str) -> Result<()> {
        let lower = password.expose().to_lowercase();
        let detail = if is_number(&lower, mobile) {
            "This password is your own number. Choose another."
        } else if self.is_name(&lower) {
            "This password is the name of the service. Choose another."
        } else if is_common(&lower) {
            "This password is among the most common ones. Choose another."
        } else {
            return Ok(());
        };
        Err(Error::RefusedField(ProblemCode::PasswordCommon, detail, pointer))
    }

    fn is_name(&self, lower: &str) -> bool {
        beginnings(lower).any(|stem| foldings(stem).iter().any(|stem| self.names.contains(&letters(stem))))
    }
}

/// Whether digits are the number: with or without `+` or `00`, its calling code, and signs between them.
fn is_number(password: &str, mobile: &Mobile) -> bool {
    if password.chars().any(char::is_alphabetic) {
        return false;
    }
    let digits: String = password.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_start_matches('0');
    digits.len() >= NATIONAL && mobile.digits().ends_with(digits)
}

fn is_common(lower: &str) -> bool {
    beginnings(lower).any(|stem| {
        let is_listed = |text: &str| COMMON.binary_search(&text).is_ok() || WORDS.binary_search(&text).is_ok();
        is_listed(stem) || foldings(stem).iter().any(|folded| is_listed(folded))
    })
}

/// The password, and what is left of it without one, two and more of the digits and signs at its end.
fn beginnings(password: &str) -> impl Iterator<Item = &str> {
    let ending = password.char_indices().rev().take_while(|(_, char)| !char.is_alphabetic()).take(ENDING);
    std::iter::once(password).chain(ending.map(|(at, _)| &password[..at])).filter(|stem| !stem.is_empty())
}

/// The password with letters for the signs that usually stand for them. `1` and `!` stand for two letters.
fn foldings(password: &str) -> [String; 2] {
    ['i', 'l'].map(|one| {
        let letter = |char| match char {
            '@' | '4' => 'a',
            '8' => 'b',
            '(' => 'c',
            '3' | '€' => 'e',
            '6' | '9' => 'g',
            '1' | '!' | '|' => one,
            '0' => 'o',
            '$' | '5' => 's',
            '7' | '+' => 't',
            '2' => 'z',
            other => other,
        };
        password.chars().map(letter).collect()
    })
}

/// The letters and digits of a text, in lower case.
fn letters(text: &str) -> String {
    text.to_lowercase().chars().filter(|char| char.is_alphanumeric()).collect()
}

#[cfg(test)]
mod tests {
    use shared::config::Env;
    use shared::domain::{Mobile, Password};

    use super::{COMMON, PasswordRules, WORDS};

    fn rules(names: &'static str) -> PasswordRules {
        PasswordRules::from_env(&Env::from_fn(move |name| (name == "PRODUCT_NAMES").then(|| names.into()))).unwrap()
    }

    fn is_refused(password: &str) -> bool {
        let mobile = Mobile::parse("+4915112345678").unwrap();
        rules("Tea & Talk").check(&Password::try_from(password.to_owned()).unwrap(), &mobile, "/password").is_err()
    }

    #[test]
    fn every_listed_password_is_refused_in_any_case() {
        assert_eq!((COMMON.len(), COMMON.is_sorted(), WORDS.is_sorted()), (3000, true, true));
        for word in COMMON.iter() {
            assert!(is_refused(word) && is_refused(&word.to_uppercase()), "{word}");
        }
    }

    #[test]
    fn a_common_word_is_refused_with_digits_and_signs_at_its_end_and_letters_written_as_signs() {
        for password in [
            "P@ssw0rd2024",
            "Summer2025!",
            "Passw0rd!",
            "pa$$word1",
            "W3lcome123!",
            "Adm1n!2024",
            "Dragon!!!",
            "LetMeIn2026",
            "l3tm31n1234",
            "M0nk3y12345",
            "qwerty!@#",
            "January2026",
            "Autumn-2025",
            "September1!",
            "Friday#13",
            "1loveyou!!",
            "trustno1!!",
        ] {
            assert!(is_refused(password), "{password}");
        }
    }

    #[test]
    fn ones_own_number_is_refused_in_every_form() {
        for password in [
            "+4915112345678",
            "4915112345678",
            "004915112345678",
            "015112345678",
            "15112345678",
            "0151 12345678",
            "+49 (151) 123-456-78",
            "0151/12345678!",
        ] {
            assert!(is_refused(password), "{password}");
        }
        for password in ["4915112345679", "0151 12345678 and me", "83920174650"] {
            assert!(!is_refused(password), "{password}");
        }
    }

    #[test]
    fn the_name_of_the_service_is_refused() {
        for password in ["Tea & Talk", "teatalk1", "T3aTalk!2026", "chat-app", "ChatBackend", "Ch@t-B4ckend!"] {
            assert!(is_refused(password), "{password}");
        }
        assert!(PasswordRules::from_env(&Env::from_fn(|_| Some("T & T".into()))).is_err());
    }

    #[test]
    fn no_rule_of_composition_applies_and_passphrases_are_accepted() {
        for password in [
            "aaaaaaaaaaaaaaaaaaaaaaaaa",
            "correct horse battery",
            "password of the old summer house",
            "пароль-моей-бабушки",
            "🐢🐢🐢🐢🐢🐢🐢🐢",
            "summer-wind-2025",
            "summer83920174650",
        ] {
            assert!(!is_refused(password), "{password}");
        }
    }
}
