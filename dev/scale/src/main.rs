//! Prints the tables of docs/scaling.md: `cargo run -p scale`, or with other habits
//! `cargo run -p scale -- messages=5 reply_seconds=15`.

use std::process::ExitCode;

use scale::{Habits, Paper};

fn main() -> ExitCode {
    match Habits::USUAL.with(std::env::args().skip(1)) {
        Ok(habits) => {
            print_out(&Paper(habits));
            ExitCode::SUCCESS
        }
        Err(problem) => {
            print_out(&problem);
            ExitCode::FAILURE
        }
    }
}

fn print_out(text: &impl std::fmt::Display) {
    print!("{text}");
}
