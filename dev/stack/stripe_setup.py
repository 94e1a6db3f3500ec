"""`dev/stripe-setup [ENVIRONMENT]`: makes what the service needs in a Stripe account, and finds it again.

With an environment of samconfig.toml the key comes out of its secret in AWS Secrets Manager, where the price and the
signing secret go, and the webhook's address out of its stack. Without one the key is STRIPE_SECRET_KEY, and the
settings are printed. No secret is printed but the signing secret of a new webhook endpoint, once.
"""

from __future__ import annotations

import argparse
import secrets

from stack import samconfig, stripe_account
from stack.account import Account
from stack.console import Failure, say
from stack.environment import given
from stack.needs import PLACEHOLDER
from stack.stripe_account import KEPT, Part, Wanted
from stack.stripe_api import BASE, PERMISSIONS, Stripe

PRICE, PORTAL, SECRET = "stripe_price_id", "stripe_portal_configuration", "stripe_webhook_secret"


def main(arguments: list[str]) -> int:
    """Sets the account up; a second run changes nothing and says so."""
    options = _options(arguments)
    account, secret, url = _places(options)
    held = account.secret(secret) if secret else {}
    key = held.get("stripe_secret_key") if secret else given("STRIPE_SECRET_KEY")
    if not key:
        where = f"{secret} has no stripe_secret_key" if secret else "STRIPE_SECRET_KEY is not set"
        raise Failure(f"{where}: a secret key, or a restricted one with Write for {', '.join(PERMISSIONS.values())}.")
    stripe = Stripe(key, given("STRIPE_API_BASE") or BASE)
    say(f"Stripe, {'live mode: real money' if stripe.is_live else 'test mode'}")
    found, made = _set_up(stripe, options, url, held)
    told = {name: value for name, value in found.items() if value and value != held.get(name)}
    if not secret:
        for name, value in told.items():
            print(f"{name.upper()}={value}")
        return 0
    try:
        _keep(account, secret, held, told)
    except Failure as failure:
        if made:
            stripe.delete(f"webhook_endpoints/{made}")
            raise Failure(f"{failure}\nThe endpoint {made} is deleted: nobody would know its signing secret.") from None
        raise
    return 0


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dev/stripe-setup", description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("environment", nargs="?", choices=sorted(samconfig.environments()), help="an environment of samconfig.toml")
    add("--secret", metavar="NAME", help="a JSON secret of AWS Secrets Manager, which has the key and gets the results")
    add("--webhook", metavar="URL", help="the webhook's address; an environment's stack tells it")
    add("--amount", type=int, help="what Pro costs, in minor units (999); without it the price stays")
    add("--currency", help="its currency (usd)")
    add("--interval", choices=["month", "year"], help="how often it is paid (month)")
    add("--product", metavar="NAME", help="what customers read (Pro)")
    add("--new-webhook", action="store_true", help="make another endpoint, with another signing secret")
    add("--drop-old-webhook", action="store_true", help="delete the endpoints before the newest")
    return parser.parse_args(arguments)


def _places(options: argparse.Namespace) -> tuple[Account, str | None, str | None]:
    """The account of AWS, the name of the secret in it, and the webhook's address."""
    chosen = samconfig.environments()[options.environment] if options.environment else {}
    account = Account(chosen)
    secret = options.secret or (samconfig.secret(chosen) if chosen else None)
    url = options.webhook or (account.outputs(chosen["stack_name"]).get("WebhookUrl") if chosen else None)
    return account, secret, url


def _set_up(stripe: Stripe, options: argparse.Namespace, url: str | None, held: dict) -> tuple[dict, str]:
    """The settings by their names in the secret (an empty one stays), and the id of a new webhook endpoint."""
    wanted = Wanted(options.product, options.amount, options.currency, options.interval)
    product, price = stripe_account.product_and_price(stripe, wanted)
    portal = stripe_account.portal(stripe)
    parts = {"product": product, "price": price, "portal": portal}
    found, made = {PRICE: _in_front(price.id, held.get(PRICE)), PORTAL: portal.id, SECRET: ""}, ""
    if url:
        parts["webhook"], found[SECRET] = _webhook(stripe, options, url, held.get(SECRET, ""))
        made = parts["webhook"].id if parts["webhook"].secret else ""
    elif held and not held.get(SECRET):
        found[SECRET] = f"{PLACEHOLDER}_{secrets.token_hex(24)}"
    for name, part in parts.items():
        say(f"  {name:<9}{part.outcome:<9}{part.id}: {part.told}")
    if not url:
        say("  webhook  not made: its address is not known. Deploy, then run this again, or say --webhook URL.")
    if all(part.outcome == KEPT for part in parts.values()):
        say("Nothing has changed at Stripe.")
    return found, made


def _webhook(stripe: Stripe, options: argparse.Namespace, url: str, held: str) -> tuple[Part, str]:
    """The endpoint, and the signing secrets from now on: during a change the old one stays valid too."""
    part, older = stripe_account.webhook(stripe, _stage(options), url, options.new_webhook)
    known = [one for one in held.split(",") if one and not one.startswith(PLACEHOLDER)]
    if part.secret:
        return part, ",".join([part.secret, *known])
    if older and options.drop_old_webhook:
        for one in older:
            stripe.delete(f"webhook_endpoints/{one}")
        say(f"  webhook  deleted  {', '.join(older)}")
        return part, ",".join(known[:1])
    if older:
        say(f"  {', '.join(older)} gets the events too. Deploy the new secret, then run this with --drop-old-webhook.")
    if held and not known:
        raise Failure(f"The signing secret of {part.id} is not known here, and Stripe tells it once: --new-webhook.")
    if not held:
        say(f"  The signing secret of {part.id} was told when it was made; --new-webhook makes another one.")
    return part, ""


def _stage(options: argparse.Namespace) -> str:
    """By what an endpoint is known among those of other stages in one account."""
    return options.environment or options.secret or "local"


def _in_front(price: str, held: str | None) -> str:
    """The price that is sold before those that customers still pay."""
    return ",".join([price, *(one for one in (held or "").split(",") if one not in ("", price))])


def _keep(account: Account, secret: str, held: dict, told: dict) -> None:
    if told:
        account.write(secret, {**held, **told})
        say(f"{secret} has a new {', '.join(told)}: deploy.")
    else:
        say(f"{secret} is as it was.")
