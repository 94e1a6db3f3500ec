//! `GET /subscription/history`

use axum::extract::State;
use serde::Serialize;
use shared::Fault;
use shared::db::{Db, customers};
use shared::domain::{Clock, Timestamp};
use shared::http::{Caller, Cursor, Json, PageRequest, Query, Result};
use shared::stripe::Stripe;
use shared::stripe::objects::{Invoice, List};
use utoipa::ToSchema;

/// A page of invoices.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = InvoicePage)]
pub(crate) struct Response {
    data: Vec<Entry>,
    next_cursor: Option<String>,
}

/// An invoice; the amount is in minor units of the currency.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Invoice)]
struct Entry {
    #[schema(example = "in_1QabcDEF")]
    id: String,
    #[schema(example = 2000)]
    amount: i64,
    #[schema(example = "usd")]
    currency: String,
    #[schema(example = "paid")]
    status: Option<String>,
    #[schema(example = "https://invoice.stripe.com/i/acct_1/test_a1b2")]
    invoice_url: Option<String>,
    created_at: Option<Timestamp>,
}

impl From<Invoice> for Entry {
    fn from(invoice: Invoice) -> Self {
        Self {
            id: invoice.id,
            amount: invoice.total,
            currency: invoice.currency,
            status: invoice.status,
            invoice_url: invoice.hosted_invoice_url,
            created_at: Timestamp::from_unix(invoice.created),
        }
    }
}

/// List the invoices
///
/// Returns the caller's invoices as Stripe has them, the newest first; amounts are in minor units of the currency.
#[utoipa::path(
    get, path = "/subscription/history", tag = "Subscription", security(("bearer" = [])), params(PageRequest),
    responses((status = 200, body = Response, description = "A page of invoices.")),
)]
pub(crate) async fn list_invoices(
    State(db): State<Db>,
    State(stripe): State<Stripe>,
    State(clock): State<Clock>,
    caller: Caller,
    Query(page): Query<PageRequest>,
) -> Result<Json<Response>> {
    let known = customers::status(&db, caller.user, clock.now()).await?;
    let Some(customer) = known.and_then(|known| known.stripe_id) else { return Ok(Json(Response::default())) };
    let cursors = Cursor::of(&[&"invoices", &customer]);
    let after: Option<String> = page.cursor.as_deref().map(|cursor| cursors.read(cursor)).transpose()?;
    let limit = page.limit().to_string();
    let mut query = vec![("customer", customer.as_str()), ("limit", &limit)];
    query.extend(after.as_deref().map(|after| ("starting_after", after)));
    let found: List<Invoice> = stripe.get(&["invoices"], &query).await.map_err(Fault::from)?;
    let last = found.data.last().filter(|_| found.has_more);
    let next_cursor = last.map(|invoice| cursors.write(&invoice.id));
    Ok(Json(Response { data: found.data.into_iter().map(Entry::from).collect(), next_cursor }))
}
