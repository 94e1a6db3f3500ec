//! Pages that a developer serves on this machine call the local API without being asked.

use e2e::Person;
use reqwest::Method;

const PORTS: [&str; 4] =
    ["http://localhost:5173", "http://127.0.0.1:8080", "http://localhost", "http://127.0.0.1:65535"];
const FOREIGN: [&str; 5] = [
    "https://localhost.example.org",
    "http://localhost:5173.example.org",
    "http://example.org",
    "http://127.0.0.10:80",
    "null",
];

async fn allowed(method: Method, path: &str, origin: &str) -> Option<String> {
    let somebody = Person::new();
    let request = somebody.request(method, path).header("origin", origin);
    let request = request.header("access-control-request-method", "POST");
    let answer = somebody.send(request.header("access-control-request-headers", "authorization,content-type")).await;
    answer.headers.get("access-control-allow-origin").map(|value| value.to_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_page_on_any_port_of_localhost_may_call_the_api() {
    for origin in PORTS {
        assert_eq!(allowed(Method::OPTIONS, "/chatroom", origin).await.as_deref(), Some(origin));
        assert_eq!(allowed(Method::GET, "/user/me", origin).await.as_deref(), Some(origin), "a refusal is read too");
    }
}

#[tokio::test]
async fn a_page_from_elsewhere_may_not() {
    for origin in FOREIGN {
        assert_eq!(allowed(Method::OPTIONS, "/chatroom", origin).await, None, "{origin}");
        assert_eq!(allowed(Method::GET, "/health", origin).await, None, "{origin}");
    }
}
