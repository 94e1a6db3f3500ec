"""What an environment still lacks before it can be deployed: keys of its secret and plain parameters."""

from __future__ import annotations

from stack import samconfig
from stack.account import Account

# The webhook's secret exists only once the webhook does. Until then it is one that nobody knows: nothing is accepted.
PLACEHOLDER = "whsec_placeholder"
WHAT = {
    "gemini_api_key": "the key of Gemini's API",
    "stripe_secret_key": "Stripe's restricted key (docs/billing.md has its permissions)",
    "stripe_price_id": "the id of Pro's price at Stripe",
    "stripe_webhook_secret": "the signing secret of the webhook endpoint",
    "database_url": "the URL of Postgres",
    "redis_url": "the URL of Redis",
    "checkout_success_url": "where Stripe's checkout leads after a payment",
    "checkout_cancel_url": "where it leads without one",
    "portal_return_url": "where Stripe's portal leads back to",
    "alarm_topic_arn": "the topic that alarms are sent to",
}


def missing(account: Account, name: str, parameters: dict) -> list[str]:
    """A line for each value that AWS does not have, with the command that stores it."""
    lines = []
    for secret, keys in samconfig.secrets(parameters).items():
        present = account.secret(secret)
        lacks = [key for key in keys if not present.get(key)]
        lines += [f"  dev/secret {name} {key:<24}{_what(key)}" for key in lacks]
    for parameter in samconfig.plain(parameters):
        if not account.has_parameter(parameter):
            put = f"aws ssm put-parameter --name {parameter} --type String --value …"
            lines.append(f"  {put}   {_what(parameter.rpartition('/')[2])}")
    return lines


def waits_for_webhook(account: Account, parameters: dict) -> bool:
    """Whether the webhook's secret is still the one that was made up."""
    secrets = (account.secret(name) for name in samconfig.secrets(parameters))
    return any(secret.get("stripe_webhook_secret", "").startswith(PLACEHOLDER) for secret in secrets)


def _what(key: str) -> str:
    return f"# {WHAT[key]}" if key in WHAT else ""
