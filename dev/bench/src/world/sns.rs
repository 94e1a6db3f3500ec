//! A stand-in for SNS that takes every message.

use axum::Router;
use axum::routing::post;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

const PUBLISHED: &str = "<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>";

/// The server; it stops when dropped.
#[derive(Debug)]
pub(super) struct Sns {
    url: String,
    server: JoinHandle<()>,
}

impl Sns {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let router = Router::new().route("/", post(async || PUBLISHED));
        Self { url, server: tokio::spawn(async move { axum::serve(listener, router).await.expect("a server") }) }
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Sns {
    fn drop(&mut self) {
        self.server.abort();
    }
}
