//! `GET /`

use testkit::{Stack, TestApi};

#[tokio::test]
async fn the_root_leads_to_existing_pages() {
    let api = TestApi::on(Stack::start().await.with("DOCS_ENABLED", "true"), ops::router);
    let page = api.anyone().get("/").await;
    assert_eq!((page.status(), page.header("content-type")), (200, "text/html; charset=utf-8"));
    let html = String::from_utf8(page.bytes.clone()).unwrap();
    let links: Vec<_> = html.split("href=").skip(1).filter_map(|rest| rest.split('>').next()).collect();
    assert_eq!(links, ["health", "problems", "docs", "openapi.json"]);
    assert!(html.contains("location.replace(location.pathname + '/')"), "relative links need the slash: {html}");
    for link in links {
        // Health is 503 where a store takes more than a second, as on a busy machine.
        assert_ne!(api.anyone().get(&format!("/{link}")).await.status(), 404, "{link}");
    }
}

#[tokio::test]
async fn the_root_does_not_name_a_hidden_contract() {
    let page = TestApi::start(ops::router).await.anyone().get("/").await;
    let html = String::from_utf8(page.bytes.clone()).unwrap();
    assert!(html.contains("href=health") && !html.contains("docs") && !html.contains("openapi"), "{html}");
}
