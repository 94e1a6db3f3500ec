//! One contract, made of the code: the OpenAPI document and the list of problems.
//!
//! - The functions tell their operations (`openapi()` of each); [`document`] merges them.
//! - [`finish`] adds what holds for all: problems, headers, examples. [`example`] makes those of schemas.
//! - [`problems`] writes the list of problems.

mod document;
mod example;
mod finish;
mod problems;

use std::path::{Path, PathBuf};

pub use document::{Contract, FUNCTIONS, document};

/// The folder of the project.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The files that are made, by their paths in the project.
pub fn files() -> [(&'static str, String); 2] {
    [("docs/openapi.json", format!("{:#}\n", document())), ("docs/problems.md", problems::markdown())]
}
