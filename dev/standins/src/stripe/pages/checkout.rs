//! `GET` and `POST /pay/{session}`: the payment page

use axum::extract::{Path, State};
use axum::response::Response;
use bytes::Bytes;
use http::StatusCode;
use serde_json::Value;

use super::{escape, field, link, money, notice, page, see_other};
use crate::admin::lock;
use crate::stripe::App;
use crate::stripe::lifecycle::checkout;
use crate::stripe::world::World;

/// Shows the amount to pay.
pub(in crate::stripe) async fn show(State(app): State<App>, Path(id): Path<String>) -> Response {
    let mut world = lock(&app.world);
    checkout::expire_due(&mut world);
    render(&world, &id, "")
}

/// Pays, declines, or pays with a method that takes days.
pub(in crate::stripe) async fn submit(State(app): State<App>, Path(id): Path<String>, body: Bytes) -> Response {
    let mut world = lock(&app.world);
    checkout::expire_due(&mut world);
    let done = match field(&body, "action").as_str() {
        "pay" => checkout::pay(&mut world, &id),
        "pay_later" => checkout::pay_later(&mut world, &id),
        "decline" => {
            let error = match checkout::decline_payment(&mut world, &id) {
                Ok(()) => "Your card was declined. Please try a different card.",
                Err(_) => "",
            };
            return render(&world, &id, error);
        }
        _ => return notice(StatusCode::BAD_REQUEST, "Nothing was done", "This form has no such button."),
    };
    match (done, world.get(&id)) {
        (Ok(()), Some(session)) => see_other(&success_url(session, &id)),
        _ => render(&world, &id, ""),
    }
}

fn success_url(session: &Value, id: &str) -> String {
    session["success_url"].as_str().unwrap_or_default().replace("{CHECKOUT_SESSION_ID}", id)
}

fn render(world: &World, id: &str, error: &str) -> Response {
    let Ok(session) = world.find("checkout.session", id, "id") else {
        return notice(
            StatusCode::NOT_FOUND,
            "Something went wrong",
            "The page you were looking for could not be found.",
        );
    };
    match session["status"].as_str() {
        Some("complete") => notice(StatusCode::OK, "You're all done here", "Your payment has already been processed."),
        Some("expired") => notice(StatusCode::GONE, "This checkout session has timed out", "Please start again."),
        _ => {
            let line = world.cart(id).and_then(|cart| cart.line_items.first()).cloned().unwrap_or_default();
            page(StatusCode::OK, "Subscribe to Pro", &open(session, &line, error))
        }
    }
}

fn open(session: &Value, line: &Value, error: &str) -> String {
    let alert = if error.is_empty() {
        String::new()
    } else {
        format!("<p class=\"error\" role=\"alert\">{}</p>", escape(error))
    };
    let email = session["customer_details"]["email"].as_str();
    let payer = email.map(|email| format!("<p>{}</p>", escape(email))).unwrap_or_default();
    format!(
        "<h1>Subscribe to {product}</h1><p class=\"price\">{price} <small>per month</small></p>{payer}{alert}\
         <form method=\"post\">\
         <button class=\"main\" id=\"pay\" name=\"action\" value=\"pay\">Pay</button>\
         <button id=\"decline\" name=\"action\" value=\"decline\">Decline</button>\
         <button id=\"pay-later\" name=\"action\" value=\"pay_later\">Pay by bank transfer</button>\
         </form>{back}\
         <p class=\"note\">A stand-in for Stripe Checkout: no card, no money.</p>",
        product = escape(line["description"].as_str().unwrap_or_default()),
        price = money(&line["amount_total"], &line["currency"]),
        back = link(&session["cancel_url"], "Go back"),
    )
}
