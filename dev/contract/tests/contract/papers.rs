//! What the documents say about the sources is true.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::template::root;

/// The targets of the links in a text, as they are written.
fn links(text: &str) -> Vec<&str> {
    text.split("](").skip(1).filter_map(|rest| rest.split(')').next()).collect()
}

#[test]
fn every_link_to_a_file_leads_to_one() {
    let mut papers: Vec<PathBuf> =
        fs::read_dir(root().join("docs")).unwrap().map(|file| file.unwrap().path()).collect();
    papers.extend(["README.md", "dev/standins/README.md"].map(|name| root().join(name)));
    for paper in papers.iter().filter(|path| path.extension().is_some_and(|extension| extension == "md")) {
        let text = fs::read_to_string(paper).unwrap();
        for link in links(&text).into_iter().filter(|link| !link.contains("://") && !link.starts_with('#')) {
            let target = paper.parent().unwrap().join(link.split('#').next().unwrap());
            assert!(target.exists(), "{}: {link}", paper.display());
        }
    }
}

/// The files that are listed under a heading of CONTRIBUTING.md, as paths in the project.
fn listed(heading: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(root().join("docs/CONTRIBUTING.md")).unwrap();
    let (_, section) = text.split_once(&format!("\n## {heading}\n")).expect("the heading");
    let steps =
        section.split("\n## ").next().unwrap().lines().filter(|line| line.starts_with(|c: char| c.is_ascii_digit()));
    steps.flat_map(links).map(|link| link.trim_start_matches("../").to_owned()).collect()
}

/// The files under version control that contain `word`, without generated files and documents.
fn naming(word: &str) -> BTreeSet<String> {
    let found = Command::new("git").args(["grep", "-lw", word]).current_dir(root()).output().expect("git");
    let names = String::from_utf8(found.stdout).unwrap();
    names.lines().filter(|name| !name.starts_with("docs/") && *name != own()).map(str::to_owned).collect()
}

/// This file.
fn own() -> &'static str {
    "dev/contract/tests/contract/papers.rs"
}

#[test]
fn an_endpoint_needs_the_listed_four_files_and_no_other() {
    let listed = listed("Add an endpoint");
    assert_eq!(listed.len(), 4, "{listed:?}");
    let sources: BTreeSet<_> = listed.iter().filter(|path| path.contains("/src/")).cloned().collect();
    assert_eq!(sources, naming("delete_room"), "the files that name the example");
    let read = |name: &str| fs::read_to_string(root().join(name)).unwrap();
    let test = listed.iter().find(|path| path.contains("/tests/")).expect("a test");
    assert!(read(test).contains(".delete(&"), "{test}");
    let event = listed.iter().find(|path| path.starts_with("events/")).expect("an event");
    assert!(read(event).contains("\"DELETE\""), "{event}");
    assert!(Path::new(&root()).join(event).exists());
}
