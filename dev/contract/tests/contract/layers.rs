//! Which crates may know each other, and which modules of a crate may.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::functions::folders;
use crate::template::root;

/// The layers of `shared`, from the edge down: a module knows only its own layer and those below it.
const LAYERS: [&[&str]; 7] = [
    &["runtime"],
    &["chat"],
    &["http"],
    &["stripe"],
    &["auth", "cache", "db", "queue"],
    &["aws", "fault"],
    &["config", "domain", "telemetry", "tls"],
];

/// The modules of a crate, each with the other modules that its files name.
fn modules(source: &Path) -> BTreeMap<String, BTreeSet<String>> {
    let mut modules: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for entry in fs::read_dir(source).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if !["lib", "main", "bin"].contains(&name.as_str()) {
            read(&path, modules.entry(name).or_default());
        }
    }
    let names: BTreeSet<_> = modules.keys().cloned().collect();
    for (name, known) in &mut modules {
        known.retain(|other| other != name && names.contains(other));
    }
    modules
}

/// Collects what follows `crate::` in a file, or in the files of a folder.
fn read(path: &Path, known: &mut BTreeSet<String>) {
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            read(&entry.unwrap().path(), known);
        }
    } else if path.extension().is_some_and(|extension| extension == "rs") {
        let source = fs::read_to_string(path).unwrap();
        let code = source.lines().map(|line| line.split("//").next().unwrap()).collect::<Vec<_>>().join("\n");
        for used in code.split("crate::").skip(1) {
            // One name, or a group of them in braces.
            let group = used.strip_prefix('{').and_then(|group| group.split('}').next());
            let one = used.split(|char: char| !is_name(char)).next();
            for name in group.or(one).unwrap().split(',') {
                let name = name.trim().split(|char: char| !is_name(char)).next().unwrap();
                known.insert(if name == "Fault" { "fault" } else { name }.to_owned());
            }
        }
    }
}

fn is_name(char: char) -> bool {
    char.is_alphanumeric() || char == '_'
}

#[test]
fn a_module_of_shared_knows_its_own_layer_and_those_below() {
    let layer = |name: &str| LAYERS.iter().position(|layer| layer.contains(&name)).unwrap_or_else(|| panic!("{name}"));
    for (name, known) in modules(&root().join("shared/src")) {
        for other in known {
            assert!(layer(&name) <= layer(&other), "{name} knows {other}, which is above it");
        }
    }
}

#[test]
fn no_modules_of_a_crate_know_each_other_in_a_circle() {
    let functions = folders().into_iter().map(|name| root().join("functions").join(name));
    let dev = ["openapi", "standins", "testkit", "bench", "proof"].map(|name| root().join("dev").join(name));
    for folder in functions.chain(dev).chain([root().join("shared")]) {
        let mut open = modules(&folder.join("src"));
        // A module that knows no module that is left is in no circle.
        while let Some(free) = open.iter().find(|(_, known)| !known.iter().any(|other| open.contains_key(other))) {
            let free = free.0.clone();
            open.remove(&free);
        }
        assert!(open.is_empty(), "{}: a circle among {open:?}", folder.display());
    }
}

#[test]
fn no_function_knows_another() {
    let names = folders();
    for name in &names {
        let manifest = fs::read_to_string(root().join("functions").join(name).join("Cargo.toml")).unwrap();
        let (_, rest) = manifest.split_once("[dependencies]").unwrap();
        let dependencies = rest.split("\n[").next().unwrap();
        let known = dependencies.lines().filter_map(|line| line.split(['.', ' ', '=']).next());
        assert!(known.into_iter().all(|known| known == name || !names.contains(known)), "{name}");
    }
}
