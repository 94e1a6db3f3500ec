//! The smallest possible Lambda behind an HTTP API; the functions are compared with it.

use axum::Router;
use axum::routing::get;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    lambda_http::run(Router::new().route("/hello", get(async || "Hello"))).await
}
