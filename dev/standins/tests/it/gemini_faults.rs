//! The Gemini stand-in's faults.

use std::time::{Duration, Instant};

use futures_util::StreamExt;
use serde_json::{Value, json};

use crate::support::{TestGemini, events, eventually, send};

fn detail<'a>(error: &'a Value, kind: &str) -> Option<&'a Value> {
    let wanted = format!("type.googleapis.com/google.rpc.{kind}");
    error["error"]["details"].as_array()?.iter().find(|detail| detail["@type"] == wanted)
}

#[tokio::test]
async fn error_statuses_have_googles_format() {
    let gemini = TestGemini::start();
    let table = [
        (400, "INVALID_ARGUMENT"),
        (401, "UNAUTHENTICATED"),
        (403, "PERMISSION_DENIED"),
        (404, "NOT_FOUND"),
        (429, "RESOURCE_EXHAUSTED"),
        (500, "INTERNAL"),
        (503, "UNAVAILABLE"),
    ];
    for (code, name) in table {
        for reply in [gemini.ask(&format!("x [[{code}]]")).await, send(gemini.stream(&format!("x [[{code}]]"))).await] {
            assert_eq!(reply.status, code);
            assert_eq!((&reply.json["error"]["code"], &reply.json["error"]["status"]), (&json!(code), &json!(name)));
        }
    }
}

#[tokio::test]
async fn a_429_says_when_to_retry_and_which_quota_is_used_up() {
    let gemini = TestGemini::start();

    let soon = gemini.ask("[[429:2]]").await.json;
    let silent = gemini.ask("[[429]]").await.json;
    let day = gemini.ask("[[429:day]]").await.json;
    let none = gemini.ask("[[429:limit0]]").await.json;

    assert_eq!(detail(&soon, "RetryInfo").unwrap()["retryDelay"], "2s");
    assert!(detail(&silent, "RetryInfo").is_none());
    let quota = &detail(&day, "QuotaFailure").unwrap()["violations"][0]["quotaId"];
    assert_eq!(quota, "GenerateRequestsPerDayPerProjectPerModel-FreeTier");
    assert!(none["error"]["message"].as_str().unwrap().contains("limit: 0,"));
}

#[tokio::test]
async fn a_counted_fault_word_applies_that_often_to_its_text() {
    let gemini = TestGemini::start();
    let mut statuses = Vec::new();
    for text in ["a [[503*2]]", "a [[503*2]]", "a [[503*2]]", "b [[503*2]]"] {
        statuses.push(gemini.ask(text).await.status);
    }
    assert_eq!(statuses, [503, 503, 200, 503]);
}

#[tokio::test]
async fn finish_reasons_without_an_ordinary_answer() {
    let gemini = TestGemini::start();
    let last = async |text: &str| {
        let chunks = events(&send(gemini.stream(text)).await.text);
        (chunks.len(), chunks.last().cloned().unwrap())
    };

    let (_, safety) = last("tell [[finish:SAFETY]]").await;
    assert_eq!(safety["candidates"][0]["finishReason"], "SAFETY");
    assert!(safety["usageMetadata"]["candidatesTokenCount"].as_u64() > Some(0));

    let (_, max) = last("tell [[max]]").await;
    assert_eq!(max["candidates"][0]["finishReason"], "MAX_TOKENS");
    assert!(max["candidates"][0]["content"]["parts"][0]["text"].is_string());

    let (count, thinking) = last("tell [[thinking]]").await;
    assert_eq!((count, &thinking["candidates"][0]["finishReason"]), (1, &json!("MAX_TOKENS")));
    assert!(thinking["candidates"][0]["content"].get("parts").is_none());
    assert_eq!(thinking["usageMetadata"]["thoughtsTokenCount"], 1024);

    let (count, empty) = last("tell [[empty]]").await;
    assert_eq!((count, &empty["candidates"][0]["finishReason"]), (1, &json!("STOP")));
    assert!(empty["candidates"][0]["content"].get("parts").is_none());

    let (count, blocked) = last("tell [[blocked]]").await;
    assert_eq!((count, &blocked["promptFeedback"]["blockReason"]), (1, &json!("SAFETY")));
    assert!(blocked.get("candidates").is_none());
    let (_, blocked) = last("tell [[blocked:PROHIBITED_CONTENT]]").await;
    assert_eq!(blocked["promptFeedback"]["blockReason"], "PROHIBITED_CONTENT");
}

#[tokio::test]
async fn a_slow_answer_starts_late_and_a_dripping_one_pauses_between_chunks() {
    let gemini = TestGemini::start();

    let began = Instant::now();
    let response = gemini.stream("x [[slow:200]] [[drip:50]]").send().await.unwrap();
    let first = began.elapsed();
    let chunks = events(&response.text().await.unwrap()).len();

    assert!(first >= Duration::from_millis(200), "{first:?}");
    let pauses = u32::try_from(chunks - 1).unwrap() * Duration::from_millis(50);
    assert!(began.elapsed() + Duration::from_millis(20) >= first + pauses);
}

#[tokio::test]
async fn a_cut_stream_breaks_off_and_a_malformed_one_does_not_parse() {
    let gemini = TestGemini::start();

    let cut = gemini.stream("x [[cut]]").send().await.unwrap().text().await;
    let malformed = gemini.stream("x [[malformed]]").send().await.unwrap().text().await.unwrap();
    let cut_whole = gemini
        .request("gemini-flash-latest:generateContent", &crate::support::said(&["x [[cut]]"]))
        .send()
        .await
        .unwrap()
        .bytes()
        .await;

    assert!(cut.is_err());
    assert!(cut_whole.is_err());
    let last = malformed.trim_end().rsplit("data: ").next().unwrap();
    assert!(serde_json::from_str::<Value>(last).is_err());
    let ended: Vec<Value> = gemini.calls().await.iter().map(|call| call["ended"].clone()).collect();
    assert_eq!(ended, ["cut", "complete", "cut"]);
}

#[tokio::test]
async fn a_huge_answer_goes_on_for_fifty_megabytes() {
    let gemini = TestGemini::start();
    let mut body = gemini.stream("x [[huge]]").send().await.unwrap().bytes_stream();
    let mut bytes = 0;
    while let Some(piece) = body.next().await {
        bytes += piece.unwrap().len();
    }
    assert!((50 * 1024 * 1024..52 * 1024 * 1024).contains(&bytes), "{bytes}");
}

#[tokio::test]
async fn a_client_that_hangs_up_is_noticed_before_and_during_the_answer() {
    let gemini = TestGemini::start();

    let waiting = gemini.stream("x [[hang]]").timeout(Duration::from_millis(100)).send().await;
    assert!(waiting.is_err());
    let mut body = gemini.stream("x [[drip:10000]]").send().await.unwrap().bytes_stream();
    body.next().await.unwrap().unwrap();
    drop(body);

    let calls = eventually(async || {
        let calls = gemini.calls().await;
        calls.iter().all(|call| !call["ended"].is_null()).then_some(calls)
    })
    .await;
    assert_eq!((&calls[0]["ended"], &calls[0]["status"]), (&json!("client_gone"), &Value::Null));
    assert_eq!((&calls[1]["ended"], &calls[1]["status"]), (&json!("client_gone"), &json!(200)));
}

#[tokio::test]
async fn queued_faults_affect_the_next_calls_that_contain_the_text() {
    let gemini = TestGemini::start();
    let queued = gemini.admin("next", json!({ "fault": "503", "times": 2, "containing": "tea" })).await;
    assert_eq!(queued.status, 204);

    let mut statuses = Vec::new();
    for text in ["coffee", "tea", "green tea", "tea"] {
        statuses.push(gemini.ask(text).await.status);
    }

    assert_eq!(statuses, [200, 503, 503, 200]);
    assert_eq!(gemini.admin("next", json!({ "fault": "explode" })).await.status, 400);
}

#[tokio::test]
async fn calls_are_listed_and_cleared() {
    let gemini = TestGemini::start();
    gemini.ask("remember me").await;

    let calls = gemini.calls().await;
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0]["model"], "gemini-flash-latest");
    assert_eq!(calls[0]["method"], "generateContent");
    assert_eq!(calls[0]["body"]["contents"][0]["parts"][0]["text"], "remember me");
    assert_eq!((&calls[0]["status"], &calls[0]["ended"]), (&json!(200), &json!("complete")));

    assert_eq!(gemini.admin("reset", json!({})).await.status, 204);
    assert!(gemini.calls().await.is_empty());
}
