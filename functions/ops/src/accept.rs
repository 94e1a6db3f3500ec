//! Which of two forms a client wants (RFC 9110, section 12.5.1).

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::ACCEPT;
use axum::http::request::Parts;

/// The form of a response that is for people and for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// A page, also if the client does not say.
    Html,
    /// A JSON document.
    Json,
}

impl<S: Send + Sync> FromRequestParts<S> for Form {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let named = |form| weight(&parts.headers, form, false);
        let (html, json) = (named("text/html"), named("application/json"));
        // A client that names only one of them and everything else wants the one.
        let wants_json = match (html, json) {
            (Some(html), Some(json)) => json >= html,
            (None, Some(json)) => json > 0.0 && json >= weight(&parts.headers, "text/html", true).unwrap_or_default(),
            (Some(html), None) => html <= 0.0,
            (None, None) => false,
        };
        Ok(if wants_json { Self::Json } else { Self::Html })
    }
}

/// How much a client wants a type: the greatest weight of the ranges that name it, or, if `widely`, also of those that
/// include it.
fn weight(headers: &HeaderMap, kind: &str, widely: bool) -> Option<f32> {
    let lists = headers.get_all(ACCEPT).into_iter().filter_map(|value| value.to_str().ok());
    let ranges = lists.flat_map(|list| list.split(','));
    let weights = ranges.filter_map(|range| {
        let (range, parameters) = range.split_once(';').unwrap_or((range, ""));
        let range = range.trim().to_ascii_lowercase();
        let includes = range.strip_suffix('*').is_some_and(|head| head == "*/" || kind.starts_with(head));
        let weight = parameters.split(';').find_map(|parameter| parameter.trim().strip_prefix("q="));
        let weight = weight.map_or(1.0, |weight| weight.trim().parse::<f32>().unwrap_or_default());
        (range == kind || widely && includes).then_some(weight)
    });
    weights.reduce(f32::max)
}

#[cfg(test)]
mod tests {
    use axum::extract::FromRequestParts;
    use axum::http::Request;
    use axum::http::header::ACCEPT;

    use super::Form::{self, Html, Json};

    #[tokio::test]
    async fn a_client_gets_the_form_that_it_names() {
        for (accept, form) in [
            ("", Html),
            ("*/*", Html),
            ("application/json", Json),
            ("Application/JSON", Json),
            ("application/json, text/plain, */*", Json),
            ("text/html, application/json", Json),
            ("text/html, application/json;q=0.9", Html),
            ("text/html;q=0.5, application/json;q=0.9", Json),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", Html),
            ("application/json;q=0.1, */*", Html),
            ("application/json;q=0", Html),
            ("text/html;q=0, */*", Json),
            ("text/*, application/json;q=0.5", Html),
            (";;,q=", Html),
        ] {
            let request = Request::builder().header(ACCEPT, accept).body(()).unwrap();
            let read = Form::from_request_parts(&mut request.into_parts().0, &()).await.unwrap();
            assert_eq!(read, form, "{accept}");
        }
    }
}
