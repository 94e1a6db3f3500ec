//! Every route of a router is reached by one route of the template, and every event uses one of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::Value;

use crate::functions::folders;
use crate::template::{Function, Template};

/// The paths of a function's router. The webhook function also has the root path, for its function URL, and ops the documents.
fn paths(function: &str) -> BTreeSet<String> {
    let declared = openapi::FUNCTIONS.into_iter().find(|(name, ..)| *name == function);
    let contract = declared.map(|(_, contract, _)| serde_json::to_value(contract()).unwrap());
    let paths = contract.iter().flat_map(|contract| contract["paths"].as_object().unwrap().keys().cloned());
    // These are not in the contract.
    let others: &[&str] = match function {
        "stripe-webhook" => &["/"],
        "ops" => &["/docs", "/docs/docs.js", "/openapi.json"],
        _ => &[],
    };
    paths.chain(others.iter().map(|path| (*path).to_owned())).collect()
}

/// Whether a route of the template leads a path to its function.
fn covers(route: &str, path: &str) -> bool {
    match route.strip_prefix("ANY ").map(|pattern| (pattern, pattern.strip_suffix("{proxy+}"))) {
        Some((_, Some(prefix))) => path.strip_prefix(prefix).is_some_and(|rest| !rest.is_empty()),
        Some((pattern, None)) => pattern == path,
        None => false,
    }
}

/// The names of a function's events: they begin with its name, and not with a longer name of another function.
pub(crate) fn events_of(function: &str) -> BTreeSet<String> {
    let files = fs::read_dir(testkit::events_folder()).unwrap();
    let names = files.map(|file| file.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned());
    names.filter(|name| owner(name).as_deref() == Some(function)).collect()
}

fn owner(event: &str) -> Option<String> {
    folders().into_iter().filter(|name| event == name || event.starts_with(&format!("{name}-"))).max_by_key(String::len)
}

#[test]
fn every_route_of_a_router_is_reached_by_one_route_of_the_template() {
    let functions = Template::read().functions();
    for function in functions.iter().filter(|function| !function.routes.is_empty()) {
        let paths = paths(&function.name);
        assert!(!paths.is_empty(), "{} has no routes", function.name);
        for path in &paths {
            let mut reached: Vec<_> = functions.iter().flat_map(|other| reaching(other, path)).collect();
            // An exact path goes before one with a greedy variable.
            if reached.iter().any(|(_, route)| !route.contains("{proxy+}")) {
                reached.retain(|(_, route)| !route.contains("{proxy+}"));
            }
            match reached.as_slice() {
                [(id, _)] => assert_eq!(*id, function.id, "{path}"),
                [] => assert!(path == "/" && function.has_url, "nothing leads to {path} of {}", function.name),
                many => panic!("{path}: {many:?}"),
            }
        }
    }
}

fn reaching<'a>(function: &'a Function, path: &str) -> Vec<(&'a str, &'a str)> {
    let routes = function.routes.iter().filter(|route| covers(route, path));
    routes.map(|route| (function.id.as_str(), route.as_str())).collect()
}

#[test]
fn every_route_of_the_template_leads_to_a_route_of_its_router() {
    for function in Template::read().functions() {
        let paths = if function.routes.is_empty() { BTreeSet::new() } else { paths(&function.name) };
        for route in &function.routes {
            let leads = paths.iter().any(|path| covers(route, path));
            assert!(leads || route == "$default" && function.name == "ops", "{route} of {}", function.name);
        }
    }
}

#[test]
fn the_streaming_door_is_one_function_behind_a_url_and_a_rest_api() {
    let template = Template::read();
    let function = template.function_of("reply-stream");
    assert!(function.has_url && function.routes.is_empty(), "{function:?}");
    let routes = template.rest_routes();
    let [[route, integration]] = routes.as_slice() else { panic!("{routes:?}") };
    assert!(integration.contains("/${ReplyStreamFunction.Arn}/"), "{integration}");
    assert!(integration.ends_with("/response-streaming-invocations"), "{integration}");
    for path in paths("reply-stream") {
        assert!(covers(route, &path), "{path}");
        for door in ["url", "rest"] {
            let recorded = events_of("reply-stream").into_iter().filter(|name| name.ends_with(&format!("-{door}")));
            let mut events = recorded.map(|name| serde_json::from_str::<Value>(&testkit::event(&name, &[])).unwrap());
            let is_sent = events.any(|event| matches(&path, event[place(door)].as_str().unwrap()));
            assert!(is_sent, "{path}: no event of {door}");
        }
    }
}

/// Where the path is in an event of a door.
fn place(door: &str) -> &'static str {
    if door == "rest" { "path" } else { "rawPath" }
}

#[test]
fn every_unknown_path_goes_to_ops() {
    let owners: Vec<_> = Template::read()
        .functions()
        .into_iter()
        .filter(|function| function.routes.contains(&"$default".into()))
        .collect();
    assert_eq!(owners.iter().map(|function| function.name.as_str()).collect::<Vec<_>>(), ["ops"]);
}

#[test]
fn every_event_belongs_to_a_function_and_every_function_has_one() {
    let mut names: BTreeSet<String> = BTreeSet::new();
    for function in folders() {
        let events = events_of(&function);
        assert!(!events.is_empty(), "{function} has no event");
        names.extend(events);
    }
    assert_eq!(names.len(), fs::read_dir(testkit::events_folder()).unwrap().count(), "{names:?}");
}

#[test]
fn every_event_uses_a_route_of_its_function_and_every_path_has_an_event() {
    for function in Template::read().functions().iter().filter(|function| !function.routes.is_empty()) {
        let mut missed: BTreeMap<String, bool> = paths(&function.name).into_iter().map(|path| (path, true)).collect();
        for name in events_of(&function.name) {
            let event: Value = serde_json::from_str(&testkit::event(&name, &[])).unwrap();
            let (route, path) = (event["routeKey"].as_str().unwrap(), event["rawPath"].as_str().unwrap());
            let http = &event["requestContext"]["http"];
            assert_eq!(
                (&event["requestContext"]["routeKey"], &http["path"]),
                (&event["routeKey"], &event["rawPath"]),
                "{name}"
            );
            let of_url = event["requestContext"]["domainName"].as_str().unwrap().contains(".lambda-url.");
            let known = if of_url {
                function.has_url && route == "$default"
            } else {
                function.routes.iter().any(|known| known == route)
            };
            assert!(known, "{name}: {route}");
            assert!(route == "$default" || covers(route, path), "{name}: {path}");
            for (_, missed) in missed.iter_mut().filter(|(table, _)| matches(table, path)) {
                *missed = false;
            }
        }
        let missed: Vec<_> = missed.into_iter().filter(|(_, missed)| *missed).collect();
        assert!(missed.is_empty(), "{} has no event for {missed:?}", function.name);
    }
}

/// Whether a path matches a route with `{names}` in it.
pub(crate) fn matches(route: &str, path: &str) -> bool {
    let (route, path): (Vec<_>, Vec<_>) = (route.split('/').collect(), path.split('/').collect());
    route.len() == path.len() && route.iter().zip(&path).all(|(part, is)| part == is || part.starts_with('{'))
}
