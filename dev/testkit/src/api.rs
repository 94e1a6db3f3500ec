//! A function's router and the people who use it.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use http::{HeaderMap, Method, Request, StatusCode};
use lambda_http::aws_lambda_events::apigw::{
    ApiGatewayV2httpRequestContext, ApiGatewayV2httpRequestContextHttpDescription,
};
use lambda_http::request::RequestContext;
use serde_json::{Value, json};
use shared::auth::{Grant, RefreshToken, Tokens};
use shared::config::{ConfigError, Env};
use shared::db::sessions::NewSession;
use shared::db::users::{self, Profile};
use shared::domain::{Clock, Mobile, SessionId, UserId};
use tower::ServiceExt;

use crate::Stack;
use crate::contract::assert_declared;

/// What makes a function's router.
pub type Build = fn(&Env, Clock) -> Result<Router, ConfigError>;

static NEXT_MOBILE: AtomicU32 = AtomicU32::new(0);

/// A function under test.
#[derive(Debug)]
pub struct TestApi {
    /// What it stands on.
    pub stack: Stack,
    router: Router,
}

/// Somebody who calls the API: signed in, or not.
#[derive(Debug, Clone)]
pub struct User {
    router: Router,
    token: Option<String>,
    address: String,
    /// Who it is, if signed in.
    pub id: Option<UserId>,
    /// Their session, if signed in.
    pub session: Option<SessionId>,
    /// Their number.
    pub mobile: String,
}

/// What the API answered.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body's bytes.
    pub bytes: Vec<u8>,
    /// The path of the request.
    pub path: String,
}

impl TestApi {
    /// The function that `build` makes, on a stack of its own.
    pub async fn start(build: Build) -> Self {
        Self::on(Stack::start().await, build)
    }

    /// The function that `build` makes, on `stack`.
    pub fn on(stack: Stack, build: Build) -> Self {
        let router = build(&stack.env(), stack.clock.clock()).expect("settings that work");
        Self { stack, router }
    }

    /// Another function on the same stack.
    pub fn router_of(&self, build: Build) -> Router {
        build(&self.stack.env(), self.stack.clock.clock()).expect("settings that work")
    }

    /// Somebody who is not signed in.
    pub fn anyone(&self) -> User {
        let mobile = format!("+1415555{:04}", NEXT_MOBILE.fetch_add(1, Ordering::SeqCst) % 10_000);
        User { router: self.router.clone(), token: None, address: "192.0.2.1".into(), id: None, session: None, mobile }
    }

    /// A new user, signed in.
    pub async fn signed_in(&self) -> User {
        let (mut user, now) = (self.anyone(), self.stack.clock.now());
        let session = SessionId::generate();
        let refresh = RefreshToken::generate().expect("randomness").hash();
        let new = NewSession {
            id: session,
            refresh_hash: &refresh,
            user_agent: Some("tests"),
            expires_at: now + Duration::from_secs(30 * 86_400),
        };
        let mobile = Mobile::parse(&user.mobile).expect("a number");
        let account =
            users::sign_in(&self.stack.db(), &mobile, &Profile::default(), &new, &[], now).await.expect("Postgres");
        let tokens = Tokens::from_env(&self.stack.env()).expect("settings that work");
        user.token = Some(tokens.issue(Grant::Session(account.id, session, Some(now)), now).expect("a token"));
        (user.id, user.session) = (Some(account.id), Some(session));
        user
    }

    /// What was put on queues since the last look.
    pub fn queued(&self) -> Vec<crate::Sent> {
        self.stack.sqs.take()
    }

    /// Makes a user Pro, as a paid subscription does.
    pub async fn make_pro(&self, user: &User) {
        let sql = "insert into customers (id, user_id, stripe_customer_id, created_at, status, pro_until)
            values (gen_random_uuid(), $1::uuid, 'cus_' || $1::uuid::text, now(), 'active', 'infinity')";
        self.stack.sql().await.execute(sql, &[&user.id.expect("signed in")]).await.expect("Postgres");
    }
}

impl User {
    /// The same person with another access token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// The same person at another function.
    #[must_use]
    pub fn at(&self, router: Router) -> Self {
        Self { router, ..self.clone() }
    }

    /// The same person at another address.
    #[must_use]
    pub fn from(&self, address: &str) -> Self {
        Self { address: address.to_owned(), ..self.clone() }
    }

    /// The access token.
    pub fn token(&self) -> &str {
        self.token.as_deref().expect("signed in")
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path).body(Body::empty())).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path).body(Body::empty())).await
    }

    /// POST of a JSON body; `null` sends none.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.json(Method::POST, path, &[], body).await
    }

    /// PATCH of a JSON body.
    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.json(Method::PATCH, path, &[], body).await
    }

    /// A JSON body with headers.
    pub async fn json(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Value) -> Answer {
        let mut request = self.request(method, path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if body == json!(null) {
            return self.send(request.body(Body::empty())).await;
        }
        self.send(request.header("content-type", "application/json").body(Body::from(body.to_string()))).await
    }

    /// Anything: for requests that no client would send.
    pub async fn raw(&self, method: Method, path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
        let mut request = self.request(method, path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(body.into())).await
    }

    fn request(&self, method: Method, path: &str) -> http::request::Builder {
        let mut context = ApiGatewayV2httpRequestContext::default();
        let mut description = ApiGatewayV2httpRequestContextHttpDescription::default();
        description.source_ip = Some(self.address.clone());
        context.http = description;
        let request = Request::builder().method(method).uri(path).extension(RequestContext::ApiGatewayV2(context));
        match &self.token {
            Some(token) => request.header("authorization", format!("Bearer {token}")),
            None => request,
        }
    }

    async fn send(&self, request: http::Result<Request<Body>>) -> Answer {
        let request = request.expect("a request that can be written");
        let (method, path) = (request.method().to_string(), request.uri().path().to_owned());
        let (parts, body) = self.router.clone().oneshot(request).await.expect("routers do not fail").into_parts();
        let bytes = to_bytes(body, usize::MAX).await.expect("a body").to_vec();
        let answer = Answer { status: parts.status, headers: parts.headers, bytes, path };
        if answer.status.is_client_error() || answer.status.is_server_error() {
            answer.assert_is_a_problem();
            assert_declared(&method, &answer.path, answer.status(), &answer.code());
        }
        answer
    }
}

impl Answer {
    /// The status as a number.
    pub fn status(&self) -> u16 {
        self.status.as_u16()
    }

    /// The body as JSON; `null` if there is none.
    pub fn body(&self) -> Value {
        if self.bytes.is_empty() { Value::Null } else { serde_json::from_slice(&self.bytes).expect("a JSON body") }
    }

    /// A problem's code; empty if it is none.
    pub fn code(&self) -> String {
        self.body()["code"].as_str().unwrap_or_default().to_owned()
    }

    /// The `id` of what was answered.
    pub fn id(&self) -> String {
        let body = self.body();
        body["id"].as_str().unwrap_or_else(|| panic!("no id in {} {body}", self.status)).to_owned()
    }

    /// A header's text; empty if it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Where `Location` leads, as a client resolves it; empty if there is none.
    pub fn location(&self) -> String {
        let mut folders: Vec<&str> = self.path.split('/').collect();
        folders.pop();
        let mut reference = self.header("location");
        if reference.is_empty() {
            return String::new();
        }
        while let Some(above) = reference.strip_prefix("../") {
            folders.pop();
            reference = above;
        }
        format!("{}/{reference}", folders.join("/"))
    }

    /// Every refusal, wherever a test meets it, is a whole problem document.
    fn assert_is_a_problem(&self) {
        assert_eq!(self.header("content-type"), "application/problem+json", "of {}", self.status);
        let problem = self.body();
        for field in ["type", "title", "code", "detail", "request_id"] {
            assert!(problem[field].is_string(), "{field} is missing in {problem}");
        }
        assert_eq!(problem["status"], self.status());
        assert_eq!(problem["request_id"], self.header("x-request-id"));
    }
}
