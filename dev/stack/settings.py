"""The template's parameters for a local deployment: the reader's environment first, working defaults after."""

from __future__ import annotations

import base64
import json
import os
import re
import secrets
from pathlib import Path

import yaml

from stack.console import Failure
from stack.environment import given
from stack.paths import DEV, ROOT

TEMPLATE = ROOT / "template.yaml"


class _Loader(yaml.SafeLoader):
    """Reads CloudFormation's short forms as their long ones."""


def _tag(loader, suffix, node):
    kind = {"scalar": loader.construct_scalar, "sequence": loader.construct_sequence, "mapping": loader.construct_mapping}
    value = kind[node.id](node, **({} if node.id == "scalar" else {"deep": True}))
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _tag)


def template() -> dict:
    """The parsed template."""
    return yaml.load(TEMPLATE.read_text(), _Loader)


def variable(parameter: str) -> str:
    """The environment variable of a parameter: `OtpDigits` is `OTP_DIGITS`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", parameter).upper()


def keys() -> dict:
    """Secrets of this clone: made once, so that tokens outlive a restart."""
    file = DEV / "keys.json"
    if not file.exists():
        made = {
            "JwtKeys": f"local:{base64.b64encode(secrets.token_bytes(32)).decode()}",
            "OtpKeys": f"local:{base64.b64encode(secrets.token_bytes(32)).decode()}",
            "OperatorKey": secrets.token_hex(16),
            "StripeWebhookSecret": f"whsec_{secrets.token_hex(16)}",
            "PostgresPassword": secrets.token_hex(16),
        }
        draft = Path(f"{file}.{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(made, indent=2))
        draft.replace(file)
    return json.loads(file.read_text())


def parameters(
    database_url: str, redis_url: str, architecture: str, gemini: str | None = None, stripe: str | None = None
) -> dict:
    """Every parameter that differs from the template's default; `gemini` and `stripe` are the stand-ins in use."""
    made = keys()
    chosen = {
        "Architecture": architecture,
        "JwtKeys": made["JwtKeys"],
        "OtpKeys": made["OtpKeys"],
        "OperatorKey": made["OperatorKey"],
        "OtpDelivery": "response",
        "DocsEnabled": "true",
        "OtpAllowedCountries": "*",
        # Every caller here has the one address 127.0.0.1.
        "OtpPerIpHour": "0",
        "OtpPerPrefixHour": "0",
        "LoginPerIpHour": "0",
        "OtpDailyCap": "1000000",
        "ThrottleRate": "10000",
        "ThrottleBurst": "5000",
        "GeminiApiKey": "local",
        "StripeSecretKey": "sk_test_local",
        "StripeWebhookSecret": made["StripeWebhookSecret"],
        "StripePriceId": "price_local_pro",
    }
    if gemini:
        chosen["GeminiBaseUrl"] = gemini
    if stripe:
        chosen["StripeApiBase"] = stripe
        chosen["CheckoutSuccessUrl"] = f"{stripe}/done?status=success"
        chosen["CheckoutCancelUrl"] = f"{stripe}/done?status=cancel"
        chosen["PortalReturnUrl"] = f"{stripe}/done?status=success"
    for parameter in template()["Parameters"]:
        value = given(variable(parameter))
        if value is not None:
            chosen[parameter] = value
    if given("STRIPE_SECRET_KEY") and not given("STRIPE_PRICE_ID"):
        raise Failure("STRIPE_SECRET_KEY needs STRIPE_PRICE_ID: the recurring price that is Pro.")
    return {**chosen, "DatabaseUrl": database_url, "RedisUrl": redis_url}


def wants_gemini_standin() -> bool:
    """Whether no real Gemini, nor another server in its place, was given."""
    return not (given("GEMINI_API_KEY") or given("GEMINI_BASE_URL"))


def wants_stripe_standin() -> bool:
    """Whether no real Stripe, nor another server in its place, was given."""
    return not (given("STRIPE_SECRET_KEY") or given("STRIPE_API_BASE"))
