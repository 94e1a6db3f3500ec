//! A worker that is killed in the middle of a reply.

use std::time::Duration;

use e2e::{Person, eventually, variable};
use tokio::fs;
use tokio::process::Command;

use crate::{AFTERWARDS, alone, calls};

/// The processes of a function in this stack. The emulator starts them and sets the function's name in their environment.
pub(crate) async fn processes(function: &str) -> Vec<u32> {
    let stack = format!("AWS_ENDPOINT_URL={}", variable("AWS_ENDPOINT_URL"));
    let mut found = Vec::new();
    let mut processes = fs::read_dir("/proc").await.expect("/proc");
    while let Ok(Some(process)) = processes.next_entry().await {
        let Some(pid) = process.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        let environment = fs::read(process.path().join("environ")).await.unwrap_or_default();
        let mut variables = environment.split(|byte| *byte == 0).map(String::from_utf8_lossy);
        let is_its =
            variables.clone().any(|one| one.starts_with("AWS_LAMBDA_FUNCTION_NAME=") && one.contains(function));
        if is_its && variables.any(|one| one == stack) {
            found.push(pid);
        }
    }
    found
}

/// Kills every process of a function; there must be one.
pub(crate) async fn kill(function: &str) {
    let killed = processes(function).await;
    assert!(!killed.is_empty(), "{function} runs");
    for pid in &killed {
        let status = Command::new("kill").args(["-9", &pid.to_string()]).status().await.expect("kill");
        assert!(status.success());
    }
}

#[tokio::test]
async fn a_reply_whose_worker_is_killed_is_made_once_by_another_worker() {
    let _alone = alone().await;
    let ada = Person::signed_in().await;
    let room = ada.room().await;
    let sent =
        ada.post(&format!("{room}/message"), serde_json::json!({ "content": "[[slow:12000*1]] the killed one" })).await;
    assert_eq!(sent.status, 202, "{}", sent.body);
    eventually(Duration::from_secs(20), async || (!calls("the killed one").await.is_empty()).then_some(())).await;

    // The worker has now hidden its record for its lease only, which ends sooner than an invocation may.
    tokio::time::sleep(Duration::from_secs(4)).await;
    kill("GeminiWorker").await;
    let reply = ada.reply(&format!("{room}/message/{}", sent.text("/reply/id")), AFTERWARDS).await;
    assert_eq!(reply["state"], "completed", "{reply}");
    let turns = ada.get(&format!("{room}/message")).await.body;
    assert_eq!(turns["data"].as_array().map(Vec::len), Some(2), "{turns}");
    assert_eq!(ada.get("/user/me").await.body["allowance"]["used"], 1);
    assert_eq!(calls("the killed one").await.len(), 2, "one attempt was killed, one succeeded");
}
