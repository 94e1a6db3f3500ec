//! An HTTP client, a stand-in of each kind, and an endpoint for webhooks.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use standins::stripe::{API_VERSION, Config};
use standins::{Gemini, Stripe};

pub(crate) const PRICE: &str = "price_pro";
pub(crate) const SECRET: &str = "whsec_test";

pub(crate) fn client() -> Client {
    // Another test may have installed it already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client")
}

/// A response: status, headers, text, and JSON (null if the text is not JSON).
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    pub(crate) json: Value,
}

pub(crate) async fn send(request: RequestBuilder) -> Reply {
    let response = request.send().await.expect("an answer");
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await.expect("a body");
    let json = serde_json::from_str(&text).unwrap_or_default();
    Reply { status, headers, text, json }
}

/// Polls until `done` returns a value, for at most five seconds.
pub(crate) async fn eventually<T>(mut done: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..100 {
        if let Some(value) = done().await {
            return value;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it did not happen within five seconds");
}

pub(crate) struct TestGemini {
    pub(crate) gemini: Gemini,
    pub(crate) http: Client,
}

impl TestGemini {
    pub(crate) fn start() -> Self {
        Self { gemini: Gemini::start("127.0.0.1:0").expect("a port"), http: client() }
    }

    pub(crate) fn request(&self, call: &str, body: &Value) -> RequestBuilder {
        let url = format!("{}/v1beta/models/{call}", self.gemini.url());
        self.http.post(url).header("x-goog-api-key", "test-key").json(body)
    }

    /// Asks one question without history.
    pub(crate) async fn ask(&self, text: &str) -> Reply {
        send(self.request("gemini-flash-latest:generateContent", &said(&[text]))).await
    }

    pub(crate) fn stream(&self, text: &str) -> RequestBuilder {
        self.request("gemini-flash-latest:streamGenerateContent?alt=sse", &said(&[text]))
    }

    pub(crate) async fn admin(&self, path: &str, body: Value) -> Reply {
        send(self.http.post(format!("{}/admin/{path}", self.gemini.url())).json(&body)).await
    }

    pub(crate) async fn calls(&self) -> Vec<Value> {
        let reply = send(self.http.get(format!("{}/admin/calls", self.gemini.url()))).await;
        reply.json["calls"].as_array().cloned().expect("a list of calls")
    }
}

/// A request whose turns alternate; the user's comes first.
pub(crate) fn said(texts: &[&str]) -> Value {
    let roles = ["user", "model"].into_iter().cycle();
    let contents: Vec<Value> =
        texts.iter().zip(roles).map(|(text, role)| json!({ "role": role, "parts": [{ "text": text }] })).collect();
    json!({ "contents": contents })
}

/// The JSON documents of a stream of server-sent events.
pub(crate) fn events(body: &str) -> Vec<Value> {
    body.split("\r\n\r\n")
        .filter(|event| !event.is_empty())
        .map(|event| serde_json::from_str(event.strip_prefix("data: ").expect("a data line")).expect("JSON"))
        .collect()
}

pub(crate) struct TestStripe {
    pub(crate) stripe: Stripe,
    pub(crate) http: Client,
}

impl TestStripe {
    pub(crate) fn start() -> Self {
        Self::with_webhook(None, &[SECRET])
    }

    pub(crate) fn with_webhook(url: Option<String>, secrets: &[&str]) -> Self {
        let config = Config {
            addr: SocketAddr::from(([127, 0, 0, 1], 0)),
            webhook_url: url,
            webhook_secrets: secrets.iter().map(|&secret| secret.to_owned()).collect(),
            price_id: PRICE.to_owned(),
        };
        Self { stripe: Stripe::start(config).expect("a port"), http: client() }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.stripe.url())
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method = method.parse().expect("a method");
        self.http
            .request(method, self.url(path))
            .header("authorization", "Bearer sk_test_123")
            .header("stripe-version", API_VERSION)
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        send(self.request("GET", path)).await
    }

    pub(crate) async fn post(&self, path: &str, params: &[(&str, &str)]) -> Reply {
        send(self.request("POST", path).form(params)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        send(self.request("DELETE", path)).await
    }

    pub(crate) async fn admin(&self, path: &str, body: Value) -> Reply {
        send(self.http.post(self.url(&format!("/admin/{path}"))).json(&body)).await
    }

    pub(crate) async fn customer(&self) -> String {
        let made = self.post("/v1/customers", &[("email", "ann@example.com"), ("metadata[user_id]", "u1")]).await;
        assert_eq!(made.status, 200, "{}", made.text);
        id(&made.json)
    }

    /// An open session of a new customer.
    pub(crate) async fn session(&self) -> Value {
        let customer = self.customer().await;
        self.session_of(&customer).await
    }

    pub(crate) async fn session_of(&self, customer: &str) -> Value {
        let params = [
            ("mode", "subscription"),
            ("customer", customer),
            ("client_reference_id", "u1"),
            ("line_items[0][price]", PRICE),
            ("line_items[0][quantity]", "1"),
            ("subscription_data[metadata][user_id]", "u1"),
            ("success_url", "https://app.example/ok?session={CHECKOUT_SESSION_ID}"),
            ("cancel_url", "https://app.example/back"),
        ];
        let made = self.post("/v1/checkout/sessions", &params).await;
        assert_eq!(made.status, 200, "{}", made.text);
        made.json
    }

    /// The id of an active subscription.
    pub(crate) async fn subscription(&self) -> String {
        let session = self.session().await;
        let paid = self.admin(&format!("sessions/{}", id(&session)), json!({ "action": "pay" })).await;
        assert_eq!(paid.status, 200, "{}", paid.text);
        paid.json["subscription"].as_str().expect("a subscription").to_owned()
    }

    /// Performs an action on a subscription and returns its new state.
    pub(crate) async fn happens(&self, subscription: &str, action: &str) -> Value {
        let done = self.admin(&format!("subscriptions/{subscription}"), json!({ "action": action })).await;
        assert_eq!(done.status, 200, "{}", done.text);
        done.json
    }

    /// The types of all events, oldest first.
    pub(crate) async fn event_types(&self) -> Vec<String> {
        let listed = self.get("/v1/events?limit=100").await;
        let data = listed.json["data"].as_array().cloned().expect("a list");
        data.iter().rev().map(|event| event["type"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

pub(crate) fn id(object: &Value) -> String {
    object["id"].as_str().expect("an id").to_owned()
}

/// What an endpoint received.
#[derive(Clone)]
pub(crate) struct Received {
    pub(crate) signature: String,
    pub(crate) body: String,
    pub(crate) json: Value,
}

/// An endpoint that returns the given statuses, then 200.
#[derive(Clone, Default)]
pub(crate) struct Endpoint {
    pub(crate) received: Arc<Mutex<Vec<Received>>>,
    pub(crate) statuses: Arc<Mutex<Vec<u16>>>,
}

impl Endpoint {
    /// Starts it; the second value is its URL.
    pub(crate) async fn start() -> (Self, String) {
        let endpoint = Self::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
        let router = Router::new().route("/hook", post(receive)).with_state(endpoint.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (endpoint, url)
    }

    pub(crate) fn all(&self) -> Vec<Received> {
        self.received.lock().expect("no panic").clone()
    }

    /// Waits until `count` requests were received.
    pub(crate) async fn wait_for(&self, count: usize) -> Vec<Received> {
        eventually(async || Some(self.all()).filter(|all| all.len() >= count)).await
    }
}

async fn receive(State(endpoint): State<Endpoint>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let signature = headers["stripe-signature"].to_str().expect("ASCII").to_owned();
    let body = String::from_utf8(body.to_vec()).expect("UTF-8");
    let json = serde_json::from_str(&body).expect("JSON");
    endpoint.received.lock().expect("no panic").push(Received { signature, body, json });
    let mut statuses = endpoint.statuses.lock().expect("no panic");
    let status = if statuses.is_empty() { 200 } else { statuses.remove(0) };
    StatusCode::from_u16(status).expect("a status")
}
