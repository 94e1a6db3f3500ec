//! Routers and document name the same operations.

use std::collections::BTreeSet;
use std::fs;

use http::Method;

use crate::service::{Service, operations};

/// The paths of a function's table of routes, as its source lists them.
fn paths(function: &str) -> BTreeSet<String> {
    let source = fs::read_to_string(openapi::root().join("functions").join(function).join("src/lib.rs")).unwrap();
    let routes = source.split(".route(").skip(1).map(|rest| rest.trim_start().trim_start_matches('"'));
    routes.map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

#[test]
fn every_path_of_a_router_is_in_the_document_and_every_path_of_the_document_in_a_router() {
    for (function, contract) in openapi::FUNCTIONS {
        let contract = serde_json::to_value(contract()).unwrap();
        let documented: BTreeSet<_> = contract["paths"].as_object().unwrap().keys().cloned().collect();
        // The root is the function URL's: the same operation as the path of the gateway.
        let routed: BTreeSet<_> = paths(function).into_iter().filter(|path| path != "/").collect();
        assert_eq!(routed, documented, "{function}");
    }
}

#[test]
fn every_function_with_routes_is_in_the_document() {
    let documented: BTreeSet<_> = openapi::FUNCTIONS.into_iter().map(|(name, _)| name.to_owned()).collect();
    let folders = fs::read_dir(openapi::root().join("functions")).unwrap();
    let names = folders.map(|folder| folder.unwrap().file_name().into_string().unwrap());
    let routed: BTreeSet<_> = names.filter(|name| !paths(name).is_empty()).collect();
    assert_eq!(routed, documented);
}

#[tokio::test]
async fn every_path_has_the_methods_of_the_document_and_tells_them() {
    let service = Service::start().await;
    let anyone = service.0.anyone();
    let document = openapi::document();
    let operations = operations(&document);
    for path in document["paths"].as_object().unwrap().keys() {
        let answer = service.at(&anyone, path).raw(Method::OPTIONS, &concrete(path), &[], "").await;
        let has = |allowed: &&str| *allowed != "HEAD" && !allowed.is_empty();
        let allowed: BTreeSet<_> = answer.header("allow").split(',').map(str::trim).filter(has).collect();
        let documented = operations.iter().filter(|(of, ..)| of == path).map(|(_, method, _)| method.as_str());
        assert_eq!(allowed, documented.collect(), "{path}");
        assert_eq!(answer.status(), 204, "{path}");
    }
}

/// A path with ids in it that nobody has.
fn concrete(path: &str) -> String {
    let parts =
        path.split('/').map(|part| if part.starts_with('{') { "019a2b3c-4d5e-7f60-8a1b-2c3d4e5f6071" } else { part });
    parts.collect::<Vec<_>>().join("/")
}
