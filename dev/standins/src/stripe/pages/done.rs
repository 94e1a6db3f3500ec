//! `GET /done?status=…`: a return page for tests, and the page of an invoice

use axum::extract::RawQuery;
use axum::response::Response;
use http::StatusCode;

use super::{field, notice};

/// Says how the checkout or portal visit ended.
pub(in crate::stripe) async fn show(RawQuery(query): RawQuery) -> Response {
    let (title, text) = match field(query.unwrap_or_default().as_bytes(), "status").as_str() {
        "success" => ("Welcome to Pro", "Your payment is through. You can close this page."),
        "cancel" => ("Nothing was paid", "You can close this page and subscribe another time."),
        "portal" => ("All set", "You can close this page."),
        "invoice" => ("Invoice", "Stripe shows the invoice here."),
        _ => ("Done", "You can close this page."),
    };
    notice(StatusCode::OK, title, text)
}
