//! A client of the streaming door: it reads the events of a reply as an app does.

use std::time::{Duration, Instant};

use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};

use crate::{Answer, Person, variable};

/// Longer than a stream lasts.
const PATIENCE: Duration = Duration::from_secs(100);

/// An event of a stream.
#[derive(Debug, Clone, Default)]
pub struct Event {
    /// Its kind: `delta`, say.
    pub name: String,
    /// Its id; empty if it has none.
    pub id: String,
    /// Its data.
    pub data: Value,
}

/// An open stream, and the text that its events have made.
#[derive(Debug)]
pub struct Stream {
    response: Response,
    arrived: Vec<u8>,
    /// The text so far.
    pub text: String,
    /// The newest id.
    pub last: String,
    /// Whether the connection broke before its end.
    pub is_cut: bool,
}

impl Stream {
    /// Sends a request that is answered by a stream.
    ///
    /// # Panics
    /// When the answer is none.
    #[expect(clippy::expect_used, reason = "a test without a response has failed")]
    pub async fn open(request: RequestBuilder) -> Self {
        let response = request.timeout(PATIENCE).send().await.expect("the stack responds");
        let kind = response.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        assert_eq!((response.status().as_u16(), kind), (200, "text/event-stream"));
        Self { response, arrived: Vec::new(), text: String::new(), last: String::new(), is_cut: false }
    }

    /// The next event, which is applied to the text; `None` at the end.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(end) = self.arrived.windows(2).position(|pair| pair == b"\n\n") {
                let block: Vec<u8> = self.arrived.drain(..end + 2).collect();
                let event = parsed(&String::from_utf8_lossy(&block));
                if !event.name.is_empty() {
                    self.apply(&event);
                    return Some(event);
                }
                continue;
            }
            match self.response.chunk().await {
                Ok(Some(piece)) => self.arrived.extend_from_slice(&piece),
                Ok(None) => return None,
                Err(_) => {
                    self.is_cut = true;
                    return None;
                }
            }
        }
    }

    /// The next event of a kind; the others before it are only applied.
    ///
    /// # Panics
    /// When the stream ends before.
    pub async fn until(&mut self, name: &str) -> Event {
        let mut others = Vec::new();
        while let Some(event) = self.next().await {
            if event.name == name {
                return event;
            }
            others.push(event);
        }
        assert!(others.is_empty() && name.is_empty(), "no {name}, but {others:?}");
        Event::default()
    }

    /// Reads on until there is text.
    ///
    /// # Panics
    /// When the stream ends before.
    pub async fn until_text(&mut self) {
        while self.text.is_empty() {
            let event = self.next().await;
            assert!(event.is_some(), "the stream ends without text");
        }
    }

    fn apply(&mut self, event: &Event) {
        if !event.id.is_empty() {
            self.last.clone_from(&event.id);
        }
        let content = event.data["content"].as_str().unwrap_or_default();
        match event.name.as_str() {
            "snapshot" | "done" => content.clone_into(&mut self.text),
            "delta" => self.text.push_str(content),
            _ => {}
        }
    }
}

fn parsed(block: &str) -> Event {
    let mut event = Event::default();
    for line in block.lines() {
        match line.split_once(": ").unwrap_or((line, "")) {
            ("event", name) => name.clone_into(&mut event.name),
            ("id", id) => id.clone_into(&mut event.id),
            ("data", data) => event.data = serde_json::from_str(data).unwrap_or_default(),
            _ => {}
        }
    }
    event
}

impl Person {
    /// A request to the streaming door.
    pub fn at_door(&self, method: Method, path: &str) -> RequestBuilder {
        self.request(method, &format!("{}{path}", variable("STREAM_URL").trim_end_matches('/')))
    }

    /// Follows a reply by its path, after the event `last` if that is not empty.
    pub async fn follow(&self, reply: &str, last: &str) -> Stream {
        let request = self.at_door(Method::GET, &format!("{reply}/events"));
        Stream::open(if last.is_empty() { request } else { request.header("last-event-id", last) }).await
    }

    /// Sends a message at the streaming door. Returns its stream, and the reply's path.
    ///
    /// # Panics
    /// When the first event is not that the message was accepted.
    pub async fn ask_and_follow(&self, room: &str, content: &str) -> (Stream, String) {
        let request = self.at_door(Method::POST, &format!("{room}/message"));
        let request = request.header("accept", "text/event-stream").json(&json!({ "content": content }));
        let mut stream = Stream::open(request).await;
        let accepted = stream.next().await.unwrap_or_default();
        assert_eq!(accepted.name, "accepted", "{accepted:?}");
        let reply = accepted.data["reply"]["id"].as_str().unwrap_or_default();
        (stream, format!("{room}/message/{reply}"))
    }

    /// Follows a reply to its end, as an app does: a stream that ends before is resumed. Returns the message of `done`.
    ///
    /// # Panics
    /// When the reply does not end within `most`, or the text of the events is not the message's.
    pub async fn follow_to_the_end(&self, mut stream: Stream, reply: &str, most: Duration) -> Value {
        let began = Instant::now();
        loop {
            while let Some(event) = stream.next().await {
                if event.name == "done" {
                    assert_eq!(event.data["content"], stream.text.as_str());
                    return event.data;
                }
            }
            assert!(began.elapsed() < most, "no end after {most:?}: {}", stream.text);
            tokio::time::sleep(Duration::from_millis(300)).await;
            let text = std::mem::take(&mut stream.text);
            stream = self.follow(reply, &stream.last).await.with(text);
        }
    }

    /// The answer of the streaming door to a request that it refuses.
    pub async fn refused_at_door(&self, path: &str) -> Answer {
        self.send(self.at_door(Method::GET, path)).await
    }
}

impl Stream {
    /// Goes on with the text of a stream before.
    #[must_use]
    pub fn with(mut self, text: String) -> Self {
        self.text = text;
        self
    }
}
