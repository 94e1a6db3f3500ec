//! Stripe's error object: `{"error": {type, code, message, param, doc_url}}`.

use serde_json::{Value, json};

/// A refused or failed API call.
#[derive(Clone, Debug)]
pub(super) struct ApiError {
    pub(super) status: u16,
    kind: &'static str,
    code: Option<&'static str>,
    message: String,
    param: Option<String>,
}

impl ApiError {
    /// 400 without a code.
    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self { status: 400, kind: "invalid_request_error", code: None, message: message.into(), param: None }
    }

    /// 400 about one parameter.
    pub(super) fn param(code: &'static str, param: &str, message: impl Into<String>) -> Self {
        Self { code: Some(code), param: Some(param.to_owned()), ..Self::invalid(message) }
    }

    /// 400: a required parameter is missing.
    pub(super) fn missing(param: &str) -> Self {
        Self::param("parameter_missing", param, format!("Missing required param: {param}."))
    }

    /// As at Stripe: 404 if the unknown object is in the path, 400 if a parameter names it.
    pub(super) fn no_such(object: &str, id: &str, param: &str) -> Self {
        let status = if param == "id" { 404 } else { 400 };
        let message = format!("No such {object}: '{id}'");
        Self { status, ..Self::param("resource_missing", param, message) }
    }

    /// 404: an unknown path.
    pub(super) fn no_such_path(method: &str, path: &str) -> Self {
        let message = format!(
            "Unrecognized request URL ({method}: {path}). Please see https://stripe.com/docs or we can help at \
             https://support.stripe.com/."
        );
        Self { status: 404, ..Self::invalid(message) }
    }

    /// 401.
    pub(super) fn unauthenticated(message: impl Into<String>) -> Self {
        Self { status: 401, ..Self::invalid(message) }
    }

    /// 400: the key was used for something else.
    pub(super) fn key_reused(key: &str) -> Self {
        Self {
            kind: "idempotency_error",
            ..Self::invalid(format!(
                "Keys for idempotent requests can only be used with the same parameters they were first used with. \
                 Try using a key other than '{key}' if you meant to execute a different request."
            ))
        }
    }

    /// 409: the first request with the key is still running.
    pub(super) fn key_in_use(key: &str) -> Self {
        Self {
            status: 409,
            code: Some("idempotency_key_in_use"),
            ..Self::invalid(format!(
                "There is currently another in-progress request using this Idempotent Key (that probably means you \
                 submitted twice, and the other request is still going through): {key}. Please try again later."
            ))
        }
    }

    /// 403: a restricted key lacks the permission for this path.
    fn forbidden(path: &str) -> Self {
        let resource = path.trim_start_matches("/v1/").split('/').next().unwrap_or_default().trim_end_matches('s');
        Self {
            status: 403,
            ..Self::invalid(format!(
                "The provided key 'rk_test_*********1234' does not have the required permissions for this endpoint on \
                 account 'acct_standin'. Having the 'rak_{resource}_write' permission would allow this request to \
                 continue."
            ))
        }
    }

    /// A failure that a test injected.
    pub(super) fn injected(status: u16, path: &str) -> Self {
        if status == 403 {
            return Self::forbidden(path);
        }
        let (kind, code, message) = match status {
            429 => (
                "invalid_request_error",
                Some("rate_limit"),
                "Request rate limit exceeded. You can learn more about rate limits here \
                 https://stripe.com/docs/rate-limits.",
            ),
            402 => ("card_error", Some("card_declined"), "Your card was declined."),
            400..=499 => ("invalid_request_error", None, "The request was refused."),
            _ => ("api_error", None, "Sorry! There was an error while talking to one of our backends."),
        };
        Self { status, kind, code, message: message.to_owned(), param: None }
    }

    /// The body.
    pub(super) fn body(&self) -> Value {
        let mut error = json!({ "type": self.kind, "message": self.message });
        if let Some(code) = self.code {
            error["code"] = json!(code);
            error["doc_url"] = json!(format!("https://stripe.com/docs/error-codes/{}", code.replace('_', "-")));
        }
        if let Some(param) = &self.param {
            error["param"] = json!(param);
        }
        json!({ "error": error })
    }
}
