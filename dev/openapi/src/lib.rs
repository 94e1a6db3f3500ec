//! One contract, made of the code: the OpenAPI document, the list of problems, and the Postman collection.
//!
//! - The functions tell their operations (`openapi()` of each); [`document`] merges them.
//! - [`finish`] adds what holds for all: headers, what is required; [`refusals`] the problems, [`limits`] how often.
//! - [`story`] tells the examples, [`links`] what leads from one operation to another.
//! - [`problems`] writes the list of problems, [`postman`] the collection.

mod document;
mod finish;
mod limits;
mod links;
mod postman;
mod problems;
mod refusals;
mod story;

use std::path::{Path, PathBuf};

pub use document::{Contract, FUNCTIONS, document};
pub use postman::{Gap, collection};

/// The folder of the project.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The files that are made, by their paths in the project.
pub fn files() -> Result<[(&'static str, String); 3], Gap> {
    let document = document();
    Ok([
        ("docs/openapi.json", format!("{document:#}\n")),
        ("docs/postman_collection.json", format!("{:#}\n", postman::collection(&document)?)),
        ("docs/problems.md", problems::markdown()),
    ])
}
