//! `GET /docs` and `GET /openapi.json`

use http::Method;
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
async fn what_the_page_loads_is_kept_and_revalidated() {
    let api = TestApi::on(Stack::start().await.with("DOCS_ENABLED", "true"), ops::router);
    for path in &PATHS[1..] {
        let first = api.anyone().get(path).await;
        let tag = first.header("etag").to_owned();
        assert!(tag.starts_with("W/\""), "{path}: {tag}");
        assert_eq!(first.header("cache-control"), "public, max-age=300", "{path}");
        let kept = api.anyone().raw(Method::GET, path, &[("if-none-match", &tag)], "").await;
        assert_eq!((kept.status(), kept.bytes.len(), kept.header("etag")), (304, 0, tag.as_str()), "{path}");
    }
}

#[tokio::test]
async fn the_page_is_found_with_a_slash_too_wherever_the_api_is_mounted() {
    let api = TestApi::on(Stack::start().await.with("DOCS_ENABLED", "true"), ops::router);
    let moved = api.anyone().get("/docs/").await;
    assert_eq!((moved.status(), moved.header("location")), (308, "../docs"));
}

#[tokio::test]
async fn the_document_is_the_projects_contract() {
    let api = TestApi::on(Stack::start().await.with("DOCS_ENABLED", "true"), ops::router);
    let document = api.anyone().get("/openapi.json").await;
    assert_eq!((document.header("content-type"), &document.body()["openapi"]), ("application/json", &"3.1.0".into()));
    assert!(document.body()["paths"]["/chatroom"]["post"]["operationId"].is_string());
}
