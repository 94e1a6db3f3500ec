//! The page of the contract in a browser (Debian: chromium).

use std::process::Command;

use tokio::net::TcpListener;

use crate::service::operations;

/// Serves the page and returns its address.
async fn serve() -> (String, tokio::task::JoinHandle<std::io::Result<()>>) {
    let stack = testkit::Stack::start().await.with("DOCS_ENABLED", "true");
    let router = ops::router(&stack.env(), stack.clock.clock()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    (address, tokio::spawn(async { axum::serve(listener, router).await }))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_shows_every_operation_in_the_order_of_the_journey_and_lets_it_be_tried() {
    let (address, server) = serve().await;
    let address = format!("{address}/docs#/Operations/get_health");
    let dom = tokio::task::spawn_blocking(move || dump(&address)).await.unwrap();
    server.abort();

    assert!(dom.contains("Try it out"), "no operation can be tried: {dom:.2000}");
    let mut all: Vec<_> = operations(&openapi::document()).into_iter().map(|(.., operation)| operation).collect();
    all.sort_by_key(|operation| operation["x-order"].as_u64());
    let ids = all.iter().map(|operation| {
        let [tag, id] = [&operation["tags"][0], &operation["operationId"]].map(|name| name.as_str().unwrap());
        format!("id=\"operations-{tag}-{id}\"")
    });
    let places: Vec<_> = ids.map(|id| dom.find(&id).unwrap_or_else(|| panic!("{id} is not shown"))).collect();
    assert!(places.is_sorted(), "{places:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_prefills_nothing_that_is_optional() {
    let (address, server) = serve().await;
    // The address with a slash is the same page.
    for (operation, needed, optional) in [
        ("Messages/send_message", "We have two days in Lisbon", "7c0f5f5e-4b7a-4b8e-9a0e-6d2c1b3a4f5d"),
        ("Authentication/send_otp", "+14155550123", "6cad4a26-8d11-4ece-a738-f7d93d9c1724"),
    ] {
        let address = format!("{address}/docs/#/{operation}");
        let dom = tokio::task::spawn_blocking(move || dump(&address)).await.unwrap();
        assert!(dom.contains(needed) && !dom.contains(optional), "{operation}: {dom:.2000}");
    }
    server.abort();
}

/// The page, after its scripts have run.
fn dump(address: &str) -> String {
    let profile = std::env::temp_dir().join(format!("chromium-{}-{}", std::process::id(), address.len()));
    let output = Command::new("chromium")
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=30000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(address)
        .output()
        .expect("chromium");
    std::fs::remove_dir_all(profile).ok();
    String::from_utf8_lossy(&output.stdout).into_owned()
}
