//! `GET /v1beta/models` and `GET /v1beta/models/{model}`

use axum::Json;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use serde::Deserialize;
use serde_json::{Value, json};

use super::generate::check_key;
use super::google_error::GoogleError;

/// The models that the list has: the ones that the settings name, and two more. Every other name that begins with `gemini-` is
/// served too.
const MODELS: [&str; 4] = ["gemini-flash-latest", "gemini-flash-lite-latest", "gemini-pro-latest", "gemini-2.5-flash"];
/// Google's usual and greatest size of a page.
const USUAL: usize = 50;
const MOST: usize = 1000;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Page {
    page_size: Option<usize>,
    page_token: Option<String>,
}

/// A page of the models.
pub(crate) async fn list(headers: HeaderMap, Query(page): Query<Page>) -> Response {
    match models(&headers, &page) {
        Ok(models) => Json(models).into_response(),
        Err(error) => error.into_response(),
    }
}

fn models(headers: &HeaderMap, page: &Page) -> Result<Value, GoogleError> {
    check_key(headers)?;
    let from = match page.page_token.as_deref().unwrap_or_default() {
        "" => 0,
        token => token.parse().ok().filter(|from| *from < MODELS.len()).ok_or_else(GoogleError::bad_page)?,
    };
    let size = page.page_size.filter(|size| *size > 0).unwrap_or(USUAL).min(MOST);
    let to = MODELS.len().min(from + size);
    let mut answer = json!({ "models": MODELS[from..to].iter().map(|name| model(name)).collect::<Vec<_>>() });
    if to < MODELS.len() {
        answer["nextPageToken"] = json!(to.to_string());
    }
    Ok(answer)
}

/// One model.
pub(crate) async fn get(headers: HeaderMap, Path(name): Path<String>) -> Response {
    match check_key(&headers) {
        Err(error) => error.into_response(),
        Ok(()) if !name.starts_with("gemini-") => GoogleError::no_such_model(&name, "getModel").into_response(),
        Ok(()) => Json(model(&name)).into_response(),
    }
}

fn model(name: &str) -> Value {
    json!({
        "name": format!("models/{name}"),
        "version": "001",
        "displayName": name,
        "description": "The stand-in's model of that name.",
        "inputTokenLimit": 1_048_576,
        "outputTokenLimit": 65_536,
        "supportedGenerationMethods": ["generateContent", "countTokens"],
        "temperature": 1,
        "topP": 0.95,
        "topK": 64,
        "maxTemperature": 2,
        "thinking": true,
    })
}
