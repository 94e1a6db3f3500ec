//! Google's error bodies: `{"error": {code, message, status, details}}`.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::{Value, json};

/// An error as Google returns it.
#[derive(Debug)]
pub(crate) struct GoogleError {
    code: u16,
    message: String,
    details: Vec<Value>,
}

impl GoogleError {
    /// An error of this HTTP status with Google's usual message for it.
    pub(crate) fn of_status(code: u16, model: &str) -> Self {
        match code {
            400 => Self::new(code, "Request contains an invalid argument."),
            401 => Self::new(
                code,
                "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or \
                 other valid authentication credential.",
            ),
            403 => Self::new(code, "Your API key was reported as leaked. Please use another API key."),
            404 => Self::no_such_model(model, "generateContent"),
            429 => Self::rate_limited(model, None),
            503 => Self::new(code, "The model is overloaded. Please try again later."),
            504 => Self::new(code, "The request timed out. Please try again."),
            _ => Self::new(
                code,
                "An internal error has occurred. Please retry or report in \
                 https://developers.generativeai.google/guide/troubleshooting",
            ),
        }
    }

    /// 400 with the proto path of the invalid field in the message, as the service itself returns it.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, message)
    }

    /// 400 for JSON that does not fit the proto, as Google's front end returns it.
    pub(crate) fn bad_json(problem: &str, at: &str) -> Self {
        let message = format!("Invalid JSON payload received. {problem}");
        let mut violation = json!({ "description": message });
        if !at.is_empty() {
            violation["field"] = json!(at);
        }
        let detail = json!({ "@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [violation] });
        Self { code: 400, message, details: vec![detail] }
    }

    /// 400: a token of a page that no page gave.
    pub(crate) fn bad_page() -> Self {
        Self::invalid("page token is invalid")
    }

    /// 403: no key at all.
    pub(crate) fn no_key() -> Self {
        Self::new(
            403,
            "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or \
             other form of API consumer identity to call this API.",
        )
    }

    /// 400: a key that Google does not know.
    pub(crate) fn bad_key() -> Self {
        let detail = json!({
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": "API_KEY_INVALID",
            "domain": "googleapis.com",
            "metadata": { "service": "generativelanguage.googleapis.com" },
        });
        let message = "API key not valid. Please pass a valid API key.".to_owned();
        Self { code: 400, message, details: vec![detail] }
    }

    /// 404: an unknown model.
    pub(crate) fn no_such_model(model: &str, method: &str) -> Self {
        Self::new(
            404,
            format!(
                "models/{model} is not found for API version v1beta, or is not supported for {method}. Call \
                 ListModels to see the list of available models and their supported methods."
            ),
        )
    }

    /// 429: too many requests per minute; with `RetryInfo` if `seconds` is given.
    pub(crate) fn rate_limited(model: &str, seconds: Option<f64>) -> Self {
        Self::quota(model, "GenerateRequestsPerMinutePerProjectPerModel-FreeTier", "15", seconds)
    }

    /// 429: too many requests per day. Google sends a short `RetryInfo` even then.
    pub(crate) fn daily_quota(model: &str) -> Self {
        Self::quota(model, "GenerateRequestsPerDayPerProjectPerModel-FreeTier", "250", Some(22.0))
    }

    /// 429: the project has no quota for the model; the message contains "limit: 0".
    pub(crate) fn no_quota(model: &str) -> Self {
        Self::quota(model, "GenerateRequestsPerMinutePerProjectPerModel-FreeTier", "0", Some(10.0))
    }

    fn quota(model: &str, quota_id: &str, limit: &str, seconds: Option<f64>) -> Self {
        let metric = "generativelanguage.googleapis.com/generate_content_free_tier_requests";
        let mut message = format!(
            "You exceeded your current quota, please check your plan and billing details. For more information on \
             this error, head to: https://ai.google.dev/gemini-api/docs/rate-limits. \n* Quota exceeded for metric: \
             {metric}, limit: {limit}, model: {model}"
        );
        let mut violation = json!({
            "quotaMetric": metric,
            "quotaId": quota_id,
            "quotaDimensions": { "location": "global", "model": model },
        });
        // Google omits the value if it is zero, as protobuf's JSON does.
        if limit != "0" {
            violation["quotaValue"] = json!(limit);
        }
        let mut details = vec![
            json!({ "@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [violation] }),
            json!({
                "@type": "type.googleapis.com/google.rpc.Help",
                "links": [{
                    "description": "Learn more about Gemini API quotas",
                    "url": "https://ai.google.dev/gemini-api/docs/rate-limits",
                }],
            }),
        ];
        if let Some(seconds) = seconds {
            message = format!("{message}\nPlease retry in {seconds}s.");
            let delay = format!("{seconds}s");
            details.push(json!({ "@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay }));
        }
        Self { code: 429, message, details }
    }

    fn new(code: u16, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), details: Vec::new() }
    }

    /// The HTTP status.
    pub(crate) fn code(&self) -> u16 {
        self.code
    }
}

impl IntoResponse for GoogleError {
    fn into_response(self) -> Response {
        let mut error = json!({ "code": self.code, "message": self.message, "status": name_of(self.code) });
        if !self.details.is_empty() {
            error["details"] = Value::Array(self.details);
        }
        let status = StatusCode::from_u16(self.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, Json(json!({ "error": error }))).into_response()
    }
}

/// The canonical gRPC code of an HTTP status.
fn name_of(code: u16) -> &'static str {
    match code {
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        409 => "ABORTED",
        429 => "RESOURCE_EXHAUSTED",
        499 => "CANCELLED",
        501 => "UNIMPLEMENTED",
        503 => "UNAVAILABLE",
        504 => "DEADLINE_EXCEEDED",
        400..=499 => "INVALID_ARGUMENT",
        _ => "INTERNAL",
    }
}
