//! Recorded events, changed in odd ways: path, query, headers, cookies, body, stage, method, and any field at all.

use std::fs;

use serde_json::{Value, json};

use crate::events::{event, events_folder};
use crate::fields::{collect, remove, set};

/// What begins, ends or breaks something somewhere.
const ODD: [&str; 40] = [
    "",
    " ",
    "\"",
    "'",
    "<",
    ">",
    "\\",
    "/",
    "//",
    "..",
    "../..",
    "%",
    "%zz",
    "%00",
    "%2F",
    "%C3%28",
    "+",
    ";",
    "&",
    "=",
    "?",
    "#",
    "\0",
    "\u{1f}",
    "\u{7f}",
    "é",
    "茶",
    "\u{1f600}",
    "\u{feff}",
    "\u{fffd}",
    "\r\nx: y",
    "null",
    "{}",
    "[]",
    "{\"a\":",
    "-1",
    "1e999",
    "Bearer ",
    "a=b",
    "${jndi:x}",
];
const HEADERS: [&str; 16] = [
    "authorization",
    "content-type",
    "content-length",
    "accept",
    "accept-encoding",
    "cookie",
    "host",
    "if-none-match",
    "idempotency-key",
    "origin",
    "access-control-request-method",
    "stripe-signature",
    "user-agent",
    "x-forwarded-for",
    "x-operator-key",
    "x-request-id",
];
const TYPES: [&str; 5] =
    ["application/json", "application/json; charset=utf-8", "text/plain", "multipart/form-data; boundary=x", "*/*"];
const METHODS: [&str; 11] =
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE", "get", "G ET"];
/// The length of an id.
const ID: usize = 36;
/// The most ids that are remembered.
const MOST_IDS: usize = 20;

/// An endless sequence of events. The same seed makes the same sequence, as long as the answers are the same.
pub(crate) struct Mutations {
    random: u64,
    recorded: Vec<Value>,
    /// Ids that answers contained: a changed path may lead to something that exists.
    ids: Vec<String>,
    tokens: Vec<String>,
}

impl Mutations {
    /// Makes them of the recorded events of a function, with these access tokens.
    pub(crate) fn of(function: &str, tokens: Vec<String>, seed: u64) -> Self {
        let files = fs::read_dir(events_folder()).expect("events").map(|file| file.expect("an event").path());
        let mut names: Vec<_> = files.filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned())).collect();
        names.sort();
        let own = names.iter().filter(|name| name.starts_with(function));
        let recorded = own.map(|name| event(name, &[]).parse().expect("JSON")).collect();
        Self { random: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1, recorded, ids: Vec::new(), tokens }
    }

    /// The next event.
    pub(crate) fn event(&mut self) -> Value {
        let recorded = self.pick(self.recorded.len());
        let mut event = self.recorded[recorded].clone();
        let token = self.pick(self.tokens.len());
        set(&mut event, &["headers", "authorization"], json!(format!("Bearer {}", self.tokens[token])));
        self.know_ids(&mut event);
        for _ in 0..self.pick(4) {
            self.change(&mut event);
        }
        event
    }

    /// Remembers the ids in an answer.
    pub(crate) fn learn(&mut self, answer: &Value) {
        let body: Value = answer["body"].as_str().and_then(|body| body.parse().ok()).unwrap_or_default();
        let own = [&body["id"], &body["message"]["id"], &body["reply"]["id"], &body["data"][0]["id"]];
        for id in own.into_iter().filter_map(Value::as_str) {
            if self.ids.len() == MOST_IDS {
                self.ids.remove(0);
            }
            self.ids.push(id.to_owned());
        }
    }

    fn change(&mut self, event: &mut Value) {
        let odd = self.odd();
        match self.pick(12) {
            0 => self.change_path(event, &odd),
            1 => {
                set(event, &["requestContext", "stage"], json!(odd));
                let path = event["rawPath"].as_str().unwrap_or_default();
                let path = format!("/{odd}{path}");
                set(event, &["rawPath"], json!(path));
            }
            2 => set(event, &["rawQueryString"], json!(format!("limit=1&cursor={odd}&{odd}&wait=0"))),
            3 => {
                let name = self.pick(HEADERS.len());
                set(event, &["headers", HEADERS[name]], json!(odd));
            }
            4 => set(event, &["headers", &odd], json!(odd)),
            5 => {
                let kind = self.pick(TYPES.len());
                set(event, &["headers", "content-type"], json!(TYPES[kind]));
            }
            6 => set(event, &["cookies"], json!([odd, "a=b"])),
            7 => {
                let is_binary = self.pick(2) == 0;
                set(event, &["body"], json!(odd));
                set(event, &["isBase64Encoded"], json!(is_binary));
            }
            8 => self.change_body(event),
            9 => {
                let method = self.pick(METHODS.len());
                set(event, &["requestContext", "http", "method"], json!(METHODS[method]));
            }
            10 => set(event, &["requestContext", "http", "sourceIp"], json!(odd)),
            _ => self.change_any(event),
        }
    }

    /// Replaces the recorded ids of the path by such that exist, if any are known.
    fn know_ids(&mut self, event: &mut Value) {
        let path = event["rawPath"].as_str().unwrap_or_default().to_owned();
        let segments = path.split('/').map(|segment| match self.ids.len() {
            known @ 1.. if segment.len() == ID => {
                let id = self.pick(known);
                self.ids[id].clone()
            }
            _ => segment.to_owned(),
        });
        let path = segments.collect::<Vec<_>>().join("/");
        set(event, &["rawPath"], json!(path));
    }

    /// Replaces a segment of the path.
    fn change_path(&mut self, event: &mut Value, odd: &str) {
        let path = event["rawPath"].as_str().unwrap_or("/").to_owned();
        let mut segments: Vec<&str> = path.split('/').collect();
        let at = self.pick(segments.len());
        segments[at] = odd;
        set(event, &["rawPath"], json!(segments.join("/")));
    }

    /// Changes a field of a body that is JSON.
    fn change_body(&mut self, event: &mut Value) {
        let body: Option<Value> = event["body"].as_str().and_then(|body| body.parse().ok());
        let mut body = body.unwrap_or_else(|| json!({}));
        self.change_any(&mut body);
        set(event, &["body"], json!(body.to_string()));
    }

    /// Replaces or removes any one field, however deep it is.
    fn change_any(&mut self, value: &mut Value) {
        let mut places = Vec::new();
        collect(value, "", &mut places);
        let at = self.pick(places.len());
        let (place, odd) = (&places[at], self.odd());
        let odd = [json!(null), json!(true), json!(7), json!(-1e300), json!(odd), json!([]), json!({}), json!([{}])];
        let chosen = self.pick(odd.len() + 1);
        match odd.get(chosen) {
            Some(odd) => value.pointer_mut(place).map_or((), |field| *field = odd.clone()),
            None => remove(value, place),
        }
    }

    /// A text that is odd, or an id.
    fn odd(&mut self) -> String {
        match self.pick(8) {
            0 if !self.ids.is_empty() => {
                let id = self.pick(self.ids.len());
                self.ids[id].clone()
            }
            1 => ODD[self.pick(ODD.len())].repeat(1 + self.pick(3_000)),
            2 => (0..self.pick(12))
                .map(|_| char::from_u32(u32::try_from(self.pick(0x3000)).unwrap_or(0)).unwrap_or('x'))
                .collect(),
            _ => (0..=self.pick(3)).map(|_| ODD[self.pick(ODD.len())]).collect(),
        }
    }

    /// A number below `below`, or 0 (xorshift).
    fn pick(&mut self, below: usize) -> usize {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        usize::try_from(self.random >> 33).unwrap_or_default().checked_rem(below).unwrap_or_default()
    }
}
