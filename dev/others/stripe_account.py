"""Uses Stripe's own library for Python against the stand-in: the calls of this project, as that library sends them.

Run by `stack.stripe_libraries` with STRIPE_API_BASE.
"""

import http.server
import json
import os
import threading
import urllib.request

import stripe

BASE = os.environ["STRIPE_API_BASE"]
EVENTS: list = []


class Hook(http.server.BaseHTTPRequestHandler):
    """Keeps what is delivered."""

    def do_POST(self) -> None:
        EVENTS.append((self.rfile.read(int(self.headers["content-length"])), self.headers["stripe-signature"]))
        ARRIVED.set()
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_) -> None:
        pass


ARRIVED = threading.Event()


def client(version: str | None = None) -> stripe.StripeClient:
    """The library as its page shows it; without a version it sends its own."""
    options = {"stripe_version": version} if version else {}
    return stripe.StripeClient("sk_test_others", base_addresses={"api": BASE}, max_network_retries=0, **options)


def admin(path: str, body: dict | None = None) -> dict:
    """What people do at Stripe, and what the stand-in saw."""
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(f"{BASE}/admin/{path}", data, timeout=10) as answer:
        return json.load(answer)


def catalog(account: stripe.StripeClient) -> str:
    """Makes a product and its price, and finds the price by its key."""
    product = account.v1.products.create({"name": "Pro", "metadata": {"managed_by": "others"}})
    params = {"product": product.id, "currency": "usd", "unit_amount": 999, "recurring": {"interval": "month"}}
    price = account.v1.prices.create({**params, "lookup_key": "others", "transfer_lookup_key": True})
    found = account.v1.prices.list({"lookup_keys": ["others"], "expand": ["data.product"]}).data
    assert [one.id for one in found] == [price.id] and found[0].product.name == "Pro", found
    assert account.v1.products.update(product.id, {"description": "More"}).description == "More"
    assert account.v1.prices.update(price.id, {"nickname": "monthly"}).nickname == "monthly"
    assert product.id in [one.id for one in account.v1.products.list({"active": True}).auto_paging_iter()]
    return price.id


def customers(account: stripe.StripeClient) -> str:
    """Makes some, reads pages forwards and backwards, and searches."""
    made = [account.v1.customers.create({"metadata": {"user_id": f"u{at}"}}).id for at in range(5)]
    assert [one.id for one in account.v1.customers.list({"limit": 2}).auto_paging_iter()] == made[::-1]
    before = account.v1.customers.list({"limit": 2, "ending_before": made[0]})
    assert [one.id for one in before.auto_paging_iter()] == made[1:], "a page backwards is read from its end"
    found = account.v1.customers.search({"query": "metadata['user_id']:'u3'"}).data
    assert [one.id for one in found] == [made[3]], found
    account.v1.customers.delete(made[4])
    assert account.v1.customers.retrieve(made[4]).deleted
    return made[0]


def subscription(account: stripe.StripeClient, customer: str, price: str) -> None:
    """Buys, looks, cancels, and gets the money back."""
    session = account.v1.checkout.sessions.create(
        {
            "mode": "subscription",
            "customer": customer,
            "client_reference_id": "u0",
            "line_items": [{"price": price, "quantity": 1}],
            "subscription_data": {"metadata": {"user_id": "u0"}},
            "success_url": "https://app.example/ok",
            "cancel_url": "https://app.example/back",
        }
    )
    [line] = account.v1.checkout.sessions.line_items.list(session.id).data
    assert (line.price.id, line.amount_total) == (price, 999), line
    admin(f"sessions/{session.id}", {"action": "pay"})
    [bought] = account.v1.subscriptions.list({"customer": customer, "status": "all"}).data
    assert bought.status == "active" and bought["items"].data[0].price.id == price, bought
    ends = account.v1.subscriptions.update(bought.id, {"cancel_at_period_end": True})
    assert ends.cancel_at_period_end and ends.cancel_at
    [invoice] = account.v1.invoices.list({"customer": customer, "expand": ["data.payments"]}).data
    intent = invoice.payments.data[0].payment.payment_intent
    refund = account.v1.refunds.create({"payment_intent": intent}, {"idempotency_key": "others-refund"})
    again = account.v1.refunds.create({"payment_intent": intent}, {"idempotency_key": "others-refund"})
    assert refund.id == again.id and refund.amount == 999, (refund, again)
    assert account.v1.charges.list({"customer": customer}).data[0].refunded
    assert account.v1.subscriptions.cancel(bought.id).status == "canceled"
    types = [event.type for event in account.v1.events.list({"types": ["customer.subscription.deleted"]}).data]
    assert types == ["customer.subscription.deleted"], types


def portal(account: stripe.StripeClient, customer: str) -> None:
    """Sets the portal up and opens it."""
    features = {"subscription_cancel": {"enabled": True, "mode": "at_period_end"}, "invoice_history": {"enabled": True}}
    made = account.v1.billing_portal.configurations.create({"features": features})
    assert made.features.subscription_cancel.enabled and not made.is_default
    params = {"customer": customer, "configuration": made.id, "return_url": "https://app.example"}
    opened = account.v1.billing_portal.sessions.create(params)
    assert opened.configuration == made.id and opened.url.startswith("http")


def webhook(account: stripe.StripeClient) -> None:
    """An endpoint gets an event that the library accepts, and accepts with no other secret."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/"
    made = account.v1.webhook_endpoints.create({"url": url, "enabled_events": ["customer.created"]})
    customer = account.v1.customers.create({"name": "Ada"})
    assert ARRIVED.wait(10), "no event arrived"
    body, signature = EVENTS[0]
    event = account.construct_event(body, signature, made.secret)
    assert (event.type, event.data.object.id) == ("customer.created", customer.id)
    try:
        account.construct_event(body, signature, "whsec_of_somebody_else")
        raise AssertionError("a signature by another secret is accepted")
    except stripe.SignatureVerificationError:
        account.v1.webhook_endpoints.delete(made.id)
        server.shutdown()


def refusals(account: stripe.StripeClient, price: str) -> None:
    """Errors are those of the library, and a version that is too old is named."""
    stranger = stripe.StripeClient("nothing", base_addresses={"api": BASE}, max_network_retries=0)
    for call, error in (
        (lambda: account.v1.customers.retrieve("cus_none"), stripe.InvalidRequestError),
        (lambda: account.v1.prices.create({"currency": "usd"}), stripe.InvalidRequestError),
        (lambda: stranger.v1.events.list(), stripe.AuthenticationError),
        (lambda: client("2026-07-29.dahlia").v1.prices.retrieve(price), stripe.InvalidRequestError),
    ):
        try:
            call()
        except error as refused:
            told = str(refused)
        else:
            raise AssertionError(f"{error} was not raised")
    assert "2026-07-29.dahlia" in told and "2026-09-30.endive" in told, told


def main() -> None:
    """Makes every call; an assertion ends it."""
    account = client()
    price, customer = catalog(account), customers(account)
    subscription(account, customer, price)
    portal(account, customer)
    webhook(account)
    refusals(account, price)
    calls = admin("calls")["calls"]
    own = stripe._api_version._ApiVersion.CURRENT
    assert {call["stripe_version"] for call in calls[:-4]} == {own}, "the library sends its own version"
    print(f"stripe {stripe.VERSION} for Python, version {own}: {len(calls)} calls")


main()
