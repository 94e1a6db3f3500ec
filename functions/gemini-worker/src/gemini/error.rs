//! Failures of Gemini, classified by what must follow.

use std::time::Duration;

use reqwest::header::HeaderMap;
use serde::Deserialize;

use super::{lenient, pause};

/// Why there is no complete answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// No answer came, or the connection broke: a retry may help.
    #[error("no answer: {0}")]
    Unreachable(String),
    /// Google has the request and says nothing: a retry may help. It may have worked all the time.
    #[error("no answer: silent for too long")]
    Silent,
    /// 5xx: a retry may help, after Google's pause if it names one.
    #[error("overloaded ({0})")]
    Overloaded(u16, Option<Duration>),
    /// 429: too many requests; retry after Google's pause if it names one.
    #[error("rate limited")]
    RateLimited(Option<Duration>),
    /// 429 that a short pause cannot fix: the daily quota is used up, or the quota is zero.
    #[error("quota spent")]
    QuotaSpent,
    /// 401, 403, or a 400 that names the key.
    #[error("the key is refused ({0})")]
    Unauthorized(u16),
    /// 404: no such model.
    #[error("no such model")]
    NoSuchModel,
    /// Another 4xx: this request will never work.
    #[error("the request is refused ({0}): {1}")]
    Refused(u16, String),
    /// The answer had not ended when the attempt's time was over.
    #[error("no end within the attempt's time")]
    OutOfTime,
    /// The answer does not match Google's documentation, or it is incomplete.
    #[error("garbled answer: {0}")]
    Garbled(&'static str),
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Body {
    #[serde(deserialize_with = "lenient::value")]
    error: Status,
}

/// `google.rpc.Status`, as the REST API writes it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Status {
    #[serde(deserialize_with = "lenient::count")]
    code: Option<i32>,
    #[serde(deserialize_with = "lenient::text")]
    message: String,
    #[serde(rename = "status", deserialize_with = "lenient::text")]
    name: String,
    #[serde(deserialize_with = "lenient::list")]
    details: Vec<Detail>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Detail {
    #[serde(deserialize_with = "lenient::text")]
    retry_delay: String,
    #[serde(deserialize_with = "lenient::text")]
    reason: String,
    #[serde(deserialize_with = "lenient::list")]
    violations: Vec<Violation>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Violation {
    #[serde(deserialize_with = "lenient::text")]
    quota_id: String,
}

impl Failure {
    /// The failure of an error response, whose body may be anything.
    pub(super) fn of(status: u16, headers: &HeaderMap, body: &[u8]) -> Self {
        // Google wraps the error of a stream in a list.
        let error = match serde_json::from_slice(body) {
            Ok(serde_json::Value::Array(mut list)) if !list.is_empty() => list.swap_remove(0),
            Ok(error) => error,
            Err(_) => serde_json::Value::Null,
        };
        Self::of_status(status, &status_of(error), pause::of_headers(headers))
    }

    /// The failure that an event of a stream reports. `None` if it reports none.
    pub(super) fn in_stream(event: &serde_json::Value) -> Option<Self> {
        let error = status_of(event.clone());
        let code = match (error.code, error.name.as_str()) {
            (Some(code), _) => u16::try_from(code).ok()?,
            (None, "") => return None,
            (None, "RESOURCE_EXHAUSTED") => 429,
            (None, "INVALID_ARGUMENT" | "FAILED_PRECONDITION") => 400,
            (None, _) => 500,
        };
        (code >= 400).then(|| Self::of_status(code, &error, None))
    }

    /// `named` is the pause that the response's headers name.
    fn of_status(status: u16, error: &Status, named: Option<Duration>) -> Self {
        let pause = error.details.iter().find_map(|detail| pause::of_units(&detail.retry_delay));
        let pause = pause.or(named).or_else(|| pause::of_message(&error.message));
        let of_a_day =
            error.details.iter().flat_map(|detail| &detail.violations).any(|v| v.quota_id.contains("PerDay"));
        match status {
            429 if of_a_day || names_no_quota(&error.message) => Self::QuotaSpent,
            429 => Self::RateLimited(pause),
            401 | 403 => Self::Unauthorized(status),
            // Google reports an unknown key in this way.
            400 if error.details.iter().any(|detail| detail.reason == "API_KEY_INVALID") => Self::Unauthorized(status),
            404 => Self::NoSuchModel,
            // Google's own time limit, and a call that its side gave up.
            408 | 499 | 500.. => Self::Overloaded(status, pause),
            _ => Self::Refused(status, error.name.clone()),
        }
    }
}

fn status_of(body: serde_json::Value) -> Status {
    serde_json::from_value::<Body>(body).unwrap_or_default().error
}

/// A quota of zero (`limit: 0`): this key cannot use the model.
fn names_no_quota(message: &str) -> bool {
    message.split("limit: 0").skip(1).any(|rest| !rest.starts_with(|next: char| next.is_ascii_digit() || next == '.'))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use reqwest::header::HeaderMap;

    use super::Failure;

    fn of(status: u16, body: &[u8]) -> Failure {
        Failure::of(status, &HeaderMap::new(), body)
    }

    #[test]
    fn google_says_how_long_to_wait() {
        let body = br#"{"error":{"code":429,"message":"Quota exceeded","status":"RESOURCE_EXHAUSTED","details":[
            {"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaId":"GenerateRequestsPerMinutePerProjectPerModel"}]},
            {"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"34.5s"}]}}"#;
        assert_eq!(of(429, body), Failure::RateLimited(Some(Duration::from_millis(34_500))));
        let list = [b"[".as_slice(), body, b"]"].concat();
        assert_eq!(of(429, &list), Failure::RateLimited(Some(Duration::from_millis(34_500))));
    }

    #[test]
    fn a_daily_quota_or_a_quota_of_zero_is_not_waited_for() {
        let day = br#"{"error":{"code":429,"message":"Quota","details":[{"violations":[{"quotaId":"GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]},{"retryDelay":"5s"}]}}"#;
        let none = br#"{"error":{"code":429,"message":"Quota exceeded for metric: x, limit: 0\nPlease retry in 5s."}}"#;
        let some = br#"{"error":{"code":429,"message":"Quota exceeded for metric: x, limit: 0.5"}}"#;
        assert_eq!(of(429, day), Failure::QuotaSpent);
        assert_eq!(of(429, none), Failure::QuotaSpent);
        assert_eq!(of(429, some), Failure::RateLimited(None));
    }

    #[test]
    fn an_error_page_is_judged_by_its_status() {
        assert_eq!(of(502, b"<html>"), Failure::Overloaded(502, None));
        assert_eq!(of(404, b""), Failure::NoSuchModel);
        assert_eq!(of(403, b"{}"), Failure::Unauthorized(403));
    }
}
