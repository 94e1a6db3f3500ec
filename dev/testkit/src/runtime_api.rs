//! Lambda's Runtime API, for one process.
//! Source: <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>.

use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant, SystemTime};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use futures_util::StreamExt;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{Mutex as Queue, Notify, mpsc};
use tokio::task::JoinHandle;

/// The time limit of an event that the function is given.
const DEADLINE: Duration = Duration::from_mins(5);

/// The response of an invocation, or the error that the function reported instead.
pub type Outcome = Result<Value, String>;
/// The pieces of a response, as they arrive.
pub type Pieces = mpsc::UnboundedReceiver<(Instant, Bytes)>;

#[derive(Debug)]
struct Inner {
    first_asked: OnceLock<SystemTime>,
    asked: Notify,
    events: Queue<mpsc::UnboundedReceiver<String>>,
    given: Mutex<Option<Instant>>,
    /// Who reads the next response while it is streamed.
    reader: Mutex<Option<mpsc::UnboundedSender<(Instant, Bytes)>>>,
    answers: mpsc::UnboundedSender<(Duration, Outcome)>,
}

/// The server; it stops when dropped.
#[derive(Debug)]
pub struct RuntimeApi {
    inner: Arc<Inner>,
    address: String,
    events: mpsc::UnboundedSender<String>,
    answers: mpsc::UnboundedReceiver<(Duration, Outcome)>,
    server: JoinHandle<()>,
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl RuntimeApi {
    /// Starts it on a free port.
    pub async fn start() -> Self {
        let (events, queue) = mpsc::unbounded_channel();
        let (answered, answers) = mpsc::unbounded_channel();
        let inner = Arc::new(Inner {
            first_asked: OnceLock::new(),
            asked: Notify::new(),
            events: Queue::new(queue),
            given: Mutex::new(None),
            reader: Mutex::new(None),
            answers: answered,
        });
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
            .with_state(inner.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address").to_string();
        let listener = listener.tap_io(|stream| stream.set_nodelay(true).expect("a TCP option"));
        let server = tokio::spawn(async move { axum::serve(listener, router).await.expect("a server") });
        Self { inner, address, events, answers, server }
    }

    /// Where the process finds it: `AWS_LAMBDA_RUNTIME_API`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Waits until the process has asked for an event.
    pub async fn asked(&self) {
        while self.inner.first_asked.get().is_none() {
            self.inner.asked.notified().await;
        }
    }

    /// When the process first asked for an event.
    pub fn first_asked(&self) -> SystemTime {
        *self.inner.first_asked.get().expect("a process that is ready")
    }

    /// Sends an event to the process. Returns how long the process took, and its outcome.
    pub async fn invoke(&mut self, event: String) -> (Duration, Outcome) {
        self.send(event);
        self.ended().await
    }

    /// Sends an event to the process; [`Self::ended`] waits for its end.
    pub fn send(&self, event: String) {
        self.events.send(event).expect("a server that runs");
    }

    /// Sends an event to the process. Returns the pieces of its response; [`Self::ended`] waits for the rest.
    pub fn stream(&mut self, event: String) -> Pieces {
        let (reader, pieces) = mpsc::unbounded_channel();
        *self.inner.reader.lock().expect("no panic while it was held") = Some(reader);
        self.send(event);
        pieces
    }

    /// Waits for the end of an invocation. Returns how long the process took, and its outcome.
    pub async fn ended(&mut self) -> (Duration, Outcome) {
        self.answers.recv().await.expect("a server that runs")
    }
}

async fn next(State(inner): State<Arc<Inner>>) -> Response {
    inner.first_asked.get_or_init(now);
    inner.asked.notify_one();
    let Some(event) = inner.events.lock().await.recv().await else { return StatusCode::GONE.into_response() };
    let deadline = now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default() + DEADLINE;
    *inner.given.lock().expect("no panic while it was held") = Some(Instant::now());
    let headers = [
        ("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd".to_owned()),
        ("lambda-runtime-deadline-ms", deadline.as_millis().to_string()),
        ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:eu-west-1:123456789012:function:test".to_owned()),
        ("lambda-runtime-trace-id", "Root=1-6b040ac0-0f1e2d3c4b5a69788796a5b4;Sampled=0".to_owned()),
        ("content-type", "application/json".to_owned()),
    ];
    (headers, event).into_response()
}

async fn response(State(inner): State<Arc<Inner>>, headers: HeaderMap, body: Body) -> StatusCode {
    let reader = inner.reader.lock().expect("no panic while it was held").take();
    let (mut pieces, mut body) = (body.into_data_stream(), Vec::new());
    while let Some(Ok(piece)) = pieces.next().await {
        body.extend_from_slice(&piece);
        if let Some(reader) = &reader {
            // It may have read enough.
            let _ = reader.send((Instant::now(), piece));
        }
    }
    drop(reader);
    let is_streamed = headers.get("lambda-runtime-function-response-mode").is_some_and(|mode| mode == "streaming");
    let answer = if is_streamed { whole(&body) } else { serde_json::from_slice(&body).ok() };
    end(&inner, answer.ok_or_else(|| format!("no answer: {}", String::from_utf8_lossy(&body))))
}

/// A response that was streamed, in the form of one that was not: it has a prelude, eight zeros, and the body.
fn whole(streamed: &[u8]) -> Option<Value> {
    let prelude = streamed.windows(8).position(|bytes| bytes == [0; 8])?;
    let mut answer: Value = serde_json::from_slice(&streamed[..prelude]).ok()?;
    answer["body"] = String::from_utf8_lossy(&streamed[prelude + 8..]).into();
    Some(answer)
}

async fn error(State(inner): State<Arc<Inner>>, body: Bytes) -> StatusCode {
    end(&inner, Err(String::from_utf8_lossy(&body).into_owned()))
}

fn end(inner: &Inner, outcome: Outcome) -> StatusCode {
    let given = inner.given.lock().expect("no panic while it was held").take();
    let took = given.map(|at| at.elapsed()).unwrap_or_default();
    let _ = inner.answers.send((took, outcome));
    StatusCode::ACCEPTED
}

#[expect(clippy::disallowed_methods, reason = "the process compares it with its own clock")]
fn now() -> SystemTime {
    SystemTime::now()
}
