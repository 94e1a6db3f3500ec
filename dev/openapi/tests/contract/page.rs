//! The page of the contract in a browser (Debian: chromium).

use std::process::Command;

use tokio::net::TcpListener;

use crate::service::operations;

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_shows_every_operation_and_lets_it_be_tried() {
    let stack = testkit::Stack::start().await.with("DOCS_ENABLED", "true");
    let router = ops::router(&stack.env(), stack.clock.clock()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/docs#/Operations/get_health", listener.local_addr().unwrap());
    let server = tokio::spawn(async { axum::serve(listener, router).await });

    let dom = tokio::task::spawn_blocking(move || dump(&address)).await.unwrap();
    server.abort();

    assert!(dom.contains("Try it out"), "no operation can be tried: {dom:.2000}");
    for (path, method, operation) in operations(&openapi::document()) {
        let id = format!(
            "operations-{}-{}",
            operation["tags"][0].as_str().unwrap(),
            operation["operationId"].as_str().unwrap()
        );
        assert!(dom.contains(&format!("id=\"{id}\"")), "{method} {path} is not shown");
    }
}

/// The page, after its scripts have run.
fn dump(address: &str) -> String {
    let profile = std::env::temp_dir().join(format!("chromium-{}", std::process::id()));
    let output = Command::new("chromium")
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=30000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(address)
        .output()
        .expect("chromium");
    std::fs::remove_dir_all(profile).ok();
    String::from_utf8_lossy(&output.stdout).into_owned()
}
