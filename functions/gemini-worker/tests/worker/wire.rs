//! Google's wire format: the client reads every documented form, however the network splits it.

use std::time::Duration;

use gemini_worker::gemini::{Content, Failure, Gemini, Progress, Request};
use shared::config::Env;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// Serves one request with `body`, in pieces of `size` bytes. Returns the URL and, later, the received request.
async fn answer(status: u16, body: &'static [u8], size: usize) -> (String, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let served = tokio::spawn(async move {
        let (mut client, _) = listener.accept().await.unwrap();
        let (mut asked, mut buffer) = (Vec::new(), [0; 4096]);
        while !asked.ends_with(b"]}") {
            let read = client.read(&mut buffer).await.unwrap();
            asked.extend_from_slice(&buffer[..read]);
        }
        let kind = if status == 200 { "text/event-stream" } else { "application/json; charset=UTF-8" };
        let head =
            format!("HTTP/1.1 {status} Status\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n", body.len());
        client.write_all(head.as_bytes()).await.unwrap();
        for piece in body.chunks(size) {
            // A client that has read enough disconnects.
            if client.write_all(piece).await.is_err() {
                break;
            }
            client.flush().await.unwrap();
            tokio::task::yield_now().await;
        }
        String::from_utf8(asked).unwrap()
    });
    (url, served)
}

fn gemini(url: String) -> Gemini {
    shared::tls::install_provider();
    let env = Env::from_fn(move |name| match name {
        "GEMINI_BASE_URL" => Some(url.clone()),
        "GEMINI_API_KEY" => Some("the-key".into()),
        "GEMINI_MODEL" => Some("gemini-2.5-flash".into()),
        _ => None,
    });
    Gemini::from_env(&env).unwrap()
}

async fn ask(gemini: &Gemini) -> (Result<(), Failure>, Progress) {
    let mut progress = Progress::default();
    let request = Request::new(Some("Be brief."), vec![Content::user("What is tea?")]);
    (gemini.generate(&request, 0, &mut progress, &|_| ()).await, progress)
}

async fn read(status: u16, body: &'static [u8], size: usize) -> (Result<(), Failure>, Progress) {
    let (url, served) = answer(status, body, size).await;
    let answer = ask(&gemini(url)).await;
    served.await.unwrap();
    answer
}

macro_rules! fixture {
    ($name:literal) => {
        include_bytes!(concat!("../fixtures/", $name)).as_slice()
    };
}

#[tokio::test]
async fn a_request_has_googles_shape_and_its_key_is_in_the_header_alone() {
    let (url, served) = answer(200, fixture!("text.sse"), 4096).await;
    ask(&gemini(url)).await.0.unwrap();
    let asked = served.await.unwrap();
    let (head, body) = asked.split_once("\r\n\r\n").unwrap();
    assert!(
        head.starts_with("POST /v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse HTTP/1.1\r\n"),
        "{head}"
    );
    assert!(head.contains("x-goog-api-key: the-key"), "{head}");
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    let expected = serde_json::json!({
        "systemInstruction": { "parts": [{ "text": "Be brief." }] },
        "contents": [{ "role": "user", "parts": [{ "text": "What is tea?" }] }],
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn every_documented_answer_is_parsed_in_pieces_of_any_size() {
    type Expected = (&'static str, Option<&'static str>, Option<&'static str>, Option<i32>, Option<i32>);
    let table: [(&[u8], Expected); 8] = [
        (fixture!("text.sse"), ("Tea is an infusion of leaves — 茶.\n", Some("STOP"), None, Some(5), Some(8))),
        (fixture!("thoughts.sse"), ("Forty-two.", Some("STOP"), None, Some(9), Some(4))),
        (fixture!("thought-away.sse"), ("", Some("MAX_TOKENS"), None, Some(9), None)),
        (fixture!("prompt-blocked.sse"), ("", None, Some("PROHIBITED_CONTENT"), Some(12), None)),
        (fixture!("prompt-rated.sse"), ("Fine.", Some("STOP"), None, Some(3), Some(2))),
        (fixture!("stopped-for-safety.sse"), ("First you take", Some("SAFETY"), None, Some(7), Some(3))),
        (fixture!("recited.sse"), ("Shall I compare thee", Some("RECITATION"), None, Some(4), Some(5))),
        (fixture!("grounded.sse"), ("One.", Some("STOP"), None, Some(4), Some(9))),
    ];
    for (body, (text, finish_reason, block_reason, prompt_tokens, reply_tokens)) in table {
        for size in [1, 7, 64, 100_000] {
            let (result, progress) = read(200, body, size).await;
            assert_eq!(result, Ok(()), "{text}");
            assert_eq!((progress.text.as_str(), progress.finish_reason.as_deref()), (text, finish_reason));
            assert_eq!(progress.block_reason.as_deref(), block_reason);
            assert_eq!((progress.usage.prompt, progress.usage.reply), (prompt_tokens, reply_tokens), "{text}");
            assert!(progress.model.unwrap().starts_with("gemini-2.5-"));
        }
    }
}

#[tokio::test]
async fn every_documented_error_is_distinguished() {
    let seconds = |seconds| Some(Duration::from_secs_f64(seconds));
    let table = [
        (429, fixture!("429-minute.json"), Failure::RateLimited(seconds(34.074_824_224))),
        (429, fixture!("429-day.json"), Failure::QuotaSpent),
        (429, fixture!("429-none.json"), Failure::QuotaSpent),
        (429, fixture!("429-bare.json"), Failure::RateLimited(None)),
        (400, fixture!("400-key.json"), Failure::Unauthorized(400)),
        (400, fixture!("400-field.json"), Failure::Refused(400, "INVALID_ARGUMENT".into())),
        (400, fixture!("400-location.json"), Failure::Refused(400, "FAILED_PRECONDITION".into())),
        (403, fixture!("403.json"), Failure::Unauthorized(403)),
        (404, fixture!("404.json"), Failure::NoSuchModel),
        (500, fixture!("500.json"), Failure::Overloaded(500, None)),
        (503, fixture!("503.json"), Failure::Overloaded(503, seconds(3.0))),
        (504, fixture!("504.json"), Failure::Overloaded(504, None)),
    ];
    for (status, body, failure) in table {
        assert_eq!(read(status, body, 50).await.0, Err(failure));
    }
}

#[tokio::test]
async fn an_error_in_the_middle_of_an_answer_is_a_failure_whatever_came_before() {
    let (result, _) = read(200, fixture!("overloaded-midway.sse"), 10).await;
    assert_eq!(result, Err(Failure::Overloaded(503, None)));
}

#[tokio::test]
async fn an_answer_that_ends_without_a_finish_reason_is_not_complete() {
    let whole = fixture!("text.sse");
    let first = whole.windows(4).position(|four| four == b"\n\nda").unwrap() + 2;
    for end in [0, 10, first, first + 40] {
        assert!(matches!(read(200, &whole[..end], 64).await.0, Err(Failure::Garbled(_))), "cut at {end}");
    }
}

/// The emulator is not part of the tests, so its URL comes from the environment. To start one:
/// `pip install llmock && llmock serve`.
#[tokio::test]
#[ignore = "needs an emulator at GEMINI_EMULATOR_URL, for llmock: http://127.0.0.1:8000/gemini"]
#[expect(clippy::disallowed_methods, reason = "the environment says where the emulator is")]
async fn the_client_understands_a_third_party_emulator() {
    let url = std::env::var("GEMINI_EMULATOR_URL").unwrap();
    let (result, progress) = ask(&gemini(url)).await;
    assert_eq!((result, progress.finish_reason.as_deref()), (Ok(()), Some("STOP")));
    assert!(!progress.text.is_empty() && progress.usage.reply > Some(0), "{progress:?}");
}
