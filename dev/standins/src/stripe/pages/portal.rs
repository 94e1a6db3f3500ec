//! `GET` and `POST /portal/{session}`: the customer portal

use axum::extract::{Path, State};
use axum::response::Response;
use bytes::Bytes;
use http::StatusCode;
use serde_json::Value;
use time::OffsetDateTime;

use super::{escape, field, link, money, notice, page, see_other};
use crate::admin::lock;
use crate::stripe::App;
use crate::stripe::admin::objects::portal_schedule;
use crate::stripe::objects::subscription::Period;
use crate::stripe::world::World;

/// Shows the customer's subscriptions.
pub(in crate::stripe) async fn show(State(app): State<App>, Path(id): Path<String>) -> Response {
    let world = lock(&app.world);
    match world.find("billing_portal.session", &id, "id") {
        Ok(session) => render(&world, session),
        Err(_) => missing(),
    }
}

/// Cancels or reactivates one of them.
pub(in crate::stripe) async fn submit(State(app): State<App>, Path(id): Path<String>, body: Bytes) -> Response {
    let mut world = lock(&app.world);
    let Ok(session) = world.find("billing_portal.session", &id, "id") else { return missing() };
    let customer = session["customer"].clone();
    let subscription = field(&body, "subscription");
    let own = world.get(&subscription).is_some_and(|object| object["customer"] == customer);
    let done = match field(&body, "action").as_str() {
        "cancel" if own => portal_schedule(&mut world, &subscription, true),
        "reactivate" if own => portal_schedule(&mut world, &subscription, false),
        _ => return missing(),
    };
    match done {
        Ok(()) => see_other(&format!("/portal/{id}")),
        Err(_) => notice(StatusCode::CONFLICT, "Nothing was done", "This subscription has ended."),
    }
}

fn missing() -> Response {
    notice(StatusCode::NOT_FOUND, "Something went wrong", "The page you were looking for could not be found.")
}

fn render(world: &World, session: &Value) -> Response {
    let own = |subscription: &&Value| {
        subscription["customer"] == session["customer"]
            && !matches!(subscription["status"].as_str(), Some("canceled" | "incomplete_expired"))
    };
    let mut body: String = world.all("subscription").filter(own).map(card).collect();
    if body.is_empty() {
        body.push_str("<h1>Your subscription</h1><p>You have no subscription.</p>");
    }
    body.push_str(&link(&session["return_url"], "Return"));
    page(StatusCode::OK, "Manage your subscription", &body)
}

fn card(subscription: &Value) -> String {
    let price = &subscription["items"]["data"][0]["price"];
    let (text, action, label, class) = match subscription["cancel_at"].as_i64() {
        Some(at) => (format!("Cancels on {}.", day(at)), "reactivate", "Don't cancel", "main"),
        None => (format!("Renews on {}.", day(Period::of(subscription).end)), "cancel", "Cancel subscription", ""),
    };
    format!(
        "<h1>Pro</h1><p class=\"price\">{price} <small>per month</small></p>\
         <p>Status: {status}. {text}</p>\
         <form method=\"post\"><input type=\"hidden\" name=\"subscription\" value=\"{id}\">\
         <button class=\"{class}\" id=\"{action}\" name=\"action\" value=\"{action}\">{label}</button></form>",
        price = money(&price["unit_amount"], &price["currency"]),
        status = escape(&subscription["status"].as_str().unwrap_or_default().replace('_', " ")),
        id = escape(subscription["id"].as_str().unwrap_or_default()),
    )
}

fn day(at: i64) -> String {
    OffsetDateTime::from_unix_timestamp(at).map(|at| at.date().to_string()).unwrap_or_default()
}
