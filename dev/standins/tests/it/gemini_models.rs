//! The Gemini stand-in's models, and how many tokens a prompt has.

use serde_json::json;

use crate::support::{TestGemini, said, send};

#[tokio::test]
async fn models_are_listed_in_pages_and_read() {
    let test = TestGemini::start();
    let get = async |path: &str| {
        send(test.http.get(format!("{}/v1beta/{path}", test.gemini.url())).header("x-goog-api-key", "test-key")).await
    };
    let all = get("models").await.json;
    let all = all["models"].as_array().unwrap();
    assert!(all.iter().any(|model| model["name"] == "models/gemini-flash-latest"));
    let first = get("models?pageSize=1").await.json;
    let next = get(&format!("models?pageSize=99&pageToken={}", first["nextPageToken"].as_str().unwrap())).await.json;
    assert_eq!((&first["models"][0], next["models"].as_array().unwrap().len()), (&all[0], all.len() - 1));
    assert!(next.get("nextPageToken").is_none());
    assert_eq!(get("models?pageToken=none").await.status, 400);

    let one = get("models/gemini-2.5-flash").await;
    assert_eq!((one.status, &one.json["name"]), (200, &json!("models/gemini-2.5-flash")));
    assert!(one.json["supportedGenerationMethods"].as_array().unwrap().contains(&json!("countTokens")));
    assert_eq!(get("models/gpt").await.status, 404);
    let without = send(test.http.get(format!("{}/v1beta/models", test.gemini.url()))).await;
    assert_eq!(without.status, 403);
}

#[tokio::test]
async fn tokens_are_counted_as_an_answer_counts_them() {
    let test = TestGemini::start();
    let count = async |body| send(test.request("gemini-flash-latest:countTokens", &body)).await;
    let prompt = said(&["How many tokens are this?"]);
    let answered = send(test.request("gemini-flash-latest:generateContent", &prompt)).await;
    let counted = count(prompt.clone()).await;
    assert_eq!(
        (counted.status, &counted.json["totalTokens"]),
        (200, &answered.json["usageMetadata"]["promptTokenCount"])
    );
    let mut whole = prompt.clone();
    whole["model"] = json!("models/gemini-flash-latest");
    whole["systemInstruction"] = json!({ "parts": [{ "text": "Count." }] });
    let with_system = count(json!({ "generateContentRequest": whole })).await.json;
    assert!(with_system["totalTokens"].as_u64() > counted.json["totalTokens"].as_u64());
    for bad in [
        json!({}),
        json!({ "contents": [], "text": "x" }),
        json!({ "contents": prompt["contents"], "generateContentRequest": prompt }),
    ] {
        assert_eq!(count(bad.clone()).await.status, 400, "{bad}");
    }
}
