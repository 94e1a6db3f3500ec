//! Runs the Stripe stand-in until it is stopped:
//! `stripe-standin --listen 127.0.0.1:8702 --webhook-url URL --webhook-secret whsec_… --price price_pro`

use std::path::PathBuf;
use std::process::ExitCode;

use standins::Stripe;
use standins::stripe::Config;

const USAGE: &str = "usage: stripe-standin --listen ADDR --price ID [--webhook-url URL] [--webhook-secret SECRET[,SECRET…]] \
     [--keep FILE]";

fn main() -> ExitCode {
    let (config, keep) = match config(std::env::args().skip(1)) {
        Ok(read) => read,
        Err(problem) => {
            eprintln!("{problem}\n{USAGE}");
            return ExitCode::FAILURE;
        }
    };
    let listen = config.addr;
    let started = match keep {
        Some(file) => Stripe::start_kept(config, file),
        None => Stripe::start(config),
    };
    match started {
        Ok(stripe) => {
            println!("stripe-standin listens on {}", stripe.url());
            loop {
                std::thread::park();
            }
        }
        Err(error) => {
            eprintln!("stripe-standin cannot listen on {listen}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn config(mut args: impl Iterator<Item = String>) -> Result<(Config, Option<PathBuf>), String> {
    let (mut addr, mut price_id, mut webhook_url, mut webhook_secrets) = (None, None, None, Vec::new());
    let mut keep = None;
    while let Some(flag) = args.next() {
        let value = args.next().ok_or_else(|| format!("{flag} needs a value"))?;
        match flag.as_str() {
            "--listen" => addr = Some(value.parse().map_err(|error| format!("--listen {value}: {error}"))?),
            "--price" => price_id = Some(value),
            "--webhook-url" => webhook_url = Some(value).filter(|url| !url.is_empty()),
            "--webhook-secret" => webhook_secrets.extend(value.split(',').map(str::to_owned)),
            "--keep" => keep = Some(PathBuf::from(value)),
            _ => return Err(format!("unknown flag {flag}")),
        }
    }
    let addr = addr.ok_or("--listen is missing")?;
    let price_id = price_id.ok_or("--price is missing")?;
    Ok((Config { addr, webhook_url, webhook_secrets, price_id }, keep))
}
