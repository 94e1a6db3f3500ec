//! `GET /subscription/status`

use axum::extract::State;
use shared::db::Db;
use shared::domain::Clock;
use shared::http::{Caller, Json, Result};

use crate::views::{SubscriptionView, subscription_of};

/// Read the subscription
///
/// Returns the plan and what is due. `status` is `none` without a subscription, else Stripe's word.
#[utoipa::path(
    get, path = "/subscription/status", tag = "Subscription", security(("bearer" = [])),
    responses((status = 200, body = SubscriptionView, description = "The subscription.")),
)]
pub(crate) async fn get_subscription_status(
    State(db): State<Db>,
    State(clock): State<Clock>,
    caller: Caller,
) -> Result<Json<SubscriptionView>> {
    subscription_of(&db, caller.user, clock.now()).await
}
