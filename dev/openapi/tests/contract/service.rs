//! All functions on one stack, as the gateway puts them together.

use axum::Router;
use serde_json::Value;
use shared::config::{ConfigError, Env};
use shared::domain::Clock;
use testkit::{Stack, TestApi, User};

type Build = fn(&Env, Clock) -> Result<Router, ConfigError>;

const ROUTERS: [(&str, Build); 6] = [
    ("auth", auth::router),
    ("user", user::router),
    ("chatroom", chatroom::router),
    ("subscription", subscription::router),
    ("stripe-webhook", stripe_webhook::router),
    ("ops", ops::router),
];

/// The whole service.
pub(crate) struct Service(pub(crate) TestApi);

impl Service {
    pub(crate) async fn start() -> Self {
        let stack = Stack::start()
            .await
            .with("STRIPE_SECRET_KEY", "sk_test_tests")
            .with("STRIPE_API_BASE", "http://127.0.0.1:9")
            .with("STRIPE_PRICE_ID", "price_pro")
            .with("STRIPE_WEBHOOK_SECRET", "whsec_tests")
            .with("CHECKOUT_SUCCESS_URL", "https://example.com/thanks")
            .with("CHECKOUT_CANCEL_URL", "https://example.com/plans")
            .with("PORTAL_RETURN_URL", "https://example.com/account");
        Self(TestApi::on(stack, auth::router))
    }

    /// Somebody at the function that has `path`.
    pub(crate) fn at(&self, user: &User, path: &str) -> User {
        let owner = owner(path);
        let (_, build) = ROUTERS.iter().find(|(name, _)| *name == owner).expect("a router");
        user.at(self.0.router_of(*build))
    }
}

/// The function whose contract has `path`.
fn owner(path: &str) -> &'static str {
    let has = |contract: fn() -> _| serde_json::to_value(contract()).unwrap()["paths"].get(path).is_some();
    openapi::FUNCTIONS.into_iter().find(|(_, contract)| has(*contract)).expect("a path of the contract").0
}

/// The operations: path, method, and what is said of them.
pub(crate) fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    let of = |(path, item): (&String, &Value)| -> Vec<_> {
        let methods = item.as_object().unwrap().iter();
        methods.map(|(method, operation)| (path.clone(), method.to_uppercase(), operation.clone())).collect()
    };
    paths.flat_map(of).collect()
}
