//! The door of every function behind the gateway: each event gets an answer of ours.

use std::convert::Infallible;
use std::task::{Context, Poll};

use axum::Router;
use axum::response::Response;
use axum::routing::any;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, LambdaEvent, Service};

use super::body::TOO_LARGE;
use super::event::{Event, Unusable};
use super::{Error, edge};

type Door = Adapter<'static, Response, Router>;

/// Serves a router with the gateway's events.
pub struct Gateway(Door);

impl std::fmt::Debug for Gateway {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Gateway")
    }
}

impl Gateway {
    /// Serves `router`.
    pub fn new(router: Router) -> Self {
        Self(Door::from(router))
    }
}

impl Service<LambdaEvent<Event>> for Gateway {
    type Response = <Door as Service<LambdaEvent<LambdaRequest>>>::Response;
    type Error = Infallible;
    type Future = <Door as Service<LambdaEvent<LambdaRequest>>>::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, event: LambdaEvent<Event>) -> Self::Future {
        let LambdaEvent { payload: Event(request), context } = event;
        match request {
            Ok(request) => self.0.call(LambdaEvent::new(request, context)),
            Err(why) => {
                let request = LambdaRequest::ApiGatewayV2(ApiGatewayV2httpRequest::default());
                Door::from(refusing(why)).call(LambdaEvent::new(request, context))
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
