//! A stream as the body of a response.

use std::convert::Infallible;

use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderName, HeaderValue};
use axum::response::sse::Sse;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use tracing::Instrument;

use crate::following::Following;

impl IntoResponse for Following {
    fn into_response(self) -> Response {
        let events = stream::unfold(self, async |mut following| {
            let span = following.span.clone();
            let event = following.next().instrument(span).await?;
            Some((Ok::<_, Infallible>(event), following))
        });
        // Neither a cache nor a proxy may keep or pack the events (nginx by the second header).
        let headers = [
            (CACHE_CONTROL, HeaderValue::from_static("no-store, no-transform")),
            (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
        ];
        (headers, Sse::new(events)).into_response()
    }
}
