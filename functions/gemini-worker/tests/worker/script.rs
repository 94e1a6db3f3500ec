//! A Gemini on the wire that follows a script: one list of steps for each call.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

/// A step of an answer.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// The status and headers of another answer than 200.
    Head(u16, &'static str),
    /// The data of an event.
    Event(String),
    /// Bytes of the body as they are.
    Raw(&'static str),
    /// Nothing happens for this many milliseconds.
    Pause(u64),
    /// Nothing happens until the test lets it go on ([`Script::go_on`]).
    Gate,
    /// The body ends as it should.
    End,
    /// Nothing more happens, and the connection stays open.
    Open,
}

/// A running server. The connection breaks after the last step of a call. The last list is repeated.
#[derive(Debug)]
pub(crate) struct Script {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<String>>>,
    gate: Arc<Semaphore>,
    server: tokio::task::JoinHandle<()>,
}

impl Drop for Script {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Script {
    pub(crate) async fn start(calls: Vec<Vec<Step>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let gate = Arc::new(Semaphore::new(0));
        let (seen, opened, mut calls) = (asked.clone(), gate.clone(), VecDeque::from(calls));
        let server = tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let steps = if calls.len() > 1 { calls.pop_front() } else { calls.front().cloned() };
                tokio::spawn(play(client, steps.unwrap_or_default(), seen.clone(), opened.clone()));
            }
        });
        Self { url, asked, gate, server }
    }

    /// Lets the next gate open, now or when an answer comes to it.
    pub(crate) fn go_on(&self) {
        self.gate.add_permits(1);
    }

    /// The requests so far, each with its head and body.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

async fn play(mut client: TcpStream, steps: Vec<Step>, seen: Arc<Mutex<Vec<String>>>, gate: Arc<Semaphore>) {
    let (mut asked, mut buffer) = (Vec::new(), [0; 4096]);
    while !is_whole(&asked) {
        match client.read(&mut buffer).await {
            Ok(read @ 1..) => asked.extend_from_slice(&buffer[..read]),
            _ => return,
        }
    }
    seen.lock().unwrap().push(String::from_utf8(asked).unwrap());
    if !matches!(steps.first(), Some(Step::Head(..))) {
        send(&mut client, &head(200, "content-type: text/event-stream\r\n")).await;
    }
    for step in steps {
        match step {
            Step::Head(status, headers) => send(&mut client, &head(status, headers)).await,
            Step::Event(data) => chunk(&mut client, &format!("data: {data}\r\n\r\n")).await,
            Step::Raw(bytes) => chunk(&mut client, bytes).await,
            Step::Pause(millis) => tokio::time::sleep(Duration::from_millis(millis)).await,
            Step::Gate => gate.acquire().await.unwrap().forget(),
            Step::End => send(&mut client, "0\r\n\r\n").await,
            Step::Open => std::future::pending().await,
        }
    }
}

fn is_whole(asked: &[u8]) -> bool {
    let text = String::from_utf8_lossy(asked);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap_or("0");
    body.len() >= length.parse().unwrap()
}

fn head(status: u16, headers: &str) -> String {
    format!("HTTP/1.1 {status} Status\r\n{headers}transfer-encoding: chunked\r\n\r\n")
}

async fn chunk(client: &mut TcpStream, text: &str) {
    send(client, &format!("{:x}\r\n{text}\r\n", text.len())).await;
}

async fn send(client: &mut TcpStream, text: &str) {
    // The client may have read enough.
    let _ = client.write_all(text.as_bytes()).await;
    let _ = client.flush().await;
}

/// An event with a piece of text.
pub(crate) fn piece(text: &str) -> Step {
    let part = serde_json::json!({ "candidates": [{ "content": { "parts": [{ "text": text }], "role": "model" } }] });
    Step::Event(part.to_string())
}

/// An event with a piece of text and a reason to stop.
pub(crate) fn last(text: &str, reason: &str) -> Step {
    let candidate = serde_json::json!({ "content": { "parts": [{ "text": text }] }, "finishReason": reason });
    Step::Event(serde_json::json!({ "candidates": [candidate] }).to_string())
}
