//! Recorded events, as AWS sends them to a function.

use std::fs;
use std::path::{Path, PathBuf};

use http::Request;
use lambda_http::Body;
use shared::http::StreamEvent;

/// The folder of the events.
pub fn events_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events")
}

/// The JSON of `events/{name}.json` with `changes`: each replaces a recorded value by one of the test. The event must
/// contain every recorded value.
pub fn event(name: &str, changes: &[(&str, &str)]) -> String {
    let text = fs::read_to_string(events_folder().join(name).with_extension("json")).expect("an event of that name");
    changes.iter().fold(text, |text, (recorded, known)| {
        assert!(text.contains(recorded), "{recorded} is not in {name}");
        text.replace(recorded, known)
    })
}

/// The request that a function makes from an event of an HTTP API, a function URL or a REST API.
pub fn request(event: &str) -> Request<Body> {
    let event: StreamEvent = serde_json::from_str(event).expect("JSON");
    event.0.expect("an event of one of these").into()
}
