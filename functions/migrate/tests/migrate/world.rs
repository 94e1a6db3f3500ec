//! An empty database and a CloudFormation that waits for a response.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::put;
use lambda_runtime::{Context, Error, LambdaEvent};
use migrate::{Event, Migrate};
use serde_json::{Value, json};
use testkit::Stack;
use tokio_postgres::{Client, NoTls};

type Heard = Arc<Mutex<Vec<(HeaderMap, Value)>>>;

/// A test's world.
pub(crate) struct World {
    pub(crate) stack: Stack,
    /// The database for the server's superuser.
    url: String,
    heard: Heard,
    response_url: String,
}

impl World {
    pub(crate) async fn start() -> Self {
        let stack = Stack::start().await;
        let name = format!("empty_{}", uuid_of(&stack));
        stack.sql().await.batch_execute(&format!("create database {name}")).await.unwrap();
        let (url, query) = stack.setting("DATABASE_URL").split_once('?').unwrap_or((stack.setting("DATABASE_URL"), ""));
        let empty = format!("{}/{name}?{query}", url.rsplit_once('/').unwrap().0);
        let heard = Heard::default();
        let router = Router::new().route("/answer", put(hear)).with_state(heard.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let response_url = format!("http://{}/answer?X-Amz-Signature=secret-signature", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { stack: stack.with("DATABASE_URL", &empty), url: empty, heard, response_url }
    }

    pub(crate) async fn sql(&self) -> Client {
        self.stack.sql().await
    }

    /// Changes a setting.
    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.stack = self.stack.with(name, value);
        self
    }

    /// The name of a role that no other test has: roles are the server's.
    pub(crate) fn role(&self, name: &str) -> String {
        format!("{name}_{}", uuid_of(&self.stack))
    }

    /// The URL of the database for a role.
    pub(crate) fn url_as(&self, role: &str, password: &str) -> String {
        let (_, server) = self.url.split_once('@').unwrap();
        format!("postgres://{role}:{password}@{server}")
    }

    /// A connection to the database as the server's superuser.
    pub(crate) async fn admin(&self) -> Client {
        let (client, connection) = tokio_postgres::connect(&self.url, NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }

    /// Invokes the function as Lambda does.
    pub(crate) async fn invoke(&self, event: Value) -> Result<Value, Error> {
        let event: Event = serde_json::from_value(event).unwrap();
        let mut context = Context::default();
        context.request_id = "invocation-1".into();
        Migrate::from_env(&self.stack.env()).unwrap().handle(LambdaEvent::new(event, context)).await
    }

    /// A request of CloudFormation for `version`.
    pub(crate) fn request(&self, request_type: &str, version: &str) -> Value {
        json!({
            "RequestType": request_type,
            "ResponseURL": self.response_url,
            "StackId": "arn:aws:cloudformation:eu-west-1:123456789012:stack/chat/1",
            "RequestId": "request-1",
            "ResourceType": "Custom::Migrations",
            "LogicalResourceId": "Migrations",
            "ResourceProperties": { "ServiceToken": "arn", "SchemaVersion": version },
        })
    }

    /// The only response that CloudFormation got, and its headers.
    pub(crate) fn answer(&self) -> (HeaderMap, Value) {
        let mut heard = self.heard.lock().unwrap();
        assert_eq!(heard.len(), 1, "{heard:?}");
        heard.remove(0)
    }
}

async fn hear(State(heard): State<Heard>, headers: HeaderMap, body: String) -> StatusCode {
    heard.lock().unwrap().push((headers, serde_json::from_str(&body).unwrap()));
    StatusCode::OK
}

/// A text that no other test has: the name of the test's own database.
fn uuid_of(stack: &Stack) -> String {
    stack.setting("REDIS_PREFIX").trim_end_matches(':').to_owned()
}
