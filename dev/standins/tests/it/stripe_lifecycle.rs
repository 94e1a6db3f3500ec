//! The lifecycle of sessions, subscriptions and payments in the Stripe stand-in.

use serde_json::{Value, json};

use crate::support::{PRICE, TestStripe, id};

fn period(subscription: &Value) -> (i64, i64) {
    let item = &subscription["items"]["data"][0];
    (item["current_period_start"].as_i64().unwrap(), item["current_period_end"].as_i64().unwrap())
}

#[tokio::test]
async fn a_paid_session_makes_an_active_subscription_and_a_paid_invoice() {
    let stripe = TestStripe::start();
    let session = stripe.session().await;
    assert!(id(&session).starts_with("cs_test_"));
    assert_eq!((&session["status"], &session["payment_status"]), (&json!("open"), &json!("unpaid")));

    stripe.admin(&format!("sessions/{}", id(&session)), json!({ "action": "pay" })).await;

    let path = format!("/v1/checkout/sessions/{}", id(&session));
    let expanded =
        stripe.get(&format!("{path}?expand[]=subscription.latest_invoice.payments&expand[]=line_items")).await;
    let session = expanded.json;
    assert_eq!((&session["status"], &session["payment_status"]), (&json!("complete"), &json!("paid")));
    assert_eq!(session["line_items"]["data"][0]["price"]["id"], PRICE);
    let subscription = &session["subscription"];
    assert_eq!((&subscription["status"], &subscription["metadata"]), (&json!("active"), &json!({ "user_id": "u1" })));
    assert!(subscription.get("current_period_end").is_none());
    let (start, end) = period(subscription);
    assert!((28 * 86_400..=31 * 86_400).contains(&(end - start)));
    let invoice = &subscription["latest_invoice"];
    assert_eq!((&invoice["status"], &invoice["amount_paid"]), (&json!("paid"), &json!(999)));
    assert_eq!(invoice["parent"]["subscription_details"]["subscription"], subscription["id"]);
    assert!(invoice["payments"]["data"][0]["payment"]["payment_intent"].as_str().unwrap().starts_with("pi_"));
    let types = stripe.event_types().await;
    for kind in ["customer.subscription.created", "invoice.paid", "invoice.payment_succeeded", "invoice_payment.paid"] {
        assert!(types.iter().any(|each| each == kind), "{kind}");
    }
    assert_eq!(types.last().map(String::as_str), Some("checkout.session.completed"));
    let again = stripe.admin(&format!("sessions/{}", id(&session)), json!({ "action": "pay" })).await;
    assert_eq!(again.status, 400);
}

#[tokio::test]
async fn a_call_expires_a_session_only_while_it_is_open() {
    let stripe = TestStripe::start();
    let session = stripe.session().await;
    let path = format!("/v1/checkout/sessions/{}/expire", id(&session));

    let expired = stripe.post(&path, &[]).await;
    let again = stripe.post(&path, &[]).await;

    assert_eq!((&expired.json["status"], &expired.json["url"]), (&json!("expired"), &Value::Null));
    assert_eq!(again.status, 400);
    let customer = session["customer"].as_str().unwrap();
    let open = stripe.get(&format!("/v1/checkout/sessions?customer={customer}&status=open")).await;
    assert_eq!(open.json["data"], json!([]));
}

#[tokio::test]
async fn a_payment_that_takes_days_completes_the_session_first() {
    let stripe = TestStripe::start();
    for (action, status, event) in [
        ("async_succeeds", "active", "checkout.session.async_payment_succeeded"),
        ("async_fails", "incomplete_expired", "checkout.session.async_payment_failed"),
    ] {
        let path = format!("sessions/{}", id(&stripe.session().await));
        let complete = stripe.admin(&path, json!({ "action": "pay_later" })).await.json;
        assert_eq!((&complete["status"], &complete["payment_status"]), (&json!("complete"), &json!("unpaid")));
        let subscription = format!("/v1/subscriptions/{}", complete["subscription"].as_str().unwrap());
        assert_eq!(stripe.get(&subscription).await.json["status"], "incomplete");

        stripe.admin(&path, json!({ "action": action })).await;

        assert_eq!(stripe.get(&subscription).await.json["status"], status);
        assert_eq!(stripe.event_types().await.last().map(String::as_str), Some(event));
    }
}

#[tokio::test]
async fn cancelling_at_period_end_is_revoked_or_takes_effect() {
    let stripe = TestStripe::start();
    let subscription = stripe.subscription().await;
    let path = format!("/v1/subscriptions/{subscription}");

    let cancelled = stripe.post(&path, &[("cancel_at_period_end", "true")]).await.json;
    assert_eq!(cancelled["cancel_at"], period(&cancelled).1);
    assert!(cancelled["canceled_at"].is_i64());
    let back = stripe.post(&path, &[("cancel_at_period_end", "false")]).await.json;
    assert_eq!((&back["cancel_at"], &back["canceled_at"]), (&Value::Null, &Value::Null));
    let event = stripe.get("/v1/events?limit=1").await.json["data"][0].clone();
    assert_eq!(event["type"], "customer.subscription.updated");
    assert_eq!(event["data"]["previous_attributes"]["cancel_at_period_end"], true);

    stripe.post(&path, &[("cancel_at_period_end", "true")]).await;
    let ended = stripe.happens(&subscription, "renew").await;
    assert_eq!(ended["status"], "canceled");
    assert_eq!(stripe.event_types().await.last().map(String::as_str), Some("customer.subscription.deleted"));
    assert_eq!(stripe.delete(&path).await.status, 404);
}

#[tokio::test]
async fn the_portal_sets_only_cancel_at() {
    let stripe = TestStripe::start();
    let subscription = stripe.subscription().await;
    let path = format!("/v1/subscriptions/{subscription}");

    let cancelled = stripe.happens(&subscription, "portal_cancel").await;
    assert_eq!((&cancelled["cancel_at_period_end"], cancelled["cancel_at"].is_i64()), (&json!(false), true));
    let kept = stripe.post(&path, &[("cancel_at_period_end", "false")]).await.json;
    assert_eq!(kept["cancel_at"], cancelled["cancel_at"]);
    let back = stripe.post(&path, &[("cancel_at", "")]).await.json;
    assert_eq!(back["cancel_at"], Value::Null);
    let both = stripe.post(&path, &[("cancel_at", "min_period_end"), ("cancel_at_period_end", "true")]).await;
    assert_eq!(both.status, 400);
}

#[tokio::test]
async fn a_subscription_renews_then_fails_to_pay_then_recovers() {
    let stripe = TestStripe::start();
    let subscription = stripe.subscription().await;
    let first = stripe.get(&format!("/v1/subscriptions/{subscription}")).await.json;

    let second = stripe.happens(&subscription, "renew").await;
    assert_eq!(period(&second).0, period(&first).1);
    assert_ne!(second["latest_invoice"], first["latest_invoice"]);

    let failed = stripe.happens(&subscription, "payment_fails").await;
    assert_eq!((&failed["status"], period(&failed).0), (&json!("past_due"), period(&second).1));
    let again = stripe.happens(&subscription, "payment_fails").await;
    assert_eq!(period(&again), period(&failed));
    let invoice = stripe.get(&format!("/v1/invoices/{}", failed["latest_invoice"].as_str().unwrap())).await.json;
    assert_eq!((&invoice["status"], &invoice["attempt_count"]), (&json!("open"), &json!(2)));

    let recovered = stripe.happens(&subscription, "recover").await;
    assert_eq!((&recovered["status"], period(&recovered)), (&json!("active"), period(&failed)));
    let paid = stripe.get(&format!("/v1/invoices?subscription={subscription}&status=paid")).await.json;
    assert_eq!(paid["data"].as_array().unwrap().len(), 3);
    let types = stripe.event_types().await;
    assert_eq!(types.iter().filter(|kind| *kind == "invoice.payment_failed").count(), 2);
}

#[tokio::test]
async fn action_required_pause_and_status_are_simulated() {
    let stripe = TestStripe::start();
    let subscription = stripe.subscription().await;

    let required = stripe.happens(&subscription, "action_required").await;
    assert_eq!(required["status"], "past_due");
    assert!(stripe.event_types().await.contains(&"invoice.payment_action_required".to_owned()));
    stripe.happens(&subscription, "recover").await;
    assert_eq!(stripe.happens(&subscription, "pause").await["status"], "paused");
    assert_eq!(stripe.event_types().await.last().map(String::as_str), Some("customer.subscription.paused"));
    assert_eq!(stripe.happens(&subscription, "resume").await["status"], "active");
    assert_eq!(stripe.happens(&subscription, "pause_collection").await["pause_collection"]["behavior"], "void");
    let path = format!("subscriptions/{subscription}");
    let unpaid = stripe.admin(&path, json!({ "action": "set_status", "status": "unpaid" })).await.json;
    assert_eq!(unpaid["status"], "unpaid");
    assert_eq!(stripe.admin(&path, json!({ "action": "explode" })).await.status, 400);
}

#[tokio::test]
async fn ended_subscriptions_are_listed_only_when_asked_for() {
    let stripe = TestStripe::start();
    let subscription = stripe.subscription().await;
    let customer = stripe.get(&format!("/v1/subscriptions/{subscription}")).await.json["customer"].clone();
    let customer = customer.as_str().unwrap();
    let count = async |query: &str| {
        let path = format!("/v1/subscriptions?customer={customer}{query}&expand[]=data.latest_invoice");
        let listed = stripe.get(&path).await;
        assert_eq!(listed.status, 200, "{}", listed.text);
        let data = listed.json["data"].as_array().cloned().unwrap();
        assert!(data.iter().all(|each| each["latest_invoice"]["object"] == "invoice"));
        data.len()
    };

    assert_eq!(count("").await, 1);
    let cancelled = stripe.delete(&format!("/v1/subscriptions/{subscription}")).await.json;
    assert_eq!((&cancelled["status"], cancelled["ended_at"].is_i64()), (&json!("canceled"), true));
    assert_eq!((count("").await, count("&status=all").await, count("&status=ended").await), (0, 1, 1));
}

#[tokio::test]
async fn a_deleted_customers_subscriptions_end() {
    let stripe = TestStripe::start();
    let subscription = stripe.subscription().await;
    let gone = stripe.happens(&subscription, "delete_customer").await;
    assert_eq!(gone["status"], "canceled");
    let types = stripe.event_types().await;
    assert_eq!(types[types.len() - 2..], ["customer.subscription.deleted", "customer.deleted"]);
}

#[tokio::test]
async fn a_payment_is_refunded_once_through_its_invoice() {
    let stripe = TestStripe::start();
    let subscription = stripe.get(&format!("/v1/subscriptions/{}", stripe.subscription().await)).await.json;
    let invoice = subscription["latest_invoice"].as_str().unwrap();
    let payments = stripe.get(&format!("/v1/invoice_payments?invoice={invoice}&status=paid")).await.json;
    let intent = payments["data"][0]["payment"]["payment_intent"].as_str().unwrap().to_owned();

    let refund = stripe.post("/v1/refunds", &[("payment_intent", &intent)]).await;
    let again = stripe.post("/v1/refunds", &[("payment_intent", &intent)]).await;

    assert_eq!((refund.status, &refund.json["amount"]), (200, &json!(999)), "{}", refund.text);
    assert_eq!((again.status, &again.json["error"]["code"]), (400, &json!("charge_already_refunded")));
    let charge = stripe.get(&format!("/v1/charges/{}", refund.json["charge"].as_str().unwrap())).await.json;
    assert_eq!((&charge["refunded"], &charge["customer"]), (&json!(true), &subscription["customer"]));
    assert_eq!(stripe.event_types().await.last().map(String::as_str), Some("charge.refunded"));
}

#[tokio::test]
async fn a_dispute_is_opened_and_lost() {
    let stripe = TestStripe::start();
    let subscription = stripe.subscription().await;
    stripe.happens(&subscription, "dispute").await;
    stripe.happens(&subscription, "dispute_lost").await;
    let closed = stripe.get("/v1/events?limit=1").await.json["data"][0].clone();
    assert_eq!(
        (&closed["type"], &closed["data"]["object"]["status"]),
        (&json!("charge.dispute.closed"), &json!("lost"))
    );
    let charge = closed["data"]["object"]["charge"].as_str().unwrap();
    assert_eq!(stripe.get(&format!("/v1/charges/{charge}")).await.json["disputed"], true);
}

#[tokio::test]
async fn a_customers_charges_are_listed_with_their_refunds_and_disputes() {
    let stripe = TestStripe::start();
    let subscription = stripe.subscription().await;
    let object = stripe.get(&format!("/v1/subscriptions/{subscription}")).await.json;
    let path = format!("/v1/charges?customer={}&expand[]=data.refunds", object["customer"].as_str().unwrap());
    let only = async |path: &str| {
        let listed = stripe.get(path).await.json["data"].as_array().cloned().unwrap();
        assert_eq!(listed.len(), 1, "{path}");
        listed[0].clone()
    };
    let charge = only(&path).await;
    let disputes = format!("/v1/disputes?charge={}", charge["id"].as_str().unwrap());
    assert_eq!((&charge["refunds"]["data"], &charge["disputed"]), (&json!([]), &json!(false)));
    assert_eq!(stripe.get("/v1/charges?customer=cus_other").await.json["data"], json!([]));

    stripe.happens(&subscription, "dispute").await;
    assert_eq!(
        (&only(&path).await["disputed"], &only(&disputes).await["status"]),
        (&json!(true), &json!("needs_response"))
    );

    stripe.happens(&subscription, "refund_slowly").await;
    assert_eq!(only(&path).await["refunds"]["data"][0]["status"], "pending");
    stripe.happens(&subscription, "refund_arrives").await;
    assert_eq!(only(&path).await["refunds"]["data"][0]["status"], "succeeded");
}

#[tokio::test]
async fn a_person_voids_the_open_invoice_of_an_ended_subscription() {
    let stripe = TestStripe::start();
    let subscription = stripe.subscription().await;
    for action in ["payment_fails", "cancel_now", "void_invoice"] {
        stripe.happens(&subscription, action).await;
    }
    assert_eq!(stripe.get("/v1/invoices?status=open").await.json["data"], json!([]));
    assert_eq!(stripe.event_types().await.last().map(String::as_str), Some("invoice.voided"));
}
