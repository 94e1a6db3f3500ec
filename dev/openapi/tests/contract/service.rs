//! All functions on one stack, combined as the gateway does.

use openapi::{Build, Contract};
use serde_json::Value;
use testkit::{Stack, TestApi, User};

/// The whole service.
pub(crate) struct Service(pub(crate) TestApi);

impl Service {
    pub(crate) async fn start() -> Self {
        Self::with("", "").await
    }

    /// The same with another setting.
    pub(crate) async fn with(name: &str, value: &str) -> Self {
        let stack = Stack::start()
            .await
            .with("STRIPE_SECRET_KEY", "sk_test_tests")
            .with("STRIPE_API_BASE", "http://127.0.0.1:9")
            .with("STRIPE_PRICE_ID", "price_pro")
            .with("STRIPE_WEBHOOK_SECRET", "whsec_tests")
            .with("CHECKOUT_SUCCESS_URL", "https://example.com/thanks")
            .with("CHECKOUT_CANCEL_URL", "https://example.com/plans")
            .with("PORTAL_RETURN_URL", "https://example.com/account")
            .with(name, value);
        Self(TestApi::on(stack, auth::router))
    }

    /// A client without a token, at the function that has `path`.
    pub(crate) fn at(&self, user: &User, path: &str) -> User {
        user.at(self.0.router_of(owner(path)))
    }
}

/// The router of the function whose contract has `path`.
fn owner(path: &str) -> Build {
    let has = |contract: Contract| serde_json::to_value(contract()).unwrap()["paths"].get(path).is_some();
    let owner = openapi::FUNCTIONS.into_iter().find(|(_, contract, _)| has(*contract));
    owner.expect("a path of the contract").2
}

/// The operations: path, method, and description.
pub(crate) fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    let of = |(path, item): (&String, &Value)| -> Vec<_> {
        let methods = item.as_object().unwrap().iter();
        methods.map(|(method, operation)| (path.clone(), method.to_uppercase(), operation.clone())).collect()
    };
    paths.flat_map(of).collect()
}

/// A path with ids that do not exist.
pub(crate) fn concrete(path: &str) -> String {
    let parts =
        path.split('/').map(|part| if part.starts_with('{') { "019a2b3c-4d5e-7f60-8a1b-2c3d4e5f6071" } else { part });
    parts.collect::<Vec<_>>().join("/")
}
