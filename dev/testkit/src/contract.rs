//! The contract, as docs/openapi.json has it: which problems an operation may return.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use serde_json::Value;

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let text = fs::read_to_string(path).expect("docs/openapi.json");
    serde_json::from_str(&text).expect("JSON")
});

/// Asserts that the operation of a method and a path may return the problem. Where there is no operation, only that may be
/// said; the function URL's root is not in the contract.
pub(crate) fn assert_declared(method: &str, path: &str, status: u16, code: &str) {
    let path = path.split('?').next().unwrap_or_default();
    let paths = DOCUMENT["paths"].as_object().expect("paths");
    let found = paths.iter().find(|(route, _)| fits(route, path));
    let operation = found.and_then(|(route, item)| Some((route, item.get(method.to_lowercase())?)));
    let Some((route, operation)) = operation else {
        let is_known = path == "/" || ["not_found", "method_not_allowed"].contains(&code);
        assert!(is_known, "{method} {path} returned {status} {code} and is not in the contract: cargo run -p openapi");
        return;
    };
    let refusals = operation["responses"][status.to_string()]["$ref"].as_str().unwrap_or_default();
    let codes: Vec<_> = refusals.rsplit('/').next().unwrap_or_default().split("-or-").collect();
    assert!(codes.contains(&code), "{method} {route} returned {status} {code}, which it does not declare: {codes:?}");
}

/// Whether a path is one of a route with `{names}` in it.
fn fits(route: &str, path: &str) -> bool {
    let (route, path): (Vec<_>, Vec<_>) = (route.split('/').collect(), path.split('/').collect());
    route.len() == path.len() && route.iter().zip(&path).all(|(part, is)| part == is || part.starts_with('{'))
}
