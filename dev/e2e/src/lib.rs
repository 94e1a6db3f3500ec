//! People who use the deployed stack over HTTP, as `dev/up` brings it up: gateway, functions, queues and roles.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

/// A variable that `dev/up` sets for the command it runs.
///
/// # Panics
/// When the tests are not run by `dev/up`.
#[expect(clippy::disallowed_methods, reason = "where the stack is, is told by the environment")]
#[expect(clippy::panic, reason = "a test without a stack says so")]
pub fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run this by `dev/up cargo test -p e2e`"))
}

/// What the stack answered.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: reqwest::header::HeaderMap,
    /// The body as JSON; its text if it is none; `null` if empty.
    pub body: Value,
}

impl Answer {
    /// A problem's code; empty if it is none.
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// A field of the body that is a text.
    pub fn text(&self, pointer: &str) -> String {
        self.body.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
    }
}

/// Somebody with an HTTP client, signed in or not.
#[derive(Debug, Clone)]
pub struct Person {
    http: Client,
    base: String,
    token: Option<String>,
    /// Their number.
    pub mobile: String,
}

impl Person {
    /// Somebody new, whom the API has never seen.
    ///
    /// # Panics
    /// When the tests are not run by `dev/up`.
    pub fn new() -> Self {
        shared::tls::install_provider();
        let tls = shared::tls::public();
        let http = Client::builder().tls_backend_preconfigured(tls).timeout(Duration::from_secs(40)).build();
        Self { http: http.unwrap_or_default(), base: variable("API_URL"), token: None, mobile: fresh_mobile() }
    }

    /// Somebody new who has signed in by a code.
    ///
    /// # Panics
    /// When the stack does not let them in.
    pub async fn signed_in() -> Self {
        let mut person = Self::new();
        let challenge = person.post("/auth/send-otp", json!({ "mobile": person.mobile })).await;
        assert_eq!(challenge.status, 202, "{}", challenge.body);
        let proof = json!({ "challenge_id": challenge.body["challenge_id"], "otp": challenge.body["otp"] });
        let tokens = person.post("/auth/verify-otp", proof).await;
        assert_eq!(tokens.status, 200, "{}", tokens.body);
        person.token = Some(tokens.text("/access_token"));
        person
    }

    /// The same person with another access token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// POST of a JSON body; `null` sends none.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        let request = self.request(Method::POST, path);
        self.send(if body.is_null() { request } else { request.json(&body) }).await
    }

    /// PATCH of a JSON body.
    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::PATCH, path).json(&body)).await
    }

    /// A request to be finished by hand: `path` of the API, or a whole URL.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.base) };
        let request = self.http.request(method, url);
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Sends a request and reads the answer.
    ///
    /// # Panics
    /// When nobody answers.
    #[expect(clippy::expect_used, reason = "a test without an answer has failed")]
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        let response = request.send().await.expect("the stack answers");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.expect("a whole answer");
        let body =
            serde_json::from_str(&text).unwrap_or(if text.is_empty() { Value::Null } else { Value::String(text) });
        Answer { status, headers, body }
    }

    /// A new chatroom's path.
    ///
    /// # Panics
    /// When it cannot be made.
    pub async fn room(&self) -> String {
        let room = self.post("/chatroom", json!({ "title": "Tea" })).await;
        assert_eq!(room.status, 201, "{}", room.body);
        format!("/chatroom/{}", room.text("/id"))
    }

    /// Sends a message and waits for its reply to end, for at most `most`.
    ///
    /// # Panics
    /// When the message is refused or the reply does not end in time.
    pub async fn ask(&self, room: &str, content: &str, most: Duration) -> Value {
        let sent = self.post(&format!("{room}/message"), json!({ "content": content })).await;
        assert_eq!(sent.status, 202, "{}", sent.body);
        self.reply(&format!("{room}/message/{}", sent.text("/reply/id")), most).await
    }

    /// Waits for a reply to end, for at most `most`.
    ///
    /// # Panics
    /// When it does not end in time.
    pub async fn reply(&self, path: &str, most: Duration) -> Value {
        let started = Instant::now();
        loop {
            let reply = self.get(&format!("{path}?wait=5")).await;
            let state = reply.text("/state");
            if reply.status == 200 && state != "pending" && state != "generating" {
                return reply.body;
            }
            assert!(started.elapsed() < most, "no end after {most:?}: {}", reply.body);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

impl Default for Person {
    fn default() -> Self {
        Self::new()
    }
}

/// A number that no other test has: the first of a run by the clock, in milliseconds, then one after the other.
#[expect(clippy::disallowed_methods, reason = "tests may look at the clock")]
fn fresh_mobile() -> String {
    static NEXT: LazyLock<AtomicU64> = LazyLock::new(|| {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        AtomicU64::new(u64::try_from(since.as_millis()).unwrap_or_default())
    });
    format!("+1555{:09}", NEXT.fetch_add(1, Ordering::Relaxed) % 1_000_000_000)
}

/// Waits until `look` answers something, for at most `most`.
///
/// # Panics
/// When nothing comes.
pub async fn eventually<T>(most: Duration, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(started.elapsed() < most, "nothing after {most:?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
