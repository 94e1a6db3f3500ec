//! Recorded events, as AWS hands them to a function.

use std::fs;
use std::path::{Path, PathBuf};

use http::Request;
use lambda_http::Body;

/// The folder of the events.
pub fn events_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events")
}

/// The JSON of `events/{name}.json` with `changes` made: a recorded id becomes one that the test knows. Each must be
/// in it.
pub fn event(name: &str, changes: &[(&str, &str)]) -> String {
    let text = fs::read_to_string(events_folder().join(name).with_extension("json")).expect("an event of that name");
    changes.iter().fold(text, |text, (recorded, known)| {
        assert!(text.contains(recorded), "{recorded} is not in {name}");
        text.replace(recorded, known)
    })
}

/// What the Lambda adapter makes of an event of an HTTP API or a function URL.
pub fn request(event: &str) -> Request<Body> {
    lambda_http::request::from_str(event).expect("an event of an HTTP API or a function URL")
}
