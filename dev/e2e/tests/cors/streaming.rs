//! A page of another origin in a browser: the client of docs/streaming.md reads a stream with a token.

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use e2e::{Person, variable};
use serde_json::{Value, json};

use crate::origins;
use crate::webdriver::with_browser;

/// The local stack allows every port of localhost and 127.0.0.1, and this address not.
const ELSEWHERE: &str = "127.0.0.2";

/// The page of an origin on this machine, among those that are allowed. It is at an origin that is not allowed, too.
async fn page() -> String {
    let origin = origins().into_iter().find(|origin| origin.starts_with("http://localhost:")).expect("an origin here");
    for host in ["127.0.0.1", ELSEWHERE] {
        let address = origin.replace("http://localhost", host);
        let listener = tokio::net::TcpListener::bind(address).await.expect("a port");
        let router = Router::new().route("/", get(async || Html("<title>An app</title>")));
        tokio::spawn(async move { axum::serve(listener, router).await });
    }
    origin
}

/// The page's script: it follows a reply, and says what it has shown.
fn script() -> String {
    let text = include_str!("../../../../docs/streaming.md");
    let examples = text.split("```js\n").skip(1).filter_map(|rest| rest.split("```").next());
    let follow = examples.into_iter().find(|example| example.contains("function follow(")).expect("an example");
    format!(
        "{follow}
        const [url, token, finished] = arguments, shown = [];
        follow(url, token, (text) => shown.push(text))
            .then((message) => finished({{ message, shown }}), (error) => finished({{ error: String(error) }}));"
    )
}

#[tokio::test]
async fn a_page_of_an_allowed_origin_follows_a_reply_and_one_of_another_origin_cannot() {
    let origin = page().await;
    with_browser(async move |browser| {
        let ada = Person::signed_in().await;
        let room = ada.room().await;
        let question = format!("[[drip:150]] {}", "Tell me of tea. ".repeat(20));
        let sent = ada.post(&format!("{room}/message"), json!({ "content": question })).await;
        let path = format!("{room}/message/{}", sent.text("/reply/id"));
        let url = format!("{}{path}/events", variable("STREAM_URL").trim_end_matches('/'));

        browser.visit(&origin).await;
        let seen = browser.run(&script(), json!([url, ada.token()])).await;
        assert_eq!(seen["message"], ada.get(&path).await.body, "{seen}");
        let shown = seen["shown"].as_array().cloned().unwrap_or_default();
        let grows = |pair: &[Value]| pair[1].as_str().unwrap().starts_with(pair[0].as_str().unwrap());
        assert!(shown.len() > 5 && shown.windows(2).all(grows), "{shown:?}");

        browser.visit(&origin.replace("localhost", ELSEWHERE)).await;
        let refused = "fetch(arguments[0], { headers: { authorization: 'Bearer ' + arguments[1] } })
            .then((answer) => arguments[2]({ status: answer.status }), (error) => arguments[2]({ error: error.name }));";
        assert_eq!(browser.run(refused, json!([url, ada.token()])).await["error"], "TypeError");
    })
    .await;
}
