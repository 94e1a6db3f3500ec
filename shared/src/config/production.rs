//! What `Stage=prod` refuses. Every reader of one of these settings refuses it at the start; `migrate` checks all of
//! them during the deployment, before any traffic.

use super::{ConfigError, Env};

/// The shortest operator key that a production stack accepts, in bytes.
const OPERATOR_KEY: usize = 32;
/// The hosts that RFC 2606 reserves for examples and tests; their subdomains are reserved too.
const RESERVED: [&str; 7] = ["example.com", "example.net", "example.org", "example", "invalid", "test", "localhost"];
/// Prefixes that hold many countries: all of them, and the North American Numbering Plan.
const SEVERAL_COUNTRIES: [&str; 2] = ["", "1"];

/// Returns why a production stack does not accept a value.
type Check = fn(&str) -> Option<&'static str>;

/// The settings that are checked. A setting that is not here is accepted.
const CHECKS: [(&str, Check); 9] = [
    ("DATABASE_URL", database),
    ("MIGRATION_DATABASE_URL", database),
    ("REDIS_URL", redis),
    ("OPERATOR_KEY", operator_key),
    ("OTP_DELIVERY", delivery),
    ("OTP_ALLOWED_COUNTRIES", countries),
    ("CHECKOUT_SUCCESS_URL", address),
    ("CHECKOUT_CANCEL_URL", address),
    ("PORTAL_RETURN_URL", address),
];

impl Env {
    /// Checks one setting, if this stack serves real users. A setting that is missing is accepted here.
    pub fn fit(&self, name: &'static str) -> Result<(), ConfigError> {
        let check = CHECKS.iter().find(|(checked, _)| *checked == name);
        check.and_then(|check| self.refusal(*check)).map_or(Ok(()), Err)
    }

    /// Why a production stack refuses these settings; one error per setting.
    pub fn refusals(&self) -> Vec<ConfigError> {
        CHECKS.iter().filter_map(|check| self.refusal(*check)).collect()
    }

    fn refusal(&self, (name, check): (&'static str, Check)) -> Option<ConfigError> {
        let problem = self.optional(name).and_then(|value| check(&value));
        problem.filter(|_| self.is_production()).map(|problem| ConfigError::new(name, problem))
    }
}

/// As libpq, the last `sslmode` counts. Without one the connection may be in plain text.
fn database(url: &str) -> Option<&'static str> {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let mode = query.split('&').filter_map(|parameter| parameter.strip_prefix("sslmode=")).next_back();
    let encrypts = matches!(mode, Some("require" | "verify-full"));
    (!encrypts).then_some("must use TLS when Stage is prod: add sslmode=verify-full, or sslmode=require, to the URL")
}

fn redis(url: &str) -> Option<&'static str> {
    (!url.starts_with("rediss://")).then_some("must use TLS when Stage is prod: begin the URL with rediss://")
}

fn operator_key(key: &str) -> Option<&'static str> {
    (key.len() < OPERATOR_KEY).then_some("must have 32 characters or more when Stage is prod")
}

fn delivery(delivery: &str) -> Option<&'static str> {
    (delivery == "response").then_some("must be sns in production: codes would be sent to anyone who asks")
}

/// Refuses a prefix of several countries without any exclusion: nobody means to send codes to all of them.
fn countries(list: &str) -> Option<&'static str> {
    let items: Vec<&str> = list.split(',').map(str::trim).collect();
    let serves = |prefix: &str| items.contains(if prefix.is_empty() { &"*" } else { &prefix });
    let excludes = |prefix: &str| {
        let mut exclusions = items.iter().filter_map(|item| item.strip_prefix('!'));
        exclusions.any(|excluded| excluded.len() > prefix.len() && excluded.starts_with(prefix))
    };
    SEVERAL_COUNTRIES.iter().any(|prefix| serves(prefix) && !excludes(prefix)).then_some(
        "must exclude some numbers of * or 1 when Stage is prod: 1 has 18 countries beside the United States and \
         Canada, such as Jamaica (1,!1876,…; the list is in docs/security.md)",
    )
}

fn address(url: &str) -> Option<&'static str> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default().split(':').next().unwrap_or_default();
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let is_reserved = |name: &&str| host.strip_suffix(*name).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    RESERVED.iter().any(is_reserved).then_some("must be an address of your app when Stage is prod")
}

#[cfg(test)]
mod tests {
    use super::Env;

    /// Whether a production stack refuses a value.
    fn refuses(name: &'static str, value: &str) -> bool {
        let value = value.to_owned();
        let in_stage = |stage: &'static str, value: String| {
            Env::from_fn(move |asked| match asked {
                "STAGE" => Some(stage.into()),
                _ => (asked == name).then(|| value.clone()),
            })
        };
        assert_eq!(in_stage("staging", value.clone()).refusals(), [], "only production refuses");
        let env = in_stage("prod", value.clone());
        let refused = env.fit(name).map_err(|error| error.to_string());
        assert_eq!(env.refusals().len(), usize::from(refused.is_err()));
        if let Err(text) = &refused {
            assert!(text.starts_with(&format!("{name}: must ")), "{text}");
            assert!(name.starts_with("OTP_") || !text.contains(&value), "{text}");
        }
        refused.is_err()
    }

    #[test]
    fn production_refuses_a_database_in_plain_text() {
        for name in ["DATABASE_URL", "MIGRATION_DATABASE_URL"] {
            for plain in
                ["", "?sslmode=prefer", "?sslmode=disable", "?pgbouncer=true", "?sslmode=require&sslmode=disable"]
            {
                assert!(refuses(name, &format!("postgres://chat:hunter2@db.internal/chat{plain}")), "{plain}");
            }
            for encrypted in ["?sslmode=require", "?sslmode=verify-full", "?pgbouncer=true&sslmode=verify-full"] {
                assert!(!refuses(name, &format!("postgres://chat:hunter2@db.internal/chat{encrypted}")), "{encrypted}");
            }
        }
    }

    #[test]
    fn production_refuses_a_redis_in_plain_text() {
        assert!(refuses("REDIS_URL", "redis://cache.internal:6379"));
        assert!(refuses("REDIS_URL", "unix:///var/run/redis.sock"));
        assert!(!refuses("REDIS_URL", "rediss://cache.internal:6379"));
    }

    #[test]
    fn production_refuses_a_short_operator_key() {
        assert!(refuses("OPERATOR_KEY", &"k".repeat(31)));
        assert!(!refuses("OPERATOR_KEY", &"k".repeat(32)));
    }

    #[test]
    fn production_refuses_codes_in_responses() {
        assert!(refuses("OTP_DELIVERY", "response"));
        assert!(!refuses("OTP_DELIVERY", "sns"));
    }

    #[test]
    fn production_refuses_prefixes_of_several_countries_without_an_exclusion() {
        for list in ["1", "1,44", "44, 1", "*", "*,49", "1,!44", "1,1415", "*,1,!882"] {
            assert!(refuses("OTP_ALLOWED_COUNTRIES", list), "{list}");
        }
        for list in ["44", "49,33", "1,!1876", "1212,1415", "!1658,1", "*,!882", "*,1,!1876"] {
            assert!(!refuses("OTP_ALLOWED_COUNTRIES", list), "{list}");
        }
    }

    #[test]
    fn production_refuses_reserved_addresses() {
        for url in [
            "https://example.com/subscribed",
            "https://app.example.com",
            "https://EXAMPLE.org:443/x",
            "https://user@example.net?x",
            "https://app.example/paid",
            "http://localhost:3000/paid",
            "https://example.com./",
        ] {
            assert!(refuses("CHECKOUT_SUCCESS_URL", url), "{url}");
        }
        for url in
            ["https://chat.acme.io/paid?session={CHECKOUT_SESSION_ID}", "https://notexample.com", "https://my-test.io"]
        {
            assert!(!refuses("PORTAL_RETURN_URL", url), "{url}");
        }
    }
}
