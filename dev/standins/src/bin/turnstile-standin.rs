//! Runs the Turnstile stand-in until it is stopped: `turnstile-standin --listen 127.0.0.1:8703`

use std::process::ExitCode;

use standins::Turnstile;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [flag, listen] = args.as_slice() else { return usage() };
    if flag != "--listen" {
        return usage();
    }
    match Turnstile::start(listen.as_str()) {
        Ok(turnstile) => {
            println!("turnstile-standin listens on {}", turnstile.url());
            loop {
                std::thread::park();
            }
        }
        Err(error) => {
            eprintln!("turnstile-standin cannot listen on {listen}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn usage() -> ExitCode {
    eprintln!("usage: turnstile-standin --listen ADDR");
    ExitCode::FAILURE
}
