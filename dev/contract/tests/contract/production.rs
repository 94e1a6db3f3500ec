//! A production stack has no function that starts with settings that are not secure.

use shared::config::Env;
use testkit::Stack;

use crate::environment::{FUNCTIONS, settings};
use crate::template::Template;

/// Settings, each with a value that a production stack refuses and one that it accepts.
const CHECKED: [(&str, &str, &str); 8] = [
    ("DATABASE_URL", "postgres://chat@127.0.0.1:1/chat", "postgres://chat@127.0.0.1:1/chat?sslmode=require"),
    ("REDIS_URL", "redis://127.0.0.1:1", "rediss://127.0.0.1:1"),
    ("OPERATOR_KEY", "an operator key that is short", "an operator key of 32 characters"),
    ("OTP_DELIVERY", "response", "sns"),
    ("OTP_ALLOWED_COUNTRIES", "1", "1,!1876"),
    ("CHECKOUT_SUCCESS_URL", "https://example.com/subscribed", "https://app.acme.io/subscribed"),
    ("CHECKOUT_CANCEL_URL", "https://example.com/plans", "https://app.acme.io/plans"),
    ("PORTAL_RETURN_URL", "https://example.com/account", "https://app.acme.io/account"),
];

#[tokio::test]
async fn every_function_refuses_each_of_its_settings_that_is_not_secure() {
    let (template, stack) = (Template::read(), Stack::start().await);
    // `migrate` starts with them, so that it can refuse the deployment.
    for (name, build) in FUNCTIONS.into_iter().filter(|(name, _)| *name != "migrate") {
        let function = template.function_of(name);
        let refusal = |unfit: &str| {
            let mut chosen = vec![("STAGE", "prod"), ("LOG_LEVEL", "ERROR")];
            chosen.extend(CHECKED.map(|(name, bad, good)| (name, if name == unfit { bad } else { good })));
            let settings = settings(&template, &function, &stack, &chosen);
            let built = build(&Env::from_fn(move |name| settings.get(name).cloned()), stack.clock.clock());
            built.err().map(|error| error.to_string())
        };
        assert_eq!(refusal(""), None, "{name} starts with secure settings");
        for (setting, ..) in CHECKED.into_iter().filter(|(setting, ..)| function.settings.contains_key(*setting)) {
            let refused = refusal(setting).unwrap_or_default();
            assert!(refused.starts_with(&format!("{setting}: must ")), "{name}, {setting}: {refused}");
        }
    }
}
