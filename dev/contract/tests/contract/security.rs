//! docs/security.md names tests that exist, and is complete by its lists.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use crate::template::root;

fn page() -> String {
    fs::read_to_string(root().join("docs/security.md")).unwrap()
}

/// The rows of the tables of a section, as cells.
fn rows<'a>(page: &'a str, heading: &str) -> Vec<Vec<&'a str>> {
    let (_, section) = page.split_once(&format!("\n## {heading}\n")).unwrap_or_else(|| panic!("no section {heading}"));
    let section = section.split("\n## ").next().unwrap();
    let lines = section.lines().filter(|line| line.starts_with("| "));
    lines.map(|line| line.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

/// The names in a text that can only be tests': four words or more in snake case, in backticks.
fn named(text: &str) -> BTreeSet<&str> {
    let is_test = |name: &&str| {
        name.split('_').count() >= 4
            && name.split('_').all(|word| !word.is_empty())
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    };
    text.split('`').skip(1).step_by(2).filter(is_test).collect()
}

/// The functions of all sources that are tests.
fn tests() -> BTreeSet<String> {
    let files = Command::new("git").args(["ls-files", "*.rs"]).current_dir(root()).output().expect("git");
    let mut found = BTreeSet::new();
    for file in String::from_utf8(files.stdout).unwrap().lines() {
        let Ok(text) = fs::read_to_string(root().join(file)) else { continue };
        for after in text.split("#[test]").skip(1).chain(text.split("#[tokio::test").skip(1)) {
            let name = after.split_once("fn ").and_then(|(_, rest)| rest.split(['(', '<']).next());
            found.extend(name.map(str::to_owned));
        }
    }
    found
}

#[test]
fn every_test_that_is_named_exists() {
    let (page, tests) = (page(), tests());
    assert!(tests.contains("every_test_that_is_named_exists"), "the sources were read");
    let missing: Vec<_> = named(&page).into_iter().filter(|name| !tests.contains(*name)).collect();
    assert!(missing.is_empty(), "docs/security.md names tests that do not exist: {missing:#?}");
}

#[test]
fn every_risk_of_the_top_ten_has_a_test() {
    let page = page();
    let rows = rows(&page, "The OWASP API Security Top 10 (2023)");
    for number in 1..=10 {
        let row = rows.iter().find(|row| row[0].starts_with(&format!("API{number} ")));
        let row = row.unwrap_or_else(|| panic!("no row of API{number}"));
        assert!(row.len() == 3 && !row[1].is_empty() && !named(row[2]).is_empty(), "{row:?}");
    }
}

#[test]
fn every_chapter_of_the_standard_is_judged_with_a_reason() {
    let page = page();
    let rows = rows(&page, "ASVS 5.0, level 2: what is not met");
    for chapter in 1..=17 {
        assert!(rows.iter().any(|row| row[0].starts_with(&format!("V{chapter} "))), "V{chapter}");
    }
    for row in rows.iter().skip(1).filter(|row| row[1] != "nothing") {
        assert!(row.len() == 3 && !row[1].is_empty() && !row[2].is_empty(), "{row:?}");
    }
}

#[test]
fn the_countries_of_1_are_excluded_as_the_page_says() {
    let page = page();
    let list = page.split("\n```text\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a list").trim();
    let excluded: BTreeSet<&str> = list.split(',').filter_map(|item| item.strip_prefix('!')).collect();
    let rows = rows(&page, "The countries of +1");
    let cells = rows.iter().skip(1).flat_map(|row| row.iter().step_by(2)).flat_map(|codes| codes.split(", "));
    let told: BTreeSet<&str> =
        cells.filter(|code| code.bytes().all(|byte| byte.is_ascii_digit())).chain(["1900"]).collect();
    assert_eq!(excluded, told);
    let config = fs::read_to_string(root().join("samconfig.toml")).unwrap();
    let deployed = config.matches(&format!("\"OtpAllowedCountries={list}\"")).count();
    assert_eq!(deployed, 2, "staging and prod send codes to these countries");
}
