//! Whatever the gateway sends gets an answer of ours.

#![cfg(test)]

use axum::Router;
use axum::http::{HeaderMap, Method, Uri};
use axum::routing::any;
use lambda_http::{Context, LambdaEvent, Service};
use serde_json::{Value, json};
use shared::domain::ChallengeId;
use shared::http::{Error, Event, Gateway, Json, LARGEST_EVENT, PageRequest, Query, Unusable, edge};
use shared::queue::{OtpJob, Queues};
use testkit::{Sqs, Stack, capture};

/// Answers with what arrived.
async fn echo(method: Method, uri: Uri, headers: HeaderMap, body: axum::body::Bytes) -> Json<Value> {
    let cookie = headers.get("cookie").map(|value| value.to_str().unwrap());
    Json(json!({
        "method": method.as_str(), "path": uri.path(), "query": uri.query(), "cookie": cookie,
        "host": headers.get("host").map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()),
        "body": String::from_utf8_lossy(&body),
    }))
}

async fn page(Query(page): Query<PageRequest>) -> Json<Value> {
    Json(json!({ "cursor": page.cursor }))
}

/// An event of an HTTP API with some parts replaced: `/rawPath`, say.
fn event(changes: &[(&str, Value)]) -> Value {
    let mut event = json!({
        "version": "2.0", "routeKey": "ANY /chatroom/{proxy+}", "rawPath": "/chatroom", "rawQueryString": "",
        "headers": { "host": "api.example.com", "x-forwarded-proto": "https" }, "cookies": ["a=1", "b=2"],
        "requestContext": {
            "accountId": "1", "stage": "$default", "domainName": "api.example.com", "time": "x", "timeEpoch": 1,
            "http": { "method": "POST", "path": "/chatroom", "sourceIp": "192.0.2.1", "protocol": "HTTP/1.1" },
        },
        "body": "hi", "isBase64Encoded": false,
    });
    for (pointer, value) in changes {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        event.pointer_mut(parent).unwrap()[name] = value.clone();
    }
    event
}

/// The status and the body of the answer to an event.
async fn answer(event: &Value) -> (u64, Value) {
    let router = edge(Router::new().route("/page", any(page)).route("/{*path}", any(echo)).route("/", any(echo)));
    let event: Event = serde_json::from_slice(event.to_string().as_bytes()).unwrap();
    let response = Gateway::new(router).call(LambdaEvent::new(event, Context::default())).await.unwrap();
    let response = serde_json::to_value(&response).unwrap();
    let body = response["body"].as_str().unwrap_or_default();
    (response["statusCode"].as_u64().unwrap(), serde_json::from_str(body).unwrap_or_default())
}

#[tokio::test]
async fn a_request_arrives_as_it_was_sent() {
    let (status, body) = answer(&event(&[("/rawQueryString", json!("a=1&b=%22"))])).await;
    let expected = json!({
        "method": "POST", "path": "/chatroom", "query": "a=1&b=%22", "cookie": "a=1; b=2", "host": "api.example.com",
        "body": "hi",
    });
    assert_eq!((status, body), (200, expected));
}

#[tokio::test]
async fn what_a_uri_cannot_hold_is_encoded() {
    for (query, cursor) in [
        ("cursor=\"", "\""),
        ("cursor=<>", "<>"),
        ("cursor=a b", "a b"),
        ("cursor=é", "é"),
        ("cursor=%zz", "%zz"),
        ("cursor=a#b", "a#b"),
        ("cursor=\u{7f}\u{1}", "\u{7f}\u{1}"),
        ("cursor=`{|}^\\[]", "`{|}^\\[]"),
    ] {
        let sent = event(&[("/rawPath", json!("/page")), ("/rawQueryString", json!(query))]);
        assert_eq!(answer(&sent).await, (200, json!({ "cursor": cursor })), "{query}");
    }
    for (path, arrives) in [
        ("/a\"b", "/a%22b"),
        ("/a b?c#d", "/a%20b%3Fc%23d"),
        ("/ü", "/%C3%BC"),
        ("/a\\b", "/a%5Cb"),
        ("//host/x", "//host/x"),
        ("/\u{1}\n", "/%01%0A"),
        ("", "/"),
    ] {
        let (status, body) = answer(&event(&[("/rawPath", json!(path))])).await;
        assert_eq!((status, &body["path"]), (200, &json!(arrives)), "{path}");
    }
}

#[tokio::test]
async fn a_host_that_cannot_be_in_a_uri_is_ignored() {
    for host in ["", "a b", "1.2.3.999", "xn--a", "a:99999", "[::1", "a/b", "@", "ü", "x:y:z", "127.1", "a.1"] {
        for proto in ["https", "", "1:", "javascript", "http, https"] {
            let headers = json!({ "host": host, "x-forwarded-proto": proto });
            let (status, body) = answer(&event(&[("/headers", headers)])).await;
            assert_eq!((status, &body["path"]), (200, &json!("/chatroom")), "{host} {proto}");
        }
    }
    for host in ["api.example.com", "127.0.0.1:8080", "localhost:1", "abc.lambda-url.eu-west-1.on.aws"] {
        let (_, body) = answer(&event(&[("/headers", json!({ "host": host }))])).await;
        assert_eq!(body["host"], json!(host));
    }
}

#[tokio::test]
async fn what_is_no_request_is_malformed() {
    for (pointer, value) in [
        ("/rawPath", json!("chatroom")),
        ("/rawPath", json!("@evil.example/")),
        ("/rawPath", json!(null)),
        ("/rawPath", json!("/".repeat(20_000))),
        ("/rawQueryString", json!("\"".repeat(20_000))),
        ("/headers", json!({ "a b": "c" })),
        ("/headers", json!({ "a": "b\nc" })),
        ("/headers", json!({ "a": ["b"] })),
        (
            "/headers",
            (0..40_000).map(|number| (format!("h{number}"), json!(""))).collect::<serde_json::Map<_, _>>().into(),
        ),
        ("/requestContext/http/method", json!("")),
        ("/requestContext/http/method", json!("GET /")),
        ("/requestContext", json!({ "httpMethod": "GET" })),
        ("/isBase64Encoded", json!(true)),
        ("/isBase64Encoded", json!(1)),
    ] {
        let (status, body) = answer(&event(&[(pointer, value.clone())])).await;
        assert_eq!((status, &body["code"]), (400, &json!("malformed_request")), "{pointer} {value:.40}");
    }
    for event in [json!({}), json!([]), json!(null), json!("text"), json!({ "httpMethod": "GET", "path": "/" })] {
        assert_eq!(answer(&event).await.0, 400, "{event}");
    }
}

#[tokio::test]
async fn stages_bodies_and_cookies_of_every_kind_are_answered() {
    for (pointer, value, part, arrives) in [
        ("/requestContext/stage", json!("v1"), "path", json!("/chatroom")),
        ("/requestContext/stage", json!("a/b \""), "path", json!("/chatroom")),
        ("/requestContext/stage", json!(null), "path", json!("/chatroom")),
        ("/cookies", json!(null), "cookie", json!(null)),
        ("/cookies", json!(["a\n", "\u{0}"]), "cookie", json!(null)),
        ("/body", json!(null), "body", json!("")),
        ("/headers", json!(null), "host", json!(null)),
        ("/requestContext/http/method", json!("BREW"), "method", json!("BREW")),
    ] {
        let (status, body) = answer(&event(&[(pointer, value.clone())])).await;
        assert_eq!((status, &body[part]), (200, &arrives), "{pointer} {value}");
    }
    let (_, body) = answer(&event(&[("/isBase64Encoded", json!(true)), ("/body", json!("/////w=="))])).await;
    assert_eq!(body["body"], json!("\u{fffd}\u{fffd}\u{fffd}\u{fffd}"));
}

#[tokio::test]
async fn what_stands_before_the_path_is_removed() {
    for (path, route, stage) in [
        ("/v1/chatroom/1", "ANY /chatroom/{proxy+}", "v1"),
        ("/apps/chat/chatroom/1", "ANY /chatroom/{proxy+}", "$default"),
        ("/v1/chatroom/1", "$default", "v1"),
    ] {
        let changes = [("/rawPath", json!(path)), ("/routeKey", json!(route)), ("/requestContext/stage", json!(stage))];
        let (status, body) = answer(&event(&changes)).await;
        assert_eq!((status, &body["path"]), (200, &json!("/chatroom/1")), "{path} {route} {stage}");
    }
    let named_like_it = [
        ("/rawPath", json!("/chatroom/chatroom/1")),
        ("/routeKey", json!("ANY /chatroom/{proxy+}")),
        ("/pathParameters", json!({ "proxy": "1" })),
    ];
    assert_eq!(answer(&event(&named_like_it)).await.1["path"], "/chatroom/1");
    for route in [json!(null), json!(""), json!(" "), json!("ANY "), json!("ANY {")] {
        let (status, body) = answer(&event(&[("/routeKey", route.clone())])).await;
        assert_eq!((status, &body["path"]), (200, &json!("/chatroom")), "{route}");
    }
}

#[tokio::test]
async fn a_body_above_a_mebibyte_is_refused_by_its_length_whatever_it_is() {
    let read = |body: &str, is_base64: bool| {
        let event = event(&[("/body", json!("BODY")), ("/isBase64Encoded", json!(is_base64))]);
        let text = event.to_string().replace("\"BODY\"", body);
        serde_json::from_slice::<Event>(text.as_bytes()).unwrap().0.err()
    };
    // What JSON writes, and how many bytes it stands for.
    for (text, size) in
        [("a", 1), ("\\n", 1), ("\\u0001", 1), ("\\u00e9", 2), ("é", 2), ("\\u20ac", 3), ("\\ud83d\\ude00", 4)]
    {
        let filled = |bytes: usize| format!("\"{}{}\"", text.repeat(bytes / size), "a".repeat(bytes % size));
        assert_eq!(read(&filled(LARGEST_EVENT), false), None, "{text}");
        assert_eq!(read(&filled(LARGEST_EVENT + 1), false), Some(Unusable::TooLarge), "{text}");
    }
    let encoded = |bytes: usize| {
        let (whole, rest) = (bytes / 3, ["", "YQ==", "YWE="][bytes % 3]);
        format!("\"{}{rest}\"", "YWFh".repeat(whole))
    };
    assert_eq!(read(&encoded(LARGEST_EVENT), true), None);
    assert_eq!(read(&encoded(LARGEST_EVENT + 1), true), Some(Unusable::TooLarge));
    // Its length is looked at before anything else of it.
    let garbage = format!("\"{}\"", "*".repeat(LARGEST_EVENT * 3 / 2));
    assert_eq!(read(&garbage, true), Some(Unusable::TooLarge));
    assert_eq!(read("\"\\ud800\"", false), Some(Unusable::Malformed));
    assert_eq!(read("5", false), Some(Unusable::Malformed));
    assert_eq!(read("null", false), None);

    let (status, body) = answer(&event(&[("/body", json!("a".repeat(LARGEST_EVENT + 1)))])).await;
    assert_eq!((status, &body["code"]), (413, &json!("payload_too_large")));
}

#[tokio::test]
async fn a_request_has_the_id_and_the_trace_of_its_invocation_and_so_has_what_it_sends() {
    let (logs, _guard) = capture();
    let sqs = Sqs::start().await;
    let stack = Stack::start().await.with("AWS_ENDPOINT_URL", sqs.url());
    let queues = Queues::from_env(&stack.env()).unwrap();
    let request_code = async move || {
        let job = OtpJob { challenge_id: ChallengeId::generate() };
        queues.send_otp("http://queue", job).await.map_err(Error::from)
    };
    let router = edge(Router::new().route("/{*path}", any(request_code)));
    let mut context = Context::default();
    context.request_id = "r-1".to_owned();
    let trace = "Root=1-6b040ac0-0f1e2d3c4b5a69788796a5b4;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=1:a87bd80c:0";
    context.xray_trace_id = Some(trace.to_owned());
    let event: Event = serde_json::from_slice(event(&[]).to_string().as_bytes()).unwrap();
    let response = Gateway::new(router).call(LambdaEvent::new(event, context)).await.unwrap();
    assert_eq!(serde_json::to_value(&response).unwrap()["statusCode"], 200);

    let line = logs.lines().into_iter().find(|line| line["message"] == "answered").unwrap();
    let span = (&line["span"]["request_id"], &line["span"]["trace"]);
    assert_eq!(span, (&json!("r-1"), &json!("1-6b040ac0-0f1e2d3c4b5a69788796a5b4")));
    let sent = sqs.take();
    assert_eq!((sent[0].request_id.as_deref(), sent[0].trace.as_deref()), (Some("r-1"), Some(trace)));
}
