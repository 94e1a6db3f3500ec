//! Endpoints are declared once: a handler's declaration is both its route and its part of the contract.

use std::collections::BTreeMap;

use axum::routing::MethodFilter;
use serde_json::json;
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::path::HttpMethod;
use utoipa::openapi::{RefOr, Response, ResponseBuilder};

use super::ProblemCode;

#[doc(hidden)]
pub use pastey::paste;

/// The member of a response that lists the codes of its problems.
pub const PROBLEMS: &str = "x-problems";

/// Makes a function's routes and its part of the contract from one list of handlers. Each handler has the name of its
/// module, and an attribute `#[utoipa::path]` with its method, its path and everything else.
///
/// Defines `endpoints() -> Router<App>` and `pub openapi() -> OpenApi`. Nothing that is deployed calls the latter.
#[macro_export]
macro_rules! endpoints {
    ($app:ty: $($name:ident),+ $(,)?) => { $crate::http::paste! {
        /// The routes.
        fn endpoints() -> axum::Router<$app> {
            axum::Router::new()$(.route(
                &<$name::[<__path_ $name>] as utoipa::Path>::path(),
                axum::routing::on(
                    $crate::http::method_filter(&<$name::[<__path_ $name>] as utoipa::Path>::methods()),
                    $name::$name,
                ),
            ))+
        }

        /// These routes' part of the contract. Nothing that is deployed calls it.
        pub fn openapi() -> utoipa::openapi::OpenApi {
            #[derive(utoipa::OpenApi)]
            #[openapi(paths($($name::$name),+))]
            struct Contract;
            <Contract as utoipa::OpenApi>::openapi()
        }
    }};
}

/// Declares the type `Refusals` of a handler's file: the problems that the handler itself returns. Those that follow
/// from its input (a token, a body, an id in its path) are added when the contract is made.
#[macro_export]
macro_rules! refusals {
    ($($code:ident),+ $(,)?) => {
        /// The problems that this operation itself returns.
        pub(crate) struct Refusals;

        impl utoipa::IntoResponses for Refusals {
            fn responses() -> std::collections::BTreeMap<String, utoipa::openapi::RefOr<utoipa::openapi::Response>> {
                $crate::http::refusals(&[$($crate::http::ProblemCode::$code),+])
            }
        }
    };
}

/// The responses that have these problems, by status.
pub fn refusals(codes: &[ProblemCode]) -> BTreeMap<String, RefOr<Response>> {
    let mut by_status: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for code in codes {
        by_status.entry(code.status().as_u16().to_string()).or_default().push(code.as_str());
    }
    let response = |codes: Vec<&str>| {
        let listed = Extensions::from_iter([(PROBLEMS, json!(codes))]);
        RefOr::T(ResponseBuilder::new().extensions(Some(listed)).build())
    };
    by_status.into_iter().map(|(status, codes)| (status, response(codes))).collect()
}

/// The methods of an operation, in the form that a router needs.
pub fn method_filter(methods: &[HttpMethod]) -> MethodFilter {
    let filter = |method: &HttpMethod| match method {
        HttpMethod::Get => MethodFilter::GET,
        HttpMethod::Post => MethodFilter::POST,
        HttpMethod::Put => MethodFilter::PUT,
        HttpMethod::Delete => MethodFilter::DELETE,
        HttpMethod::Options => MethodFilter::OPTIONS,
        HttpMethod::Head => MethodFilter::HEAD,
        HttpMethod::Patch => MethodFilter::PATCH,
        HttpMethod::Trace => MethodFilter::TRACE,
    };
    methods.iter().map(filter).reduce(MethodFilter::or).unwrap_or(MethodFilter::GET)
}
