//! The routers and the document have the same operations.

use std::collections::BTreeSet;
use std::fs;

use http::Method;

use crate::service::{Service, concrete, operations};

#[test]
fn every_function_with_endpoints_is_in_the_document() {
    let documented: BTreeSet<_> = openapi::FUNCTIONS.into_iter().map(|(name, ..)| name.to_owned()).collect();
    let folders = fs::read_dir(openapi::root().join("functions")).unwrap().map(|folder| folder.unwrap().path());
    let has_endpoints = |folder: &std::path::PathBuf| {
        fs::read_to_string(folder.join("src/lib.rs")).unwrap().contains("shared::endpoints!(")
    };
    let names = folders.filter(has_endpoints).map(|folder| folder.file_name().unwrap().to_str().unwrap().to_owned());
    assert_eq!(names.collect::<BTreeSet<_>>(), documented);
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
