//! `/v1/subscriptions`

use serde_json::{Value, json};

use super::{known, retrieve};
use crate::clock;
use crate::stripe::error::ApiError;
use crate::stripe::lifecycle::ending::{self, Cancellation, schedule};
use crate::stripe::lifecycle::{cycle, pause};
use crate::stripe::list::{CREATED, PAGE, created_within, page};
use crate::stripe::objects::subscription::Period;
use crate::stripe::params::Params;
use crate::stripe::world::World;

const KIND: &str = "subscription";
const UPDATE: &[&str] = &[
    "cancel_at?",
    "cancel_at_period_end",
    "cancellation_details[comment]?",
    "cancellation_details[feedback]?",
    "description?",
    "metadata?",
    "metadata[*]?",
    "pause_collection?",
    "pause_collection[behavior]",
    "pause_collection[resumes_at]",
    "proration_behavior",
    "expand[#]",
];
const CANCEL: &[&str] =
    &["cancellation_details[comment]?", "cancellation_details[feedback]?", "invoice_now", "prorate", "expand[#]"];
const STATUSES: &[&str] = &[
    "all",
    "ended",
    "active",
    "canceled",
    "incomplete",
    "incomplete_expired",
    "past_due",
    "paused",
    "trialing",
    "unpaid",
];

pub(super) fn list(world: &World, params: &Params) -> Result<Value, ApiError> {
    params.only(&known(&[PAGE, CREATED, &["customer", "price", "status"]]))?;
    let within = created_within(params)?;
    let status = params.one_of("status", STATUSES)?;
    let rows = world.all(KIND).filter(|subscription| {
        within(subscription)
            && params.get("customer").is_none_or(|customer| subscription["customer"] == customer)
            && params.get("price").is_none_or(|price| subscription["items"]["data"][0]["price"]["id"] == price)
            && wanted(status, &subscription["status"])
    });
    page(rows, params, KIND, "/v1/subscriptions")
}

fn wanted(filter: Option<&str>, status: &Value) -> bool {
    match filter {
        Some("all") => true,
        None => status != "canceled",
        Some("ended") => status == "canceled" || status == "incomplete_expired",
        Some(only) => status == only,
    }
}

pub(super) fn get(world: &World, id: &str, params: &Params) -> Result<Value, ApiError> {
    retrieve(world, KIND, id, params)
}

pub(super) fn update(world: &mut World, id: &str, params: &Params) -> Result<Value, ApiError> {
    params.only(UPDATE)?;
    let mut changed = world.find(KIND, id, "id")?.clone();
    if let Some(cancellation) = cancellation(params, &changed)? {
        if let Some(schedule) = changed["schedule"].as_str() {
            return Err(ApiError::invalid(format!(
                "The subscription is managed by the subscription schedule `{schedule}`, and updating any cancelation \
                 behavior directly is not allowed. Please update the schedule instead."
            )));
        }
        if changed["status"] == "canceled" {
            return Err(ApiError::invalid(
                "A canceled subscription can only update its cancellation_details and metadata.",
            ));
        }
        schedule(&mut changed, cancellation);
    }
    details(&mut changed, params);
    changed["metadata"] = params.metadata("metadata", &changed["metadata"])?;
    if let Some(description) = params.get("description") {
        changed["description"] = if description.is_empty() { Value::Null } else { json!(description) };
    }
    if let Some(behavior) =
        params.one_of("pause_collection[behavior]", &["keep_as_draft", "mark_uncollectible", "void"])?
    {
        let resumes_at = params.int("pause_collection[resumes_at]")?;
        changed["pause_collection"] = json!({ "behavior": behavior, "resumes_at": resumes_at });
    } else if params.get("pause_collection") == Some("") {
        changed["pause_collection"] = Value::Null;
    }
    world.update("customer.subscription.updated", id, |subscription| *subscription = changed.clone());
    Ok(changed)
}

pub(super) fn cancel(world: &mut World, id: &str, params: &Params) -> Result<Value, ApiError> {
    params.only(CANCEL)?;
    cycle::live(world, id)?;
    world.change(id, |subscription| details(subscription, params));
    ending::end(world, id);
    world.find(KIND, id, "id").cloned()
}

pub(super) fn resume(world: &mut World, id: &str, params: &Params) -> Result<Value, ApiError> {
    params.only(&["billing_cycle_anchor", "payment_behavior", "proration_behavior", "proration_date", "expand[#]"])?;
    params.one_of("billing_cycle_anchor", &["now", "unchanged"])?;
    params.one_of("payment_behavior", &["resume_on_payment_attempt", "resume_on_payment_success"])?;
    params.one_of("proration_behavior", &["always_invoice", "create_prorations", "none"])?;
    pause::resume(world, id)?;
    world.find(KIND, id, "id").cloned()
}

/// What the parameters say about the cancellation; `None` leaves it unchanged.
fn cancellation(params: &Params, subscription: &Value) -> Result<Option<Cancellation>, ApiError> {
    let at_period_end = params.flag("cancel_at_period_end")?;
    match (params.get("cancel_at"), at_period_end) {
        (Some(_), Some(_)) => {
            Err(ApiError::invalid("You may only specify one of these parameters: cancel_at, cancel_at_period_end."))
        }
        (Some(""), None) => Ok(Some(Cancellation::Never)),
        (Some("min_period_end" | "max_period_end"), None) => Ok(Some(Cancellation::At(Period::of(subscription).end))),
        (Some(_), None) => {
            let at = params.int("cancel_at")?.unwrap_or_default();
            if at <= clock::unix_now() {
                let message = "`cancel_at` must be a timestamp in the future.";
                return Err(ApiError::param("parameter_invalid", "cancel_at", message));
            }
            Ok(Some(Cancellation::At(at)))
        }
        (None, Some(true)) => Ok(Some(Cancellation::PeriodEnd)),
        // Undoes only what `cancel_at_period_end` itself set; a `cancel_at` that was set on its own stays.
        (None, Some(false)) => Ok((subscription["cancel_at_period_end"] == true).then_some(Cancellation::Never)),
        (None, None) => Ok(None),
    }
}

fn details(subscription: &mut Value, params: &Params) {
    for name in ["comment", "feedback"] {
        if let Some(text) = params.get(&format!("cancellation_details[{name}]")) {
            subscription["cancellation_details"][name] = if text.is_empty() { Value::Null } else { json!(text) };
        }
    }
}
