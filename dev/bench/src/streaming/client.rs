//! A client that watches a reply, by an environment of the streaming function of its own.

use std::time::Instant;

use serde_json::Value;
use testkit::{Pieces, event};

use crate::figures::{mb, ms};
use crate::lambda::{Lambda, Program};

const ROOM: &str = "019aaf6c-5c00-7a3e-9d51-3f0d8a1b2c01";
const REPLY: &str = "019aaf6c-5c00-7a3e-9d51-3f0d8a1b2c03";

/// A client whose stream is open.
pub(super) struct Client {
    lambda: Lambda,
    pieces: Pieces,
    epoch: Instant,
    /// What has arrived of an event that is not whole.
    arrived: String,
    /// The time of the newest piece of text.
    newest: u64,
    lags: Vec<f64>,
    used: f64,
    logged: u64,
}

/// What a client saw, and what its environment used.
#[derive(Debug)]
pub(super) struct Watched {
    /// Milliseconds from Gemini's pieces to the client's, in their order.
    pub(super) lags: Vec<f64>,
    /// Billed milliseconds.
    pub(super) billed: f64,
    /// Milliseconds of processor time.
    pub(super) cpu: f64,
    /// Megabytes.
    pub(super) memory: f64,
    /// Bytes logged.
    pub(super) logged: f64,
}

impl Client {
    /// Opens a stream and waits for its first event.
    pub(super) async fn open(program: &Program, token: &str, job: &Value, epoch: Instant) -> Self {
        let mut lambda = Lambda::start(program, None).await;
        let (used, logged) = (ms(lambda.usage().cpu), lambda.logged());
        let text = |field: &str| job[field].as_str().unwrap_or_default().to_owned();
        let changes = [("ACCESS_TOKEN", token), (ROOM, &text("chatroom_id")), (REPLY, &text("reply_id"))];
        let pieces = lambda.stream(event("reply-stream-resume-url", &changes));
        let (arrived, lags) = (String::new(), Vec::new());
        let mut client = Self { lambda, pieces, epoch, arrived, newest: 0, lags, used, logged };
        match client.next().await {
            Some((name, ..)) if name == "snapshot" => client,
            _ => panic!("no stream: {}\n{}", client.arrived, client.lambda.log_tail()),
        }
    }

    /// Reads the stream to its end.
    pub(super) async fn watch(mut self) -> Watched {
        let mut last = String::new();
        while let Some((name, text, at)) = self.next().await {
            if name == "snapshot" || name == "delta" {
                self.note(&text, at);
            }
            last = name;
        }
        assert_eq!(last, "done", "a stream that ended before its reply");
        let billed = ms(self.lambda.ended().await).ceil();
        let usage = self.lambda.usage();
        let logged = u32::try_from(self.lambda.logged() - self.logged).unwrap_or(u32::MAX);
        Watched {
            lags: self.lags,
            billed,
            cpu: ms(usage.cpu) - self.used,
            memory: mb(usage.peak_memory),
            logged: logged.into(),
        }
    }

    /// The next event with data: its name, its text, and when it came.
    async fn next(&mut self) -> Option<(String, String, Instant)> {
        let mut at = self.epoch;
        loop {
            while let Some(end) = self.arrived.find("\n\n") {
                let found = read(&self.arrived[..end]);
                self.arrived.drain(..end + 2);
                if let Some((name, text)) = found {
                    return Some((name, text, at));
                }
            }
            let (now, piece) = self.pieces.recv().await?;
            at = now;
            self.arrived += &String::from_utf8_lossy(&piece);
        }
    }

    /// Notes how late each new piece of the text is: its text is when it was written.
    fn note(&mut self, text: &str, at: Instant) {
        let at = u64::try_from((at - self.epoch).as_micros()).unwrap_or(u64::MAX);
        for written in text.split_whitespace().filter_map(|word| word.parse::<u64>().ok()) {
            if written > self.newest {
                self.newest = written;
                let late = u32::try_from(at.saturating_sub(written)).unwrap_or(u32::MAX);
                self.lags.push(f64::from(late) / 1e3);
            }
        }
    }
}

/// The name and the text of an event; `None` if it has no data.
fn read(block: &str) -> Option<(String, String)> {
    let line = |field: &str| block.lines().find_map(|line| line.strip_prefix(field));
    let data: Value = serde_json::from_str(line("data: ")?).expect("JSON");
    let text = data["content"].as_str().unwrap_or_default().to_owned();
    Some((line("event: ")?.to_owned(), text))
}
