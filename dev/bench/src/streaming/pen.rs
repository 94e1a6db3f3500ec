//! A Gemini that writes slowly. Each of its pieces says when it was written.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::post;
use axum::serve::ListenerExt;
use futures_util::stream;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::lambda::Program;
use crate::world::World;

/// Pieces of an answer, and the time before each of them and before the end.
pub(super) const PIECES: u32 = 60;
pub(super) const PAUSE: Duration = Duration::from_millis(60);
/// Answers that begin one after the other within a pause, so that they do not write at the same time.
const STAGGERED: u32 = 10;

/// The server; it stops when dropped.
#[derive(Debug)]
pub(super) struct Pen {
    url: String,
    /// What the times in its pieces are counted from.
    pub(super) epoch: Instant,
    server: JoinHandle<()>,
}

impl Drop for Pen {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Pen {
    pub(super) async fn start() -> Self {
        let (epoch, calls) = (Instant::now(), Arc::new(AtomicU32::new(0)));
        let answer = move || {
            let call = calls.fetch_add(1, Ordering::Relaxed);
            async move { write(epoch, PAUSE * (call % STAGGERED) / STAGGERED) }
        };
        let router = Router::new().route("/v1beta/models/{call}", post(answer));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let listener = listener.tap_io(|stream| stream.set_nodelay(true).expect("a TCP option"));
        let server = tokio::spawn(async move { axum::serve(listener, router).await.expect("a server") });
        Self { url, epoch, server }
    }

    /// The worker, which asks this Gemini.
    pub(super) fn worker(&self, world: &World) -> Program {
        let mut program = world.program("gemini-worker");
        program.settings.insert("GEMINI_BASE_URL".to_owned(), self.url.clone());
        program
    }
}

fn write(epoch: Instant, late: Duration) -> impl IntoResponse {
    let pieces = stream::unfold(0, move |number| async move {
        if number > PIECES {
            return None;
        }
        tokio::time::sleep(if number == 0 { PAUSE + late } else { PAUSE }).await;
        let candidate = if number < PIECES {
            json!({ "content": { "parts": [{ "text": format!("{} ", epoch.elapsed().as_micros()) }] } })
        } else {
            json!({ "finishReason": "STOP" })
        };
        let event = format!("data: {}\r\n\r\n", json!({ "candidates": [candidate] }));
        Some((Ok::<_, Infallible>(event), number + 1))
    });
    ([(CONTENT_TYPE, "text/event-stream")], Body::from_stream(pieces))
}
