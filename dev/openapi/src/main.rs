//! `cargo run -p openapi [-- --check]`: writes the generated files, or fails if they are stale.

use std::process::ExitCode;

fn main() -> ExitCode {
    let check = std::env::args().any(|argument| argument == "--check");
    let files = match openapi::files() {
        Ok(files) => files,
        Err(gap) => {
            eprintln!("{gap}");
            return ExitCode::FAILURE;
        }
    };
    let mut stale = false;
    for (path, text) in files {
        let path = openapi::root().join(path);
        if std::fs::read_to_string(&path).is_ok_and(|present| present == text) {
            continue;
        }
        if check {
            eprintln!("{} is stale: cargo run -p openapi", path.display());
            stale = true;
        } else if let Err(error) = std::fs::write(&path, text) {
            eprintln!("{}: {error}", path.display());
            stale = true;
        }
    }
    if stale { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
