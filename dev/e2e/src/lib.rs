//! People who use the deployed stack over HTTP: gateway, functions, queues and roles, as `dev/up` starts them.

mod stream;

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

pub use stream::{Event, Stream};

/// An environment variable that `dev/up` sets for the command it runs.
///
/// # Panics
/// When the tests are not run by `dev/up`.
#[expect(clippy::disallowed_methods, reason = "the environment says where the stack is")]
#[expect(clippy::panic, reason = "a test without a stack must fail with a clear message")]
pub fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run this by `dev/up cargo test -p e2e`"))
}

/// A response of the stack.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: reqwest::header::HeaderMap,
    /// The body as JSON; as a text if it is not JSON; `null` if it is empty.
    pub body: Value,
}

impl Answer {
    /// The code of a problem document; empty if the body is none.
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// A text field of the body.
    pub fn text(&self, pointer: &str) -> String {
        self.body.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
    }
}

/// A person with an HTTP client, signed in or not.
#[derive(Debug, Clone)]
pub struct Person {
    http: Client,
    base: String,
    token: Option<String>,
    /// Their mobile number.
    pub mobile: String,
}

impl Person {
    /// A new person, unknown to the API.
    ///
    /// # Panics
    /// When the tests are not run by `dev/up`.
    pub fn new() -> Self {
        shared::tls::install_provider();
        let tls = shared::tls::public();
        let http = Client::builder().tls_backend_preconfigured(tls).timeout(Duration::from_secs(40)).build();
        Self { http: http.unwrap_or_default(), base: variable("API_URL"), token: None, mobile: fresh_mobile() }
    }

    /// A new person who has signed in with a code.
    ///
    /// # Panics
    /// When the sign-in fails.
    pub async fn signed_in() -> Self {
        let mut person = Self::new();
        let challenge = person.post("/auth/send-otp", json!({ "mobile": person.mobile })).await;
        assert_eq!(challenge.status, 202, "{}", challenge.body);
        let code = match challenge.body["otp"].as_str() {
            Some(code) => code.to_owned(),
            None => {
                eventually(Duration::from_secs(30), async || {
                    Some(person.messages().await.pop()?.split(' ').next()?.to_owned())
                })
                .await
            }
        };
        let proof = json!({ "challenge_id": challenge.body["challenge_id"], "otp": code });
        let tokens = person.post("/auth/verify-otp", proof).await;
        assert_eq!(tokens.status, 200, "{}", tokens.body);
        person.token = Some(tokens.text("/access_token"));
        person
    }

    /// The text messages to their number, oldest first.
    ///
    /// # Panics
    /// When the emulator does not tell them.
    pub async fn messages(&self) -> Vec<String> {
        let number = self.mobile.replace('+', "%2B");
        let url = format!("{}/_ministack/sns/sms-messages?phoneNumber={number}", variable("AWS_ENDPOINT_URL"));
        let sent = Self::new().get(&url).await;
        assert_eq!(sent.status, 200, "{}", sent.body);
        let sent = sent.body["sms_messages"][&self.mobile].as_array().cloned().unwrap_or_default();
        sent.iter().filter_map(|message| message["Message"].as_str().map(str::to_owned)).collect()
    }

    /// Their access token; empty if they are not signed in.
    pub fn token(&self) -> &str {
        self.token.as_deref().unwrap_or_default()
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

    /// POST of a JSON body; `null` sends no body.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        let request = self.request(Method::POST, path);
        self.send(if body.is_null() { request } else { request.json(&body) }).await
    }

    /// PATCH of a JSON body.
    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::PATCH, path).json(&body)).await
    }

    /// A request builder for a `path` of the API or for a whole URL.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.base) };
        let request = self.http.request(method, url);
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Sends a request and reads the response.
    ///
    /// # Panics
    /// When there is no response.
    #[expect(clippy::expect_used, reason = "a test without a response has failed")]
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        let response = request.send().await.expect("the stack responds");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.expect("a complete response");
        let body =
            serde_json::from_str(&text).unwrap_or(if text.is_empty() { Value::Null } else { Value::String(text) });
        Answer { status, headers, body }
    }

    /// Creates a chatroom and returns its path.
    ///
    /// # Panics
    /// When it cannot be created.
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
            assert!(started.elapsed() < most, "not ended after {most:?}: {}", reply.body);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

impl Default for Person {
    fn default() -> Self {
        Self::new()
    }
}

/// A number that no other test has: the first one of a run is made from the clock, in milliseconds; then they count up.
#[expect(clippy::disallowed_methods, reason = "tests may read the clock")]
fn fresh_mobile() -> String {
    static NEXT: LazyLock<AtomicU64> = LazyLock::new(|| {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        AtomicU64::new(u64::try_from(since.as_millis()).unwrap_or_default())
    });
    format!("+1555{:09}", NEXT.fetch_add(1, Ordering::Relaxed) % 1_000_000_000)
}

/// Waits until `look` returns a value, for at most `most`.
///
/// # Panics
/// When it returns no value in time.
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
