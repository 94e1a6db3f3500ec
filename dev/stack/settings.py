"""The template's parameters for a local deployment: from the user's environment, else working defaults."""

from __future__ import annotations

import base64
import json
import os
import re
import secrets
from pathlib import Path

import yaml

from stack.environment import given
from stack.paths import DEV, ROOT

TEMPLATE = ROOT / "template.yaml"


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """Reads CloudFormation's short forms as their long ones."""


def _tag(loader, suffix, node):
    scalar, sequence, mapping = loader.construct_scalar, loader.construct_sequence, loader.construct_mapping
    kind = {"scalar": scalar, "sequence": sequence, "mapping": mapping}
    value = kind[node.id](node, **({} if node.id == "scalar" else {"deep": True}))
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _tag)


def template() -> dict:
    """The parsed template."""
    return read(TEMPLATE)


def read(file: Path) -> dict:
    """A parsed template of CloudFormation."""
    return yaml.load(file.read_text(), _Loader)


def variable(parameter: str) -> str:
    """The environment variable of a parameter: `OtpDigits` is `OTP_DIGITS`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", parameter).upper()


def keys() -> dict:
    """The secrets of this clone. They are created once, so that tokens stay valid after a restart."""
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
    database_url: str,
    redis_url: str,
    architecture: str,
    page: dict | None = None,
    gemini: str | None = None,
    stripe: str | None = None,
) -> dict:
    """Every parameter that differs from the template's default.

    `page` has those that lead back to the page; `gemini` and `stripe` are the URLs of the stand-ins.
    """
    made = keys()
    chosen = {
        "Architecture": architecture,
        "VersionDigest": "local",
        "JwtKeys": made["JwtKeys"],
        "OtpKeys": made["OtpKeys"],
        "OperatorKey": made["OperatorKey"],
        "OtpDelivery": "response",
        "OtpDeliveryInResponse": "codes-are-public",
        "DocsEnabled": "true",
        "OtpAllowedCountries": "*",
        # Pages of this machine; emulator/pages.py allows each of their ports.
        "CorsOrigins": "http://localhost,http://127.0.0.1",
        # Every caller here has the same address, 127.0.0.1, and tests are one user in a hurry.
        "RequestsPerUserMinute": "0",
        "RequestsPerAddressMinute": "0",
        "BillingPerUserMinute": "0",
        "StreamsPerUserMinute": "0",
        "OtpPerIpHour": "0",
        "OtpPerMobileIpHour": "0",
        "OtpPerMobileIpDay": "0",
        "PasswordHashesPerAddressMinute": "0",
        "OtpPerPrefixHour": "0",
        "LoginPerIpHour": "0",
        "OperatorTriesPerIpHour": "0",
        "OtpDailyCap": "1000000",
        "ThrottleRate": "10000",
        "ThrottleBurst": "5000",
        "AuthThrottleRate": "10000",
        "AuthThrottleBurst": "5000",
        "ReservedConcurrencyStripeWebhook": "",
        "ReservedConcurrencyReplyStream": "",
        # The emulator has neither composite alarms nor metric math.
        "ComputedAlarms": "false",
        "GeminiApiKey": "local",
        "StripeSecretKey": "sk_test_local",
        "StripeWebhookSecret": made["StripeWebhookSecret"],
        "StripePriceId": "price_local_pro",
        **(page or {}),
    }
    if gemini:
        chosen["GeminiBaseUrl"] = gemini
    if stripe:
        chosen["StripeApiBase"] = stripe
    for parameter in template()["Parameters"]:
        value = given(variable(parameter))
        # A stack's variables (.dev/env) have the address of its own streaming door under the parameter's name.
        if value is not None and "/_aws/lambda-url/" not in value:
            chosen[parameter] = value
    return {**chosen, "DatabaseUrl": database_url, "RedisUrl": redis_url}


def wants_gemini_standin() -> bool:
    """Whether neither a real Gemini nor a replacement for it was given."""
    return not (given("GEMINI_API_KEY") or given("GEMINI_BASE_URL"))


def wants_stripe_standin() -> bool:
    """Whether neither a real Stripe nor a replacement for it was given."""
    return not (given("STRIPE_SECRET_KEY") or given("STRIPE_API_BASE"))
