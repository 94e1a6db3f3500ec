//! The Gemini stand-in's answers, and the requests it refuses.

use serde_json::{Value, json};

use crate::support::{TestGemini, events, said, send};

#[tokio::test]
async fn the_answer_has_googles_shape_and_counts_tokens() {
    let gemini = TestGemini::start();

    let reply = gemini.ask("hello there").await;

    assert_eq!(reply.status, 200, "{}", reply.text);
    let candidate = &reply.json["candidates"][0];
    assert_eq!(candidate["content"]["role"], "model");
    assert_eq!(candidate["finishReason"], "STOP");
    assert_eq!(
        candidate["content"]["parts"][0]["text"],
        "You said: \"hello there\". This is turn 1 of our conversation."
    );
    let usage = &reply.json["usageMetadata"];
    assert_eq!(usage["promptTokenCount"], 3);
    let sum = usage["promptTokenCount"].as_u64().unwrap() + usage["candidatesTokenCount"].as_u64().unwrap();
    assert_eq!(usage["totalTokenCount"], sum);
    assert_eq!(reply.json["modelVersion"], "gemini-flash-latest");
}

#[tokio::test]
async fn the_answer_shows_the_history_and_the_system_instruction() {
    let gemini = TestGemini::start();
    let mut body = said(&["I like tea", "Noted.", "What do I like?"]);
    body["systemInstruction"] = json!({ "parts": [{ "text": "Be brief" }] });

    let reply = send(gemini.request("gemini-flash-latest:generateContent", &body)).await;

    let text = reply.json["candidates"][0]["content"]["parts"][0]["text"].as_str().unwrap();
    assert_eq!(
        text,
        "(I was told: \"Be brief\") You said: \"What do I like?\". This is turn 2; before that you said: \
         \"I like tea\" and I answered: \"Noted.\"."
    );
}

#[tokio::test]
async fn a_stream_is_the_same_answer_in_several_events() {
    let gemini = TestGemini::start();
    let whole = gemini.ask("tell me a story").await.json;

    let reply = send(gemini.stream("tell me a story")).await;

    assert_eq!(reply.headers["content-type"], "text/event-stream");
    let chunks = events(&reply.text);
    assert!(chunks.len() >= 3, "{}", reply.text);
    let texts: String =
        chunks.iter().map(|chunk| chunk["candidates"][0]["content"]["parts"][0]["text"].as_str().unwrap()).collect();
    assert_eq!(texts, whole["candidates"][0]["content"]["parts"][0]["text"].as_str().unwrap());
    let finishes: Vec<&Value> = chunks.iter().map(|chunk| &chunk["candidates"][0]["finishReason"]).collect();
    assert_eq!(finishes.last().copied(), Some(&json!("STOP")));
    assert!(finishes[..finishes.len() - 1].iter().all(|finish| finish.is_null()));
    assert!(chunks.iter().all(|chunk| chunk["responseId"] == chunks[0]["responseId"]));
}

#[tokio::test]
async fn a_stream_ends_with_a_signature_that_only_the_same_model_accepts() {
    let gemini = TestGemini::start();
    let signature = |text: &str| events(text).last().unwrap()["candidates"][0]["content"]["parts"][0].clone();
    let signed = signature(&send(gemini.stream("tell me a story")).await.text);
    assert_eq!(signed["text"], "");
    let ask = async |model: &str, sealed: &Value| {
        let mut body = said(&["hello", "hi", "again"]);
        let parts = body["contents"][1]["parts"].as_array_mut().unwrap();
        parts.push(json!({ "text": "", "thoughtSignature": sealed }));
        let reply = send(gemini.request(&format!("{model}:streamGenerateContent?alt=sse"), &body)).await;
        (reply.status, signature_error(&reply.text))
    };
    let ours = &signed["thoughtSignature"];
    assert_eq!(ask("gemini-flash-latest", ours).await, (200, false));
    assert_eq!(ask("gemini-pro-latest", ours).await, (400, true));
    for odd in [json!("no base64!"), json!("dGVh"), json!(7)] {
        assert_eq!(ask("gemini-flash-latest", &odd).await, (400, true), "{odd}");
    }
    let older = send(gemini.request("gemini-2.5-flash:streamGenerateContent?alt=sse", &said(&["hello"]))).await;
    assert!(!older.text.contains("thoughtSignature"));
}

fn signature_error(text: &str) -> bool {
    text.contains("INVALID_ARGUMENT") && (text.contains("thought_signature") || text.contains("thought signature"))
}

#[tokio::test]
async fn an_output_limit_truncates() {
    let gemini = TestGemini::start();
    let mut body = said(&["hello"]);
    body["generationConfig"] = json!({ "maxOutputTokens": 2, "thinkingConfig": { "thinkingBudget": 0 } });

    let reply = send(gemini.request("gemini-flash-latest:generateContent", &body)).await;

    assert_eq!(reply.json["candidates"][0]["finishReason"], "MAX_TOKENS");
    assert_eq!(reply.json["candidates"][0]["content"]["parts"][0]["text"], "You said");
    assert_eq!(reply.json["usageMetadata"]["candidatesTokenCount"], 2);
}

#[tokio::test]
async fn a_call_without_a_valid_key_is_refused() {
    let gemini = TestGemini::start();
    let url = format!("{}/v1beta/models/gemini-flash-latest:generateContent", gemini.gemini.url());

    let none = send(gemini.http.post(&url).json(&said(&["hi"]))).await;
    let bad = send(gemini.http.post(&url).header("x-goog-api-key", "invalid").json(&said(&["hi"]))).await;

    assert_eq!((none.status, &none.json["error"]["status"]), (403, &json!("PERMISSION_DENIED")));
    assert_eq!((bad.status, &bad.json["error"]["details"][0]["reason"]), (400, &json!("API_KEY_INVALID")));
}

#[tokio::test]
async fn an_unknown_model_or_method_is_not_found() {
    let gemini = TestGemini::start();
    for call in ["llama-3:generateContent", "gemini-flash-latest:embedContent", "gemini-flash-latest"] {
        let reply = send(gemini.request(call, &said(&["hi"]))).await;
        assert_eq!((reply.status, &reply.json["error"]["status"]), (404, &json!("NOT_FOUND")), "{call}");
    }
}

#[tokio::test]
async fn an_unknown_field_is_named_in_the_error() {
    let gemini = TestGemini::start();
    let mut top = said(&["hi"]);
    top["temperature"] = json!(1);
    let mut nested = said(&["hi"]);
    nested["contents"][0]["name"] = json!("x");

    let top = send(gemini.request("gemini-flash-latest:generateContent", &top)).await;
    let nested = send(gemini.request("gemini-flash-latest:generateContent", &nested)).await;

    let message = |reply: &Value| reply["error"]["message"].as_str().unwrap_or_default().to_owned();
    assert_eq!((top.status, nested.status), (400, 400));
    assert!(message(&top.json).ends_with("Unknown name \"temperature\": Cannot find field."));
    assert!(message(&nested.json).ends_with("Unknown name \"name\" at 'contents[0]': Cannot find field."));
    assert_eq!(nested.json["error"]["details"][0]["fieldViolations"][0]["field"], "contents[0]");
}

#[tokio::test]
async fn contents_that_make_no_conversation_are_refused() {
    let gemini = TestGemini::start();
    let turn = |role: &str| json!({ "role": role, "parts": [{ "text": "x" }] });
    let bad = [
        json!([]),
        json!([turn("model")]),
        json!([turn("user"), turn("model")]),
        json!([turn("user"), turn("model"), turn("model"), turn("user")]),
        json!([turn("assistant")]),
        json!([{ "role": "user", "parts": [] }]),
        json!([{ "role": "user", "parts": [{ "text": "" }] }]),
        json!([{ "role": "user", "parts": [{ "text": 5 }] }]),
        json!("hi"),
    ];
    for contents in bad {
        let reply = send(gemini.request("gemini-flash-latest:generateContent", &json!({ "contents": contents }))).await;
        assert_eq!((reply.status, &reply.json["error"]["status"]), (400, &json!("INVALID_ARGUMENT")), "{contents}");
    }
    let two_questions = json!({ "contents": [turn("user"), turn("user")] });
    let reply = send(gemini.request("gemini-flash-latest:generateContent", &two_questions)).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
}

#[tokio::test]
async fn a_body_that_is_not_json_is_a_400() {
    let gemini = TestGemini::start();
    let url = format!("{}/v1beta/models/gemini-flash-latest:generateContent", gemini.gemini.url());

    let reply = send(gemini.http.post(url).header("x-goog-api-key", "k").body("{")).await;

    assert_eq!((reply.status, &reply.json["error"]["code"]), (400, &json!(400)));
}

#[tokio::test]
async fn a_dropped_stand_in_frees_its_port_at_once() {
    let first = TestGemini::start();
    let addr = first.gemini.url().replace("http://", "");
    assert_eq!(first.ask("hi").await.status, 200);

    drop(first);

    standins::Gemini::start(addr.as_str()).expect("the port is free again");
}
