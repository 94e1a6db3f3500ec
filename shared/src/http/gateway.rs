//! The doors of the functions that are behind a gateway: each event gets an answer of ours.

use std::convert::Infallible;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, HttpBody, to_bytes};
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::any;
use bytes::Bytes;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, BoxFuture, IntoResponse, LambdaEvent, Service, StreamAdapter};
use tower::util::MapResponse;

use super::body::TOO_LARGE;
use super::event::Unusable;
use super::{Error, edge};

/// Answers with the whole response at once.
pub type Buffered = Adapter<'static, Whole, MapResponse<Router, fn(Response) -> Whole>>;
/// Answers with the response as it is made.
pub type Streamed = StreamAdapter<'static, MapResponse<Router, fn(Response) -> Response>, Body>;

/// Serves a router with a gateway's events.
pub struct Gateway<D> {
    door: D,
    open: fn(Router) -> D,
}

impl<D> std::fmt::Debug for Gateway<D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Gateway")
    }
}

impl Gateway<Buffered> {
    /// Serves `router` behind an HTTP API or a function URL.
    pub fn new(router: Router) -> Self {
        let open = |router: Router| Buffered::from(MapResponse::new(router, Whole as fn(Response) -> Whole));
        Self { door: open(router), open }
    }
}

impl Gateway<Streamed> {
    /// Serves `router` behind a function URL or a REST API that streams.
    pub fn streaming(router: Router) -> Self {
        let open = |router: Router| Streamed::from(MapResponse::new(router, with_body as fn(Response) -> Response));
        Self { door: open(router), open }
    }
}

impl<D, E> Service<LambdaEvent<E>> for Gateway<D>
where
    D: Service<LambdaEvent<LambdaRequest>, Error = Infallible>,
    E: Into<Result<LambdaRequest, Unusable>>,
{
    type Response = D::Response;
    type Error = Infallible;
    type Future = D::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.door.poll_ready(context)
    }

    fn call(&mut self, event: LambdaEvent<E>) -> Self::Future {
        let LambdaEvent { payload, context } = event;
        match payload.into() {
            Ok(request) => self.door.call(LambdaEvent::new(request, context)),
            Err(why) => {
                let request = LambdaRequest::ApiGatewayV2(ApiGatewayV2httpRequest::default());
                (self.open)(refusing(why)).call(LambdaEvent::new(request, context))
            }
        }
    }
}

/// Refuses the empty request that stands for an unusable one. It is made only then.
fn refusing(why: Unusable) -> Router {
    let refusal = move || match why {
        Unusable::Malformed => Error::malformed("The request is not valid HTTP, or its path and query are too long."),
        Unusable::TooLarge => TOO_LARGE,
    };
    edge(Router::new().route("/", any(async move || Err::<(), _>(refusal()))))
}

/// A response in one piece: text, if it is UTF-8 and not compressed. `lambda_http` itself would look at its charset,
/// for which it brings 150 KB of tables; here everything is UTF-8.
#[derive(Debug)]
pub struct Whole(Response);

impl IntoResponse for Whole {
    fn into_response(self) -> BoxFuture<'static, lambda_http::Response<lambda_http::Body>> {
        Box::pin(async move {
            let (mut head, body) = self.0.into_parts();
            let bytes = to_bytes(body, usize::MAX).await.unwrap_or_else(|error| {
                tracing::error!(%error, "a response cannot be read");
                (head.status, head.headers) = (StatusCode::INTERNAL_SERVER_ERROR, HeaderMap::new());
                Bytes::new()
            });
            let body = if head.headers.contains_key(CONTENT_ENCODING) {
                lambda_http::Body::Binary(bytes.into())
            } else {
                String::from_utf8(bytes.into()).map_or_else(|error| error.into_bytes().into(), Into::into)
            };
            lambda_http::Response::from_parts(head, body)
        })
    }
}

/// A response without a body hangs at a streaming door: a client waits until the function's time is over.
/// Source: <https://github.com/aws/aws-lambda-nodejs-runtime-interface-client/issues/95>.
fn with_body(mut response: Response) -> Response {
    if response.body().size_hint().exact() == Some(0) {
        if response.status() == StatusCode::NO_CONTENT {
            *response.status_mut() = StatusCode::OK;
        }
        *response.body_mut() = Body::from("\n");
        // It was that of an empty body, or of the one that a `HEAD` does not get.
        response.headers_mut().remove(CONTENT_LENGTH);
    }
    response
}
