//! `POST /v1beta/models/{model}:generateContent`, `:streamGenerateContent?alt=sse` and `:countTokens`

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, Uri};
use serde_json::Value;

use super::App;
use super::answer::{self, Chunks};
use super::calls::CallGuard;
use super::fault::Fault;
use super::google_error::GoogleError;
use super::request::Request;
use super::stream::{self, Plan};
use crate::admin::lock;

const ONE: &str = "generateContent";
const STREAM: &str = "streamGenerateContent";
const COUNT: &str = "countTokens";

/// Answers, or fails as the faults say.
pub(crate) async fn generate(
    State(app): State<App>,
    Path(call): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let (model, method) = call.rsplit_once(':').unwrap_or((call.as_str(), ""));
    let json: Result<Value, _> = serde_json::from_slice(&body);
    let mut guard = app.calls.begin(model, method, json.as_ref().cloned().unwrap_or_default());
    let checked = check(model, method, query.as_deref(), &headers)
        .and_then(|()| json.map_err(|error| GoogleError::bad_json(&error.to_string(), "")))
        .and_then(|json| if method == COUNT { Request::to_count(&json, model) } else { Request::parse(&json, model) });
    match checked {
        Ok(request) if method == COUNT => {
            guard.answered(200);
            guard.end("complete");
            Json(request.counted()).into_response()
        }
        Ok(request) => {
            let faults = lock(&app.faults).of(request.last());
            answer(model, method == STREAM, &request, faults, guard).await
        }
        Err(error) => refuse(error, &mut guard),
    }
}

/// Google's response to an unknown path.
pub(crate) async fn unknown_path(uri: Uri) -> Response {
    GoogleError::of_status(404, uri.path()).into_response()
}

/// Refuses a request without a key, or with one that is not valid.
pub(super) fn check_key(headers: &HeaderMap) -> Result<(), GoogleError> {
    match headers.get("x-goog-api-key").map(|key| key.to_str().unwrap_or_default()) {
        None | Some("") => Err(GoogleError::no_key()),
        Some(key) if key.contains("invalid") => Err(GoogleError::bad_key()),
        Some(_) => Ok(()),
    }
}

fn check(model: &str, method: &str, query: Option<&str>, headers: &HeaderMap) -> Result<(), GoogleError> {
    check_key(headers)?;
    if !model.starts_with("gemini-") || ![ONE, STREAM, COUNT].contains(&method) {
        return Err(GoogleError::no_such_model(model, if method.is_empty() { ONE } else { method }));
    }
    let sse = query.is_some_and(|query| query.split('&').any(|pair| pair == "alt=sse"));
    if method == STREAM && !sse {
        return Err(GoogleError::invalid("This stand-in streams with alt=sse only."));
    }
    Ok(())
}

/// The faults of one answer, by the place where they apply.
#[derive(Default)]
struct Script {
    slow: Duration,
    drip: Duration,
    cut: bool,
    malformed: bool,
    huge: bool,
    ending: Option<Fault>,
}

async fn answer(model: &str, streamed: bool, request: &Request, faults: Vec<Fault>, mut guard: CallGuard) -> Response {
    let mut script = Script::default();
    for fault in faults {
        match fault {
            Fault::Hang => std::future::pending().await,
            Fault::Slow(millis) => script.slow = Duration::from_millis(millis),
            Fault::Drip(millis) => script.drip = Duration::from_millis(millis),
            Fault::Cut => script.cut = true,
            Fault::Malformed => script.malformed = true,
            Fault::Huge => script.huge = true,
            other => script.ending = Some(other),
        }
    }
    tokio::time::sleep(script.slow).await;
    if let Some(error) = script.ending.as_ref().and_then(|fault| error_of(fault, model)) {
        return refuse(error, &mut guard);
    }
    guard.answered(200);
    let mut chunks = Chunks::new(model, request);
    if script.huge && streamed {
        return stream::huge(move |text| chunks.text(text, None), guard);
    }
    let (text, finish) = reply(request, script.ending.as_ref());
    if streamed {
        let plan = plan(&mut chunks, &text, &finish, &script);
        return stream::events(plan, guard);
    }
    let whole = special(&mut chunks, script.ending.as_ref()).unwrap_or_else(|| chunks.text(&text, Some(&finish)));
    if script.cut || script.malformed {
        return stream::half(&whole.to_string(), script.cut, guard);
    }
    guard.end("complete");
    Json(whole).into_response()
}

/// The text and finish reason of an answer.
fn reply(request: &Request, ending: Option<&Fault>) -> (String, String) {
    let text = answer::text(request);
    match ending {
        Some(Fault::Finish(reason)) => (text.chars().take(text.chars().count() / 2).collect(), reason.clone()),
        Some(Fault::Empty) => (String::new(), "STOP".to_owned()),
        _ => match request.max_output_tokens {
            Some(limit) if answer::tokens(&text) > limit => {
                (answer::first_tokens(&text, limit), "MAX_TOKENS".to_owned())
            }
            _ => (text, "STOP".to_owned()),
        },
    }
}

/// The single chunk of an answer that never has text.
fn special(chunks: &mut Chunks, ending: Option<&Fault>) -> Option<Value> {
    match ending {
        Some(Fault::Blocked(reason)) => Some(chunks.blocked(reason)),
        Some(Fault::Thinking) => Some(chunks.thought_away(1024)),
        _ => None,
    }
}

fn plan(chunks: &mut Chunks, text: &str, finish: &str, script: &Script) -> Plan {
    let mut events = match special(chunks, script.ending.as_ref()) {
        Some(only) => vec![only.to_string()],
        None => texts(chunks, text, finish),
    };
    let middle = events.len().div_ceil(2);
    if script.malformed {
        events.truncate(middle);
        events.push("{\"candidates\": [{\"content\": {\"parts\": [{\"text\": \"bro".to_owned());
    }
    if script.cut {
        events.truncate(middle);
    }
    Plan { events, drip: script.drip, cut: script.cut }
}

fn texts(chunks: &mut Chunks, text: &str, finish: &str) -> Vec<String> {
    let pieces = answer::pieces(text);
    let signature = chunks.signature().filter(|_| finish == "STOP" && !text.is_empty());
    let last = pieces.len() - 1;
    let end = |index| (index == last && signature.is_none()).then_some(finish);
    let chunk = |(index, piece): (usize, &String)| chunks.text(piece, end(index)).to_string();
    let mut events: Vec<String> = pieces.iter().enumerate().map(chunk).collect();
    events.extend(signature.as_deref().map(|signature| chunks.signed(signature).to_string()));
    events
}

fn error_of(fault: &Fault, model: &str) -> Option<GoogleError> {
    match fault {
        Fault::Status(code) => Some(GoogleError::of_status(*code, model)),
        Fault::RateLimited(seconds) => Some(GoogleError::rate_limited(model, *seconds)),
        Fault::DailyQuota => Some(GoogleError::daily_quota(model)),
        Fault::NoQuota => Some(GoogleError::no_quota(model)),
        _ => None,
    }
}

fn refuse(error: GoogleError, guard: &mut CallGuard) -> Response {
    guard.answered(error.code());
    guard.end("complete");
    error.into_response()
}
