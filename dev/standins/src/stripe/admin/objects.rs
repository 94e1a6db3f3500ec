//! `POST /admin/sessions/{id}` and `POST /admin/subscriptions/{id}`: what people, banks and time do.

use axum::Json;
use axum::extract::{Path, State};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;

use crate::admin::{Refused, lock, read};
use crate::stripe::App;
use crate::stripe::error::ApiError;
use crate::stripe::lifecycle::billing::{Outcome, text};
use crate::stripe::lifecycle::{checkout, cycle, ending, money_back, pause};
use crate::stripe::objects::subscription::Period;
use crate::stripe::world::World;

/// What happens to a Checkout Session.
#[derive(Clone, Copy, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
enum SessionAction {
    Pay,
    Decline,
    PayLater,
    AsyncSucceeds,
    AsyncFails,
    Expire,
}

/// What happens to a subscription.
#[derive(Deserialize)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
enum SubscriptionAction {
    Renew,
    PaymentFails,
    ActionRequired,
    Recover,
    VoidInvoice,
    Pause {
        #[serde(default = "requested")]
        reason: String,
    },
    Resume,
    SetCard {
        #[serde(default)]
        declined: bool,
    },
    PauseCollection {
        #[serde(default = "void")]
        behavior: String,
        resumes_at: Option<i64>,
    },
    ResumeCollection,
    PortalCancel,
    PortalReactivate,
    CancelNow,
    SetStatus {
        status: String,
    },
    SetPrice {
        price: String,
    },
    Schedule,
    Age {
        days: i64,
    },
    Refund,
    RefundSlowly,
    RefundArrives,
    RefundFails {
        #[serde(default)]
        without_charge: bool,
    },
    Dispute,
    DisputeWon,
    DisputeLost,
    DeleteCustomer,
}

fn requested() -> String {
    "pause_requested".to_owned()
}

fn void() -> String {
    "void".to_owned()
}

/// Acts on a session and returns its new state.
pub(in crate::stripe) async fn session(
    State(app): State<App>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, Refused> {
    let action: SessionAction = read(&body)?;
    let mut world = lock(&app.world);
    let done = match action {
        SessionAction::Pay => checkout::pay(&mut world, &id),
        SessionAction::Decline => checkout::decline_payment(&mut world, &id),
        SessionAction::PayLater => checkout::pay_later(&mut world, &id),
        SessionAction::AsyncSucceeds => checkout::settle_later(&mut world, &id, true),
        SessionAction::AsyncFails => checkout::settle_later(&mut world, &id, false),
        SessionAction::Expire => checkout::expire(&mut world, &id),
    };
    outcome(&world, &id, done)
}

/// Acts on a subscription and returns its new state.
pub(in crate::stripe) async fn subscription(
    State(app): State<App>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, Refused> {
    let action: SubscriptionAction = read(&body)?;
    let mut world = lock(&app.world);
    let done = act(&mut world, &id, &action);
    outcome(&world, &id, done)
}

fn act(world: &mut World, id: &str, action: &SubscriptionAction) -> Result<(), ApiError> {
    use SubscriptionAction as Action;
    match action {
        Action::Renew => cycle::renew(world, id),
        Action::PaymentFails => cycle::fail_payment(world, id, Outcome::Declined),
        Action::ActionRequired => cycle::fail_payment(world, id, Outcome::ActionRequired),
        Action::Recover => cycle::recover(world, id),
        Action::VoidInvoice => cycle::void_invoice(world, id),
        Action::Pause { reason } => pause::pause(world, id, reason),
        Action::Resume => pause::resume(world, id),
        Action::SetCard { declined } => pause::set_card(world, id, *declined),
        Action::PauseCollection { behavior, resumes_at } => pause::pause_collection(world, id, behavior, *resumes_at),
        Action::ResumeCollection => pause::resume_collection(world, id),
        Action::PortalCancel => portal_schedule(world, id, true),
        Action::PortalReactivate => portal_schedule(world, id, false),
        Action::CancelNow => cycle::live(world, id).map(|_| ending::end(world, id)),
        Action::SetStatus { status } => cycle::force_status(world, id, status),
        Action::SetPrice { price } => cycle::set_price(world, id, price),
        Action::Schedule => cycle::schedule(world, id),
        Action::Age { days } => cycle::age(world, id, *days),
        Action::RefundFails { without_charge } => {
            money_back::latest_charge(world, id).and_then(|charge| money_back::fail(world, &charge, *without_charge))
        }
        Action::Refund => money_back::latest_charge(world, id)
            .and_then(|charge| money_back::refund(world, &charge, None, None))
            .map(|_| ()),
        Action::RefundSlowly => {
            money_back::latest_charge(world, id).and_then(|charge| money_back::refund_slowly(world, &charge))
        }
        Action::RefundArrives => {
            money_back::latest_charge(world, id).and_then(|charge| money_back::arrive(world, &charge))
        }
        Action::Dispute => money_back::latest_charge(world, id).and_then(|charge| money_back::dispute(world, &charge)),
        Action::DisputeWon => decide(world, id, true),
        Action::DisputeLost => decide(world, id, false),
        Action::DeleteCustomer => {
            let customer = text(world.find("subscription", id, "id")?, "customer");
            ending::delete_customer(world, &customer).map(|_| ())
        }
    }
}

/// Does what the portal's buttons do: `cancel_at` is set to the period's end, `cancel_at_period_end` stays false.
pub(in crate::stripe) fn portal_schedule(world: &mut World, id: &str, cancel: bool) -> Result<(), ApiError> {
    let end = Period::of(&cycle::live(world, id)?).end;
    let cancellation = if cancel { ending::Cancellation::At(end) } else { ending::Cancellation::Never };
    world.update("customer.subscription.updated", id, |subscription| ending::schedule(subscription, cancellation));
    Ok(())
}

fn decide(world: &mut World, id: &str, won: bool) -> Result<(), ApiError> {
    money_back::latest_charge(world, id).and_then(|charge| money_back::decide(world, &charge, won))
}

fn outcome(world: &World, id: &str, done: Result<(), ApiError>) -> Result<Json<Value>, Refused> {
    done.map_err(|error| Refused(error.body()["error"]["message"].as_str().unwrap_or_default().to_owned()))?;
    Ok(Json(world.get(id).cloned().unwrap_or_default()))
}
