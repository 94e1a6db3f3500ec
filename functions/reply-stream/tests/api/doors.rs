//! Both doors: a function URL and a REST API that streams, with the forms of events that each has.

use futures_util::StreamExt;
use http::StatusCode;
use lambda_http::{Context, LambdaEvent, Service};
use serde_json::{Value, json};
use shared::http::{Gateway, StreamEvent};

use crate::kit::Kit;

const ORIGIN: &str = "https://app.example.com";

fn url(method: &str, path: &str, query: &str, headers: &Value, body: Option<&str>) -> Value {
    json!({
        "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": query, "headers": headers,
        "requestContext": { "stage": "$default", "http": { "method": method, "path": path, "sourceIp": "192.0.2.1" } },
        "body": body, "isBase64Encoded": false,
    })
}

fn rest(method: &str, path: &str, query: &str, headers: &Value, body: Option<&str>) -> Value {
    let lists = |pairs: Vec<(String, String)>| -> Value {
        pairs.into_iter().map(|(name, value)| (name, json!([value]))).collect::<serde_json::Map<_, _>>().into()
    };
    let headers = headers.as_object().unwrap().iter();
    let headers = lists(headers.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect());
    let query = query.split('&').filter_map(|pair| pair.split_once('='));
    let query = lists(query.map(|(name, value)| (name.to_owned(), value.to_owned())).collect());
    json!({
        "resource": "/{proxy+}", "path": path, "httpMethod": method, "multiValueHeaders": headers,
        "multiValueQueryStringParameters": query,
        "requestContext": { "stage": "prod", "path": format!("/prod{path}"), "identity": { "sourceIp": "192.0.2.1" } },
        "body": body, "isBase64Encoded": false,
    })
}

type Form = fn(&str, &str, &str, &Value, Option<&str>) -> Value;
const FORMS: [Form; 2] = [url, rest];

/// The status, the headers, and what the body begins with.
async fn answer(kit: &Kit, event: &Value) -> (StatusCode, http::HeaderMap, String) {
    let event: StreamEvent = serde_json::from_str(&event.to_string()).unwrap();
    let mut gateway = Gateway::streaming(kit.api.router_of(reply_stream::router));
    let mut response = gateway.call(LambdaEvent::new(event, Context::default())).await.unwrap();
    let first = response.stream.next().await.map(Result::unwrap).unwrap_or_default();
    let prelude = response.metadata_prelude;
    (prelude.status_code, prelude.headers, String::from_utf8(first.to_vec()).unwrap())
}

#[tokio::test]
async fn both_forms_of_events_open_the_stream() {
    let kit = Kit::start().await;
    let issued = kit.rooms().post(&kit.events().replace("/events", "/events-ticket"), json!(null)).await.body();
    let (_, query) = issued["events_url"].as_str().unwrap().split_once('?').unwrap();
    let bearer = json!({ "authorization": format!("Bearer {}", kit.user.token()), "last-event-id": "0-0" });
    for form in FORMS {
        for event in [
            form("GET", &kit.events(), "", &bearer, None),
            form("GET", &kit.events(), query, &json!({ "accept": "text/event-stream" }), None),
        ] {
            let (status, headers, first) = answer(&kit, &event).await;
            assert_eq!((status, first.as_str()), (StatusCode::OK, "retry: 1000\n\n"));
            assert_eq!(headers["content-type"], "text/event-stream");
        }
    }
}

#[tokio::test]
async fn both_forms_of_events_send() {
    let kit = Kit::start().await;
    let headers = json!({
        "Authorization": format!("Bearer {}", kit.user.token()), "Accept": "text/event-stream",
        "content-type": "application/json",
    });
    for form in FORMS {
        let body = json!({ "content": "Tea or \u{2615}?" }).to_string();
        let event = form("POST", &format!("/chatroom/{}/message", kit.room), "", &headers, Some(&body));
        let (status, _, first) = answer(&kit, &event).await;
        assert_eq!(status, StatusCode::OK, "{first}");
        assert!(first.starts_with("event: accepted\ndata: {") && first.contains("Tea or ☕?"), "{first}");
    }
}

#[tokio::test]
async fn every_answer_has_a_body() {
    let kit = Kit::with(&[("CORS_ORIGINS", ORIGIN)]).await;
    let none = json!({});
    let preflight = json!({ "origin": ORIGIN, "access-control-request-method": "GET" });
    let bearer = json!({ "authorization": format!("Bearer {}", kit.user.token()), "if-none-match": "*" });
    for form in FORMS {
        for (method, path, headers) in [
            ("GET", "/", &none),
            ("GET", &kit.events(), &none),
            ("HEAD", &kit.events(), &bearer),
            ("OPTIONS", &kit.events(), &none),
            ("OPTIONS", &kit.events(), &preflight),
            ("DELETE", &kit.events(), &bearer),
            ("BREW /", "/", &none),
        ] {
            let (status, headers, first) = answer(&kit, &form(method, path, "", headers, None)).await;
            assert!(!first.is_empty() && status != 204 && status != 304, "{method} {path}: {status} {first:?}");
            let length = headers.get("content-length").map(|length| length.to_str().unwrap().parse());
            assert!(
                length.as_ref().is_none_or(|length| *length == Ok(first.len())),
                "{method} {path}: {length:?}, {first:?}"
            );
        }
    }
    let (status, _, first) = answer(&kit, &json!({ "an": "odd event" })).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{first}");
}

#[tokio::test]
async fn a_page_of_a_named_origin_may_read_and_no_other() {
    let kit = Kit::with(&[("CORS_ORIGINS", "https://app.example.com,https://beta.example.com")]).await;
    let ask = |origin| {
        let wanted = "authorization,last-event-id,content-type,idempotency-key";
        json!({ "origin": origin, "access-control-request-method": "GET", "access-control-request-headers": wanted })
    };
    for form in FORMS {
        let (status, headers, _) = answer(&kit, &form("OPTIONS", &kit.events(), "", &ask(ORIGIN), None)).await;
        assert_eq!((status, &headers["access-control-allow-origin"]), (StatusCode::OK, &ORIGIN.parse().unwrap()));
        let sent = headers["access-control-allow-headers"].to_str().unwrap();
        assert!(["authorization", "last-event-id", "idempotency-key"].iter().all(|name| sent.contains(name)), "{sent}");
        let (_, headers, _) =
            answer(&kit, &form("OPTIONS", &kit.events(), "", &ask("https://evil.example"), None)).await;
        assert!(!headers.contains_key("access-control-allow-origin"));
        let origin = json!({ "origin": ORIGIN, "authorization": format!("Bearer {}", kit.user.token()) });
        let (_, headers, _) = answer(&kit, &form("GET", &kit.events(), "", &origin, None)).await;
        assert_eq!(headers["access-control-allow-origin"], ORIGIN);
        assert_eq!(headers["access-control-expose-headers"], "*");
    }
}

#[tokio::test]
async fn events_are_not_packed() {
    let kit = Kit::start().await;
    let headers = json!({ "authorization": format!("Bearer {}", kit.user.token()), "accept-encoding": "gzip" });
    let (_, headers, first) = answer(&kit, &url("GET", &kit.events(), "", &headers, None)).await;
    assert!(!headers.contains_key("content-encoding") && first.starts_with("retry"), "{first}");
}
