//! A whole event of the gateway. Any JSON is answered, by a router or with a refusal; nothing panics.
#![no_main]

use std::sync::LazyLock;

use axum::Router;
use axum::http::{HeaderMap, Method, Uri};
use axum::routing::{any, get};
use lambda_http::{Context, LambdaEvent, Service};
use libfuzzer_sys::fuzz_target;
use serde::Deserialize;
use serde_json::Value;
use shared::domain::{ChatroomId, MessageId};
use shared::http::{ClientAddress, Event, Gateway, Json, PageRequest, Path, Query, TrustedProxies, edge};
use tokio::runtime::{Builder, Runtime};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    content: Option<String>,
}

async fn list(ClientAddress(address): ClientAddress, Query(page): Query<PageRequest>) -> String {
    format!("{address} {page:?}")
}

async fn send(Path(ids): Path<(ChatroomId, MessageId)>, Json(request): Json<Request>) -> String {
    format!("{ids:?} {:?}", request.content)
}

async fn other(method: Method, uri: Uri, headers: HeaderMap) -> String {
    format!("{method} {uri} {headers:?}")
}

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Builder::new_current_thread().build().expect("a runtime"));
static ROUTER: LazyLock<Router> = LazyLock::new(|| {
    let routes = Router::new().route("/chatroom", get(list)).route("/{*path}", any(other));
    edge(routes.route("/chatroom/{chatroom}/message/{message}/cancel", any(send)).with_state(TrustedProxies::default()))
});

fuzz_target!(|data: &[u8]| {
    // What is not JSON is never sent.
    if serde_json::from_slice::<Value>(data).is_err() {
        return;
    }
    let event: Event = serde_json::from_slice(data).expect("any JSON is read");
    let is_request = event.0.is_ok();
    let call = Gateway::new(ROUTER.clone()).call(LambdaEvent::new(event, Context::default()));
    let response = serde_json::to_value(RUNTIME.block_on(call).expect("an answer")).expect("an answer for the gateway");
    let status = response["statusCode"].as_u64().expect("a status");
    assert!(is_request || [400, 413].contains(&status), "{status}");
    assert!((200..300).contains(&status) || (400..500).contains(&status), "{status}");
});
