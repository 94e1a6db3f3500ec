//! One contract, made from the code: the OpenAPI document, the list of problems, and the Postman collection.
//!
//! - The functions declare their operations (`openapi()` of each); [`document()`] merges them.
//! - `finish` adds what all operations share: headers, required fields; `refusals` the problems, `limits` the limits.
//! - `order` tells the place of each operation in the journey.
//! - `examples` makes examples from those of the types; `links` leads from one operation to another.
//! - `problems` writes the list of problems, `postman` the collection.

mod document;
mod examples;
mod finish;
mod limits;
mod links;
mod order;
mod postman;
mod problems;
mod refusals;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

pub use document::{Build, Contract, FUNCTIONS, document};
pub use postman::{Gap, collection};

/// The folder of the project.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The generated files, by their paths in the project.
pub fn files() -> Result<[(&'static str, String); 3], Gap> {
    let document = document();
    Ok([
        ("docs/openapi.json", format!("{document:#}\n")),
        ("docs/postman_collection.json", format!("{:#}\n", postman::collection(&document)?)),
        ("docs/problems.md", problems::markdown()),
    ])
}

/// Adds to a response a header that other responses have as well.
fn header(response: &mut Value, name: &str, component: &str) {
    response["headers"][name] = json!({ "$ref": format!("#/components/headers/{component}") });
}
