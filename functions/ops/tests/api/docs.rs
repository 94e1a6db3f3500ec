//! `GET /docs` and `GET /openapi.json`

use testkit::{Stack, TestApi};

const PATHS: [&str; 5] =
    ["/docs", "/docs/docs.js", "/docs/swagger-ui-bundle.js", "/docs/swagger-ui.css", "/openapi.json"];

#[tokio::test]
async fn the_contract_is_shown_only_if_it_is_enabled() {
    let hidden = TestApi::start(ops::router).await.anyone();
    for path in PATHS {
        assert_eq!(hidden.get(path).await.status(), 404, "{path}");
    }
    let api = TestApi::on(Stack::start().await.with("DOCS_ENABLED", "true"), ops::router);
    for path in PATHS {
        assert_eq!(api.anyone().get(path).await.status(), 200, "{path}");
    }
}

#[tokio::test]
async fn the_page_loads_only_existing_files_of_this_api() {
    let api = TestApi::on(Stack::start().await.with("DOCS_ENABLED", "true"), ops::router);
    let page = api.anyone().get("/docs").await;
    let policy = page.header("content-security-policy");
    assert!(
        policy.contains("default-src 'none'") && policy.contains("base-uri 'none'") && !policy.contains("http"),
        "{policy}"
    );
    let html = String::from_utf8(page.bytes.clone()).unwrap();
    for part in html.split(['=', ' ', '>']).filter(|part| part.starts_with("\"/") || part.contains("//")) {
        assert_eq!(api.anyone().get(part.trim_matches('"')).await.status(), 200, "{part}");
    }
}

#[tokio::test]
async fn the_document_is_the_projects_contract() {
    let api = TestApi::on(Stack::start().await.with("DOCS_ENABLED", "true"), ops::router);
    let document = api.anyone().get("/openapi.json").await;
    assert_eq!((document.header("content-type"), &document.body()["openapi"]), ("application/json", &"3.1.0".into()));
    assert!(document.body()["paths"]["/chatroom"]["post"]["operationId"].is_string());
}
