//! A Gemini that writes slowly, as a real one does. Each of its pieces says when it was written.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::post;
use axum::serve::ListenerExt;
use futures_util::stream;
use scale::workers;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::lambda::Program;
use crate::world::World;

/// Answers that begin one after the other within a pause, so that they do not write at the same time.
const STAGGERED: u32 = 10;

/// How an answer is written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hand {
    /// Pieces of an answer.
    pub(crate) pieces: u32,
    /// The time before each of them and before the end.
    pub(crate) pause: Duration,
    /// Whether answers differ: their pauses are half to one and a half times as long.
    pub(crate) varies: bool,
}

/// The server; it stops when dropped.
#[derive(Debug)]
pub(crate) struct Pen {
    url: String,
    /// What the times in its pieces are counted from.
    pub(crate) epoch: Instant,
    /// When it was asked for each answer.
    asked: Arc<Mutex<Vec<Instant>>>,
    server: JoinHandle<()>,
}

impl Drop for Pen {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Pen {
    pub(crate) async fn start(hand: Hand) -> Self {
        let (epoch, asked) = (Instant::now(), Arc::<Mutex<Vec<Instant>>>::default());
        let calls = asked.clone();
        let answer = move || {
            let mut calls = calls.lock().expect("no panic while it was held");
            let hand = if hand.varies { hand.times(workers::length(calls.len())) } else { hand };
            let late = hand.pause * (u32::try_from(calls.len()).unwrap_or_default() % STAGGERED) / STAGGERED;
            calls.push(Instant::now());
            std::future::ready(write(epoch, hand, late))
        };
        let router = Router::new().route("/v1beta/models/{call}", post(answer));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let listener = listener.tap_io(|stream| stream.set_nodelay(true).expect("a TCP option"));
        let server = tokio::spawn(async move { axum::serve(listener, router).await.expect("a server") });
        Self { url, epoch, asked, server }
    }

    /// The worker, which asks this Gemini.
    pub(crate) fn worker(&self, world: &World) -> Program {
        let mut program = world.program("gemini-worker");
        program.settings.insert("GEMINI_BASE_URL".to_owned(), self.url.clone());
        program
    }

    /// When it was asked since the last call of this function.
    pub(crate) fn asked(&self) -> Vec<Instant> {
        std::mem::take(&mut *self.asked.lock().expect("no panic while it was held"))
    }
}

impl Hand {
    fn times(self, length: f64) -> Self {
        Self { pause: self.pause.mul_f64(length), ..self }
    }

    /// How long an answer takes.
    pub(crate) fn takes(self) -> Duration {
        self.pause * (self.pieces + 1)
    }
}

fn write(epoch: Instant, hand: Hand, late: Duration) -> impl IntoResponse {
    let pieces = stream::unfold(0, move |number| async move {
        if number > hand.pieces {
            return None;
        }
        tokio::time::sleep(if number == 0 { hand.pause + late } else { hand.pause }).await;
        let candidate = if number < hand.pieces {
            json!({ "content": { "parts": [{ "text": format!("{} ", epoch.elapsed().as_micros()) }] } })
        } else {
            json!({ "finishReason": "STOP" })
        };
        let event = format!("data: {}\r\n\r\n", json!({ "candidates": [candidate] }));
        Some((Ok::<_, Infallible>(event), number + 1))
    });
    ([(CONTENT_TYPE, "text/event-stream")], Body::from_stream(pieces))
}
