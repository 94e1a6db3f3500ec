//! A stand-in for SQS that speaks its JSON protocol: it remembers what was sent and hidden, and can be made to fail.

use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A message that was sent.
#[derive(Debug, Clone)]
pub struct Sent {
    /// The queue's URL.
    pub queue: String,
    /// The body, read as JSON.
    pub body: Value,
    /// Its message group, if the queue is FIFO.
    pub group: Option<String>,
    /// Its deduplication id, if the queue is FIFO.
    pub once: Option<String>,
    /// The request that sent it, if it says so.
    pub request_id: Option<String>,
    /// Its trace, if it has one.
    pub trace: Option<String>,
}

#[derive(Debug, Default)]
struct Inner {
    sent: Vec<Sent>,
    waiting: Vec<(String, String)>,
    hidden: Vec<(String, i64)>,
    deleted: Vec<String>,
    broken: bool,
    calls: i64,
}

/// The running stand-in; it stops when dropped.
#[derive(Debug)]
pub struct Sqs {
    inner: Arc<Mutex<Inner>>,
    url: String,
    server: JoinHandle<()>,
}

impl Drop for Sqs {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Sqs {
    /// Starts one on a free port.
    pub async fn start() -> Self {
        let inner = Arc::new(Mutex::new(Inner::default()));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let router = Router::new().route("/", post(answer)).with_state(inner.clone());
        let server = tokio::spawn(async move { axum::serve(listener, router).await.expect("serves") });
        Self { inner, url, server }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().expect("no panic while it was held")
    }

    /// Its address: an `AWS_ENDPOINT_URL`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns everything that was sent so far, and forgets it.
    pub fn take(&self) -> Vec<Sent> {
        std::mem::take(&mut self.lock().sent)
    }

    /// Returns the receipts whose visibility was changed, with the seconds, and forgets them.
    pub fn hidden(&self) -> Vec<(String, i64)> {
        std::mem::take(&mut self.lock().hidden)
    }

    /// Returns the receipts of the records that were deleted, and forgets them.
    pub fn deleted(&self) -> Vec<String> {
        std::mem::take(&mut self.lock().deleted)
    }

    /// How often it has been called.
    pub fn calls(&self) -> i64 {
        self.lock().calls
    }

    /// Puts a record into a queue, to be received.
    pub fn put(&self, queue: &str, body: impl Into<String>) {
        self.lock().waiting.push((queue.to_owned(), body.into()));
    }

    /// Makes every call fail, or work again.
    pub fn break_down(&self, broken: bool) {
        self.lock().broken = broken;
    }
}

async fn answer(
    State(inner): State<Arc<Mutex<Inner>>>,
    headers: HeaderMap,
    body: String,
) -> (StatusCode, axum::Json<Value>) {
    let mut inner = inner.lock().expect("no panic while it was held");
    inner.calls += 1;
    if inner.broken {
        let error = json!({ "__type": "com.amazon.coral.service#InternalFailure", "message": "broken on purpose" });
        return (StatusCode::INTERNAL_SERVER_ERROR, axum::Json(error));
    }
    let call: Value = serde_json::from_str(&body).expect("SQS's JSON protocol");
    let text = |name: &str| call[name].as_str().map(str::to_owned);
    let value = |attribute: &Value| attribute["StringValue"].as_str().map(str::to_owned);
    let queue = text("QueueUrl").unwrap_or_default();
    let action = headers["x-amz-target"].to_str().unwrap_or_default().rsplit('.').next().unwrap_or_default().to_owned();
    let reply = match action.as_str() {
        "SendMessage" => {
            let body = text("MessageBody").unwrap_or_default();
            inner.sent.push(Sent {
                queue,
                body: serde_json::from_str(&body).expect("jobs are JSON"),
                group: text("MessageGroupId"),
                once: text("MessageDeduplicationId"),
                request_id: value(&call["MessageAttributes"]["request_id"]),
                trace: value(&call["MessageSystemAttributes"]["AWSTraceHeader"]),
            });
            json!({ "MessageId": uuid::Uuid::new_v4().to_string() })
        }
        "ChangeMessageVisibility" => {
            let seconds = call["VisibilityTimeout"].as_i64().unwrap_or_default();
            inner.hidden.push((text("ReceiptHandle").unwrap_or_default(), seconds));
            json!({})
        }
        "DeleteMessage" => {
            inner.deleted.push(text("ReceiptHandle").unwrap_or_default());
            json!({})
        }
        "ReceiveMessage" => {
            let (found, left) = inner.waiting.drain(..).partition(|(of, _)| *of == queue);
            inner.waiting = left;
            let found: Vec<(String, String)> = found;
            let messages = found.iter().map(|(_, body)| {
                json!({ "MessageId": uuid::Uuid::new_v4().to_string(), "ReceiptHandle": "receipt", "Body": body })
            });
            json!({ "Messages": messages.collect::<Vec<_>>() })
        }
        "GetQueueAttributes" => {
            let waiting = inner.waiting.iter().filter(|(of, _)| *of == queue).count().to_string();
            json!({ "Attributes": {
                "ApproximateNumberOfMessages": waiting, "ApproximateNumberOfMessagesNotVisible": "0",
            } })
        }
        other => panic!("the stand-in does not know {other}"),
    };
    (StatusCode::OK, axum::Json(reply))
}
