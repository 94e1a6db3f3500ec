//! Runs the Gemini stand-in until it is stopped: `gemini-standin --listen 127.0.0.1:8701`

use std::process::ExitCode;

use standins::Gemini;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [flag, listen] = args.as_slice() else { return usage() };
    if flag != "--listen" {
        return usage();
    }
    match Gemini::start(listen.as_str()) {
        Ok(gemini) => {
            println!("gemini-standin listens on {}", gemini.url());
            loop {
                std::thread::park();
            }
        }
        Err(error) => {
            eprintln!("gemini-standin cannot listen on {listen}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn usage() -> ExitCode {
    eprintln!("usage: gemini-standin --listen ADDR");
    ExitCode::FAILURE
}
