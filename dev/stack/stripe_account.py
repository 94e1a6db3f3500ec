"""What a Stripe account needs for the service: each part is found again, and changed only where it differs."""

from __future__ import annotations

from dataclasses import dataclass

from stack.console import Failure
from stack.stripe_api import Stripe, events, version

# By these the parts are found again.
MARK = {"managed_by": "chat-backend"}
LOOKUP_KEY = "chat_backend_pro"
MADE, CHANGED, KEPT = "made", "changed", "kept"
FEATURES = {
    "payment_method_update": {"enabled": True},
    "invoice_history": {"enabled": True},
    "subscription_cancel": {"enabled": True, "mode": "at_period_end"},
}


@dataclass
class Part:
    """One part of the account, and what was done to it."""

    id: str
    outcome: str
    told: str
    # The signing secret of a webhook endpoint, which Stripe tells once.
    secret: str = ""


@dataclass
class Wanted:
    """What Pro is called and costs; what is `None` stays as it is."""

    name: str | None = None
    amount: int | None = None
    currency: str | None = None
    interval: str | None = None


def is_ours(thing: dict) -> bool:
    """Whether this command made it."""
    return MARK.items() <= (thing.get("metadata") or {}).items()


def product_and_price(stripe: Stripe, wanted: Wanted) -> tuple[Part, Part]:
    """The product, and its price that is sold."""
    prices = stripe.all("prices", lookup_keys=[LOOKUP_KEY], active=True, expand=["data.product"])
    price = prices[0] if prices else None
    if price is None and (wanted.amount is None or wanted.currency is None):
        raise Failure("There is no price yet: say what Pro costs, in minor units: --amount 999 --currency usd")
    products = [price["product"]] if price else [one for one in stripe.all("products", active=True) if is_ours(one)]
    product = _product(stripe, products[0] if products else None, wanted.name)
    return product, _price(stripe, product.id, price, wanted)


def _product(stripe: Stripe, found: dict | None, name: str | None) -> Part:
    if found is None:
        made = stripe.post("products", name=name or "Pro", metadata=MARK)
        return Part(made["id"], MADE, made["name"])
    if name not in (None, found["name"]):
        stripe.post(f"products/{found['id']}", name=name)
        return Part(found["id"], CHANGED, f"{found['name']} is {name} now")
    return Part(found["id"], KEPT, found["name"])


def _price(stripe: Stripe, product: str, found: dict | None, wanted: Wanted) -> Part:
    before = {"unit_amount": None, "currency": None, "interval": "month"}
    if found:
        before = {**found, "interval": found["recurring"]["interval"]}
    after = {
        "unit_amount": before["unit_amount"] if wanted.amount is None else wanted.amount,
        "currency": (wanted.currency or before["currency"]).lower(),
        "interval": wanted.interval or before["interval"],
    }
    told = f"{after['unit_amount']} {after['currency']} a {after['interval']}, in minor units"
    if found and all(before[name] == value for name, value in after.items()):
        return Part(found["id"], KEPT, told)
    # Nobody can change the amount of a price: another one takes the key over, and who pays the old one goes on.
    recurring = {"interval": after.pop("interval")}
    made = stripe.post(
        "prices",
        product=product,
        recurring=recurring,
        lookup_key=LOOKUP_KEY,
        transfer_lookup_key=True,
        metadata=MARK,
        **after,
    )
    return Part(made["id"], MADE, f"{told}; {found['id']} is not sold any more" if found else told)


def portal(stripe: Stripe) -> Part:
    """The configuration of the customer portal; sessions name it, since one made here cannot be the default."""
    ours = [one for one in stripe.all("billing_portal/configurations", active=True) if is_ours(one)]
    told = "means of payment, invoices, cancellation at the end of the period"
    if not ours:
        made = stripe.post("billing_portal/configurations", features=FEATURES, metadata=MARK)
        return Part(made["id"], MADE, told)
    has = ours[0]["features"]
    if all(wanted.items() <= has[name].items() for name, wanted in FEATURES.items()):
        return Part(ours[0]["id"], KEPT, told)
    stripe.post(f"billing_portal/configurations/{ours[0]['id']}", features=FEATURES)
    return Part(ours[0]["id"], CHANGED, told)


def webhook(stripe: Stripe, stage: str, url: str, another: bool) -> tuple[Part, list[str]]:
    """The webhook endpoint of a stage, and its older ones. `another` makes a new one in any case."""
    known = stripe.all("webhook_endpoints")
    ours = [one for one in known if is_ours(one) and one["metadata"].get("stage") == stage]
    # One that a person made for this address is taken over.
    ours = ours or [one for one in known if one["url"] == url and not is_ours(one)]
    mark = {**MARK, "stage": stage}
    if another or not ours:
        form = {"url": url, "enabled_events": events(), "api_version": version(), "metadata": mark}
        made = stripe.post("webhook_endpoints", **form, description=f"chat-backend, {stage}")
        return Part(made["id"], MADE, url, made["secret"]), [one["id"] for one in ours]
    newest, older = ours[0], [one["id"] for one in ours[1:]]
    if newest["api_version"] != version():
        raise Failure(
            f"The webhook endpoint {newest['id']} has version {newest['api_version'] or 'of the account'}, this code "
            f"needs {version()}. The version of an endpoint is fixed: run this with --new-webhook."
        )
    is_right = newest["url"] == url and newest["status"] == "enabled" and is_ours(newest)
    if is_right and set(newest["enabled_events"]) == set(events()):
        return Part(newest["id"], KEPT, url), older
    form = {"url": url, "enabled_events": events(), "disabled": False, "metadata": mark}
    stripe.post(f"webhook_endpoints/{newest['id']}", **form)
    told = url if newest["url"] == url else f"{newest['url']} is {url} now"
    return Part(newest["id"], CHANGED, told), older
