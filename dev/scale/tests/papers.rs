//! The papers quote what the program prints, and the program what the papers say was measured.

#![cfg(test)]

use std::fs;
use std::path::Path;

use scale::{Habits, Load, Month, Paper};

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)).unwrap()
}

#[test]
fn the_paper_on_scaling_has_the_tables_as_they_are_printed() {
    let paper = read("docs/scaling.md");
    let printed = Paper(Habits::USUAL).to_string();
    assert!(paper.contains(printed.trim()), "put this into docs/scaling.md:\n{printed}");
}

#[test]
fn the_readme_has_the_bills_of_a_thousand_and_a_hundred_thousand_users() {
    let readme = read("README.md");
    for users in [1e3, 1e5] {
        let line = Month::of(Load::of(users, Habits::USUAL)).line();
        assert!(readme.contains(&line), "put this into README.md:\n{line}");
    }
}

#[test]
fn a_million_requests_cost_what_was_measured() {
    let measured = read("docs/performance.md");
    let (_, costs) = measured.split_once("\nCost: ").unwrap();
    let total = |row: &str| {
        let line = costs.lines().find(|line| line.trim_start().starts_with(row)).unwrap();
        line.split_whitespace().next_back().unwrap().parse::<f64>().unwrap()
    };
    let of = scale::Millions::MEASURED;
    for (row, million) in [
        ("GET /chatroom/{id}  ", of.read),
        ("POST /chatroom/{id}/message", of.send),
        ("POST /auth/send-otp", of.send_otp),
        ("POST /auth/verify-otp", of.verify_otp),
    ] {
        assert!((total(row) - million).abs() < 0.005, "{row}: {}", total(row));
    }
}
