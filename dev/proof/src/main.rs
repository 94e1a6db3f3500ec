//! Runs one invocation of a function, read from standard input, in a process that may be killed at any moment. The
//! settings are a function's; `PROOF_NOW` sets its clock. At the end it prints the function's response.

use std::error::Error;
use std::io::Read;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use http::Request;
use maintenance::{Maintenance, Task};
use proof::{Call, Order};
use serde_json::{Value, json};
use shared::config::Env;
use shared::domain::{Clock, Timestamp};
use tower::ServiceExt;

/// The time limit of an invocation; the invocations here are short.
const TIME: Duration = Duration::from_secs(300);

fn main() -> Result<(), Box<dyn Error>> {
    shared::tls::install_provider();
    let mut order = String::new();
    std::io::stdin().read_to_string(&mut order)?;
    let order = serde_json::from_str(&order)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let answer = runtime.block_on(carry_out(order))?;
    println!("{answer}");
    Ok(())
}

async fn carry_out(order: Order) -> Result<Value, Box<dyn Error>> {
    let env = Env::process();
    let now = Timestamp::from_unix_millis(env.required("PROOF_NOW")?.parse()?).ok_or("a time out of range")?;
    let clock = Clock::from_fn(move || now);
    Ok(match order {
        Order::Call(call) => {
            let response = chatroom::router(&env, clock)?.oneshot(request(call)?).await?;
            let (status, body) = (response.status().as_u16(), to_bytes(response.into_body(), usize::MAX).await?);
            json!({ "status": status, "body": serde_json::from_slice::<Value>(&body).unwrap_or_default() })
        }
        Order::Work(event) => {
            let response = gemini_worker::Worker::from_env(&env, clock)?.handle(*event, TIME).await;
            let again = response.batch_item_failures.into_iter().map(|failure| failure.item_identifier);
            json!(again.collect::<Vec<_>>())
        }
        Order::Sweep => match Maintenance::from_env(&env, clock)?.handle(Task::Sweep).await {
            Ok(done) => json!(done),
            Err(error) => json!(error.to_string()),
        },
    })
}

fn request(call: Call) -> http::Result<Request<Body>> {
    let mut request = Request::builder().method(call.method.as_str()).uri(call.path);
    request = request.header("authorization", format!("Bearer {}", call.token));
    if let Some(key) = call.key {
        request = request.header("idempotency-key", key);
    }
    if call.body.is_empty() {
        return request.body(Body::empty());
    }
    request.header("content-type", "application/json").body(Body::from(call.body))
}
