//! What the page's server answers, and whom.

use e2e::{Answer, Person, variable};
use reqwest::Method;
use serde_json::json;

async fn get(path: &str, headers: &[(&str, &str)]) -> Answer {
    let somebody = Person::new();
    let request = somebody.request(Method::GET, &format!("{}{path}", variable("PAGE_URL")));
    somebody.send(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))).await
}

#[tokio::test]
async fn the_page_names_its_api_and_may_be_framed_by_nobody() {
    let config = get("config.json", &[]).await;
    assert_eq!((config.status, &config.body["api"]), (200, &json!(variable("API_URL"))));
    let page = get("", &[]).await;
    assert_eq!(page.headers["content-security-policy"], "frame-ancestors 'none'");
    assert_eq!(page.headers["x-content-type-options"], "nosniff");
}

#[tokio::test]
async fn only_the_pages_files_are_served() {
    for path in
        ["../package.json", "..%2fpackage.json", "%2e%2e/package.json", "nothing.js", "dev/", "dev/env", "/etc/passwd"]
    {
        assert_eq!(get(path, &[]).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn pages_of_other_origins_and_names_that_lead_here_are_refused() {
    let foreign = get("dev/queues", &[("origin", "https://example.org")]).await;
    assert_eq!((foreign.status, foreign.body.get("queues")), (403, None));
    let rebound = get("dev/queues", &[("host", "example.org:80")]).await;
    assert_eq!((rebound.status, rebound.body.get("queues")), (421, None));

    let somebody = Person::new();
    let call = format!("{}dev/standins/gemini/next", variable("PAGE_URL"));
    let forged = somebody.request(Method::POST, &call).header("origin", "https://example.org");
    assert_eq!(somebody.send(forged.json(&json!({ "fault": "503" }))).await.status, 403);
}

#[tokio::test]
async fn an_admin_call_that_the_stand_in_refuses_is_refused_with_its_words() {
    let somebody = Person::new();
    let call = format!("{}dev/standins/gemini/next", variable("PAGE_URL"));
    let refused = somebody.send(somebody.request(Method::POST, &call).json(&json!({ "fault": "nonsense" }))).await;
    assert_eq!(refused.status, 503);
    assert!(refused.text("/detail").contains("nonsense"), "{}", refused.body);
    let unknown = format!("{}dev/standins/turnstile/fault", variable("PAGE_URL"));
    assert_eq!(somebody.send(somebody.request(Method::POST, &unknown).json(&json!({}))).await.status, 404);
}
