//! A headless Chromium, driven through chromedriver with the few `WebDriver` calls that the tests need.
//! Source: <https://www.w3.org/TR/webdriver2/>.

mod driver;

use std::panic::resume_unwind;
use std::path::Path;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use e2e::eventually;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::task::LocalSet;

use driver::Driver;

const SOON: Duration = Duration::from_secs(30);
/// The JSON member in which the protocol returns an element's id.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
/// With these flags the browser opens no addresses of its own.
const FLAGS: [&str; 9] = [
    "--headless",
    "--hide-scrollbars",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

/// An open window.
#[derive(Debug, Clone)]
pub(crate) struct Browser {
    http: Client,
    session: String,
}

/// Opens a window, runs `visit` with it, and closes it, even if `visit` fails.
pub(crate) async fn with_browser<F: Future<Output = ()> + 'static>(visit: impl FnOnce(Browser) -> F) {
    let driver = Driver::start().await;
    let profile = std::env::temp_dir().join(format!("chromium-{}", uuid::Uuid::new_v4()));
    let browser = Browser::open(&driver.url, &profile).await;
    let tasks = LocalSet::new();
    let outcome = tasks.run_until(tasks.spawn_local(visit(browser.clone()))).await;
    browser.close().await;
    driver.stop(profile).await;
    if let Err(panicked) = outcome {
        resume_unwind(panicked.into_panic());
    }
}

impl Browser {
    async fn open(driver: &str, profile: &Path) -> Self {
        shared::tls::install_provider();
        let tls = shared::tls::public();
        let http = Client::builder().no_proxy().tls_backend_preconfigured(tls).timeout(Duration::from_mins(1)).build();
        let http = http.expect("a client");
        let mut flags: Vec<String> = FLAGS.map(str::to_owned).to_vec();
        flags.push(format!("--user-data-dir={}", profile.display()));
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome", "goog:chromeOptions": { "args": flags }, "goog:loggingPrefs": { "browser": "ALL" },
        } } });
        let browser = Self { http, session: format!("{driver}/session") };
        let opened = browser.call(Method::POST, "", &wanted).await.unwrap_or_else(|error| panic!("no window: {error}"));
        let id = opened["sessionId"].as_str().expect("a session");
        Self { session: format!("{driver}/session/{id}"), ..browser }
    }

    async fn close(&self) {
        if let Err(error) = self.call(Method::DELETE, "", &Value::Null).await {
            eprintln!("the window does not close: {error}");
        }
    }

    /// Opens an address.
    pub(crate) async fn visit(&self, url: &str) {
        self.must(Method::POST, "/url", &json!({ "url": url })).await;
    }

    /// The address of the current page.
    pub(crate) async fn address(&self) -> String {
        self.must(Method::GET, "/url", &Value::Null).await.as_str().expect("an address").to_owned()
    }

    /// Clicks on the element of a CSS selector, once it is there and nothing covers it, and waits for the next page.
    pub(crate) async fn click(&self, selector: &str) {
        eventually(SOON, async || {
            let element = self.find(selector).await.ok()?;
            self.call(Method::POST, &format!("{element}/click"), &json!({})).await.ok()
        })
        .await;
    }

    /// Types into the element of a CSS selector.
    pub(crate) async fn types(&self, selector: &str, text: &str) {
        let element = self.element(selector).await;
        self.must(Method::POST, &format!("{element}/value"), &json!({ "text": text })).await;
    }

    /// Presses a key, wherever the focus is.
    pub(crate) async fn press(&self, key: char) {
        let presses = [json!({ "type": "keyDown", "value": key }), json!({ "type": "keyUp", "value": key })];
        let keyboard = json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": presses }] });
        self.must(Method::POST, "/actions", &keyboard).await;
    }

    /// Runs the body of a function in the page, and returns what it returns.
    pub(crate) async fn script(&self, body: &str) -> Value {
        self.must(Method::POST, "/execute/sync", &json!({ "script": body, "args": [] })).await
    }

    /// Answers the question that the page asks, with yes.
    pub(crate) async fn accept(&self) {
        eventually(SOON, async || self.call(Method::POST, "/alert/accept", &json!({})).await.ok()).await;
    }

    /// A command of Chromium's own protocol: <https://chromedevtools.github.io/devtools-protocol/>.
    pub(crate) async fn devtools(&self, command: &str, parameters: Value) -> Value {
        let call = json!({ "cmd": command, "params": parameters });
        self.must(Method::POST, "/goog/cdp/execute", &call).await
    }

    /// A picture of the window, as PNG.
    pub(crate) async fn picture(&self) -> Vec<u8> {
        let taken = self.must(Method::GET, "/screenshot", &Value::Null).await;
        STANDARD.decode(taken.as_str().expect("a text")).expect("base64")
    }

    /// What the browser's console complains of, except answers that are no success.
    pub(crate) async fn complaints(&self) -> Vec<String> {
        let logged = self.must(Method::POST, "/se/log", &json!({ "type": "browser" })).await;
        let lines = logged.as_array().expect("a list").iter().filter(|line| line["source"] != "network");
        lines.map(|line| line["message"].to_string()).collect()
    }

    /// Waits until the element of a CSS selector contains `text`.
    pub(crate) async fn reads(&self, selector: &str, text: &str) {
        let mut last = String::new();
        let found = tokio::time::timeout(SOON, async {
            loop {
                // Between two pages, an element may disappear before it is read.
                last = match self.find(selector).await {
                    Ok(element) => match self.call(Method::GET, &format!("{element}/text"), &Value::Null).await {
                        Ok(shown) => shown.as_str().unwrap_or_default().to_owned(),
                        Err(error) => error,
                    },
                    Err(error) => error,
                };
                if last.contains(text) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        });
        assert!(found.await.is_ok(), "{selector} does not read {text:?}: {last}");
    }

    /// Waits until a CSS selector has an element.
    pub(crate) async fn shows(&self, selector: &str) {
        self.element(selector).await;
    }

    /// Runs a script with arguments, and a callback after them. Returns what the script calls that with.
    pub(crate) async fn run(&self, script: &str, arguments: Value) -> Value {
        self.must(Method::POST, "/timeouts", &json!({ "script": SOON.as_millis() })).await;
        self.must(Method::POST, "/execute/async", &json!({ "script": script, "args": arguments })).await
    }

    async fn element(&self, selector: &str) -> String {
        eventually(SOON, async || self.find(selector).await.ok()).await
    }

    async fn find(&self, selector: &str) -> Result<String, String> {
        let wanted = json!({ "using": "css selector", "value": selector });
        let found = self.call(Method::POST, "/element", &wanted).await?;
        let id = found[ELEMENT].as_str().ok_or("no element in the answer")?;
        Ok(format!("/element/{id}"))
    }

    async fn must(&self, method: Method, path: &str, body: &Value) -> Value {
        let called = self.call(method, path, body).await;
        called.unwrap_or_else(|error| panic!("the browser refuses {path}: {error}"))
    }

    async fn call(&self, method: Method, path: &str, body: &Value) -> Result<Value, String> {
        let request = self.http.request(method, format!("{}{path}", self.session));
        let request = if body.is_null() { request } else { request.json(body) };
        let response = request.send().await.map_err(|error| error.to_string())?;
        let is_success = response.status().is_success();
        let mut answer: Value = response.json().await.map_err(|error| error.to_string())?;
        if is_success { Ok(answer["value"].take()) } else { Err(answer["value"]["message"].to_string()) }
    }
}
