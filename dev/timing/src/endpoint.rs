//! The endpoints that anybody can call with a number.

use std::time::Instant;

use serde_json::{Value, json};
use testkit::User;

/// An endpoint that must not reveal whether a number has an account.
#[derive(Debug)]
pub(crate) struct Endpoint {
    /// Its name in the table.
    pub(crate) name: &'static str,
    path: &'static str,
    body: fn(&str) -> Value,
    status: u16,
}

/// All such endpoints.
pub(crate) const ENDPOINTS: [Endpoint; 4] = [
    Endpoint { name: "signup", path: "/auth/signup", body: profile, status: 201 },
    Endpoint { name: "send-otp", path: "/auth/send-otp", body: mobile, status: 202 },
    Endpoint { name: "forgot-password", path: "/auth/forgot-password", body: mobile, status: 202 },
    Endpoint { name: "login", path: "/auth/login", body: wrong_password, status: 401 },
];

impl Endpoint {
    /// How long one response takes, in milliseconds.
    pub(crate) async fn time(&self, person: &User) -> f64 {
        let body = (self.body)(&person.mobile);
        let began = Instant::now();
        let answer = person.post(self.path, body).await;
        let took = began.elapsed().as_secs_f64() * 1e3;
        assert_eq!(answer.status(), self.status, "{} {}", self.path, answer.body());
        took
    }
}

fn profile(mobile: &str) -> Value {
    json!({ "mobile": mobile, "name": "Ada" })
}

fn mobile(mobile: &str) -> Value {
    json!({ "mobile": mobile })
}

fn wrong_password(mobile: &str) -> Value {
    json!({ "mobile": mobile, "password": "not the right password" })
}
