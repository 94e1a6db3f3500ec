//! Which countries get codes: none, unless configured. SMS fraud uses numbers in countries that nobody meant to serve.

use shared::config::{ConfigError, Env};
use shared::domain::Mobile;

/// Calling codes, each served or not. The longest code that a number begins with decides.
#[derive(Debug)]
pub(crate) struct Countries(Vec<(String, bool)>);

const NAME: &str = "OTP_ALLOWED_COUNTRIES";

impl Countries {
    /// Reads `OTP_ALLOWED_COUNTRIES`, such as `49,1,!1876`: calling codes with or without an area code; `!` excludes
    /// the numbers that begin with the code; `*` is every country.
    pub(crate) fn from_env(env: &Env) -> Result<Self, ConfigError> {
        env.fit(NAME)?;
        env.list(NAME).iter().map(|item| rule(item)).collect::<Result<_, _>>().map(Self)
    }

    pub(crate) fn allow(&self, mobile: &Mobile) -> bool {
        let fitting = self.0.iter().filter(|(prefix, _)| mobile.digits().starts_with(prefix));
        // If the list has both `1` and `!1`, the exclusion decides.
        fitting.max_by_key(|(prefix, served)| (prefix.len(), !served)).is_some_and(|(_, served)| *served)
    }
}

fn rule(item: &str) -> Result<(String, bool), ConfigError> {
    let (prefix, served) = item.strip_prefix('!').map_or((item, true), |prefix| (prefix, false));
    let is_code =
        (1..=7).contains(&prefix.len()) && prefix.bytes().all(|b| b.is_ascii_digit()) && !prefix.starts_with('0');
    match prefix {
        "*" if served => Ok((String::new(), true)),
        _ if is_code => Ok((prefix.to_owned(), served)),
        _ => Err(ConfigError::new(NAME, "must hold calling codes without +, such as 49 or 1, !1876, or *")),
    }
}

#[cfg(test)]
mod tests {
    use shared::config::Env;
    use shared::domain::Mobile;

    use super::Countries;

    fn allows(list: &'static str, mobile: &str) -> bool {
        let countries = Countries::from_env(&Env::from_fn(move |_| Some(list.into()))).unwrap();
        countries.allow(&Mobile::parse(mobile).unwrap())
    }

    #[test]
    fn nobody_is_served_unless_configured() {
        assert!(!allows("", "+14155550123"));
        assert!(!allows("49", "+14155550123"));
        assert!(allows("49,1", "+14155550123"));
        assert!(allows("*", "+8821655501234"));
    }

    #[test]
    fn the_longest_code_decides_whatever_the_order() {
        for list in ["1,!1876", "!1876,1"] {
            assert!(allows(list, "+14155550123"));
            assert!(!allows(list, "+18765550123"), "Jamaica is not the United States");
        }
        assert!(allows("!1,1876", "+18765550123"));
        assert!(!allows("*,!882", "+8821655501234"));
        assert!(!allows("1,!1", "+14155550123"));
    }

    #[test]
    fn an_invalid_calling_code_is_refused() {
        for list in ["+49", "US", "!*", "!", "049", "12345678"] {
            assert!(Countries::from_env(&Env::from_fn(move |_| Some(list.into()))).is_err(), "{list}");
        }
    }
}
