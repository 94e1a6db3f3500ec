//! The clients of docs/streaming.md in a browser: `EventSource` with a ticket.

use e2e::{Person, variable};
use serde_json::{Value, json};

use crate::webdriver::with_browser;

/// The clients, as the page has them.
const PAGE: &str = include_str!("../../../../docs/streaming.md");

/// The page's example of that function.
fn client(function: &str) -> &'static str {
    let examples = PAGE.split("```js\n").skip(1).filter_map(|rest| rest.split("```").next());
    let mut of_it = examples.filter(|example| example.contains(&format!("function {function}(")));
    of_it.next().unwrap_or_else(|| panic!("no {function} in docs/streaming.md"))
}

#[tokio::test]
async fn a_page_watches_a_reply_with_a_ticket_and_does_not_come_back_after_its_end() {
    with_browser(async |browser| {
        let ada = Person::signed_in().await;
        let room = ada.room().await;
        browser.visit(&format!("{}/_ministack/health", variable("AWS_ENDPOINT_URL"))).await;
        for closes in [true, false] {
            let question = format!("[[drip:150]] {}", "Tell me of tea. ".repeat(20));
            let sent = ada.post(&format!("{room}/message"), json!({ "content": question })).await;
            let script = format!(
                "{}
                const [url, closes, finished] = arguments, shown = [];
                let opened = 0;
                const Real = EventSource;
                window.EventSource = class extends Real {{
                    constructor(address) {{ super(address); this.addEventListener('open', () => opened++); }}
                    close() {{ if (closes) super.close(); }}
                }};
                watch(url, (text) => shown.push(text), (why) => finished({{ why, shown, opened }}));
                const look = setInterval(() => {{
                    if (!shown.at(-1)?.includes('This is turn')) return;
                    clearInterval(look);
                    setTimeout(() => {{ window.EventSource = Real; finished({{ shown, opened }}); }}, 4000);
                }}, 100);",
                client("watch"),
            );
            let seen = browser.run(&script, json!([sent.text("/events_url"), closes])).await;
            let shown = seen["shown"].as_array().cloned().unwrap_or_default();
            assert!(seen["why"].is_null() && shown.len() > 5, "{seen}");
            let stored = ada.get(&format!("{room}/message/{}", sent.text("/reply/id"))).await.body;
            assert_eq!((shown.last(), &stored["state"]), (Some(&stored["content"]), &json!("completed")));
            let grows = |pair: &[Value]| pair[1].as_str().unwrap().starts_with(pair[0].as_str().unwrap());
            assert!(shown.windows(2).all(grows), "{shown:?}");
            assert_eq!(seen["opened"], 1, "closed by the page: {closes}");
        }
    })
    .await;
}
