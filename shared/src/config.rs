//! Configuration: read once, from one place, and refused in one sentence when it is wrong.

mod production;

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A setting that is missing or cannot be used. The text names the variable and never shows its value.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {problem}")]
pub struct ConfigError {
    name: &'static str,
    problem: String,
}

impl ConfigError {
    /// A `problem` with the variable `name`.
    pub fn new(name: &'static str, problem: impl Into<String>) -> Self {
        Self { name, problem: problem.into() }
    }
}

/// Where settings come from: the process's environment, or a test's table.
pub struct Env(Box<Lookup>);

type Lookup = dyn Fn(&str) -> Option<String> + Send + Sync;

impl Env {
    /// The environment of this process.
    #[expect(clippy::disallowed_methods, reason = "the one place where configuration enters")]
    pub fn process() -> Self {
        Self(Box::new(|name| std::env::var(name).ok()))
    }

    /// The settings that `lookup` returns.
    pub fn from_fn(lookup: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        Self(Box::new(lookup))
    }

    /// A setting, if it is set and not empty.
    pub fn optional(&self, name: &str) -> Option<String> {
        (self.0)(name).filter(|value| !value.is_empty())
    }

    /// A required setting; refused if this stack serves real users and the value is not fit for that ([`Self::fit`]).
    pub fn required(&self, name: &'static str) -> Result<String, ConfigError> {
        self.fit(name)?;
        self.optional(name).ok_or_else(|| ConfigError::new(name, "is not set"))
    }

    /// A setting that is parsed; `default` if it is not set.
    pub fn parsed<T: FromStr>(&self, name: &'static str, default: T) -> Result<T, ConfigError> {
        let Some(value) = self.optional(name) else { return Ok(default) };
        value.parse().map_err(|_| ConfigError::new(name, format!("is not a valid {}", std::any::type_name::<T>())))
    }

    /// A duration given in seconds.
    pub fn seconds(&self, name: &'static str, default: u64) -> Result<Duration, ConfigError> {
        self.parsed(name, default).map(Duration::from_secs)
    }

    /// A comma-separated list; blanks around its items are removed.
    pub fn list(&self, name: &str) -> Vec<String> {
        let value = self.optional(name).unwrap_or_default();
        value.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
    }

    /// Whether this stack serves real users. Conveniences for development are refused there.
    pub fn is_production(&self) -> bool {
        self.optional("STAGE").as_deref() == Some("prod")
    }
}

impl fmt::Debug for Env {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Env(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::Env;

    fn env() -> Env {
        Env::from_fn(|name| match name {
            "LIMIT" => Some("five".into()),
            "EMPTY" => Some(String::new()),
            "ORIGINS" => Some("https://a.example, https://b.example,".into()),
            _ => None,
        })
    }

    #[test]
    fn an_empty_setting_is_not_set() {
        assert_eq!(env().required("EMPTY").unwrap_err().to_string(), "EMPTY: is not set");
    }

    #[test]
    fn a_refusal_names_the_variable_but_not_its_value() {
        assert_eq!(env().parsed("LIMIT", 5_i32).unwrap_err().to_string(), "LIMIT: is not a valid i32");
    }

    #[test]
    fn lists_drop_blanks_and_empty_items() {
        assert_eq!(env().list("ORIGINS"), ["https://a.example", "https://b.example"]);
    }
}
