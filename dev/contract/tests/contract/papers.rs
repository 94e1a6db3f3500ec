//! What the documents say about the sources is true.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use shared::domain::{Entitlement, Notice, SubscriptionState};
use shared::stripe::HANDLED;

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

/// The section of docs/billing.md with this heading.
fn of_billing(heading: &str) -> String {
    let text = fs::read_to_string(root().join("docs/billing.md")).unwrap();
    let (_, section) = text.split_once(&format!("\n## {heading}\n")).expect("the heading");
    section.split("\n## ").next().unwrap().to_owned()
}

#[test]
fn every_state_of_a_subscription_is_a_row_of_the_table_of_states() {
    let states = of_billing("States");
    let rows: Vec<Vec<&str>> = states
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    for row in &rows {
        assert!(row.len() == 4 && row.iter().all(|cell| !cell.is_empty()), "gets, sees and can do: {row:?}");
    }
    for state in SubscriptionState::ALL {
        let word = format!("`{}`", state.as_str());
        let row = rows.iter().find(|row| row[0] == word).unwrap_or_else(|| panic!("no row of {word}"));
        let pro = state.entitlement() != Entitlement::Basic;
        assert_eq!(row[1].starts_with("Pro"), pro, "what {word} gets");
    }
    for notice in Notice::ALL {
        assert!(states.contains(&format!("`notice` `{}`", notice.as_str())), "{notice:?}");
    }
}

#[test]
fn the_events_to_select_are_those_that_are_handled() {
    let setup = of_billing("Setting up");
    let block = setup.split("```text").nth(1).and_then(|rest| rest.split("```").next()).expect("a list");
    let listed: BTreeSet<&str> = block.split_whitespace().collect();
    assert_eq!(listed, HANDLED.into_iter().collect());
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
    // The contract and the client's types are made of the sources.
    let is_made = |name: &str| ["docs/", "clients/"].iter().any(|folder| name.starts_with(folder));
    names.lines().filter(|name| !is_made(name) && *name != own()).map(str::to_owned).collect()
}

/// This file.
fn own() -> &'static str {
    "dev/contract/tests/contract/papers.rs"
}

#[test]
fn an_endpoint_needs_the_listed_five_files_and_no_other() {
    let listed = listed("Add an endpoint");
    assert_eq!(listed.len(), 5, "{listed:?}");
    let sources: BTreeSet<_> = listed.iter().filter(|path| path.contains("/src/")).cloned().collect();
    assert_eq!(sources, naming("delete_room"), "the files that name the example");
    let read = |name: &str| fs::read_to_string(root().join(name)).unwrap();
    let test = listed.iter().find(|path| path.contains("/tests/")).expect("a test");
    assert!(read(test).contains(".delete(&"), "{test}");
    let event = listed.iter().find(|path| path.starts_with("events/")).expect("an event");
    assert!(read(event).contains("\"DELETE\""), "{event}");
    assert!(Path::new(&root()).join(event).exists());
}
